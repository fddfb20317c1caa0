//! The explanations of codes: complete, and true as far as syntax goes.

use fuse_syntax::{Code, Diagnostic, FileId, FormatOptions, Level, format, parse};

/// The files of an example, by name; a single module is `main.fuse`.
fn example_files(example: &str) -> Vec<(&str, &str)> {
    if !example.starts_with("@file ") {
        return vec![("main.fuse", example)];
    }
    let files = example.split("@file ").skip(1);
    files.filter_map(|file| file.split_once('\n')).collect()
}

/// Modules of an example; one that only tells in comments, or with commands,
/// has none.
fn modules(example: &str) -> Vec<&str> {
    if example.starts_with("$ ") {
        return Vec::new();
    }
    let modules = example_files(example)
        .into_iter()
        .filter(|(name, _)| name.ends_with(".fuse"))
        .map(|(_, text)| text);
    modules
        .filter(|text| text.lines().any(|line| !line.starts_with('#')))
        .collect()
}

#[test]
fn every_code_is_explained_with_examples() {
    assert_eq!(Code::all().count(), 236);
    for code in Code::all() {
        let entry = code.entry();
        assert_eq!(entry.code, code);
        assert!(!entry.title.ends_with('.'), "{code}");
        assert!(entry.explanation.len() > 40, "{code}");
        assert!(entry.explanation.ends_with('.'), "{code}");
        assert!(!entry.bad.is_empty() && !entry.good.is_empty(), "{code}");
        assert_ne!(entry.bad, entry.good, "{code}");
    }
}

#[test]
fn titles_are_not_repeated() {
    let mut titles: Vec<&str> = Code::all().map(Code::title).collect();
    titles.sort_unstable();
    let count = titles.len();
    titles.dedup();
    assert_eq!(titles.len(), count);
}

#[test]
fn right_examples_are_well_formed_and_formatted() {
    for code in Code::all() {
        for module in modules(code.entry().good) {
            let parsed = parse(FileId(0), module);
            assert_eq!(parsed.diagnostics, [], "{code}\n{module}");
            let formatted = format(module, &FormatOptions::default());
            assert_eq!(formatted.expect("it is well-formed"), module, "{code}");
        }
    }
}

#[test]
fn wrong_examples_show_their_code_and_nothing_else() {
    for code in Code::all() {
        let found: Vec<Diagnostic> = modules(code.entry().bad)
            .into_iter()
            .flat_map(|module| parse(FileId(0), module).diagnostics)
            .collect();
        if is_syntactic(code) {
            let [only] = &found[..] else {
                panic!("{code}: {found:?}");
            };
            assert_eq!(only.code, code);
            assert_eq!(only.is_error(), code.default_level() == Level::Error);
        } else {
            assert_eq!(found, [], "{code}");
        }
    }
}

/// Codes that the lexer and the parser report for a text; two need bytes or a
/// depth that no example has.
fn is_syntactic(code: Code) -> bool {
    let name = code.as_str();
    (name.starts_with("FUSE_LEX_") || name.starts_with("FUSE_PARSE_"))
        && code != Code::LEX_ENCODING
        && code != Code::PARSE_NESTING
        || [
            Code::DOC_DANGLING,
            Code::RESERVED_KEYWORD,
            Code::PRECEDENCE_COALESCE,
            Code::DECL_QUALIFIED_NAME,
            Code::HTML_BLOCK_TARGET,
            Code::HTML_BLOCK_CHILD,
        ]
        .contains(&code)
}
