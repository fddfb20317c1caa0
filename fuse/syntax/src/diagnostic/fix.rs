//! Applying fixes.

use super::{Diagnostic, Fix};
use crate::files::Files;
use crate::span::{FileId, Span};

/// The text of a file after edits; those of other files are left out. Nothing
/// when edits overlap or do not fall on characters of the text.
#[must_use]
pub fn apply_edits(text: &str, file: FileId, edits: &[(Span, String)]) -> Option<String> {
    let mut own: Vec<&(Span, String)> =
        edits.iter().filter(|(span, _)| span.file == file).collect();
    own.sort_by_key(|(span, _)| (span.start, span.end));
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for (span, replacement) in own {
        out.push_str(text.get(at..span.start as usize)?);
        out.push_str(replacement);
        at = span.end as usize;
        if span.end < span.start {
            return None;
        }
    }
    out.push_str(text.get(at..)?);
    Some(out)
}

/// The files that the safe fixes of diagnostics change, with their new texts.
/// Of fixes whose edits overlap the first is taken; another run finds the
/// rest.
#[must_use]
pub fn apply_safe_fixes(diagnostics: &[Diagnostic], files: &Files) -> Vec<(FileId, String)> {
    let mut taken: Vec<(Span, String)> = Vec::new();
    for diagnostic in diagnostics {
        let Some(fix) = diagnostic.fixes.iter().find(|fix| fix.safe) else {
            continue;
        };
        if !overlaps(fix, &taken) {
            taken.extend(fix.edits.iter().cloned());
        }
    }
    let changed = |(id, file): (FileId, &crate::SourceFile)| {
        let own = taken.iter().any(|(span, _)| span.file == id);
        let text = own
            .then(|| apply_edits(file.text(), id, &taken))
            .flatten()?;
        Some((id, text))
    };
    files.iter().filter_map(changed).collect()
}

fn overlaps(fix: &Fix, taken: &[(Span, String)]) -> bool {
    fix.edits.iter().any(|(one, _)| {
        taken.iter().any(|(other, _)| {
            one.file == other.file && one.start <= other.end && other.start <= one.end
        })
    })
}
