//! Running checks: a set, a policy, one probe, and a cache of its report.
//!
//! Everything here needs a Tokio runtime with its timer enabled.

mod cached;
mod report;
mod run;
mod set;

pub use cached::{CachedProbe, CachedProbeOptions};
pub use report::ProbeReport;
pub use run::{ProbePolicy, probe};
pub use set::{ProbeConfigError, ProbeConfigErrorKind, ProbeSet};
