//! Constraints of refined types.

use super::FnId;

/// One constraint of a refined type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constraint {
    /// Length in scalar values, bytes, elements or entries, inclusive.
    Length {
        /// At least.
        min: u64,
        /// At most.
        max: u64,
    },
    /// Range of an `Int`, inclusive.
    Int {
        /// At least.
        min: i64,
        /// At most.
        max: i64,
    },
    /// Range of a `Float`, inclusive; NaN is never inside.
    Float {
        /// At least.
        min: f64,
        /// At most.
        max: f64,
    },
    /// A pattern that has to be found in the text; an index into
    /// [`ProgramMeta::patterns`](super::ProgramMeta::patterns).
    Pattern(u32),
    /// A function of the program that has to answer `true`.
    Predicate {
        /// Its name as in source, unqualified.
        name: &'static str,
        /// The function.
        function: FnId,
    },
}
