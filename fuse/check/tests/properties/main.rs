//! Rules of the language that are checked against a second, naive statement of
//! them: which type may stand where, and which patterns cover a type; and that lock
//! files say what they were given.

mod assignability;
mod exhaustiveness;
mod lock;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, load};
use fuse_check::package::PackageGraph;
use fuse_syntax::Diagnostic;

/// A diagnostic with its line, from 1.
struct Found {
    line: u32,
    diagnostic: Diagnostic,
}

/// Everything that is reported about a module, warnings included.
fn check(text: &str) -> Vec<Found> {
    let source = MemorySource::new().file("/a/main.fuse", text);
    let packages = PackageGraph::anonymous("/a".as_ref(), "/a".as_ref());
    let graph = load("/a/main.fuse".as_ref(), &packages, &source);
    let options = AnalyzeOptions {
        max_errors: Some(0),
        ..AnalyzeOptions::default()
    };
    let analysis = analyze(&graph, &options);
    let found = analysis.diagnostics().iter().map(|diagnostic| {
        let file = graph.files.get(diagnostic.span.file);
        Found {
            line: file
                .expect("spans are in files")
                .position(diagnostic.span.start)
                .line,
            diagnostic: diagnostic.clone(),
        }
    });
    found.collect()
}
