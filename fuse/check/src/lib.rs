//! From packages and modules to names, types, effects and the canonical program.

pub mod analyze;
pub mod api;
mod body;
pub mod cache;
pub mod canon;
pub mod decls;
mod edits;
pub mod effects;
pub mod ids;
pub mod load;
pub mod lower;
pub mod package;
mod prelude;
mod regexes;
mod relate;
mod sink;
pub mod typed;
pub mod types;
mod whole;
mod words;
