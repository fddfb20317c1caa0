//! Every program of the specification that runs has a sound canonical form,
//! the same one each time.

use fuse_check::canon::{DumpOptions, dump};
use fuse_check::effects::{effects, report};

use fuse_syntax::{FormatOptions, format};

use crate::program::try_lower;

const LANGUAGE: &str = include_str!("../../../syntax/tests/cases/language.txt");
const TYPES: &str = include_str!("../../../syntax/tests/cases/types.txt");

/// The files of a case: those it names, or the one it is.
fn files_of(body: &str) -> Vec<(String, String)> {
    let file = |text: &str| format!("{}\n", text.replace('⇥', "\t").trim_end());
    if !body.starts_with("@file ") {
        return vec![("main.fuse".to_owned(), file(body))];
    }
    body.split("@file ")
        .skip(1)
        .filter_map(|part| part.split_once('\n'))
        .map(|(name, text)| (name.trim().to_owned(), file(text)))
        .collect()
}

/// Every case that has no errors, with its files.
pub(crate) fn cases() -> Vec<(String, Vec<(String, String)>)> {
    let mut cases = Vec::new();
    for text in [LANGUAGE, TYPES] {
        for case in text.split("@case ").skip(1) {
            let (header, body) = case.split_once('\n').expect("a case has a header line");
            let words: Vec<_> = header
                .split_whitespace()
                .filter(|word| *word != "[R]")
                .collect();
            let name = words[0].to_owned();
            let runs = matches!(words[1], "run" | "fault");
            let accepted = words[1] == "check" && matches!(words[2], "ok" | "warning");
            if runs || accepted {
                cases.push((name, files_of(body)));
            }
        }
    }
    cases
}

/// The fixtures of the runtime.
pub(crate) fn fixtures() -> Vec<(String, Vec<(String, String)>)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
    let mut fixtures = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder of programs") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a program");
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        fixtures.push((name, vec![("main.fuse".to_owned(), text)]));
    }
    fixtures.sort();
    fixtures
}

#[test]
fn every_program_lowers_to_the_same_sound_program() {
    let all: Vec<_> = cases().into_iter().chain(fixtures()).collect();
    assert!(all.len() > 90, "the corpus is here: {}", all.len());
    let mut failed = Vec::new();
    for (name, files) in all {
        let once = match try_lower(&files) {
            Ok(program) => program,
            Err(errors) => {
                failed.push(format!("{name}: {errors}"));
                continue;
            }
        };
        let again = try_lower(&files).expect("it lowered before");
        for spans in [false, true] {
            let options = DumpOptions { spans };
            assert_eq!(dump(&once, options), dump(&again, options), "{name}");
        }
        assert_eq!(
            report(&once, &effects(&once)),
            report(&again, &effects(&again)),
            "{name}"
        );
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn formatting_changes_nothing_but_places() {
    let mut formatted = 0;
    for (name, files) in cases().into_iter().chain(fixtures()) {
        let neat: Vec<_> = files
            .iter()
            .map(|(path, text)| {
                let is_source = path.ends_with(".fuse");
                let neat = if is_source {
                    format(text, &FormatOptions::default()).expect("it has no syntax error")
                } else {
                    text.clone()
                };
                (path.clone(), neat)
            })
            .collect();
        formatted += usize::from(neat != files);
        let options = DumpOptions { spans: false };
        let before = dump(&try_lower(&files).expect("it lowers"), options);
        let after = dump(
            &try_lower(&neat).expect("it lowers when formatted"),
            options,
        );
        assert_eq!(before, after, "{name}");
    }
    assert!(
        formatted > 5,
        "the corpus is not all formatted: {formatted}"
    );
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let mut source = String::from("fn f(n: Int) -> Int:\n  return ");
    source.push_str(&"(1 + ".repeat(120));
    source.push('n');
    source.push_str(&")".repeat(120));
    source.push('\n');
    let blocks = 60;
    source.push_str("\nfn g(n: Int) -> Int:\n");
    for depth in 1..=blocks {
        source.push_str(&format!("{}if n > {depth}:\n", "  ".repeat(depth)));
    }
    source.push_str(&format!(
        "{}print(n)\n  return n\n",
        "  ".repeat(blocks + 1)
    ));
    let program = try_lower(&[("main.fuse".to_owned(), source)]).expect("it lowers");
    assert!(dump(&program, DumpOptions { spans: false }).contains("(add.int 1 n%0)"));
}
