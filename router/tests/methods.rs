//! HEAD, OPTIONS, 404 and 405 as a client sees them.

mod support;

use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use plumego_contract::{Body, Request, RequestScope, Response, Text, sync_fn};
use plumego_router::{AllowSet, Router, RouterConfig};
use support::{add, ask, now, request, router, says, send};

const STANDARD: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT",
];

#[test]
fn every_standard_method_reaches_its_own_route() {
    for path in ["/", "/x", "/x/{id}"] {
        let routes: Vec<String> = STANDARD.iter().map(|m| format!("{m} {path}")).collect();
        let routes: Vec<&str> = routes.iter().map(String::as_str).collect();
        let frozen = router(&routes).freeze();
        for method in STANDARD {
            let target = path.replace("{id}", "1");
            let mut request = request("GET", &target);
            *request.method_mut() = method.parse().unwrap();
            let dispatch = frozen.dispatch(&mut request);
            assert!(dispatch.is_route(), "{method} {path}");
        }
    }
}

#[test]
fn head_has_the_headers_of_get_and_no_body() {
    let mut router = Router::default();
    router.get("/get", says("hello")).unwrap();
    router.any("/any", says("anything")).unwrap();
    router.head("/own", says("own")).unwrap();
    router.head("/bare", says_nothing()).unwrap();
    router.get("/empty", says_nothing()).unwrap();
    let frozen = router.freeze();
    for (path, length) in [
        ("/get", Some("5")),
        ("/any", Some("8")),
        ("/own", Some("3")),
        ("/bare", None),
        ("/empty", Some("0")),
    ] {
        let answer = ask(&frozen, "HEAD", path);
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{path}");
        assert_eq!(answer.header(CONTENT_LENGTH), length, "{path}");
    }
    let get = ask(&frozen, "HEAD", "/get");
    assert_eq!(get.header(CONTENT_TYPE), Some("text/plain; charset=utf-8"));
    assert_eq!(ask(&frozen, "GET", "/any").body, "anything");
}

fn says_nothing() -> impl plumego_contract::Handler {
    sync_fn(|_: Request| Response::new(Body::empty()))
}

#[test]
fn head_keeps_a_length_that_the_handler_set() {
    let mut router = Router::default();
    router
        .get(
            "/",
            sync_fn(|_: Request| {
                let (_, body) = Body::channel(1);
                let mut response = Response::new(body);
                response.headers_mut().insert(CONTENT_LENGTH, 77.into());
                response
            }),
        )
        .unwrap();
    let answer = ask(&router.freeze(), "HEAD", "/");
    assert_eq!(answer.header(CONTENT_LENGTH), Some("77"));
}

#[test]
fn head_cancels_the_producer_of_a_streaming_body() {
    let (sender, body) = Body::channel(1);
    let body = std::sync::Mutex::new(Some(body));
    let mut router = Router::default();
    router
        .get(
            "/",
            sync_fn(move |_: Request| Response::new(body.lock().unwrap().take().unwrap())),
        )
        .unwrap();
    let answer = ask(&router.freeze(), "HEAD", "/");
    assert_eq!(answer.header(CONTENT_LENGTH), None);
    let mut sender = sender;
    assert!(now(sender.send("late")).is_err());
}

#[test]
fn head_of_an_error_has_no_body_either() {
    let frozen = router(&["POST /x"]).freeze();
    for (path, status) in [("/nowhere", 404), ("/x", 405), ("/..", 400)] {
        let answer = ask(&frozen, "HEAD", path);
        assert_eq!((answer.status, answer.body.as_str()), (status, ""));
        assert_eq!(answer.header(CONTENT_TYPE), Some("application/json"));
    }
}

#[test]
fn the_router_answers_in_the_error_envelope() {
    let frozen = router(&["GET /x", "POST /x"]).freeze();
    let missing = ask(&frozen, "GET", "/nowhere");
    assert_eq!(
        (missing.status, missing.code()),
        (404, "not_found".to_owned())
    );
    assert_eq!(missing.message(), "route not found");
    assert_eq!(missing.allow(), None);
    let wrong = ask(&frozen, "PATCH", "/x");
    assert_eq!(
        (wrong.status, wrong.code()),
        (405, "method_not_allowed".to_owned())
    );
    assert_eq!(wrong.message(), "method not allowed");
    assert_eq!(wrong.allow(), Some("GET, HEAD, OPTIONS, POST"));
    let bad = ask(&frozen, "GET", "/a/%2e%2e/x");
    assert_eq!(
        (bad.status, bad.code()),
        (400, "invalid_request_target".to_owned())
    );
}

#[test]
fn request_ids_are_part_of_the_answer() {
    let frozen = router(&[]).freeze();
    let mut lost = request("GET", "/");
    let id = plumego_contract::RequestId::parse("req-7").unwrap();
    RequestScope::ensure(&mut lost).set_request_id(id).unwrap();
    assert!(
        send(&frozen, lost)
            .body
            .contains("\"request_id\":\"req-7\"")
    );
}

#[test]
fn allow_is_the_sorted_union_over_all_leaves_that_match() {
    let frozen = router(&[
        "POST /a/b",
        "HEAD /a/b",
        "PUT /a/{x}",
        "GET /{y}/b",
        "MKCOL /{*all}",
        "DELETE /a/c",
    ])
    .freeze();
    let answer = ask(&frozen, "PATCH", "/a/b");
    assert_eq!(answer.allow(), Some("GET, HEAD, MKCOL, OPTIONS, POST, PUT"));
}

fn with(config: RouterConfig, routes: &[&str]) -> plumego_router::FrozenRouter {
    let mut router = Router::new(config);
    add(&mut router, routes);
    router.freeze()
}

#[test]
fn each_rule_about_methods_can_be_switched_off() {
    let base = RouterConfig::default;
    let routes = &["GET /x"];
    let frozen = with(base().with_head_from_get(false), routes);
    let answer = ask(&frozen, "HEAD", "/x");
    assert_eq!((answer.status, answer.allow()), (405, Some("GET, OPTIONS")));

    let frozen = with(base().with_auto_options(false), routes);
    let answer = ask(&frozen, "OPTIONS", "/x");
    assert_eq!((answer.status, answer.allow()), (405, Some("GET, HEAD")));
    assert_eq!(ask(&frozen, "OPTIONS", "*").status, 404);

    let frozen = with(base().with_method_not_allowed(false), routes);
    let answer = ask(&frozen, "POST", "/x");
    assert_eq!((answer.status, answer.allow()), (404, None));
    assert_eq!(ask(&frozen, "OPTIONS", "/x").status, 204);
    assert_eq!(ask(&frozen, "HEAD", "/x").status, 200);
}

#[test]
fn options_is_answered_where_no_route_does() {
    let frozen = router(&["GET /x", "POST /x", "OPTIONS /own", "ANY /any", "MKCOL /y"]).freeze();
    let answer = ask(&frozen, "OPTIONS", "/x");
    assert_eq!((answer.status, answer.body.as_str()), (204, ""));
    assert_eq!(answer.allow(), Some("GET, HEAD, OPTIONS, POST"));
    assert!(
        answer
            .headers
            .keys()
            .all(|name| !name.as_str().starts_with("access-control"))
    );
    assert_eq!(ask(&frozen, "OPTIONS", "/own").body, "/own - []");
    assert_eq!(ask(&frozen, "OPTIONS", "/any").body, "/any - []");
    assert_eq!(ask(&frozen, "OPTIONS", "/nowhere").status, 404);
    let everywhere = ask(&frozen, "OPTIONS", "*");
    assert_eq!(everywhere.status, 204);
    assert_eq!(everywhere.allow(), Some("GET, HEAD, MKCOL, OPTIONS, POST"));
}

#[test]
fn a_tunnel_request_has_no_path_to_match() {
    let routes = &["ANY /", "ANY /{*all}"];
    let answer = ask(&router(routes).freeze(), "CONNECT", "example.com:443");
    assert_eq!((answer.status, answer.allow()), (405, Some("")));
    let silent = with(
        RouterConfig::default().with_method_not_allowed(false),
        routes,
    );
    assert_eq!(ask(&silent, "CONNECT", "example.com:443").status, 404);
}

#[test]
fn trace_is_never_answered_by_itself() {
    let frozen = router(&["GET /x"]).freeze();
    assert_eq!(ask(&frozen, "TRACE", "/x").status, 405);
}

#[test]
fn overrides_replace_the_answers_and_keep_allow() {
    let mut router = router(&["GET /x", "POST /x"]);
    router.not_found(says("lost"));
    router.method_not_allowed_handler(sync_fn(|request: Request| {
        let allow = request.extensions().get::<AllowSet>().unwrap();
        assert!(allow.contains(&http::Method::POST));
        Text::new(format!("try {allow}"))
    }));
    let frozen = router.freeze();
    assert_eq!(ask(&frozen, "GET", "/nowhere").body, "lost");
    let answer = ask(&frozen, "PUT", "/x");
    assert_eq!(answer.body, "try GET, HEAD, OPTIONS, POST");
    assert_eq!(answer.allow(), Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(ask(&frozen, "GET", "/a/..").status, 400);
}

#[test]
fn an_override_may_set_allow_itself() {
    let mut router = router(&["GET /x"]);
    router.method_not_allowed_handler(sync_fn(|_: Request| {
        let mut response = Response::new(Body::empty());
        response
            .headers_mut()
            .insert("allow", "GET".parse().unwrap());
        response
    }));
    assert_eq!(ask(&router.freeze(), "PUT", "/x").allow(), Some("GET"));
}

#[test]
fn a_request_method_any_is_an_ordinary_token() {
    let frozen = router(&["GET /get", "ANY /any"]).freeze();
    assert_eq!(ask(&frozen, "ANY", "/get").status, 405);
    assert_eq!(ask(&frozen, "ANY", "/any").body, "/any - []");
}
