//! From a package to rustdoc's JSON, on the workspace's own stable toolchain.
//!
//! The JSON output is behind a switch (`RUSTC_BOOTSTRAP`). The switch is set
//! for the one rustdoc process and never for cargo: build scripts react to it,
//! and every dependency would be compiled a second time. Cargo can be told
//! which program to use as rustdoc, so the calling program names itself and
//! becomes rustdoc when cargo starts it: see [`act_as_rustdoc`].

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use serde::Deserialize;

use crate::metadata::cargo;
use crate::workspace::{Package, Workspace};

/// The only format of rustdoc's JSON that is read. Rust 1.95 emits it.
pub const FORMAT: u32 = rustdoc_types::FORMAT_VERSION;

/// Names the real rustdoc for the program that stands in for it.
const REAL_RUSTDOC: &str = "PLUMEGO_REAL_RUSTDOC";

/// Why there is no answer about a crate. Never to be read as "no problem".
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The package has no library.
    #[error("{package} has no library, so it has no public API")]
    NoLibrary {
        /// The package.
        package: String,
    },
    /// Cargo could not be started.
    #[error("cannot start cargo")]
    Cargo(#[source] std::io::Error),
    /// The crate does not build.
    #[error("rustdoc failed for {package}; the compiler says:\n{stderr}")]
    Build {
        /// The package.
        package: String,
        /// What cargo and the compiler said.
        stderr: String,
    },
    /// The JSON is not where it should be.
    #[error("rustdoc wrote no {path}")]
    Missing {
        /// Where it should be.
        path: PathBuf,
        /// Why it could not be read.
        #[source]
        source: std::io::Error,
    },
    /// The JSON is of another format.
    #[error("rustdoc wrote format {found}, this tool reads {FORMAT}; use Rust 1.95")]
    Format {
        /// The format found.
        found: u32,
    },
    /// The JSON has the right format number and another form.
    #[error("rustdoc's answer about {package} cannot be read")]
    Form {
        /// The package.
        package: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

/// Builds rustdoc's JSON for packages of one workspace.
#[derive(Debug, Clone)]
pub struct Extractor {
    /// The program that calls [`act_as_rustdoc`] first thing.
    stand_in: PathBuf,
}

impl Extractor {
    /// An extractor whose caller is `stand_in`: an executable that calls
    /// [`act_as_rustdoc`] before anything else.
    #[must_use]
    pub fn new(stand_in: impl Into<PathBuf>) -> Self {
        Self {
            stand_in: stand_in.into(),
        }
    }

    /// The public API of `package` with all its public features.
    ///
    /// # Errors
    ///
    /// When the crate does not build, or the answer is missing or of a form
    /// that this version does not know.
    pub fn extract(
        &self,
        workspace: &Workspace,
        package: &Package,
    ) -> Result<rustdoc_types::Crate, ExtractError> {
        let name = &package.cargo.name;
        let mut targets = package.cargo.targets.iter();
        let library =
            targets
                .find(|target| target.is_library())
                .ok_or_else(|| ExtractError::NoLibrary {
                    package: name.clone(),
                })?;
        self.build(workspace, package)?;
        let file = format!("{}.json", library.name.replace('-', "_"));
        let path = workspace.target_directory.join("doc").join(file);
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(source) => return Err(ExtractError::Missing { path, source }),
        };
        read(name, &text)
    }

    fn build(&self, workspace: &Workspace, package: &Package) -> Result<(), ExtractError> {
        let mut command = Command::new(cargo());
        command.current_dir(&workspace.root).stdin(Stdio::null());
        command.args(["rustdoc", "--quiet", "--locked", "--lib", "--package"]);
        command.arg(&package.cargo.name);
        command.args(["--features", &public_features(package).join(",")]);
        command.args(["--", "-Z", "unstable-options", "--output-format", "json"]);
        command.args(["--cap-lints", "allow"]);
        command.env("RUSTDOC", &self.stand_in);
        command.env(REAL_RUSTDOC, real_rustdoc());
        let output = command.output().map_err(ExtractError::Cargo)?;
        if output.status.success() {
            return Ok(());
        }
        Err(ExtractError::Build {
            package: package.cargo.name.clone(),
            stderr: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}

/// Every feature that is not marked private by a leading underscore.
fn public_features(package: &Package) -> Vec<&str> {
    let features = package.cargo.features.keys();
    features
        .map(String::as_str)
        .filter(|feature| !feature.starts_with('_'))
        .collect()
}

fn real_rustdoc() -> OsString {
    std::env::var_os("RUSTDOC").unwrap_or_else(|| "rustdoc".into())
}

/// Reads rustdoc's JSON about `package`.
///
/// The format number is looked at first: another format may have the same
/// names with another meaning.
fn read(package: &str, text: &[u8]) -> Result<rustdoc_types::Crate, ExtractError> {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    let form = |source| ExtractError::Form {
        package: package.to_owned(),
        source,
    };
    let version: Version = serde_json::from_slice(text).map_err(form)?;
    if version.format_version != FORMAT {
        return Err(ExtractError::Format {
            found: version.format_version,
        });
    }
    serde_json::from_slice(text).map_err(form)
}

/// Becomes rustdoc when cargo has started this program in its place, and
/// returns what it exited with; `None` when this is an ordinary start.
///
/// A program that uses [`Extractor`] calls this before it does anything else.
#[must_use]
pub fn act_as_rustdoc() -> Option<ExitCode> {
    let real = std::env::var_os(REAL_RUSTDOC)?;
    let status = Command::new(real)
        .args(std::env::args_os().skip(1))
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove(REAL_RUSTDOC)
        .status();
    let code = status.ok().and_then(|status| status.code());
    Some(ExitCode::from(
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_format_is_an_error_before_its_content_is_read() {
        let text = br#"{"format_version": 999, "index": "anything"}"#;
        let error = read("p", text).unwrap_err();
        assert!(matches!(error, ExtractError::Format { found: 999 }));
        assert!(error.to_string().contains("999"));
    }

    #[test]
    fn a_known_number_with_an_unknown_form_is_an_error() {
        let text = format!(r#"{{"format_version": {FORMAT}}}"#);
        let error = read("p", text.as_bytes()).unwrap_err();
        assert!(matches!(error, ExtractError::Form { .. }));
        assert!(matches!(
            read("p", b"").unwrap_err(),
            ExtractError::Form { .. }
        ));
    }
}
