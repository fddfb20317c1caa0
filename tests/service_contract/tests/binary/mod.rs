//! The compiled reference service, found beside the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::time::SystemTime;

/// The executable, built when it is missing or older than its sources.
pub(crate) fn standard_service() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(find);
    &BINARY
}

/// Tests are in `<target>/<profile>/deps`, programs in `<target>/<profile>`.
fn find() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let profile = test.parent().and_then(Path::parent).unwrap();
    let name = format!("standard-service{}", std::env::consts::EXE_SUFFIX);
    let binary = profile.join(name);
    if !is_fresh(&binary) {
        build(profile);
    }
    assert!(binary.is_file(), "{} was not built", binary.display());
    binary
}

/// Whether the executable is at least as new as every source it is made from.
fn is_fresh(binary: &Path) -> bool {
    /// The service and the crates below it.
    const SOURCES: [&str; 9] = [
        "Cargo.lock",
        "contract",
        "core",
        "health",
        "log",
        "metrics",
        "middleware",
        "reference/standard-service",
        "router",
    ];
    let Some(built) = changed(binary) else {
        return false;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let newest = SOURCES
        .iter()
        .filter_map(|source| newest(&root.join(source)));
    newest.max().is_some_and(|source| source <= built)
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
        let is_source = |kind| kind == "rs" || kind == "toml" || kind == "md";
        // Tests of those crates do not go into the service.
        !path.ends_with("tests") && (path.is_dir() || path.extension().is_some_and(is_source))
    });
    sources.filter_map(|path| newest(&path)).max()
}

fn build(profile: &Path) {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "-p", "standard-service", "--target-dir"])
        .arg(profile.parent().unwrap())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."));
    if profile.ends_with("release") {
        command.arg("--release");
    }
    assert!(command.status().unwrap().success(), "the build failed");
}
