//! From packages and modules to names, types, effects and the canonical program.

pub mod canon;
pub mod load;
pub mod package;
