//! Programs for tests.

use std::path::Path;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::canon::{DumpOptions, Program, dump, validate};
use fuse_check::load::{MemorySource, ModuleGraph, load};
use fuse_check::lower::lower;
use fuse_check::package::PackageGraph;
use fuse_syntax::{Diagnostic, Files};

/// The modules of a program without a manifest; `main.fuse` is the entry.
pub(crate) fn graph(files: &[(String, String)]) -> ModuleGraph {
    let root = Path::new("/app");
    let source = files
        .iter()
        .fold(MemorySource::new(), |source, (path, text)| {
            source.file(root.join(path), text)
        });
    load(
        &root.join("main.fuse"),
        &PackageGraph::anonymous(root, root),
        &source,
    )
}

fn shown(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let file = files.get(diagnostic.span.file);
        let at = file.map(|file| file.position(diagnostic.span.start));
        let (line, column) = at.map_or((0, 0), |at| (at.line, at.column));
        format!(
            "{} {line}:{column} {}\n",
            diagnostic.code, diagnostic.message
        )
    };
    diagnostics.iter().map(line).collect()
}

/// The program, or what is reported of it, one line each.
pub(crate) fn try_lower(files: &[(String, String)]) -> Result<Program, String> {
    let graph = graph(files);
    let analysis = analyze(&graph, &AnalyzeOptions::default());
    if analysis.has_errors() {
        let errors: Vec<_> = analysis
            .diagnostics()
            .iter()
            .filter(|one| one.is_error())
            .cloned()
            .collect();
        return Err(shown(&graph.files, &errors));
    }
    let program = lower(&graph, &analysis).map_err(|found| shown(&graph.files, &found))?;
    let violations: Vec<_> = validate(&program).iter().map(ToString::to_string).collect();
    assert!(
        violations.is_empty(),
        "{}\n{}",
        violations.join("\n"),
        dump(&program, DumpOptions { spans: true })
    );
    Ok(program)
}

/// The program of one module.
pub(crate) fn program(text: &str) -> Program {
    match try_lower(&[("main.fuse".to_owned(), text.to_owned())]) {
        Ok(program) => program,
        Err(errors) => panic!("{errors}\n{text}"),
    }
}

/// The text form of the program of one module, without spans.
pub(crate) fn text(source: &str) -> String {
    dump(&program(source), DumpOptions::default())
}

/// A text form without what all programs of one module have.
pub(crate) fn body(source: &str) -> String {
    let text = text(source);
    let rest = text.split_once("\n\n").map_or("", |(_, rest)| rest);
    format!("{}\n", rest.trim_end())
}
