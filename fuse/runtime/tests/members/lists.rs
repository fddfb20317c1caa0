//! Methods of lists.

use super::*;

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
