//! What the environment changes about requests and responses.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use fuse_builtins::BuiltinId;
use fuse_runtime::builtin::{Call, call};
use fuse_runtime::meta::{RouteClass, Verb, well_known};
use fuse_runtime::{Fault, Value};
use plumego_testkit::certificates::{client_config, self_signed};
use plumego_testkit::http1::{self, RawClient};
use plumego_testkit::until;

use crate::site::Site;
use crate::support::text;

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Answers with the length of the text that it was sent.
fn counting() -> Site {
    Site::new().route(
        Verb::Post,
        "/count",
        RouteClass::Inline,
        Some(&well_known::STRING),
        &well_known::INT,
        |_, args| Ok(Value::Int(args[0].as_text().unwrap().len() as i64)),
    )
}

fn post(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n{coding}\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    request
}

const GZIP: &str = "Content-Encoding: gzip\r\n";

#[tokio::test]
async fn compressed_bodies_are_read_where_that_is_wanted() {
    let running = counting()
        .env("FUSE_HTTP_DECOMPRESS", "1")
        .env("FUSE_HTTP_MAX_BODY_BYTES", "20000")
        .start();
    for length in [0, 5, 20_000] {
        let body = gzip(&vec![b'a'; length]);
        let answer = running.send(post(GZIP, &body)).await;
        assert_eq!((answer.status, answer.text()), (200, length.to_string()));
    }
    let answer = running.send(post(GZIP, &gzip(&vec![b'a'; 20_001]))).await;
    assert_eq!(answer.status, 413);
    let error = &answer.json()["error"];
    assert_eq!(error["message"], "request body exceeds configured limit");
    assert_eq!(error["details"]["max_bytes"], 20_000);
    let answer = running.send(post(GZIP, b"no gzip")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.json()["error"]["fields"][0]["code"],
        "invalid_encoding"
    );
    let answer = running.send(post("Content-Encoding: br\r\n", b"x")).await;
    assert_eq!(answer.status, 415);
    assert_eq!(answer.header("accept-encoding"), Some("gzip, identity"));
}

#[tokio::test]
async fn compressed_bodies_are_refused_otherwise() {
    let running = counting().start();
    let answer = running.send(post(GZIP, &gzip(b"a"))).await;
    assert_eq!(answer.status, 415);
    assert_eq!(answer.json()["error"]["code"], "unsupported_media_type");
    assert_eq!(answer.header("accept-encoding"), Some("identity"));
    let answer = running
        .send(post("Content-Encoding: identity\r\n", b"abc"))
        .await;
    assert_eq!((answer.status, &*answer.text()), (200, "3"));
}

/// Answers with a long text.
fn long() -> Site {
    Site::new().get("/long", RouteClass::Inline, &well_known::STRING, |_| {
        Ok(text(&"word ".repeat(1000)))
    })
}

#[tokio::test]
async fn responses_are_compressed_where_that_is_wanted() {
    let running = long().env("FUSE_HTTP_COMPRESS", "1").start();
    let plain = running.get("/long").await;
    assert_eq!(plain.header("content-encoding"), None);
    let packed = running.get_with("/long", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut content = String::new();
    GzDecoder::new(&packed.body[..])
        .read_to_string(&mut content)
        .unwrap();
    assert_eq!(content, plain.text());

    let running = long().start();
    let never = running.get_with("/long", "Accept-Encoding: gzip\r\n").await;
    assert_eq!(never.header("content-encoding"), None);
}

#[tokio::test]
async fn answers_are_tagged_where_that_is_wanted() {
    let running = long()
        .env("FUSE_HTTP_ETAG", "1")
        .route(
            Verb::Post,
            "/long",
            RouteClass::Inline,
            None,
            &well_known::INT,
            |_, _| Ok(Value::Int(1)),
        )
        .start();
    let first = running.get("/long").await;
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let again = running
        .get_with("/long", &format!("If-None-Match: {tag}\r\n"))
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(&*tag));
    assert_eq!(again.header("content-type"), None);
    let other = running
        .get_with("/long", "If-None-Match: W/\"other\"\r\n")
        .await;
    assert_eq!(other.status, 200);
    let post = "POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(running.send(post).await.header("etag"), None);

    let running = long().start();
    assert_eq!(running.get("/long").await.header("etag"), None);
}

#[tokio::test]
async fn pages_show_what_happened_while_the_program_is_developed() {
    let broken = || {
        Site::new().get("/page", RouteClass::Inline, &well_known::HTML, |_| {
            Err(Fault::error("<secret> is missing"))
        })
    };
    let running = broken().env("FUSE_DEV_MODE", "1").start();
    let page = running.get("/page").await;
    assert_eq!(page.status, 500);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(
        page.text().contains("&lt;secret&gt; is missing"),
        "{}",
        page.text()
    );

    let running = broken().start();
    let envelope = running.get("/page").await;
    assert_eq!(envelope.status, 500);
    assert_eq!(envelope.json()["error"]["message"], "internal error");
    assert!(!envelope.text().contains("secret"));
    running.runtime().flush_logs();
    assert!(running.world.error.text().contains("<secret> is missing"));
}

#[tokio::test]
async fn pages_of_other_origins_may_what_they_are_allowed() {
    let running = long()
        .env("FUSE_CORS_ORIGINS", "https://app.test")
        .env("FUSE_CORS_CREDENTIALS", "1")
        .env("FUSE_CORS_MAX_AGE", "60")
        .start();
    let known = running
        .get_with("/long", "Origin: https://app.test\r\n")
        .await;
    let allowed = "access-control-allow-origin";
    assert_eq!(known.header(allowed), Some("https://app.test"));
    assert_eq!(
        known.header("access-control-allow-credentials"),
        Some("true")
    );
    let unknown = running
        .get_with("/long", "Origin: https://evil.test\r\n")
        .await;
    assert_eq!(unknown.header(allowed), None);
    let preflight = "OPTIONS /long HTTP/1.1\r\nHost: a\r\nOrigin: https://app.test\r\n\
                     Access-Control-Request-Method: GET\r\n\r\n";
    let preflight = running.send(preflight).await;
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-max-age"), Some("60"));
}

#[tokio::test]
async fn connections_are_encrypted_with_a_certificate() {
    let dir = tempfile::TempDir::new().unwrap();
    let certificate = self_signed(&["localhost"]);
    std::fs::write(dir.path().join("cert.pem"), &certificate.cert_pem).unwrap();
    std::fs::write(dir.path().join("key.pem"), &certificate.key_pem).unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let running = long()
        .env("FUSE_TLS_CERT_FILE", &path("cert.pem"))
        .env("FUSE_TLS_KEY_FILE", &path("key.pem"))
        .start();
    let config = client_config(&certificate, &["http/1.1"], None);
    let mut client = RawClient::connect_tls(running.address, "localhost", config)
        .await
        .unwrap();
    assert_eq!(client.exchange(http1::get("/long")).await.status, 200);
}

#[test]
fn a_certificate_that_cannot_be_read_fails_the_start() {
    let world = long()
        .env("FUSE_TLS_CERT_FILE", "/nowhere/cert.pem")
        .env("FUSE_TLS_KEY_FILE", "/nowhere/key.pem")
        .build();
    let fault = world.runtime.serve(0).unwrap_err();
    assert!(fault.message().contains("cert.pem"), "{}", fault.message());
}

#[tokio::test]
async fn what_handlers_print_is_seen_while_the_program_serves() {
    let running = Site::new()
        .get("/print", RouteClass::Inline, &well_known::UNIT, |ctx| {
            ctx.runtime().stdio().print(b"hello\n").unwrap();
            Ok(Value::Unit)
        })
        .start();
    for count in 1..=2 {
        assert_eq!(running.get("/print").await.status, 200);
        let output = &running.world.output;
        until("what was printed", || async {
            output.text() == "hello\n".repeat(count)
        })
        .await;
    }
}

#[tokio::test]
async fn pages_load_themselves_again_while_the_program_is_developed() {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::write(dir.path().join("page.html"), "<body>file</body>").unwrap();
    let site = || {
        Site::new()
            .env("FUSE_STATIC_DIR", dir.path().to_str().unwrap())
            .env("FUSE_DEV_RELOAD_WS_URL", "ws://127.0.0.1:9/__reload")
            .env("FUSE_CSP", "default-src 'self'")
            .get("/page", RouteClass::Inline, &well_known::HTML, |_| {
                Ok(fuse_runtime::html::raw(text("<body>route</body>")))
            })
            .get("/data", RouteClass::Inline, &well_known::STRING, |_| {
                Ok(text("</body>"))
            })
    };
    let running = site().env("FUSE_DEV_MODE", "1").start();
    let page = running.get("/page").await;
    assert!(
        page.text()
            .starts_with("<body>route<script data-fuse-live-reload nonce=")
    );
    assert_eq!(
        page.header("content-length"),
        Some(&*page.body.len().to_string())
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self' 'nonce-"), "{policy}");
    let file = running.get("/page.html").await;
    assert!(
        file.text()
            .starts_with("<body>file<script data-fuse-live-reload>")
    );
    assert_eq!(running.get("/data").await.text(), "\"</body>\"");
    // A part of a page has the script around it already.
    for (path, whole) in [("/page", "route"), ("/page.html", "file")] {
        let part = running.get_with(path, "HX-Request: true\r\n").await;
        assert_eq!(part.text(), format!("<body>{whole}</body>"));
    }

    let running = site().start();
    assert_eq!(running.get("/page").await.text(), "<body>route</body>");
    assert_eq!(running.get("/page.html").await.text(), "<body>file</body>");
}

#[tokio::test]
async fn redirects_to_nowhere_are_told_of_while_the_program_is_developed() {
    let lost = || {
        Site::new().get("/lost", RouteClass::Inline, &well_known::UNIT, |ctx| {
            let mut args = [Value::Int(302)];
            let status = &mut Call {
                ctx,
                args: &mut args,
                result: &well_known::UNIT,
                type_arg: None,
                caller: None,
            };
            call(BuiltinId::ResponseStatus, status)
        })
    };
    for (mode, told) in [("1", true), ("0", false)] {
        let running = lost().env("FUSE_DEV_MODE", mode).start();
        assert_eq!(running.get("/lost").await.status, 302);
        running.runtime().flush_logs();
        let log = running.world.error.text();
        assert_eq!(
            log.contains("a redirect without a Location header"),
            told,
            "{log}"
        );
    }
}
