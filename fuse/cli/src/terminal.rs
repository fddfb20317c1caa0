//! What the process finds around it.

use std::env;
use std::io::{IsTerminal as _, stderr};

/// The variables and streams that decide how something is printed, read once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    pub(crate) diagnostics: Option<String>,
    pub(crate) fuse_color: Option<String>,
    pub(crate) no_color: Option<String>,
    pub(crate) force_terminal: Option<String>,
    pub(crate) stderr_is_terminal: bool,
}

impl Environment {
    pub(crate) fn read() -> Self {
        let variable = |name: &str| env::var(name).ok();
        Self {
            diagnostics: variable("FUSE_DIAGNOSTICS"),
            fuse_color: variable("FUSE_COLOR"),
            no_color: variable("NO_COLOR"),
            force_terminal: variable("FUSE_COLOR_FORCE_TTY"),
            stderr_is_terminal: stderr().is_terminal(),
        }
    }
}
