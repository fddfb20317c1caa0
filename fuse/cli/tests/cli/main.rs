//! The `fuse` command from outside: the real executable, in directories of its own.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod assets;
mod check;
mod check_cache;
mod clean;
mod coverage;
mod deps;
#[cfg(unix)]
mod dev;
#[cfg(unix)]
mod dev_files;
mod doctor;
mod explain;
mod faults;
mod fmt;
mod git;
mod mistakes;
mod new;
mod openapi;
mod project;
mod run;
mod serve;
mod support;
mod usage;
mod workspace;
