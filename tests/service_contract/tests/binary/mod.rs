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

/// Whether the executable is at least as new as everything that Cargo says it
/// was made from.
fn is_fresh(binary: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified());
    let (Ok(built), Ok(list)) = (
        changed(binary),
        std::fs::read_to_string(binary.with_extension("d")),
    ) else {
        return false;
    };
    let is_older = |source: SystemTime| source <= built;
    // `<binary>: <source> <source> ...`, with the spaces of paths escaped.
    let list = list.replace("\\ ", "\u{0}");
    let sources = list.split_once(": ").map_or("", |(_, sources)| sources);
    let mut sources = sources.split_whitespace();
    sources.all(|source| changed(Path::new(&source.replace('\u{0}', " "))).is_ok_and(is_older))
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
