use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// An executable of this repository that tests run, found beside them.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    /// The package it is built from.
    pub package: &'static str,
    /// Its name, without what a system puts behind names of executables.
    pub name: &'static str,
    /// The files and directories it is made from, below the root of the
    /// repository: its own package, those below it, and the manifests.
    pub sources: &'static [&'static str],
}

impl Program {
    /// Where the executable is. Tests and tools stand in
    /// `<target>/<profile>[/deps]`, programs in `<target>/<profile>`. Cargo
    /// builds it where it is missing or older than its sources.
    ///
    /// # Panics
    ///
    /// When it cannot be built.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let test = std::env::current_exe().expect("a running program has a path");
        let mut profile = test.parent().expect("a program is in a directory");
        if profile.ends_with("deps") {
            profile = profile
                .parent()
                .expect("cargo puts `deps` into a directory");
        }
        let binary = profile.join(format!("{}{}", self.name, std::env::consts::EXE_SUFFIX));
        if !self.is_fresh(&binary) {
            self.build(profile);
        }
        assert!(binary.is_file(), "{} was not built", binary.display());
        binary
    }

    /// Whether the executable is at least as new as every source.
    fn is_fresh(&self, binary: &Path) -> bool {
        let Some(built) = changed(binary) else {
            return false;
        };
        let sources = self.sources.iter();
        let newest = sources.filter_map(|source| newest(&root().join(source)));
        newest.max().is_some_and(|source| source <= built)
    }

    fn build(&self, profile: &Path) {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["build", "--quiet", "--locked"])
            .args(["--package", self.package, "--bin", self.name])
            .arg("--target-dir")
            .arg(profile.parent().expect("a profile is in the target"))
            .current_dir(root());
        if profile.ends_with("release") {
            command.arg("--release");
        }
        let status = command.status().expect("cargo can be started");
        assert!(status.success(), "{} does not build", self.name);
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
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
        // Tests do not go into a program.
        !path.ends_with("tests") && (path.is_dir() || path.extension().is_some_and(is_source))
    });
    sources.filter_map(|path| newest(&path)).max()
}
