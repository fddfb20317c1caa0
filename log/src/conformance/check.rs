//! How cases say what is wrong.

use std::fmt;

/// How a case ended without a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything held.
    Held,
    /// The subject lacks what the case is about.
    NotApplicable,
}

/// What a subject did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! ensure {
    ($holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::conformance::Violation::new(format!($($what)+)));
        }
    };
}

macro_rules! ensure_eq {
    ($left:expr, $right:expr, $($what:tt)+) => {
        match (&$left, &$right) {
            (left, right) if *left == *right => {}
            (left, right) => {
                let what = format!($($what)+);
                return Err($crate::conformance::Violation::new(format!(
                    "{what}: got {left:?}, expected {right:?}"
                )));
            }
        }
    };
}
