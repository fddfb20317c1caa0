//! The view of a status that anyone may read.

use serde_json::Map;

use crate::{ComponentHealth, HealthStatus, ReadinessStatus};

/// What of a status is safe for anyone. Empty means nothing is, so a status
/// read from JSON or built from an error text shows no text at all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visibility {
    /// The message, when it is one of the fixed texts.
    pub(crate) message: String,
    /// Names of the details that may be shown.
    pub(crate) details: Vec<&'static str>,
}

impl HealthStatus {
    /// What an unauthenticated endpoint returns: state, moment, duration, names
    /// of dependencies, the public message, and the details marked as public.
    ///
    /// ```
    /// use plumego_health::{HealthState, HealthStatus, Timestamp};
    ///
    /// let status = HealthStatus::new(HealthState::Unhealthy, Timestamp::EPOCH)
    ///     .with_message("connect to db.internal:5432: password rejected")
    ///     .with_detail("host", "db.internal")
    ///     .with_detail("pool_size", 8)
    ///     .details_public(&["pool_size"]);
    /// assert_eq!(
    ///     serde_json::to_string(&status.public())?,
    ///     r#"{"status":"unhealthy","details":{"pool_size":8},"timestamp":"1970-01-01T00:00:00Z"}"#,
    /// );
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn public(&self) -> Self {
        let shown = |key: &&'static str| {
            self.details
                .get(*key)
                .map(|value| ((*key).to_owned(), value.clone()))
        };
        Self {
            status: self.status,
            message: self.visibility.message.clone(),
            details: self
                .visibility
                .details
                .iter()
                .filter_map(shown)
                .collect::<Map<_, _>>(),
            timestamp: self.timestamp,
            duration: self.duration,
            dependencies: self.dependencies.clone(),
            visibility: self.visibility.clone(),
        }
    }
}

impl ComponentHealth {
    /// What an unauthenticated endpoint returns; see [`HealthStatus::public`].
    #[must_use]
    pub fn public(&self) -> Self {
        Self {
            health: self.health.public(),
            enabled: self.enabled,
            criticality: self.criticality,
        }
    }
}

impl ReadinessStatus {
    /// What an unauthenticated endpoint returns: the answer, the moment, names
    /// and booleans, and the reason when it is one [`readiness`](crate::readiness) gave.
    #[must_use]
    pub fn public(&self) -> Self {
        Self {
            ready: self.ready,
            reason: self.public_reason.clone(),
            timestamp: self.timestamp,
            components: self.components.clone(),
            public_reason: self.public_reason.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{ComponentHealth, HealthState, HealthStatus, ReadinessStatus, Timestamp};

    const DSN: &str = "postgres://app:hunter2@db.internal/orders";

    fn leaking() -> HealthStatus {
        HealthStatus::new(HealthState::Unhealthy, Timestamp::EPOCH)
            .with_message(format!("cannot open {DSN}"))
            .with_detail("dsn", DSN)
    }

    #[test]
    fn a_private_message_and_private_details_are_dropped() {
        let shown = serde_json::to_string(&leaking().public()).unwrap();
        assert_eq!(
            shown,
            r#"{"status":"unhealthy","timestamp":"1970-01-01T00:00:00Z"}"#
        );
        let component = ComponentHealth::new(leaking());
        assert!(
            !serde_json::to_string(&component.public())
                .unwrap()
                .contains("hunter2")
        );
    }

    #[test]
    fn debug_shows_no_private_text() {
        let shown = format!("{:?}", ComponentHealth::new(leaking()));
        assert!(
            !shown.contains("hunter2") && !shown.contains("db.internal"),
            "{shown}"
        );
        assert!(
            shown.contains("dsn"),
            "names of details help an operator: {shown}"
        );
    }

    #[test]
    fn the_public_view_of_a_public_view_is_itself() {
        let status = leaking()
            .with_public_message("database down")
            .details_public(&["dsn"]);
        let once = status.public();
        assert_eq!(once.message, "database down");
        assert_eq!(once.public(), once);
    }

    #[test]
    fn a_message_read_from_json_is_not_trusted() {
        let text =
            r#"{"status":"unhealthy","message":"secret","timestamp":"1970-01-01T00:00:00Z"}"#;
        let read: HealthStatus = serde_json::from_str(text).unwrap();
        assert_eq!(read.message, "secret");
        assert_eq!(read.public().message, "");
    }

    #[test]
    fn a_message_changed_afterwards_is_not_shown() {
        let mut status = leaking().with_public_message("database down");
        DSN.clone_into(&mut status.message);
        assert_eq!(status.public().message, "database down");
        assert!(!format!("{status:?}").contains("hunter2"));
    }

    #[test]
    fn a_readiness_reason_changed_afterwards_is_not_shown() {
        let mut status = ReadinessStatus::new(false, Timestamp::EPOCH);
        DSN.clone_into(&mut status.reason);
        assert_eq!(status.public().reason, "");
        assert!(!format!("{status:?}").contains("hunter2"));
    }
}
