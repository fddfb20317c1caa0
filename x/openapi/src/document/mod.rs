//! The document model: OpenAPI 3.1.0 as types.
//!
//! Members stand in the order of the specification, so that a document is
//! written in that order; maps are sorted, so that equal inputs give equal
//! bytes. Extensions (`x-*`) are kept.

mod operation;
mod schema;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use operation::{
    Example, Header, Link, MediaType, Operation, Parameter, ParameterIn, PathItem, RequestBody,
    Response,
};
pub use schema::{Discriminator, Schema, SchemaObject, SchemaType};

/// `x-*` members of an object.
pub type Extensions = BTreeMap<String, Value>;

/// One way to be allowed in: scheme name to scopes. Several names in one map
/// must all be satisfied.
pub type SecurityRequirement = BTreeMap<String, Vec<String>>;

/// The version that is written unless asked otherwise.
pub const OPENAPI_VERSION: &str = "3.1.0";
/// The dialect of the schemas.
pub const JSON_SCHEMA_DIALECT: &str = "https://spec.openapis.org/oas/3.1/dialect/base";

/// A whole document (OpenAPI 3.1.0 §4.8.1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The version of the specification, `3.1.0` or `3.1.1`.
    pub openapi: String,
    /// What the API is.
    pub info: Info,
    /// The dialect of all schemas that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema_dialect: Option<String>,
    /// Where the API can be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<Server>,
    /// Operations by path. Written even when empty.
    #[serde(default)]
    pub paths: BTreeMap<String, PathItem>,
    /// Requests that the API makes to its clients.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub webhooks: BTreeMap<String, PathItem>,
    /// What operations refer to.
    #[serde(default, skip_serializing_if = "Components::is_empty")]
    pub components: Components,
    /// What operations need that say nothing of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security: Vec<SecurityRequirement>,
    /// The groups that operations belong to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Tag>,
    /// Where more is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocs>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

/// What the API is (§4.8.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// The name of the API.
    pub title: String,
    /// A sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The address of the terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_of_service: Option<String>,
    /// Who answers questions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Contact>,
    /// Under which terms it may be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license: Option<License>,
    /// The version of the API, not of the specification.
    pub version: String,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl Default for Info {
    fn default() -> Self {
        Self::new("Plumego API", "0.0.0")
    }
}

impl Info {
    /// A title and a version.
    pub fn new(title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            summary: None,
            description: None,
            terms_of_service: None,
            contact: None,
            license: None,
            version: version.into(),
            extensions: Extensions::new(),
        }
    }

    /// Adds text in CommonMark.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// Who answers questions about the API (§4.8.3).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// A person or a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Their mailbox.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Terms of use (§4.8.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct License {
    /// The name of the licence.
    pub name: String,
    /// Its SPDX expression; excludes `url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identifier: Option<String>,
    /// The address of its text; excludes `identifier`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// Where the API can be reached (§4.8.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// An absolute or relative address; may hold `{variables}`.
    pub url: String,
    /// What this server is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The variables in `url`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, ServerVariable>,
}

impl Server {
    /// A server without variables.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            description: None,
            variables: BTreeMap::new(),
        }
    }
}

/// A variable of a server's address (§4.8.6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVariable {
    /// The values it may take; empty means any.
    #[serde(rename = "enum", default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The value when none is given.
    pub default: String,
    /// What it selects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A group of operations (§4.8.22).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// The name that operations refer to.
    pub name: String,
    /// What the group is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where more is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocs>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl Tag {
    /// A group without a description.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: None,
            external_docs: None,
            extensions: Extensions::new(),
        }
    }

    /// Says what the group is for.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

/// A page with more (§4.8.11).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalDocs {
    /// What is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its address.
    pub url: String,
}

/// What operations refer to (§4.8.7).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Components {
    /// Types.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub schemas: BTreeMap<String, Schema>,
    /// Answers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub responses: BTreeMap<String, RefOr<Response>>,
    /// Parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, RefOr<Parameter>>,
    /// Examples.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub examples: BTreeMap<String, RefOr<Example>>,
    /// Bodies.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub request_bodies: BTreeMap<String, RefOr<RequestBody>>,
    /// Response headers.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, RefOr<Header>>,
    /// Ways to say who calls.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub security_schemes: BTreeMap<String, RefOr<SecurityScheme>>,
    /// Extensions.
    #[serde(flatten)]
    pub extensions: Extensions,
}

impl Components {
    /// Whether there is nothing to refer to.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.schemas.is_empty()
            && self.responses.is_empty()
            && self.parameters.is_empty()
            && self.examples.is_empty()
            && self.request_bodies.is_empty()
            && self.headers.is_empty()
            && self.security_schemes.is_empty()
            && self.extensions.is_empty()
    }
}

/// How a caller says who it is (§4.8.27).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum SecurityScheme {
    /// A key in a header, the query or a cookie.
    #[serde(rename_all = "camelCase")]
    ApiKey {
        /// What it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The name of the header, parameter or cookie.
        name: String,
        /// `header`, `query` or `cookie`.
        #[serde(rename = "in")]
        location: ParameterIn,
    },
    /// An `Authorization` header of RFC 9110 §11.
    #[serde(rename_all = "camelCase")]
    Http {
        /// What it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// A registered scheme, such as `bearer`.
        scheme: String,
        /// What the token is, for readers.
        #[serde(skip_serializing_if = "Option::is_none")]
        bearer_format: Option<String>,
    },
    /// A client certificate.
    #[serde(rename = "mutualTLS", rename_all = "camelCase")]
    MutualTls {
        /// What it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
    },
    /// OAuth 2.0.
    #[serde(rename_all = "camelCase")]
    Oauth2 {
        /// What it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The flows that are offered, by name.
        flows: BTreeMap<String, OauthFlow>,
    },
    /// OpenID Connect discovery.
    #[serde(rename_all = "camelCase")]
    OpenIdConnect {
        /// What it is.
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        /// The address of the discovery document.
        open_id_connect_url: String,
    },
}

impl SecurityScheme {
    /// A bearer token that is a JWT.
    #[must_use]
    pub fn bearer_jwt() -> Self {
        Self::Http {
            description: None,
            scheme: "bearer".into(),
            bearer_format: Some("JWT".into()),
        }
    }

    /// A bearer token of no declared form.
    #[must_use]
    pub fn bearer() -> Self {
        Self::Http {
            description: None,
            scheme: "bearer".into(),
            bearer_format: None,
        }
    }

    /// A key in a header, the query or a cookie.
    pub fn api_key(location: ParameterIn, name: impl Into<String>) -> Self {
        Self::ApiKey {
            description: None,
            name: name.into(),
            location,
        }
    }
}

/// One flow of OAuth 2.0 (§4.8.29).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OauthFlow {
    /// Where a person agrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization_url: Option<String>,
    /// Where a code becomes a token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_url: Option<String>,
    /// Where a token is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_url: Option<String>,
    /// Scope to what it allows.
    pub scopes: BTreeMap<String, String>,
}

/// A thing, or the place where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum RefOr<T> {
    /// The place.
    Ref(Reference),
    /// The thing.
    Item(T),
}

impl<T> RefOr<T> {
    /// A reference to `#/components/{kind}/{name}`.
    pub fn component(kind: &str, name: &str) -> Self {
        Self::Ref(Reference::component(kind, name))
    }

    /// The thing itself, if it stands here.
    pub const fn item(&self) -> Option<&T> {
        match self {
            Self::Ref(_) => None,
            Self::Item(item) => Some(item),
        }
    }
}

impl<T> From<T> for RefOr<T> {
    fn from(item: T) -> Self {
        Self::Item(item)
    }
}

/// Where a thing stands (§4.8.23).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// A URI reference, here mostly `#/components/...`.
    #[serde(rename = "$ref")]
    pub target: String,
    /// Replaces the summary of the thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// Replaces the description of the thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Reference {
    /// A reference to `#/components/{kind}/{name}`, escaped as RFC 6901 asks.
    #[must_use]
    pub fn component(kind: &str, name: &str) -> Self {
        Self {
            target: component_pointer(kind, name),
            summary: None,
            description: None,
        }
    }
}

/// `#/components/{kind}/{name}` with `~` and `/` escaped (RFC 6901 §3).
pub(crate) fn component_pointer(kind: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("#/components/{kind}/{name}")
}
