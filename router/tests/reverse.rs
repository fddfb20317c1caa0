//! From names and values to paths, and back.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use http::Method;
use plumego_router::{Found, Route, Router, UrlError};
use proptest::prelude::*;
use support::echo;

fn named(routes: &[(&str, &str, &str)]) -> Router {
    let mut router = Router::default();
    for (method, path, name) in routes {
        let route = Route::new(*method, *path, echo()).name(*name);
        router.add_route(route).unwrap();
    }
    router
}

const FILES: (&str, &str, &str) = ("GET", "/api/v1/files/{tenant}/{*path}", "files.show");

#[test]
fn values_are_encoded_as_segments() {
    let router = named(&[
        FILES,
        ("GET", "/", "home"),
        ("POST", "/u/{id}", "users.save"),
    ]);
    let url = |name, params: &[(&str, &str)]| router.url(name, params).unwrap();
    let path = [("tenant", "acme corp"), ("path", "reports/2026 q1.pdf")];
    assert_eq!(
        url("files.show", &path),
        "/api/v1/files/acme%20corp/reports/2026%20q1.pdf"
    );
    assert_eq!(url("home", &[]), "/");
    assert_eq!(
        url("users.save", &[("id", "a/b?c#d%")]),
        "/u/a%2Fb%3Fc%23d%25"
    );
    let allowed = "aZ09-._~!$&'()*+,;=:@";
    assert_eq!(
        url("users.save", &[("id", allowed)]),
        format!("/u/{allowed}")
    );
    assert_eq!(url("users.save", &[("id", "é")]), "/u/%C3%A9");
}

#[test]
fn literal_text_is_written_as_a_request_may_spell_it() {
    let router = named(&[("GET", "/%7Bx%7D/a%2Fb/<c>", "odd")]);
    assert_eq!(router.url("odd", &[]).unwrap(), "/%7Bx%7D/a%2Fb/%3Cc%3E");
}

/// Route, values, and what is wrong with them.
type Misuse = (
    &'static str,
    &'static [(&'static str, &'static str)],
    UrlError,
);

#[test]
fn every_misuse_has_its_error() {
    let router = named(&[FILES]);
    let frozen = named(&[FILES]).freeze();
    let name = str::to_owned;
    let cases: &[Misuse] = &[
        ("nope", &[], UrlError::UnknownRoute(name("nope"))),
        (
            "files.show",
            &[("tenant", "a")],
            UrlError::MissingParam(name("path")),
        ),
        (
            "files.show",
            &[("tenant", ""), ("path", "x")],
            UrlError::EmptyParam(name("tenant")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("path", "")],
            UrlError::EmptyParam(name("path")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("tenant", "b"), ("path", "x")],
            UrlError::DuplicateParam(name("tenant")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("path", "x"), ("q", "1")],
            UrlError::UnknownParam(name("q")),
        ),
        (
            "files.show",
            &[("tenant", "."), ("path", "x")],
            UrlError::InvalidParam(name("tenant")),
        ),
        (
            "files.show",
            &[("tenant", ".."), ("path", "x")],
            UrlError::InvalidParam(name("tenant")),
        ),
        (
            "files.show",
            &[("tenant", "a\0"), ("path", "x")],
            UrlError::InvalidParam(name("tenant")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("path", "/x")],
            UrlError::InvalidParam(name("path")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("path", "x/")],
            UrlError::InvalidParam(name("path")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("path", "x//y")],
            UrlError::InvalidParam(name("path")),
        ),
        (
            "files.show",
            &[("tenant", "a"), ("path", "x/../y")],
            UrlError::InvalidParam(name("path")),
        ),
    ];
    for (route, params, error) in cases {
        assert_eq!(router.url(route, params).as_ref(), Err(error));
        assert_eq!(frozen.url(route, params).as_ref(), Err(error));
    }
    let long = "x".repeat(70_000);
    let error = frozen.url("files.show", &[("tenant", "a"), ("path", &long)]);
    assert_eq!(error, Err(UrlError::InvalidParam(name("path"))));
}

#[test]
fn a_path_that_another_route_would_take_is_refused() {
    let routes = [
        ("GET", "/users/{id}", "users.show"),
        ("GET", "/users/new", "users.new"),
        ("POST", "/users/draft", "users.draft"),
        ("HEAD", "/h/{x}", "head.show"),
        ("GET", "/h/got", "h.got"),
        ("ANY", "/any/{x}", "any.show"),
        ("GET", "/any/x", "any.get"),
    ];
    let (router, frozen) = (named(&routes), named(&routes).freeze());
    let both = |name: &str, params: &[(&str, &str)]| {
        let (early, late) = (router.url(name, params), frozen.url(name, params));
        assert_eq!(early, late);
        late
    };
    assert_eq!(
        both("users.show", &[("id", "new")]),
        Err(UrlError::Shadowed("/users/new".into()))
    );
    assert_eq!(
        both("users.show", &[("id", "draft")]),
        Ok("/users/draft".into())
    );
    assert_eq!(both("users.new", &[]), Ok("/users/new".into()));
    assert_eq!(
        both("head.show", &[("x", "got")]),
        Err(UrlError::Shadowed("/h/got".into()))
    );
    assert_eq!(both("any.show", &[("x", "x")]), Ok("/any/x".into()));
}

#[test]
fn queries_are_encoded_and_appended() {
    let frozen = named(&[("GET", "/s/{q}", "search")]).freeze();
    let url = |query: &[(&str, &str)]| {
        frozen
            .url_with_query("search", &[("q", "x")], query)
            .unwrap()
    };
    assert_eq!(url(&[]), "/s/x");
    assert_eq!(
        url(&[("a", "1 2"), ("b&", "=é+")]),
        "/s/x?a=1%202&b%26=%3D%C3%A9%2B"
    );
    assert!(frozen.url_with_query("nope", &[], &[]).is_err());
}

#[test]
fn names_in_groups_refer_to_full_patterns() {
    let mut router = Router::default();
    {
        let mut v1 = router.group("/api/{version}").unwrap();
        v1.add_route(Route::new("GET", "", echo()).name("root"))
            .unwrap();
        let mut items = v1.group("/items").unwrap();
        items
            .add_route(Route::new("GET", "/{id}", echo()).name("items.show"))
            .unwrap();
        let again = items.add_route(Route::new("GET", "/other", echo()).name("root"));
        assert!(again.unwrap_err().reason().contains("`GET /api/{version}`"));
    }
    let frozen = router.freeze();
    let item = frozen.url("items.show", &[("version", "v1"), ("id", "7")]);
    assert_eq!(item.unwrap(), "/api/v1/items/7");
    assert_eq!(frozen.url("root", &[("version", "v1")]).unwrap(), "/api/v1");
    assert!(frozen.has_route("root") && !frozen.has_route("other"));
    let mut copy = frozen.named_routes().clone();
    assert_eq!(copy["items.show"].params, ["version", "id"]);
    copy.clear();
    assert_eq!(frozen.named_routes().len(), 2);
}

proptest! {
    #[test]
    fn a_path_leads_back_to_its_route_with_its_values(
        tenant in any::<String>(),
        tail in prop::collection::vec(any::<String>(), 1..4),
    ) {
        let frozen = named(&[FILES]).freeze();
        let tail = tail.join("/");
        let given = [("tenant", tenant.as_str()), ("path", tail.as_str())];
        if let Ok(url) = frozen.url("files.show", &given) {
            let uri: http::Uri = url.parse().unwrap();
            prop_assert_eq!(uri.path(), &url);
            let Found::Route(matched) = frozen.find(&Method::GET, &url) else {
                panic!("{url} is not found");
            };
            prop_assert_eq!(matched.name(), Some("files.show"));
            prop_assert_eq!(matched.params().collect::<Vec<_>>(), given.to_vec());
        } else {
            let dots = |text: &str| text.is_empty() || text == "." || text == "..";
            let refusable = dots(&tenant) || tail.split('/').any(dots)
                || tenant.contains('\0') || tail.contains('\0');
            prop_assert!(refusable, "{:?} {:?}", tenant, tail);
        }
    }
}
