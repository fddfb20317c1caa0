//! What can be registered, and what is left after a refusal.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use plumego_router::{RegisterErrorKind as Kind, Route, RouteRegistrar, RouteSet, Router};
use support::{ask, echo, lookup, router};

fn refuse(router: &mut Router, method: &str, path: &str) -> plumego_router::RegisterError {
    let before = (router.routes(), router.url("first", &[]));
    let error = router
        .add_route(Route::new(method, path, echo()))
        .unwrap_err();
    assert_eq!((router.routes(), router.url("first", &[])), before);
    error
}

#[test]
fn conflicts_name_the_first_registration() {
    for (first, second, kind) in [
        ("/a", "/a", Kind::DuplicateRoute),
        ("/a", "/a/", Kind::DuplicateRoute),
        ("/a", "/%61", Kind::DuplicateRoute),
        ("/user/{id}", "/user/{id}", Kind::DuplicateRoute),
        ("/user/{id}", "/user/{name}", Kind::ShapeConflict),
        (
            "/users/{u}/posts/{p}",
            "/users/{x}/posts/{y}",
            Kind::ShapeConflict,
        ),
        ("/files/{*path}", "/files/{*filepath}", Kind::ShapeConflict),
    ] {
        let mut router = router(&[&format!("GET {first}")]);
        let error = refuse(&mut router, "GET", second);
        assert_eq!(error.kind(), kind, "{first} {second}");
        assert!(
            error.reason().contains(&format!("`GET {first}`")),
            "{error}"
        );
    }
}

#[test]
fn neighbours_that_differ_in_method_shape_or_kind_are_no_conflict() {
    let frozen = router(&[
        "GET /users/{id}",
        "GET /users/{uid}/posts",
        "POST /users/{user}",
        "ANY /users/{any}",
        "GET /users/{*rest}",
        "GET /users/me",
    ])
    .freeze();
    assert_eq!(lookup(&frozen, "GET", "/users/1"), "GET /users/{id} [id=1]");
    assert_eq!(
        lookup(&frozen, "POST", "/users/1"),
        "POST /users/{user} [user=1]"
    );
    assert_eq!(
        lookup(&frozen, "PUT", "/users/1"),
        "ANY /users/{any} [any=1]"
    );
    let posts = lookup(&frozen, "GET", "/users/1/posts");
    assert_eq!(posts, "GET /users/{uid}/posts [uid=1]");
}

#[test]
fn the_first_problem_in_order_is_the_one_reported() {
    let mut router = Router::default();
    router
        .add_route(Route::new("GET", "/a", echo()).name("first"))
        .unwrap();
    let mut attempt = |method, path, name: &str| {
        let error = router.add_route(Route::new(method, path, echo()).name(name));
        error.unwrap_err().kind()
    };
    assert_eq!(attempt("G T", "a//b", ""), Kind::InvalidMethod);
    assert_eq!(attempt("GET", "a//b", ""), Kind::NotAbsolute);
    assert_eq!(attempt("GET", "/a", ""), Kind::InvalidName);
    assert_eq!(attempt("GET", "/a", "first"), Kind::DuplicateName);
    assert_eq!(attempt("GET", "/a", "second"), Kind::DuplicateRoute);
}

#[test]
fn refusals_say_what_and_where() {
    let mut router = router(&["GET /users/{id}"]);
    let error = refuse(&mut router, "GET", "/users/:id");
    assert_eq!((error.method(), error.path()), ("GET", "/users/:id"));
    let text = error.to_string();
    assert!(
        text.starts_with("router add_route GET /users/:id: "),
        "{text}"
    );
    assert!(text.contains("`{id}`"), "{text}");
    let group = router.group("/v{n}").unwrap_err();
    assert_eq!(group.kind(), Kind::BraceSyntax);
    assert!(group.to_string().starts_with("router group /v{n}: "));
    let mut api = router.group("/api").unwrap();
    let error = api.get("/{x}/{x}", echo()).unwrap_err();
    assert_eq!(error.path(), "/api/{x}/{x}");
}

#[test]
fn methods_are_tokens() {
    let mut router = Router::default();
    for bad in [
        "", " GET", "GET ", "GE T", "A/B", "A,B", "A:B", "(A)", "A@B", "GÉT", "G\u{7f}",
    ] {
        let error = router.add_route(Route::new(bad, "/x", echo())).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidMethod, "{bad}");
        assert_eq!(error.method(), bad);
    }
    router
        .add_route(Route::new("MKCOL", "/{file_id}/{*restPath}", echo()))
        .unwrap();
    router
        .add_route(Route::new(http::Method::GET, "/", echo()))
        .unwrap();
    let frozen = router.freeze();
    let made = lookup(&frozen, "MKCOL", "/7/a/b");
    assert_eq!(
        made,
        "MKCOL /{file_id}/{*restPath} [file_id=7 restPath=a/b]"
    );
    assert_eq!(lookup(&frozen, "mkcol", "/7/a/b"), "405 MKCOL, OPTIONS");
}

#[test]
fn names_are_visible_ascii_of_bounded_length() {
    let mut router = Router::default();
    let mut named = |path: &str, name: &str| {
        let added = router.add_route(Route::new("GET", path, echo()).name(name));
        added.map_err(|error| error.kind())
    };
    assert_eq!(named("/a", &"n".repeat(129)), Err(Kind::InvalidName));
    assert_eq!(named("/a", "two words"), Err(Kind::InvalidName));
    assert_eq!(named("/a", "größe"), Err(Kind::InvalidName));
    assert_eq!(named("/a", &"n".repeat(128)), Ok(()));
}

#[test]
fn groups_nest_and_join_without_doubled_slashes() {
    let mut router = Router::default();
    {
        let mut a = router.group("/a/").unwrap();
        a.get("", echo()).unwrap();
        let mut b = a.group("//{b}").unwrap();
        let mut c = b.group("/").unwrap();
        let mut d = c.group("d").map_err(|error| error.kind()).err();
        assert_eq!(d.take(), Some(Kind::NotAbsolute));
        let mut d = c.group("/d").unwrap();
        assert_eq!(d.prefix(), "/a/{b}/d");
        d.post("/{x}/", echo()).unwrap();
        d.get("/", echo()).unwrap();
        assert_eq!(
            d.get("/{b}", echo()).unwrap_err().kind(),
            Kind::DuplicateParam
        );
        assert_eq!(d.group("/{*r}").unwrap_err().kind(), Kind::WildcardNotLast);
    }
    router.group("").unwrap().get("/", echo()).unwrap();
    let paths: Vec<String> = router
        .routes()
        .iter()
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(
        paths,
        ["GET /", "GET /a", "GET /a/{b}/d", "POST /a/{b}/d/{x}"]
    );
}

#[test]
fn literal_braces_are_written_as_escapes() {
    let frozen = router(&["GET /%7Bid%7D"]).freeze();
    assert_eq!(lookup(&frozen, "GET", "/%7Bid%7D"), "GET /%7Bid%7D []");
    assert_eq!(lookup(&frozen, "GET", "/{id}"), "GET /%7Bid%7D []");
    assert_eq!(lookup(&frozen, "GET", "/x"), "404");
}

#[test]
fn a_set_returns_the_first_error_and_registers_the_rest() {
    fn register(routes: &mut dyn RouteRegistrar) -> Result<(), plumego_router::RegisterError> {
        let mut set = RouteSet::new(routes);
        set.get("/a", echo());
        set.put("/a:", echo()).post("/b//", echo());
        set.delete("/x//y", echo()).get("/a", echo());
        set.patch("/a", echo());
        set.finish()
    }
    let mut router = Router::default();
    let error = register(&mut router.group("/g").unwrap()).unwrap_err();
    assert_eq!(error.kind(), Kind::EmptySegment);
    assert_eq!(router.routes().len(), 4);
    assert_eq!(ask(&router.freeze(), "PATCH", "/g/a").status, 200);
}
