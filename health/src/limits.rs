//! The bounds of what a status may carry, and how something too large is cut.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Most characters a message may have.
pub const MESSAGE_CHARS_MAX: usize = 512;
/// Most entries `details` may have.
pub const DETAILS_ENTRIES_MAX: usize = 32;
/// Most bytes `details` may take as JSON.
pub const DETAILS_BYTES_MAX: usize = 4096;
/// The detail that says something was cut.
pub(crate) const TRUNCATED_KEY: &str = "truncated";

/// Details that must survive a cut: the marker itself and what the runner adds.
const KEPT_FIRST: [&str; 4] = [
    TRUNCATED_KEY,
    "last_check",
    "check_duration_ms",
    "check_attempts",
];

/// Cuts `message` to its limit on a character boundary; tells whether it did.
pub(crate) fn cut_message(message: &mut String) -> bool {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((at, _)) => {
            message.truncate(at);
            true
        }
        None => false,
    }
}

/// Bounds `details`: entries that do not fit are left out in key order and the
/// marker is set.
pub(crate) fn bound_details(details: &mut Map<String, Value>) {
    if !exceeds(details) {
        return;
    }
    let mut waiting: BTreeMap<String, Value> = std::mem::take(details).into_iter().collect();
    waiting.insert(TRUNCATED_KEY.to_owned(), Value::Bool(true));
    let mut bytes = 2;
    for key in KEPT_FIRST {
        if let Some(value) = waiting.remove(key) {
            keep(details, &mut bytes, key.to_owned(), value);
        }
    }
    for (key, value) in waiting {
        keep(details, &mut bytes, key, value);
    }
}

/// Sets the marker without breaking the limits.
pub(crate) fn mark_truncated(details: &mut Map<String, Value>) {
    details.insert(TRUNCATED_KEY.to_owned(), Value::Bool(true));
    bound_details(details);
}

fn keep(details: &mut Map<String, Value>, bytes: &mut usize, key: String, value: Value) {
    let cost = entry_bytes(&key, &value);
    if details.len() < DETAILS_ENTRIES_MAX && *bytes + cost <= DETAILS_BYTES_MAX {
        *bytes += cost;
        details.insert(key, value);
    }
}

fn exceeds(details: &Map<String, Value>) -> bool {
    let bytes = || {
        details
            .iter()
            .map(|(key, value)| entry_bytes(key, value))
            .sum::<usize>()
            + 2
    };
    details.len() > DETAILS_ENTRIES_MAX || bytes() > DETAILS_BYTES_MAX
}

/// Bytes of `"key":value,` as JSON; the last entry has no comma, which makes
/// this one byte too careful.
fn entry_bytes(key: &str, value: &Value) -> usize {
    let key_bytes = serde_json::to_string(key).map_or(usize::MAX / 4, |text| text.len());
    let value_bytes = serde_json::to_string(value).map_or(usize::MAX / 4, |text| text.len());
    key_bytes + value_bytes + 2
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(details: &Map<String, Value>) -> usize {
        serde_json::to_string(details).unwrap().len()
    }

    #[test]
    fn small_details_are_left_alone() {
        let mut details = Map::new();
        details.insert("pool".into(), 3.into());
        let before = details.clone();
        bound_details(&mut details);
        assert_eq!(details, before);
    }

    #[test]
    fn what_the_runner_adds_survives_the_cut() {
        let mut details = Map::new();
        for index in 0..100 {
            details.insert(format!("a{index:03}"), "x".repeat(100).into());
        }
        details.insert("check_attempts".into(), 1.into());
        bound_details(&mut details);
        assert_eq!(details["truncated"], true);
        assert_eq!(details["check_attempts"], 1);
        assert!(details.contains_key("a000"));
    }

    #[test]
    fn a_message_is_cut_between_characters() {
        let mut message = "é".repeat(600);
        assert!(cut_message(&mut message));
        assert_eq!(message.chars().count(), MESSAGE_CHARS_MAX);
        assert!(!cut_message(&mut message));
    }

    proptest! {
        #[test]
        fn bounded_details_are_within_both_limits(
            entries in proptest::collection::btree_map(".{0,40}", ".{0,300}", 0..60),
        ) {
            let mut details: Map<String, Value> =
                entries.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
            let before = details.clone();
            bound_details(&mut details);
            prop_assert!(details.len() <= DETAILS_ENTRIES_MAX);
            prop_assert!(encoded(&details) <= DETAILS_BYTES_MAX);
            prop_assert!(details == before || details[TRUNCATED_KEY] == true);
        }
    }
}
