//! Methods of built-in types, row by row, with their faults.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use fuse_builtins::MemberId as M;
use fuse_runtime::heap::{list_of, map_of};
use fuse_runtime::meta::{TypeDesc, TypeTable, well_known};
use fuse_runtime::{Fault, Value, heap};
use proptest::prelude::*;
use support::{Scripted, Setup, World, ints, show, text, texts, ty};

use well_known::{
    BOOL, BYTES, FLOAT, INT, LIST_FLOAT, LIST_INT, LIST_STRING, LIST_VALUE, MAP_VALUE, OPTION_BOOL,
    OPTION_FLOAT, OPTION_INT, OPTION_STRING, STRING, UNIT,
};

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn float(value: f64) -> Value {
    Value::Float(value)
}

fn floats(values: &[f64]) -> Value {
    Value::Ref(list_of(
        &LIST_FLOAT,
        values.iter().map(|value| float(*value)),
    ))
}

fn bytes(value: &[u8]) -> Value {
    Value::bytes(value)
}

fn call(id: M, result: &'static TypeDesc, args: &[Value]) -> String {
    show(World::empty().member(id, result, &mut args.to_vec()))
}

#[test]
fn texts_are_counted_in_characters() {
    let wide = "aé😀e\u{301}";
    for (id, result, args, expected) in [
        (M::StringLen, &INT, vec![text(wide)], "5"),
        (M::StringLen, &INT, vec![text("")], "0"),
        (M::StringIsEmpty, &BOOL, vec![text("")], "true"),
        (
            M::StringContains,
            &BOOL,
            vec![text(wide), text("é😀")],
            "true",
        ),
        (
            M::StringStartsWith,
            &BOOL,
            vec![text(wide), text("aé")],
            "true",
        ),
        (
            M::StringEndsWith,
            &BOOL,
            vec![text(wide), text("a")],
            "false",
        ),
        (
            M::StringIndexOf,
            &OPTION_INT,
            vec![text(wide), text("😀")],
            "2",
        ),
        (
            M::StringIndexOf,
            &OPTION_INT,
            vec![text("abcb"), text("b")],
            "1",
        ),
        (
            M::StringIndexOf,
            &OPTION_INT,
            vec![text("abc"), text("x")],
            "null",
        ),
        (
            M::StringLastIndexOf,
            &OPTION_INT,
            vec![text("ébcb"), text("b")],
            "3",
        ),
        (
            M::StringCharAt,
            &OPTION_STRING,
            vec![text(wide), int(2)],
            "😀",
        ),
        (
            M::StringCharAt,
            &OPTION_STRING,
            vec![text("abc"), int(-1)],
            "null",
        ),
        (
            M::StringCharAt,
            &OPTION_STRING,
            vec![text("abc"), int(3)],
            "null",
        ),
        (
            M::StringSlice,
            &STRING,
            vec![text(wide), int(1), int(3)],
            "é😀",
        ),
        (
            M::StringSlice,
            &STRING,
            vec![text("abc"), int(3), int(3)],
            "",
        ),
        (
            M::StringSlice,
            &STRING,
            vec![text("abc"), int(0), int(3)],
            "abc",
        ),
        (
            M::StringSlice,
            &STRING,
            vec![text("abc"), int(2), int(1)],
            "runtime_index_bounds: index out of bounds",
        ),
        (
            M::StringSlice,
            &STRING,
            vec![text("abc"), int(-1), int(1)],
            "runtime_index_bounds: index out of bounds",
        ),
        (
            M::StringSlice,
            &STRING,
            vec![text(wide), int(0), int(6)],
            "runtime_index_bounds: index out of bounds",
        ),
        (
            M::StringChars,
            &LIST_STRING,
            vec![text("aé😀")],
            "[a, é, 😀]",
        ),
        (
            M::StringGraphemes,
            &LIST_STRING,
            vec![text("ae\u{301}😀")],
            "[a, e\u{301}, 😀]",
        ),
        (M::StringReverse, &STRING, vec![text("aé😀")], "😀éa"),
    ] {
        assert_eq!(call(id, result, &args), expected, "{id:?} {args:?}");
    }
}

#[test]
fn texts_are_taken_apart_and_changed() {
    for (id, result, args, expected) in [
        (
            M::StringLines,
            &LIST_STRING,
            vec![text("a\nb\r\n\nc\n")],
            "[a, b, , c]",
        ),
        (
            M::StringSplit,
            &LIST_STRING,
            vec![text("a,b,,"), text(",")],
            "[a, b, , ]",
        ),
        (
            M::StringSplit,
            &LIST_STRING,
            vec![text("a"), text("")],
            "runtime_invalid_arguments: split expects a non-empty separator",
        ),
        (
            M::StringSplitOnce,
            &LIST_STRING,
            vec![text("a=b=c"), text("=")],
            "[a, b=c]",
        ),
        (
            M::StringSplitOnce,
            &LIST_STRING,
            vec![text("a"), text("=")],
            "null",
        ),
        (M::StringTrim, &STRING, vec![text(" \u{a0}a b\n")], "a b"),
        (M::StringTrimStart, &STRING, vec![text("  a ")], "a "),
        (M::StringTrimEnd, &STRING, vec![text(" a  ")], " a"),
        (
            M::StringStripPrefix,
            &OPTION_STRING,
            vec![text("abc"), text("ab")],
            "c",
        ),
        (
            M::StringStripPrefix,
            &OPTION_STRING,
            vec![text("abc"), text("b")],
            "null",
        ),
        (
            M::StringStripSuffix,
            &OPTION_STRING,
            vec![text("abc"), text("bc")],
            "a",
        ),
        (M::StringUpper, &STRING, vec![text("straße")], "STRASSE"),
        (M::StringLower, &STRING, vec![text("ÀΣ")], "àς"),
        (
            M::StringReplace,
            &STRING,
            vec![text("aXbX"), text("X"), text("--")],
            "a--b--",
        ),
        (M::StringRepeat, &STRING, vec![text("ab"), int(3)], "ababab"),
        (M::StringRepeat, &STRING, vec![text("ab"), int(0)], ""),
        (
            M::StringRepeat,
            &STRING,
            vec![text("ab"), int(-1)],
            "runtime_invalid_arguments: repeat expects a non-negative count",
        ),
        (
            M::StringRepeat,
            &STRING,
            vec![text("ab"), int(i64::MAX)],
            "runtime_invalid_arguments: repeat result is too large",
        ),
        (
            M::StringPadStart,
            &STRING,
            vec![text("é"), int(4), text("ab")],
            "abaé",
        ),
        (
            M::StringPadEnd,
            &STRING,
            vec![text("7"), int(3), text(" ")],
            "7  ",
        ),
        (
            M::StringPadEnd,
            &STRING,
            vec![text("777"), int(2), text("")],
            "777",
        ),
        (
            M::StringPadEnd,
            &STRING,
            vec![text("7"), int(2), text("")],
            "runtime_invalid_arguments: pad_end expects a non-empty fill",
        ),
        (
            M::StringPadStart,
            &STRING,
            vec![text("7"), int(i64::MAX), text("x")],
            "runtime_invalid_arguments: pad_start result is too large",
        ),
        (
            M::StringDedent,
            &STRING,
            vec![text("\n    a\n      b\n\n    c\n  ")],
            "\na\n  b\n\nc\n",
        ),
        (
            M::StringDedent,
            &STRING,
            vec![text("\t a\n  b")],
            "\t a\n  b",
        ),
        (
            M::StringMatches,
            &BOOL,
            vec![text("abc123"), text(r"\d+$")],
            "true",
        ),
        (
            M::StringMatches,
            &BOOL,
            vec![text("abc"), text("(")],
            "runtime_invalid_arguments: invalid regex: unclosed group",
        ),
        (
            M::StringFindAll,
            &LIST_STRING,
            vec![text("a1b22"), text(r"\d+")],
            "[1, 22]",
        ),
        (
            M::StringReplaceRegex,
            &STRING,
            vec![text("a1b22"), text(r"(\d+)"), text("<$1>")],
            "a<1>b<22>",
        ),
        (M::StringToInt, &OPTION_INT, vec![text("-12")], "-12"),
        (M::StringToInt, &OPTION_INT, vec![text("+12")], "12"),
        (M::StringToInt, &OPTION_INT, vec![text(" 12")], "null"),
        (
            M::StringToInt,
            &OPTION_INT,
            vec![text("9223372036854775808")],
            "null",
        ),
        (
            M::StringToFloat,
            &OPTION_FLOAT,
            vec![text("1.5e3")],
            "1500.0",
        ),
        (M::StringToFloat, &OPTION_FLOAT, vec![text("inf")], "null"),
        (M::StringToFloat, &OPTION_FLOAT, vec![text("1e999")], "null"),
        (M::StringToBool, &OPTION_BOOL, vec![text("true")], "true"),
        (M::StringToBool, &OPTION_BOOL, vec![text("True")], "null"),
        (M::StringToBytes, &BYTES, vec![text("hi")], "aGk="),
    ] {
        assert_eq!(call(id, result, &args), expected, "{id:?} {args:?}");
    }
}

#[test]
fn values_that_no_value_can_be_are_refused_before_they_are_made() {
    let long = "a".repeat(70_000);
    let args = [text(&long), text("a"), text(&long)];
    assert_eq!(
        call(M::StringReplace, &STRING, &args),
        "runtime_error: value too large"
    );
}

#[test]
fn lists() {
    let xs = || ints(&[3, 1, 2, 1]);
    for (id, result, args, expected) in [
        (M::ListLen, &INT, vec![xs()], "4"),
        (M::ListIsEmpty, &BOOL, vec![ints(&[])], "true"),
        (M::ListFirst, &OPTION_INT, vec![xs()], "3"),
        (M::ListFirst, &OPTION_INT, vec![ints(&[])], "null"),
        (M::ListLast, &OPTION_INT, vec![xs()], "1"),
        (M::ListGet, &OPTION_INT, vec![xs(), int(2)], "2"),
        (M::ListGet, &OPTION_INT, vec![xs(), int(-1)], "null"),
        (
            M::ListSlice,
            &LIST_INT,
            vec![xs(), int(1), int(3)],
            "[1, 2]",
        ),
        (
            M::ListSlice,
            &LIST_INT,
            vec![xs(), int(1), int(5)],
            "runtime_index_bounds: index out of bounds",
        ),
        (M::ListTake, &LIST_INT, vec![xs(), int(9)], "[3, 1, 2, 1]"),
        (
            M::ListTake,
            &LIST_INT,
            vec![xs(), int(-1)],
            "runtime_invalid_arguments: take expects a non-negative count",
        ),
        (M::ListSkip, &LIST_INT, vec![xs(), int(3)], "[1]"),
        (
            M::ListSkip,
            &LIST_INT,
            vec![xs(), int(-1)],
            "runtime_invalid_arguments: skip expects a non-negative count",
        ),
        (M::ListContains, &BOOL, vec![xs(), int(2)], "true"),
        (M::ListIndexOf, &OPTION_INT, vec![xs(), int(1)], "1"),
        (M::ListIndexOf, &OPTION_INT, vec![xs(), int(9)], "null"),
        (
            M::ListAppend,
            &LIST_INT,
            vec![xs(), int(9)],
            "[3, 1, 2, 1, 9]",
        ),
        (
            M::ListConcat,
            &LIST_INT,
            vec![xs(), ints(&[7])],
            "[3, 1, 2, 1, 7]",
        ),
        (M::ListReverse, &LIST_INT, vec![xs()], "[1, 2, 1, 3]"),
        (M::ListUnique, &LIST_INT, vec![xs()], "[3, 1, 2]"),
        (
            M::ListUnique,
            &LIST_FLOAT,
            vec![floats(&[0.0, -0.0, f64::NAN, f64::NAN])],
            "[0.0, NaN, NaN]",
        ),
        (M::ListSort, &LIST_INT, vec![xs()], "[1, 1, 2, 3]"),
        (
            M::ListSort,
            &LIST_FLOAT,
            vec![floats(&[f64::NAN, 2.0, -1.0])],
            "[-1.0, 2.0, NaN]",
        ),
        (
            M::ListSort,
            &LIST_STRING,
            vec![texts(&["é", "z", "a", "😀"])],
            "[a, z, é, 😀]",
        ),
        (M::ListMin, &OPTION_INT, vec![xs()], "1"),
        (M::ListMax, &OPTION_INT, vec![xs()], "3"),
        (M::ListMax, &OPTION_INT, vec![ints(&[])], "null"),
        (
            M::ListMin,
            &OPTION_FLOAT,
            vec![floats(&[f64::NAN, 1.0])],
            "1.0",
        ),
        (M::ListSum, &INT, vec![xs()], "7"),
        (M::ListSum, &INT, vec![ints(&[])], "0"),
        (
            M::ListSum,
            &INT,
            vec![ints(&[i64::MAX, 1])],
            "runtime_integer_overflow: integer overflow",
        ),
        (M::ListSum, &FLOAT, vec![floats(&[0.5, 1.0])], "1.5"),
        (M::ListJoin, &STRING, vec![xs(), text("-")], "3-1-2-1"),
        (M::ListJoin, &STRING, vec![ints(&[]), text("-")], ""),
    ] {
        assert_eq!(call(id, result, &args), expected, "{id:?} {args:?}");
    }
    let mut table = TypeTable::new();
    let nested = table.known(&LIST_INT);
    let nested = table.list(nested);
    let nested = ty(table.finish(), nested);
    assert_eq!(
        call(M::ListChunk, nested, &[xs(), int(3)]),
        "[[3, 1, 2], [1]]"
    );
    let expected = "runtime_invalid_arguments: chunk expects a positive size";
    assert_eq!(call(M::ListChunk, nested, &[xs(), int(0)]), expected);
}

#[test]
fn lists_change_in_place() {
    let world = World::empty();
    let change = |id, result, mut args: Vec<Value>| {
        let copy = args[0].clone();
        let result = show(world.member(id, result, &mut args));
        assert_eq!(format!("{copy:?}"), "[1, 2, 3]", "a copy changed");
        (result, format!("{:?}", args[0]))
    };
    let xs = || ints(&[1, 2, 3]);
    let bounds = "runtime_index_bounds: index out of bounds";
    for (id, result, args, expected, left) in [
        (M::ListPush, &UNIT, vec![xs(), int(4)], "()", "[1, 2, 3, 4]"),
        (
            M::ListInsert,
            &UNIT,
            vec![xs(), int(0), int(9)],
            "()",
            "[9, 1, 2, 3]",
        ),
        (
            M::ListInsert,
            &UNIT,
            vec![xs(), int(3), int(9)],
            "()",
            "[1, 2, 3, 9]",
        ),
        (
            M::ListInsert,
            &UNIT,
            vec![xs(), int(4), int(9)],
            bounds,
            "[1, 2, 3]",
        ),
        (
            M::ListSet,
            &UNIT,
            vec![xs(), int(1), int(9)],
            "()",
            "[1, 9, 3]",
        ),
        (
            M::ListSet,
            &UNIT,
            vec![xs(), int(-1), int(9)],
            bounds,
            "[1, 2, 3]",
        ),
        (M::ListClear, &UNIT, vec![xs()], "()", "[]"),
        (M::ListPop, &OPTION_INT, vec![xs()], "3", "[1, 2]"),
        (M::ListRemove, &INT, vec![xs(), int(0)], "1", "[2, 3]"),
        (M::ListRemove, &INT, vec![xs(), int(3)], bounds, "[1, 2, 3]"),
    ] {
        assert_eq!(
            change(id, result, args),
            (expected.to_owned(), left.to_owned()),
            "{id:?}"
        );
    }
}

/// A world with functions, and their values.
fn functional() -> (World, Vec<Value>) {
    let mut code = Scripted::new();
    let double = code.add(|_, args| Ok(int(args[0].as_int().unwrap() * 2)));
    let is_odd = code.add(|_, args| Ok(Value::Bool(args[0].as_int().unwrap() % 2 == 1)));
    let twice = code.add(|_, args| {
        let value = args[0].as_int().unwrap();
        Ok(ints(&[value, value]))
    });
    let add = code.add(|_, args| Ok(int(args[0].as_int().unwrap() + args[1].as_int().unwrap())));
    let fails_at_two = code.add(|_, args| match args[0].as_int() {
        Some(2) => Err(Fault::division_by_zero()),
        _ => Ok(Value::Bool(true)),
    });
    let parity = code.add(|_, args| {
        Ok(text(if args[0].as_int().unwrap() % 2 == 1 {
            "odd"
        } else {
            "even"
        }))
    });
    let negate = code.add(|_, args| Ok(int(-args[0].as_int().unwrap())));
    let has_long_key = code.add(|_, args| Ok(Value::Bool(args[0].as_text().unwrap().len() > 1)));
    let inverse = code.add(|_, args| match args[0].as_int() {
        Some(2) => Err(Fault::division_by_zero()),
        _ => Ok(args[0].take()),
    });
    let functions = [
        double,
        is_odd,
        twice,
        add,
        fails_at_two,
        parity,
        negate,
        has_long_key,
        inverse,
    ];
    let world = Setup {
        code,
        ..Setup::default()
    }
    .build();
    (world, functions.map(Scripted::value).to_vec())
}

#[test]
fn lists_call_functions_in_order() {
    let (world, functions) = functional();
    let call = |id, result, args: Vec<Value>| show(world.member(id, result, &mut args.clone()));
    let function = |index: usize| functions[index].clone();
    let xs = || ints(&[1, 2, 3]);
    let fault = "runtime_division_by_zero: division by zero";
    for (id, result, args, expected) in [
        (M::ListMap, &LIST_INT, vec![xs(), function(0)], "[2, 4, 6]"),
        (M::ListMap, &LIST_INT, vec![xs(), function(8)], fault),
        (M::ListFilter, &LIST_INT, vec![xs(), function(1)], "[1, 3]"),
        (
            M::ListFlatMap,
            &LIST_INT,
            vec![xs(), function(2)],
            "[1, 1, 2, 2, 3, 3]",
        ),
        (M::ListReduce, &INT, vec![xs(), int(10), function(3)], "16"),
        (M::ListAny, &BOOL, vec![xs(), function(4)], "true"),
        (M::ListAny, &BOOL, vec![ints(&[2]), function(4)], fault),
        (M::ListAll, &BOOL, vec![xs(), function(1)], "false"),
        (M::ListAll, &BOOL, vec![ints(&[]), function(1)], "true"),
        (M::ListCount, &INT, vec![xs(), function(1)], "2"),
        (M::ListFind, &OPTION_INT, vec![xs(), function(4)], "1"),
        (
            M::ListFind,
            &OPTION_INT,
            vec![ints(&[4]), function(1)],
            "null",
        ),
        (
            M::ListSortBy,
            &LIST_INT,
            vec![xs(), function(6)],
            "[3, 2, 1]",
        ),
        (M::OptionMap, &OPTION_INT, vec![int(4), function(0)], "8"),
        (
            M::OptionMap,
            &OPTION_INT,
            vec![Value::Null, function(0)],
            "null",
        ),
        (
            M::ListParallelMap,
            &LIST_INT,
            vec![xs(), function(0), int(2)],
            "[2, 4, 6]",
        ),
        (
            M::ListParallelMap,
            &LIST_INT,
            vec![xs(), function(8), int(16)],
            fault,
        ),
        (
            M::ListParallelMap,
            &LIST_INT,
            vec![xs(), function(0), int(0)],
            "runtime_invalid_arguments: parallel_map expects a positive limit",
        ),
    ] {
        assert_eq!(call(id, result, args), expected, "{id:?}");
    }
    let mut table = TypeTable::new();
    let (string, list) = (table.known(&STRING), table.known(&LIST_INT));
    let groups = table.map(string, list);
    let groups = ty(table.finish(), groups);
    assert_eq!(
        call(M::ListGroupBy, groups, vec![xs(), function(5)]),
        "{odd: [1, 3], even: [2]}"
    );
}

#[test]
fn maps() {
    let (world, functions) = functional();
    let mut table = TypeTable::new();
    let (string, int_id) = (table.known(&STRING), table.known(&INT));
    let by_name = table.map(string, int_id);
    let by_name = ty(table.finish(), by_name);
    let map = |entries: &[(&str, i64)]| {
        let entries = entries.iter().map(|(key, value)| (text(key), int(*value)));
        Value::Ref(map_of(by_name, entries))
    };
    let m = || map(&[("b", 1), ("aa", 2)]);
    let call = |id, result, args: Vec<Value>| show(world.member(id, result, &mut args.clone()));
    for (id, result, args, expected) in [
        (M::MapLen, &INT, vec![m()], "2"),
        (M::MapIsEmpty, &BOOL, vec![map(&[])], "true"),
        (M::MapHas, &BOOL, vec![m(), text("aa")], "true"),
        (M::MapGet, &OPTION_INT, vec![m(), text("b")], "1"),
        (M::MapGet, &OPTION_INT, vec![m(), text("x")], "null"),
        (M::MapGetOr, &INT, vec![m(), text("x"), int(9)], "9"),
        (M::MapKeys, &LIST_STRING, vec![m()], "[b, aa]"),
        (M::MapValues, &LIST_INT, vec![m()], "[1, 2]"),
        (
            M::MapMerge,
            by_name,
            vec![m(), map(&[("b", 7), ("c", 8)])],
            "{b: 7, aa: 2, c: 8}",
        ),
        (
            M::MapMapValues,
            by_name,
            vec![m(), functions[0].clone()],
            "{b: 2, aa: 4}",
        ),
        (
            M::MapFilter,
            by_name,
            vec![m(), functions[7].clone()],
            "{aa: 2}",
        ),
    ] {
        assert_eq!(call(id, result, args), expected, "{id:?}");
    }
    let mut args = vec![m(), text("b"), int(5)];
    let copy = args[0].clone();
    world.member(M::MapSet, &UNIT, &mut args).unwrap();
    assert_eq!(
        format!("{:?} {copy:?}", args[0]),
        "{b: 5, aa: 2} {b: 1, aa: 2}"
    );
    let removed = world.member(M::MapRemove, &OPTION_INT, &mut args[..2]);
    assert_eq!(
        (show(removed), format!("{:?}", args[0])),
        ("5".to_owned(), "{aa: 2}".to_owned())
    );
    world.member(M::MapClear, &UNIT, &mut args[..1]).unwrap();
    assert_eq!(format!("{:?}", args[0]), "{}");
}

#[test]
fn options_and_results() {
    let (world, functions) = functional();
    let mut table = TypeTable::new();
    let (int_id, error) = (table.known(&INT), table.known(&well_known::NOT_FOUND));
    let result = table.result(int_id, error);
    let option = table.option(error);
    let types = table.finish();
    let (result, option) = (ty(types, result), ty(types, option));
    let ok = || Value::ok(result, int(4));
    let err = || {
        let error = heap::Ref::new_record(&well_known::NOT_FOUND, [text("gone")]);
        Value::err(result, Value::Ref(error))
    };
    let call = |id, result, args: Vec<Value>| show(world.member(id, result, &mut args.clone()));
    for (id, result, args, expected) in [
        (
            M::OptionIsSome,
            &BOOL as &'static TypeDesc,
            vec![int(1)],
            "true",
        ),
        (M::OptionIsNone, &BOOL, vec![int(1)], "false"),
        (M::ResultIsOk, &BOOL, vec![ok()], "true"),
        (M::ResultIsErr, &BOOL, vec![ok()], "false"),
        (M::ResultOk, &OPTION_INT, vec![ok()], "4"),
        (M::ResultOk, &OPTION_INT, vec![err()], "null"),
        (M::ResultErr, option, vec![err()], "NotFound(message=gone)"),
        (M::ResultErr, option, vec![ok()], "null"),
        (
            M::ResultMap,
            result,
            vec![ok(), functions[0].clone()],
            "Ok(8)",
        ),
        (
            M::ResultMap,
            result,
            vec![err(), functions[0].clone()],
            "Err(NotFound(message=gone))",
        ),
        (
            M::ResultMapErr,
            result,
            vec![ok(), functions[0].clone()],
            "Ok(4)",
        ),
    ] {
        assert_eq!(call(id, result, args), expected, "{id:?}");
    }
}

#[test]
fn numbers() {
    let overflow = "runtime_integer_overflow: integer overflow";
    for (id, result, args, expected) in [
        (M::IntAbs, &INT, vec![int(-3)], "3"),
        (M::IntAbs, &INT, vec![int(i64::MIN)], overflow),
        (M::IntMin, &INT, vec![int(2), int(1)], "1"),
        (M::IntMax, &INT, vec![int(2), int(1)], "2"),
        (M::IntClamp, &INT, vec![int(9), int(1), int(5)], "5"),
        (
            M::IntClamp,
            &INT,
            vec![int(9), int(5), int(1)],
            "runtime_invalid_arguments: clamp expects lo <= hi",
        ),
        (
            M::IntPow,
            &INT,
            vec![int(2), int(62)],
            "4611686018427387904",
        ),
        (M::IntPow, &INT, vec![int(2), int(63)], overflow),
        (M::IntPow, &INT, vec![int(-1), int(i64::MAX)], "-1"),
        (M::IntPow, &INT, vec![int(2), int(i64::MAX)], overflow),
        (
            M::IntPow,
            &INT,
            vec![int(2), int(-1)],
            "runtime_invalid_arguments: pow expects a non-negative exponent",
        ),
        (
            M::IntToFloat,
            &FLOAT,
            vec![int(9_007_199_254_740_993)],
            "9007199254740992.0",
        ),
        (M::IntToString, &STRING, vec![int(-7)], "-7"),
        (
            M::IntCheckedAdd,
            &OPTION_INT,
            vec![int(i64::MAX), int(1)],
            "null",
        ),
        (M::IntCheckedSub, &OPTION_INT, vec![int(5), int(3)], "2"),
        (
            M::IntCheckedMul,
            &OPTION_INT,
            vec![int(i64::MAX), int(2)],
            "null",
        ),
        (
            M::IntWrappingAdd,
            &INT,
            vec![int(i64::MAX), int(1)],
            "-9223372036854775808",
        ),
        (
            M::IntWrappingSub,
            &INT,
            vec![int(i64::MIN), int(1)],
            "9223372036854775807",
        ),
        (M::IntWrappingMul, &INT, vec![int(i64::MAX), int(2)], "-2"),
        (M::IntBitAnd, &INT, vec![int(6), int(3)], "2"),
        (M::IntBitOr, &INT, vec![int(6), int(3)], "7"),
        (M::IntBitXor, &INT, vec![int(6), int(3)], "5"),
        (M::IntBitNot, &INT, vec![int(0)], "-1"),
        (
            M::IntShl,
            &INT,
            vec![int(1), int(63)],
            "-9223372036854775808",
        ),
        (
            M::IntShl,
            &INT,
            vec![int(1), int(64)],
            "runtime_invalid_arguments: shl expects 0..63",
        ),
        (M::IntShr, &INT, vec![int(-8), int(1)], "-4"),
        (
            M::IntShr,
            &INT,
            vec![int(-8), int(-1)],
            "runtime_invalid_arguments: shr expects 0..63",
        ),
        (M::FloatAbs, &FLOAT, vec![float(-0.5)], "0.5"),
        (M::FloatFloor, &FLOAT, vec![float(-0.5)], "-1.0"),
        (M::FloatCeil, &FLOAT, vec![float(0.5)], "1.0"),
        (M::FloatRound, &FLOAT, vec![float(-2.5)], "-3.0"),
        (M::FloatTrunc, &FLOAT, vec![float(-2.5)], "-2.0"),
        (M::FloatSqrt, &FLOAT, vec![float(2.25)], "1.5"),
        (M::FloatSqrt, &FLOAT, vec![float(-1.0)], "NaN"),
        (
            M::FloatPow,
            &FLOAT,
            vec![float(2.0), float(0.5)],
            "1.4142135623730951",
        ),
        (M::FloatMin, &FLOAT, vec![float(2.0), float(1.0)], "1.0"),
        (M::FloatMax, &FLOAT, vec![float(2.0), float(1.0)], "2.0"),
        (
            M::FloatClamp,
            &FLOAT,
            vec![float(9.0), float(0.0), float(1.0)],
            "1.0",
        ),
        (
            M::FloatClamp,
            &FLOAT,
            vec![float(9.0), float(f64::NAN), float(1.0)],
            "runtime_invalid_arguments: clamp expects lo <= hi",
        ),
        (M::FloatIsNan, &BOOL, vec![float(f64::NAN)], "true"),
        (M::FloatIsFinite, &BOOL, vec![float(f64::INFINITY)], "false"),
        (M::FloatToInt, &OPTION_INT, vec![float(-2.9)], "-2"),
        (
            M::FloatToInt,
            &OPTION_INT,
            vec![float(9_223_372_036_854_775_808.0)],
            "null",
        ),
        (
            M::FloatToInt,
            &OPTION_INT,
            vec![float(-9_223_372_036_854_775_808.0)],
            "-9223372036854775808",
        ),
        (M::FloatToInt, &OPTION_INT, vec![float(f64::NAN)], "null"),
        (M::FloatToString, &STRING, vec![float(2.0)], "2.0"),
        (M::FloatFixed, &STRING, vec![float(2.5), int(0)], "2"),
        (M::FloatFixed, &STRING, vec![float(3.5), int(0)], "4"),
        (M::FloatFixed, &STRING, vec![float(0.125), int(2)], "0.12"),
        (M::FloatFixed, &STRING, vec![float(0.375), int(2)], "0.38"),
        (M::FloatFixed, &STRING, vec![float(1.005), int(2)], "1.00"),
        (M::FloatFixed, &STRING, vec![float(-0.0), int(1)], "-0.0"),
        (
            M::FloatFixed,
            &STRING,
            vec![float(1e21), int(1)],
            "1000000000000000000000.0",
        ),
        (
            M::FloatFixed,
            &STRING,
            vec![float(f64::INFINITY), int(1)],
            "inf",
        ),
        (
            M::FloatFixed,
            &STRING,
            vec![float(1.0), int(21)],
            "runtime_invalid_arguments: fixed expects 0..20",
        ),
        (M::BoolToString, &STRING, vec![Value::Bool(true)], "true"),
    ] {
        assert_eq!(call(id, result, &args), expected, "{id:?} {args:?}");
    }
}

#[test]
fn octets_and_data() {
    let map = || {
        Value::Ref(map_of(
            &MAP_VALUE,
            [(text("a"), int(1)), (text("b"), Value::Null)],
        ))
    };
    let null = "runtime_null_access: null access";
    for (id, result, args, expected) in [
        (M::BytesLen, &INT, vec![bytes(b"abc")], "3"),
        (M::BytesIsEmpty, &BOOL, vec![bytes(b"")], "true"),
        (
            M::BytesSlice,
            &BYTES,
            vec![bytes(b"abc"), int(1), int(3)],
            "YmM=",
        ),
        (
            M::BytesSlice,
            &BYTES,
            vec![bytes(b"abc"), int(1), int(4)],
            "runtime_index_bounds: index out of bounds",
        ),
        (M::BytesToBase64, &STRING, vec![bytes(b"hi")], "aGk="),
        (M::BytesToHex, &STRING, vec![bytes(&[0, 171])], "00ab"),
        (
            M::BytesToText,
            &OPTION_STRING,
            vec![bytes("é".as_bytes())],
            "é",
        ),
        (M::BytesToText, &OPTION_STRING, vec![bytes(&[255])], "null"),
        (M::ValueIsNull, &BOOL, vec![Value::Null], "true"),
        (M::ValueKind, &STRING, vec![Value::Null], "null"),
        (M::ValueKind, &STRING, vec![map()], "Map"),
        (M::ValueKind, &STRING, vec![float(1.0)], "Float"),
        (M::ValueKeys, &LIST_STRING, vec![map()], "[a, b]"),
        (
            M::ValueKeys,
            &LIST_STRING,
            vec![int(1)],
            "runtime_field_access: unknown field keys",
        ),
        (M::ValueKeys, &LIST_STRING, vec![Value::Null], null),
        (M::ValueLen, &INT, vec![map()], "2"),
        (M::ValueLen, &INT, vec![text("é")], "1"),
        (M::ValueLen, &INT, vec![ints(&[1])], "1"),
        (M::ValueLen, &INT, vec![Value::Null], null),
        (
            M::ValueLen,
            &INT,
            vec![int(1)],
            "runtime_type_error: cannot convert value: expected List, found Int",
        ),
        (M::ValueAsInt, &OPTION_INT, vec![int(1)], "1"),
        (M::ValueAsInt, &OPTION_INT, vec![float(1.0)], "null"),
        (M::ValueAsFloat, &OPTION_FLOAT, vec![int(1)], "1.0"),
        (M::ValueAsBool, &OPTION_BOOL, vec![int(1)], "null"),
        (M::ValueAsText, &OPTION_STRING, vec![text("a")], "a"),
        (M::ValueAsList, &LIST_VALUE, vec![ints(&[1, 2])], "[1, 2]"),
        (M::ValueAsList, &LIST_VALUE, vec![map()], "null"),
        (M::ValueAsMap, &MAP_VALUE, vec![map()], "{a: 1, b: null}"),
    ] {
        assert_eq!(call(id, result, &args), expected, "{id:?} {args:?}");
    }
    // What is taken as a list of data has room for data.
    let mut args = vec![ints(&[1])];
    let list = World::empty()
        .member(M::ValueAsList, &LIST_VALUE, &mut args)
        .unwrap();
    let mut args = vec![list, text("x")];
    World::empty()
        .member(M::ListPush, &UNIT, &mut args)
        .unwrap();
    assert_eq!(format!("{:?}", args[0]), "[1, x]");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn what_is_split_is_joined(parts in proptest::collection::vec("[a-cé]{0,4}", 1..5), separator in "[,;]{1,2}") {
        let whole = parts.join(&separator);
        let world = World::empty();
        let mut args = vec![text(&whole), text(&separator)];
        let split = world.member(M::StringSplit, &LIST_STRING, &mut args).unwrap();
        let joined = world.member(M::ListJoin, &STRING, &mut [split, text(&separator)]).unwrap();
        prop_assert_eq!(joined.as_text(), Some(whole.as_str()));
    }

    #[test]
    fn slices_are_those_of_characters(whole in ".{0,12}", start in 0..14_usize, end in 0..14_usize) {
        let world = World::empty();
        let letters: Vec<char> = whole.chars().collect();
        let mut args = vec![text(&whole), int(start as i64), int(end as i64)];
        let slice = world.member(M::StringSlice, &STRING, &mut args);
        if start <= end && end <= letters.len() {
            let expected: String = letters[start..end].iter().collect();
            let slice = slice.unwrap();
            prop_assert_eq!(slice.as_text(), Some(expected.as_str()));
        } else {
            prop_assert!(slice.is_err());
        }
        let at = world.member(M::StringCharAt, &OPTION_STRING, &mut [text(&whole), int(start as i64)]).unwrap();
        let expected = letters.get(start).map(char::to_string);
        prop_assert_eq!(at.as_text().map(str::to_owned), expected);
        for needle in ["é", "a", "😀"] {
            let found = world.member(M::StringIndexOf, &OPTION_INT, &mut [text(&whole), text(needle)]).unwrap();
            let expected = letters.iter().position(|letter| needle.starts_with(*letter));
            prop_assert_eq!(found.as_int(), expected.map(|at| at as i64));
        }
    }

    #[test]
    fn bytes_survive_hex_and_base64(value in proptest::collection::vec(any::<u8>(), 0..40)) {
        use fuse_builtins::BuiltinId as B;
        let world = World::empty();
        for (to, from) in [(M::BytesToHex, B::BytesFromHex), (M::BytesToBase64, B::BytesFromBase64)] {
            let text = world.member(to, &STRING, &mut [bytes(&value)]).unwrap();
            let back = world.call(from, &well_known::OPTION_BYTES, None, [text]).unwrap();
            prop_assert_eq!(back.as_bytes(), Some(value.as_slice()));
        }
    }

    #[test]
    fn sorting_is_stable_and_in_order(keys in proptest::collection::vec(0..5_i64, 0..40)) {
        // The key is the number in tens; the ones tell where an element was.
        let values: Vec<i64> = keys.iter().enumerate().map(|(at, key)| key * 1000 + at as i64).collect();
        let mut code = Scripted::new();
        let tens = code.add(|_, args| Ok(int(args[0].as_int().unwrap() / 1000)));
        let world = Setup { code, ..Setup::default() }.build();
        let sorted = world.member(M::ListSortBy, &LIST_INT, &mut [ints(&values), Scripted::value(tens)]).unwrap();
        let mut expected = values.clone();
        expected.sort_by_key(|value| value / 1000);
        prop_assert_eq!(sorted.as_obj().unwrap().list().ints().unwrap(), expected.as_slice());
    }
}
