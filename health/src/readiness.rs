//! Whether the process wants traffic: the gate, the decision, its model.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::{ComponentHealth, Timestamp};

/// The answer of a readiness endpoint.
///
/// `Debug` prints the reason only when [`readiness`] gave it.
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReadinessStatus {
    /// Whether traffic may be sent.
    pub ready: bool,
    /// Why not; empty when ready.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// When this was decided.
    pub timestamp: Timestamp,
    /// For each enabled component whether it is ready.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub components: BTreeMap<String, bool>,
    #[serde(skip)]
    pub(crate) public_reason: String,
}

impl ReadinessStatus {
    /// An answer without reason and components. [`readiness`] makes the usual one.
    #[must_use]
    pub fn new(ready: bool, timestamp: impl Into<Timestamp>) -> Self {
        Self {
            ready,
            reason: String::new(),
            timestamp: timestamp.into(),
            components: BTreeMap::new(),
            public_reason: String::new(),
        }
    }

    /// Sets a fixed reason that is safe for anyone to read.
    #[must_use]
    pub fn with_reason(self, reason: &'static str) -> Self {
        self.with_safe_reason(reason.to_owned())
    }

    /// Sets the components.
    #[must_use]
    pub fn with_components(mut self, components: BTreeMap<String, bool>) -> Self {
        self.components = components;
        self
    }

    fn with_safe_reason(mut self, reason: String) -> Self {
        self.public_reason.clone_from(&reason);
        self.reason = reason;
        self
    }
}

/// Equality of what is written.
impl PartialEq for ReadinessStatus {
    fn eq(&self, other: &Self) -> bool {
        self.ready == other.ready
            && self.reason == other.reason
            && self.timestamp == other.timestamp
            && self.components == other.components
    }
}

impl Eq for ReadinessStatus {}

impl fmt::Debug for ReadinessStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = if self.reason == self.public_reason {
            self.reason.as_str()
        } else {
            "<not public>"
        };
        f.debug_struct("ReadinessStatus")
            .field("ready", &self.ready)
            .field("reason", &reason)
            .field("timestamp", &self.timestamp)
            .field("components", &self.components)
            .finish()
    }
}

/// Whether the process itself wants traffic, apart from its components.
///
/// A gate goes from [`Starting`](Self::Starting) to [`Open`](Self::Open) to
/// [`Closed`](Self::Closed) and never back: whatever checks say, and whoever
/// calls [`mark_ready`](Self::mark_ready) too late, a draining process stays
/// not ready. To leave the rotation for a while use a
/// [`FlagChecker`](crate::FlagChecker) instead.
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Hash)]
pub enum ReadinessGate {
    /// Not ready yet.
    #[default]
    Starting,
    /// Ready, if the components are.
    Open,
    /// Not ready any more.
    Closed {
        /// Why, as a fixed text that is safe for anyone to read.
        reason: &'static str,
    },
}

impl ReadinessGate {
    /// The reason of a gate that was never opened.
    pub const STARTING_REASON: &'static str = "starting";

    /// Whether traffic is wanted.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open)
    }

    /// Why traffic is not wanted; `None` when open.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Starting => Some(Self::STARTING_REASON),
            Self::Open => None,
            Self::Closed { reason } => Some(reason),
        }
    }

    /// Opens the gate unless it was closed; tells whether it is open now.
    pub fn mark_ready(&mut self) -> bool {
        if matches!(self, Self::Starting) {
            *self = Self::Open;
        }
        self.is_open()
    }

    /// Closes the gate for good. A later reason replaces an earlier one.
    pub fn mark_not_ready(&mut self, reason: &'static str) {
        *self = Self::Closed { reason };
    }
}

/// A [`ReadinessGate`] that the application and the server share.
///
/// Clones are the same gate.
///
/// ```
/// use plumego_health::{ReadinessGate, SharedGate};
///
/// let gate = SharedGate::new();
/// let server_side = gate.clone();
/// assert!(gate.mark_ready());
/// server_side.mark_not_ready("draining");
/// assert!(!gate.mark_ready(), "a closed gate stays closed");
/// assert_eq!(gate.state(), ReadinessGate::Closed { reason: "draining" });
/// ```
#[derive(Clone, Debug, Default)]
pub struct SharedGate(Arc<Mutex<ReadinessGate>>);

impl SharedGate {
    /// A gate that is [`Starting`](ReadinessGate::Starting).
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The gate at this moment.
    #[must_use]
    pub fn state(&self) -> ReadinessGate {
        self.with(|gate| *gate)
    }

    /// Opens the gate unless it was closed; tells whether it is open now.
    pub fn mark_ready(&self) -> bool {
        self.with(ReadinessGate::mark_ready)
    }

    /// Closes the gate for good. A later reason replaces an earlier one.
    pub fn mark_not_ready(&self, reason: &'static str) {
        self.with(|gate| gate.mark_not_ready(reason));
    }

    fn with<T>(&self, act: impl FnOnce(&mut ReadinessGate) -> T) -> T {
        // The gate is a plain value: a panic elsewhere cannot leave it half changed.
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Decides whether the process is ready.
///
/// It is when the gate is open and no enabled critical component is unhealthy
/// or unknown; degraded components are ready. The reason of a gate that is not
/// open comes before that of the components.
///
/// ```
/// use plumego_health::{readiness, ComponentHealth, HealthState, HealthStatus, ReadinessGate, Timestamp};
/// use std::collections::BTreeMap;
///
/// let down = HealthStatus::new(HealthState::Unhealthy, Timestamp::EPOCH);
/// let components = BTreeMap::from([("database".to_owned(), ComponentHealth::new(down))]);
/// let answer = readiness(&components, &ReadinessGate::Open, Timestamp::EPOCH);
/// assert!(!answer.ready);
/// assert_eq!(answer.reason, "components failed: database");
/// ```
#[must_use]
pub fn readiness(
    components: &BTreeMap<String, ComponentHealth>,
    gate: &ReadinessGate,
    now: impl Into<Timestamp>,
) -> ReadinessStatus {
    let failed: Vec<&str> = components
        .iter()
        .filter(|(_, component)| component.blocks_traffic())
        .map(|(name, _)| name.as_str())
        .collect();
    let ready_by_name = components
        .iter()
        .filter(|(_, component)| component.enabled)
        .map(|(name, component)| (name.clone(), component.health.status.is_ready()))
        .collect();
    let answer = ReadinessStatus::new(gate.is_open() && failed.is_empty(), now)
        .with_components(ready_by_name);
    match gate.reason() {
        Some(reason) => answer.with_reason(reason),
        None if failed.is_empty() => answer,
        None => answer.with_safe_reason(format!("components failed: {}", failed.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Criticality, HealthState, HealthStatus};

    fn component(state: HealthState, criticality: Criticality) -> ComponentHealth {
        ComponentHealth::new(HealthStatus::new(state, Timestamp::EPOCH))
            .with_criticality(criticality)
    }

    fn decide(rows: &[(&str, ComponentHealth)], gate: ReadinessGate) -> ReadinessStatus {
        let components = rows
            .iter()
            .map(|(name, component)| ((*name).to_owned(), component.clone()))
            .collect();
        readiness(&components, &gate, Timestamp::EPOCH)
    }

    #[test]
    fn no_components_and_an_open_gate_is_ready() {
        let answer = decide(&[], ReadinessGate::Open);
        assert_eq!(
            serde_json::to_string(&answer).unwrap(),
            r#"{"ready":true,"timestamp":"1970-01-01T00:00:00Z"}"#
        );
    }

    #[test]
    fn only_enabled_critical_components_that_are_not_ready_block() {
        use Criticality::{Critical, NonCritical};
        use HealthState::{Degraded, Unhealthy, Unknown};
        let rows = [
            ("slow", component(Degraded, Critical)),
            ("mail", component(Unhealthy, NonCritical)),
            ("off", component(Unhealthy, Critical).with_enabled(false)),
        ];
        let answer = decide(&rows, ReadinessGate::Open);
        assert!(answer.ready);
        assert_eq!(answer.reason, "");
        assert_eq!(
            answer.components,
            BTreeMap::from([("mail".to_owned(), false), ("slow".to_owned(), true)])
        );

        let rows = [
            ("b", component(Unknown, Critical)),
            ("a", component(Unhealthy, Critical)),
        ];
        let answer = decide(&rows, ReadinessGate::Open);
        assert_eq!(answer.reason, "components failed: a, b");
        assert_eq!(answer.public().reason, "components failed: a, b");
    }

    #[test]
    fn the_gate_comes_before_the_components() {
        let rows = [(
            "db",
            component(HealthState::Unhealthy, Criticality::Critical),
        )];
        assert_eq!(decide(&rows, ReadinessGate::Starting).reason, "starting");
        let closed = ReadinessGate::Closed { reason: "draining" };
        assert_eq!(decide(&rows, closed).reason, "draining");
        assert!(!decide(&[], closed).ready);
        assert!(!decide(&[], ReadinessGate::default()).ready);
    }

    #[test]
    fn a_gate_opens_once_and_closes_for_good() {
        let gate = SharedGate::new();
        assert_eq!(gate.state(), ReadinessGate::Starting);
        assert!(gate.mark_ready());
        gate.mark_not_ready("draining");
        assert!(!gate.mark_ready());
        assert_eq!(gate.state().reason(), Some("draining"));
        gate.mark_not_ready("terminated");
        assert_eq!(gate.clone().state().reason(), Some("terminated"));
    }

    #[test]
    fn a_gate_closed_while_others_open_it_ends_closed() {
        let gate = SharedGate::new();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        gate.mark_ready();
                    }
                });
            }
            scope.spawn(|| gate.mark_not_ready("draining"));
        });
        assert_eq!(gate.state(), ReadinessGate::Closed { reason: "draining" });
    }
}
