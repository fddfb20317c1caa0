//! `http`: requests to servers that answer as a test says.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use fuse_builtins::BuiltinId;
use fuse_runtime::builtin::{Call, call};
use fuse_runtime::heap::map_of;
use fuse_runtime::meta::{RouteClass, TypeDesc, TypeTable, well_known};
use fuse_runtime::{Ctx, Outcome, Value, display};
use plumego_testkit::certificates::self_signed;

use crate::site::Site;
use crate::support::{Setup, World, text, ty};
use crate::upstream::Upstream;

fn fetched() -> &'static TypeDesc {
    let mut table = TypeTable::new();
    let ok = table.known(&well_known::HTTP_RESPONSE);
    let err = table.known(&well_known::HTTP_ERROR);
    let result = table.result(ok, err);
    ty(table.finish(), result)
}

fn headers(pairs: &[(&str, &str)]) -> Value {
    let pairs = pairs.iter().map(|(name, value)| (text(name), text(value)));
    Value::Ref(map_of(&well_known::MAP_STRING, pairs))
}

fn ask(ctx: &mut Ctx, id: BuiltinId, mut args: Vec<Value>) -> Outcome<Value> {
    let call_of = &mut Call {
        ctx,
        args: &mut args,
        result: fetched(),
        type_arg: None,
        caller: None,
    };
    call(id, call_of)
}

fn get_in(ctx: &mut Ctx, url: &str, given: Value, timeout_ms: i64) -> Outcome<Value> {
    let args = vec![text(url), given, Value::Int(timeout_ms)];
    ask(ctx, BuiltinId::HttpGet, args)
}

/// `http.get` of a URL, without headers.
pub(crate) fn fetch(ctx: &mut Ctx, url: &str) -> Outcome<Value> {
    get_in(ctx, url, Value::Null, 30_000)
}

/// What `http.get` gives, as text.
fn get(world: &World, url: &str) -> String {
    let value = get_in(&mut world.ctx(), url, Value::Null, 30_000).unwrap();
    display::to_string(value.peek())
}

/// Code and message of an error.
fn failure(world: &World, url: &str) -> (String, String) {
    failure_of(get_in(&mut world.ctx(), url, Value::Null, 30_000))
}

fn failure_of(outcome: Outcome<Value>) -> (String, String) {
    let value = outcome.unwrap();
    let result = value.as_obj().unwrap();
    let Some(error) = result.field(0).as_obj() else {
        panic!("no error: {}", display::to_string(value.peek()));
    };
    let field = |index| display::to_string(error.field(index));
    assert!(
        error.desc().name == "Error",
        "{}",
        display::to_string(value.peek())
    );
    (field(0), field(1))
}

fn ok(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn answers_are_read_whole() {
    let upstream = Upstream::always(
        b"HTTP/1.1 201 Made\r\nX-One: a\r\nx-one: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
          Transfer-Encoding: chunked\r\n\r\n3\r\nab\xff\r\n1\r\nc\r\n0\r\n\r\n"
            .to_vec(),
    );
    let url = upstream.url("/x?y=z");
    let shown = get(&World::empty(), &url);
    assert!(
        shown.starts_with(&format!("Ok(Response(method=GET, url={url}, status=201, ")),
        "{shown}"
    );
    assert!(shown.contains("x-one: a, b"), "{shown}");
    assert!(shown.contains("set-cookie: a=1\nb=2"), "{shown}");
    assert!(
        shown.contains("body=ab\u{fffd}c, body_bytes=YWL/Yw=="),
        "{shown}"
    );
    let request = &upstream.seen()[0];
    assert!(request.starts_with("GET /x?y=z HTTP/1.1\r\n"), "{request}");
    assert!(
        request.contains("accept-encoding: gzip,br\r\n"),
        "{request}"
    );
}

#[test]
fn bodies_and_headers_are_sent() {
    let upstream = Upstream::always(ok("done"));
    let world = World::empty();
    let mut ctx = world.ctx();
    let given = [("X-Mine", "1"), ("content-type", "text/plain")];
    for id in [
        BuiltinId::HttpPost,
        BuiltinId::HttpPut,
        BuiltinId::HttpPatch,
    ] {
        let args = vec![
            text(&upstream.url("/")),
            text("héllo"),
            headers(&given),
            Value::Int(0),
        ];
        ask(&mut ctx, id, args).unwrap();
    }
    let bytes = Value::bytes(b"\x00\x01");
    let args = vec![
        text("query"),
        text(&upstream.url("/")),
        bytes,
        Value::Null,
        Value::Int(0),
    ];
    ask(&mut ctx, BuiltinId::HttpRequestBytes, args).unwrap();
    let args = vec![text(&upstream.url("/")), Value::Null, Value::Int(0)];
    ask(&mut ctx, BuiltinId::HttpDelete, args).unwrap();
    let seen = upstream.seen();
    for (request, start) in seen.iter().zip(["POST / ", "PUT / ", "PATCH / "]) {
        assert!(request.starts_with(start), "{request}");
        assert!(
            request.contains("x-mine: 1\r\ncontent-type: text/plain\r\n"),
            "{request}"
        );
        assert!(request.ends_with("\r\n\r\nhéllo"), "{request}");
    }
    assert!(seen[3].starts_with("QUERY / ") && seen[3].ends_with("\r\n\r\n\0\u{1}"));
    assert!(seen[4].starts_with("DELETE / ") && seen[4].ends_with("\r\n\r\n"));
}

#[test]
fn every_other_status_is_an_error_with_the_answer() {
    let world = World::empty();
    for (status, head) in [(404, ""), (301, "Location: /next\r\n"), (500, "")] {
        let answer = format!("HTTP/1.1 {status} X\r\n{head}Content-Length: 4\r\n\r\nbody");
        let upstream = Upstream::always(answer);
        let url = upstream.url("/a");
        let shown = get(&world, &url);
        let start = format!(
            "Err(Error(code=http_status, message=get {url} returned status {status}, method=GET, \
             url={url}, status={status}, "
        );
        assert!(shown.starts_with(&start), "{shown}");
        assert!(shown.ends_with("body=body))"), "{shown}");
        assert_eq!(upstream.seen().len(), 1, "redirects are not followed");
    }
}

#[test]
fn what_cannot_be_sent_is_not() {
    let world = World::empty();
    for (url, code, message) in [
        (
            "nothing",
            "invalid_url",
            "invalid url: relative URL without a base",
        ),
        ("http://", "invalid_url", "invalid url: empty host"),
        (
            "http://u:p@host/",
            "invalid_url",
            "invalid url: user information is not allowed",
        ),
        (
            "ftp://host/",
            "unsupported_scheme",
            "http.get does not support ftp:// URLs",
        ),
    ] {
        assert_eq!(failure(&world, url), (code.into(), message.into()), "{url}");
    }
    let mut ctx = world.ctx();
    let upstream = Upstream::always(ok(""));
    let url = upstream.url("/");
    for (given, timeout, message) in [
        (
            headers(&[("Host", "x")]),
            0,
            "http.get manages header host automatically",
        ),
        (
            headers(&[("Content-Length", "1")]),
            0,
            "http.get manages header content-length automatically",
        ),
        (
            headers(&[("a b", "x")]),
            0,
            "http.get header name \"a b\" is not valid",
        ),
        (
            headers(&[("a", "x\r\nb: y")]),
            0,
            "http.get header a has an invalid value",
        ),
        (Value::Null, -1, "http.get timeout_ms must be >= 0"),
    ] {
        let failed = failure_of(get_in(&mut ctx, &url, given, timeout));
        assert_eq!(failed, ("invalid_request".into(), message.into()));
    }
    let args = vec![
        text("G T"),
        text(&url),
        Value::Null,
        Value::Null,
        Value::Int(0),
    ];
    let failed = failure_of(ask(&mut ctx, BuiltinId::HttpRequest, args));
    assert_eq!(failed.1, "http.request method is not a token");
    assert!(upstream.seen().is_empty());
}

#[test]
fn servers_that_are_not_there_are_network_errors() {
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{address}/");
    let (code, message) = failure(&World::empty(), &url);
    assert_eq!(code, "network_error");
    assert!(
        message.starts_with(&format!("get {url} failed: ")),
        "{message}"
    );
    let (code, message) = failure(&World::empty(), "http://does-not-exist.invalid/");
    assert_eq!(code, "network_error", "{message}");
}

#[test]
fn answers_that_are_none_are_invalid() {
    let world = World::empty();
    for answer in [
        "what is this\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnone",
    ] {
        let upstream = Upstream::always(answer);
        let url = upstream.url("/");
        let (code, message) = failure(&world, &url);
        assert_eq!(code, "invalid_response", "{answer}: {message}");
        let start = format!("get {url} returned an invalid response: ");
        assert!(message.starts_with(&start), "{message}");
    }
}

#[test]
fn bodies_that_break_off_are_invalid() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while !lines.next().unwrap().unwrap().is_empty() {}
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort")
            .unwrap();
    });
    let (code, message) = failure(&World::empty(), &url);
    assert_eq!(code, "invalid_response");
    let expected = format!("get {url} returned an invalid response: unexpected end of body");
    assert_eq!(message, expected);
}

#[test]
fn time_is_limited_in_every_phase() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let world = World::empty();
    let mut ctx = world.ctx();
    for (scheme, phase) in [("http", "read"), ("https", "TLS handshake")] {
        let url = format!("{scheme}://{address}/");
        let failed = failure_of(get_in(&mut ctx, &url, Value::Null, 500));
        let message = format!("get {url} timed out during {phase} after 500ms");
        assert_eq!(failed, ("timeout".into(), message));
    }
    let url = format!("http://{address}/");
    let large = "a".repeat(64 * 1024 * 1024);
    let args = vec![text(&url), text(&large), Value::Null, Value::Int(200)];
    let failed = failure_of(ask(&mut ctx, BuiltinId::HttpPost, args));
    // What fits into the buffers of the system is written at once.
    assert!(failed.1.contains(" timed out during "), "{}", failed.1);
}

#[test]
fn large_answers_are_refused() {
    let upstream = Upstream::new(|_, head| {
        let length = if head.contains("/large") { 101 } else { 100 };
        Some(ok(&"x".repeat(length)).into())
    });
    let world = Setup::default()
        .env("FUSE_HTTP_CLIENT_MAX_BODY_BYTES", "100")
        .build();
    assert!(get(&world, &upstream.url("/small")).starts_with("Ok("));
    let url = upstream.url("/large");
    let message = format!("get {url} response exceeds 100 bytes");
    assert_eq!(
        failure(&world, &url),
        ("response_too_large".into(), message)
    );
}

#[test]
fn private_addresses_are_refused_where_that_is_wanted() {
    let upstream = Upstream::always(ok(""));
    let world = Setup::default()
        .env("FUSE_HTTP_CLIENT_DENY_PRIVATE", "1")
        .build();
    let port = upstream.address.port();
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "[::1]",
        "169.254.169.254",
        "0x7f000001",
    ] {
        let url = format!("http://{host}:{port}/");
        let message = format!("get {url} resolves to a blocked address");
        assert_eq!(failure(&world, &url), ("blocked_address".into(), message));
    }
    assert!(upstream.seen().is_empty());
}

#[test]
fn hosts_may_be_ipv6_addresses() {
    let world = World::empty();
    let url = |port: u16| format!("http://[::1]:{port}/where?a=b");
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        // Without the protocol the address is still understood.
        let (code, message) = failure(&world, &url(9));
        assert_eq!(code, "network_error", "{message}");
        return;
    };
    let upstream = Upstream::on(listener, |_, _| Some(ok("six").into()));
    let port = upstream.address.port();
    let answer = get(&world, &url(port));
    assert!(answer.contains("body=six"), "{answer}");
    let seen = upstream.seen();
    assert!(
        seen[0].starts_with("GET /where?a=b HTTP/1.1\r\n"),
        "{seen:?}"
    );
    let host = format!("host: [::1]:{port}\r\n");
    assert!(seen[0].to_ascii_lowercase().contains(&host), "{seen:?}");
    let (code, message) = failure(&world, "http://[::1/");
    assert_eq!(code, "invalid_url", "{message}");
}

/// Whether a connection is free again when the next request looks for one is a
/// matter of threads; so much often nobody is unlucky.
const TRIES_MAX: usize = 1000;

#[test]
fn connections_are_kept_for_the_next_request() {
    let upstream = Upstream::always(ok("fine"));
    let world = World::empty();
    let kept = (0..TRIES_MAX).any(|_| {
        assert!(get(&world, &upstream.url("/")).starts_with("Ok("));
        upstream.on_kept() > 0
    });
    assert!(kept);
}

#[test]
fn a_kept_connection_that_was_closed_is_replaced() {
    // The second request on a connection is never answered.
    let upstream = Upstream::new(|number, _| (number == 0).then(|| ok("fine").into()));
    let world = World::empty();
    let replaced = (0..TRIES_MAX).any(|_| {
        let shown = get(&world, &upstream.url("/"));
        assert!(shown.starts_with("Ok("), "{shown}");
        upstream.on_kept() > 0
    });
    assert!(replaced);
}

#[test]
fn what_may_have_had_an_effect_is_not_done_twice() {
    let upstream = Upstream::new(|number, _| (number == 0).then(|| ok("fine").into()));
    let world = World::empty();
    let mut sent = 0;
    let failed = (0..TRIES_MAX).any(|_| {
        let args = vec![
            text(&upstream.url("/")),
            text("x"),
            Value::Null,
            Value::Int(0),
        ];
        let outcome = ask(&mut world.ctx(), BuiltinId::HttpPost, args).unwrap();
        sent += 1;
        display::to_string(outcome.peek()).contains("code=network_error")
    });
    assert!(failed);
    assert_eq!(upstream.seen().len(), sent);
}

#[test]
fn compressed_answers_are_unpacked() {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(b"some text").unwrap();
    let packed = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        packed.len()
    );
    let upstream = Upstream::always([head.as_bytes(), &packed].concat());
    let shown = get(&World::empty(), &upstream.url("/"));
    assert!(shown.contains("body=some text"), "{shown}");
    assert!(!shown.contains("content-encoding"), "{shown}");
}

#[test]
fn proxies_are_asked_for_what_they_stand_for() {
    let proxy = Upstream::always(ok("by the proxy"));
    let address = proxy.address.to_string();
    let world = Setup::default()
        .env("HTTP_PROXY", &format!("http://me:pass@{address}"))
        .env("HTTPS_PROXY", &address)
        .env("NO_PROXY", "127.0.0.1")
        .build();
    assert!(get(&world, "http://far.invalid/a?b").contains("by the proxy"));
    let (code, _) = failure(&world, "https://far.invalid/");
    assert_eq!(code, "tls_error", "the proxy speaks no TLS");
    let direct = Upstream::always(ok("directly"));
    assert!(get(&world, &direct.url("/")).contains("directly"));
    let seen = proxy.seen();
    assert!(
        seen[0].starts_with("GET http://far.invalid/a?b HTTP/1.1\r\n"),
        "{}",
        seen[0]
    );
    assert!(
        seen[0].contains("proxy-authorization: Basic bWU6cGFzcw=="),
        "{}",
        seen[0]
    );
    assert!(
        seen[1].starts_with("CONNECT far.invalid:443 HTTP/1.1\r\n"),
        "{}",
        seen[1]
    );
}

/// A server that speaks TLS with a certificate of its own: a program of ours.
fn encrypted(name: &str, dir: &tempfile::TempDir) -> crate::site::Running {
    let certificate = self_signed(&[name]);
    let path = |file: &str| dir.path().join(file).to_str().unwrap().to_owned();
    std::fs::write(path("cert.pem"), &certificate.cert_pem).unwrap();
    std::fs::write(path("key.pem"), &certificate.key_pem).unwrap();
    Site::new()
        .env("FUSE_TLS_CERT_FILE", &path("cert.pem"))
        .env("FUSE_TLS_KEY_FILE", &path("key.pem"))
        .get("/", RouteClass::Inline, &well_known::INT, |_| {
            Ok(Value::Int(5))
        })
        .start()
}

#[test]
fn certificates_have_to_be_trusted_and_for_the_host() {
    let dir = tempfile::TempDir::new().unwrap();
    let server = encrypted("localhost", &dir);
    let port = server.address.port();
    let url = format!("https://localhost:{port}/");
    let (code, message) = failure(&World::empty(), &url);
    assert_eq!(code, "tls_error");
    let start = format!("get {url} TLS handshake failed: invalid peer certificate");
    assert!(message.starts_with(&start), "{message}");

    let root = dir.path().join("cert.pem");
    let world = Setup::default()
        .env("FUSE_EXTRA_CA_CERT_FILE", root.to_str().unwrap())
        .build();
    let shown = get(&world, &url);
    assert!(shown.contains("body=5"), "{shown}");
    let (code, _) = failure(&world, &format!("https://127.0.0.1:{port}/"));
    assert_eq!(code, "tls_error");
}

#[test]
fn roots_that_cannot_be_read_fail_the_start() {
    let error = Setup::default()
        .env("FUSE_EXTRA_CA_CERT_FILE", "/nowhere/root.pem")
        .try_build()
        .err()
        .expect("no start");
    let start = "invalid FUSE_EXTRA_CA_CERT_FILE: expected a file of PEM certificates";
    assert!(error.starts_with(start), "{error}");
}

/// A program whose route asks a server.
fn asking(upstream: &Upstream) -> Site {
    let url = upstream.url("/up?token=secret");
    Site::new().get(
        "/ask",
        RouteClass::Blocking,
        &well_known::STRING,
        move |ctx| {
            let answer = fetch(ctx, &url)?;
            Ok(text(&display::to_string(answer.peek())))
        },
    )
}

#[tokio::test]
async fn ids_are_passed_on_where_that_is_wanted() {
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let given = format!("X-Request-ID: mine-1\r\nTraceparent: {trace}\r\n");
    for wanted in [true, false] {
        let upstream = Upstream::always(ok("done"));
        let site = asking(&upstream).env("FUSE_REQUEST_LOG", "1");
        let running = match wanted {
            true => site.env("FUSE_HTTP_CLIENT_PROPAGATE", "1").start(),
            false => site.start(),
        };
        assert_eq!(running.get_with("/ask", &given).await.status, 200);
        let request = &upstream.seen()[0];
        assert_eq!(
            request.contains("x-request-id: mine-1\r\n"),
            wanted,
            "{request}"
        );
        let trace = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-";
        assert_eq!(request.contains(trace), wanted, "{request}");
        running.runtime().flush_logs();
        let log = running.world.error.text();
        let line = log
            .lines()
            .find(|line| line.contains("http_client_request"))
            .unwrap();
        assert!(
            line.contains("\"outcome\":\"success\"") && line.contains("mine-1"),
            "{line}"
        );
        assert!(!line.contains("secret"), "{line}");
    }
}

#[tokio::test]
async fn the_deadline_of_a_request_ends_what_it_asks_others() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let (tell, seen) = std::sync::mpsc::channel();
    let running = Site::new()
        .env("FUSE_HTTP_HANDLER_TIMEOUT_MS", "1000")
        .get(
            "/ask",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |ctx| {
                let outcome = get_in(ctx, &url, Value::Null, 0);
                tell.send(outcome.as_ref().unwrap_err().code()).unwrap();
                outcome.map(|_| Value::Unit)
            },
        )
        .start();
    assert_eq!(running.get("/ask").await.status, 504);
    let code = seen.recv_timeout(crate::site::PATIENCE).unwrap();
    assert_eq!(code, fuse_runtime::FaultCode::Timeout);
}
