//! Properties of the models and of the rules over them.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use plumego_health::{
    ComponentHealth, Criticality, HealthState, HealthStatus, ReadinessGate, ReadinessStatus,
    Timestamp, aggregate, readiness,
};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value};

fn state() -> impl Strategy<Value = HealthState> {
    proptest::sample::select(HealthState::ALL.to_vec())
}

fn timestamp() -> impl Strategy<Value = Timestamp> {
    (0_u64..253_000_000_000, 0_u32..1_000_000_000).prop_map(|(seconds, nanos)| {
        Timestamp::from(SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos))
    })
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z]{1,6}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn details() -> impl Strategy<Value = Map<String, Value>> {
    btree_map("\\PC{0,12}", json(), 0..6).prop_map(|map| map.into_iter().collect())
}

fn status() -> impl Strategy<Value = HealthStatus> {
    (
        state(),
        "\\PC{0,600}",
        details(),
        timestamp(),
        0..=i64::MAX as u64,
        vec("[a-z]{1,8}", 0..5),
    )
        .prop_map(|(state, message, details, at, nanos, names)| {
            HealthStatus::new(state, at)
                .with_details(details)
                .with_message(message)
                .with_duration(Duration::from_nanos(nanos))
                .with_dependencies(names)
        })
}

fn component() -> impl Strategy<Value = ComponentHealth> {
    (status(), any::<bool>(), any::<bool>()).prop_map(|(status, enabled, critical)| {
        let criticality = if critical {
            Criticality::Critical
        } else {
            Criticality::NonCritical
        };
        ComponentHealth::new(status)
            .with_enabled(enabled)
            .with_criticality(criticality)
    })
}

fn components() -> impl Strategy<Value = BTreeMap<String, ComponentHealth>> {
    btree_map("[a-z]{1,6}", component(), 0..8)
}

fn with(
    components: &BTreeMap<String, ComponentHealth>,
    state: HealthState,
) -> BTreeMap<String, ComponentHealth> {
    let mut more = components.clone();
    // A name no generated component has.
    more.insert(
        "added-1".into(),
        ComponentHealth::new(HealthStatus::new(state, Timestamp::EPOCH)),
    );
    more
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_component_survives_json(component in component()) {
        let text = serde_json::to_string(&component).unwrap();
        let read: ComponentHealth = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(&read, &component);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
    }

    #[test]
    fn a_readiness_survives_json(ready: bool, at in timestamp(), reason in "\\PC{0,40}", names in btree_map("[a-z]{1,6}", any::<bool>(), 0..5)) {
        let mut status = ReadinessStatus::new(ready, at).with_components(names);
        status.reason = reason;
        let read: ReadinessStatus = serde_json::from_str(&serde_json::to_string(&status).unwrap()).unwrap();
        prop_assert_eq!(read, status);
    }

    #[test]
    fn any_text_reads_as_a_state_and_only_two_are_ready(text in "\\PC*") {
        let state = HealthState::from_text(&text);
        prop_assert_eq!(state.is_ready(), text == "healthy" || text == "degraded");
    }

    #[test]
    fn the_public_view_has_no_private_text(component in component()) {
        let public = component.public();
        prop_assert_eq!(&public.health.message, "");
        prop_assert!(public.health.details.is_empty());
        prop_assert_eq!(public.health.status, component.health.status);
    }

    #[test]
    fn the_answer_does_not_depend_on_order(components in components(), keep in any::<prop::sample::Index>()) {
        let mut rows: Vec<_> = components.clone().into_iter().collect();
        if !rows.is_empty() {
            let middle = keep.index(rows.len());
            rows.rotate_left(middle);
        }
        rows.reverse();
        let mixed: BTreeMap<_, _> = rows.into_iter().collect();
        prop_assert_eq!(aggregate(&mixed, Timestamp::EPOCH), aggregate(&components, Timestamp::EPOCH));
        let gate = ReadinessGate::Open;
        prop_assert_eq!(readiness(&mixed, &gate, Timestamp::EPOCH), readiness(&components, &gate, Timestamp::EPOCH));
    }

    #[test]
    fn a_healthy_component_never_worsens(components in components()) {
        let before = aggregate(&components, Timestamp::EPOCH).status;
        let after = aggregate(&with(&components, HealthState::Healthy), Timestamp::EPOCH).status;
        prop_assert_eq!(after, before);
        let ready = |components: &BTreeMap<_, _>| {
            readiness(components, &ReadinessGate::Open, Timestamp::EPOCH).ready
        };
        prop_assert_eq!(ready(&with(&components, HealthState::Healthy)), ready(&components));
    }

    #[test]
    fn an_unhealthy_critical_component_decides(components in components()) {
        let worse = with(&components, HealthState::Unhealthy);
        prop_assert_eq!(aggregate(&worse, Timestamp::EPOCH).status, HealthState::Unhealthy);
        prop_assert!(!readiness(&worse, &ReadinessGate::Open, Timestamp::EPOCH).ready);
    }

    #[test]
    fn ready_and_reason_go_together(components in components(), open: bool) {
        let gate = if open { ReadinessGate::Open } else { ReadinessGate::Closed { reason: "draining" } };
        let answer = readiness(&components, &gate, Timestamp::EPOCH);
        prop_assert_eq!(answer.ready, answer.reason.is_empty());
        prop_assert!(open || answer.reason == "draining");
        let whole = aggregate(&components, Timestamp::EPOCH).status;
        prop_assert_eq!(answer.ready, open && whole.is_ready());
        prop_assert_eq!(answer.public(), answer);
    }
}
