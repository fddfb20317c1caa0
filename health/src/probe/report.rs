//! What one probe found.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::{BoxError, ComponentHealth, HealthStatus, ReadinessGate, ReadinessStatus, Timestamp};

/// The components as one probe saw them.
#[non_exhaustive]
pub struct ProbeReport {
    /// Each component of the set by name.
    pub components: BTreeMap<String, ComponentHealth>,
    /// When the probe began.
    pub started: Timestamp,
    /// How long it took.
    pub duration: Duration,
    causes: BTreeMap<String, BoxError>,
}

impl ProbeReport {
    pub(super) fn new(started: Timestamp) -> Self {
        Self {
            components: BTreeMap::new(),
            started,
            duration: Duration::ZERO,
            causes: BTreeMap::new(),
        }
    }

    pub(super) fn insert(
        &mut self,
        name: &str,
        component: ComponentHealth,
        cause: Option<BoxError>,
    ) {
        if let Some(cause) = cause {
            self.causes.insert(name.to_owned(), cause);
        }
        self.components.insert(name.to_owned(), component);
    }

    /// What a check ended with. May hold addresses or credentials: redact it
    /// before it is logged, and never send it to a caller you do not know.
    #[must_use]
    pub fn cause(&self, name: &str) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.causes.get(name).map(|cause| &**cause)
    }

    /// When the probe ended.
    #[must_use]
    pub fn finished(&self) -> Timestamp {
        self.started.saturating_add(self.duration)
    }

    /// The status of the whole, as of the end of the probe; see
    /// [`aggregate`](crate::aggregate()).
    #[must_use]
    pub fn status(&self) -> HealthStatus {
        crate::aggregate(&self.components, self.finished())
    }

    /// Whether the process is ready, as of the end of the probe; see
    /// [`readiness`](crate::readiness()).
    #[must_use]
    pub fn readiness(&self, gate: &ReadinessGate) -> ReadinessStatus {
        crate::readiness(&self.components, gate, self.finished())
    }
}

/// Prints what the public view would show, and which checks had a cause.
impl fmt::Debug for ProbeReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProbeReport")
            .field("components", &self.components)
            .field("started", &self.started)
            .field("duration", &self.duration)
            .field("causes", &self.causes.keys().collect::<Vec<_>>())
            .finish()
    }
}
