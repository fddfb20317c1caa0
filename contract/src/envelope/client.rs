use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// An error document as a client reads it. Unknown members are ignored, order
/// does not matter, only `code` and `message` must be there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ErrorEnvelope {
    /// The error.
    pub error: ErrorBody,
    /// Correlation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The `error` member of an [`ErrorEnvelope`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ErrorBody {
    /// Machine name.
    pub code: String,
    /// Text for humans.
    pub message: String,
    /// Category; absent in the compact view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Problems of inputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<FieldBody>>,
    /// Structured data.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

/// One entry of `fields[]` as a client reads it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct FieldBody {
    /// Where the problem is.
    pub path: String,
    /// What the problem is.
    pub code: String,
    /// Text for humans.
    pub message: String,
    /// RFC 6901 pointer into the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Parameters of the rule.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub params: Map<String, Value>,
}

impl ErrorEnvelope {
    /// Reads an error document.
    ///
    /// # Errors
    /// When the text is not JSON or lacks `error.code` or `error.message`.
    pub fn decode(document: &[u8]) -> Result<Self, DecodeEnvelopeError> {
        serde_json::from_slice(document).map_err(|e| DecodeEnvelopeError(e.to_string()))
    }

    /// The first problem at `path`.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&FieldBody> {
        self.error.fields.iter().flatten().find(|f| f.path == path)
    }
}

/// The document is no envelope of the kind expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeEnvelopeError(String);

impl fmt::Display for DecodeEnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not an envelope: {}", self.0)
    }
}

impl std::error::Error for DecodeEnvelopeError {}

/// A success document as a client reads it; unknown members are ignored.
///
/// ```
/// use plumego_contract::SuccessEnvelope;
///
/// let document = br#"{"data":["a","b"],"meta":{"total":2},"request_id":"r1"}"#;
/// let envelope = SuccessEnvelope::<Vec<String>>::decode(document).unwrap();
/// assert_eq!(envelope.data.unwrap().len(), 2);
/// assert_eq!(envelope.meta["total"], 2);
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
#[non_exhaustive]
pub struct SuccessEnvelope<T> {
    /// The payload; `None` when absent or `null`.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// Facts about the payload, such as `total`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub meta: Map<String, Value>,
    /// Correlation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T: DeserializeOwned> SuccessEnvelope<T> {
    /// Reads a success document.
    ///
    /// # Errors
    /// When the text is not JSON or the payload is not a `T`.
    pub fn decode(document: &[u8]) -> Result<Self, DecodeEnvelopeError> {
        serde_json::from_slice(document).map_err(|e| DecodeEnvelopeError(e.to_string()))
    }
}
