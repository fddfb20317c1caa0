//! Packages: the manifest, the dependencies it declares, and the lock file.
//!
//! [`read_manifest`] reads a `fuse.toml` whole; [`resolve`] follows its
//! dependencies and theirs, pins them in a [`Lock`], and hands out the
//! [`PackageGraph`] that modules are loaded with. Files are read through
//! [`SourceProvider`](crate::load::SourceProvider) and git is asked through
//! [`GitProvider`]; nothing here starts a program or touches the network.

mod dependency;
mod git;
mod graph;
mod lock;
mod manifest;
pub mod path;
mod read;
mod report;
mod resolve;
pub mod schema;
mod suggest;
mod verify;
mod workspace;

pub use dependency::{Dependency, GitRef, GitSource, Source, is_dependency_name, redact};
pub use git::{Checkout, FileMode, GitError, GitProvider, Integrity, LocalCheckouts, NoGit};
pub use graph::{Package, PackageGraph, PackageId};
pub use lock::{LOCK_VERSION, Lock, LockDifference, LockEntry, is_commit_id};
pub use manifest::{
    AssetsSection, BuildSection, Located, Manifest, PackageSection, ServeSection, TestSection,
    Text, ViteSection, WorkspaceSection,
};
pub use read::read_manifest;
pub use resolve::{
    LOCK_NAME, LockMode, MANIFEST_NAME, Refresh, Request, Resolution, command_problem, resolve,
};
pub use suggest::nearest;
pub use verify::verify_lock;
pub use workspace::{DirectoryEntry, DirectoryProvider, discover_packages, publish_problems};

pub(crate) use resolve::reason;
