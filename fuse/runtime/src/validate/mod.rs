//! Validation: what a value has to be beyond its representation.
//!
//! Constraints hold from left to right; the first that fails is reported for a
//! value. All fields of a record are looked at, and every failure is listed.

mod check;
mod path;
mod problems;
mod text;

pub(crate) use check::constraints;
pub use check::{Checked, validate, validate_fields};
pub(crate) use path::echo;
pub use path::{Path, Segment};
pub use problems::{FIELDS_MAX, Problems, code};
pub use text::{is_email, is_id};
