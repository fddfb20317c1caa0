//! As much of JSON Schema as the published schema uses.

use plumego_contract::{ERROR_ENVELOPE_SCHEMA, code};
use serde_json::{Value, json};

const CODE_PATTERN: &str = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$";

/// Where a document violates the schema of the error envelope.
pub(crate) fn violation(document: &Value) -> Option<String> {
    let schema: Value = serde_json::from_str(ERROR_ENVELOPE_SCHEMA).unwrap();
    check(&schema, document, "$")
}

fn check(schema: &Value, value: &Value, path: &str) -> Option<String> {
    let schema = schema.as_object().unwrap();
    schema
        .iter()
        .find_map(|(keyword, rule)| match keyword.as_str() {
            "$id" => None,
            "type" => fails(path, keyword, has_type(value, rule.as_str().unwrap())),
            "enum" => fails(path, keyword, rule.as_array().unwrap().contains(value)),
            "required" => rule.as_array().unwrap().iter().find_map(|name| {
                let name = name.as_str().unwrap();
                fails(path, name, value.get(name).is_some())
            }),
            "minLength" | "maxLength" => {
                let length = value.as_str().unwrap_or_default().chars().count() as u64;
                let limit = rule.as_u64().unwrap();
                let holds = if keyword == "minLength" {
                    length >= limit
                } else {
                    length <= limit
                };
                fails(path, keyword, holds)
            }
            "maxItems" => {
                let items = value.as_array().map_or(0, Vec::len) as u64;
                fails(path, keyword, items <= rule.as_u64().unwrap())
            }
            "pattern" => {
                assert_eq!(rule, CODE_PATTERN);
                fails(
                    path,
                    keyword,
                    code::is_code(value.as_str().unwrap_or_default()),
                )
            }
            "properties" => rule.as_object().unwrap().iter().find_map(|(name, schema)| {
                check(schema, value.get(name)?, &format!("{path}.{name}"))
            }),
            "items" => value
                .as_array()?
                .iter()
                .find_map(|item| check(rule, item, &format!("{path}[]"))),
            other => panic!("the schema uses `{other}`, which is not checked"),
        })
}

fn fails(path: &str, rule: &str, holds: bool) -> Option<String> {
    (!holds).then(|| format!("{path}: {rule}"))
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        other => panic!("unknown type `{other}`"),
    }
}

#[test]
fn the_check_can_fail() {
    for (document, place) in [
        (json!([]), "$: error"),
        (json!({}), "$: error"),
        (json!({"error": {"code": "a"}}), "$.error: message"),
        (
            json!({"error": {"code": "A", "message": "m"}}),
            "$.error.code: pattern",
        ),
        (
            json!({"error": {"code": "a", "message": ""}}),
            "$.error.message: minLength",
        ),
        (
            json!({"error": {"code": "a", "message": "m", "category": "x"}}),
            "$.error.category: enum",
        ),
        (
            json!({"error": {"code": "a", "message": "m", "fields": [{"path": "p"}]}}),
            "$.error.fields[]: code",
        ),
        (
            json!({"error": {"code": "a", "message": "m"}, "request_id": "x".repeat(129)}),
            "$.request_id: maxLength",
        ),
    ] {
        let found = violation(&document);
        assert!(
            found.as_deref().is_some_and(|f| f == place),
            "{found:?} {place}"
        );
    }
}
