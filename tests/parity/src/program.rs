//! The `fuse` command, found beside the tests.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use plumego_testkit::Program;

/// The executable of this build; Cargo builds it where it is missing or older
/// than its sources.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn fuse() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| FUSE.path());
    &BINARY
}

const FUSE: Program = Program {
    package: "fuse",
    name: "fuse",
    sources: &[
        "Cargo.lock",
        "Cargo.toml",
        "contract",
        "core",
        "fuse",
        "health",
        "log",
        "metrics",
        "middleware",
        "router",
        "security",
        "store",
        "x/data",
        "x/openapi",
    ],
};
