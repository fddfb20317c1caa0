//! Which route a path reaches.

mod support;

use plumego_router::{Found, Router, RouterConfig, TrailingSlash};
use support::{add, ask, lookup, router};

/// Routes, then method, path and what is found.
type Case = (
    &'static [&'static str],
    &'static str,
    &'static str,
    &'static str,
);

const PRECEDENCE: &[Case] = &[
    (
        &["GET /users/{id}", "GET /users/admin"],
        "GET",
        "/users/admin",
        "GET /users/admin []",
    ),
    (
        &["GET /files/{*path}", "GET /files/{id}"],
        "GET",
        "/files/123",
        "GET /files/{id} [id=123]",
    ),
    (
        &["GET /files/{*path}", "GET /files/{id}"],
        "GET",
        "/files/a/b",
        "GET /files/{*path} [path=a/b]",
    ),
    (
        &["GET /api/{*p}", "GET /api/users", "GET /api/users/{id}"],
        "GET",
        "/api/users",
        "GET /api/users []",
    ),
    (
        &["GET /api/v1/{*p}", "GET /api/v1/users/{*id}"],
        "GET",
        "/api/v1/users/1/posts",
        "GET /api/v1/users/{*id} [id=1/posts]",
    ),
    (&["GET /files/{*path}"], "GET", "/files", "404"),
    (&["GET /files/{*path}"], "GET", "/files/", "404"),
    (&["GET /{*path}"], "GET", "/", "404"),
    (&["GET /users/{id}/posts"], "GET", "/users/1", "404"),
    (&["GET /users"], "GET", "/Users", "404"),
    (
        &["ANY /admin", "GET /{*spa}"],
        "GET",
        "/admin",
        "ANY /admin []",
    ),
    (&["GET /x"], "HEAD", "/x", "GET /x []"),
    (&["POST /x"], "HEAD", "/x", "405 OPTIONS, POST"),
    (&["CONNECT /x"], "CONNECT", "/x", "CONNECT /x []"),
    // Less specific routes are found after a more specific one leads nowhere.
    (
        &["GET /users/new/edit", "GET /users/{id}/show"],
        "GET",
        "/users/new/show",
        "GET /users/{id}/show [id=new]",
    ),
    (
        &["GET /a/{*rest}", "GET /a/b/c"],
        "GET",
        "/a/b/x",
        "GET /a/{*rest} [rest=b/x]",
    ),
    (
        &["GET /a/{*rest}", "GET /a/b/c"],
        "GET",
        "/a/b/c/d",
        "GET /a/{*rest} [rest=b/c/d]",
    ),
    (
        &["GET /{a}/x", "GET /{*all}", "GET /u/{b}/y"],
        "GET",
        "/u/1/z",
        "GET /{*all} [all=u/1/z]",
    ),
    (
        &[
            "GET /{a}/{b}/1",
            "GET /x/{b}/2",
            "GET /{a}/y/3",
            "GET /x/y/4",
        ],
        "GET",
        "/x/y/1",
        "GET /{a}/{b}/1 [a=x b=y]",
    ),
    (
        &[
            "GET /{a}/{b}/1",
            "GET /x/{b}/2",
            "GET /{a}/y/3",
            "GET /x/y/4",
        ],
        "GET",
        "/x/y/2",
        "GET /x/{b}/2 [b=y]",
    ),
    (
        &[
            "GET /{a}/{b}/1",
            "GET /x/{b}/2",
            "GET /{a}/y/3",
            "GET /x/y/4",
        ],
        "GET",
        "/x/y/3",
        "GET /{a}/y/3 [a=x]",
    ),
    (
        &["GET /next/{id}", "GET /{any}/1"],
        "GET",
        "/new/1",
        "GET /{any}/1 [any=new]",
    ),
    (
        &["GET /abc/{x}", "GET /abd/{x}", "GET /{y}/{x}"],
        "GET",
        "/abe/1",
        "GET /{y}/{x} [y=abe x=1]",
    ),
    // The method decides after the path.
    (
        &["POST /users/new", "GET /users/{id}"],
        "GET",
        "/users/new",
        "GET /users/{id} [id=new]",
    ),
    (
        &["POST /users/new", "GET /users/{id}"],
        "PUT",
        "/users/new",
        "405 GET, HEAD, OPTIONS, POST",
    ),
    (
        &["POST /{a}/b", "PUT /{*c}", "ANY /a/{d}"],
        "POST",
        "/a/b",
        "ANY /a/{d} [d=b]",
    ),
    (
        &["POST /a/b", "PUT /a/{c}", "PATCH /{*d}"],
        "PATCH",
        "/a/b",
        "PATCH /{*d} [d=a/b]",
    ),
    (&["GET /{x}", "HEAD /a"], "HEAD", "/a", "HEAD /a []"),
    (&["GET /a", "HEAD /{x}"], "HEAD", "/a", "GET /a []"),
];

const PATHS: &[Case] = &[
    (&["GET /"], "GET", "", "GET / []"),
    (&["GET /"], "GET", "/", "GET / []"),
    (&["GET /"], "GET", "//", "GET / []"),
    (
        &["GET /users/{id}"],
        "GET",
        "//users/1",
        "GET /users/{id} [id=1]",
    ),
    (
        &["GET /users/{id}"],
        "GET",
        "///users/1//",
        "GET /users/{id} [id=1]",
    ),
    (&["GET /users/{id}"], "GET", "/users//1", "404"),
    (&["GET /users/{*id}"], "GET", "/users//1", "404"),
    (&["GET /users/{*id}"], "GET", "/users/a//1", "404"),
    (
        &["GET /users/{*id}"],
        "GET",
        "/users/a/1/",
        "GET /users/{*id} [id=a/1]",
    ),
    (&["GET /users"], "GET", "users", "404"),
    (&["GET /users"], "GET", "*", "404"),
    (&["GET /about"], "GET", "/%61bout", "GET /about []"),
    (
        &["GET /users/{id}"],
        "GET",
        "/users/a%2Fb",
        "GET /users/{id} [id=a/b]",
    ),
    (
        &["GET /orgs/{id}/users"],
        "GET",
        "/orgs/a%2Fb/users",
        "GET /orgs/{id}/users [id=a/b]",
    ),
    (&["GET /a/b"], "GET", "/a%2Fb", "404"),
    (&["GET /a%2Fb"], "GET", "/a%2fb", "GET /a%2Fb []"),
    (&["GET /a%2Fb"], "GET", "/a/b", "404"),
    (&["GET /100%25"], "GET", "/100%25", "GET /100%25 []"),
    (&["GET /100%25"], "GET", "/100%", "400"),
    (&["GET /100%25"], "GET", "/100%2525", "404"),
    (&["GET /{id}"], "GET", "/a%20b", "GET /{id} [id=a b]"),
    (&["GET /{id}"], "GET", "/%2525", "GET /{id} [id=%25]"),
    (&["GET /{id}"], "GET", "/%C3%A9", "GET /{id} [id=é]"),
    (
        &["GET /{id}/{*rest}"],
        "GET",
        "/%41/b%2Fc/d",
        "GET /{id}/{*rest} [id=A rest=b/c/d]",
    ),
    (&["GET /{*all}"], "GET", "/%", "400"),
    (&["GET /{*all}"], "GET", "/a/%4", "400"),
    (&["GET /{*all}"], "GET", "/a/%zz/b", "400"),
    (&["GET /{*all}"], "GET", "/%C0%AF", "400"),
    (&["GET /{*all}"], "GET", "/%ff", "400"),
    (&["GET /{*all}"], "GET", "/a%00", "400"),
    (&["GET /{*all}"], "GET", "/a\0b", "400"),
    (&["GET /{*all}"], "GET", "/a/../b", "400"),
    (&["GET /{*all}"], "GET", "/a/%2e%2E/b", "400"),
    (&["GET /{*all}"], "GET", "/a/.%2e", "400"),
    (&["GET /{*all}"], "GET", "/.", "400"),
    (
        &["GET /{*all}"],
        "GET",
        "/.well-known/x..y",
        "GET /{*all} [all=.well-known/x..y]",
    ),
    (&["GET /{a}/{b}"], "GET", "/x/..", "400"),
    (&["GET /a"], "GET", "/nowhere/../a", "400"),
    (&["GET /a"], "GET", "/nowhere/%zz", "400"),
    (&["POST /a"], "GET", "/%61", "405 OPTIONS, POST"),
    (&["GET /{id}"], "GET", "/überall", "GET /{id} [id=überall]"),
];

fn check(cases: &[Case], reverse: bool) {
    for (routes, method, path, expected) in cases {
        let mut routes = routes.to_vec();
        if reverse {
            routes.reverse();
        }
        let frozen = router(&routes).freeze();
        assert_eq!(
            lookup(&frozen, method, path),
            *expected,
            "{routes:?} {method} {path}"
        );
    }
}

#[test]
fn the_most_specific_route_that_can_serve_is_found() {
    check(PRECEDENCE, false);
}

#[test]
fn the_order_of_registration_does_not_matter() {
    check(PRECEDENCE, true);
}

#[test]
fn slashes_escapes_and_dots_are_read_as_documented() {
    check(PATHS, false);
}

fn with_policy(policy: TrailingSlash, routes: &[&str]) -> plumego_router::FrozenRouter {
    let mut router = Router::new(RouterConfig::default().with_trailing_slash(policy));
    add(&mut router, routes);
    router.freeze()
}

#[test]
fn strict_routers_tell_paths_with_a_slash_from_those_without() {
    let frozen = with_policy(
        TrailingSlash::Strict,
        &["GET /a", "GET /b/", "GET /p/{x}/", "GET /w/{*x}", "GET /"],
    );
    for (path, expected) in [
        ("/a", "GET /a []"),
        ("/a/", "404"),
        ("/b", "404"),
        ("/b/", "GET /b/ []"),
        ("//b/", "GET /b/ []"),
        ("/b//", "404"),
        ("/p/1", "404"),
        ("/p/1/", "GET /p/{x}/ [x=1]"),
        ("/w/a/b", "GET /w/{*x} [x=a/b]"),
        ("/w/a/", "404"),
        ("/", "GET / []"),
        ("", "GET / []"),
    ] {
        assert_eq!(lookup(&frozen, "GET", path), expected, "{path}");
    }
}

#[test]
fn redirecting_routers_send_to_the_path_without_the_slash() {
    let frozen = with_policy(
        TrailingSlash::Redirect,
        &["GET /a", "POST /b", "GET /p/{x}", "GET /"],
    );
    for (path, location) in [
        ("/a/", Some("/a")),
        ("/a//?q=1&r=/", Some("/a?q=1&r=/")),
        ("//a/", Some("/a")),
        ("/p/%41%2F/", Some("/p/%41%2F")),
        ("/p/é/?q=ü", Some("/p/%C3%A9?q=%C3%BC")),
        ("/b/", None),
        ("/c/", None),
        ("/a/?q=\\x", None),
    ] {
        let answer = ask(&frozen, "GET", path);
        assert_eq!(
            answer.status,
            if location.is_some() { 308 } else { 404 },
            "{path}"
        );
        assert_eq!(answer.header(http::header::LOCATION), location, "{path}");
    }
    assert_eq!(ask(&frozen, "HEAD", "/a/").status, 308);
    assert_eq!(ask(&frozen, "GET", "/").status, 200);
    assert_eq!(ask(&frozen, "GET", "/a").status, 200);
    assert_eq!(ask(&frozen, "GET", "/../").status, 400);
}

#[test]
fn sixteen_parameters_are_all_captured() {
    let pattern: String = (0..16).map(|i| format!("/{{p{i}}}")).collect();
    let frozen = router(&[&format!("GET {pattern}")]).freeze();
    let path: String = (0..16).map(|i| format!("/v{i}")).collect();
    let values: Vec<String> = (0..16).map(|i| format!("p{i}=v{i}")).collect();
    let expected = format!("GET {pattern} [{}]", values.join(" "));
    assert_eq!(lookup(&frozen, "GET", &path), expected);
    let body = ask(&frozen, "GET", &path).body;
    assert_eq!(body, format!("{pattern} - [{}]", values.join(" ")));
}

#[test]
fn deep_and_long_paths_reach_wildcards_only() {
    let deep = "/s".repeat(64);
    let frozen = router(&[&format!("GET {deep}"), "GET /w/{*rest}"]).freeze();
    assert_eq!(lookup(&frozen, "GET", &deep), format!("GET {deep} []"));
    assert_eq!(lookup(&frozen, "GET", &"/s".repeat(65)), "404");
    let tail = "x/".repeat(32_000) + "x";
    let found = lookup(&frozen, "GET", &format!("/w/{tail}"));
    assert_eq!(found, format!("GET /w/{{*rest}} [rest={tail}]"));
    assert_eq!(
        lookup(&frozen, "GET", &format!("/w/{}", "x".repeat(65_531))).len(),
        65_553
    );
    assert_eq!(
        lookup(&frozen, "GET", &format!("/w/{}", "x".repeat(65_532))),
        "400"
    );
}

#[test]
fn a_wildcard_knows_how_many_segments_it_took() {
    let frozen = router(&["GET /f/{*path}", "GET /p/{id}"]).freeze();
    for (path, segments) in [
        ("/f/a", Some(1)),
        ("/f/a/b", Some(2)),
        ("/f/a%2Fb", Some(1)),
        ("/f/%61/b%2Fc/d", Some(3)),
        ("/p/a", None),
    ] {
        let Found::Route(matched) = frozen.find(&http::Method::GET, path) else {
            panic!("{path}");
        };
        assert_eq!(matched.tail_segments(), segments, "{path}");
    }
}

#[test]
fn ten_thousand_routes_are_told_apart() {
    let mut router = Router::default();
    for n in 0..5_000 {
        add(
            &mut router,
            &[
                &format!("GET /static{n}"),
                &format!("GET /entity{n}/{{id}}"),
            ],
        );
    }
    let frozen = router.freeze();
    for n in (0..5_000).step_by(7) {
        let fixed = lookup(&frozen, "GET", &format!("/static{n}"));
        assert_eq!(fixed, format!("GET /static{n} []"));
        let entity = lookup(&frozen, "GET", &format!("/entity{n}/x"));
        assert_eq!(entity, format!("GET /entity{n}/{{id}} [id=x]"));
    }
    assert_eq!(lookup(&frozen, "GET", "/static5000"), "404");
    assert_eq!(lookup(&frozen, "GET", "/entity5000/x"), "404");
}

#[test]
fn nothing_in_a_path_or_method_panics() {
    let frozen = router(&["GET /{a}/b", "GET /{*r}", "GET /"]).freeze();
    for path in [
        "",
        "/",
        "//",
        "///",
        "%",
        "/%",
        "/%%%",
        "\u{0}",
        "/\u{ffff}/b",
        "?",
        "#",
        "/ /b",
        "\\",
        "/\\",
    ] {
        for method in ["GET", "X", "ANY"] {
            lookup(&frozen, method, path);
        }
    }
}
