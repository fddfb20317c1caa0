//! The `fuse` command, found beside the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::SystemTime;

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
    if !is_fresh(&binary) {
        build(profile);
    }
    binary
}

/// Whether the executable is at least as new as every source it is made from.
fn is_fresh(binary: &Path) -> bool {
    /// The command and the crates below it.
    const SOURCES: [&str; 14] = [
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
    ];
    let Some(built) = changed(binary) else {
        return false;
    };
    let root = root();
    let newest = SOURCES
        .iter()
        .filter_map(|source| newest(&root.join(source)));
    newest.max().is_some_and(|source| source <= built)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn changed(path: &Path) -> Option<SystemTime> {
    path.metadata()
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// The last change of a source file, or of those in a directory.
fn newest(path: &Path) -> Option<SystemTime> {
    let Ok(entries) = path.read_dir() else {
        return changed(path);
    };
    let entries = entries.filter_map(Result::ok).map(|entry| entry.path());
    let sources = entries.filter(|path| {
        let is_source = |kind| kind != "yaml";
        // Tests do not go into the command.
        !path.ends_with("tests") && (path.is_dir() || path.extension().is_some_and(is_source))
    });
    sources.filter_map(|path| newest(&path)).max()
}

fn build(profile: &Path) {
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
    command.current_dir(root());
    let status = command.status().expect("cargo can be started");
    assert!(status.success(), "the fuse command does not build");
}
