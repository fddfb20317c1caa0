//! Which layers run around which routes, and in which order.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use plumego_router::{Route, Router};
use support::{Mark, ask, echo, request, says, send};

fn layered(layers_first: bool) -> Router {
    let mut router = Router::default();
    if layers_first {
        router.layer(Mark("root1"));
        router.layer(Mark("root2"));
    }
    {
        let mut outer = router.group("/o").unwrap();
        if layers_first {
            outer.layer(Mark("outer"));
        }
        let mut inner = outer.group("/i").unwrap();
        let route = Route::new("GET", "/{id}", echo())
            .layer(Mark("route1"))
            .layer(Mark("route2"));
        inner.add_route(route).unwrap();
        if !layers_first {
            inner.layer(Mark("inner"));
        }
        if layers_first {
            inner.layer(Mark("inner"));
        }
        if !layers_first {
            outer.layer(Mark("outer"));
        }
        outer.get("/plain", echo()).unwrap();
    }
    router.get("/top", echo()).unwrap();
    if !layers_first {
        router.layer(Mark("root1"));
        router.layer(Mark("root2"));
    }
    router
}

#[test]
fn layers_run_from_the_outside_in_whenever_they_were_added() {
    for layers_first in [true, false] {
        let frozen = layered(layers_first).freeze();
        let seen = "(/o/i/{id},7)";
        let expected = ["root1", "root2", "outer", "inner", "route1", "route2"]
            .map(|name| format!("{name}{seen}"))
            .join(" ");
        let body = ask(&frozen, "GET", "/o/i/7").body;
        assert_eq!(body, format!("{expected} /o/i/{{id}} - [id=7]"));
        assert_eq!(
            ask(&frozen, "GET", "/o/plain").body,
            "root1(/o/plain,-) root2(/o/plain,-) outer(/o/plain,-) /o/plain - []"
        );
        assert_eq!(
            ask(&frozen, "GET", "/top").body,
            "root1(/top,-) root2(/top,-) /top - []"
        );
    }
}

#[test]
fn answers_of_the_router_itself_pass_no_layer() {
    let mut router = layered(true);
    router.not_found(says("lost"));
    let frozen = router.freeze();
    assert_eq!(ask(&frozen, "GET", "/nowhere").body, "lost");
    assert_eq!(ask(&frozen, "PUT", "/top").status, 405);
    assert_eq!(ask(&frozen, "OPTIONS", "/top").status, 204);
    assert_eq!(ask(&frozen, "GET", "/%zz").status, 400);
}

#[test]
fn a_layer_may_answer_in_place_of_the_handler() {
    let frozen = layered(true).freeze();
    let mut stopped = request("GET", "/o/plain");
    stopped.headers_mut().insert("x-stop", "1".parse().unwrap());
    assert_eq!(send(&frozen, stopped).body, "root1");
}

#[test]
fn a_fallback_runs_inside_the_layers_of_its_group() {
    let mut router = Router::default();
    router.layer(Mark("root"));
    router.get("/api/users/{id}", echo()).unwrap();
    {
        let mut api = router.group("/api").unwrap();
        api.layer(Mark("api"));
        api.fallback(says("no such api"));
        let mut org = api.group("/orgs/{org}").unwrap();
        org.layer(Mark("org"));
        org.fallback(says("no such org page"));
        let mut me = api.group("/orgs/me").unwrap();
        me.fallback(says("no such page of mine"));
    }
    let frozen = router.freeze();
    for (path, body) in [
        ("/api", "root(-,-) api(-,-) no such api"),
        ("/api/x", "root(-,-) api(-,-) no such api"),
        ("/api/x//y", "root(-,-) api(-,-) no such api"),
        ("/%61pi/x", "root(-,-) api(-,-) no such api"),
        (
            "/api/orgs/1",
            "root(-,-) api(-,-) org(-,-) no such org page",
        ),
        (
            "/api/orgs/1/x/y",
            "root(-,-) api(-,-) org(-,-) no such org page",
        ),
        ("/api/orgs/me/x", "root(-,-) api(-,-) no such page of mine"),
    ] {
        assert_eq!(ask(&frozen, "GET", path).body, body, "{path}");
    }
    assert_eq!(ask(&frozen, "GET", "/apix").status, 404);
    assert_eq!(ask(&frozen, "GET", "/other").code(), "not_found");
    assert_eq!(ask(&frozen, "PUT", "/api/users/1").status, 405);
    assert_eq!(ask(&frozen, "GET", "/api/..").status, 400);
}
