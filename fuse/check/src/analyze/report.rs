//! From everything that was found to what is shown.

use fuse_syntax::{Diagnostic, Files};

/// Puts diagnostics in order of path, line, column and code, each once.
pub(super) fn finish(files: &Files, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let path = |diagnostic: &Diagnostic| {
        files
            .get(diagnostic.span.file)
            .map_or("", fuse_syntax::SourceFile::path)
    };
    // Offsets order lines and columns.
    found.sort_by(|a, b| {
        let place = (a.span.start, a.code, a.span.end, &a.message);
        let other = (b.span.start, b.code, b.span.end, &b.message);
        path(a).cmp(path(b)).then_with(|| place.cmp(&other))
    });
    found.dedup();
    found
}
