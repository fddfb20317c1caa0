use http::header::CONTENT_TYPE;
use proptest::prelude::*;

use super::*;
use crate::{Body, BoxError, RequestExt};

/// A request whose body arrives in chunks of `size` bytes.
fn request(body: &[u8], size: usize) -> Request {
    let chunks: Vec<_> = body
        .chunks(size.max(1))
        .map(|chunk| Ok::<_, BoxError>(Bytes::copy_from_slice(chunk)))
        .collect();
    let mut request = Request::new(Body::from_stream(futures_util::stream::iter(chunks)));
    let content_type = "multipart/form-data; boundary=XX".parse().unwrap();
    request.headers_mut().insert(CONTENT_TYPE, content_type);
    request
}

fn part(name: &str, content: &str) -> String {
    format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{content}\r\n")
}

async fn read_all(
    mut request: Request,
    options: &MultipartOptions,
) -> Result<Vec<(String, Bytes)>, Error> {
    let mut form = request.multipart(options)?;
    let mut parts = Vec::new();
    while let Some(part) = form.next_part().await? {
        let name = part.name().to_owned();
        parts.push((name, part.bytes(u64::MAX).await?));
    }
    assert!(form.next_part().await?.is_none());
    Ok(parts)
}

fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(future)
}

fn read(body: &str, options: &MultipartOptions) -> Result<Vec<(String, Bytes)>, Error> {
    let whole = block_on(read_all(request(body.as_bytes(), usize::MAX), options));
    let by_byte = block_on(read_all(request(body.as_bytes(), 1), options));
    match (&whole, &by_byte) {
        (Ok(a), Ok(b)) => assert_eq!(a, b),
        (Err(a), Err(b)) => assert_eq!(listed(a), listed(b)),
        _ => panic!("chunks matter: {whole:?} {by_byte:?}"),
    }
    whole
}

/// Status, code, and path and code of the first entry.
fn listed(error: &Error) -> (u16, String, String) {
    let field = error.field_errors().first();
    let field = field.map_or(String::new(), |f| format!("{} {}", f.path(), f.code()));
    (error.status().as_u16(), error.code_str().to_owned(), field)
}

#[track_caller]
fn assert_error(body: &str, options: &MultipartOptions, expected: (u16, &str, &str)) {
    let error = read(body, options).unwrap_err();
    let (status, code, field) = listed(&error);
    assert_eq!((status, code.as_str(), field.as_str()), expected);
}

const DEFAULT: fn() -> MultipartOptions = MultipartOptions::default;

#[test]
fn parts_arrive_in_order_whatever_the_chunks() {
    let body = format!(
        "preamble\r\n{}{}{}{}--XX--\r\nepilogue",
        part("a", "1"),
        part("b", ""),
        part("c", "x--XX\r\n--XXX\r\n--X\r\n\r\n--XX-"),
        part("a", "\r\n\r"),
    );
    let parts = read(&body, &DEFAULT()).unwrap();
    let parts: Vec<_> = parts.iter().map(|(n, c)| (n.as_str(), &c[..])).collect();
    assert_eq!(
        parts,
        [
            ("a", &b"1"[..]),
            ("b", b""),
            ("c", b"x--XX\r\n--XXX\r\n--X\r\n\r\n--XX-"),
            ("a", b"\r\n\r"),
        ]
    );
    // The blank line after the head may start the delimiter.
    let bare = "--XX\r\nContent-Disposition: form-data; name=a\r\n\r\n--XX--";
    assert_eq!(
        read(bare, &DEFAULT()).unwrap(),
        [("a".to_owned(), Bytes::new())]
    );
    assert_eq!(read("--XX--", &DEFAULT()).unwrap(), []);
    assert_eq!(read("--XX--\r\n", &DEFAULT()).unwrap(), []);
}

#[tokio::test]
async fn what_a_part_says_of_itself() {
    let body = "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../a\\\".txt\"\r\n\
        Content-Type: text/plain\r\n\r\nx\r\n--XX\r\n\
        Content-Disposition: form-data; name=\"g\"; filename=\"\"\r\n\r\n\r\n--XX--";
    let mut request = request(body.as_bytes(), 7);
    let mut form = request.multipart(&DEFAULT()).unwrap();
    let part = form.next_part().await.unwrap().unwrap();
    assert_eq!(part.file_name(), Some("../a\".txt"));
    assert_eq!(part.safe_file_name().as_deref(), Some("a.txt"));
    assert_eq!(part.content_type(), Some("text/plain"));
    // Left unread on purpose.
    let part = form.next_part().await.unwrap().unwrap();
    assert_eq!((part.name(), part.file_name()), ("g", Some("")));
    assert_eq!(part.safe_file_name(), None);
    assert_eq!(part.content_type(), None);
    assert_eq!(part.text().await.unwrap(), "");
    assert!(form.next_part().await.unwrap().is_none());
}

#[tokio::test]
async fn media_type_and_boundary() {
    for (content_type, expected) in [
        ("multipart/form-data; boundary=\"a b\"", None),
        ("Multipart/Form-Data;charset=x;Boundary=a", None),
        ("multipart/form-data", Some(400)),
        ("multipart/form-data; boundary=", Some(400)),
        ("multipart/form-data; boundary=\"a;b\"", Some(400)),
        ("multipart/mixed; boundary=a", Some(415)),
        ("text/plain", Some(415)),
    ] {
        let mut request = request(b"", 1);
        request
            .headers_mut()
            .insert(CONTENT_TYPE, content_type.parse().unwrap());
        let error = request.multipart(&DEFAULT()).err();
        assert_eq!(
            error.as_ref().map(|e| e.status().as_u16()),
            expected,
            "{content_type}"
        );
        if let Some(error) = error.filter(|e| e.status() == 400) {
            let expected = "header.content-type invalid_format";
            assert_eq!(listed(&error).2, expected, "{content_type}");
        }
    }
}

#[test]
fn the_whole_is_bounded() {
    let body = format!("{}--XX--", part("a", "1"));
    let exact = DEFAULT().with_max_bytes(body.len() as u64);
    assert!(read(&body, &exact).is_ok());
    let less = DEFAULT().with_max_bytes(body.len() as u64 - 1);
    assert_error(&body, &less, (413, "payload_too_large", ""));
    let mut declared = request(body.as_bytes(), 1);
    declared
        .headers_mut()
        .insert("content-length", body.len().to_string().parse().unwrap());
    assert_eq!(
        declared.multipart(&less).unwrap_err().details_map()["max_bytes"],
        body.len() - 1
    );
}

#[test]
fn parts_are_bounded() {
    let body = format!("{}{}--XX--", part("a", "1234"), part("b", "12345"));
    assert!(read(&body, &DEFAULT().with_max_part_bytes(5)).is_ok());
    let options = DEFAULT().with_max_part_bytes(4);
    assert_error(&body, &options, (413, "part_too_large", ""));
    let error = read(&body, &options).unwrap_err();
    assert_eq!(error.details_map()["part"], "b");
    assert_eq!(error.details_map()["max_bytes"], 4);

    assert!(read(&body, &DEFAULT().with_max_parts(2)).is_ok());
    let options = DEFAULT().with_max_parts(1);
    assert_error(&body, &options, (400, "validation_error", "part too_many"));
}

#[tokio::test]
async fn text_is_bounded_and_utf8() {
    let body = format!("{}--XX--", part("a", "12345"));
    for (max, fits) in [(5, true), (4, false)] {
        let mut request = request(body.as_bytes(), 3);
        let mut form = request
            .multipart(&DEFAULT().with_max_text_bytes(max))
            .unwrap();
        let text = form.next_part().await.unwrap().unwrap().text().await;
        match text {
            Ok(text) => assert!(fits && text == "12345"),
            Err(error) => {
                assert!(!fits);
                assert_eq!(error.code_str(), "part_too_large");
            }
        }
    }
    let mut body = part("a", "").into_bytes();
    let end = body.len() - 2;
    body.insert(end, 0xff);
    body.extend_from_slice(b"--XX--");
    let mut request = request(&body, 100);
    let mut form = request.multipart(&DEFAULT()).unwrap();
    let error = form
        .next_part()
        .await
        .unwrap()
        .unwrap()
        .text()
        .await
        .unwrap_err();
    assert_eq!(listed(&error).2, "part.a invalid_encoding");
}

#[test]
fn headers_are_bounded() {
    let with = |extra: &str| {
        format!("--XX\r\nContent-Disposition: form-data; name=a\r\n{extra}\r\n\r\n--XX--")
    };
    assert!(read(&with(&"X: y\r\n".repeat(15)), &DEFAULT()).is_ok());
    let many = with(&"X: y\r\n".repeat(16));
    assert_error(
        &many,
        &DEFAULT(),
        (400, "validation_error", "part.a too_many"),
    );
    let base = "Content-Disposition: form-data; name=a\r\nX: \r\n".len();
    let fits = with(&format!("X: {}\r\n", "y".repeat(8 * 1024 - base)));
    assert!(read(&fits, &DEFAULT()).is_ok());
    let long = with(&format!("X: {}\r\n", "y".repeat(8 * 1024 - base + 1)));
    assert_error(
        &long,
        &DEFAULT(),
        (400, "validation_error", "part.a too_long"),
    );
    let nameless = format!("--XX\r\nX: {}", "y".repeat(9000));
    assert_error(
        &nameless,
        &DEFAULT(),
        (400, "validation_error", "part too_long"),
    );
}

#[test]
fn what_breaks_the_format() {
    for body in [
        "--XX\r\n\r\nx\r\n--XX--",
        "--XX\r\nContent-Type: text/plain\r\n\r\nx\r\n--XX--",
        "--XX\r\nContent-Disposition: form-data\r\n\r\nx\r\n--XX--",
        "--XX\r\nnonsense\r\n\r\nx\r\n--XX--",
    ] {
        assert_error(
            body,
            &DEFAULT(),
            (400, "validation_error", "part invalid_format"),
        );
    }
}

#[test]
fn a_missing_end_is_an_incomplete_body() {
    let whole = format!("{}--XX--", part("a", "1"));
    for end in [
        0,
        1,
        4,
        6,
        20,
        whole.len() - 8,
        whole.len() - 2,
        whole.len() - 1,
    ] {
        assert_error(
            &whole[..end],
            &DEFAULT(),
            (400, "request_body_incomplete", ""),
        );
    }
}

#[tokio::test]
async fn a_failing_transfer() {
    let chunks = [
        Ok(Bytes::from(part("a", "1"))),
        Err(BoxError::from(crate::ReadTimeout)),
    ];
    let mut request = request(b"", 1);
    *request.body_mut() = Body::from_stream(futures_util::stream::iter(chunks));
    let mut form = request.multipart(&DEFAULT()).unwrap();
    let mut part = form.next_part().await.unwrap().unwrap();
    assert_eq!(part.chunk().await.unwrap().unwrap(), "1");
    assert_eq!(part.chunk().await.unwrap_err().status(), 408);
    assert!(form.next_part().await.unwrap().is_none());
}

proptest! {
    #[test]
    fn what_is_written_reads_back(
        contents in proptest::collection::vec("[\r\n\\-Xa]{0,12}", 0..4),
        size in 1..20_usize,
    ) {
        let mut body = String::new();
        let mut expected = Vec::new();
        for content in contents.iter().filter(|c| !format!("\r\n{c}").contains("\r\n--XX")) {
            body.push_str(&part("p", content));
            expected.push(("p".to_owned(), Bytes::from(content.clone())));
        }
        body.push_str("--XX--");
        let read = block_on(read_all(request(body.as_bytes(), size), &DEFAULT())).unwrap();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn never_panics(body in "(--XX|\r\n|Content-Disposition: form-data; name=a|[a:;\"\r\n\\-]){0,20}") {
        let _ = read(&body, &DEFAULT());
    }
}
