//! From packages and modules to names, types, effects and the canonical program.
//!
//! ```
//! use fuse_check::analyze::{AnalyzeOptions, analyze};
//! use fuse_check::load::{MemorySource, load};
//! use fuse_check::package::PackageGraph;
//!
//! let source = MemorySource::new().file("/a/main.fuse", "app \"a\":\n  print(totl)\n");
//! let packages = PackageGraph::anonymous("/a".as_ref(), "/a".as_ref());
//! let graph = load("/a/main.fuse".as_ref(), &packages, &source);
//! let analysis = analyze(&graph, &AnalyzeOptions::default());
//! assert!(analysis.has_errors());
//! assert_eq!(analysis.diagnostics()[0].message, "unknown name `totl`");
//! ```
//!
//! Files are read through [`load::SourceProvider`] alone. [`analyze`] never
//! fails: what is wrong is in its diagnostics, one for each mistake.

pub mod analyze;
pub mod api;
mod body;
pub mod cache;
pub mod canon;
pub mod decls;
mod edits;
pub mod effects;
pub mod ids;
pub mod load;
pub mod lower;
pub mod package;
mod prelude;
mod regexes;
mod relate;
mod sink;
pub mod typed;
pub mod types;
mod whole;
mod words;
