//! The JSON of every model, byte for byte.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use plumego_health::{
    ComponentHealth, Criticality, HealthState, HealthStatus, ReadinessStatus, Timestamp,
};
use serde_json::json;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

fn full() -> HealthStatus {
    HealthStatus::new(HealthState::Degraded, at(1_777_285_800))
        .with_public_message("slow")
        .with_detail("pool", json!({"open": 3, "idle": [1, 2]}))
        .with_detail("lag_ms", 250)
        .with_duration(Duration::from_micros(1_500))
        .with_dependencies(["network", "disk", "network"])
}

#[test]
fn a_full_status() {
    assert_eq!(
        serde_json::to_string(&full()).unwrap(),
        concat!(
            r#"{"status":"degraded","message":"slow","details":{"lag_ms":250,"pool":{"idle":[1,2],"open":3}},"#,
            r#""timestamp":"2026-04-27T10:30:00Z","duration":1500000,"dependencies":["disk","network"]}"#
        )
    );
}

#[test]
fn an_empty_status() {
    assert_eq!(
        serde_json::to_string(&HealthStatus::new(HealthState::Healthy, at(0))).unwrap(),
        r#"{"status":"healthy","timestamp":"1970-01-01T00:00:00Z"}"#
    );
}

#[test]
fn a_component_has_the_members_of_its_status() {
    let component = ComponentHealth::new(full()).with_criticality(Criticality::NonCritical);
    let text = serde_json::to_string(&component).unwrap();
    assert!(
        text.ends_with(
            r#""dependencies":["disk","network"],"enabled":true,"criticality":"non_critical"}"#
        ),
        "{text}"
    );
    let critical =
        ComponentHealth::new(HealthStatus::new(HealthState::Unknown, at(0))).with_enabled(false);
    assert_eq!(
        serde_json::to_string(&critical).unwrap(),
        r#"{"status":"unknown","timestamp":"1970-01-01T00:00:00Z","enabled":false}"#
    );
}

#[test]
fn a_readiness() {
    let components = BTreeMap::from([("db".to_owned(), false), ("cache".to_owned(), true)]);
    let status = ReadinessStatus::new(false, at(0))
        .with_reason("starting")
        .with_components(components);
    assert_eq!(
        serde_json::to_string(&status).unwrap(),
        r#"{"ready":false,"reason":"starting","timestamp":"1970-01-01T00:00:00Z","components":{"cache":true,"db":false}}"#
    );
}

#[test]
fn names_set_without_the_builder_are_sorted_as_well() {
    let mut status = HealthStatus::new(HealthState::Healthy, at(0));
    status.dependencies = vec!["b".into(), "a".into()];
    assert!(
        serde_json::to_string(&status)
            .unwrap()
            .ends_with(r#""dependencies":["a","b"]}"#)
    );
}

#[test]
fn the_longest_duration_saturates() {
    let status = HealthStatus::new(HealthState::Healthy, at(0)).with_duration(Duration::MAX);
    let text = serde_json::to_string(&status).unwrap();
    assert!(text.contains(r#""duration":9223372036854775807"#), "{text}");
    let read: HealthStatus = serde_json::from_str(&text).unwrap();
    assert_eq!(read.duration, Duration::from_nanos(i64::MAX as u64));
}

#[test]
fn unknown_members_and_states_are_read() {
    let text = r#"{"status":"melting","colour":"red","timestamp":"1970-01-01T00:00:00Z","enabled":true,"more":[]}"#;
    let component: ComponentHealth = serde_json::from_str(text).unwrap();
    assert_eq!(component.health.status, HealthState::Unknown);
    assert!(component.criticality.is_critical());
    let no_state: HealthStatus =
        serde_json::from_str(r#"{"timestamp":"1970-01-01T00:00:00Z"}"#).unwrap();
    assert_eq!(no_state.status, HealthState::Unknown);
}

#[test]
fn a_clone_shares_nothing() {
    let original = full();
    let mut copy = original.clone();
    copy.details["pool"]["idle"][0] = json!("changed");
    copy.dependencies.push("more".into());
    assert_eq!(original, full());
    assert_ne!(copy, original);
}

#[test]
fn builders_cut_and_say_so() {
    let status = HealthStatus::new(HealthState::Unhealthy, at(0)).with_message("é".repeat(600));
    assert_eq!(status.message.chars().count(), 512);
    assert_eq!(status.details["truncated"], true);
    let many = (0..40)
        .map(|index| (format!("k{index:02}"), json!(index)))
        .collect();
    let status = HealthStatus::new(HealthState::Healthy, at(0)).with_details(many);
    assert_eq!(status.details.len(), 32);
    assert_eq!(status.details["truncated"], true);
    let huge =
        HealthStatus::new(HealthState::Healthy, at(0)).with_detail("dump", "x".repeat(5_000));
    assert_eq!(
        serde_json::to_string(&huge.details).unwrap(),
        r#"{"truncated":true}"#
    );
}
