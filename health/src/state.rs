//! The four states a component can be in.

use std::cmp::Ordering;
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::ser::{Serialize, Serializer};

/// What a component, or a whole process, can do at this moment.
///
/// The set is closed: any text this version does not know is read as
/// [`Unknown`](Self::Unknown), which is never ready. The order is the one of
/// "worst of": `Healthy < Degraded < Unknown < Unhealthy`.
///
/// ```
/// use plumego_health::HealthState;
///
/// assert!(HealthState::Degraded.is_ready());
/// assert_eq!(HealthState::from_text("on fire"), HealthState::Unknown);
/// assert_eq!(
///     HealthState::Unknown.worst(HealthState::Degraded),
///     HealthState::Unknown,
/// );
/// ```
#[derive(Copy, Clone, Debug, Default, Eq, PartialEq, Hash)]
pub enum HealthState {
    /// Full service.
    Healthy,
    /// Serves traffic with reduced function.
    Degraded,
    /// Must not get traffic.
    Unhealthy,
    /// Never checked, or a value this version does not know.
    #[default]
    Unknown,
}

impl HealthState {
    /// Every state, best first.
    pub const ALL: [Self; 4] = [
        Self::Healthy,
        Self::Degraded,
        Self::Unknown,
        Self::Unhealthy,
    ];

    /// The text used in JSON and messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the text of a state. Nothing is rejected: other text, also in
    /// another case, is [`Unknown`](Self::Unknown).
    #[must_use]
    pub fn from_text(text: &str) -> Self {
        match text {
            "healthy" => Self::Healthy,
            "degraded" => Self::Degraded,
            "unhealthy" => Self::Unhealthy,
            _ => Self::Unknown,
        }
    }

    /// Whether traffic may be sent: healthy or degraded.
    #[must_use]
    pub const fn is_ready(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }

    /// Whether a check has produced this state.
    #[must_use]
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unknown)
    }

    /// The worse of the two states.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }

    const fn severity(self) -> u8 {
        match self {
            Self::Healthy => 0,
            Self::Degraded => 1,
            Self::Unknown => 2,
            Self::Unhealthy => 3,
        }
    }
}

impl Ord for HealthState {
    fn cmp(&self, other: &Self) -> Ordering {
        self.severity().cmp(&other.severity())
    }
}

impl PartialOrd for HealthState {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for HealthState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for HealthState {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self::from_text(text))
    }
}

impl Serialize for HealthState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for HealthState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = HealthState;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the text of a health state")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<HealthState, E> {
                Ok(HealthState::from_text(text))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// Whether the process can serve without a component.
#[derive(
    Copy, Clone, Debug, Default, Eq, PartialEq, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Criticality {
    /// Without this component the process must not get traffic.
    #[default]
    Critical,
    /// Without this component the process serves with reduced function.
    NonCritical,
}

impl Criticality {
    /// The text used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::NonCritical => "non_critical",
        }
    }

    /// Whether this is [`Critical`](Self::Critical).
    #[must_use]
    pub const fn is_critical(self) -> bool {
        matches!(self, Self::Critical)
    }

    pub(crate) fn is_default(&self) -> bool {
        self.is_critical()
    }
}

impl fmt::Display for Criticality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_states() {
        let rows = [
            (HealthState::Healthy, "healthy", true, true),
            (HealthState::Degraded, "degraded", true, true),
            (HealthState::Unhealthy, "unhealthy", false, true),
            (HealthState::Unknown, "unknown", false, false),
        ];
        for (state, text, ready, known) in rows {
            assert_eq!(state.as_str(), text);
            assert_eq!(state.to_string(), text);
            assert_eq!(state.is_ready(), ready);
            assert_eq!(state.is_known(), known);
            assert_eq!(
                serde_json::to_string(&state).unwrap(),
                format!("\"{text}\"")
            );
            assert_eq!(HealthState::from_text(text), state);
        }
    }

    #[test]
    fn any_other_text_is_unknown() {
        for text in ["", "Healthy", "HEALTHY", " healthy", "up", "ok"] {
            let read: HealthState = serde_json::from_str(&format!("\"{text}\"")).unwrap();
            assert_eq!(read, HealthState::Unknown, "{text:?}");
        }
    }

    #[test]
    fn the_order_is_the_one_of_worst_of() {
        let mut states = [
            HealthState::Unhealthy,
            HealthState::Healthy,
            HealthState::Unknown,
            HealthState::Degraded,
        ];
        states.sort();
        assert_eq!(states, HealthState::ALL);
    }

    #[test]
    fn a_state_nobody_set_is_not_ready() {
        assert!(!HealthState::default().is_ready());
    }

    #[test]
    fn criticality_text() {
        assert_eq!(
            serde_json::to_string(&Criticality::NonCritical).unwrap(),
            "\"non_critical\""
        );
        assert_eq!(Criticality::default(), Criticality::Critical);
    }
}
