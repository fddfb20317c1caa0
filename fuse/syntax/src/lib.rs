//! Fuse source text: tokens, trees, the AST, the formatter, and the
//! diagnostics of the whole front end with their renderers. It reads no files,
//! knows no names and checks no types.
//!
//! ```
//! use fuse_syntax::{Code, Files, parse};
//!
//! let text = "fn double(n: Int) -> Int:\n  return n * 2\n";
//! let mut files = Files::new();
//! let file = files.add("double.fuse", text);
//! let parsed = parse(file, text);
//! assert!(parsed.diagnostics.is_empty());
//! assert_eq!(parsed.module.items.len(), 1);
//!
//! let broken = parse(file, "fn double(n: Int) -> Int:\nreturn n * 2\n");
//! assert_eq!(broken.diagnostics[0].code, Code::PARSE_INDENT);
//! ```
//!
//! Parsing never fails: [`parse`] gives a module for any text, and every error
//! it has. Nothing panics, recurses or waits without a bound.

pub mod ast;
mod build;
pub mod diagnostic;
mod files;
mod format;
mod kind;
mod lex;
mod parse;
mod span;
pub mod tree;

pub use diagnostic::{
    Code, ColorChoice, ColorPolicy, Diagnostic, Entry, Fix, Level, LintLevel, LintLevels, NotALint,
    Related, Severity, TextRenderer, json_line,
};
pub use files::{Files, Position, SourceFile};
pub use format::{FormatError, FormatOptions, format, is_tag};
pub use kind::SyntaxKind;
pub use lex::{Lexed, Tokens, lex};
pub use parse::{FILE_BYTES_MAX, NESTING_MAX, Parsed, ParsedExpr, parse, parse_bytes, parse_expr};
pub use span::{FileId, Span, TextRange};
