use std::io::{Cursor, Write};
use std::time::Duration;

use super::*;
use crate::Request;
use crate::scope::{ScopeInit, ScopeSettings};

const CONTENT: &[u8] = b"0123456789abcdefghij";

fn modified() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500)
}

fn request(method: Method, headers: &[(&str, &str)]) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, value.parse().unwrap());
    }
    request
}

fn reply(method: Method, headers: &[(&str, &str)]) -> FileReply {
    let request = request(method, headers);
    let len = CONTENT.len() as u64;
    FileReply::from_parts(&request, Cursor::new(CONTENT), len, Some(modified()))
        .etag(ETag::strong("v1").unwrap())
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    async fn of(reply: FileReply) -> Self {
        let response = reply.into_response(&RequestScope::detached());
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body: body.collect_limited(1 << 30).await.unwrap().into(),
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }
}

#[tokio::test]
async fn the_whole_file() {
    let answer = Answer::of(reply(Method::GET, &[])).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, CONTENT));
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    assert_eq!(answer.header("content-length"), "20");
    assert_eq!(answer.header("accept-ranges"), "bytes");
    assert_eq!(answer.header("etag"), "\"v1\"");
    assert_eq!(
        answer.header("last-modified"),
        "Tue, 14 Nov 2023 22:13:20 GMT"
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn head_has_the_same_headers_and_no_body() {
    let get = Answer::of(reply(Method::GET, &[])).await;
    let head = Answer::of(reply(Method::HEAD, &[("range", "bytes=0-1")])).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.headers, get.headers);
    assert!(head.body.is_empty());
}

#[tokio::test]
async fn conditional_requests() {
    for (headers, status) in [
        (&[("if-none-match", "\"v1\"")][..], 304),
        (&[("if-none-match", "\"v0\"")], 200),
        (
            &[("if-modified-since", "Tue, 14 Nov 2023 22:13:20 GMT")],
            304,
        ),
        (
            &[("if-modified-since", "Tue, 14 Nov 2023 22:13:19 GMT")],
            200,
        ),
        (&[("if-match", "\"v0\"")], 412),
        (
            &[("if-unmodified-since", "Tue, 14 Nov 2023 22:13:19 GMT")],
            412,
        ),
        // Preconditions count before ranges.
        (&[("if-none-match", "\"v1\""), ("range", "bytes=0-1")], 304),
        (&[("if-match", "\"v1\""), ("range", "bytes=0-1")], 206),
    ] {
        for method in [Method::GET, Method::HEAD] {
            let reply = reply(method.clone(), headers)
                .cache_control(HeaderValue::from_static("max-age=60"))
                .attachment("a");
            let answer = Answer::of(reply).await;
            let expected = if status == 206 && method == Method::HEAD {
                200
            } else {
                status
            };
            assert_eq!(answer.status, expected, "{method} {headers:?}");
            if status == 304 {
                assert!(answer.body.is_empty());
                assert_eq!(answer.header("etag"), "\"v1\"");
                assert_eq!(answer.header("cache-control"), "max-age=60");
                assert!(!answer.header("last-modified").is_empty());
                assert_eq!(answer.header("content-type"), "");
                assert_eq!(answer.header("content-length"), "");
                assert_eq!(answer.header("content-disposition"), "");
            }
        }
    }
}

#[test]
fn bytes_without_validators_are_there_all_the_same() {
    for (header, status) in [("if-match", 200), ("if-none-match", 304)] {
        let request = request(Method::GET, &[(header, "*")]);
        let reply = FileReply::from_bytes(&request, CONTENT, None);
        let response = reply.into_response(&RequestScope::detached());
        assert_eq!(response.status(), status, "{header}");
    }
}

#[tokio::test]
async fn a_single_range() {
    for (range, body, place) in [
        ("bytes=0-3", "0123", "bytes 0-3/20"),
        ("bytes=15-", "fghij", "bytes 15-19/20"),
        ("bytes=-2", "ij", "bytes 18-19/20"),
        ("bytes=18-99", "ij", "bytes 18-19/20"),
    ] {
        let answer = Answer::of(reply(Method::GET, &[("range", range)])).await;
        assert_eq!(answer.status, 206, "{range}");
        assert_eq!(answer.body, body.as_bytes(), "{range}");
        assert_eq!(answer.header("content-range"), place);
        assert_eq!(answer.header("content-length"), body.len().to_string());
    }
}

#[tokio::test]
async fn ranges_that_do_not_apply() {
    for headers in [
        &[("range", "lines=1-2")][..],
        &[("range", "bytes=0-1"), ("range", "bytes=2-3")],
        &[("range", "bytes=0-19,0-0")],
        &[("range", "bytes=0-1"), ("if-range", "\"v0\"")],
        &[("range", "bytes=0-1"), ("if-range", "W/\"v1\"")],
        &[
            ("range", "bytes=0-1"),
            ("if-range", "Tue, 14 Nov 2023 22:13:19 GMT"),
        ],
        &[("range", "bytes=0-1"), ("if-range", "nonsense")],
    ] {
        let answer = Answer::of(reply(Method::GET, headers)).await;
        assert_eq!((answer.status, answer.body.len()), (200, 20), "{headers:?}");
    }
    for validator in ["\"v1\"", "Tue, 14 Nov 2023 22:13:20 GMT"] {
        let headers = [("range", "bytes=0-1"), ("if-range", validator)];
        assert_eq!(Answer::of(reply(Method::GET, &headers)).await.status, 206);
    }
}

#[tokio::test]
async fn unsatisfiable_ranges() {
    let answer = Answer::of(reply(Method::GET, &[("range", "bytes=20-")])).await;
    assert_eq!(answer.status, 416);
    assert_eq!(answer.header("content-range"), "bytes */20");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains(r#""code":"range_not_satisfiable""#));
}

#[tokio::test]
async fn several_ranges() {
    let headers = [("range", "bytes=0-1,10-12")];
    for reply in [
        reply(Method::GET, &headers).content_type(HeaderValue::from_static("text/x")),
        FileReply::from_bytes(&request(Method::GET, &headers), CONTENT, None)
            .content_type(HeaderValue::from_static("text/x")),
    ] {
        let answer = Answer::of(reply).await;
        assert_eq!(answer.status, 206);
        let boundary = answer
            .header("content-type")
            .strip_prefix("multipart/byteranges; boundary=")
            .unwrap();
        let expected = format!(
            "\r\n--{boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes 0-1/20\r\n\r\n01\
             \r\n--{boundary}\r\nContent-Type: text/x\r\nContent-Range: bytes 10-12/20\r\n\r\nabc\
             \r\n--{boundary}--\r\n"
        );
        assert_eq!(answer.header("content-length"), expected.len().to_string());
        assert_eq!(String::from_utf8(answer.body).unwrap(), expected);
    }
}

#[tokio::test]
async fn files_of_every_size_arrive_whole() {
    let dir = tempfile::tempdir().unwrap();
    for len in [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7] {
        let content: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let path = dir.path().join("data.TXT");
        std::fs::write(&path, &content).unwrap();
        let opened = FileReply::open(&request(Method::GET, &[]), &path).await;
        let answer = Answer::of(opened.unwrap()).await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        assert_eq!(answer.header("content-length"), len.to_string());
        assert!(!answer.header("etag").starts_with("W/"));
        assert!(answer.body == content, "{len} bytes");
    }
}

#[tokio::test]
async fn only_regular_files_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let request = request(Method::GET, &[]);
    let open = |path: PathBuf| FileReply::open(&request, path);
    for path in [
        dir.path().to_owned(),
        dir.path().join("missing"),
        dir.path().join("a\0b"),
    ] {
        assert_eq!(open(path).await.unwrap_err().status(), 404);
    }
    let file = File::open(dir.path()).unwrap();
    let metadata = file.metadata().unwrap();
    let error = FileReply::from_file(&request, file, &metadata, "x").unwrap_err();
    assert_eq!(error.status(), 404);
}

#[tokio::test]
async fn a_file_that_shrinks_breaks_the_transfer_off_and_is_reported() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&vec![7; 2 * CHUNK_BYTES]).unwrap();
    let metadata = file.metadata().unwrap();
    let handle = file.try_clone().unwrap();
    let request = request(Method::GET, &[]);
    let reply = FileReply::from_file(&request, file, &metadata, "data.bin").unwrap();

    let reports = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = reports.clone();
    let report: crate::ErrorReport = std::sync::Arc::new(move |_, _| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    });
    let mut settings = ScopeSettings::default();
    settings.rendering.report = Some(report);
    let scope = RequestScope::new(std::sync::Arc::new(settings), ScopeInit::default());

    let response = reply.into_response(&scope);
    handle.set_len(CHUNK_BYTES as u64 + 10).unwrap();
    let mut body = response.into_body();
    assert_eq!(body.exact_len(), Some(2 * CHUNK_BYTES as u64));
    let mut received = 0;
    let end = loop {
        let frame = std::future::poll_fn(|cx| {
            http_body::Body::poll_frame(std::pin::Pin::new(&mut body), cx)
        });
        match frame.await {
            Some(Ok(frame)) => received += frame.into_data().unwrap().len(),
            end => break end,
        }
    };
    assert!(matches!(end, Some(Err(_))));
    assert_eq!(received, CHUNK_BYTES);
    assert_eq!(reports.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn types_by_extension() {
    for (name, expected) in [
        ("a.html", "text/html; charset=utf-8"),
        ("a.CSS", "text/css; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.png", "image/png"),
        ("a.wasm", "application/wasm"),
        ("a.unheard-of", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ] {
        let reply = reply(Method::GET, &[]).content_type_of(name);
        assert_eq!(reply.headers[CONTENT_TYPE], expected, "{name}");
    }
}
