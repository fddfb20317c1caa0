//! What a component offers to be checked by.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::{Criticality, HealthState};

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Any error a check can end with.
pub type BoxError = Box<dyn Error + Send + Sync + 'static>;

/// Longest name of a component, in bytes.
pub const NAME_BYTES_MAX: usize = 64;

/// Checks one component.
///
/// A checker reports what it sees now: it does not retry, writes no user data,
/// is cheap enough to run every few seconds, and stops when its future is
/// dropped. Everything but [`check`](Self::check) is constant for its life.
///
/// ```
/// use plumego_health::{BoxFuture, CheckOutcome, ComponentChecker};
///
/// struct Disk { free_bytes: u64 }
///
/// impl ComponentChecker for Disk {
///     fn name(&self) -> &str {
///         "disk"
///     }
///
///     fn check(&self) -> BoxFuture<'_, CheckOutcome> {
///         Box::pin(async move {
///             if self.free_bytes > 1 << 30 {
///                 CheckOutcome::healthy()
///             } else {
///                 CheckOutcome::degraded("disk almost full").with_detail("free_bytes", self.free_bytes)
///             }
///         })
///     }
/// }
/// # assert_eq!(Disk { free_bytes: 0 }.name(), "disk");
/// ```
pub trait ComponentChecker: Send + Sync + 'static {
    /// The component's name: 1 to 64 bytes of `[a-z0-9_.-]`, a letter first.
    /// Unique among the components of a process.
    fn name(&self) -> &str;

    /// Looks at the component once.
    fn check<'a>(&'a self) -> BoxFuture<'a, CheckOutcome>;

    /// Whether the process can serve without it; it cannot, by default.
    fn criticality(&self) -> Criticality {
        Criticality::Critical
    }

    /// A deadline shorter than the runner's.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Names of what the component itself depends on.
    fn dependencies(&self) -> &[&str] {
        &[]
    }
}

/// Whether `name` may name a component: 1 to 64 bytes of `[a-z0-9_.-]`, a
/// letter first.
///
/// ```
/// assert!(plumego_health::is_component_name("cache.sessions-2"));
/// assert!(!plumego_health::is_component_name("Cache"));
/// ```
#[must_use]
pub fn is_component_name(name: &str) -> bool {
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    name.len() <= NAME_BYTES_MAX
        && name
            .bytes()
            .next()
            .is_some_and(|first| first.is_ascii_lowercase())
        && name.bytes().all(allowed)
}

/// What one check saw.
///
/// Only the state, the public message, and details named by
/// [`details_public`](Self::details_public) ever reach an unauthenticated
/// caller. `Debug` prints the kind of the cause, never its text, and the names
/// of the details, never their values.
#[non_exhaustive]
pub struct CheckOutcome {
    /// The state of the component.
    pub state: HealthState,
    /// A fixed text that is safe for anyone to read; may be empty.
    pub public_message: &'static str,
    /// What went wrong. May hold addresses or credentials.
    pub cause: Option<BoxError>,
    /// More, for operators.
    pub details: Map<String, Value>,
    pub(crate) public_details: Vec<&'static str>,
}

impl CheckOutcome {
    /// The public message of a check that ended with an error.
    pub const FAILED_MESSAGE: &'static str = "check failed";

    /// An outcome with a state and a public message.
    #[must_use]
    pub fn new(state: HealthState, public_message: &'static str) -> Self {
        Self {
            state,
            public_message,
            cause: None,
            details: Map::new(),
            public_details: Vec::new(),
        }
    }

    /// Full service.
    #[must_use]
    pub fn healthy() -> Self {
        Self::new(HealthState::Healthy, "")
    }

    /// Reduced function.
    #[must_use]
    pub fn degraded(public_message: &'static str) -> Self {
        Self::new(HealthState::Degraded, public_message)
    }

    /// No service.
    #[must_use]
    pub fn unhealthy(public_message: &'static str) -> Self {
        Self::new(HealthState::Unhealthy, public_message)
    }

    /// Keeps what went wrong, for operators only.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<BoxError>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Adds one detail, replacing an earlier one of that name.
    #[must_use]
    pub fn with_detail(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        self
    }

    /// Names the details that the public view keeps.
    #[must_use]
    pub fn details_public(mut self, keys: &[&'static str]) -> Self {
        self.public_details = keys.to_vec();
        self
    }
}

/// Success is healthy; an error is unhealthy with the message `check failed`.
impl From<Result<(), BoxError>> for CheckOutcome {
    fn from(result: Result<(), BoxError>) -> Self {
        match result {
            Ok(()) => Self::healthy(),
            Err(cause) => Self::unhealthy(Self::FAILED_MESSAGE).with_cause(cause),
        }
    }
}

impl fmt::Debug for CheckOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CheckOutcome")
            .field("state", &self.state)
            .field("public_message", &self.public_message)
            .field("cause", &self.cause.as_deref().map(CauseKind::of))
            .field("details", &self.details.keys().collect::<Vec<_>>())
            .finish()
    }
}

/// As much of an error as may be printed anywhere.
#[derive(Debug)]
pub(crate) enum CauseKind {
    /// The kind of the first I/O error in the chain.
    #[allow(dead_code)] // Read by `Debug` alone.
    Io(io::ErrorKind),
    /// An error of another type.
    Other,
}

impl CauseKind {
    fn of(cause: &(dyn Error + Send + Sync + 'static)) -> Self {
        let mut next: Option<&(dyn Error + 'static)> = Some(cause);
        while let Some(error) = next {
            if let Some(io) = error.downcast_ref::<io::Error>() {
                return Self::Io(io.kind());
            }
            next = error.source();
        }
        Self::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_rule() {
        for name in ["a", "db", "cache.sessions", "q_1-eu", &"a".repeat(64)] {
            assert!(is_component_name(name), "{name}");
        }
        for name in ["", "1db", "Db", ".db", "d b", "dé", "db/", &"a".repeat(65)] {
            assert!(!is_component_name(name), "{name}");
        }
    }

    #[test]
    fn results_become_outcomes() {
        assert_eq!(CheckOutcome::from(Ok(())).state, HealthState::Healthy);
        let failed = CheckOutcome::from(Err("password=hunter2".into()));
        assert_eq!(failed.state, HealthState::Unhealthy);
        assert_eq!(failed.public_message, "check failed");
        assert!(failed.cause.is_some());
    }

    #[test]
    fn debug_prints_the_kind_of_the_cause_and_no_values() {
        let refused = io::Error::new(
            io::ErrorKind::ConnectionRefused,
            "db.internal refused hunter2",
        );
        let outcome = CheckOutcome::unhealthy("database down")
            .with_cause(refused)
            .with_detail("host", "db.internal");
        let shown = format!("{outcome:?}");
        assert!(
            shown.contains("ConnectionRefused") && shown.contains("database down"),
            "{shown}"
        );
        assert!(
            !shown.contains("hunter2") && !shown.contains("db.internal"),
            "{shown}"
        );
        let other = format!("{:?}", CheckOutcome::from(Err("hunter2".into())));
        assert!(
            other.contains("Other") && !other.contains("hunter2"),
            "{other}"
        );
    }
}
