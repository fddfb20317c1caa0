//! Rules that a schema of documents cannot express.
//!
//! The structure is fixed by the types of the model; these are the rules of
//! meaning in OpenAPI 3.1.0.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::document::{
    Document, Operation, Parameter, ParameterIn, PathItem, RefOr, Reference, Schema, SchemaObject,
};
use crate::problem::{Severity, SpecProblem, pointer_token};

/// Checks a document: unique operation ids, templates and path parameters
/// that agree, no parameter twice, references that lead somewhere, keys of
/// responses, media types, names of security schemes, discriminator mappings.
///
/// # Errors
///
/// All problems, in the order of the document.
pub fn validate(document: &Document) -> Result<(), Vec<SpecProblem>> {
    let mut check = Check {
        document,
        tree: serde_json::to_value(document).unwrap_or(Value::Null),
        ids: BTreeMap::new(),
        problems: Vec::new(),
    };
    check.run();
    if check.problems.is_empty() {
        Ok(())
    } else {
        Err(check.problems)
    }
}

/// Whether a document may be used: problems that are errors.
pub(crate) fn has_errors(problems: &[SpecProblem]) -> bool {
    problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
}

struct Check<'d> {
    document: &'d Document,
    tree: Value,
    ids: BTreeMap<&'d str, String>,
    problems: Vec<SpecProblem>,
}

impl<'d> Check<'d> {
    fn error(&mut self, rule: &'static str, pointer: &str, message: String) {
        self.problems
            .push(SpecProblem::error(rule, pointer.to_owned(), message));
    }

    fn run(&mut self) {
        if !matches!(self.document.openapi.as_str(), "3.1.0" | "3.1.1") {
            let message = format!(
                "`{}` is not a version this model speaks",
                self.document.openapi
            );
            self.error("openapi-version", "/openapi", message);
        }
        self.security(self.document.security.iter(), "/security");
        for (path, item) in &self.document.paths {
            let pointer = format!("/paths/{}", pointer_token(path));
            if !path.starts_with('/') {
                self.error(
                    "path-absolute",
                    &pointer,
                    format!("`{path}` must begin with `/`"),
                );
            }
            self.item(path, item, &pointer);
        }
        for (name, item) in &self.document.webhooks {
            let pointer = format!("/webhooks/{}", pointer_token(name));
            self.item("", item, &pointer);
        }
        self.components();
        self.references();
    }

    fn item(&mut self, path: &str, item: &'d PathItem, pointer: &str) {
        for (method, operation) in item.operations() {
            self.operation(path, item, operation, &format!("{pointer}/{method}"));
        }
    }

    fn operation(&mut self, path: &str, item: &'d PathItem, op: &'d Operation, pointer: &str) {
        if let Some(id) = &op.operation_id {
            match self.ids.get(id.as_str()) {
                Some(first) => {
                    let message = format!("the operation id `{id}` is taken by {first}");
                    self.error("operation-id-duplicate", pointer, message);
                }
                None => {
                    self.ids.insert(id, pointer.to_owned());
                }
            }
        }
        if let Some(security) = &op.security {
            self.security(security.iter(), &format!("{pointer}/security"));
        }
        self.parameters(path, item, op, pointer);
        self.responses(op, pointer);
        if let Some(RefOr::Item(body)) = &op.request_body {
            for media_type in body.content.keys() {
                self.media_type(media_type, &format!("{pointer}/requestBody/content"));
            }
        }
    }

    fn parameters(&mut self, path: &str, item: &'d PathItem, op: &'d Operation, pointer: &str) {
        let mut seen = BTreeSet::new();
        let mut in_path = BTreeSet::new();
        for (index, parameter) in op.parameters.iter().enumerate() {
            let Some(parameter) = self.resolve(parameter) else {
                continue;
            };
            let place = format!("{pointer}/parameters/{index}");
            if !seen.insert((parameter.location, parameter.name.as_str())) {
                let message = format!("the parameter `{}` stands twice", parameter.name);
                self.error("parameter-duplicate", &place, message);
            }
            if parameter.location == ParameterIn::Path && !parameter.required {
                let message = format!("the path parameter `{}` must be required", parameter.name);
                self.error("path-parameter-required", &place, message);
            }
            if parameter.location == ParameterIn::Path {
                in_path.insert(parameter.name.as_str());
            }
        }
        for parameter in &item.parameters {
            if let Some(parameter) = self.resolve(parameter)
                && parameter.location == ParameterIn::Path
            {
                in_path.insert(parameter.name.as_str());
            }
        }
        let templated: BTreeSet<&str> = path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        for name in templated.difference(&in_path) {
            let message = format!("`{{{name}}}` of the path is not declared");
            self.error("path-parameter-undeclared", pointer, message);
        }
        for name in in_path.difference(&templated) {
            let message = format!("the path has no `{{{name}}}`");
            self.error("path-parameter-unknown", pointer, message);
        }
    }

    fn resolve<'p>(&self, parameter: &'p RefOr<Parameter>) -> Option<&'p Parameter>
    where
        'd: 'p,
    {
        match parameter {
            RefOr::Item(parameter) => Some(parameter),
            RefOr::Ref(Reference { target, .. }) => {
                let name = target.strip_prefix("#/components/parameters/")?;
                self.document.components.parameters.get(name)?.item()
            }
        }
    }

    fn responses(&mut self, op: &'d Operation, pointer: &str) {
        if op.responses.is_empty() {
            self.error(
                "responses-empty",
                pointer,
                "an operation needs an answer".into(),
            );
        }
        for (key, response) in &op.responses {
            let place = format!("{pointer}/responses/{}", pointer_token(key));
            if !is_response_key(key) {
                let message =
                    format!("`{key}` is no status, no class such as `4XX`, not `default`");
                self.error("response-key", &place, message);
            }
            if let RefOr::Item(response) = response {
                for media_type in response.content.keys() {
                    self.media_type(media_type, &format!("{place}/content"));
                }
            }
        }
    }

    fn media_type(&mut self, media_type: &str, pointer: &str) {
        let essence = media_type.split(';').next().unwrap_or_default().trim();
        let valid = essence.split_once('/').is_some_and(|(kind, subtype)| {
            [kind, subtype]
                .iter()
                .all(|part| !part.is_empty() && part.bytes().all(|b| b == b'*' || is_token_byte(b)))
        });
        if !valid {
            let place = format!("{pointer}/{}", pointer_token(media_type));
            self.error(
                "media-type",
                &place,
                format!("`{media_type}` is no media type"),
            );
        }
    }

    fn security<'s>(
        &mut self,
        requirements: impl Iterator<Item = &'s crate::document::SecurityRequirement>,
        pointer: &str,
    ) {
        for (index, requirement) in requirements.enumerate() {
            for name in requirement.keys() {
                if !self.document.components.security_schemes.contains_key(name) {
                    let message = format!("there is no security scheme `{name}`");
                    self.error("security-unknown", &format!("{pointer}/{index}"), message);
                }
            }
        }
    }

    fn components(&mut self) {
        let components = &self.document.components;
        let names = components
            .schemas
            .keys()
            .map(|name| ("schemas", name))
            .chain(components.responses.keys().map(|name| ("responses", name)))
            .chain(
                components
                    .parameters
                    .keys()
                    .map(|name| ("parameters", name)),
            )
            .chain(
                components
                    .request_bodies
                    .keys()
                    .map(|name| ("requestBodies", name)),
            )
            .chain(components.headers.keys().map(|name| ("headers", name)))
            .chain(
                components
                    .security_schemes
                    .keys()
                    .map(|name| ("securitySchemes", name)),
            );
        for (kind, name) in names {
            let valid = !name.is_empty()
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
            if !valid {
                let pointer = format!("/components/{kind}/{}", pointer_token(name));
                let message = format!("`{name}` may hold only letters, digits, `.`, `_`, `-`");
                self.problems
                    .push(SpecProblem::error("component-name", pointer, message));
            }
        }
        for (name, schema) in &components.schemas {
            let pointer = format!("/components/schemas/{}", pointer_token(name));
            self.discriminators(schema, &pointer);
        }
    }

    fn discriminators(&mut self, schema: &'d Schema, pointer: &str) {
        let mut broken = Vec::new();
        let schemas = &self.document.components.schemas;
        schema.walk(&mut |object: &SchemaObject| {
            let Some(discriminator) = &object.discriminator else {
                return;
            };
            for target in discriminator.mapping.values() {
                let name = target
                    .strip_prefix("#/components/schemas/")
                    .unwrap_or(target);
                if !schemas.contains_key(name) {
                    broken.push(target.clone());
                }
            }
        });
        for target in broken {
            let message = format!("the discriminator maps to `{target}`, which does not exist");
            self.error("discriminator-mapping", pointer, message);
        }
    }

    /// Every `$ref` into the document must lead somewhere.
    fn references(&mut self) {
        let mut broken = Vec::new();
        collect_broken(&self.tree, &self.tree, String::new(), &mut broken);
        for (pointer, target) in broken {
            self.error("ref-broken", &pointer, format!("`{target}` leads nowhere"));
        }
    }
}

/// Values under these members are data, in which `$ref` means nothing.
const DATA_MEMBERS: [&str; 5] = ["example", "examples", "default", "const", "enum"];

fn collect_broken(root: &Value, node: &Value, pointer: String, broken: &mut Vec<(String, String)>) {
    match node {
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get("$ref")
                && let Some(fragment) = target.strip_prefix('#')
                && root.pointer(fragment).is_none()
            {
                broken.push((pointer.clone(), target.clone()));
            }
            for (name, value) in members {
                if !DATA_MEMBERS.contains(&name.as_str()) || pointer.ends_with("/properties") {
                    collect_broken(
                        root,
                        value,
                        format!("{pointer}/{}", pointer_token(name)),
                        broken,
                    );
                }
            }
        }
        Value::Array(elements) => {
            for (index, value) in elements.iter().enumerate() {
                collect_broken(root, value, format!("{pointer}/{index}"), broken);
            }
        }
        _ => {}
    }
}

fn is_response_key(key: &str) -> bool {
    match key.as_bytes() {
        b"default" => true,
        [b'1'..=b'5', b'X', b'X'] => true,
        [b'1'..=b'5', a, b] => a.is_ascii_digit() && b.is_ascii_digit(),
        _ => false,
    }
}

/// A byte of a token (RFC 9110 §5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}
