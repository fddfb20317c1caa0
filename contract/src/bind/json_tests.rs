use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, Deserialize, PartialEq)]
struct Order {
    customer: Customer,
    items: Vec<Item>,
    note: Option<String>,
    #[serde(default)]
    express: bool,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Customer {
    name: String,
    #[serde(rename = "e-mail")]
    email: String,
}

#[derive(Debug, Deserialize, PartialEq)]
struct Item {
    sku: String,
    qty: u8,
    #[serde(default)]
    kind: Kind,
}

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Goods,
    Service {
        hours: u16,
    },
    Bundle(Vec<String>),
}

fn problems<T: DeserializeOwned>(text: &str) -> Vec<(String, String)> {
    listed(
        &decode::<T>(text.as_bytes(), &JsonOptions::DEFAULT)
            .err()
            .unwrap(),
    )
}

fn listed(error: &Error) -> Vec<(String, String)> {
    assert_eq!(error.status(), 400);
    assert_eq!(error.code_str(), "validation_error");
    let fields = error.field_errors().iter();
    let pair = |f: &crate::FieldError| (f.path().to_string(), f.code().to_owned());
    fields.map(pair).collect()
}

#[track_caller]
fn assert_problems<T: DeserializeOwned>(text: &str, expected: &[(&str, &str)]) {
    let found = problems::<T>(text);
    let found: Vec<_> = found
        .iter()
        .map(|(p, c)| (p.as_str(), c.as_str()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_document_binds() {
    let text = r#"{"customer":{"name":"Ann","e-mail":"a@b"},
        "items":[{"sku":"x","qty":2,"kind":{"service":{"hours":3}}}],"note":null}"#;
    let order: Order = decode(text.as_bytes(), &JsonOptions::DEFAULT).unwrap();
    assert_eq!(order.items[0].kind, Kind::Service { hours: 3 });
}

#[test]
fn every_problem_is_reported_at_once() {
    assert_problems::<Order>(
        r#"{"zip":1,"customer":{"e-mail":7,"age":3},"items":[
            {"sku":"a","qty":1},
            {"sku":null,"qty":256},
            {"qty":"many","kind":{"service":{"hours":-1,"x":0}}},
            {"sku":"b","qty":-5,"kind":"gift"},
            17
        ],"note":[],"express":"yes","express":true,"extra":{}}"#,
        &[
            ("body.customer.name", "missing_field"),
            ("body.customer.e-mail", "type_mismatch"),
            ("body.customer.age", "unknown_field"),
            ("body.items[1].sku", "missing_field"),
            ("body.items[1].qty", "out_of_range"),
            ("body.items[2].sku", "missing_field"),
            ("body.items[2].qty", "type_mismatch"),
            ("body.items[2].kind.service.hours", "out_of_range"),
            ("body.items[2].kind.service.x", "unknown_field"),
            ("body.items[3].qty", "out_of_range"),
            ("body.items[3].kind", "invalid_variant"),
            ("body.items[4]", "type_mismatch"),
            ("body.note", "type_mismatch"),
            ("body.express", "duplicate_field"),
            ("body.express", "type_mismatch"),
            ("body.zip", "unknown_field"),
            ("body.extra", "unknown_field"),
        ],
    );
}

#[test]
fn all_missing_members_in_declaration_order() {
    assert_problems::<Order>(
        "{}",
        &[
            ("body.customer", "missing_field"),
            ("body.items", "missing_field"),
        ],
    );
}

#[test]
fn entries_carry_pointers_and_fixed_messages() {
    let text = r#"{"customer":{"name":1,"e-mail":""},"items":[],"a/b~c":1}"#;
    let error = decode::<Order>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
    let entries = error.field_errors();
    assert_eq!(entries[0].pointer_str(), Some("/customer/name"));
    assert_eq!(entries[0].message(), "expected string");
    assert_eq!(entries[1].pointer_str(), Some("/a~1b~0c"));
    assert_eq!(entries[1].path().as_str(), r#"body["a/b~c"]"#);
    let error = decode::<u8>(b"300", &JsonOptions::DEFAULT).unwrap_err();
    assert_eq!(error.field_errors()[0].message(), "does not fit u8");
    assert_eq!(error.field_errors()[0].pointer_str(), None);
}

#[test]
fn unknown_variants_name_the_known_ones() {
    let error = decode::<Kind>(br#""gift""#, &JsonOptions::DEFAULT).unwrap_err();
    let known = &error.field_errors()[0].params()["one_of"];
    assert_eq!(known, &json!(["goods", "service", "bundle"]));
}

#[test]
fn malformed_documents() {
    for (text, line, column) in [
        ("{", 1, 1),
        ("{\"a\":\n  tru}", 2, 6),
        ("{} x", 1, 4),
        ("[1,]", 1, 4),
        ("nul", 1, 3),
    ] {
        let error = decode::<Value>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
        assert_eq!(
            listed(&error),
            [("body".to_owned(), "invalid_json".to_owned())],
            "{text}"
        );
        let place = (&error.details_map()["line"], &error.details_map()["column"]);
        assert_eq!(place, (&json!(line), &json!(column)), "{text}");
    }
    // Malformed text counts more than what the type would have said first.
    assert_problems::<Order>(r#"{"customer":1,"items":["#, &[("body", "invalid_json")]);
}

#[test]
fn encoding() {
    let bom = "\u{feff}{\"a\":\"é\"}";
    let value: Value = decode(bom.as_bytes(), &JsonOptions::DEFAULT).unwrap();
    assert_eq!(value, json!({"a": "é"}));
    for text in [&b"\"\xff\""[..], b"{\"x\":\"\xc3\"}"] {
        let error = decode::<Value>(text, &JsonOptions::DEFAULT).unwrap_err();
        assert_eq!(listed(&error)[0].1, "invalid_encoding");
    }
    assert_problems::<HashMap<String, String>>(
        r#"{"a":"\ud800"}"#,
        &[("body.a", "invalid_encoding")],
    );
}

#[test]
fn empty_bodies() {
    for text in ["", " \r\n\t"] {
        let error = decode::<Value>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
        assert_eq!(error.kind(), Some(ErrorKind::Required));
        assert_eq!(listed(&error), [("body".into(), "missing_field".into())]);
        let options = JsonOptions::default().with_empty(EmptyBody::AsNull);
        assert_eq!(
            decode::<Option<u8>>(text.as_bytes(), &options).unwrap(),
            None
        );
    }
}

#[test]
fn depth() {
    let nested = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
    let options = JsonOptions::DEFAULT;
    assert!(decode::<Value>(nested(64).as_bytes(), &options).is_ok());
    assert_problems::<Value>(&nested(65), &[("body", "too_deep")]);
    assert_problems::<Value>(&"[".repeat(100_000), &[("body", "invalid_json")]);
    // Brackets inside strings do not nest.
    let quoted = format!("[\"{}\\\"[\"]", "[".repeat(100));
    assert!(decode::<Value>(quoted.as_bytes(), &options).is_ok());
    let flat = format!("[{}[]]", "[],".repeat(100));
    assert!(decode::<Value>(flat.as_bytes(), &options).is_ok());
    let wide = JsonOptions::default().with_max_depth(1000);
    assert!(decode::<Value>(nested(127).as_bytes(), &wide).is_ok());
    assert!(decode::<Value>(nested(128).as_bytes(), &wide).is_err());
}

#[test]
fn unknown_keys_may_be_ignored() {
    let options = JsonOptions::default().with_unknown_fields(UnknownFields::Ignore);
    let customer: Customer =
        decode(br#"{"name":"a","x":{"y":1},"e-mail":"b","x":2}"#, &options).unwrap();
    assert_eq!(customer.email, "b");
    let error = decode::<Customer>(br#"{"name":"a","x":1}"#, &options).unwrap_err();
    assert_eq!(
        listed(&error),
        [("body.e-mail".into(), "missing_field".into())]
    );
}

#[test]
fn types_that_deny_unknown_keys_themselves() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        #[expect(dead_code, reason = "only its presence matters")]
        a: u8,
    }
    assert_problems::<Closed>(
        r#"{"x":1,"y":2}"#,
        &[
            ("body.a", "missing_field"),
            ("body.x", "unknown_field"),
            ("body.y", "unknown_field"),
        ],
    );
}

#[test]
fn types_with_their_own_text_form() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    struct Host {
        v4: std::net::Ipv4Addr,
        socket: std::net::SocketAddr,
        name: Name,
        port: std::num::NonZeroU16,
        last: u8,
    }
    #[derive(Debug, Deserialize)]
    #[serde(try_from = "String")]
    struct Name;
    impl TryFrom<String> for Name {
        type Error = String;
        fn try_from(text: String) -> Result<Self, String> {
            (text == "only this").then_some(Self).ok_or(text)
        }
    }
    assert_problems::<Host>(
        r#"{"v4":"x","socket":"127.0.0.1","name":"secret","port":0,"last":"z"}"#,
        &[
            ("body.v4", "type_mismatch"),
            ("body.socket", "type_mismatch"),
            ("body.name", "type_mismatch"),
            ("body.port", "out_of_range"),
            ("body.last", "type_mismatch"),
        ],
    );
    assert_problems::<Host>(
        r#"{"name":"only this"}"#,
        &[
            ("body.v4", "missing_field"),
            ("body.socket", "missing_field"),
            ("body.port", "missing_field"),
            ("body.last", "missing_field"),
        ],
    );
}

#[test]
fn shapes_beyond_structs() {
    assert_problems::<(u8, String)>("[1]", &[("body", "invalid_length")]);
    assert_problems::<(u8, String)>(r#"[1,"a",2]"#, &[("body", "invalid_length")]);
    assert_problems::<BTreeMap<u8, bool>>(
        r#"{"1":true,"x":true,"300":1}"#,
        &[
            ("body.x", "type_mismatch"),
            (r#"body["300"]"#, "out_of_range"),
        ],
    );
    assert_problems::<Vec<Vec<f64>>>(
        "[[1,2.5],[1e999,null],{}]",
        &[
            ("body[1][0]", "out_of_range"),
            ("body[1][1]", "missing_field"),
            ("body[2]", "type_mismatch"),
        ],
    );
    // Members have names; an array is no struct.
    assert_problems::<Customer>(r#"["a","b"]"#, &[("body", "type_mismatch")]);
    assert_problems::<u64>("18446744073709551616", &[("body", "out_of_range")]);
    assert_problems::<i64>("1.5", &[("body", "type_mismatch")]);
    assert_eq!(
        decode::<u128>(b"18446744073709551616", &JsonOptions::DEFAULT).unwrap(),
        1 << 64
    );
}

#[test]
fn flattened_and_tagged_types_report_what_serde_tells() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    struct Page {
        limit: u8,
        #[serde(flatten)]
        shape: Shape,
    }
    #[derive(Debug, Deserialize)]
    #[serde(tag = "type")]
    #[expect(dead_code, reason = "only binding is tested")]
    enum Shape {
        Circle { radius: u8 },
    }
    assert_problems::<Page>(
        r#"{"limit":"x"}"#,
        &[
            ("body.limit", "type_mismatch"),
            ("body.type", "missing_field"),
        ],
    );
    assert_problems::<Shape>(r#"{"type":"Circle"}"#, &[("body.radius", "missing_field")]);
    assert_problems::<Shape>(r#"{"type":"Line"}"#, &[("body.type", "invalid_variant")]);
}

#[test]
fn recursive_types_end() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    enum Term {
        Add(Box<Self>, Box<Self>),
        Number(i64),
    }
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    struct Endless {
        next: Box<Self>,
    }
    assert_problems::<Term>(
        r#"{"Add":["x",{"Number":"y"}]}"#,
        &[
            ("body.Add[0]", "invalid_variant"),
            ("body.Add[1].Number", "type_mismatch"),
        ],
    );
    assert_problems::<Endless>("{}", &[("body.next", "missing_field")]);
}

#[test]
fn hostile_documents_cost_little_and_report_a_hundred() {
    let text = format!("[{}]", vec!["\"x\""; 100_000].join(","));
    let error = decode::<Vec<u8>>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
    assert_eq!(error.field_errors().len(), 100);
    assert_eq!(error.details_map()["truncated_fields"], 99_900);
    let text = format!("[{}]", vec!["{}"; 50_000].join(","));
    let error = decode::<Vec<Customer>>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
    assert!(!error.field_errors().is_empty());
    let keys: Vec<_> = (0..20_000).map(|i| format!("\"{i}\":0")).collect();
    let text = format!("{{{}}}", keys.join(","));
    let error = decode::<Customer>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
    assert_eq!(error.field_errors().len(), 100);
}

#[test]
fn long_keys_are_cut() {
    let text = format!("{{\"{}\":1}}", "k".repeat(500));
    let error = decode::<Customer>(text.as_bytes(), &JsonOptions::DEFAULT).unwrap_err();
    let entry = error.field_errors().last().unwrap();
    assert_eq!(entry.path().as_str().len(), "body.".len() + 64);
    assert_eq!(entry.pointer_str().unwrap().len(), 65);
}

#[test]
fn ignored_values_at_the_root_or_in_arrays_are_no_unknown_keys() {
    let options = &JsonOptions::DEFAULT;
    assert!(decode::<IgnoredAny>(b"{\"a\":1}", options).is_ok());
    assert!(decode::<Vec<IgnoredAny>>(b"[{\"a\":1}]", options).is_ok());
}

proptest! {
    /// What the strict reader accepts is what the JSON library accepts.
    #[test]
    fn agrees_with_the_json_library(text in document()) {
        let options = JsonOptions::default().with_unknown_fields(UnknownFields::Ignore);
        let ours = decode::<Order>(text.as_bytes(), &options);
        let theirs = serde_json::from_str::<Order>(&text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            (Err(error), Err(_)) => prop_assert!(!error.field_errors().is_empty()),
            (ours, theirs) => prop_assert!(false, "{ours:?} {theirs:?}"),
        }
    }

    #[test]
    fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = decode::<Order>(&bytes, &JsonOptions::DEFAULT);
    }
}

/// Documents that are nearly an order.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just(json!(null)),
        Just(json!(true)),
        (0..300_i64).prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from),
        Just(json!({"service": {"hours": 1}})),
    ];
    let item = proptest::collection::btree_map("sku|qty|kind|x", scalar.clone(), 0..5);
    let customer = proptest::collection::btree_map("name|e-mail", scalar.clone(), 0..3);
    let items = proptest::collection::vec(item, 0..3);
    (customer, items, scalar).prop_map(|(customer, items, note)| {
        json!({"customer": customer, "items": items, "note": note}).to_string()
    })
}
