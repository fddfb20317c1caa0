//! Modules: what an import leads to, and everything a program consists of.
//!
//! [`load`] starts at the entry and follows imports depth first; every file is
//! read through a [`SourceProvider`], once. Whatever is wrong with an import or
//! an asset is reported here, names included: that they are bound once
//! (`FUSE_IMPORT_DUPLICATE`) and declared by their target (`FUSE_IMPORT_UNKNOWN`).
//! Whether they are used is the checker's to say.

mod cache;
mod graph;
mod json;
mod loader;
mod names;
mod path;
mod source;
mod std_error;

pub use cache::ParseCache;
pub use graph::{
    Asset, AssetContent, AssetId, ContentHash, ImportTarget, LoadedModule, ModuleGraph, ModuleId,
    ResolvedImport,
};
pub use json::{JsonError, JsonValue, decode_json};
pub use loader::{load, load_roots};
pub use names::exports;
pub use source::{MemorySource, Overlay, SourceProvider};
pub use std_error::{STD_ERROR, STD_ERROR_TYPES};
