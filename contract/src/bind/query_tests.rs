use std::collections::HashMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;

#[derive(Debug, Default, Deserialize, PartialEq)]
struct List {
    limit: Option<u8>,
    q: Option<String>,
    #[serde(default)]
    tag: Vec<String>,
    #[serde(default)]
    id: Vec<u32>,
    deep: Option<bool>,
    ratio: Option<f32>,
    sort: Option<Sort>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Sort {
    Asc,
    Desc,
}

fn request(query: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = format!("/items?{query}").parse().unwrap();
    request
}

fn bound(text: &str) -> List {
    query(&request(text)).unwrap()
}

#[track_caller]
fn assert_problems<T: DeserializeOwned>(text: &str, expected: &[(&str, &str)]) {
    let error = query::<T>(&request(text)).err().unwrap();
    assert_eq!(error.status(), 400);
    let fields = error.field_errors().iter();
    let found: Vec<_> = fields.map(|f| (f.path().as_str(), f.code())).collect();
    assert_eq!(found, expected);
}

#[test]
fn values() {
    assert_eq!(bound(""), List::default());
    assert_eq!(bound("limit=3&&unknown=1").limit, Some(3));
    assert_eq!(bound("limit=&ratio=").limit, None);
    assert_eq!(bound("q=").q.as_deref(), Some(""));
    assert_eq!(bound("q").q.as_deref(), Some(""));
    assert_eq!(bound("q=a%26b+c%2B").q.as_deref(), Some("a&b c+"));
    assert_eq!(bound("tag=a&limit=1&tag=b").tag, ["a", "b"]);
    assert_eq!(bound("id=7").id, [7]);
    assert_eq!(bound("ratio=1.5").ratio, Some(1.5));
    assert_eq!(bound("sort=desc").sort, Some(Sort::Desc));
    for (text, value) in [("true", true), ("1", true), ("false", false), ("0", false)] {
        assert_eq!(bound(&format!("deep={text}")).deep, Some(value));
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    assert_problems::<List>(
        "deep=yes&limit=256&q=a&q=b&tag=%zz&id=1&id=x&ratio=nan&sort=up&odd=%ff",
        &[
            ("query.limit", "out_of_range"),
            ("query.q", "duplicate_field"),
            ("query.tag", "invalid_encoding"),
            ("query.id[1]", "type_mismatch"),
            ("query.deep", "type_mismatch"),
            ("query.ratio", "type_mismatch"),
            ("query.sort", "invalid_variant"),
            ("query.odd", "invalid_encoding"),
        ],
    );
}

#[test]
fn missing_and_unknown() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    struct Wanted {
        a: u8,
        b: String,
    }
    assert_problems::<Wanted>(
        "x=1",
        &[("query.a", "missing_field"), ("query.b", "missing_field")],
    );
    let options = QueryOptions::default().with_unknown_fields(UnknownFields::Deny);
    let error = query_with::<Wanted>(&request("x=1&a=&b=&x=2"), &options).unwrap_err();
    let found: Vec<_> = error
        .field_errors()
        .iter()
        .map(|f| (f.path().as_str(), f.code()))
        .collect();
    assert_eq!(
        found,
        [("query.a", "type_mismatch"), ("query.x", "unknown_field")]
    );
}

#[test]
fn maps_take_everything() {
    let map: HashMap<String, String> = query(&request("a=1&b=2")).unwrap();
    assert_eq!(map["b"], "2");
}

#[test]
fn limits() {
    let exact = format!("q={}", "a".repeat(16 * 1024 - 2));
    assert!(query::<List>(&request(&exact)).is_ok());
    let error = query::<List>(&request(&format!("{exact}a"))).unwrap_err();
    assert_eq!(
        (error.status().as_u16(), error.code_str()),
        (414, "uri_too_long")
    );
    let pairs = vec!["tag=a"; 256].join("&");
    assert_eq!(bound(&pairs).tag.len(), 256);
    assert_problems::<List>(&format!("{pairs}&tag=a"), &[("query", "too_many")]);
}

proptest! {
    #[test]
    fn never_panics(text in "[a-z0-9%&=+;,]{0,60}") {
        let _ = query::<List>(&request(&text));
    }

    #[test]
    fn what_is_encoded_reads_back(values in proptest::collection::vec(".{0,8}", 0..5)) {
        let encode = |v: &String| {
            let set = percent_encoding::NON_ALPHANUMERIC;
            format!("tag={}", percent_encoding::utf8_percent_encode(v, set))
        };
        let text: Vec<_> = values.iter().map(encode).collect();
        prop_assert_eq!(bound(&text.join("&")).tag, values);
    }
}
