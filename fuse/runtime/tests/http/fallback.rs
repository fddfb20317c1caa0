//! What is answered where no route is: documentation, files, nothing.

use std::fs;

use fuse_runtime::Value;
use fuse_runtime::meta::{RouteClass, Verb, well_known};
use tempfile::TempDir;

use crate::site::{Running, Site};
use crate::support::text;

fn write(dir: &TempDir, name: &str, content: &[u8]) {
    let path = dir.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A service with one route beside the files of `pub`.
fn files(dir: &TempDir) -> Running {
    Site::new()
        .env("FUSE_STATIC_DIR", "pub")
        .directory(dir.path())
        .get(
            "/taken.txt",
            RouteClass::Inline,
            &well_known::STRING,
            |_| Ok(text("a route")),
        )
        .start()
}

#[tokio::test]
async fn files_are_served_where_no_route_is() {
    let dir = TempDir::new().unwrap();
    write(&dir, "pub/index.html", b"<h1>home</h1>");
    write(&dir, "pub/docs/index.html", b"<h1>docs</h1>");
    write(&dir, "pub/taken.txt", b"a file");
    write(&dir, "pub/app.0123456789ab.js", b"1");
    write(&dir, "pub/data.bin", &[0, 255, 128]);
    let running = files(&dir);

    let home = running.get("/").await;
    assert_eq!((home.status, &*home.text()), (200, "<h1>home</h1>"));
    assert_eq!(
        home.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    assert_eq!(home.header("cache-control"), Some("no-cache"));
    assert!(home.header("x-request-id").is_some());
    assert!(home.header("last-modified").is_some());
    assert_eq!(running.get("/docs/").await.text(), "<h1>docs</h1>");
    assert_eq!(running.get("/taken.txt").await.text(), "\"a route\"");
    let hashed = running.get("/app.0123456789ab.js").await;
    let forever = "public, max-age=31536000, immutable";
    assert_eq!(hashed.header("cache-control"), Some(forever));
    assert_eq!(running.get("/data.bin").await.body, [0, 255, 128]);

    let part = running
        .get_with("/index.html", "Range: bytes=4-7\r\n")
        .await;
    assert_eq!((part.status, &*part.text()), (206, "home"));
    let post = "POST /index.html HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    let post = running.send(post).await;
    assert_eq!(post.status, 404);
    assert_eq!(post.json()["error"]["message"], "not found");
    assert_eq!(running.get("/docs//index.html").await.status, 404);
}

#[tokio::test]
async fn files_of_the_program_are_not_served() {
    let dir = TempDir::new().unwrap();
    for name in [
        ".env",
        "fuse.toml",
        "main.fuse",
        "x.db",
        "a.sqlite3",
        "tls.key",
        ".git/config",
    ] {
        write(&dir, &format!("pub/{name}"), b"secret");
    }
    write(&dir, "outside.txt", b"secret");
    #[cfg(unix)]
    {
        let link = |target: &str, name: &str| {
            std::os::unix::fs::symlink(dir.path().join(target), dir.path().join("pub").join(name))
        };
        link("outside.txt", "escape.txt").unwrap();
        std::os::unix::fs::symlink(".env", dir.path().join("pub/inside.txt")).unwrap();
        std::os::unix::fs::symlink("..", dir.path().join("pub/up")).unwrap();
    }
    let running = files(&dir);
    for path in [
        "/.env",
        "/fuse.toml",
        "/main.fuse",
        "/x.db",
        "/a.sqlite3",
        "/tls.key",
        "/.git/config",
        "/escape.txt",
        "/inside.txt",
        "/up/outside.txt",
        "/pub",
        "/%2e%2e%2foutside.txt",
        "/..%2foutside.txt",
        "/a%5c..%5coutside.txt",
        "/index.html",
    ] {
        let answer = running.get(path).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        assert!(!answer.text().contains("secret"), "{path}");
    }
    for path in ["/../outside.txt", "/%2e%2e/outside.txt", "/a/./b", "/%00"] {
        let answer = running.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.json()["error"]["code"], "invalid_request_target");
    }
}

#[tokio::test]
async fn compressed_siblings_are_sent_to_who_takes_them() {
    let dir = TempDir::new().unwrap();
    write(&dir, "pub/app.js", b"plain");
    write(&dir, "pub/app.js.br", b"as brotli");
    write(&dir, "pub/app.js.gz", b"as gzip");
    let running = files(&dir);
    for (accepted, coding, body) in [
        ("gzip, br", Some("br"), "as brotli"),
        ("gzip", Some("gzip"), "as gzip"),
        ("br;q=0, identity", None, "plain"),
    ] {
        let headers = format!("Accept-Encoding: {accepted}\r\n");
        let answer = running.get_with("/app.js", &headers).await;
        assert_eq!((answer.status, &*answer.text()), (200, body));
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("text/javascript")
        );
    }
}

#[test]
fn a_directory_that_is_missing_fails_the_start() {
    let dir = TempDir::new().unwrap();
    let world = Site::new()
        .env("FUSE_STATIC_DIR", "gone")
        .directory(dir.path())
        .get("/", RouteClass::Inline, &well_known::UNIT, |_| {
            Ok(Value::Unit)
        })
        .build();
    let fault = world.runtime.serve(0).unwrap_err();
    let message = fault.message();
    assert!(
        message.starts_with("invalid FUSE_STATIC_DIR: cannot serve gone: "),
        "{message}"
    );
}

#[tokio::test]
async fn documentation_is_a_page_of_its_own() {
    let dir = TempDir::new().unwrap();
    let document = br#"{"openapi":"3.1.0","info":{"title":"<T>","version":"1"},"paths":{}}"#;
    write(&dir, "api.json", document);
    let running = Site::new()
        .env("FUSE_OPENAPI_JSON_PATH", "api.json")
        .env("FUSE_OPENAPI_UI_PATH", "/help/api")
        .directory(dir.path())
        .route(
            Verb::Post,
            "/help/api",
            RouteClass::Inline,
            None,
            &well_known::INT,
            |_, _| Ok(Value::Int(1)),
        )
        .get("/other", RouteClass::Inline, &well_known::UNIT, |_| {
            Ok(Value::Unit)
        })
        .start();
    let served = running.get("/help/api/openapi.json").await;
    assert_eq!((served.status, &*served.body), (200, &document[..]));
    assert_eq!(served.header("content-type"), Some("application/json"));
    let tag = served.header("etag").unwrap();
    let again = format!("If-None-Match: {tag}\r\n");
    let again = running.get_with("/help/api/openapi.json", &again).await;
    assert_eq!((again.status, again.body.len()), (304, 0));

    // What the page needs it gets from here alone.
    let script = running.get("/help/api/viewer.js").await;
    assert_eq!(script.status, 200);
    assert!(
        script
            .header("content-type")
            .unwrap()
            .starts_with("text/javascript")
    );
    assert_eq!(running.get("/help/api/viewer.css").await.status, 200);
    // A route of the program at the path comes first.
    assert_eq!(running.get("/help/api").await.status, 405);
    assert_eq!(running.get("/docs").await.status, 404);
}

#[tokio::test]
async fn the_page_allows_nothing_from_elsewhere() {
    let dir = TempDir::new().unwrap();
    write(&dir, "api.json", b"{}");
    let running = Site::new()
        .env("FUSE_OPENAPI_JSON_PATH", "api.json")
        .directory(dir.path())
        .get("/other", RouteClass::Inline, &well_known::UNIT, |_| {
            Ok(Value::Unit)
        })
        .start();
    for path in ["/docs", "/docs/"] {
        let page = running.get(path).await;
        assert_eq!(page.status, 200);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let text = page.text();
        assert!(
            !text.contains("http://") && !text.contains("https://"),
            "{text}"
        );
        assert!(text.contains("/docs/viewer.js"), "{text}");
    }
    fs::remove_file(dir.path().join("api.json")).unwrap();
    let gone = running.get("/docs/openapi.json").await;
    assert_eq!(gone.status, 500);
    assert_eq!(gone.json()["error"]["message"], "internal error");
    running.runtime().flush_logs();
    assert!(running.world.error.text().contains("api.json"));
}
