//! What a handler learns about its route.

mod support;

use std::sync::Arc;

use plumego_contract::{
    Error, Handler, Reply, Request, RequestScope, Response, param, params, route_pattern, sync_fn,
};
use plumego_router::{Route, Router};
use support::{ask, echo, now, request, router, send};

#[test]
fn pattern_name_and_parameters_are_those_of_the_route_that_serves() {
    let mut router = router(&["ANY /any/{x}"]);
    router
        .add_route(Route::new("GET", "/users/{id}", echo()).name("users.show"))
        .unwrap();
    let frozen = router.freeze();
    assert_eq!(
        ask(&frozen, "GET", "/users/7").body,
        "/users/{id} users.show [id=7]"
    );
    assert_eq!(ask(&frozen, "PUT", "/any/1").body, "/any/{x} - [x=1]");
}

#[test]
fn values_are_those_of_the_raw_target_whatever_its_spelling() {
    let frozen = router(&["GET /a/{x}/{*rest}"]).freeze();
    for (target, body) in [
        ("/a/1/2/3?q=/a", "/a/{x}/{*rest} - [x=1 rest=2/3]"),
        ("///a/1/2/", "/a/{x}/{*rest} - [x=1 rest=2]"),
        ("/a/%C3%A9/b%2Fc", "/a/{x}/{*rest} - [x=é rest=b/c]"),
        ("//a/%25/x%20y/", "/a/{x}/{*rest} - [x=% rest=x y]"),
        ("http://host/a/1/2", "/a/{x}/{*rest} - [x=1 rest=2]"),
    ] {
        assert_eq!(ask(&frozen, "GET", target).body, body, "{target}");
    }
}

#[test]
fn an_async_handler_reads_its_parameters_and_answers_errors() {
    async fn show(request: Request) -> Result<Reply<String>, Error> {
        let id = param(&request, "id").unwrap_or_default().to_owned();
        if id == "0" {
            return Err(Error::new(plumego_contract::ErrorKind::NotFound));
        }
        Ok(Reply::ok(id))
    }
    let mut router = Router::default();
    router.get("/{id}", show).unwrap();
    let frozen = router.freeze();
    assert_eq!(ask(&frozen, "GET", "/7").body, r#"{"data":"7"}"#);
    assert_eq!(ask(&frozen, "GET", "/0").status, 404);
}

#[test]
fn the_handle_of_an_outer_layer_sees_the_route_afterwards() {
    let frozen = router(&["GET /users/{id}"]).freeze();
    let mut request = request("GET", "/users/7");
    let scope = RequestScope::ensure(&mut request).clone();
    assert!(scope.route().is_none());
    send(&frozen, request);
    assert_eq!(scope.route().unwrap().pattern(), "/users/{id}");
    assert_eq!(scope.route().unwrap().param("id"), Some("7"));
}

#[test]
fn an_inner_router_neither_shows_nor_changes_what_the_outer_found() {
    let inner = router(&["GET /t/inner", "GET /t/{other}/x"]).freeze();
    let mut outer = Router::default();
    outer
        .add_route(Route::new("GET", "/t/{*tail}", inner).name("outer"))
        .unwrap();
    let outer = outer.freeze();
    assert_eq!(ask(&outer, "GET", "/t/inner").body, "/t/inner - []");
    let mut request = request("GET", "/t/1/x");
    let scope = RequestScope::ensure(&mut request).clone();
    assert_eq!(send(&outer, request).body, "/t/{other}/x - [other=1]");
    assert_eq!(scope.route().unwrap().name(), Some("outer"));
    assert_eq!(scope.route().unwrap().param("tail"), Some("1/x"));
}

#[test]
fn a_rewritten_target_leaves_the_parameters_alone() {
    let mut router = Router::default();
    router
        .get(
            "/users/{id}",
            sync_fn(|mut request: Request| {
                *request.uri_mut() = "/elsewhere".parse().unwrap();
                assert_eq!(param(&request, "id"), Some("7"));
                Response::new(plumego_contract::Body::empty())
            }),
        )
        .unwrap();
    assert_eq!(ask(&router.freeze(), "GET", "/users/7").status, 200);
}

#[test]
fn requests_on_many_threads_see_their_own_parameters() {
    let frozen = router(&["GET /{a}/{b}", "GET /plain"]).freeze();
    std::thread::scope(|threads| {
        for thread in 0..4 {
            let frozen = &frozen;
            threads.spawn(move || {
                for n in 0..500 {
                    let body = ask(frozen, "GET", &format!("/{thread}/{n}")).body;
                    assert_eq!(body, format!("/{{a}}/{{b}} - [a={thread} b={n}]"));
                    assert_eq!(ask(frozen, "GET", "/plain").body, "/plain - []");
                }
            });
        }
    });
}

#[test]
fn a_panic_in_a_handler_leaves_the_router_usable() {
    let mut router = router(&["GET /fine"]);
    router
        .get(
            "/panics",
            sync_fn(|_: Request| -> Response { panic!("on purpose") }),
        )
        .unwrap();
    let frozen = Arc::new(router.freeze());
    let victim = Arc::clone(&frozen);
    assert!(
        std::thread::spawn(move || ask(&victim, "GET", "/panics"))
            .join()
            .is_err()
    );
    assert_eq!(ask(&frozen, "GET", "/fine").status, 200);
}

#[test]
fn a_frozen_router_is_a_handler_too() {
    let frozen = router(&["GET /x"]).freeze();
    for (method, uri, status) in [("GET", "/x", 200), ("HEAD", "/x", 200), ("PUT", "/x", 405)] {
        let answer = now(async {
            let response = Handler::call(&frozen, request(method, uri)).await;
            support::answer(response).await
        });
        assert_eq!(answer.status, status);
        assert_eq!(answer.body.is_empty(), method == "HEAD");
    }
}

#[test]
fn no_route_means_no_pattern() {
    let mut router = router(&["GET /x"]);
    router.not_found(sync_fn(|request: Request| {
        assert_eq!(route_pattern(&request), None);
        assert_eq!(params(&request).count(), 0);
        Response::new(plumego_contract::Body::empty())
    }));
    assert_eq!(ask(&router.freeze(), "GET", "/y").status, 200);
}
