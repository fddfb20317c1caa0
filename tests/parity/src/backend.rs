//! Where a program runs.

use serde::Deserialize;

/// A way to run a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Backend {
    /// The interpreter.
    Ast,
    /// Native code in the process of the command.
    Native,
    /// An executable.
    Aot,
}

impl Backend {
    /// The backends that exist today; a row on one that does not is not run.
    pub const EXISTING: [Self; 1] = [Self::Ast];

    /// The name in flags and in tables.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Ast => "ast",
            Self::Native => "native",
            Self::Aot => "aot",
        }
    }
}
