//! The public API of a crate, as its compiler sees it.

mod extract;
mod shown;

pub use extract::{ExtractError, Extractor, FORMAT, act_as_rustdoc};
pub use shown::{Shown, shown_types};
