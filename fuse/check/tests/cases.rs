//! The conformance cases of the language, read from text files.
//!
//! A case is a header, `@case ID [R] KIND EXPECTATION`, and a program; `@file`
//! starts a file of a program with several. `check` and `strict` list exactly
//! the errors of the program, and warnings that must be among those reported;
//! `run` and `fault` say what happens when it runs, so here it has no errors.
//!
//! `FUSE_UPDATE=1 cargo test -p fuse-check --test cases` writes the
//! expectations of `check` and `strict` cases again.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fuse_check::analyze::{Analysis, AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, ModuleGraph, load};
use fuse_check::package::PackageGraph;
use fuse_syntax::Diagnostic;

struct Case {
    id: String,
    raised: bool,
    kind: String,
    expectation: String,
    files: Vec<(String, String)>,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix("@case ") {
            let (id, rest) = header.split_once(' ').expect("a case has a kind");
            let raised = rest.starts_with("[R] ");
            let rest = rest.strip_prefix("[R] ").unwrap_or(rest);
            let (kind, expectation) = rest.split_once(' ').expect("a case has an expectation");
            cases.push(Case {
                id: id.to_owned(),
                raised,
                kind: kind.to_owned(),
                expectation: expectation.to_owned(),
                files: Vec::new(),
            });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            continue;
        };
        if let Some(file) = line.strip_prefix("@file ") {
            case.files.push((file.to_owned(), String::new()));
            continue;
        }
        if case.files.is_empty() {
            case.files.push(("main.fuse".to_owned(), String::new()));
        }
        let text = &mut case.files.last_mut().expect("just pushed").1;
        text.push_str(&line.replace('⇥', "\t"));
        text.push('\n');
    }
    for (_, text) in cases.iter_mut().flat_map(|case| &mut case.files) {
        let end = text.trim_end().len();
        text.truncate(end);
        text.push('\n');
    }
    cases
}

fn graph(case: &Case) -> ModuleGraph {
    let mut source = MemorySource::new();
    for (path, text) in &case.files {
        source.insert(Path::new("/case").join(path), text);
    }
    let entry = match case.files.iter().any(|(path, _)| path == "src/main.fuse") {
        true => "/case/src/main.fuse",
        false => "/case/main.fuse",
    };
    let root = Path::new("/case");
    let directory = Path::new(entry)
        .parent()
        .expect("an entry is in a directory");
    let packages = PackageGraph::anonymous(
        if directory.ends_with("src") {
            root
        } else {
            directory
        },
        root,
    );
    load(entry.as_ref(), &packages, &source)
}

fn check(graph: &ModuleGraph, case: &Case) -> Analysis {
    let options = AnalyzeOptions {
        strict_architecture: case.kind == "strict",
        ..AnalyzeOptions::default()
    };
    analyze(graph, &options)
}

/// `FUSE_CODE 2:9`, with the file when that is not the main one.
fn place(graph: &ModuleGraph, diagnostic: &Diagnostic) -> String {
    let file = graph
        .files
        .get(diagnostic.span.file)
        .expect("spans are in files");
    let at = file.position(diagnostic.span.start);
    let file = match file.path() {
        "main.fuse" => String::new(),
        path => format!("{path}:"),
    };
    format!("{} {file}{}:{}", diagnostic.code, at.line, at.column)
}

fn errors(graph: &ModuleGraph, analysis: &Analysis) -> Vec<String> {
    let errors = analysis
        .diagnostics()
        .iter()
        .filter(|diagnostic| diagnostic.is_error());
    errors.map(|diagnostic| place(graph, diagnostic)).collect()
}

fn warnings(graph: &ModuleGraph, analysis: &Analysis) -> Vec<String> {
    let warnings = analysis
        .diagnostics()
        .iter()
        .filter(|diagnostic| !diagnostic.is_error());
    warnings
        .map(|diagnostic| place(graph, diagnostic))
        .collect()
}

/// The errors and warnings that an expectation lists.
fn expected(expectation: &str) -> (Vec<String>, Vec<String>) {
    let (mut errors, mut warnings) = (Vec::new(), Vec::new());
    let mut words = expectation.split(' ').filter(|word| *word != "ok");
    while let Some(word) = words.next() {
        let (list, code) = match word {
            "warning" => (&mut warnings, words.next().expect("a code follows")),
            code => (&mut errors, code),
        };
        list.push(format!("{code} {}", words.next().expect("a place follows")));
    }
    (errors, warnings)
}

fn failure(case: &Case) -> Option<String> {
    let graph = graph(case);
    let analysis = check(&graph, case);
    let (mut wanted, wanted_warnings) = match case.kind.as_str() {
        "check" | "strict" => expected(&case.expectation),
        _ => (Vec::new(), Vec::new()),
    };
    let mut found = errors(&graph, &analysis);
    let shown = found.clone();
    wanted.sort();
    found.sort();
    let warned = warnings(&graph, &analysis);
    let missing: Vec<&String> = wanted_warnings
        .iter()
        .filter(|warning| !warned.contains(warning))
        .collect();
    if wanted == found && missing.is_empty() {
        return None;
    }
    let mut text = format!("{} {}: expected {}\n", case.id, case.kind, case.expectation);
    let _ = writeln!(text, "  found {}", shown.join(" "));
    for diagnostic in analysis.diagnostics() {
        let _ = writeln!(
            text,
            "    {} {}",
            place(&graph, diagnostic),
            diagnostic.message
        );
    }
    Some(text)
}

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory()).expect("the cases are there");
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "cases")
    });
    files.sort();
    files
}

#[test]
fn every_case_gives_what_it_lists() {
    let mut failures = String::new();
    let mut count = 0;
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        if std::env::var_os("FUSE_UPDATE").is_some() {
            std::fs::write(&path, updated(&text)).expect("it can be written");
            continue;
        }
        for case in cases(&text) {
            count += 1;
            if let Some(failure) = failure(&case) {
                failures.push_str(&failure);
            }
        }
    }
    assert!(failures.is_empty(), "of {count} cases:\n{failures}");
}

/// The text of a file with the expectations that hold today.
fn updated(text: &str) -> String {
    let mut out = String::new();
    let mut cases = cases(text).into_iter();
    for line in text.lines() {
        if !line.starts_with("@case ") {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let case = cases.next().expect("headers and cases agree");
        if case.kind != "check" && case.kind != "strict" {
            out.push_str(line);
            out.push('\n');
            continue;
        }
        let graph = graph(&case);
        let analysis = check(&graph, &case);
        let mut found = errors(&graph, &analysis);
        let (_, listed) = expected(&case.expectation);
        let still = warnings(&graph, &analysis);
        let kept = listed.into_iter().filter(|warning| still.contains(warning));
        found.extend(kept.map(|warning| format!("warning {warning}")));
        let found = if found.is_empty() {
            "ok".to_owned()
        } else {
            found.join(" ")
        };
        let raised = if case.raised { "[R] " } else { "" };
        let _ = writeln!(out, "@case {} {raised}{} {found}", case.id, case.kind);
    }
    out
}
