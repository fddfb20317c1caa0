//! What holds for every text, and for every program.

mod support;

use fuse_syntax::{
    Code, Diagnostic, FileId, Files, FormatOptions, TextRenderer, format, json_line, lex, parse,
    parse_bytes, parse_expr, tree,
};
use proptest::prelude::*;
use support::program;

const FILE: FileId = FileId(0);

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..400)
}

/// Texts of the characters that mean something, in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "fn ",
        "type ",
        "if ",
        "else",
        "match ",
        "let ",
        "return ",
        "for ",
        "in ",
        "spawn",
        "await ",
        "app \"t\":",
        "service S at ",
        "get \"/\"",
        "import ",
        "##doc",
        "# c",
        "\n",
        "\n  ",
        "\n    ",
        "\n\t",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "${",
        "\"",
        "\"\"\"",
        "'",
        "r\"",
        "\\",
        ",",
        ":",
        ".",
        "..",
        "?",
        "!",
        "?!",
        "??",
        "=",
        "==",
        ">",
        ">=",
        "<",
        "->",
        "=>",
        "-",
        "+",
        "x",
        "Y",
        "1",
        "1.5",
        "0x",
        "é",
        "“",
        "\r",
        "\u{a0}",
        "@",
        "_",
        " ",
    ]);
    proptest::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat())
}

/// Everything that is done with a text, and what must hold of it.
fn examine(text: &str) -> Result<(), TestCaseError> {
    let lexed = lex(FILE, text);
    let mut end = 0;
    for index in 0..lexed.tokens.len() {
        let range = lexed.tokens.range(index);
        prop_assert_eq!(range.start, end);
        prop_assert!(range.end >= range.start);
        end = range.end;
    }
    prop_assert_eq!(end as usize, text.len());

    prop_assert_eq!(tree::parse(text).text(), text);

    let parsed = parse(FILE, text);
    let _ = parsed.module.dump();
    prop_assert!(parsed.module.same_meaning(&parsed.module));
    check_ranges(text, &parsed.module)?;
    check_diagnostics(text, &parsed.diagnostics)?;
    prop_assert_eq!(
        parsed.module.damaged,
        parsed.diagnostics.iter().any(Diagnostic::is_error)
    );
    let alone = parse_expr(FILE, text);
    let _ = alone.module.dump_expr(alone.root);

    let formatted = format(text, &FormatOptions::default());
    prop_assert_eq!(formatted.is_err(), parsed.has_errors());
    if let Ok(formatted) = formatted {
        let after = parse(FILE, &formatted);
        prop_assert!(!after.has_errors());
        prop_assert!(parsed.module.same_meaning(&after.module));
        let again = format(&formatted, &FormatOptions::default());
        prop_assert_eq!(again.expect("it is well-formed"), formatted);
    }
    Ok(())
}

/// Every node stands on characters of the text.
fn check_ranges(text: &str, module: &fuse_syntax::ast::Module) -> Result<(), TestCaseError> {
    let exprs = module.exprs.iter().map(|(id, _)| module.range(id));
    let stmts = module.stmts.iter().map(|(id, _)| module.range(id));
    let types = module.types.iter().map(|(id, _)| module.range(id));
    let patterns = module.patterns.iter().map(|(id, _)| module.range(id));
    for range in exprs.chain(stmts).chain(types).chain(patterns) {
        prop_assert!(text.get(range.as_usize()).is_some(), "{:?}", range);
    }
    Ok(())
}

/// Diagnostics are in order, show on a terminal and as JSON, and syntax errors
/// stand on lines of their own.
fn check_diagnostics(text: &str, diagnostics: &[Diagnostic]) -> Result<(), TestCaseError> {
    let mut files = Files::new();
    let file = files.add("main.fuse", text);
    let mut lines = Vec::new();
    let mut last = 0;
    for diagnostic in diagnostics {
        prop_assert!(diagnostic.span.start >= last);
        last = diagnostic.span.start;
        prop_assert!(files.text_at(diagnostic.span).is_some(), "{:?}", diagnostic);
        let shown = TextRenderer {
            color: true,
            fixes: true,
        }
        .render(diagnostic, &files);
        prop_assert!(shown.contains(diagnostic.code.as_str()));
        let json = json_line(diagnostic, &files);
        let value: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
        prop_assert_eq!(&value["span_start"], diagnostic.span.start);
        if diagnostic.code == Code::PARSE_EXPECTED {
            let line = files
                .get(file)
                .map(|file| file.line_index(diagnostic.span.start));
            lines.push(line);
        }
    }
    let count = lines.len();
    lines.dedup();
    prop_assert_eq!(lines.len(), count, "{:?}", diagnostics);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        examine(&text)?;
    }

    #[test]
    fn any_tokens_are_read(text in soup()) {
        examine(&text)?;
    }

    #[test]
    fn any_bytes_are_read(bytes in bytes()) {
        let parsed = parse_bytes(FILE, &bytes);
        if std::str::from_utf8(&bytes).is_err() {
            prop_assert_eq!(parsed.diagnostics.len(), 1);
            prop_assert_eq!(parsed.diagnostics[0].code, Code::LEX_ENCODING);
        }
    }

    #[test]
    fn programs_have_no_errors_and_keep_their_meaning(bytes in bytes()) {
        let text = program(&bytes);
        let parsed = parse(FILE, &text);
        let errors: Vec<&Diagnostic> =
            parsed.diagnostics.iter().filter(|one| one.is_error()).collect();
        prop_assert!(errors.is_empty(), "{text}\n{errors:?}");
        examine(&text)?;
    }

    #[test]
    fn every_width_is_laid_out_like_itself(bytes in bytes()) {
        let text = program(&bytes);
        for width in [40, 100] {
            let options = FormatOptions { width };
            let formatted = format(&text, &options).expect("programs are well-formed");
            let again = format(&formatted, &options).expect("it is well-formed");
            prop_assert_eq!(&again, &formatted);
        }
    }

    #[test]
    fn damaged_programs_are_read(
        bytes in bytes(),
        at in any::<proptest::sample::Index>(),
        cut in 0usize..8,
        insert in soup(),
    ) {
        let text = program(&bytes);
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        if starts.is_empty() {
            return Ok(());
        }
        let start = at.index(starts.len());
        let end = (start + cut).min(starts.len() - 1);
        let damaged = format!("{}{insert}{}", &text[..starts[start]], &text[starts[end]..]);
        examine(&damaged)?;
    }
}
