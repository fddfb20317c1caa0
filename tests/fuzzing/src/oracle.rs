//! The router against a list that is searched from front to back.

use std::cmp::Ordering;

use http::Method;
use plumego_router::{Found, Router, RouterConfig};

use crate::router::handler;

/// Most patterns, and most paths, of one input.
const LINES_MAX: usize = 24;

/// What both must say.
#[derive(Debug, PartialEq)]
enum Answer {
    Route(String, Vec<String>),
    NotFound,
    BadPath,
}

/// Patterns by line, an empty line, then paths by line.
pub(crate) fn matching(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (patterns, paths) = text.split_once("\n\n").unwrap_or((&text, ""));
    let mut router = Router::new(RouterConfig::default());
    let accepted: Vec<&str> = patterns
        .lines()
        .take(LINES_MAX)
        .filter(|pattern| router.get(pattern, handler()).is_ok())
        .collect();
    let frozen = router.freeze();
    for path in paths.lines().take(LINES_MAX) {
        let found = match frozen.find(&Method::GET, path) {
            Found::Route(matched) => {
                let values = matched.params().map(|(_, value)| value.to_owned());
                Answer::Route(matched.pattern().to_owned(), values.collect())
            }
            Found::NotFound => Answer::NotFound,
            Found::BadPath => Answer::BadPath,
            other => panic!("{other:?} from a lenient table of GET routes"),
        };
        assert_eq!(found, search(&accepted, path), "{path} in {accepted:?}");
    }
}

fn search(patterns: &[&str], path: &str) -> Answer {
    let path = if path.is_empty() { "/" } else { path };
    if !path.starts_with('/') {
        return Answer::NotFound;
    }
    let Some(segments) = path.split('/').map(decode).collect::<Option<Vec<_>>>() else {
        return Answer::BadPath;
    };
    let leading = segments.iter().take_while(|s| s.is_empty()).count();
    let trailing = segments.iter().rev().take_while(|s| s.is_empty()).count();
    let end = (segments.len() - trailing).max(leading);
    let segments = &segments[leading..end];
    if segments.iter().any(String::is_empty) {
        return Answer::NotFound;
    }
    let candidates = patterns
        .iter()
        .filter_map(|pattern| Some((*pattern, capture(pattern, segments)?)));
    match candidates.min_by(|a, b| specificity(a.0, b.0)) {
        Some((pattern, values)) => Answer::Route(format!("/{}", pattern.trim_matches('/')), values),
        None => Answer::NotFound,
    }
}

/// A segment as handlers see it; `None` for one that no route may answer.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next()?).to_digit(16);
        bytes.push(match byte {
            b'%' => u8::try_from(digit()? * 16 + digit()?).ok()?,
            plain => plain,
        });
    }
    let text = String::from_utf8(bytes).ok()?;
    (text != "." && text != ".." && !text.contains('\0')).then_some(text)
}

fn capture(pattern: &str, path: &[String]) -> Option<Vec<String>> {
    let mut values = Vec::new();
    let mut rest = path;
    for segment in segments(pattern) {
        let (first, after) = rest.split_first()?;
        match rank(segment) {
            0 if decode(segment)? == *first => {}
            0 => return None,
            1 => values.push(first.clone()),
            _ => {
                values.push(rest.join("/"));
                return Some(values);
            }
        }
        rest = after;
    }
    rest.is_empty().then_some(values)
}

fn segments(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('/').filter(|segment| !segment.is_empty())
}

fn rank(segment: &str) -> u8 {
    match segment.as_bytes() {
        [b'{', b'*', ..] => 2,
        [b'{', ..] => 1,
        _ => 0,
    }
}

/// Static before parameter before wildcard, segment by segment.
fn specificity(a: &str, b: &str) -> Ordering {
    let ranks = |pattern| segments(pattern).map(rank);
    ranks(a).cmp(ranks(b))
}
