//! Suites that every adapter of a contract must pass, and a disk to break.
//!
//! The tests of an adapter implement the fixture of its contract, call `run`,
//! and assert the report. A case that the fixture cannot stage is reported as
//! not applicable, and the test has to name it, so that nothing is left out
//! unseen. Reports serialize to JSON.

#[cfg(feature = "cache")]
pub mod cache;
#[cfg(feature = "db")]
pub mod db;
mod disk;
#[cfg(feature = "kv")]
pub mod durability;
mod effort;
#[cfg(feature = "file")]
pub mod file;
mod history;
#[cfg(feature = "idempotency")]
pub mod idempotency;
mod killing;
#[cfg(feature = "kv")]
pub mod kv;
mod random;
mod report;
mod sample;

pub use disk::{Calls, Crash, Fault, Image, SimulatedDisk};
pub use effort::Effort;
pub use report::{CaseResult, Report, Verdict};
