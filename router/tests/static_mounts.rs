//! Files and assets below a prefix.
#![cfg(feature = "static")]
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use http::header::{
    CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
};
use plumego_router::{Asset, AssetSource, FrozenRouter, RegisterErrorKind as Kind, Router};
use support::{Answer, Mark, answer, request};
use tower_service::Service;

async fn ask(router: &FrozenRouter, request: plumego_contract::Request) -> Answer {
    answer(Service::call(&mut router.clone(), request).await.unwrap()).await
}

async fn get(router: &FrozenRouter, uri: &str) -> Answer {
    ask(router, request("GET", uri)).await
}

fn site() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| fs::write(root.path().join(path), text).unwrap();
    fs::create_dir_all(root.path().join("public/css")).unwrap();
    fs::create_dir(root.path().join("public/page.html")).unwrap();
    write("secret.txt", "secret");
    write("public/index.html", "<p>home</p>");
    write("public/css/main.css", "body{}");
    write("public/safe..name.txt", "dots");
    write("public/größe x.txt", "size");
    root
}

fn mounted(prefix: &str, dir: &Path) -> FrozenRouter {
    let mut router = Router::default();
    router.static_dir(prefix, dir).unwrap();
    router.freeze()
}

#[tokio::test]
async fn regular_files_are_served_with_their_type() {
    let root = site();
    let router = mounted("/assets", &root.path().join("public"));
    let css = get(&router, "/assets/css/main.css").await;
    assert_eq!((css.status, css.body.as_str()), (200, "body{}"));
    assert_eq!(css.header(CONTENT_TYPE), Some("text/css; charset=utf-8"));
    assert_eq!(get(&router, "/assets/safe..name.txt").await.body, "dots");
    assert_eq!(
        get(&router, "/assets/gr%C3%B6%C3%9Fe%20x.txt").await.body,
        "size"
    );
    assert_eq!(get(&router, "//assets/css/main.css/").await.body, "body{}");
    let paths: Vec<&str> = router
        .routes()
        .iter()
        .map(|route| route.path.as_str())
        .collect();
    assert_eq!(paths, ["/assets/{*filepath}"]);
    assert_eq!(router.routes()[0].method.as_str(), "GET");
}

#[tokio::test]
async fn everything_else_is_one_and_the_same_404() {
    let root = site();
    let router = mounted("/", &root.path().join("public"));
    let missing = get(&router, "/missing.txt").await;
    assert_eq!(
        (missing.status, missing.code()),
        (404, "not_found".to_owned())
    );
    for uri in [
        "/css",
        "/css/",
        "/page.html",
        "/css%2Fmain.css",
        "/css%2fmain.css",
        "/css%5Cmain.css",
        "/index.html/x",
        "/a%2F..%2F..%2Fsecret.txt",
    ] {
        let answer = get(&router, uri).await;
        assert_eq!((answer.status, &answer.body), (404, &missing.body), "{uri}");
    }
    for uri in [
        "/../secret.txt",
        "/css/%2e%2e/%2e%2e/secret.txt",
        "/./index.html",
        "/a%00",
    ] {
        assert_eq!(get(&router, uri).await.status, 400, "{uri}");
    }
    assert_eq!(get(&router, "/").await.message(), "route not found");
    let post = ask(&router, request("POST", "/index.html")).await;
    assert_eq!(
        (post.status, post.allow()),
        (405, Some("GET, HEAD, OPTIONS"))
    );
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_inside_and_never_outside() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let root = site();
    let public = root.path().join("public");
    symlink("css/main.css", public.join("inside.css")).unwrap();
    symlink("../secret.txt", public.join("outside.txt")).unwrap();
    symlink(root.path(), public.join("up")).unwrap();
    symlink(root.path().join("secret.txt"), public.join("absolute.txt")).unwrap();
    symlink("loop", public.join("loop")).unwrap();
    symlink(&public, root.path().join("entry")).unwrap();
    fs::write(public.join("unreadable.txt"), "x").unwrap();
    fs::set_permissions(
        public.join("unreadable.txt"),
        fs::Permissions::from_mode(0o0),
    )
    .unwrap();

    let router = mounted("/", &root.path().join("entry"));
    assert_eq!(get(&router, "/inside.css").await.body, "body{}");
    for uri in ["/outside.txt", "/up/secret.txt", "/absolute.txt", "/loop"] {
        assert_eq!(get(&router, uri).await.status, 404, "{uri}");
    }
    // Who may read everything reads this one too.
    if fs::read(public.join("unreadable.txt")).is_err() {
        assert_eq!(get(&router, "/unreadable.txt").await.status, 404);
    }
    let _socket = std::os::unix::net::UnixListener::bind(public.join("socket")).unwrap();
    assert_eq!(get(&router, "/socket").await.status, 404);
}

#[cfg(unix)]
#[tokio::test]
async fn a_rename_during_requests_never_leads_outside() {
    use std::os::unix::fs::symlink;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    let root = site();
    let public = root.path().join("public");
    fs::create_dir(root.path().join("private")).unwrap();
    fs::write(root.path().join("private/file.txt"), "secret").unwrap();
    fs::create_dir(public.join("real")).unwrap();
    fs::write(public.join("real/file.txt"), "open").unwrap();
    let router = mounted("/", &public);
    let done = Arc::new(AtomicBool::new(false));
    let swapping = Arc::clone(&done);
    let swapper = std::thread::spawn(move || {
        let (spot, link) = (public.join("spot"), public.join("link"));
        while !swapping.load(Ordering::Relaxed) {
            for target in ["real", "../private"] {
                symlink(target, &link).unwrap();
                fs::rename(&link, &spot).unwrap();
            }
        }
    });
    let mut served = 0;
    for _ in 0..1_500 {
        let answer = get(&router, "/spot/file.txt").await;
        assert!(answer.body == "open" || answer.status == 404, "{answer:?}");
        served += usize::from(answer.status == 200);
    }
    done.store(true, Ordering::Relaxed);
    swapper.join().unwrap();
    assert!(served > 0);
}

#[tokio::test]
async fn conditions_ranges_and_head_are_answered() {
    let root = site();
    let router = mounted("/", &root.path().join("public"));
    let whole = get(&router, "/index.html").await;
    assert!(whole.header(LAST_MODIFIED).is_some());
    let etag = whole.header(ETAG).unwrap().to_owned();

    let mut known = request("GET", "/index.html");
    known
        .headers_mut()
        .insert(IF_NONE_MATCH, etag.parse().unwrap());
    let answer = ask(&router, known).await;
    assert_eq!((answer.status, answer.body.as_str()), (304, ""));

    let mut part = request("GET", "/index.html");
    part.headers_mut()
        .insert(RANGE, "bytes=3-6".parse().unwrap());
    let answer = ask(&router, part).await;
    assert_eq!((answer.status, answer.body.as_str()), (206, "home"));
    assert_eq!(answer.header(CONTENT_RANGE), Some("bytes 3-6/11"));

    let head = ask(&router, request("HEAD", "/index.html")).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.header(CONTENT_LENGTH), Some("11"));
}

#[test]
fn prefix_and_directory_are_checked_in_this_order() {
    let root = site();
    let missing = root.path().join("missing");
    let file = root.path().join("secret.txt");
    let mut router = Router::default();
    for (prefix, dir, kind) in [
        ("/v{n}", missing.as_path(), Kind::BraceSyntax),
        ("/{*all}", missing.as_path(), Kind::WildcardNotLast),
        ("/{filepath}", missing.as_path(), Kind::DuplicateParam),
        ("/ok", missing.as_path(), Kind::InvalidDirectory),
        ("/ok", file.as_path(), Kind::InvalidDirectory),
        ("/ok", Path::new(""), Kind::InvalidDirectory),
    ] {
        let error = router.static_dir(prefix, dir).unwrap_err();
        assert_eq!(error.kind(), kind, "{prefix} {}", dir.display());
        assert_eq!(error.method(), "GET");
    }
    let error = router.static_dir("/ok", &missing).unwrap_err();
    assert!(std::error::Error::source(&error).is_some());
    assert!(router.routes().is_empty());
    router.static_dir("/ok", root.path()).unwrap();
    let again = router.static_dir(" ok/ ", root.path()).unwrap_err();
    assert_eq!(again.kind(), Kind::DuplicateRoute);
}

struct Embedded;

impl AssetSource for Embedded {
    fn get(&self, path: &str) -> Option<Asset> {
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        match path {
            "logo.svg" => Some(Asset::new(&b"<svg/>"[..]).with_etag("v1")),
            "js/app.js" => Some(Asset::new(&b"go()"[..]).with_modified(modified)),
            _ => None,
        }
    }
}

#[tokio::test]
async fn embedded_assets_are_served_like_files() {
    let mut router = Router::default();
    {
        let mut group = router.group("/{tenant}").unwrap();
        group.layer(Mark("layer"));
        group.static_source("assets", Embedded).unwrap();
    }
    router.static_source("/plain", Embedded).unwrap();
    router
        .get("/plain/logo.svg/edit", support::says("edit"))
        .unwrap();
    router.get("/plain/own.txt", support::says("own")).unwrap();
    let router = router.freeze();
    let logo = get(&router, "/plain/logo.svg").await;
    assert_eq!((logo.status, logo.body.as_str()), (200, "<svg/>"));
    assert_eq!(logo.header(CONTENT_TYPE), Some("image/svg+xml"));
    assert_eq!(logo.header(ETAG), Some("\"v1\""));
    assert!(
        get(&router, "/plain/js/app.js")
            .await
            .header(LAST_MODIFIED)
            .is_some()
    );
    assert_eq!(get(&router, "/plain/js%2Fapp.js").await.status, 404);
    assert_eq!(get(&router, "/plain/own.txt").await.body, "own");
    let inside = get(&router, "/a%2Fb/assets/js/app.js").await;
    assert_eq!(inside.body, "layer(/{tenant}/assets/{*filepath},-) go()");
}
