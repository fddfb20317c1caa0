//! Diagnostics: what is reported at compile time, in which order, and how it
//! is shown.

mod codes;
mod color;
mod fix;
mod json;
mod model;
mod order;
mod text;

pub use codes::{Code, Entry, Level};
pub use color::{ColorChoice, ColorPolicy, UnknownColorChoice};
pub use fix::{apply_edits, apply_safe_fixes};
pub use json::json_line;
pub use model::{Diagnostic, Fix, Related, Severity};
pub use order::{ERRORS_SHOWN, LintLevel, LintLevels, NotALint, limit, sort};
pub use text::{TextRenderer, summary};
