//! From everything that was found to what is shown.

use fuse_syntax::Diagnostic;
use fuse_syntax::diagnostic::{ERRORS_SHOWN, limit, sort};

use super::AnalyzeOptions;
use crate::load::ModuleGraph;

/// Puts diagnostics in order of path, line, column and
/// code, each once, up to the limit of errors.
pub(super) fn finish<'d>(
    graph: &ModuleGraph,
    found: impl Iterator<Item = &'d Diagnostic>,
    options: &AnalyzeOptions,
) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> = found.cloned().collect();
    sort(&mut diagnostics, &graph.files);
    let most = options.max_errors.unwrap_or(ERRORS_SHOWN);
    limit(&mut diagnostics, &graph.files, most);
    diagnostics
}
