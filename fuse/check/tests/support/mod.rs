//! What the tests of packages and modules share.

use fuse_syntax::{Diagnostic, Files, Span};

/// One line per diagnostic, in the order of files and positions: severity,
/// code, place of the whole span, message, then indented what explains it.
pub(crate) fn report(files: &Files, diagnostics: &[Diagnostic]) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|diagnostic| (place(files, diagnostic.span), diagnostic.code));
    let mut text = String::new();
    for diagnostic in sorted {
        let severity = diagnostic.severity.as_str();
        text += &format!(
            "{severity}[{}] {} {}\n",
            diagnostic.code,
            place(files, diagnostic.span),
            diagnostic.message
        );
        for related in &diagnostic.related {
            text += &format!(
                "  note: {} {}\n",
                place(files, related.span),
                related.message
            );
        }
        if let Some(hint) = &diagnostic.hint {
            text += &format!("  hint: {hint}\n");
        }
        for fix in &diagnostic.fixes {
            let edits: Vec<String> = fix
                .edits
                .iter()
                .map(|(span, text)| format!("{} {text:?}", place(files, *span)))
                .collect();
            text += &format!("  fix: {} ({})\n", fix.title, edits.join(", "));
        }
    }
    text
}

fn place(files: &Files, span: Span) -> String {
    let file = files.get(span.file).expect("spans point into known files");
    let start = file.position(span.start);
    let end = file.position(span.end);
    format!(
        "{}:{}:{}-{}:{}",
        file.path(),
        start.line,
        start.column,
        end.line,
        end.column
    )
}
