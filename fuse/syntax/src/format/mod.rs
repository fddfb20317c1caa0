//! The formatter: the one layout of a program.
//!
//! It prints logical lines one by one from the tokens. A line that fits is
//! printed flat, with spaces decided by what its tokens are in the tree; only
//! a line that does not fit, or that holds comments or brackets which the
//! author broke, is laid out along its tree.

mod imports;
mod layout;
mod lines;
mod roles;
mod spacing;

pub use roles::is_tag;

use crate::ast;
use crate::diagnostic::Diagnostic;
use crate::parse::{FILE_BYTES_MAX, Syntax};
use crate::span::FileId;

/// What may be chosen about the layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatOptions {
    /// How many characters a line may have, if there is a place to break it.
    pub width: u16,
}

impl Default for FormatOptions {
    fn default() -> Self {
        Self { width: 100 }
    }
}

/// Why a text was not formatted.
#[derive(Clone, Debug)]
pub enum FormatError {
    /// It has syntax errors; positions are in file zero.
    Syntax(Vec<Diagnostic>),
    /// The result would not say the same as the text: a defect of the
    /// formatter, found before any harm was done.
    Changed,
}

impl std::fmt::Display for FormatError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Syntax(diagnostics) => match diagnostics.first() {
                Some(first) => write!(f, "{}", first.message),
                None => f.write_str("syntax error"),
            },
            Self::Changed => f.write_str("formatting would change what the program says"),
        }
    }
}

impl std::error::Error for FormatError {}

/// Formats a file.
///
/// ```
/// use fuse_syntax::{FormatOptions, format};
///
/// let text = "fn f( a:Int,b:Int )->Int:\n    return a+b*2";
/// let formatted = format(text, &FormatOptions::default())?;
/// assert_eq!(formatted, "fn f(a: Int, b: Int) -> Int:\n  return a + b * 2\n");
/// # Ok::<(), fuse_syntax::FormatError>(())
/// ```
///
/// # Errors
///
/// When the text has syntax errors; there is no partial result. Before it is
/// returned, the result is parsed and compared with the text, comments
/// included.
pub fn format(text: &str, options: &FormatOptions) -> Result<String, FormatError> {
    let file = FileId(0);
    if text.len() > FILE_BYTES_MAX {
        return Err(FormatError::Syntax(vec![crate::parse::too_large(file)]));
    }
    let syntax = Syntax::parse(file, text);
    if syntax.diagnostics.iter().any(Diagnostic::is_error) {
        let errors = syntax.diagnostics.into_iter().filter(Diagnostic::is_error);
        return Err(FormatError::Syntax(errors.collect()));
    }
    let formatted = lines::print(&syntax, text, usize::from(options.width));
    if formatted != text && !says_the_same(&syntax, text, &formatted) {
        return Err(FormatError::Changed);
    }
    Ok(formatted)
}

fn says_the_same(syntax: &Syntax, text: &str, formatted: &str) -> bool {
    let after = Syntax::parse(FileId(0), formatted);
    let errors = after.diagnostics.iter().any(Diagnostic::is_error);
    !errors
        && module(syntax, text).same_meaning(&module(&after, formatted))
        && comments(syntax, text) == comments(&after, formatted)
}

fn module(syntax: &Syntax, text: &str) -> ast::Module {
    let mut module = ast::Module::default();
    crate::build::module(syntax, text, &mut module);
    module
}

/// The comments of a file, without the space that may change. Imports take
/// theirs along when they are sorted, so their order counts for nothing.
fn comments<'a>(syntax: &Syntax, text: &'a str) -> Vec<&'a str> {
    use crate::kind::SyntaxKind as K;
    let mut comments: Vec<&str> = (0..syntax.tokens.len())
        .filter(|at| matches!(syntax.tokens.kind(*at), K::Comment | K::Doc))
        .map(|at| &text[syntax.tokens.range(at).as_usize()])
        .map(|comment| comment.trim_start_matches('#').trim())
        .collect();
    comments.sort_unstable();
    comments
}
