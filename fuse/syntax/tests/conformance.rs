//! The conformance cases of the language, as far as syntax decides them: a
//! case that expects a code of the lexer or the parser gets exactly that, and
//! every other program has no syntax error.

use fuse_syntax::{Code, Files, Severity, parse};

const LANGUAGE: &str = include_str!("cases/language.txt");
const TYPES: &str = include_str!("cases/types.txt");

/// Codes that are decided without names and types.
fn is_syntactic(code: &str) -> bool {
    code.starts_with("FUSE_LEX_")
        || code.starts_with("FUSE_PARSE_")
        || matches!(
            code,
            "FUSE_RESERVED_KEYWORD"
                | "FUSE_DOC_DANGLING"
                | "FUSE_PRECEDENCE_COALESCE"
                | "FUSE_DECL_QUALIFIED_NAME"
                | "FUSE_HTML_BLOCK_TARGET"
                | "FUSE_HTML_BLOCK_CHILD"
        )
}

/// The errors a header lists, and the warnings, as `CODE line:col`.
fn expected(header: &str) -> Vec<String> {
    let words: Vec<&str> = header.split_whitespace().collect();
    let pairs = words.windows(2);
    pairs
        .filter(|pair| is_syntactic(pair[0]))
        .map(|pair| pair.join(" "))
        .collect()
}

fn files_of(body: &str) -> Vec<(String, String)> {
    let program = |text: &str| format!("{}\n", text.replace('⇥', "\t").trim_end());
    if !body.starts_with("@file ") {
        return vec![("main.fuse".to_owned(), program(body))];
    }
    body.split("@file ")
        .skip(1)
        .filter_map(|file| file.split_once('\n'))
        .map(|(name, text)| (name.trim().to_owned(), program(text)))
        .collect()
}

fn found(body: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut files = Files::new();
    for (name, text) in files_of(body) {
        if !name.ends_with(".fuse") {
            continue;
        }
        let id = files.add(name, text.as_str());
        let parsed = parse(id, &text);
        let errors = parsed
            .diagnostics
            .iter()
            .any(|one| one.severity == Severity::Error);
        assert_eq!(parsed.module.damaged, errors);
        for diagnostic in parsed.diagnostics {
            if let Some(at) = files.position(diagnostic.span) {
                found.push(format!("{} {}:{}", diagnostic.code, at.line, at.column));
            }
        }
    }
    found
}

fn check(cases: &str) -> usize {
    let mut count = 0;
    for case in cases.split("@case ").skip(1) {
        let (header, body) = case.split_once('\n').unwrap_or((case, ""));
        assert_eq!(found(body), expected(header), "@case {header}\n{body}");
        count += 1;
    }
    count
}

#[test]
fn cases_of_the_language_hold() {
    assert_eq!(check(LANGUAGE), 57);
}

#[test]
fn cases_of_types_have_no_syntax_errors_but_their_own() {
    assert_eq!(check(TYPES), 117);
}

#[test]
fn every_code_of_the_cases_is_listed() {
    for word in LANGUAGE.split_whitespace().chain(TYPES.split_whitespace()) {
        if word.starts_with("FUSE_") {
            assert!(Code::from_name(word).is_some(), "{word}");
        }
    }
}
