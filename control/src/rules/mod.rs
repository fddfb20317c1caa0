//! The rules. Each module holds one check: it takes values, returns findings,
//! and reads or changes nothing else.

pub mod dependency;
pub mod facade;
pub mod manifests;
pub mod public_dependency;
pub mod source;
pub mod spec_files;

use crate::violation::Violation;

/// What a check looked at, and what it found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// How many things were looked at: a check that looked at none proves
    /// nothing.
    pub items: usize,
    /// What is wrong with them.
    pub violations: Vec<Violation>,
}

impl Findings {
    /// Adds the findings of a part.
    pub fn extend(&mut self, other: Self) {
        self.items += other.items;
        self.violations.extend(other.violations);
    }

    pub(crate) fn report(&mut self, violation: Violation) {
        self.violations.push(violation);
    }
}
