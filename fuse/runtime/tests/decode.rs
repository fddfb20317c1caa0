//! Reading values from JSON text, data and text, and what is said when they are wrong.
#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod support;

use fuse_builtins::BuiltinId;
use fuse_runtime::decode::{
    DataMode, TextOptions, convert, decode_data, decode_json, decode_json_value, decode_text,
};
use fuse_runtime::json::{DEPTH_MAX, encode};
use fuse_runtime::meta::{
    Constraint, FieldDefault, FieldSpec, ProgramMeta, TypeDesc, TypeTable, VariantSpec, well_known,
};
use fuse_runtime::validate::{Path, Problems, validate_fields};
use fuse_runtime::{Fault, FieldProblem, Value, display, heap};
use proptest::strategy::Strategy as _;
use support::{Scripted, Setup, World, show, text, ty};

/// The types of the fixtures `items` and `sheet`, and the program they belong to.
struct Fixture {
    world: World,
    item: &'static TypeDesc,
    kind: &'static TypeDesc,
    mode: &'static TypeDesc,
    sheet: &'static TypeDesc,
    result: &'static TypeDesc,
    secrets: &'static TypeDesc,
    node: &'static TypeDesc,
    holder: &'static TypeDesc,
    ids: &'static TypeDesc,
}

fn fixture() -> Fixture {
    let mut code = Scripted::new();
    let new_tags = code.add(|_, _| Ok(support::texts(&["new"])));
    let mut table = TypeTable::new();
    let (int, float) = (
        table.known(&well_known::INT),
        table.known(&well_known::FLOAT),
    );
    let (string, value) = (
        table.known(&well_known::STRING),
        table.known(&well_known::VALUE),
    );
    let (email, id) = (
        table.known(&well_known::EMAIL),
        table.known(&well_known::ID),
    );
    let bytes = table.known(&well_known::BYTES);

    let kind = table.declare_enum("Kind", "", false);
    table.define_enum(
        kind,
        vec![
            VariantSpec::new("Plain", []),
            VariantSpec::new("Sized", [int]),
            VariantSpec::new("Pair", [int, string]),
        ],
    );
    let mode = table.declare_enum("Mode", "", true);
    table.define_enum(
        mode,
        vec![VariantSpec::new("Fast", []), VariantSpec::new("Slow", [])],
    );

    let item = table.declare_record("Item", "");
    let name = table.refined(string, vec![Constraint::Length { min: 1, max: 5 }]);
    let tags = table.list(string);
    let note = table.option(string);
    let plain = code.add({
        // The type is known only when the table is finished.
        move |_, _| Ok(PLAIN.get().expect("the table is finished").to_value())
    });
    let call = |function| FieldDefault::Call {
        function,
        checked: false,
    };
    table.define_record(
        item,
        vec![
            FieldSpec::new("id", int),
            FieldSpec::new("name", name),
            FieldSpec::new("tags", tags).default(call(new_tags)),
            FieldSpec::new("note", note).default(FieldDefault::Text("n/a")),
            FieldSpec::new("kind", kind).default(call(plain)),
        ],
    );

    let even = code.add(|_, args| Ok(Value::Bool(args[0].as_int().unwrap() % 2 == 0)));
    let sheet = table.declare_record("Sheet", "");
    let name = table.refined(
        string,
        vec![
            Constraint::Length { min: 1, max: 4 },
            Constraint::Pattern(0),
        ],
    );
    let rows = table.refined(
        int,
        vec![
            Constraint::Int { min: 0, max: 10 },
            Constraint::Predicate {
                name: "even",
                function: even,
            },
        ],
    );
    table.define_record(
        sheet,
        vec![
            FieldSpec::new("name", name),
            FieldSpec::new("rows", rows),
            FieldSpec::new("owner", email),
            FieldSpec::new("key", id),
        ],
    );

    let secrets = table.declare_record("Secrets", "");
    let pin = table.refined(int, vec![Constraint::Int { min: 1, max: 9 }]);
    let ratio = table.refined(float, vec![Constraint::Float { min: 0.0, max: 1.5 }]);
    table.define_record(
        secrets,
        vec![
            FieldSpec::new("resetToken", pin),
            FieldSpec::new("ratio", ratio),
            FieldSpec::new("blob", bytes),
        ],
    );

    let node = table.declare_record("Node", "");
    let next = table.option(node);
    table.define_record(node, vec![FieldSpec::new("next", next)]);

    let holder = table.declare_record("Holder", "");
    let by_name = table.map(string, int);
    let any = table.map(string, value);
    table.define_record(
        holder,
        vec![
            FieldSpec::new("byName", by_name),
            FieldSpec::new("any", value),
            FieldSpec::new("all", any),
        ],
    );
    let ids = table.list(id);
    let validation = table.known(&well_known::VALIDATION);
    let result = table.result(int, item);
    let outcome = table.result(item, validation);
    let types = table.finish();
    let _ = PLAIN.set(heap::Shared::immortal(Value::variant(ty(types, kind), 0, [])).unwrap());
    let _ = outcome;
    let meta = ProgramMeta {
        types,
        patterns: &["^[a-z]+$"],
        ..ProgramMeta::default()
    };
    let setup = Setup {
        meta,
        code,
        ..Setup::default()
    };
    Fixture {
        world: setup.build(),
        item: ty(types, item),
        kind: ty(types, kind),
        mode: ty(types, mode),
        sheet: ty(types, sheet),
        result: ty(types, result),
        secrets: ty(types, secrets),
        node: ty(types, node),
        holder: ty(types, holder),
        ids: ty(types, ids),
    }
}

static PLAIN: std::sync::OnceLock<heap::Shared> = std::sync::OnceLock::new();

fn problems(fields: &[FieldProblem]) -> String {
    let fields = fields
        .iter()
        .map(|field| format!("{} {} \"{}\"", field.path, field.code, field.message));
    fields.collect::<Vec<_>>().join("; ")
}

impl Fixture {
    /// The canonical JSON of what a text is read as, or what is wrong with it.
    fn json(&self, desc: &'static TypeDesc, text: &str) -> String {
        let mut ctx = self.world.ctx();
        match decode_json(&mut ctx, desc, text, DEPTH_MAX, "value").unwrap() {
            Ok(value) => {
                let mut out = Vec::new();
                encode(value.peek(), &mut out);
                String::from_utf8(out).unwrap()
            }
            Err(invalid) => problems(&invalid.into_fields("value")),
        }
    }

    /// The text form of what a text is read as, or what is wrong with it.
    fn text(&self, desc: &'static TypeDesc, text: &str, redact: bool) -> String {
        let mut found = Problems::new();
        let options = TextOptions { redact };
        let path = Path::root("flag.x");
        let value = decode_text(
            &mut self.world.ctx(),
            desc,
            text,
            options,
            &path,
            &mut found,
        )
        .unwrap();
        match value {
            Some(value) => display::to_string(value.peek()),
            None => problems(found.fields()),
        }
    }

    /// The text form of what data is converted to, or the fault.
    fn convert(&self, desc: &'static TypeDesc, json: &str, mode: DataMode) -> String {
        let data = decode_json_value(json).unwrap();
        let root = if mode == DataMode::Row {
            "row"
        } else {
            "value"
        };
        show(convert(&mut self.world.ctx(), desc, data, mode, root))
    }
}

#[test]
fn items() {
    let fixture = fixture();
    let rest = r#""kind":{"type":"Plain"},"name":"a","note":"n/a","tags":["new"]}"#;
    let cases = [
        (r#"{"id":1,"name":"abc"}"#, r#"{"id":1,"kind":{"type":"Plain"},"name":"abc","note":"n/a","tags":["new"]}"#.to_owned()),
        (r#"{"id":1,"name":"a","note":null}"#, r#"{"id":1,"kind":{"type":"Plain"},"name":"a","note":null,"tags":["new"]}"#.to_owned()),
        (r#"{"id":2.0,"name":"a","tags":[]}"#, r#"{"id":2,"kind":{"type":"Plain"},"name":"a","note":"n/a","tags":[]}"#.to_owned()),
        (
            r#"{"id":1,"name":"a","kind":{"type":"Sized","data":4}}"#,
            r#"{"id":1,"kind":{"data":4,"type":"Sized"},"name":"a","note":"n/a","tags":["new"]}"#.to_owned(),
        ),
        (
            r#"{"id":1,"name":"a","kind":{"data":[1,"x"],"type":"Pair"}}"#,
            r#"{"id":1,"kind":{"data":[1,"x"],"type":"Pair"},"name":"a","note":"n/a","tags":["new"]}"#.to_owned(),
        ),
        (
            r#"{"name":"abcdef","x":1}"#,
            r#"value.id missing_field "missing field"; value.name invalid_value "length 6 out of range 1..5"; value.x unknown_field "unknown field""#.to_owned(),
        ),
        (
            r#"{"id":"1","name":null}"#,
            r#"value.id type_mismatch "expected Int"; value.name missing_field "missing field""#.to_owned(),
        ),
        (r#"{"id":1,"name":"a","tags":["x",2]}"#, r#"value.tags[1] type_mismatch "expected String""#.to_owned()),
        ("[]", r#"value type_mismatch "expected Item""#.to_owned()),
        (r#"{"id":1,}"#, r#"value invalid_json "invalid json: unexpected character at byte 8""#.to_owned()),
        (r#"{"id":1,"id":2,"name":"a"}"#, r#"value.id duplicate_field "duplicate field""#.to_owned()),
        (r#"{"id":01,"name":"a"}"#, r#"value invalid_json "invalid json: invalid number at byte 6""#.to_owned()),
        ("{\"id\":1,\"name\":\"\\u00e9\\ud83d\\ude00\"}", r#"{"id":1,"kind":{"type":"Plain"},"name":"é😀","note":"n/a","tags":["new"]}"#.to_owned()),
        (r#"{"id":1,"name":"\ud83d"}"#, r#"value invalid_json "invalid json: lone surrogate at byte 16""#.to_owned()),
        ("", r#"value invalid_json "invalid json: unexpected end of input at byte 0""#.to_owned()),
        (r#"{"id":9223372036854775807,"name":"a"}"#, format!("{{\"id\":9223372036854775807,{rest}")),
        (r#"{"id":9223372036854775808,"name":"a"}"#, r#"value.id out_of_range "Int out of range""#.to_owned()),
        (r#"{"id":1.5,"name":"a"}"#, r#"value.id type_mismatch "expected Int""#.to_owned()),
        (r#"{"id":1,"name":"a"} x"#, r#"value invalid_json "invalid json: trailing characters at byte 20""#.to_owned()),
        // What is wrong with the text replaces what is wrong with values.
        (r#"{"id":"x","name":5,"#, r#"value invalid_json "invalid json: unexpected end of input at byte 19""#.to_owned()),
    ];
    for (text, expected) in cases {
        assert_eq!(fixture.json(fixture.item, text), expected, "{text}");
    }
    let deep = "[".repeat(129);
    let expected = r#"value too_deep "invalid json: nesting too deep at byte 128""#;
    assert_eq!(fixture.json(fixture.item, &deep), expected);
    assert_eq!(heap::thread_objects(), 0);
}

#[test]
fn variants() {
    let fixture = fixture();
    for (text, expected) in [
        (
            r#"{"type":"Pair","data":[1]}"#,
            r#"value invalid_value "enum payload length mismatch""#,
        ),
        (
            r#"{"type":"Pair","data":[1,"x",2]}"#,
            r#"value invalid_value "enum payload length mismatch""#,
        ),
        (
            r#"{"type":"Pair","data":1}"#,
            r#"value type_mismatch "expected enum payload array""#,
        ),
        (
            r#"{"type":"Pair","data":["x","y"]}"#,
            r#"value.data[0] type_mismatch "expected Int""#,
        ),
        (
            r#"{"data":"x","type":"Sized"}"#,
            r#"value.data type_mismatch "expected Int""#,
        ),
        (
            r#"{"type":"Nope"}"#,
            r#"value invalid_variant "unknown variant Nope""#,
        ),
        (
            r#"{"data":1}"#,
            r#"value missing_field "missing enum type""#,
        ),
        (
            r#"{"type":"Sized"}"#,
            r#"value missing_field "missing enum data""#,
        ),
        (
            r#"{"type":"Plain","data":1}"#,
            r#"value.data unknown_field "unknown field""#,
        ),
        (
            r#"{"type":"Plain","x":1}"#,
            r#"value.x unknown_field "unknown field""#,
        ),
        (
            r#"{"type":5}"#,
            r#"value type_mismatch "expected enum type string""#,
        ),
        (
            r#"{"type":"Plain","type":"Plain"}"#,
            r#"value.type duplicate_field "duplicate field""#,
        ),
        (r#""Plain""#, r#"value type_mismatch "expected Kind""#),
        (
            r#"{"data":[{"type":"x"}],"type":"Sized"}"#,
            r#"value.data type_mismatch "expected Int""#,
        ),
    ] {
        assert_eq!(fixture.json(fixture.kind, text), expected, "{text}");
    }
    assert_eq!(
        fixture.json(fixture.mode, r#"{"type":"Slow"}"#),
        r#"{"type":"Slow"}"#
    );
}

#[test]
fn results() {
    let fixture = fixture();
    for (text, expected) in [
        (r#"{"data":1,"type":"Ok"}"#, r#"{"data":1,"type":"Ok"}"#),
        (
            r#"{"type":"Err","data":{"id":1,"name":""}}"#,
            r#"value.data.name invalid_value "length 0 out of range 1..5""#,
        ),
        (
            r#"{"type":"Ok"}"#,
            r#"value missing_field "missing Result data""#,
        ),
        (
            r#"{"data":1}"#,
            r#"value missing_field "missing Result tag""#,
        ),
        (
            r#"{"type":1,"data":1}"#,
            r#"value type_mismatch "expected Result tag string""#,
        ),
        (
            r#"{"type":"Maybe","data":1}"#,
            r#"value invalid_variant "unknown Result variant Maybe""#,
        ),
        ("[]", r#"value type_mismatch "expected Result object""#),
    ] {
        assert_eq!(fixture.json(fixture.result, text), expected, "{text}");
    }
}

#[test]
fn maps_and_data() {
    let fixture = fixture();
    for (text, expected) in [
        (
            r#"{"byName":{"b":1,"a":2},"any":[1,{"z":1,"y":2.0}],"all":{}}"#,
            r#"{"all":{},"any":[1,{"y":2,"z":1}],"byName":{"a":2,"b":1}}"#,
        ),
        (
            r#"{"byName":{"a":1,"a":2},"any":1,"all":{}}"#,
            r#"value.byName.a duplicate_field "duplicate field""#,
        ),
        (
            r#"{"byName":{"a":"x","a":2,"b.c":null},"any":1,"all":{}}"#,
            r#"value.byName.a type_mismatch "expected Int"; value.byName.a duplicate_field "duplicate field"; value.byName["b.c"] missing_field "missing field""#,
        ),
        (
            r#"{"byName":{},"any":{"k":[{"d":1,"d":2}]},"all":{"n":1e999}}"#,
            r#"value.any.k[0].d duplicate_field "duplicate field"; value.all.n out_of_range "Float out of range""#,
        ),
        (
            r#"{"byName":[],"all":null}"#,
            r#"value.byName type_mismatch "expected Map"; value.all missing_field "missing field""#,
        ),
    ] {
        assert_eq!(fixture.json(fixture.holder, text), expected, "{text}");
    }
    let untyped = |text: &str| match decode_json_value(text) {
        Ok(value) => display::to_string(value.peek()),
        Err(error) => Fault::from(error).message().to_owned(),
    };
    assert_eq!(
        untyped(" [1, 1.0, -0, 1e2, true, null, 9223372036854775808] "),
        "[1, 1.0, 0, 100.0, true, null, 9.223372036854776e18]"
    );
    assert_eq!(
        untyped(r#"{"a":1, "a":2}"#),
        "invalid json: duplicate key \"a\" at byte 8"
    );
    assert_eq!(untyped("[1e999]"), "invalid json: invalid number at byte 1");
    assert_eq!(
        untyped("{"),
        "invalid json: unexpected end of input at byte 1"
    );
    assert_eq!(heap::thread_objects(), 0);
}

#[test]
fn constraints_and_secrets() {
    let fixture = fixture();
    for (text, expected) in [
        (
            r#"{"name":"","rows":99,"owner":"x","key":""}"#,
            r#"value.name invalid_value "length 0 out of range 1..4"; value.rows invalid_value "value 99 out of range 0..10"; value.owner invalid_value "invalid email address"; value.key invalid_value "expected non-empty Id""#,
        ),
        (
            r#"{"name":"AB","rows":3,"owner":"a@b.co","key":"k"}"#,
            r#"value.name invalid_value "value does not match regex ^[a-z]+$"; value.rows invalid_value "predicate even rejected value""#,
        ),
    ] {
        assert_eq!(fixture.json(fixture.sheet, text), expected, "{text}");
    }
    let text = r#"{"resetToken":77,"ratio":2,"blob":"aGk"}"#;
    let expected = r#"value.resetToken invalid_value "value <redacted> out of range 1..9"; value.ratio invalid_value "value 2.0 out of range 0.0..1.5"; value.blob invalid_encoding "invalid Bytes (base64): invalid base64 length""#;
    assert_eq!(fixture.json(fixture.secrets, text), expected);
    assert_eq!(
        fixture.json(fixture.ids, r#"["a",""]"#),
        r#"value[1] invalid_value "expected non-empty Id""#
    );
}

#[test]
fn construction_reports_every_field() {
    let fixture = fixture();
    let values = [text("toolong"), Value::Int(12), text("x@y"), text("k")];
    let mut ctx = fixture.world.ctx();
    let found = validate_fields(&mut ctx, fixture.sheet, 0, &values, 0..4)
        .unwrap()
        .unwrap_err();
    let expected = r#"Sheet.name invalid_value "length 7 out of range 1..4"; Sheet.rows invalid_value "value 12 out of range 0..10"; Sheet.owner invalid_value "invalid email address""#;
    assert_eq!(problems(&found), expected);
    // Only what is to be checked is: a value of the field's own type was.
    assert!(
        validate_fields(&mut ctx, fixture.sheet, 0, &values, [3])
            .unwrap()
            .is_ok()
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// In whatever order members come, problems are in that of the declaration.
    #[test]
    fn problems_are_in_the_order_of_the_declaration(
        wrong in proptest::sample::subsequence(vec!["id", "name", "tags", "note", "kind"], 0..=5)
            .prop_shuffle(),
    ) {
        let right = [("id", "1"), ("name", "\"a\"")];
        let missing = right.iter().filter(|(name, _)| !wrong.contains(name));
        let mut members: Vec<String> = wrong.iter().map(|name| format!("\"{name}\":true")).collect();
        members.extend(missing.map(|(name, value)| format!("\"{name}\":{value}")));
        let text = format!("{{{}}}", members.join(","));
        let fixture = fixture();
        let mut ctx = fixture.world.ctx();
        let found = decode_json(&mut ctx, fixture.item, &text, DEPTH_MAX, "body").unwrap();
        let fields = found.map_or_else(|invalid| invalid.into_fields("body"), |_| Vec::new());
        let paths: Vec<&str> = fields.iter().map(|field| field.path.as_str()).collect();
        let declared = ["body.id", "body.name", "body.tags", "body.note", "body.kind"];
        let expected: Vec<&str> = declared
            .into_iter()
            .filter(|path| wrong.iter().any(|name| path.strip_prefix("body.") == Some(*name)))
            .collect();
        proptest::prop_assert_eq!(paths, expected, "{}", text);
    }
}

#[test]
fn a_hundred_problems_are_enough() {
    let fixture = fixture();
    let keys: Vec<_> = (0..300)
        .map(|number| format!("\"k{number:03}\":0"))
        .collect();
    let text = format!("{{{},\"id\":\"x\"}}", keys.join(","));
    let mut ctx = fixture.world.ctx();
    let invalid = decode_json(&mut ctx, fixture.item, &text, DEPTH_MAX, "body")
        .unwrap()
        .unwrap_err();
    assert_eq!(invalid.surplus(), 202);
    let fields = invalid.into_fields("body");
    assert_eq!(fields.len(), 100);
    assert_eq!(fields[0].path, "body.id");
    assert_eq!(fields[1].path, "body.name");
    assert_eq!(fields[2].path, "body.k000");
    assert_eq!(fields[99].path, "body.k097");

    let list = format!("[{}]", vec!["1"; 250].join(","));
    let invalid = decode_json(&mut ctx, fixture.ids, &list, DEPTH_MAX, "body")
        .unwrap()
        .unwrap_err();
    assert_eq!(invalid.surplus(), 150);
    assert_eq!(invalid.into_fields("body")[99].path, "body[99]");
}

#[test]
fn text_of_flags_and_variables() {
    let fixture = fixture();
    let (int, float, bool) = (&well_known::INT, &well_known::FLOAT, &well_known::BOOL);
    for (desc, input, expected) in [
        (int, " 42 ", "42"),
        (int, "-7", "-7"),
        (int, "abc", r#"flag.x type_mismatch "invalid Int: abc""#),
        (int, "+1", r#"flag.x type_mismatch "invalid Int: +1""#),
        (int, "", r#"flag.x type_mismatch "invalid Int: ""#),
        (
            int,
            "9223372036854775808",
            r#"flag.x out_of_range "invalid Int: 9223372036854775808""#,
        ),
        (float, "1.5e3", "1500.0"),
        (float, "2", "2.0"),
        (float, "nan", r#"flag.x type_mismatch "invalid Float: nan""#),
        (float, "inf", r#"flag.x type_mismatch "invalid Float: inf""#),
        (
            float,
            "1e999",
            r#"flag.x out_of_range "invalid Float: 1e999""#,
        ),
        (float, ".5", r#"flag.x type_mismatch "invalid Float: .5""#),
        (bool, "TRUE", "true"),
        (bool, "false", "false"),
        (bool, "yes", r#"flag.x type_mismatch "invalid Bool: yes""#),
        (&well_known::STRING, " a ", " a "),
        (
            &well_known::ID,
            "",
            r#"flag.x invalid_value "expected non-empty Id""#,
        ),
        (
            &well_known::EMAIL,
            "a@@b.co",
            r#"flag.x invalid_value "invalid email address""#,
        ),
        (&well_known::BYTES, "aGk=", "aGk="),
        (
            &well_known::BYTES,
            "aGk",
            r#"flag.x invalid_encoding "invalid Bytes (base64): invalid base64 length""#,
        ),
        (
            &well_known::BYTES,
            "aG~=",
            r#"flag.x invalid_encoding "invalid Bytes (base64): invalid base64 character""#,
        ),
        (
            &well_known::BYTES,
            "aG=k",
            r#"flag.x invalid_encoding "invalid Bytes (base64): invalid base64 padding""#,
        ),
        (&well_known::OPTION_STRING, "null", "null"),
        (&well_known::OPTION_STRING, "", "null"),
        (&well_known::OPTION_INT, "5", "5"),
        (&well_known::LIST_STRING, r#"["q"]"#, "[q]"),
        (
            &well_known::LIST_STRING,
            "[1]",
            r#"flag.x[0] type_mismatch "expected String""#,
        ),
        (
            &well_known::LIST_STRING,
            "q",
            r#"flag.x invalid_json "invalid JSON value: unexpected character at byte 0""#,
        ),
        (fixture.mode, "Slow", "Mode.Slow"),
        (
            fixture.mode,
            "Nope",
            r#"flag.x invalid_variant "unknown variant Nope""#,
        ),
        (fixture.mode, r#"{"type":"Fast"}"#, "Mode.Fast"),
        (
            fixture.kind,
            r#"{"type":"Sized","data":2}"#,
            "Kind.Sized(2)",
        ),
        (
            fixture.kind,
            "Plain",
            r#"flag.x invalid_json "invalid JSON value: unexpected character at byte 0""#,
        ),
    ] {
        assert_eq!(
            fixture.text(desc, input, false),
            expected,
            "{input:?} as {desc}"
        );
    }
    assert_eq!(
        fixture.text(int, "hunter2", true),
        r#"flag.x type_mismatch "invalid Int: <redacted>""#
    );
    let long = "x".repeat(500);
    let expected = format!("flag.x type_mismatch \"invalid Int: {}…\"", "x".repeat(64));
    assert_eq!(fixture.text(int, &long, false), expected);
}

#[test]
fn conversions_say_what_was_found() {
    let fixture = fixture();
    let int = &well_known::INT;
    for (desc, json, expected) in [
        (int, "3", "3"),
        (
            int,
            "3.0",
            "runtime_type_error: cannot convert value: expected Int, found Float",
        ),
        (
            int,
            "null",
            "runtime_type_error: cannot convert value: expected Int, found null",
        ),
        (&well_known::FLOAT, "3", "3.0"),
        (
            &well_known::BYTES,
            "\"aGk=\"",
            "runtime_type_error: cannot convert value: expected Bytes, found String",
        ),
        (
            &well_known::LIST_STRING,
            r#"["a",1]"#,
            "runtime_type_error: cannot convert value[1]: expected String, found Int",
        ),
        (
            fixture.item,
            r#"{"id":1,"name":"abcdef"}"#,
            "runtime_type_error: cannot convert value.name: length 6 out of range 1..5",
        ),
        (
            fixture.item,
            r#"{"id":1,"name":"a","x":1}"#,
            "runtime_type_error: cannot convert value.x: unknown field",
        ),
        (
            fixture.item,
            r#"{"name":"a"}"#,
            "runtime_type_error: cannot convert value.id: missing field",
        ),
        (
            fixture.item,
            r#"{"id":1,"name":"a"}"#,
            "Item(id=1, name=a, tags=[new], note=n/a, kind=Kind.Plain)",
        ),
        (
            fixture.kind,
            r#"{"data":[1,"x"],"type":"Pair"}"#,
            "Kind.Pair(1, x)",
        ),
        (
            fixture.item,
            "[]",
            "runtime_type_error: cannot convert value: expected Item, found List",
        ),
        (
            &well_known::EMAIL,
            "\"x\"",
            "runtime_type_error: cannot convert value: invalid email address",
        ),
    ] {
        assert_eq!(
            fixture.convert(desc, json, DataMode::Convert),
            expected,
            "{json} as {desc}"
        );
    }
    assert_eq!(
        fixture.convert(&well_known::BOOL, "1", DataMode::Row),
        "true"
    );
    assert_eq!(
        fixture.convert(&well_known::BOOL, "2", DataMode::Row),
        "runtime_type_error: cannot convert row: expected Bool, found Int"
    );
    assert_eq!(
        fixture.convert(&well_known::LIST_STRING, r#""[\"a\"]""#, DataMode::Row),
        "[a]"
    );

    let data = decode_json_value(r#"{"id":1.0}"#).unwrap();
    let mut ctx = fixture.world.ctx();
    let decoded = decode_data(
        &mut ctx,
        fixture.item,
        data.peek(),
        DataMode::Decode,
        "value",
    )
    .unwrap();
    let fields = decoded.unwrap_err().into_fields("value");
    assert_eq!(
        problems(&fields),
        r#"value.id type_mismatch "expected Int"; value.name missing_field "missing field""#
    );
    drop(data);
    assert_eq!(heap::thread_objects(), 0);
}

#[test]
fn data_that_a_program_nested_too_deep_is_refused() {
    let fixture = fixture();
    let mut data = decode_json_value(r#"{"next":null}"#).unwrap();
    for _ in 0..200_000 {
        data = Value::Ref(heap::map_of(&well_known::MAP_VALUE, [(text("next"), data)]));
    }
    let mut ctx = fixture.world.ctx();
    let decoded = decode_data(
        &mut ctx,
        fixture.node,
        data.peek(),
        DataMode::Decode,
        "value",
    )
    .unwrap();
    let fields = decoded.unwrap_err().into_fields("value");
    assert_eq!(
        (&*fields[0].code, &*fields[0].message),
        ("too_deep", "nesting too deep")
    );
}

#[test]
fn faults_of_predicates_and_defaults_surface() {
    let mut code = Scripted::new();
    let fails = code.add(|_, _| Err(Fault::division_by_zero()));
    let mut table = TypeTable::new();
    let int = table.known(&well_known::INT);
    let strict = table.refined(
        int,
        vec![Constraint::Predicate {
            name: "strict",
            function: fails,
        }],
    );
    let types = table.finish();
    let world = Setup {
        code,
        ..Setup::default()
    }
    .build();
    let decoded = decode_json(&mut world.ctx(), ty(types, strict), "1", DEPTH_MAX, "value");
    assert_eq!(decoded.unwrap_err().message(), "division by zero");
}

#[test]
fn builtin_functions_give_results() {
    let fixture = fixture();
    let mut table = TypeTable::new();
    let (int, id) = (table.known(&well_known::INT), table.known(&well_known::ID));
    let validation = table.known(&well_known::VALIDATION);
    let ints = table.result(int, validation);
    let ids = table.result(id, validation);
    let types = table.finish();
    let call = |builtin, result, arg| {
        let int = Some(&well_known::INT as &'static TypeDesc);
        show(
            fixture
                .world
                .call(builtin, ty(types, result), int, [text(arg)]),
        )
    };
    assert_eq!(call(BuiltinId::JsonDecodeTyped, ints, "7"), "Ok(7)");
    let expected = "Err(Validation(message=validation failed, fields=[ValidationField(path=value, code=type_mismatch, message=expected Int)]))";
    assert_eq!(call(BuiltinId::JsonDecodeTyped, ints, "\"x\""), expected);
    assert_eq!(call(BuiltinId::IdParse, ids, "a"), "Ok(a)");
    assert!(
        call(BuiltinId::IdParse, ids, "")
            .contains("code=invalid_value, message=expected non-empty Id")
    );
}
