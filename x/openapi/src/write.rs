//! Documents as text.

use std::io;

use serde_json::Value;

use crate::document::Document;
use crate::problem::SpecProblem;
use crate::validate::{has_errors, validate};
use crate::yaml;

/// The document as JSON: two spaces, a newline at the end.
#[must_use]
pub fn to_json(document: &Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Writing to memory fails only for values that JSON has no form for, and
    // the model holds none.
    let _ = write_json(&mut bytes, document);
    bytes
}

/// The document as YAML 1.2 in block style.
#[must_use]
pub fn to_yaml(document: &Document) -> Vec<u8> {
    let mut bytes = Vec::new();
    // As above.
    let _ = write_yaml(&mut bytes, document);
    bytes
}

/// Writes the document as JSON.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_json(writer: &mut impl io::Write, document: &Document) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *writer, document)?;
    writer.write_all(b"\n")
}

/// Writes the document as YAML.
///
/// # Errors
///
/// What the writer fails with.
pub fn write_yaml(writer: &mut impl io::Write, document: &Document) -> io::Result<()> {
    let text = serde_json::to_string(document)?;
    // Reading the text back keeps the order of members, which `Value` does not.
    let node: yaml::Node = serde_json::from_str(&text)?;
    writer.write_all(node.to_text().as_bytes())
}

/// Why a text is not a document.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// It is not JSON, or not of the shape of a document.
    #[error("not an OpenAPI document: {0}")]
    Json(#[from] serde_json::Error),
    /// It breaks a rule of meaning.
    #[error("not a valid OpenAPI document: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<SpecProblem>),
}

/// Reads a document from JSON.
///
/// # Errors
///
/// With line and column when it is not JSON or has another shape; with all
/// problems when it breaks the rules of [`validate`].
pub fn parse(bytes: &[u8]) -> Result<Document, ParseError> {
    let document: Document = serde_json::from_slice(bytes)?;
    match validate(&document) {
        Err(problems) if has_errors(&problems) => Err(ParseError::Invalid(problems)),
        _ => Ok(document),
    }
}

/// The document as a tree, for tools that compare.
#[must_use]
pub fn to_value(document: &Document) -> Value {
    // Nothing in the model fails to become a tree.
    serde_json::to_value(document).unwrap_or(Value::Null)
}
