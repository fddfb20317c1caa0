//! Operators, their faults word for word, and text forms.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::cmp::Ordering;

use fuse_runtime::decode::decode_json_value;
use fuse_runtime::heap::{Key, list_of};
use fuse_runtime::meta::{FieldSpec, TypeTable, VariantSpec, well_known};
use fuse_runtime::ops::{self, Comparison, Operator};
use fuse_runtime::{Ctx, Fault, Interrupt, Outcome, Unit, Value, display, heap};
use proptest::prelude::*;
use support::{World, ints, show, text, ty};

fn data(json: &str) -> Value {
    decode_json_value(json).unwrap()
}

fn int(outcome: Outcome<i64>) -> String {
    show(outcome.map(Value::Int))
}

#[test]
fn integers_are_checked() {
    let overflow = "runtime_integer_overflow: integer overflow";
    let zero = "runtime_division_by_zero: division by zero";
    for (result, expected) in [
        (ops::add(2, 3), "5"),
        (ops::add(i64::MAX, 1), overflow),
        (ops::subtract(i64::MIN, 1), overflow),
        (ops::multiply(1 << 62, 2), overflow),
        (ops::divide(-7, 2), "-3"),
        (ops::divide(1, 0), zero),
        (ops::divide(i64::MIN, -1), overflow),
        (ops::remainder(-7, 3), "-1"),
        (ops::remainder(5, 0), zero),
        (ops::remainder(i64::MIN, -1), "0"),
        (ops::negate(i64::MIN), overflow),
    ] {
        assert_eq!(int(result), expected);
    }
}

#[test]
fn ranges() {
    for (range, expected) in [
        (ops::int_range(1, 4, true), "[1, 2, 3, 4]"),
        (ops::int_range(1, 1, true), "[1]"),
        (
            ops::int_range(2, 1, true),
            "runtime_range_error: range start must be <= end",
        ),
        (ops::int_range(2, 1, false), "[]"),
        (ops::int_range(1, 3, false), "[1, 2]"),
        (
            ops::int_range(0, 10_000_000, true),
            "runtime_range_error: range too large",
        ),
        (
            ops::int_range(i64::MIN, i64::MAX, true),
            "runtime_range_error: range too large",
        ),
        (ops::float_range(1.5, 3.5), "[1.5, 2.5, 3.5]"),
        (ops::float_range(0.0, 0.9), "[0.0]"),
        (ops::float_range(0.1, 1.1 - 1e-12), "[0.1, 1.1]"),
        (
            ops::float_range(1.0, 0.0),
            "runtime_range_error: range start must be <= end",
        ),
        (
            ops::float_range(0.0, f64::INFINITY),
            "runtime_range_error: invalid range bounds",
        ),
        (
            ops::float_range(f64::NAN, 1.0),
            "runtime_range_error: invalid range bounds",
        ),
        (
            ops::float_range(0.0, 1e300),
            "runtime_range_error: range too large",
        ),
    ] {
        assert_eq!(show(range), expected);
    }
    assert_eq!(
        ops::int_range(1, 10_000_000, true)
            .unwrap()
            .as_obj()
            .unwrap()
            .list()
            .len(),
        10_000_000
    );
    assert_eq!(
        Fault::range_kind().message(),
        "range expects numeric bounds"
    );
}

#[test]
fn indexes() {
    let bounds = "runtime_index_bounds: index out of bounds";
    let list = ints(&[10, 20]);
    let list = list.as_obj().unwrap().list();
    for (index, expected) in [(1, "20"), (2, bounds), (-1, bounds)] {
        let found = ops::list_index(list, index).map(fuse_runtime::Peek::to_value);
        assert_eq!(show(found), expected);
    }
    let word = text("aé😀");
    let word = word.as_obj().unwrap();
    for (index, expected) in [(0, "a"), (1, "é"), (2, "😀"), (3, bounds), (-1, bounds)] {
        assert_eq!(show(ops::text_index(word, index)), expected);
    }
    assert_eq!(int(ops::bytes_index(b"ab", 1)), "98");
    assert_eq!(int(ops::bytes_index(b"ab", 2)), bounds);
    let map = data(r#"{"a":1}"#);
    let map = map.as_obj().unwrap().map();
    let index = |key| show(ops::map_index(map, Key::Text(key)).map(fuse_runtime::Peek::to_value));
    assert_eq!(index("a"), "1");
    assert_eq!(index("7"), "runtime_missing_key: missing key \"7\"");
    assert_eq!(
        Fault::null_store().message(),
        "cannot assign through optional access"
    );
}

#[test]
fn dynamic_operators_go_by_kind() {
    let binary = |operator, a: &str, b: &str| show(ops::binary(operator, data(a), &data(b)));
    for (operator, a, b, expected) in [
        (Operator::Add, "1", "2", "3"),
        (Operator::Add, "1", "0.5", "1.5"),
        (Operator::Add, "\"v\"", "1", "v1"),
        (Operator::Add, "null", "\"x\"", "nullx"),
        (Operator::Add, "[1]", "[\"a\"]", "[1, a]"),
        (Operator::Multiply, "2", "3", "6"),
        (
            Operator::Divide,
            "1",
            "0",
            "runtime_division_by_zero: division by zero",
        ),
        (Operator::Divide, "1.0", "0", "inf"),
        (Operator::Remainder, "-5.5", "2", "-1.5"),
        (
            Operator::Subtract,
            "true",
            "1",
            "runtime_type_error: unsupported operands for -: Bool, Int",
        ),
        (
            Operator::Add,
            "{}",
            "null",
            "runtime_type_error: unsupported operands for +: Map, null",
        ),
    ] {
        assert_eq!(
            binary(operator, a, b),
            expected,
            "{a} {} {b}",
            operator.symbol()
        );
    }
    let bytes = ops::binary(Operator::Add, Value::bytes(b"a"), &Value::bytes(b"b"));
    assert_eq!(show(bytes), "YWI=");
    let compare = |operator, a: &str, b: &str| {
        let result = ops::compare_dynamic(operator, data(a).peek(), data(b).peek());
        show(result.map(Value::Bool))
    };
    assert_eq!(compare(Comparison::Less, "1", "2.5"), "true");
    assert_eq!(compare(Comparison::Less, "\"x\"", "\"y\""), "true");
    assert_eq!(compare(Comparison::GreaterEqual, "2", "2"), "true");
    let unsupported = "runtime_type_error: unsupported comparison: Bool < Int";
    assert_eq!(compare(Comparison::Less, "true", "1"), unsupported);
    assert_eq!(show(ops::negate_dynamic(&data("2.5"))), "-2.5");
    let expected = "runtime_type_error: cannot convert value: expected Bool, found Int";
    assert_eq!(show(ops::condition(&data("1")).map(Value::Bool)), expected);
    assert_eq!(
        show(ops::not_dynamic(&data("true")).map(Value::Bool)),
        "false"
    );
}

#[test]
fn dynamic_members_and_indexes() {
    let doc = data(r#"{"a":[1,null],"s":"é!","u":null}"#);
    let member = |base: &Value, name: &str| show(ops::member(base.peek(), name));
    assert_eq!(member(&doc, "a"), "[1, null]");
    assert_eq!(member(&doc, "gone"), "null");
    assert_eq!(
        member(&data("null"), "x"),
        "runtime_null_access: null access"
    );
    assert_eq!(
        member(&data("[1]"), "first"),
        "runtime_field_access: unknown field first"
    );
    let index = |base: &Value, at: Value| show(ops::index_dynamic(base.peek(), at.peek()));
    let list = data("[1,2]");
    for (base, at, expected) in [
        (&list, Value::Int(1), "2"),
        (
            &list,
            Value::Int(2),
            "runtime_index_bounds: index out of bounds",
        ),
        (
            &list,
            text("a"),
            "runtime_invalid_index: list index must be Int",
        ),
        (&doc, text("s"), "é!"),
        (&doc, text("gone"), "null"),
        (
            &doc,
            Value::Int(1),
            "runtime_invalid_index: map keys must be strings",
        ),
        (&data("\"é!\""), Value::Int(1), "!"),
        (
            &data("null"),
            Value::Int(1),
            "runtime_null_access: null access",
        ),
        (
            &data("5"),
            text("a"),
            "runtime_invalid_index: map keys must be strings",
        ),
        (
            &data("5"),
            Value::Int(0),
            "runtime_invalid_index: list index must be Int",
        ),
    ] {
        assert_eq!(index(base, at), expected);
    }
}

#[test]
fn dynamic_places_change_one_owner_only() {
    let mut doc = data(r#"{"a":[1]}"#);
    let copy = doc.clone();
    ops::member_mut(&mut doc, "a", |list| {
        ops::set_element(list, &Value::Int(0), text("x"))
    })
    .unwrap()
    .unwrap();
    ops::set_member(&mut doc, "b", Value::Bool(true)).unwrap();
    ops::set_element(&mut doc, &text("c"), Value::Null).unwrap();
    assert_eq!(
        format!("{doc:?} {copy:?}"),
        "{a: [x], b: true, c: null} {a: [1]}"
    );
    // A list of numbers that became data takes what data takes.
    let mut list = ints(&[1, 2]);
    ops::set_element(&mut list, &Value::Int(1), text("y")).unwrap();
    assert_eq!(format!("{list:?}"), "[1, y]");
    let set = |mut base: Value, at: Value| {
        show(ops::set_element(&mut base, &at, Value::Null).map(|()| base))
    };
    let target = "runtime_invalid_assignment_target: assignment target must be an indexable value";
    assert_eq!(set(data("5"), Value::Int(0)), target);
    assert_eq!(
        set(data("null"), Value::Int(0)),
        "runtime_null_access: null access"
    );
    assert_eq!(
        set(data("[1]"), Value::Int(1)),
        "runtime_index_bounds: index out of bounds"
    );
    assert_eq!(
        set(data("[1]"), text("a")),
        "runtime_invalid_index: list index must be Int"
    );
    assert_eq!(
        set(data("{}"), Value::Int(0)),
        "runtime_invalid_index: map keys must be strings"
    );
    let field = "runtime_invalid_assignment_target: assignment target must be a struct field";
    let mut number = data("5");
    assert_eq!(
        show(ops::set_member(&mut number, "a", Value::Null).map(|()| Value::Unit)),
        field
    );
}

#[test]
fn values_become_data() {
    let mut table = TypeTable::new();
    let (int, string) = (
        table.known(&well_known::INT),
        table.known(&well_known::STRING),
    );
    let shape = table.declare_enum("Shape", "", false);
    table.define_enum(
        shape,
        vec![
            VariantSpec::new("Dot", []),
            VariantSpec::new("Rect", [int, int]),
        ],
    );
    let user = table.declare_record("User", "");
    let shapes = table.list(shape);
    table.define_record(
        user,
        vec![
            FieldSpec::new("name", string),
            FieldSpec::new("shapes", shapes),
        ],
    );
    let types = table.finish();
    let (shape, user, shapes) = (ty(types, shape), ty(types, user), ty(types, shapes));
    let dot = Value::variant(shape, 0, []);
    let rect = Value::variant(shape, 1, [Value::Int(2), Value::Int(3)]);
    let list = Value::Ref(list_of(shapes, [dot, rect]));
    let value = Value::Ref(heap::Ref::new_record(user, [text("Bo"), list]));
    assert_eq!(
        format!("{value:?}"),
        "User(name=Bo, shapes=[Shape.Dot, Shape.Rect(2, 3)])"
    );
    let data = ops::to_data(&value);
    assert_eq!(
        format!("{data:?}"),
        "{name: Bo, shapes: [{type: Dot}, {data: [2, 3], type: Rect}]}"
    );
    // What is data already is shared, not copied.
    let numbers = ints(&[1]);
    assert_eq!(heap::owners(&ops::to_data(&numbers)), 2);
    drop((value, data, numbers));
    assert_eq!(heap::thread_objects(), 0);
}

#[test]
fn calls_nest_to_a_limit() {
    let world = World::empty();
    let mut ctx = Ctx::new(world.runtime.clone(), Unit::Program, Interrupt::default());
    for _ in 0..10_000 {
        ctx.enter().unwrap();
    }
    let fault = ctx.enter().unwrap_err();
    assert_eq!(
        show(Err(fault)),
        "runtime_stack_overflow: call depth limit exceeded"
    );
    ctx.leave();
    assert!(ctx.enter().is_ok());
}

#[test]
fn text_forms() {
    for (value, expected) in [
        (Value::Unit, "()"),
        (Value::Null, "null"),
        (Value::Int(-12), "-12"),
        (Value::Float(5.0), "5.0"),
        (Value::Float(0.1 + 0.2), "0.30000000000000004"),
        (Value::Float(1e-5), "0.00001"),
        (Value::Float(9.9e-6), "9.9e-6"),
        (Value::Float(1.5e-7), "1.5e-7"),
        (Value::Float(9.999_999_999_999_998e15), "9999999999999998.0"),
        (Value::Float(1e16), "1e16"),
        (Value::Float(-0.0), "-0.0"),
        (Value::Float(f64::NAN), "NaN"),
        (Value::Float(f64::NEG_INFINITY), "-inf"),
        (Value::bytes(b"hi"), "aGk="),
        (
            data(r#"{"b":1,"a":["x y",null]}"#),
            "{b: 1, a: [x y, null]}",
        ),
    ] {
        assert_eq!(display::to_string(value.peek()), expected);
    }
    let parts = [text("a"), Value::Int(1), Value::Null];
    assert_eq!(display::concat(&parts).as_text(), Some("a1null"));
    assert_eq!(show(ops::concat(text("v"), &Value::Bool(true))), "vtrue");
    assert_eq!(show(ops::concat(Value::Int(7), &text("x"))), "7x");
}

#[test]
fn numbers_compare_as_numbers() {
    let big = 9_007_199_254_740_993_i64;
    for (float, int, expected) in [
        (9_007_199_254_740_992.0, big, Some(Ordering::Less)),
        (1.0, 1, Some(Ordering::Equal)),
        (1.5, 1, Some(Ordering::Greater)),
        (-1.5, -1, Some(Ordering::Less)),
        (f64::INFINITY, i64::MAX, Some(Ordering::Greater)),
        (
            9_223_372_036_854_775_808.0,
            i64::MAX,
            Some(Ordering::Greater),
        ),
        (
            -9_223_372_036_854_775_808.0,
            i64::MIN,
            Some(Ordering::Equal),
        ),
        (f64::NAN, 0, None),
    ] {
        assert_eq!(
            ops::compare_float_int(float, int),
            expected,
            "{float} {int}"
        );
    }
    let equal = |a: Value, b: Value| ops::equal(a.peek(), b.peek());
    assert!(!equal(
        Value::Int(big),
        Value::Float(9_007_199_254_740_992.0)
    ));
    assert!(equal(data(r#"{"a":1,"b":2}"#), data(r#"{"b":2.0,"a":1}"#)));
    assert!(!equal(Value::Float(f64::NAN), Value::Float(f64::NAN)));
    assert!(!Comparison::LessEqual.holds(ops::order(
        Value::Float(f64::NAN).peek(),
        Value::Int(1).peek()
    )));
}

proptest! {
    /// The text form of a number reads back as the same number, and is as short as
    /// the reference's.
    #[test]
    fn floats_survive_their_text(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        prop_assume!(value.is_finite());
        let shown = display::float_text(value);
        prop_assert_eq!(shown.parse::<f64>().unwrap().to_bits(), bits);
        let magnitude = value.abs();
        let positional = magnitude == 0.0 || (1e-5..1e16).contains(&magnitude);
        prop_assert_eq!(shown.contains('e'), !positional);
        let expected = if positional {
            let text = format!("{value}");
            if text.contains('.') { text } else { text + ".0" }
        } else {
            format!("{value:e}")
        };
        prop_assert_eq!(shown, expected);
    }

    #[test]
    fn comparing_int_and_float_is_exact(int in any::<i64>(), delta in -2_i64..3) {
        let near = int.saturating_add(delta) as f64;
        // A float of this size is a whole number that 128 bits hold.
        let exact = (near as i128).cmp(&i128::from(int));
        prop_assert_eq!(ops::compare_float_int(near, int), Some(exact));
    }
}
