//! What routes cannot say about themselves.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::document::{
    Extensions, ExternalDocs, Parameter, ParameterIn, RefOr, RequestBody, Response, Schema,
    SecurityRequirement, Server,
};

/// Which routes a hint is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpKey(String);

impl OpKey {
    /// The text of the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A route's name, or `METHOD /path` in the router's spelling. A wildcard is
/// also found by its spelling in documents, `GET /files/{path}`.
impl<T: Into<String>> From<T> for OpKey {
    fn from(key: T) -> Self {
        Self(key.into())
    }
}

/// What a hint says about an operation. Members that are absent leave what
/// the route itself says.
///
/// ```
/// use plumego_x_openapi::{Op, Schema, json_response, query_param};
///
/// let op = Op::new()
///     .summary("List users")
///     .parameter(query_param("limit", Schema::integer()))
///     .response(200, json_response("The users", Schema::array(Schema::reference("User"))));
/// # let _ = op;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Op {
    pub(crate) summary: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) request_body: Option<RefOr<RequestBody>>,
    pub(crate) responses: BTreeMap<String, RefOr<Response>>,
    pub(crate) operation_id: Option<String>,
    pub(crate) deprecated: bool,
    pub(crate) security: Option<Vec<SecurityRequirement>>,
    pub(crate) callbacks: BTreeMap<String, Value>,
    pub(crate) servers: Vec<Server>,
    pub(crate) external_docs: Option<ExternalDocs>,
    pub(crate) extensions: Extensions,
}

impl Op {
    /// A hint that says nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A line on what it does.
    #[must_use]
    pub fn summary(mut self, text: impl Into<String>) -> Self {
        self.summary = Some(text.into());
        self
    }

    /// Text in CommonMark.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Adds a group, behind those of the route.
    #[must_use]
    pub fn tag(mut self, name: impl Into<String>) -> Self {
        self.tags.push(name.into());
        self
    }

    /// Adds a parameter. It replaces one of the same place and name.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter) -> Self {
        self.parameters.push(parameter);
        self
    }

    /// The body it reads.
    #[must_use]
    pub fn request_body(mut self, body: impl Into<RefOr<RequestBody>>) -> Self {
        self.request_body = Some(body.into());
        self
    }

    /// Adds an answer. The first one replaces the default answer `200`.
    #[must_use]
    pub fn response(self, status: u16, response: impl Into<RefOr<Response>>) -> Self {
        self.response_key(status.to_string(), response)
    }

    /// Adds an answer for a class of statuses (`4XX`) or for `default`.
    #[must_use]
    pub fn response_key(
        mut self,
        key: impl Into<String>,
        response: impl Into<RefOr<Response>>,
    ) -> Self {
        self.responses.insert(key.into(), response.into());
        self
    }

    /// The name in generated clients.
    #[must_use]
    pub fn operation_id(mut self, id: impl Into<String>) -> Self {
        self.operation_id = Some(id.into());
        self
    }

    /// Says that callers should move on.
    #[must_use]
    pub const fn deprecated(mut self) -> Self {
        self.deprecated = true;
        self
    }

    /// Adds a way to be allowed in: the schemes of one call must all hold,
    /// several calls are alternatives.
    #[must_use]
    pub fn security<'s>(mut self, schemes: impl IntoIterator<Item = &'s str>) -> Self {
        let requirement = schemes
            .into_iter()
            .map(|name| (name.to_owned(), Vec::new()))
            .collect();
        self.security.get_or_insert_default().push(requirement);
        self
    }

    /// Says that everybody is allowed in, whatever the default is.
    #[must_use]
    pub fn no_security(mut self) -> Self {
        self.security = Some(Vec::new());
        self
    }

    /// Adds a request that the operation causes later, as a callback object.
    #[must_use]
    pub fn callback(mut self, name: impl Into<String>, callback: Value) -> Self {
        self.callbacks.insert(name.into(), callback);
        self
    }

    /// Adds a server of this operation only.
    #[must_use]
    pub fn server(mut self, server: Server) -> Self {
        self.servers.push(server);
        self
    }

    /// Where more is written.
    #[must_use]
    pub fn external_docs(mut self, docs: ExternalDocs) -> Self {
        self.external_docs = Some(docs);
        self
    }

    /// Adds an extension; a name without `x-` gets it.
    #[must_use]
    pub fn extension(mut self, name: &str, value: impl Into<Value>) -> Self {
        let name = if name.starts_with("x-") {
            name.to_owned()
        } else {
            format!("x-{name}")
        };
        self.extensions.insert(name, value.into());
        self
    }

    /// Says that the operation upgrades the connection, to a WebSocket say.
    #[must_use]
    pub fn upgrade(self) -> Self {
        self.extension("x-plumego-upgrade", true)
    }
}

/// A path parameter; always required.
pub fn path_param(name: impl Into<String>, schema: Schema) -> Parameter {
    Parameter::new(ParameterIn::Path, name, schema)
}

/// An optional query parameter.
pub fn query_param(name: impl Into<String>, schema: Schema) -> Parameter {
    Parameter::new(ParameterIn::Query, name, schema)
}

/// An optional header.
pub fn header_param(name: impl Into<String>, schema: Schema) -> Parameter {
    Parameter::new(ParameterIn::Header, name, schema)
}

/// An optional cookie.
pub fn cookie_param(name: impl Into<String>, schema: Schema) -> Parameter {
    Parameter::new(ParameterIn::Cookie, name, schema)
}

/// A required JSON body.
#[must_use]
pub fn json_body(schema: Schema) -> RequestBody {
    RequestBody::json(schema)
}

/// An answer with a JSON body.
pub fn json_response(description: impl Into<String>, schema: Schema) -> Response {
    Response::json(description, schema)
}
