//! Patterns and paths.

use http::Method;
use plumego_contract::{Json, sync_fn};
use plumego_router::{Found, FrozenRouter, Route, Router, RouterConfig};

fn handler() -> impl plumego_contract::Handler {
    sync_fn(|_| Json(()))
}

/// Each line is a pattern; whatever was accepted must be found again.
pub(crate) fn registration(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut router = Router::new(RouterConfig::default());
    let mut accepted = Vec::new();
    for (i, pattern) in text.lines().take(64).enumerate() {
        let route = Route::new("GET", pattern, handler()).name(format!("r{i}"));
        match router.add_route(route) {
            Ok(()) => accepted.push(format!("r{i}")),
            Err(error) => assert!(error.to_string().contains("router add_route")),
        }
    }
    let frozen = router.freeze();
    assert_eq!(frozen.routes().len(), accepted.len());
    for name in accepted {
        let route = &frozen.named_routes()[&name];
        let values: Vec<_> = route.params.iter().map(|p| (p.as_str(), "v")).collect();
        let path = frozen.url(&name, &values).expect("every parameter is given");
        match frozen.find(&Method::GET, &path) {
            Found::Route(_) => {}
            _ => panic!("{name} is not found at {path}"),
        }
    }
    for path in text.lines().take(64) {
        let _ = frozen.find(&Method::GET, path);
    }
}

fn table() -> FrozenRouter {
    let mut router = Router::new(RouterConfig::default());
    for pattern in [
        "/",
        "/users",
        "/users/{id}",
        "/users/{id}/posts/{post}",
        "/users/new/edit",
        "/files/{*path}",
        "/a/{x}/c/{y}/e",
        "/a/b/c/d",
        "/{lang}/about",
    ] {
        router.get(pattern, handler()).expect("a legal table");
    }
    router.freeze()
}

pub(crate) fn find(data: &[u8]) {
    thread_local! { static TABLE: FrozenRouter = table(); }
    let path = String::from_utf8_lossy(data);
    TABLE.with(|table| match table.find(&Method::GET, &path) {
        Found::Route(matched) => assert!(matched.params().all(|(_, value)| !value.is_empty())),
        Found::MethodMismatch(_) => panic!("every route is a GET"),
        _ => {}
    });
}

/// Values in, path out, the same values back.
pub(crate) fn url(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut parts = text.splitn(2, '\n');
    let (one, rest) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let mut router = Router::new(RouterConfig::default());
    let route = Route::new("GET", "/x/{one}/y/{*rest}", handler()).name("r");
    router.add_route(route).expect("a legal route");
    let frozen = router.freeze();
    let Ok(path) = frozen.url("r", &[("one", one), ("rest", rest)]) else { return };
    match frozen.find(&Method::GET, &path) {
        Found::Route(matched) => {
            let values: Vec<_> = matched
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_string()))
                .collect();
            let expected = [("one".to_owned(), one.to_owned()), ("rest".to_owned(), rest.to_owned())];
            assert_eq!(values, expected, "{path}");
        }
        _ => panic!("{path} does not reach its route"),
    }
}
