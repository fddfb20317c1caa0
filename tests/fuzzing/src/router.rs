//! Patterns and paths.

use http::Method;
use http::header::LOCATION;
use plumego_contract::{Body, Json, Request, Response, sync_fn};
use plumego_router::{
    Found, FrozenRouter, Route, RouteMethod, Router, RouterConfig, TrailingSlash, UrlError,
};

use crate::now;

pub(crate) fn handler() -> impl plumego_contract::Handler {
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
        let path = match frozen.url(&name, &values) {
            Ok(path) => path,
            // A more specific route answers there.
            Err(UrlError::Shadowed(_)) => continue,
            Err(error) => panic!("{error}"),
        };
        match frozen.find(&Method::GET, &path) {
            Found::Route(matched) => assert_eq!(matched.name(), Some(name.as_str()), "{path}"),
            _ => panic!("{name} is not found at {path}"),
        }
    }
    for path in text.lines().take(64) {
        let _ = frozen.find(&Method::GET, path);
    }
}

fn table(trailing_slash: TrailingSlash) -> FrozenRouter {
    let config = RouterConfig::default().with_trailing_slash(trailing_slash);
    let mut router = Router::new(config);
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
    thread_local! { static TABLE: FrozenRouter = table(TrailingSlash::Lenient); }
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
    let Ok(path) = frozen.url("r", &[("one", one), ("rest", rest)]) else {
        return;
    };
    match frozen.find(&Method::GET, &path) {
        Found::Route(matched) => {
            let values: Vec<_> = matched
                .params()
                .map(|(name, value)| (name.to_owned(), value.to_string()))
                .collect();
            let expected = [
                ("one".to_owned(), one.to_owned()),
                ("rest".to_owned(), rest.to_owned()),
            ];
            assert_eq!(values, expected, "{path}");
        }
        _ => panic!("{path} does not reach its route"),
    }
}

pub(crate) fn method(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(method) = RouteMethod::try_from(&*text) {
        assert_eq!(method.as_str(), text);
        assert_eq!(method.is_any(), text == "ANY");
        assert!(
            text.bytes()
                .all(|b| b.is_ascii_graphic() && !b"(),/:;<=>?@[]{}\"\\".contains(&b))
        );
    }
}

thread_local! {
    static MODES: [FrozenRouter; 3] = [
        table(TrailingSlash::Lenient),
        table(TrailingSlash::Redirect),
        table(TrailingSlash::Strict),
    ];
}

/// A request target under each meaning of a slash at its end.
pub(crate) fn dispatch(data: &[u8]) {
    let Ok(target) = http::Uri::try_from(data) else {
        return;
    };
    MODES.with(|[lenient, redirect, strict]| {
        let [lenient, redirected, strict] =
            [lenient, redirect, strict].map(|router| get(router, &target));
        for response in [&lenient, &redirected, &strict] {
            assert!(matches!(response.status().as_u16(), 200 | 308 | 400 | 404));
        }
        if redirected.status() == 308 {
            let location = redirected.headers()[LOCATION].to_str().expect("ASCII");
            assert!(
                location.starts_with('/') && !location.starts_with("//"),
                "{location}"
            );
            let next = location.parse().expect("a target");
            assert_eq!(get(redirect, &next).status(), 200, "{location}");
            assert_eq!(lenient.status(), 200);
        }
        if redirected.status() == 200 || strict.status() == 200 {
            assert_eq!(lenient.status(), 200);
        }
    });
}

fn get(router: &FrozenRouter, target: &http::Uri) -> Response {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = target.clone();
    let dispatch = router.dispatch(&mut request);
    match now(dispatch.call(request)) {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
