//! Whether a program keeps the promises that backends rely on.
//!
//! A violation is a defect of lowering, never of the source: debug builds and
//! tests check every program they make.

mod body;
mod builtin;
mod calls;
mod rules;
mod tables;
#[cfg(test)]
mod tests;

use std::fmt;

use super::{function::Function, program::Program, source::Span};

/// A promise that a program breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The function it is in, by symbol; empty for a declaration.
    pub function: String,
    /// Where in the source of that function.
    pub span: Span,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            function,
            span,
            message,
        } = self;
        write!(f, "{function} @{}..{}: {message}", span.start, span.end)
    }
}

/// Looks for everything that backends may take for granted and that does not
/// hold. Checked are:
///
/// - symbols are distinct, and ids and counts fit their tables;
/// - every operand has the type its operation wants, and every expression the
///   type its operation gives;
/// - every expression, statement, pattern and place is used once;
/// - every variable is bound once, and used only where it has a value;
/// - what is changed may change; loops are left only from inside them, and
///   transactions only by an error;
/// - every path of a body ends in a return of the result type.
#[must_use]
pub fn validate(program: &Program) -> Vec<Violation> {
    let mut violations = Vec::new();
    tables::check(program, &mut violations);
    if !violations.is_empty() {
        // Bodies are checked against the tables, so those come first.
        return violations;
    }
    for function in &program.functions {
        body::check(program, function, &mut violations);
    }
    violations
}

fn violation(function: &Function, span: Span, message: String) -> Violation {
    Violation {
        function: function.symbol.clone(),
        span,
        message,
    }
}
