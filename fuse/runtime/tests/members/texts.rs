//! Methods of texts.

use super::*;

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
