//! Diagnostics as JSON Lines for programs.

use serde::Serialize;

use super::{Code, Diagnostic, Severity};
use crate::files::Files;
use crate::span::Span;

/// One diagnostic as one line of JSON, without a line end. Members stand in a
/// fixed order, optional ones only when there is something to say.
///
/// ```
/// use fuse_syntax::{Code, Diagnostic, Files, Span, json_line};
///
/// let mut files = Files::new();
/// let file = files.add("main.fuse", "let x\n");
/// let diagnostic = Diagnostic::new(Code::PARSE_TOP_LEVEL, Span::new(file, 0, 3), "expected a declaration");
/// assert_eq!(
///     json_line(&diagnostic, &files),
///     r#"{"kind":"diagnostic","level":"error","code":"FUSE_PARSE_TOP_LEVEL","message":"expected a declaration","path":"main.fuse","line":1,"column":1,"end_line":1,"end_column":4,"span_start":0,"span_end":3}"#
/// );
/// ```
#[must_use]
pub fn json_line(diagnostic: &Diagnostic, files: &Files) -> String {
    let line = Line::new(diagnostic, files);
    // Texts and integers always serialize.
    serde_json::to_string(&line).unwrap_or_default()
}

#[derive(Serialize)]
struct Line<'a> {
    kind: &'static str,
    level: Severity,
    code: Code,
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    #[serde(flatten)]
    end: Option<End>,
    span_start: u32,
    span_end: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<RelatedLine<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<FixLine<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: u32,
    column: u32,
}

#[derive(Serialize)]
struct End {
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
struct RelatedLine<'a> {
    message: &'a str,
    #[serde(flatten)]
    place: Option<Place<'a>>,
    span_start: u32,
    span_end: u32,
}

#[derive(Serialize)]
struct FixLine<'a> {
    title: &'a str,
    safe: bool,
    edits: Vec<EditLine<'a>>,
}

#[derive(Serialize)]
struct EditLine<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'a str>,
    span_start: u32,
    span_end: u32,
    text: &'a str,
}

fn place(files: &Files, span: Span) -> Option<Place<'_>> {
    let file = files.get(span.file)?;
    let at = file.position(span.start);
    Some(Place {
        path: file.path(),
        line: at.line,
        column: at.column,
    })
}

fn end(files: &Files, span: Span) -> Option<End> {
    let at = files.get(span.file)?.position(span.end);
    Some(End {
        end_line: at.line,
        end_column: at.column,
    })
}

impl<'a> Line<'a> {
    fn new(diagnostic: &'a Diagnostic, files: &'a Files) -> Self {
        let related = diagnostic.related.iter().map(|related| RelatedLine {
            message: &related.message,
            place: place(files, related.span),
            span_start: related.span.start,
            span_end: related.span.end,
        });
        let edit = |(span, text): &'a (Span, String)| EditLine {
            path: files.get(span.file).map(crate::SourceFile::path),
            span_start: span.start,
            span_end: span.end,
            text,
        };
        let fixes = diagnostic.fixes.iter().map(|fix| FixLine {
            title: &fix.title,
            safe: fix.safe,
            edits: fix.edits.iter().map(edit).collect(),
        });
        Self {
            kind: "diagnostic",
            level: diagnostic.severity,
            code: diagnostic.code,
            message: &diagnostic.message,
            place: place(files, diagnostic.span),
            end: end(files, diagnostic.span),
            span_start: diagnostic.span.start,
            span_end: diagnostic.span.end,
            label: diagnostic.label.as_deref(),
            hint: diagnostic.hint.as_deref(),
            related: related.collect(),
            fixes: fixes.collect(),
        }
    }
}
