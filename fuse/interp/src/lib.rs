//! The reference semantics of Fuse: walks the canonical program.
//!
//! Every other backend is held against this one, so it is simple before it is
//! fast: one function per kind of node, in the order the nodes are defined,
//! operands from left to right. What an operation does to values is not decided
//! here but in `fuse-runtime`; where control goes is.
//!
//! It refuses to know source text, and has no behaviour of its own that a
//! program could show.

mod call;
mod counts;
mod expr;
mod frame;
mod iterate;
mod machine;
mod markup;
mod meta;
mod pattern;
mod place;
mod stmt;

pub use counts::Counts;
pub use machine::Interpreter;
