//! The conformance cases of the language, read from text files.
//!
//! A case is a header, `@case ID [R] KIND EXPECTATION`, and a program; `@file`
//! starts a file of a program with several. `check` and `strict` list exactly
//! the errors of the program, and warnings that must be among those reported;
//! `run` and `fault` say what happens when it runs, so here it has no errors.
//!
//! `FUSE_UPDATE=1 cargo test -p fuse-check --test cases` writes the
//! expectations of `check` and `strict` cases again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::effects::effects;
use fuse_check::load::{MemorySource, ModuleGraph, load};
use fuse_check::lower::lower;
use fuse_check::package::{Package, PackageGraph, PackageId};
use fuse_syntax::{Code, Diagnostic, Fix, TextRenderer};

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

/// The packages of a case: the root, and one for each directory below `deps`.
fn packages(case: &Case, root: &Path) -> PackageGraph {
    let package = |root: PathBuf, dependencies: BTreeMap<String, PackageId>| Package {
        name: None,
        root,
        manifest: None,
        dependencies,
    };
    let below = |path: &String| Some(path.strip_prefix("deps/")?.split_once('/')?.0.to_owned());
    let names: BTreeSet<String> = case
        .files
        .iter()
        .filter_map(|(path, _)| below(path))
        .collect();
    let numbers = names.iter().cloned().zip((1..).map(PackageId)).collect();
    let mut packages = vec![package(root.to_owned(), numbers)];
    let dependencies = names
        .iter()
        .map(|name| package(Path::new("/case/deps").join(name), BTreeMap::new()));
    packages.extend(dependencies);
    PackageGraph::new(packages, Path::new("/case"), Vec::new())
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
    load(entry.as_ref(), &packages(case, Path::new("/case")), &source)
}

/// What is reported about a program.
struct Checked(Vec<Diagnostic>);

impl Checked {
    fn diagnostics(&self) -> &[Diagnostic] {
        &self.0
    }
}

fn check(graph: &ModuleGraph, case: &Case) -> Checked {
    let options = AnalyzeOptions {
        strict_architecture: case.kind == "strict",
        ..AnalyzeOptions::default()
    };
    let analysis = analyze(graph, &options);
    let mut diagnostics = analysis.diagnostics().to_vec();
    match lower(graph, &analysis) {
        Ok(program) => diagnostics.extend(effects(&program).blocking_routes(&program, graph)),
        Err(more) => diagnostics.extend(more),
    }
    Checked(diagnostics)
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

fn errors(graph: &ModuleGraph, analysis: &Checked) -> Vec<String> {
    let errors = analysis
        .diagnostics()
        .iter()
        .filter(|diagnostic| diagnostic.is_error());
    errors.map(|diagnostic| place(graph, diagnostic)).collect()
}

fn warnings(graph: &ModuleGraph, analysis: &Checked) -> Vec<String> {
    let warnings = analysis
        .diagnostics()
        .iter()
        .filter(|diagnostic| !diagnostic.is_error());
    warnings
        .map(|diagnostic| place(graph, diagnostic))
        .collect()
}

/// What an expectation lists.
#[derive(Default)]
struct Expected {
    errors: Vec<String>,
    warnings: Vec<String>,
    /// Codes that must not be reported, error or warning.
    absent: Vec<String>,
}

fn expected(expectation: &str) -> Expected {
    let mut expected = Expected::default();
    let mut words = expectation
        .split(' ')
        .filter(|word| !matches!(*word, "ok" | "?"));
    while let Some(word) = words.next() {
        let mut next = || words.next().expect("another word follows");
        match word {
            "not" => expected.absent.push(next().to_owned()),
            "warning" => {
                let warning = format!("{} {}", next(), next());
                expected.warnings.push(warning);
            }
            code => expected.errors.push(format!("{code} {}", next())),
        }
    }
    expected
}

fn failure(case: &Case) -> Option<String> {
    let graph = graph(case);
    let analysis = check(&graph, case);
    let expected = match case.kind.as_str() {
        "check" | "strict" => expected(&case.expectation),
        _ => Expected::default(),
    };
    let mut wanted = expected.errors;
    let mut found = errors(&graph, &analysis);
    let shown = found.clone();
    wanted.sort();
    found.sort();
    let warned = warnings(&graph, &analysis);
    let missing: Vec<&String> = expected
        .warnings
        .iter()
        .filter(|warning| !warned.contains(warning))
        .collect();
    let reported = |code: &String| {
        let all = analysis.diagnostics().iter();
        all.map(|diagnostic| diagnostic.code.as_str())
            .any(|found| found == code)
    };
    let absent = !expected.absent.iter().any(reported);
    if wanted == found && missing.is_empty() && absent {
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
        let listed = expected(&case.expectation);
        let still = warnings(&graph, &analysis);
        if found.is_empty() {
            found.push("ok".to_owned());
        }
        let kept = listed
            .warnings
            .into_iter()
            .filter(|warning| still.contains(warning));
        found.extend(kept.map(|warning| format!("warning {warning}")));
        found.extend(listed.absent.into_iter().map(|code| format!("not {code}")));
        let found = found.join(" ");
        let raised = if case.raised { "[R] " } else { "" };
        let _ = writeln!(out, "@case {} {raised}{} {found}", case.id, case.kind);
    }
    out
}

/// The program with the edits of a fix applied.
fn mended(case: &Case, graph: &ModuleGraph, fix: &Fix) -> Case {
    let mut files = case.files.clone();
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse((span.start, span.end)));
    for (span, text) in edits {
        let path = graph
            .files
            .get(span.file)
            .expect("spans are in files")
            .path();
        let file = files.iter_mut().find(|(known, _)| known == path);
        let (_, content) = file.expect("fixes edit files of the case");
        content.replace_range(span.range().as_usize(), &text);
    }
    Case {
        id: case.id.clone(),
        raised: case.raised,
        kind: case.kind.clone(),
        expectation: String::new(),
        files,
    }
}

/// How often each code is reported.
fn counts(analysis: &Checked) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for diagnostic in analysis.diagnostics() {
        *counts.entry(diagnostic.code.as_str()).or_default() += 1;
    }
    counts
}

#[test]
fn every_fix_removes_its_diagnostic_and_adds_none() {
    let mut failures = String::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for case in cases(&text) {
            let graph = graph(&case);
            let analysis = check(&graph, &case);
            let before = counts(&analysis);
            let semantic = |one: &&Diagnostic| is_semantic(one.code);
            for diagnostic in analysis.diagnostics().iter().filter(semantic) {
                for fix in &diagnostic.fixes {
                    let mended = mended(&case, &graph, fix);
                    let graph = self::graph(&mended);
                    let analysis = check(&graph, &mended);
                    let after = counts(&analysis);
                    let code = diagnostic.code.as_str();
                    let fewer = after.get(code).copied().unwrap_or(0) < before[code];
                    let more: Vec<&&str> = after
                        .iter()
                        .filter(|(code, count)| before.get(*code).is_none_or(|old| old < count))
                        .map(|(code, _)| code)
                        .collect();
                    if fewer && more.is_empty() {
                        continue;
                    }
                    let _ = writeln!(
                        failures,
                        "{}: {code}, {}: adds {more:?}",
                        case.id, fix.title
                    );
                    for (path, text) in &mended.files {
                        let _ = writeln!(failures, "--- {path}\n{text}");
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Codes that are reported before names and types are looked at, or by tools.
fn is_semantic(code: Code) -> bool {
    let other = [
        "FUSE_LEX_",
        "FUSE_PARSE_",
        "FUSE_IMPORT_",
        "FUSE_ASSET_",
        "FUSE_DEP_",
        "FUSE_LOCK_",
        "FUSE_MANIFEST_",
        "FUSE_WORKSPACE_",
        "FUSE_DOC_",
        "FUSE_RESERVED_",
        "FUSE_PRECEDENCE_",
        "FUSE_TOO_MANY_ERRORS",
        "FUSE_INTERNAL",
    ];
    !other.iter().any(|prefix| code.as_str().starts_with(prefix))
}

#[test]
fn every_semantic_code_has_a_case() {
    let mut reported: BTreeSet<String> = BTreeSet::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for case in cases(&text)
            .iter()
            .filter(|case| matches!(&*case.kind, "check" | "strict"))
        {
            let expected = expected(&case.expectation);
            let listed = expected.errors.iter().chain(&expected.warnings);
            reported.extend(listed.filter_map(|one| Some(one.split_once(' ')?.0.to_owned())));
        }
    }
    let missing: Vec<&str> = Code::all()
        .filter(|code| is_semantic(*code) && !reported.contains(code.as_str()))
        .map(Code::as_str)
        .collect();
    assert!(missing.is_empty(), "no case reports {missing:?}");
}

/// The first diagnostic of every code, as a terminal shows it.
#[test]
fn every_code_has_its_look() {
    let mut looks: BTreeMap<&str, String> = BTreeMap::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("it can be read");
        for case in cases(&text) {
            let graph = graph(&case);
            let analysis = check(&graph, &case);
            for diagnostic in analysis
                .diagnostics()
                .iter()
                .filter(|one| is_semantic(one.code))
            {
                looks
                    .entry(diagnostic.code.as_str())
                    .or_insert_with(|| TextRenderer::default().render(diagnostic, &graph.files));
            }
        }
    }
    let shown: Vec<String> = looks.into_values().collect();
    insta::assert_snapshot!(shown.join("\n"));
}
