//! The vocabulary of health: states, models, the checker contract, and pure
//! rules that turn component results into one answer.
//!
//! This crate knows no transport. It serves no endpoint, registers nothing,
//! runs nothing in the background and remembers nothing between probes, except
//! for the one report a `CachedProbe` holds (feature `probe`). Whoever owns an endpoint
//! maps the answer to HTTP, and returns the `public()` view to callers it does
//! not know.
//!
//! ```
//! use std::collections::BTreeMap;
//! use plumego_health::{
//!     aggregate, readiness, ComponentHealth, Criticality, HealthState, HealthStatus, SharedGate, Timestamp,
//! };
//! use std::time::SystemTime;
//!
//! let now = Timestamp::from(SystemTime::now());
//! let database = ComponentHealth::new(HealthStatus::new(HealthState::Healthy, now));
//! let mail = HealthStatus::new(HealthState::Unhealthy, now)
//!     .with_public_message("mail relay unreachable")
//!     .with_message("connect mail.internal:25: refused");
//! let mail = ComponentHealth::new(mail).with_criticality(Criticality::NonCritical);
//! let components = BTreeMap::from([("database".to_owned(), database), ("mail".to_owned(), mail)]);
//!
//! let status = aggregate(&components, now);
//! assert_eq!(status.status, HealthState::Degraded);
//! assert_eq!(status.message, "mail: unhealthy");
//!
//! let gate = SharedGate::new();
//! assert_eq!(readiness(&components, &gate.state(), now).reason, "starting");
//! gate.mark_ready();
//! assert!(readiness(&components, &gate.state(), now).ready);
//! ```

mod adapters;
mod aggregate;
mod checker;
#[cfg(feature = "conformance")]
pub mod conformance;
mod limits;
#[cfg(feature = "probe")]
mod probe;
mod public;
mod readiness;
mod state;
mod status;
mod timestamp;

pub use adapters::{FlagChecker, FnChecker, StaticChecker};
pub use aggregate::aggregate;
pub use checker::{
    BoxError, BoxFuture, CheckOutcome, ComponentChecker, NAME_BYTES_MAX, is_component_name,
};
pub use limits::{DETAILS_BYTES_MAX, DETAILS_ENTRIES_MAX, MESSAGE_CHARS_MAX};
#[cfg(feature = "probe")]
pub use probe::{
    CachedProbe, CachedProbeOptions, ProbeConfigError, ProbeConfigErrorKind, ProbePolicy,
    ProbeReport, ProbeSet, probe,
};
pub use readiness::{ReadinessGate, ReadinessStatus, SharedGate, readiness};
pub use state::{Criticality, HealthState};
pub use status::{ComponentHealth, HealthStatus};
pub use timestamp::{ParseTimestampError, Timestamp};
