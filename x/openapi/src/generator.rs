//! From routes to a document.

use std::collections::BTreeMap;

use plumego_router::RouteInfo;
use wildmatch::WildMatch;

use crate::convention::{self, Conventions};
use crate::document::{
    Components, Document, Extensions, ExternalDocs, Info, JSON_SCHEMA_DIALECT, OPENAPI_VERSION,
    Operation, Parameter, ParameterIn, PathItem, RefOr, Response, Schema, SecurityRequirement,
    SecurityScheme, Server, Tag,
};
use crate::hint::{Op, OpKey, path_param};
use crate::problem::{Severity, SpecProblem, pointer_token};
use crate::validate::validate;

/// Methods that a route for any method stands for.
const ANY_METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// A route, as a document needs it.
///
/// Made from a [`RouteInfo`]; programs whose routes come from elsewhere fill
/// it themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method in capitals, `ANY` for all.
    pub method: String,
    /// The pattern in the router's spelling: `/users/{id}`, `/files/{*path}`.
    pub path: String,
    /// The name, unique among routes.
    pub name: Option<String>,
    /// Groups.
    pub tags: Vec<String>,
    /// A line on what it does.
    pub summary: Option<String>,
    /// Whether callers should move on.
    pub deprecated: bool,
}

impl Route {
    /// A route that says nothing about itself.
    pub fn new(method: impl Into<String>, path: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            path: path.into(),
            name: None,
            tags: Vec::new(),
            summary: None,
            deprecated: false,
        }
    }
}

impl From<&RouteInfo> for Route {
    fn from(info: &RouteInfo) -> Self {
        Self {
            method: info.method.as_str().to_owned(),
            path: info.path.clone(),
            name: info.meta.name.clone(),
            tags: info.meta.tags.clone(),
            summary: info.meta.summary.as_deref().map(str::to_owned),
            deprecated: info.meta.deprecated,
        }
    }
}

/// Makes documents from routes. Equal inputs give equal documents, whatever
/// the order of registration.
#[derive(Clone, Debug, Default)]
pub struct Generator {
    info: Info,
    version: Option<String>,
    hints: BTreeMap<OpKey, Op>,
    components: Components,
    servers: Vec<Server>,
    tags: Vec<Tag>,
    security: Vec<SecurityRequirement>,
    webhooks: BTreeMap<String, PathItem>,
    external_docs: Option<ExternalDocs>,
    extensions: Extensions,
    exclude: Vec<String>,
    conventions: Conventions,
    show_mirrors: bool,
    strict: bool,
    #[cfg(feature = "schemars")]
    types: crate::from_type::Types,
}

impl Generator {
    /// A generator for an API of that name.
    #[must_use]
    pub fn new(info: Info) -> Self {
        Self {
            info,
            ..Self::default()
        }
    }

    /// Writes `3.1.1` instead of `3.1.0`.
    #[must_use]
    pub fn openapi_3_1_1(mut self) -> Self {
        self.version = Some("3.1.1".into());
        self
    }

    /// Says more about an operation than its route does. A later hint of the
    /// same key replaces an earlier one.
    #[must_use]
    pub fn operation(mut self, key: impl Into<OpKey>, op: Op) -> Self {
        self.hints.insert(key.into(), op);
        self
    }

    /// Adds a schema that operations refer to.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>, schema: Schema) -> Self {
        self.components.schemas.insert(name.into(), schema);
        self
    }

    /// Adds the schema of a type, and of the types in it, under their names.
    #[cfg(feature = "schemars")]
    #[must_use]
    pub fn register<T: schemars::JsonSchema>(mut self) -> Self {
        self.types.register::<T>();
        self
    }

    /// Adds a way to say who calls.
    #[must_use]
    pub fn security_scheme(mut self, name: impl Into<String>, scheme: SecurityScheme) -> Self {
        self.components
            .security_schemes
            .insert(name.into(), scheme.into());
        self
    }

    /// Adds what operations need that say nothing of their own; several calls
    /// are alternatives.
    #[must_use]
    pub fn security<'s>(mut self, schemes: impl IntoIterator<Item = &'s str>) -> Self {
        let requirement = schemes
            .into_iter()
            .map(|name| (name.to_owned(), Vec::new()))
            .collect();
        self.security.push(requirement);
        self
    }

    /// Adds a place where the API can be reached.
    #[must_use]
    pub fn server(mut self, server: Server) -> Self {
        self.servers.push(server);
        self
    }

    /// Describes a group of operations.
    #[must_use]
    pub fn tag(mut self, tag: Tag) -> Self {
        self.tags.push(tag);
        self
    }

    /// Adds a request that the API makes to its clients.
    #[must_use]
    pub fn webhook(mut self, name: impl Into<String>, item: PathItem) -> Self {
        self.webhooks.insert(name.into(), item);
        self
    }

    /// Where more is written.
    #[must_use]
    pub fn external_docs(mut self, docs: ExternalDocs) -> Self {
        self.external_docs = Some(docs);
        self
    }

    /// Adds an extension of the document.
    #[must_use]
    pub fn extension(mut self, name: impl Into<String>, value: serde_json::Value) -> Self {
        self.extensions.insert(name.into(), value);
        self
    }

    /// Leaves out routes whose path matches: `*` stands for any run of
    /// characters, `?` for one.
    #[must_use]
    pub fn exclude(mut self, glob: impl Into<String>) -> Self {
        self.exclude.push(glob.into());
        self
    }

    /// Presets that every operation follows.
    #[must_use]
    pub const fn conventions(mut self, conventions: Conventions) -> Self {
        self.conventions = conventions;
        self
    }

    /// Shows `HEAD` and `OPTIONS` beside a `GET` of the same path, which are
    /// hidden otherwise.
    #[must_use]
    pub const fn show_mirrors(mut self) -> Self {
        self.show_mirrors = true;
        self
    }

    /// Treats a hint without a route as an error.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Makes the document of routes in a router's snapshot.
    ///
    /// # Errors
    ///
    /// All problems at once, when at least one of them is an error.
    pub fn generate(&self, routes: &[RouteInfo]) -> Result<Document, Vec<SpecProblem>> {
        self.generate_from(routes.iter().map(Route::from))
    }

    /// Makes the document of routes from anywhere.
    ///
    /// # Errors
    ///
    /// All problems at once, when at least one of them is an error.
    pub fn generate_from(
        &self,
        routes: impl IntoIterator<Item = Route>,
    ) -> Result<Document, Vec<SpecProblem>> {
        let (document, problems) = self.generate_with_warnings(routes);
        if problems
            .iter()
            .any(|problem| problem.severity == Severity::Error)
        {
            return Err(problems);
        }
        Ok(document)
    }

    /// Makes the document and says everything that is wrong with it, so that
    /// a tool can show warnings too.
    pub fn generate_with_warnings(
        &self,
        routes: impl IntoIterator<Item = Route>,
    ) -> (Document, Vec<SpecProblem>) {
        let mut routes: Vec<Route> = routes
            .into_iter()
            .filter(|route| !self.excluded(&route.path))
            .collect();
        routes.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        let mut assembly = Assembly::new(self);
        for route in &routes {
            assembly.route(route);
        }
        assembly.finish()
    }

    fn excluded(&self, path: &str) -> bool {
        self.exclude
            .iter()
            .any(|glob| WildMatch::new(glob).matches(path))
    }

    fn skeleton(&self) -> (Document, Vec<SpecProblem>) {
        #[allow(unused_mut, reason = "types are merged in only with schemars")]
        let mut components = self.components.clone();
        #[allow(unused_mut, reason = "types are merged in only with schemars")]
        let mut problems = Vec::new();
        #[cfg(feature = "schemars")]
        self.types
            .merge_into(&mut components.schemas, &mut problems);
        let document = Document {
            openapi: self
                .version
                .clone()
                .unwrap_or_else(|| OPENAPI_VERSION.into()),
            info: self.info.clone(),
            json_schema_dialect: Some(JSON_SCHEMA_DIALECT.into()),
            servers: self.servers.clone(),
            paths: BTreeMap::new(),
            webhooks: self.webhooks.clone(),
            components,
            security: self.security.clone(),
            tags: self.tags.clone(),
            external_docs: self.external_docs.clone(),
            extensions: self.extensions.clone(),
        };
        (document, problems)
    }
}

/// A document that is being made.
struct Assembly<'g> {
    generator: &'g Generator,
    document: Document,
    problems: Vec<SpecProblem>,
    used: BTreeMap<&'g OpKey, bool>,
    /// Shape of a path, with parameter names left out, to the path itself.
    shapes: BTreeMap<String, String>,
}

impl<'g> Assembly<'g> {
    fn new(generator: &'g Generator) -> Self {
        let (document, problems) = generator.skeleton();
        Self {
            generator,
            document,
            problems,
            used: generator.hints.keys().map(|key| (key, false)).collect(),
            shapes: BTreeMap::new(),
        }
    }

    fn route(&mut self, route: &Route) {
        let template = Template::of(&route.path);
        let shape = template.shape();
        match self.shapes.get(&shape) {
            Some(first) if *first != template.path => {
                let message = format!(
                    "`{}` and `{first}` differ only in the names of their parameters; \
                     name them alike",
                    template.path
                );
                let pointer = format!("/paths/{}", pointer_token(&template.path));
                self.problems.push(SpecProblem::error(
                    "path-template-duplicate",
                    pointer,
                    message,
                ));
                return;
            }
            Some(_) => {}
            None => {
                self.shapes.insert(shape, template.path.clone());
            }
        }
        if route.method == "ANY" {
            for method in ANY_METHODS {
                self.operation(route, method, &template, true);
            }
        } else if route.method == "CONNECT" {
            let item = self.document.paths.entry(template.path).or_default();
            item.extensions
                .insert("x-plumego-upgrade".into(), "CONNECT".into());
        } else if PathItem::METHODS.contains(&route.method.as_str()) {
            self.operation(route, &route.method, &template, false);
        } else {
            let message = format!(
                "`{}` has no place in a document; exclude `{}`",
                route.method, route.path
            );
            let pointer = format!("/paths/{}", pointer_token(&template.path));
            self.problems
                .push(SpecProblem::warning("method-unknown", pointer, message));
        }
    }

    fn operation(&mut self, route: &Route, method: &str, template: &Template, expanded: bool) {
        let hint = self.hint(route, method, template);
        let mut operation = describe(route, method, template, hint, expanded);
        if let Some(hint) = hint {
            merge(hint, &mut operation);
        }
        let item = self
            .document
            .paths
            .entry(template.path.clone())
            .or_default();
        let Some(slot) = item.slot(method) else {
            return;
        };
        // An exact route wins over one for any method; sorting put `ANY` first.
        *slot = Some(operation);
    }

    fn hint(&mut self, route: &Route, method: &str, template: &Template) -> Option<&'g Op> {
        let keys = [
            route.name.clone(),
            Some(format!("{method} {}", route.path)),
            Some(format!("{method} {}", template.path)),
        ];
        let hints = &self.generator.hints;
        let (key, op) = keys
            .into_iter()
            .flatten()
            .find_map(|key| hints.get_key_value(&OpKey::from(key)))?;
        self.used.insert(key, true);
        Some(op)
    }

    fn finish(mut self) -> (Document, Vec<SpecProblem>) {
        if !self.generator.show_mirrors {
            for item in self.document.paths.values_mut() {
                if item.get.is_some() {
                    item.head = None;
                    item.options = None;
                }
            }
        }
        for (key, used) in &self.used {
            if !used {
                let message = format!("the hint `{}` matches no route", key.as_str());
                let problem = SpecProblem::warning("hint-unmatched", String::new(), message);
                self.problems.push(if self.generator.strict {
                    SpecProblem {
                        severity: Severity::Error,
                        ..problem
                    }
                } else {
                    problem
                });
            }
        }
        convention::apply(self.generator.conventions, &mut self.document);
        if let Err(found) = validate(&self.document) {
            self.problems.extend(found);
        }
        (self.document, self.problems)
    }
}

/// What the route itself says.
fn describe(
    route: &Route,
    method: &str,
    template: &Template,
    hint: Option<&Op>,
    expanded: bool,
) -> Operation {
    let id = match &route.name {
        Some(name) if expanded => format!("{name}.{}", method.to_ascii_lowercase()),
        Some(name) => name.clone(),
        None => slug(method, &template.path),
    };
    let mut operation = Operation {
        tags: route.tags.clone(),
        summary: route.summary.clone(),
        operation_id: Some(id),
        deprecated: route.deprecated,
        ..Operation::default()
    };
    for (name, wildcard) in &template.parameters {
        let mut parameter = path_param(name.as_str(), Schema::string());
        if *wildcard {
            parameter
                .extensions
                .insert("x-plumego-wildcard".into(), true.into());
        }
        operation.parameters.push(parameter.into());
    }
    if hint.is_none_or(|hint| hint.responses.is_empty()) {
        operation
            .responses
            .insert("200".into(), Response::new("OK").into());
    }
    operation
}

/// Lays what a hint says over what the route says.
fn merge(hint: &Op, operation: &mut Operation) {
    if let Some(summary) = &hint.summary {
        operation.summary = Some(summary.clone());
    }
    if let Some(id) = &hint.operation_id {
        operation.operation_id = Some(id.clone());
    }
    for tag in &hint.tags {
        if !operation.tags.contains(tag) {
            operation.tags.push(tag.clone());
        }
    }
    for parameter in &hint.parameters {
        put_parameter(operation, parameter.clone());
    }
    operation.description.clone_from(&hint.description);
    operation.request_body.clone_from(&hint.request_body);
    operation.responses.extend(hint.responses.clone());
    operation.deprecated |= hint.deprecated;
    operation.security.clone_from(&hint.security);
    operation.callbacks.clone_from(&hint.callbacks);
    operation.servers.clone_from(&hint.servers);
    operation.external_docs.clone_from(&hint.external_docs);
    operation.extensions.extend(hint.extensions.clone());
}

fn put_parameter(operation: &mut Operation, mut parameter: Parameter) {
    parameter.required |= parameter.location == ParameterIn::Path;
    let same = operation
        .parameters
        .iter_mut()
        .find_map(|there| match there {
            RefOr::Item(there)
                if there.location == parameter.location && there.name == parameter.name =>
            {
                Some(there)
            }
            _ => None,
        });
    match same {
        Some(there) => {
            let mut extensions = std::mem::take(&mut there.extensions);
            extensions.append(&mut parameter.extensions);
            parameter.extensions = extensions;
            *there = parameter;
        }
        None => operation.parameters.push(parameter.into()),
    }
}

/// A router's pattern in the spelling of documents.
struct Template {
    path: String,
    /// Names in order, and whether each takes the rest of the path.
    parameters: Vec<(String, bool)>,
}

impl Template {
    fn of(pattern: &str) -> Self {
        let mut path = String::with_capacity(pattern.len() + 1);
        let mut parameters = Vec::new();
        for segment in pattern
            .split('/')
            .skip(usize::from(pattern.starts_with('/')))
        {
            path.push('/');
            match segment
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'))
            {
                Some(name) => {
                    let (name, wildcard) = name
                        .strip_prefix('*')
                        .map_or((name, false), |name| (name, true));
                    parameters.push((name.to_owned(), wildcard));
                    path.push('{');
                    path.push_str(name);
                    path.push('}');
                }
                None => path.push_str(segment),
            }
        }
        if path.is_empty() {
            path.push('/');
        }
        Self { path, parameters }
    }

    fn shape(&self) -> String {
        self.path
            .split('/')
            .map(|segment| {
                if segment.starts_with('{') {
                    "{}"
                } else {
                    segment
                }
            })
            .collect::<Vec<_>>()
            .join("/")
    }
}

/// `get_users_id` of `GET /users/{id}`.
fn slug(method: &str, path: &str) -> String {
    let mut slug = method.to_ascii_lowercase();
    let words = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty());
    for word in words {
        slug.push('_');
        slug.push_str(word);
    }
    slug
}
