//! The check cache: what a successful check read and found, so that the next
//! one can tell that nothing changed.
//!
//! A [`CheckStamp`] lists every input of a check with its hash, and the
//! warnings the check gave. It is valid while every input is as it was; the
//! size, time and number of a file only spare reading it. A stamp that is
//! damaged, truncated or from another version reads as none, so a cache can
//! make a check faster but never change what it says.

mod encode;
mod stamp;

#[cfg(test)]
mod tests;

pub use stamp::{CheckStamp, FileMark, Input, MarkProvider, StampedModule};
