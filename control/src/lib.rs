//! The control plane: promises about a workspace, checked by a machine.
//!
//! Spec files (`specs/*.yaml`) and module manifests (`module.yaml`) state what
//! may depend on what, who owns what, and what public signatures may show.
//! This crate reads them, looks at the workspace, and reports every place
//! where the two differ, with file, line, reason and remedy. It knows nothing
//! about any particular workspace: all names are data.
//!
//! It refuses to change anything, to guess about what it cannot read (a file
//! or a tool that answers in an unknown form fails its gate), and to depend on
//! the crates it checks.
//!
//! | Module | Does |
//! |---|---|
//! | [`workspace`] | reads everything once, into a value |
//! | [`specs`] | models of the spec files |
//! | [`graph`] | who depends on whom |
//! | [`api`] | what a public API shows, from rustdoc |
//! | [`rules`] | the checks: values in, violations out |
//! | [`gates`], [`report`] | one run over all checks, and its report |
//!
//! # Example
//!
//! The smallest workspace that is governed: one crate, one spec file.
//!
//! ```
//! use plumego_control::api::Extractor;
//! use plumego_control::gates::{Gate, Plan, run};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let dir = tempfile::tempdir()?;
//! let write = |path: &str, text: &str| {
//!     let path = dir.path().join(path);
//!     std::fs::create_dir_all(path.parent().expect("a file is in a directory"))?;
//!     std::fs::write(path, text)
//! };
//! write("Cargo.toml", "[workspace]\nmembers = [\"money\"]\nresolver = \"3\"\n")?;
//! write("Cargo.lock", "version = 4\n\n[[package]]\nname = \"money\"\nversion = \"1.0.0\"\n")?;
//! write("money/Cargo.toml", "[package]\nname = \"money\"\nversion = \"1.0.0\"\nedition = \"2024\"\n")?;
//! write("money/src/lib.rs", "//! Money.\n")?;
//! write("specs/repo.yaml", "version: 1\nrepo: { name: billing }\n")?;
//!
//! let report = run(
//!     &Plan {
//!         start: dir.path().to_path_buf(),
//!         gates: vec![Gate::SpecFiles, Gate::SourceRules],
//!         skipped: Vec::new(),
//!         extractor: Extractor::new(std::env::current_exe()?),
//!     },
//!     |_| {},
//! )?;
//! // The crate does not forbid unsafe code, and the report says where.
//! let violation = &report.gates[1].violations[0];
//! assert_eq!(violation.rule, "source-rules/unsafe-audit");
//! assert_eq!(report.exit_code(false), 1);
//! # Ok(())
//! # }
//! ```

mod cargo_toml;
mod decode;
mod metadata;
mod pattern;
mod violation;
mod yaml;

pub mod api;
pub mod gates;
pub mod graph;
pub mod report;
pub mod rules;
pub mod specs;
pub mod workspace;

pub use decode::At;
pub use metadata::{CargoPackage, CargoTarget, Dependency, DependencyKind};
pub use pattern::{ModuleFacts, ModuleId, Pattern, Selector};
pub use violation::{Level, Location, Violation};
