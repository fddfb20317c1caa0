//! JSON against a reference implementation.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use fuse_runtime::decode::{decode_json, decode_json_value};
use fuse_runtime::heap::{self, list_of, map_of};
use fuse_runtime::json::{DEPTH_MAX, encode, encode_pretty};
use fuse_runtime::meta::{FieldSpec, TypeDesc, TypeTable, VariantSpec, well_known};
use fuse_runtime::{Value, ops};
use proptest::prelude::*;
use support::{World, text, ty};

fn json(value: &Value) -> String {
    let mut out = Vec::new();
    encode(value.peek(), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn encoding() {
    let decoded = |text: &str| json(&decode_json_value(text).unwrap());
    for (input, expected) in [
        (r#"{"b":2,"a":1}"#, r#"{"a":1,"b":2}"#),
        (r#"{"z":1.0,"y":0.5}"#, r#"{"y":0.5,"z":1}"#),
        (r#""a\tb\"c/d""#, r#""a\tb\"c/d""#),
        ("9007199254740993", "9007199254740993"),
        (" [1, 1.0, -0, 1e2, true, null] ", "[1,1,0,100,true,null]"),
        ("-0.0", "0"),
        ("1e16", "1e16"),
        (
            "\"\\u0000\\u001f\\b\\f\\n\\r\u{7f}é😀\\u2028\"",
            "\"\\u0000\\u001f\\b\\f\\n\\r\u{7f}é😀\u{2028}\"",
        ),
        (r#"{"é":1,"z":2,"":3}"#, r#"{"":3,"z":2,"é":1}"#),
    ] {
        assert_eq!(decoded(input), expected);
    }
    assert_eq!(json(&Value::bytes(b"ok")), "\"b2s=\"");
    assert_eq!(json(&Value::Float(f64::NAN)), "null");
    assert_eq!(json(&Value::Unit), "null");
    let mut table = TypeTable::new();
    let (int, string) = (
        table.known(&well_known::INT),
        table.known(&well_known::STRING),
    );
    let by_int = table.map(int, string);
    let by_int = ty(table.finish(), by_int);
    let map = map_of(by_int, [10, 9, -1].map(|key| (Value::Int(key), text("x"))));
    assert_eq!(json(&Value::Ref(map)), r#"{"-1":"x","10":"x","9":"x"}"#);
    assert_eq!(heap::thread_objects(), 0);
}

#[test]
fn pretty_encoding_has_two_spaces_a_level() {
    let value = decode_json_value(r#"{"b":[1,{"c":[]}],"a":{}}"#).unwrap();
    let mut out = Vec::new();
    encode_pretty(value.peek(), &mut out);
    let expected = "{\n  \"a\": {},\n  \"b\": [\n    1,\n    {\n      \"c\": []\n    }\n  ]\n}";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn encoding_does_not_recurse() {
    let mut value = Value::Int(1);
    for _ in 0..100_000 {
        value = Value::Ref(list_of(&well_known::LIST_VALUE, [value]));
    }
    assert_eq!(json(&value).len(), 200_001);
}

#[test]
fn text_is_bounded() {
    let long = " ".repeat(64 * 1024 * 1024) + "1";
    let error = decode_json_value(&long).unwrap_err();
    assert_eq!(error.to_string(), "text too large at byte 67108864");
    assert!(decode_json_value(&long[1..]).is_ok());
}

/// Any JSON document, as the reference has it.
fn documents() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value as Json;
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>()
            .prop_filter("finite", |value| value.is_finite())
            .prop_map(Json::from),
        ".{0,8}".prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

/// Whether a document has some object with one key twice, which the reference takes.
fn reference(text: &str) -> Result<serde_json::Value, ()> {
    serde_json::from_str(text).map_err(|_| ())
}

struct Typed {
    tree: &'static TypeDesc,
    kind: &'static TypeDesc,
}

fn typed() -> &'static Typed {
    static TYPES: std::sync::LazyLock<Typed> = std::sync::LazyLock::new(|| {
        let mut table = TypeTable::new();
        let (int, float) = (
            table.known(&well_known::INT),
            table.known(&well_known::FLOAT),
        );
        let (string, bytes) = (
            table.known(&well_known::STRING),
            table.known(&well_known::BYTES),
        );
        let bool = table.known(&well_known::BOOL);
        let kind = table.declare_enum("Kind", "", false);
        let tree = table.declare_record("Tree", "");
        let trees = table.list(tree);
        let next = table.option(tree);
        let by_name = table.map(string, int);
        let maybe = table.option(float);
        table.define_enum(
            kind,
            vec![
                VariantSpec::new("Leaf", []),
                VariantSpec::new("One", [string]),
                VariantSpec::new("Two", [int, bytes]),
            ],
        );
        table.define_record(
            tree,
            vec![
                FieldSpec::new("on", bool),
                FieldSpec::new("ratio", maybe),
                FieldSpec::new("kind", kind),
                FieldSpec::new("byName", by_name),
                FieldSpec::new("next", next),
                FieldSpec::new("all", trees),
            ],
        );
        let types = table.finish();
        Typed {
            tree: ty(types, tree),
            kind: ty(types, kind),
        }
    });
    &TYPES
}

/// What a value of `Tree` is made of, since values themselves stay on their thread.
#[derive(Clone, Debug)]
struct Tree {
    on: bool,
    ratio: Option<f64>,
    kind: (u8, String, i64, Vec<u8>),
    by_name: Vec<(String, i64)>,
    next: Option<Box<Self>>,
    all: Vec<Self>,
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = (
        any::<bool>(),
        proptest::option::of(any::<f64>().prop_filter("finite", |value| value.is_finite())),
        (
            0..3_u8,
            ".{0,4}",
            any::<i64>(),
            proptest::collection::vec(any::<u8>(), 0..5),
        ),
        proptest::collection::vec((".{0,3}", any::<i64>()), 0..3),
    );
    let leaf = leaf.prop_map(|(on, ratio, kind, by_name)| Tree {
        on,
        ratio,
        kind,
        by_name,
        next: None,
        all: Vec::new(),
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        let next = proptest::option::of(inner.clone().prop_map(Box::new));
        let all = proptest::collection::vec(inner.clone(), 0..3);
        (inner, next, all).prop_map(|(tree, next, all)| Tree { next, all, ..tree })
    })
}

fn build(tree: &Tree) -> Value {
    let types = typed();
    let fields = types.tree.fields;
    let (tag, name, number, bytes) = &tree.kind;
    let payload = match tag {
        0 => vec![],
        1 => vec![text(name)],
        _ => vec![Value::Int(*number), Value::bytes(bytes)],
    };
    let by_name = tree
        .by_name
        .iter()
        .map(|(key, value)| (text(key), Value::Int(*value)));
    Value::Ref(heap::Ref::new_record(
        types.tree,
        [
            Value::Bool(tree.on),
            Value::option(tree.ratio),
            Value::variant(types.kind, u16::from(*tag), payload),
            Value::Ref(map_of(fields[3].desc(), by_name)),
            tree.next.as_deref().map_or(Value::Null, build),
            Value::Ref(list_of(fields[5].desc(), tree.all.iter().map(build))),
        ],
    ))
}

proptest! {
    /// What the reference writes is read, and what is written the reference reads as
    /// the same document.
    #[test]
    fn documents_survive(document in documents()) {
        let value = decode_json_value(&document.to_string()).unwrap();
        let written = json(&value);
        let back: serde_json::Value = serde_json::from_str(&written).unwrap();
        let again = decode_json_value(&written).unwrap();
        prop_assert!(ops::equal(value.peek(), again.peek()));
        prop_assert_eq!(json(&again), written, "the canonical form is its own");
        // Floats that are whole are written without a fraction, which the reference
        // takes for integers; the two zeros are one.
        let loose = |text: &str| text.replace("-0.0", "0").replace(".0", "");
        if !document.to_string().contains('e') {
            prop_assert_eq!(loose(&back.to_string()), loose(&document.to_string()));
        }
        drop((value, again));
        prop_assert_eq!(heap::thread_objects(), 0);
    }

    /// Text that is nearly JSON is taken exactly when the reference takes it, but for
    /// repeated keys, nesting and numbers beyond all bounds.
    #[test]
    fn nearly_json_is_judged_like_the_reference(
        document in documents(),
        at in any::<prop::sample::Index>(),
        change in prop_oneof![Just(None), "[ \\[\\]{}:,\"\\\\0-9eE.+tfnu\\x00-\\x1f-]".prop_map(Some)],
    ) {
        let mut text = document.to_string();
        let letters: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        let place = *at.get(&letters);
        let len = text[place..].chars().next().unwrap().len_utf8();
        match change {
            Some(letter) => text.replace_range(place..place + len, &letter),
            None => text.replace_range(place..place + len, ""),
        }
        match (decode_json_value(&text), reference(&text)) {
            (Ok(_), Ok(_)) | (Err(_), Err(())) => {}
            (Ok(value), Err(())) => prop_assert!(false, "only here: {text:?} is {value:?}"),
            (Err(error), Ok(_)) => {
                let message = error.to_string();
                prop_assert!(message.starts_with("duplicate key"), "only there: {text:?}: {message}");
            }
        }
    }

    /// Typed values survive a round trip, and come back equal.
    #[test]
    fn typed_values_survive(tree in trees()) {
        let value = build(&tree);
        let written = json(&value);
        let world = World::empty();
        let mut ctx = world.ctx();
        let back = decode_json(&mut ctx, typed().tree, &written, DEPTH_MAX, "value").unwrap();
        let back = back.map_err(|invalid| format!("{invalid:?}")).unwrap();
        prop_assert!(ops::equal(value.peek(), back.peek()), "{written}");
        prop_assert_eq!(json(&back), written);
        drop((value, back));
        prop_assert_eq!(heap::thread_objects(), 0);
    }

    /// Whatever bytes come, reading ends with a value or a reason.
    #[test]
    fn reading_never_panics(text in "\\PC{0,40}", typed_text in "[\\[\\]{}:,\"a-z0-9 .-]{0,40}") {
        let world = World::empty();
        let mut ctx = world.ctx();
        for text in [text, typed_text] {
            let _ = decode_json_value(&text);
            let _ = decode_json(&mut ctx, typed().tree, &text, DEPTH_MAX, "value").unwrap();
        }
        prop_assert_eq!(heap::thread_objects(), 0);
    }
}
