//! Diagnostics: what is reported at compile time, in which order, and how it
//! is shown.

mod codes;
mod model;

pub use codes::{Code, Entry, Level};
pub use model::{Diagnostic, Fix, Related, Severity};
