//! Methods of maps, options and results.

use super::*;

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
