//! Outside text in answers: it stays where it was put.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::StatusCode;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE, HeaderMap,
    HeaderValue, IF_RANGE, LOCATION, RANGE,
};
use plumego_contract::sse::Event;
use plumego_contract::{
    Body, FileReply, IntoResponse, Redirect, Request, RequestScope, Response, SetCookie, cookie,
    html,
};

fn header(headers: &HeaderMap, name: http::header::HeaderName) -> &str {
    let value = headers.get(name).expect("the header");
    value.to_str().expect("visible ASCII")
}

/// The length of the file in the first byte, then `Range` and `If-Range` by
/// line.
pub(crate) fn ranges(data: &[u8]) {
    let Some((len, rest)) = data.split_first() else {
        return;
    };
    let content = Bytes::from_iter(0..*len);
    let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let mut request = Request::new(Body::empty());
    for (name, line) in [RANGE, IF_RANGE]
        .into_iter()
        .zip(rest.split(|b| *b == b'\n'))
    {
        let Ok(value) = HeaderValue::from_bytes(line) else {
            return;
        };
        request.headers_mut().insert(name, value);
    }
    let reply = FileReply::from_bytes(&request, content.clone(), Some(modified));
    let response = reply.into_response(&RequestScope::detached());
    let status = response.status();
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        let place = header(response.headers(), CONTENT_RANGE);
        assert_eq!(place, format!("bytes */{len}"));
        return;
    }
    let (headers, body) = (response.headers().clone(), read(response));
    assert_eq!(header(&headers, CONTENT_LENGTH), body.len().to_string());
    match status {
        StatusCode::OK => assert_eq!(body, content),
        StatusCode::PARTIAL_CONTENT => match headers.get(CONTENT_RANGE) {
            Some(place) => check_part(place.to_str().expect("visible ASCII"), &body, &content),
            None => check_parts(header(&headers, CONTENT_TYPE), &body, &content),
        },
        other => panic!("{other}"),
    }
}

/// Several ranges are read on the blocking threads of a runtime.
fn read(response: Response) -> Bytes {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime without drivers");
    }
    let body = response.into_body().collect_limited(1 << 20);
    RUNTIME
        .with(|runtime| runtime.block_on(body))
        .expect("bytes in memory")
}

fn check_part(place: &str, part: &[u8], content: &[u8]) {
    let (range, len) = place
        .strip_prefix("bytes ")
        .and_then(|place| place.split_once('/'))
        .expect("a range of bytes");
    assert_eq!(len, content.len().to_string());
    let (first, last) = range.split_once('-').expect("two ends");
    let (first, last): (usize, usize) = (
        first.parse().expect("a number"),
        last.parse().expect("a number"),
    );
    assert_eq!(part, &content[first..=last]);
}

fn check_parts(content_type: &str, body: &[u8], content: &[u8]) {
    let boundary = content_type
        .strip_prefix("multipart/byteranges; boundary=")
        .expect("several parts");
    let delimiter = format!("\r\n--{boundary}");
    let mut rest = body;
    let mut parts = 0;
    loop {
        rest = rest
            .strip_prefix(delimiter.as_bytes())
            .expect("a delimiter");
        if rest == b"--\r\n" {
            break;
        }
        let head_end = find(rest, b"\r\n\r\n").expect("the head of a part");
        let head = std::str::from_utf8(&rest[..head_end]).expect("ASCII");
        let (_, place) = head.rsplit_once("Content-Range: ").expect("a place");
        rest = &rest[head_end + 4..];
        let end = find(rest, delimiter.as_bytes()).expect("another delimiter");
        check_part(place, &rest[..end], content);
        rest = &rest[end..];
        parts += 1;
    }
    assert!((2..=10).contains(&parts));
    assert!(
        body.len() <= content.len() + 11 * 200,
        "ranges do not multiply a file"
    );
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len())
        .position(|window| window == wanted)
}

/// Name, value, path and domain of a cookie by line; each is also a file name,
/// a redirect target and text of a page.
pub(crate) fn reply_headers(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n').map(str::to_owned);
    let (name, value) = (lines.next().unwrap_or_default(), lines.next());
    let mut set = SetCookie::new(name.clone(), value.clone().unwrap_or_default());
    let mut attributes = 5;
    if let Some(path) = lines.next() {
        set = set.path(path);
    }
    if let Some(domain) = lines.next() {
        set = set.domain(domain);
        attributes += 1;
    }
    if let Ok(header) = set.build() {
        let header = header.to_str().expect("visible ASCII");
        assert_eq!(header.split(';').count(), attributes, "{header}");
        let (pair, _) = header.split_once(';').expect("attributes");
        let mut request = Request::new(Body::empty());
        let pair = HeaderValue::from_str(pair).expect("visible ASCII");
        request.headers_mut().insert(COOKIE, pair);
        assert_eq!(cookie::get(&request, &name), value.as_deref().or(Some("")));
    }
    local_redirect(&text);
    disposition(&text);
    let page = html::escape(&text);
    assert!(!page.contains(['<', '>', '"', '\'']));
}

fn local_redirect(target: &str) {
    let Ok(redirect) = Redirect::local(target) else {
        return;
    };
    let response = redirect.into_response(&RequestScope::detached());
    let location = header(response.headers(), LOCATION);
    assert!(location.starts_with('/'));
    assert!(!location[1..].starts_with(['/', '\\']), "another host");
}

fn disposition(name: &str) {
    let reply = FileReply::from_bytes(&Request::new(Body::empty()), "", None).attachment(name);
    let response = reply.into_response(&RequestScope::detached());
    let value = header(response.headers(), CONTENT_DISPOSITION);
    let rest = value
        .strip_prefix("attachment; filename=\"")
        .expect("a name");
    let (plain, rest) = rest.split_once('"').expect("the end of the name");
    assert!(!plain.contains('\\'));
    let encoded = rest
        .strip_prefix("; filename*=UTF-8''")
        .expect("a full name");
    assert!(!encoded.contains(['"', ';', ' ', ',', '\'']), "{encoded}");
}

/// Id, name and comment by line, then data.
pub(crate) fn sse_event(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let mut event = Event::new();
    if let Some(id) = lines.next() {
        event = event.clone().id(id).unwrap_or(event);
    }
    if let Some(name) = lines.next() {
        event = event.clone().event(name).unwrap_or(event);
    }
    if let Some(comment) = lines.next() {
        event = event.comment(comment);
    }
    let rest = lines.next();
    if let Some(rest) = rest {
        event = event.data(rest);
    }
    let sent = event.to_bytes();
    let sent = std::str::from_utf8(&sent).expect("UTF-8");
    assert!(!sent.contains('\r') && sent.ends_with('\n'));
    let fields = sent.strip_suffix('\n').expect("the blank line");
    let mut read = Vec::new();
    for line in fields.lines() {
        let (field, value) = line.split_once(": ").expect("a field");
        assert!(["id", "event", "data", ""].contains(&field), "{line}");
        if field == "data" {
            read.push(value);
        }
    }
    let expected = rest.map(|rest| rest.replace("\r\n", "\n").replace('\r', "\n"));
    assert_eq!((!read.is_empty()).then(|| read.join("\n")), expected);
}
