//! Runs the executable in a directory of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A directory with a home and a cache of its own.
pub(crate) struct World {
    directory: TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for own in ["home", "cache", "work"] {
            fs::create_dir(directory.path().join(own)).unwrap();
        }
        Self { directory }
    }

    /// With files in the working directory.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let world = Self::new();
        for (path, text) in files {
            world.write(path, text);
        }
        world
    }

    /// A file or directory in the working directory.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.directory.path().join("work").join(path)
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.directory.path().join("cache")
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    /// The command in the working directory, with nothing of this process's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fuse"));
        command
            .args(arguments)
            .current_dir(self.path(""))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path().join("home"))
            .env("FUSE_CACHE_DIR", self.cache())
            .stdin(Stdio::null());
        command
    }

    /// Runs a command line, split at spaces.
    pub(crate) fn run(&self, line: &str) -> Run {
        self.run_in("", line)
    }

    /// Runs a command line in a directory below the working directory.
    pub(crate) fn run_in(&self, directory: &str, line: &str) -> Run {
        let arguments: Vec<&str> = line.split(' ').filter(|word| !word.is_empty()).collect();
        self.finish(
            line,
            self.command(&arguments).current_dir(self.path(directory)),
        )
    }

    /// Runs a prepared command.
    pub(crate) fn finish(&self, line: &str, command: &mut Command) -> Run {
        Run::new(line, &command.output().unwrap(), &self.path(""))
    }
}

/// What a run left.
pub(crate) struct Run {
    line: String,
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(line: &str, output: &Output, directory: &Path) -> Self {
        let canonical = fs::canonicalize(directory).unwrap();
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(canonical.to_str().unwrap(), "[work]")
                .replace(canonical.parent().unwrap().to_str().unwrap(), "[world]")
        };
        Self {
            line: line.to_owned(),
            status: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// The run as a terminal shows it.
    pub(crate) fn shown(&self) -> String {
        let status = self
            .status
            .map_or_else(|| "killed".to_owned(), |status| status.to_string());
        let mut text = format!("$ fuse {}\n", self.line);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text += &format!("--- {name}\n{stream}");
                if !stream.ends_with('\n') {
                    text += "⏎\n";
                }
            }
        }
        text + &format!("--- exit {status}\n")
    }

    /// Every line of standard error as JSON.
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
            .collect()
    }
}

/// The runs one after the other.
pub(crate) fn transcript(runs: impl IntoIterator<Item = Run>) -> String {
    let shown: Vec<String> = runs.into_iter().map(|run| run.shown()).collect();
    shown.join("\n")
}

/// A module that is right, and one with an error.
pub(crate) const GOOD: &str = "app \"t\":\n  print(1)\n";
pub(crate) const BAD: &str = "app \"t\":\n  let x 1\n";

/// A manifest of a package with `main.fuse`.
pub(crate) fn manifest(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nentry = \"main.fuse\"\n")
}

/// A package with a right `main.fuse`.
pub(crate) fn package() -> World {
    World::with(&[("fuse.toml", &manifest("app")), ("main.fuse", GOOD)])
}
