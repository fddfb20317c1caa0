//! The `fuse` command, found beside the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

/// The executable of this build: tests and tools stand in
/// `<target>/<profile>[/deps]`, programs in `<target>/<profile>`. Cargo builds
/// it where it is missing or older than its sources.
///
/// # Panics
///
/// When it cannot be built.
#[must_use]
pub fn fuse() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(find);
    &BINARY
}

fn find() -> PathBuf {
    let test = std::env::current_exe().expect("a running program has a path");
    let mut profile = test.parent().expect("a program is in a directory");
    if profile.ends_with("deps") {
        profile = profile
            .parent()
            .expect("cargo puts `deps` into a directory");
    }
    let binary = profile.join(format!("fuse{}", std::env::consts::EXE_SUFFIX));
    // Cargo knows best whether it is up to date, and answers quickly if so.
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args([
        "build",
        "--quiet",
        "--locked",
        "--package",
        "fuse",
        "--bin",
        "fuse",
    ]);
    command
        .arg("--target-dir")
        .arg(profile.parent().expect("a profile is in the target"));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    // Under nextest every case is a process of its own: only the first one
    // that runs needs to ask, the others find a binary newer than themselves.
    if !is_newer(&binary, &test) {
        let status = command.status().expect("cargo can be started");
        assert!(status.success(), "the fuse command does not build");
    }
    binary
}

fn is_newer(binary: &Path, test: &Path) -> bool {
    let changed = |path: &Path| {
        path.metadata()
            .and_then(|metadata| metadata.modified())
            .ok()
    };
    match (changed(binary), changed(test)) {
        (Some(binary), Some(test)) => binary >= test,
        _ => false,
    }
}
