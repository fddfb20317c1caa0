//! Paths, operations and what goes in and out of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::schema::Schema;
use super::{Extensions, ExternalDocs, RefOr, SecurityRequirement, Server};

/// The operations of one path (OpenAPI 3.1.0 §4.8.9).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PathItem {
    /// For all operations of the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// For all operations of the path, in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `GET`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub get: Option<Operation>,
    /// `PUT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub put: Option<Operation>,
    /// `POST`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post: Option<Operation>,
    /// `DELETE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete: Option<Operation>,
    /// `OPTIONS`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Operation>,
    /// `HEAD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Operation>,
    /// `PATCH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<Operation>,
    /// `TRACE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Operation>,
    /// Servers of this path only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// Parameters of all its operations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<RefOr<Parameter>>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl PathItem {
    /// The methods that a path item has members for, in its order.
    pub const METHODS: [&'static str; 8] = [
        "GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE",
    ];

    /// The place of a method, in capitals; `None` for any other.
    pub fn slot(&mut self, method: &str) -> Option<&mut Option<Operation>> {
        Some(match method {
            "GET" => &mut self.get,
            "PUT" => &mut self.put,
            "POST" => &mut self.post,
            "DELETE" => &mut self.delete,
            "OPTIONS" => &mut self.options,
            "HEAD" => &mut self.head,
            "PATCH" => &mut self.patch,
            "TRACE" => &mut self.trace,
            _ => return None,
        })
    }

    /// The operations that are there, with their methods in lower case.
    pub fn operations(&self) -> impl Iterator<Item = (&'static str, &Operation)> {
        [
            ("get", &self.get),
            ("put", &self.put),
            ("post", &self.post),
            ("delete", &self.delete),
            ("options", &self.options),
            ("head", &self.head),
            ("patch", &self.patch),
            ("trace", &self.trace),
        ]
        .into_iter()
        .filter_map(|(method, slot)| slot.as_ref().map(|operation| (method, operation)))
    }
}

/// What one method does on one path (§4.8.10).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Operation {
    /// The groups it belongs to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// A line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where more is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocs>,
    /// The name in generated clients, unique in the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
    /// What it reads beside the body.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<RefOr<Parameter>>,
    /// The body it reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_body: Option<RefOr<RequestBody>>,
    /// What it answers, by status, status class (`4XX`) or `default`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub responses: BTreeMap<String, RefOr<Response>>,
    /// Requests it causes later.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub callbacks: BTreeMap<String, Value>,
    /// Whether callers should move on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// What it needs; an empty list means nothing, absent means the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security: Option<Vec<SecurityRequirement>>,
    /// Servers of this operation only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterIn {
    /// A segment of the path.
    Path,
    /// The query string.
    Query,
    /// A header.
    Header,
    /// A cookie.
    Cookie,
}

/// Something an operation reads beside the body (§4.8.12).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it stands.
    #[serde(rename = "in")]
    pub location: ParameterIn,
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it must be there. Always so in a path.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Whether callers should move on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deprecated: bool,
    /// Whether it may be there without a value, in a query only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_empty_value: bool,
    /// How lists and objects are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub style: Option<String>,
    /// Whether each member stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explode: Option<bool>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// One value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// Several values with names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<String, RefOr<Example>>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl Parameter {
    /// A parameter with a type; required exactly in a path.
    pub fn new(location: ParameterIn, name: impl Into<String>, schema: Schema) -> Self {
        Self {
            name: name.into(),
            location,
            description: None,
            required: location == ParameterIn::Path,
            deprecated: false,
            allow_empty_value: false,
            style: None,
            explode: None,
            schema: Some(schema),
            example: None,
            examples: BTreeMap::new(),
            extensions: Extensions::new(),
        }
    }

    /// Adds text in CommonMark.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Makes it required.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }
}

/// A body that an operation reads (§4.8.13).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestBody {
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it may be, by media type.
    pub content: BTreeMap<String, MediaType>,
    /// Whether it must be there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl RequestBody {
    /// A required body of one media type.
    pub fn new(media_type: impl Into<String>, schema: Schema) -> Self {
        Self {
            content: BTreeMap::from([(media_type.into(), MediaType::new(schema))]),
            required: true,
            ..Self::default()
        }
    }

    /// A required JSON body.
    #[must_use]
    pub fn json(schema: Schema) -> Self {
        Self::new("application/json", schema)
    }
}

/// A body in one media type (§4.8.14).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MediaType {
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// One value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Value>,
    /// Several values with names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<String, RefOr<Example>>,
    /// How the parts of a form are written.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub encoding: BTreeMap<String, Value>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl MediaType {
    /// A body with a type.
    #[must_use]
    pub fn new(schema: Schema) -> Self {
        Self {
            schema: Some(schema),
            ..Self::default()
        }
    }
}

/// What an operation answers (§4.8.17).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Response {
    /// What it means. Required, may be empty.
    pub description: String,
    /// Headers beside `Content-Type`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, RefOr<Header>>,
    /// What the body may be, by media type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub content: BTreeMap<String, MediaType>,
    /// Where to go from here.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub links: BTreeMap<String, RefOr<Link>>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl Response {
    /// An answer without a body.
    pub fn new(description: impl Into<String>) -> Self {
        Self {
            description: description.into(),
            ..Self::default()
        }
    }

    /// An answer with a JSON body.
    pub fn json(description: impl Into<String>, schema: Schema) -> Self {
        Self::new(description).content("application/json", schema)
    }

    /// Adds a media type.
    #[must_use]
    pub fn content(mut self, media_type: impl Into<String>, schema: Schema) -> Self {
        self.content
            .insert(media_type.into(), MediaType::new(schema));
        self
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, header: Header) -> Self {
        self.headers.insert(name.into(), header.into());
        self
    }
}

/// A response header (§4.8.21).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it is always there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl Header {
    /// A header with a type and what it says.
    pub fn new(description: impl Into<String>, schema: Schema) -> Self {
        Self {
            description: Some(description.into()),
            schema: Some(schema),
            ..Self::default()
        }
    }
}

/// A value to look at (§4.8.19).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Example {
    /// A line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Where the value stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_value: Option<String>,
}

/// A step from an answer to another operation (§4.8.20), kept as it is.
pub type Link = BTreeMap<String, Value>;
