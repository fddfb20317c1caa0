//! Running a program: its entries, how it ends, and what is said about that.

mod entry;
mod report;

pub use report::{Exit, PanicReport, one_line, panic_kind, trace};
