//! Where diagnostics go while they are found.

use fuse_syntax::Diagnostic;

/// Diagnostics in the order found.
#[derive(Default, Debug)]
pub(crate) struct Sink {
    /// What was found.
    pub(crate) diagnostics: Vec<Diagnostic>,
    errors: usize,
}

/// A moment in the life of a [`Sink`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark(usize);

impl Sink {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.errors += usize::from(diagnostic.is_error());
        self.diagnostics.push(diagnostic);
    }

    /// Now, to ask later what was reported in between.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.errors)
    }

    /// Whether an error was reported since. What holds a reported mistake is
    /// not reported again.
    pub(crate) fn reported_since(&self, mark: Mark) -> bool {
        self.errors > mark.0
    }
}
