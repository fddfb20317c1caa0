//! Schemas from Rust types, through `schemars`.

use std::collections::BTreeMap;

use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};

use crate::document::{Parameter, ParameterIn, RequestBody, Response, Schema, component_pointer};
use crate::problem::SpecProblem;

/// Types that were registered, by their identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Types {
    /// `schemars`' identity of a type to what it generates.
    types: BTreeMap<String, Registered>,
}

#[derive(Clone, Debug)]
struct Registered {
    name: String,
    /// As readers of answers see it.
    output: Schema,
    /// As writers of requests see it, when that differs.
    input: Schema,
    definitions: BTreeMap<String, Schema>,
}

impl Types {
    pub(crate) fn register<T: JsonSchema>(&mut self) {
        let (output, mut definitions) = generate::<T>(Contract::Serialize);
        let (input, more) = generate::<T>(Contract::Deserialize);
        for (name, schema) in more {
            definitions.entry(name).or_insert(schema);
        }
        let registered = Registered {
            name: component_name::<T>(),
            output,
            input,
            definitions,
        };
        self.types.insert(T::schema_id().into_owned(), registered);
    }

    /// Adds every type under its name. Two types of one name get the names of
    /// their modules in front.
    pub(crate) fn merge_into(
        &self,
        schemas: &mut BTreeMap<String, Schema>,
        problems: &mut Vec<SpecProblem>,
    ) {
        let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
        for registered in self.types.values() {
            *owners.entry(registered.name.as_str()).or_default() += 1;
        }
        for (id, registered) in &self.types {
            let name = if owners[registered.name.as_str()] > 1 {
                qualified_name(id)
            } else {
                registered.name.clone()
            };
            put(schemas, &name, registered.output.clone(), problems);
            if registered.input != registered.output {
                put(
                    schemas,
                    &format!("{name}Input"),
                    registered.input.clone(),
                    problems,
                );
            }
            for (inner, schema) in &registered.definitions {
                // A registered type of that name says the same, or was renamed.
                if !owners.contains_key(inner.as_str()) {
                    put(schemas, inner, schema.clone(), problems);
                }
            }
        }
    }
}

fn put(
    schemas: &mut BTreeMap<String, Schema>,
    name: &str,
    schema: Schema,
    problems: &mut Vec<SpecProblem>,
) {
    match schemas.get(name) {
        Some(there) if *there != schema => {
            let message = format!("two types want the component `{name}`; rename one of them");
            let pointer = format!("/components/schemas/{name}");
            problems.push(SpecProblem::error("component-collision", pointer, message));
        }
        Some(_) => {}
        None => {
            schemas.insert(name.to_owned(), schema);
        }
    }
}

/// `User` of `User`, `Page_User` of `Page<User>`: only letters that the
/// keys of components may hold.
fn component_name<T: JsonSchema>() -> String {
    T::schema_name()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "._-".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

/// `shop_User` of `shop::User`.
fn qualified_name(id: &str) -> String {
    id.replace("::", "_")
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
        .collect()
}

fn generate<T: JsonSchema>(contract: Contract) -> (Schema, BTreeMap<String, Schema>) {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
        settings.contract = contract;
    });
    let mut generator = SchemaGenerator::new(settings);
    let root = T::json_schema(&mut generator);
    let definitions = generator
        .take_definitions(true)
        .into_iter()
        .map(|(name, schema)| (name, convert(schema)))
        .collect();
    (convert(root.to_value()), definitions)
}

/// Every schema that `schemars` writes is an object or a boolean, which the
/// model reads whole.
fn convert(schema: serde_json::Value) -> Schema {
    serde_json::from_value(schema).unwrap_or_default()
}

/// A reference to the component of a registered type.
fn reference<T: JsonSchema>() -> Schema {
    if T::inline_schema() {
        return generate::<T>(Contract::Serialize).0;
    }
    Schema::Object(Box::new(crate::document::SchemaObject {
        reference: Some(component_pointer("schemas", &component_name::<T>())),
        ..crate::document::SchemaObject::default()
    }))
}

/// A required JSON body of a registered type.
#[must_use]
pub fn json<T: JsonSchema>() -> RequestBody {
    RequestBody::json(reference::<T>())
}

/// An answer with a JSON body of a registered type.
pub fn response<T: JsonSchema>(description: impl Into<String>) -> Response {
    Response::json(description, reference::<T>())
}

/// A path parameter of a type; always required.
pub fn path_param_of<T: JsonSchema>(name: impl Into<String>) -> Parameter {
    Parameter::new(ParameterIn::Path, name, reference::<T>())
}

/// An optional query parameter of a type.
pub fn query_param_of<T: JsonSchema>(name: impl Into<String>) -> Parameter {
    Parameter::new(ParameterIn::Query, name, reference::<T>())
}
