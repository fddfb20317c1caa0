//! The documents of the contract, with their members in order. Reading one and
//! writing it again gives the same bytes, or the service wrote something else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// The one error envelope.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorDocument {
    pub(crate) error: ErrorMember,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ErrorMember {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) category: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<Vec<FieldMember>>,
    /// Keys are sorted, here and on the wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldMember {
    pub(crate) path: String,
    pub(crate) code: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pointer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) params: Option<Map<String, Value>>,
}

impl ErrorMember {
    /// What the forms alone do not say.
    pub(crate) fn check(&self) -> Result<(), String> {
        let category = category(&self.code);
        if self.category != category {
            return Err(format!("category `{category}` expected"));
        }
        if self.message.trim().is_empty() {
            return Err("a message expected".to_owned());
        }
        let is_validation = self.category == "validation_error";
        match &self.fields {
            None if is_validation => return Err("`fields` expected".to_owned()),
            Some(fields) if fields.is_empty() && !is_validation => {
                return Err("empty `fields` are omitted".to_owned());
            }
            _ => {}
        }
        if self.details.as_ref().is_some_and(Map::is_empty) {
            return Err("empty `details` are omitted".to_owned());
        }
        self.fields
            .iter()
            .flatten()
            .try_for_each(FieldMember::check)
    }
}

impl FieldMember {
    fn check(&self) -> Result<(), String> {
        if self.message.trim().is_empty() {
            return Err(format!("a message for `{}` expected", self.path));
        }
        if self
            .pointer
            .as_ref()
            .is_some_and(|pointer| !pointer.starts_with('/'))
        {
            return Err(format!("a JSON pointer for `{}` expected", self.path));
        }
        Ok(())
    }
}

/// The category of the codes that the suite meets.
fn category(code: &str) -> &'static str {
    match code {
        "validation_error" => "validation_error",
        "unauthorized" => "auth_error",
        _ => "client_error",
    }
}

/// The success envelope.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplyDocument<T> {
    pub(crate) data: T,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) meta: Option<Box<RawValue>>,
    pub(crate) request_id: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Greeting {
    pub(crate) message: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Liveness {
    pub(crate) status: String,
    pub(crate) service: String,
    pub(crate) timestamp: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Readiness {
    pub(crate) ready: bool,
    pub(crate) timestamp: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) components: BTreeMap<String, bool>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Hello {
    pub(crate) message: String,
    pub(crate) endpoints: Vec<Endpoint>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Endpoint {
    pub(crate) method: String,
    pub(crate) path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageMeta {
    pub(crate) total: usize,
    pub(crate) limit: usize,
    pub(crate) offset: usize,
}
