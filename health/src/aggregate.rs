//! One answer from many components.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::{ComponentHealth, HealthState, HealthStatus, Timestamp};

/// The message of a process that has no components.
const NO_COMPONENTS: &str = "no components registered";

/// Turns the components of a process into its status.
///
/// | Components | State |
/// |---|---|
/// | none | healthy, message `no components registered` |
/// | an enabled critical one is unhealthy or unknown | unhealthy |
/// | else an enabled one is not healthy | degraded |
/// | else | healthy |
///
/// The message lists enabled components that are not healthy, in name order,
/// as `name: state`. The duration is that of the slowest enabled component, the
/// dependencies are all names, also of components that are switched off.
///
/// ```
/// use plumego_health::{aggregate, ComponentHealth, HealthState, HealthStatus, Timestamp};
/// use std::collections::BTreeMap;
///
/// let component = |state| ComponentHealth::new(HealthStatus::new(state, Timestamp::EPOCH));
/// let components = BTreeMap::from([
///     ("queue".to_owned(), component(HealthState::Degraded)),
///     ("database".to_owned(), component(HealthState::Healthy)),
/// ]);
/// let status = aggregate(&components, Timestamp::EPOCH);
/// assert_eq!(status.status, HealthState::Degraded);
/// assert_eq!(status.message, "queue: degraded");
/// assert_eq!(status.dependencies, ["database", "queue"]);
/// ```
#[must_use]
pub fn aggregate(
    components: &BTreeMap<String, ComponentHealth>,
    now: impl Into<Timestamp>,
) -> HealthStatus {
    if components.is_empty() {
        return HealthStatus::new(HealthState::Healthy, now).with_public_message(NO_COMPONENTS);
    }
    let enabled = || components.iter().filter(|(_, component)| component.enabled);
    let state = enabled()
        .map(|(_, component)| contribution(component))
        .max()
        .unwrap_or(HealthState::Healthy);
    let slowest = enabled()
        .map(|(_, component)| component.health.duration)
        .max()
        .unwrap_or(Duration::ZERO);
    HealthStatus::new(state, now)
        .with_safe_message(failing(enabled()))
        .with_duration(slowest)
        .with_dependencies(components.keys().cloned())
}

/// What one enabled component makes of the whole.
fn contribution(component: &ComponentHealth) -> HealthState {
    match component.health.status {
        HealthState::Healthy => HealthState::Healthy,
        _ if component.blocks_traffic() => HealthState::Unhealthy,
        _ => HealthState::Degraded,
    }
}

fn failing<'a>(components: impl Iterator<Item = (&'a String, &'a ComponentHealth)>) -> String {
    let mut message = String::new();
    for (name, component) in components {
        let state = component.health.status;
        if state == HealthState::Healthy {
            continue;
        }
        if !message.is_empty() {
            message.push_str(", ");
        }
        message.push_str(name);
        message.push_str(": ");
        message.push_str(state.as_str());
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Criticality;

    fn component(state: HealthState) -> ComponentHealth {
        ComponentHealth::new(HealthStatus::new(state, Timestamp::EPOCH).with_message("secret text"))
    }

    fn optional(state: HealthState) -> ComponentHealth {
        component(state).with_criticality(Criticality::NonCritical)
    }

    fn whole(rows: &[(&str, ComponentHealth)]) -> HealthStatus {
        let components = rows
            .iter()
            .map(|(name, component)| ((*name).to_owned(), component.clone()))
            .collect();
        aggregate(&components, Timestamp::EPOCH)
    }

    #[test]
    fn no_components() {
        let status = whole(&[]);
        assert_eq!(status.status, HealthState::Healthy);
        assert_eq!(status.message, "no components registered");
        assert!(status.dependencies.is_empty());
    }

    #[test]
    fn the_table() {
        use HealthState::{Degraded, Healthy, Unhealthy, Unknown};
        let rows = [
            (component(Healthy), Healthy, ""),
            (component(Degraded), Degraded, "c: degraded"),
            (component(Unknown), Unhealthy, "c: unknown"),
            (component(Unhealthy), Unhealthy, "c: unhealthy"),
            (optional(Healthy), Healthy, ""),
            (optional(Degraded), Degraded, "c: degraded"),
            (optional(Unknown), Degraded, "c: unknown"),
            (optional(Unhealthy), Degraded, "c: unhealthy"),
        ];
        for (component, state, message) in rows {
            let shown = format!("{component:?}");
            let status = whole(&[("c", component)]);
            assert_eq!(
                (status.status, status.message.as_str()),
                (state, message),
                "{shown}"
            );
            assert_eq!(
                status.public().message,
                message,
                "names and states are public"
            );
        }
    }

    #[test]
    fn disabled_components_are_only_named() {
        let status = whole(&[
            ("off", component(HealthState::Unhealthy).with_enabled(false)),
            ("on", component(HealthState::Healthy)),
        ]);
        assert_eq!(status.status, HealthState::Healthy);
        assert_eq!(status.message, "");
        assert_eq!(status.dependencies, ["off", "on"]);
        let all_off = whole(&[("off", component(HealthState::Unhealthy).with_enabled(false))]);
        assert_eq!(
            (all_off.status, all_off.message.as_str()),
            (HealthState::Healthy, "")
        );
    }

    #[test]
    fn message_in_name_order_and_longest_duration() {
        let slow = |state, ms| {
            let mut slow = component(state);
            slow.health.duration = Duration::from_millis(ms);
            slow
        };
        let status = whole(&[
            ("b", slow(HealthState::Unhealthy, 5)),
            ("a", slow(HealthState::Degraded, 9)),
            ("c", slow(HealthState::Healthy, 1)),
        ]);
        assert_eq!(status.message, "a: degraded, b: unhealthy");
        assert_eq!(status.duration, Duration::from_millis(9));
    }

    #[test]
    fn a_long_message_is_cut_and_marked() {
        let rows: Vec<(String, ComponentHealth)> = (0..60)
            .map(|index| {
                (
                    format!("component-{index:02}"),
                    component(HealthState::Unhealthy),
                )
            })
            .collect();
        let status = aggregate(&rows.into_iter().collect(), Timestamp::EPOCH);
        assert_eq!(status.message.chars().count(), crate::MESSAGE_CHARS_MAX);
        assert_eq!(status.details["truncated"], true);
    }
}
