//! Constraints of refined types.

use super::intern::TypeStore;
use super::{Ty, TyKind};
use crate::ids::{FnId, Sym};

/// An interned [`Refinement`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RefineId(pub(super) u32);

/// Constraints in written order; that is also the order of checking.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Refinement {
    /// At least one.
    pub constraints: Box<[Constraint]>,
}

/// A numeric bound. A float is kept by its bits, so that bounds can be
/// compared and hashed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Bound {
    /// A whole number.
    Int(i64),
    /// The bits of a float.
    Float(u64),
}

impl Bound {
    /// The bound as a float.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "bounds of `Float` are floats by definition"
    )]
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Int(n) => n as f64,
            Self::Float(bits) => f64::from_bits(bits),
        }
    }
}

/// One constraint.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Constraint {
    /// Length of text in scalar values, or number of bytes, elements or
    /// entries; both ends included.
    Length {
        /// Fewest.
        min: i64,
        /// Most.
        max: i64,
    },
    /// Value of a number; both ends included.
    Range {
        /// Least.
        min: Bound,
        /// Greatest.
        max: Bound,
    },
    /// The text contains a match of this pattern.
    Regex(Sym),
    /// A function of the program answers `true`.
    Predicate {
        /// The function.
        function: FnId,
        /// Its name as written, for messages.
        name: Sym,
    },
}

impl TypeStore {
    /// `base(constraints)`. Constraints on a refined base are added to its
    /// own.
    pub fn refined(&mut self, base: Ty, constraints: &[Constraint]) -> Ty {
        if constraints.is_empty() || base.is_invalid() {
            return base;
        }
        let (base, all) = match self.kind(base) {
            TyKind::Refined(inner, id) => {
                let mut all = self.refinement(id).constraints.to_vec();
                all.extend_from_slice(constraints);
                (inner, all.into_boxed_slice())
            }
            _ => (base, Box::from(constraints)),
        };
        let refinement = Refinement { constraints: all };
        let id = match self.refinement_index.get(&refinement) {
            Some(&id) => id,
            None => {
                let id = RefineId(u32::try_from(self.refinements.len()).unwrap_or(u32::MAX));
                self.refinements.push(refinement.clone());
                self.refinement_index.insert(refinement, id);
                id
            }
        };
        self.intern(TyKind::Refined(base, id))
    }

    /// The constraints behind `id`.
    #[must_use]
    pub fn refinement(&self, id: RefineId) -> &Refinement {
        &self.refinements[id.0 as usize]
    }

    /// Whether every value of refinement `from` is one of `to`, seen without
    /// running anything: each constraint of `to` occurs in `from`, or its
    /// range contains a range of `from`.
    #[must_use]
    pub fn refinement_implies(&self, from: RefineId, to: RefineId) -> bool {
        let from = &self.refinement(from).constraints;
        let to = &self.refinement(to).constraints;
        to.iter()
            .all(|want| from.iter().any(|have| implies(have, want)))
    }
}

fn implies(have: &Constraint, want: &Constraint) -> bool {
    match (have, want) {
        (
            Constraint::Length { min, max },
            Constraint::Length {
                min: low,
                max: high,
            },
        ) => low <= min && max <= high,
        (
            Constraint::Range { min, max },
            Constraint::Range {
                min: low,
                max: high,
            },
        ) => at_most(*low, *min) && at_most(*max, *high),
        _ => have == want,
    }
}

/// Whether `a <= b`; whole numbers are compared exactly.
fn at_most(a: Bound, b: Bound) -> bool {
    match (a, b) {
        (Bound::Int(a), Bound::Int(b)) => a <= b,
        _ => a.to_f64() <= b.to_f64(),
    }
}
