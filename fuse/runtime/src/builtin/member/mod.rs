//! Methods of built-in types; the receiver is the first argument.

pub(super) mod bytes;
pub(super) mod choice;
pub(super) mod data;
pub(super) mod list;
pub(super) mod list_functional;
pub(super) mod map;
pub(super) mod number;
pub(super) mod pattern;
pub(super) mod text;
