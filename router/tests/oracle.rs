//! Agreement with two other routers: a naive one for everything, `matchit` for
//! what both can do.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::cmp::Ordering;

use http::Method;
use plumego_router::{Found, FrozenRouter, RegisterErrorKind as Kind, Route, Router};
use proptest::prelude::*;
use support::echo;

/// A list of patterns in which the best one is looked for.
#[derive(Default)]
struct Naive {
    routes: Vec<(String, Vec<String>)>,
}

#[derive(Debug, PartialEq)]
enum Outcome {
    Route(String, String, Vec<String>),
    Mismatch(Vec<String>),
    NotFound,
    BadPath,
}

impl Naive {
    fn add(&mut self, method: &str, pattern: &str) {
        let segments = pattern.split('/').skip(1).filter(|s| !s.is_empty());
        let segments = segments.map(str::to_owned).collect();
        self.routes.push((method.to_owned(), segments));
    }

    fn find(&self, method: &str, path: &str) -> Outcome {
        let Some(path) = read(path) else {
            return Outcome::BadPath;
        };
        let mut matching: Vec<_> = self
            .routes
            .iter()
            .filter_map(|(own, pattern)| Some((own, pattern, capture(pattern, &path)?)))
            .collect();
        if matching.is_empty() {
            return Outcome::NotFound;
        }
        let served: Vec<&str> = matching.iter().map(|(own, ..)| own.as_str()).collect();
        let allow = allowed(&served);
        matching.retain(|(own, ..)| preference(own, method).is_some());
        matching.sort_by(|(m, a, _), (n, b, _)| {
            let by_method = || preference(m, method).cmp(&preference(n, method));
            specificity(a, b).then_with(by_method)
        });
        match matching.into_iter().next() {
            Some((own, pattern, values)) => {
                Outcome::Route(own.clone(), format!("/{}", pattern.join("/")), values)
            }
            None => Outcome::Mismatch(allow),
        }
    }
}

/// Decoded segments; `None` for a path no route may answer.
fn read(path: &str) -> Option<Vec<String>> {
    let trimmed = path.trim_matches('/');
    if trimmed.is_empty() {
        return Some(Vec::new());
    }
    trimmed.split('/').map(decode).collect()
}

fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes().iter();
    while let Some(byte) = rest.next() {
        if *byte != b'%' {
            bytes.push(*byte);
            continue;
        }
        let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push((high * 16 + low) as u8);
    }
    let text = String::from_utf8(bytes).ok()?;
    (!matches!(text.as_str(), "." | "..") && !text.contains('\0')).then_some(text)
}

fn capture(pattern: &[String], path: &[String]) -> Option<Vec<String>> {
    if path.iter().any(String::is_empty) {
        return None;
    }
    let mut values = Vec::new();
    for (index, segment) in pattern.iter().enumerate() {
        let rest = path.get(index..).filter(|rest| !rest.is_empty())?;
        if segment.starts_with("{*") {
            values.push(rest.join("/"));
            return Some(values);
        }
        if segment.starts_with('{') {
            values.push(rest[0].clone());
        } else if decode(segment)? != rest[0] {
            return None;
        }
    }
    (path.len() == pattern.len()).then_some(values)
}

fn specificity(a: &[String], b: &[String]) -> Ordering {
    let rank = |segment: &String| match segment.as_str() {
        s if s.starts_with("{*") => 2,
        s if s.starts_with('{') => 1,
        _ => 0,
    };
    a.iter().map(rank).cmp(b.iter().map(rank))
}

fn preference(own: &str, method: &str) -> Option<u8> {
    match own {
        _ if own == method => Some(0),
        "GET" if method == "HEAD" => Some(1),
        "ANY" => Some(2),
        _ => None,
    }
}

fn allowed(methods: &[&str]) -> Vec<String> {
    let mut all: Vec<String> = methods.iter().map(|m| (*m).to_owned()).collect();
    if all.iter().any(|m| m == "GET") {
        all.push("HEAD".to_owned());
    }
    all.push("OPTIONS".to_owned());
    all.retain(|m| m != "ANY");
    all.sort();
    all.dedup();
    all
}

fn ours(router: &FrozenRouter, method: &str, path: &str) -> Outcome {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    match router.find(&method, path) {
        Found::Route(matched) => Outcome::Route(
            matched.route_method().to_string(),
            matched.pattern().to_owned(),
            matched
                .params()
                .map(|(_, value)| value.to_owned())
                .collect(),
        ),
        Found::MethodMismatch(allow) => {
            Outcome::Mismatch(allow.iter().map(ToString::to_string).collect())
        }
        Found::NotFound => Outcome::NotFound,
        Found::BadPath => Outcome::BadPath,
        other => panic!("{other:?}"),
    }
}

/// Few names, so that patterns share prefixes and paths meet them.
fn literal() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "ab", "abc", "b.c", "abcdefghij", "abcdefghik"]),
        1 => prop::sample::select(vec!["%61", "a%2Fb", "%25", "-", ".a", "a..", "%C3%A9"]),
    ]
    .prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = String> {
    let segment = prop_oneof![3 => literal(), 2 => Just("{}".to_owned())];
    (prop::collection::vec(segment, 0..6), any::<bool>()).prop_map(|(mut segments, tail)| {
        if tail && segments.len() % 2 == 1 {
            segments.push("{*}".to_owned());
        }
        for (index, segment) in segments.iter_mut().enumerate() {
            *segment = segment.replace('}', &format!("p{index}}}"));
        }
        format!("/{}", segments.join("/"))
    })
}

fn path() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "",
        ".",
        "..",
        "%2e",
        "%",
        "%zz",
        "%00",
        "é",
        "A",
        "%2F",
        "abcdefghijk",
        "%41",
    ]);
    let segment = prop_oneof![8 => literal(), 1 => odd.prop_map(str::to_owned)];
    (prop::collection::vec(segment, 0..7), 0..3_usize, 0..3_usize).prop_map(
        |(segments, leading, trailing)| {
            let (leading, trailing) = ("/".repeat(leading), "/".repeat(trailing / 2));
            format!("{leading}/{}{trailing}", segments.join("/"))
        },
    )
}

fn method() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["GET", "GET", "GET", "HEAD", "POST", "ANY", "MKCOL"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn the_naive_router_finds_the_same(
        routes in prop::collection::vec((method(), pattern()), 1..24),
        requests in prop::collection::vec((method(), path()), 1..24),
    ) {
        let (mut router, mut naive) = (Router::default(), Naive::default());
        for (method, pattern) in &routes {
            match router.add_route(Route::new(*method, pattern, echo())) {
                Ok(()) => naive.add(method, pattern),
                Err(error) => prop_assert!(
                    matches!(error.kind(), Kind::DuplicateRoute | Kind::ShapeConflict),
                    "{}", error
                ),
            }
        }
        let frozen = router.freeze();
        for (method, path) in &requests {
            let (found, expected) = (ours(&frozen, method, path), naive.find(method, path));
            prop_assert_eq!(found, expected, "{} {} of {:?}", method, path, routes);
        }
    }

    #[test]
    fn matchit_finds_the_same(
        routes in prop::collection::vec(pattern(), 1..16),
        requests in prop::collection::vec(path(), 1..16),
    ) {
        let (mut router, mut matchit) = (Router::default(), matchit::Router::new());
        for pattern in routes.iter().filter(|pattern| !pattern.contains('%')) {
            // It takes no wildcard beside a parameter.
            if matchit.insert(pattern, pattern.clone()).is_ok() {
                prop_assert!(router.get(pattern, echo()).is_ok());
            }
        }
        let frozen = router.freeze();
        // Normalisation, escapes and dots are ours alone.
        let plain = |path: &&String| !path.contains(['%']) && !path.contains("//")
            && !path.ends_with('/') && !path.split('/').any(|s| s == "." || s == "..");
        for path in requests.iter().filter(plain) {
            let found = ours(&frozen, "GET", path);
            let theirs = matchit.at(path).map_or(Outcome::NotFound, |theirs| {
                let values = theirs.params.iter().map(|(_, value)| value.to_owned()).collect();
                Outcome::Route("GET".to_owned(), theirs.value.clone(), values)
            });
            prop_assert_eq!(found, theirs, "{} of {:?}", path, routes);
        }
    }

    #[test]
    fn any_registration_and_any_lookup_ends_in_a_value(
        method in any::<String>(),
        pattern in any::<String>(),
        prefix in "[/{}*:a%.]{0,12}",
        target in any::<String>(),
        escaped in "/([a%./]|%2[0-9A-F]|%[0-9a-f]{2}){0,12}",
    ) {
        let mut router = Router::default();
        let _ = router.add_route(Route::new(method.as_str(), &pattern, echo()));
        let _ = router.get(&prefix, echo());
        let _ = router.group(&prefix).map(|mut group| group.get(&pattern, echo()));
        router.get("/{a}/{*rest}", echo()).ok();
        let frozen = router.freeze();
        for path in [&target, &pattern, &prefix, &escaped] {
            ours(&frozen, "GET", path);
            ours(&frozen, "X", path);
        }
        let _ = frozen.url(&target, &[(&pattern, &method)]);
    }
}
