//! The models of one status and of one component.

use std::fmt;
use std::time::Duration;

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::limits;
use crate::public::Visibility;
use crate::{Criticality, HealthState, Timestamp};

/// The state of one thing at one moment: a component, or a whole process.
///
/// Everything is owned, so a clone shares nothing with its original. Builders
/// keep the limits ([`MESSAGE_CHARS_MAX`](crate::MESSAGE_CHARS_MAX),
/// [`DETAILS_ENTRIES_MAX`](crate::DETAILS_ENTRIES_MAX),
/// [`DETAILS_BYTES_MAX`](crate::DETAILS_BYTES_MAX)): what does not fit is cut
/// and `details.truncated` set.
///
/// A status also knows which of its texts are safe for anyone. That mark is not
/// part of the JSON and not compared; [`public`](Self::public) is what an
/// unauthenticated endpoint returns, and `Debug` prints no more than that.
///
/// ```
/// use plumego_health::{HealthState, HealthStatus, Timestamp};
///
/// let status = HealthStatus::new(HealthState::Unhealthy, Timestamp::EPOCH)
///     .with_public_message("cannot reach the database");
/// assert_eq!(
///     serde_json::to_string(&status)?,
///     r#"{"status":"unhealthy","message":"cannot reach the database","timestamp":"1970-01-01T00:00:00Z"}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[non_exhaustive]
pub struct HealthStatus {
    /// The state.
    #[serde(default)]
    pub status: HealthState,
    /// Why, in a sentence; at most 512 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// More, for operators; at most 32 entries and 4 KiB as JSON.
    #[serde(
        default,
        skip_serializing_if = "Map::is_empty",
        serialize_with = "sorted_details"
    )]
    pub details: Map<String, Value>,
    /// When the state was seen.
    pub timestamp: Timestamp,
    /// How long it took to find out; nanoseconds in JSON, at most 2^63−1.
    #[serde(
        default,
        skip_serializing_if = "Duration::is_zero",
        serialize_with = "nanoseconds",
        deserialize_with = "from_nanoseconds"
    )]
    pub duration: Duration,
    /// Names of what this depends on; sorted in JSON.
    #[serde(
        default,
        skip_serializing_if = "Vec::is_empty",
        serialize_with = "sorted_names"
    )]
    pub dependencies: Vec<String>,
    #[serde(skip)]
    pub(crate) visibility: Visibility,
}

impl HealthStatus {
    /// A status with nothing but a state and a moment.
    #[must_use]
    pub fn new(status: HealthState, timestamp: impl Into<Timestamp>) -> Self {
        Self {
            status,
            message: String::new(),
            details: Map::new(),
            timestamp: timestamp.into(),
            duration: Duration::ZERO,
            dependencies: Vec::new(),
            visibility: Visibility::default(),
        }
    }

    /// Sets a message for operators. The public view leaves it out; a text that
    /// is safe for anyone belongs in [`with_public_message`](Self::with_public_message).
    #[must_use]
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.visibility.message.clear();
        self.message = message.into();
        if limits::cut_message(&mut self.message) {
            limits::mark_truncated(&mut self.details);
        }
        self
    }

    /// Sets a fixed message that is safe for anyone to read.
    #[must_use]
    pub fn with_public_message(self, message: &'static str) -> Self {
        self.with_safe_message(message.to_owned())
    }

    /// Sets a message made only of names and states.
    pub(crate) fn with_safe_message(self, message: String) -> Self {
        let mut status = self.with_message(message);
        status.visibility.message.clone_from(&status.message);
        status
    }

    /// Sets the details; what is beyond the limits is left out.
    #[must_use]
    pub fn with_details(mut self, details: Map<String, Value>) -> Self {
        let truncated = self.details.contains_key(limits::TRUNCATED_KEY);
        self.details = details;
        limits::bound_details(&mut self.details);
        if truncated {
            limits::mark_truncated(&mut self.details);
        }
        self
    }

    /// Adds one detail, replacing an earlier one of that name.
    #[must_use]
    pub fn with_detail(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        limits::bound_details(&mut self.details);
        self
    }

    /// Names the details that the public view keeps.
    #[must_use]
    pub fn details_public(mut self, keys: &[&'static str]) -> Self {
        self.visibility.details = keys.to_vec();
        self
    }

    /// Sets how long the check took.
    #[must_use]
    pub fn with_duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Sets the names this depends on, sorted and each once.
    #[must_use]
    pub fn with_dependencies<I>(mut self, names: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.dependencies = names.into_iter().map(Into::into).collect();
        self.dependencies.sort_unstable();
        self.dependencies.dedup();
        self
    }
}

/// Equality of what is written; marks of what is public are not compared.
impl PartialEq for HealthStatus {
    fn eq(&self, other: &Self) -> bool {
        self.status == other.status
            && self.message == other.message
            && self.details == other.details
            && self.timestamp == other.timestamp
            && self.duration == other.duration
            && self.dependencies == other.dependencies
    }
}

/// Prints what the public view would show, and the names of the details.
impl fmt::Debug for HealthStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = if self.message == self.visibility.message {
            self.message.as_str()
        } else {
            "<not public>"
        };
        f.debug_struct("HealthStatus")
            .field("status", &self.status)
            .field("message", &message)
            .field("details", &self.details.keys().collect::<Vec<_>>())
            .field("timestamp", &self.timestamp)
            .field("duration", &self.duration)
            .field("dependencies", &self.dependencies)
            .finish()
    }
}

/// The status of one component, and how much the process needs it.
///
/// In JSON the members of the status stand beside `enabled` and `criticality`.
///
/// ```
/// use plumego_health::{ComponentHealth, Criticality, HealthState, HealthStatus, Timestamp};
///
/// let cache = ComponentHealth::new(HealthStatus::new(HealthState::Healthy, Timestamp::EPOCH))
///     .with_criticality(Criticality::NonCritical);
/// assert_eq!(
///     serde_json::to_string(&cache)?,
///     r#"{"status":"healthy","timestamp":"1970-01-01T00:00:00Z","enabled":true,"criticality":"non_critical"}"#,
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ComponentHealth {
    /// What the last check saw.
    #[serde(flatten)]
    pub health: HealthStatus,
    /// A component that is not enabled counts for nothing.
    pub enabled: bool,
    /// Whether the process can serve without it.
    #[serde(default, skip_serializing_if = "Criticality::is_default")]
    pub criticality: Criticality,
}

impl ComponentHealth {
    /// An enabled, critical component.
    #[must_use]
    pub fn new(health: HealthStatus) -> Self {
        Self {
            health,
            enabled: true,
            criticality: Criticality::Critical,
        }
    }

    /// Sets how much the process needs this component.
    #[must_use]
    pub fn with_criticality(mut self, criticality: Criticality) -> Self {
        self.criticality = criticality;
        self
    }

    /// Switches the component on or off.
    #[must_use]
    pub fn with_enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    /// Whether this component, on its own, keeps traffic away.
    pub(crate) fn blocks_traffic(&self) -> bool {
        self.enabled && self.criticality.is_critical() && !self.health.status.is_ready()
    }
}

/// Writes details in key order whatever map the JSON crate was built with.
fn sorted_details<S: Serializer>(
    details: &Map<String, Value>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut entries: Vec<(&String, &Value)> = details.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    serializer.collect_map(entries)
}

fn sorted_names<S: Serializer>(names: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    serializer.collect_seq(sorted)
}

fn nanoseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
}

fn from_nanoseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_nanos)
}
