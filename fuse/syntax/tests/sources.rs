//! Bytes that are no text, texts that are too large, nesting.

use fuse_syntax::{
    Code, FILE_BYTES_MAX, FileId, Files, FormatError, FormatOptions, NESTING_MAX, TextRenderer,
    format, parse, parse_bytes, tree,
};

const FILE: FileId = FileId(0);

#[test]
fn bytes_that_are_not_utf8_are_reported_once_at_the_first_of_them() {
    let parsed = parse_bytes(FILE, b"app \"caf\xe9\":\n  let x 1 \xff\n");
    let [only] = &parsed.diagnostics[..] else {
        panic!("{:?}", parsed.diagnostics);
    };
    assert_eq!(only.code, Code::LEX_ENCODING);
    assert_eq!((only.span.start, only.span.end), (8, 9));
    assert!(parsed.module.items.is_empty() && parsed.module.damaged);

    let mut files = Files::new();
    files.add(
        "main.fuse",
        String::from_utf8_lossy(b"app \"caf\xe9\":\n").into_owned(),
    );
    assert_eq!(
        TextRenderer::default().render(only, &files),
        "error[FUSE_LEX_ENCODING]: file is not valid UTF-8 (main.fuse:1:9)\n\
         1 | app \"caf\u{fffd}\":\n  |         ^\n\
         hint: save the file as UTF-8\n"
    );
}

#[test]
fn bytes_that_are_utf8_are_read() {
    let parsed = parse_bytes(FILE, "app \"café\":\n  print(1)\n".as_bytes());
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(parsed.module.items.len(), 1);
}

#[test]
fn a_file_over_the_limit_is_refused_and_one_at_it_is_read() {
    let mut text = "#".repeat(FILE_BYTES_MAX);
    assert_eq!(parse(FILE, &text).diagnostics, []);
    text.push('#');
    for parsed in [parse(FILE, &text), parse_bytes(FILE, text.as_bytes())] {
        let codes: Vec<Code> = parsed.diagnostics.iter().map(|one| one.code).collect();
        assert_eq!(codes, [Code::IMPORT_MODULE_READ]);
        assert!(parsed.module.damaged);
    }
    let formatted = format(&text, &FormatOptions::default());
    assert!(matches!(formatted, Err(FormatError::Syntax(_))));
    assert_eq!(tree::parse(&text).text(), "");
}

/// Each way to nest is read at a third of the limit and refused beyond it, on
/// the small stack of a test thread.
#[test]
fn nesting_is_bounded_in_every_construct() {
    let nest = |open: &str, middle: &str, close: &str, depth: usize| {
        format!("{}{middle}{}", open.repeat(depth), close.repeat(depth))
    };
    let constructs: &[(&str, &str, &str, &str)] = &[
        ("app \"t\":\n  x = ", "(", "1", ")"),
        ("app \"t\":\n  x = ", "[", "1", "]"),
        ("app \"t\":\n  x = ", "{a: ", "1", "}"),
        ("app \"t\":\n  x = ", "f(", "1", ")"),
        ("app \"t\":\n  x = ", "a[", "1", "]"),
        ("app \"t\":\n  x = ", "- ", "1", ""),
        ("app \"t\":\n  x = ", "fn(a) => ", "1", ""),
        ("app \"t\":\n  x = ", "\"${", "1", "}\""),
        ("app \"t\":\n  x = 1", " + 1", "", ""),
        ("app \"t\":\n  x = a", ".b", "", ""),
        ("app \"t\":\n  x = a", "()", "", ""),
        ("app \"t\":\n  x = a", " ?? b", "", ""),
        ("type T:\n  x: ", "List<", "Int", ">"),
        ("type T:\n  x: ", "fn() -> ", "Int", ""),
        ("type T:\n  x: Int", "?", "", ""),
        ("fn f():\n  match x:\n    ", "A(", "b", ")"),
        ("fn f(): x = ", "div(): ", "1", ""),
    ];
    let max = NESTING_MAX as usize;
    for (start, open, middle, close) in constructs {
        let tail = if start.contains("match") { " -> 1" } else { "" };
        for (depth, deep) in [(max / 3, false), (max + 50, true), (max * 100, true)] {
            let text = format!("{start}{}{tail}\n", nest(open, middle, close, depth));
            let parsed = parse(FILE, &text);
            let found = parsed
                .diagnostics
                .iter()
                .any(|one| one.code == Code::PARSE_NESTING);
            assert_eq!(
                found, deep,
                "{start}{open}, {depth}: {:?}",
                parsed.diagnostics
            );
            let _ = parsed.module.dump();
            assert_eq!(format(&text, &FormatOptions::default()).is_err(), deep);
            assert_eq!(tree::parse(&text).text(), text.as_str());
        }
    }
}

#[test]
fn blocks_are_bounded() {
    let staircase = |depth: usize| {
        let mut text = String::from("fn f():\n");
        for level in 1..=depth {
            text += &" ".repeat(level);
            text += "if a:\n";
        }
        text += &" ".repeat(depth + 1);
        text + "b\n"
    };
    let shallow = parse(FILE, &staircase(100));
    assert_eq!(shallow.diagnostics, []);
    let deep = parse(FILE, &staircase(1_000));
    assert!(
        deep.diagnostics
            .iter()
            .any(|one| one.code == Code::PARSE_NESTING)
    );
    let _ = deep.module.dump();
}
