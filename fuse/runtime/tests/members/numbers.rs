//! Methods of numbers, octets and dynamic data.

use super::*;

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
