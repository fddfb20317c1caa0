//! Bounds and order of `error.details`.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::{Map, Value};

const DEPTH_MAX: usize = 16;
const ENCODED_BYTES_MAX: usize = 16 * 1024;
const TRUNCATED: &str = "<truncated>";

/// Adds a detail within the bounds: an empty key is dropped, a value that is
/// nested too deeply or would make the whole object too large is replaced.
pub(super) fn insert(details: &mut Map<String, Value>, key: String, value: Value) {
    if key.is_empty() {
        return;
    }
    let fits = depth(&value) < DEPTH_MAX
        && encoded_len(details) + key.len() + value.to_string().len() <= ENCODED_BYTES_MAX;
    let value = if fits { value } else { Value::from(TRUNCATED) };
    details.insert(key, value);
}

fn encoded_len(details: &Map<String, Value>) -> usize {
    if details.is_empty() {
        return 2;
    }
    serde_json::to_vec(details).map_or(0, |bytes| bytes.len())
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Serialises an object with its keys in byte order at every level, whichever
/// map `serde_json` was built with.
pub(crate) struct Sorted<'a>(pub(crate) &'a Map<String, Value>);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members: Vec<_> = self.0.iter().filter(|(key, _)| !key.is_empty()).collect();
        members.sort_unstable_by_key(|(key, _)| key.as_str());
        let mut map = serializer.serialize_map(Some(members.len()))?;
        for (key, value) in members {
            map.serialize_entry(key, &SortedValue(value))?;
        }
        map.end()
    }
}

struct SortedValue<'a>(&'a Value);

impl Serialize for SortedValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => Sorted(members).serialize(serializer),
            Value::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(&SortedValue(item))?;
                }
                seq.end()
            }
            scalar => scalar.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn too_deep_and_too_large_values_are_replaced() {
        let mut details = Map::new();
        let mut nested = json!(1);
        for _ in 0..16 {
            nested = json!([nested]);
        }
        insert(&mut details, "deep".into(), nested[0].clone());
        insert(&mut details, "deeper".into(), nested);
        insert(&mut details, "large".into(), json!("x".repeat(20_000)));
        insert(&mut details, String::new(), json!(1));
        insert(&mut details, "ok".into(), json!(true));
        assert_ne!(details["deep"], json!(TRUNCATED));
        assert_eq!(details["deeper"], json!(TRUNCATED));
        assert_eq!(details["large"], json!(TRUNCATED));
        assert_eq!(details["ok"], json!(true));
        assert_eq!(details.len(), 4);
    }

    #[test]
    fn keys_are_in_byte_order_at_every_level() {
        let value = json!({"b": {"z": 1, "a": [{"y": 1, "x": 2}]}, "Z": 0, "a": null});
        let Value::Object(map) = value else { panic!() };
        assert_eq!(
            serde_json::to_string(&Sorted(&map)).unwrap(),
            r#"{"Z":0,"a":null,"b":{"a":[{"x":2,"y":1}],"z":1}}"#
        );
    }
}
