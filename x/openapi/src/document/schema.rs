//! JSON Schema 2020-12, as far as documents use it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value};

use super::{ExternalDocs, component_pointer};

/// A schema: an object of constraints, or everything (`true`), or nothing
/// (`false`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Schema {
    /// `true` accepts everything, `false` nothing.
    Bool(bool),
    /// Constraints.
    Object(Box<SchemaObject>),
}

impl Default for Schema {
    fn default() -> Self {
        Self::any()
    }
}

impl From<SchemaObject> for Schema {
    fn from(object: SchemaObject) -> Self {
        Self::Object(Box::new(object))
    }
}

/// One type name, or several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SchemaType {
    /// One.
    One(String),
    /// Any of several.
    Many(Vec<String>),
}

/// The constraints of a schema. Keywords that have no member of their own are
/// kept in `rest`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SchemaObject {
    /// Another schema that must hold too.
    #[serde(rename = "$ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// A name for readers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Text in CommonMark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The JSON type.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<SchemaType>,
    /// A refinement of the type with a known name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// How binary content is written as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_encoding: Option<String>,
    /// What the content is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_media_type: Option<String>,
    /// The only values.
    #[serde(rename = "enum", skip_serializing_if = "Option::is_none")]
    pub values: Option<Vec<Value>>,
    /// The only value.
    #[serde(
        rename = "const",
        skip_serializing_if = "Option::is_none",
        deserialize_with = "present"
    )]
    pub constant: Option<Value>,
    /// The value when none is given.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub default: Option<Value>,
    /// Fewest characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_length: Option<u64>,
    /// Most characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u64>,
    /// A regular expression (ECMA-262) found in the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// The least number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Number>,
    /// The greatest number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Number>,
    /// Below every number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusive_minimum: Option<Number>,
    /// Above every number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclusive_maximum: Option<Number>,
    /// The first elements of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix_items: Option<Vec<Schema>>,
    /// The elements of a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Schema>,
    /// Fewest elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_items: Option<u64>,
    /// Most elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_items: Option<u64>,
    /// Whether no two elements are equal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique_items: Option<bool>,
    /// Members with names, in declaration order.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub properties: IndexMap<String, Schema>,
    /// Members that must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<String>,
    /// Members without names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_properties: Option<Schema>,
    /// What each member name must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub property_names: Option<Schema>,
    /// Fewest members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_properties: Option<u64>,
    /// Most members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_properties: Option<u64>,
    /// All must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub all_of: Vec<Schema>,
    /// At least one must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub any_of: Vec<Schema>,
    /// Exactly one must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<Schema>,
    /// Must not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not: Option<Schema>,
    /// Which alternative applies, by a member (OpenAPI 3.1.0 §4.8.25).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discriminator: Option<Discriminator>,
    /// Whether callers should move on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deprecated: Option<bool>,
    /// Only in answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// Only in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_only: Option<bool>,
    /// Values to look at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Value>,
    /// Where more is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_docs: Option<ExternalDocs>,
    /// Every other keyword.
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

/// Distinguishes `null` from an absent member.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Which alternative applies, by the value of a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Discriminator {
    /// The member.
    pub property_name: String,
    /// Value to schema, where they differ by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mapping: BTreeMap<String, String>,
}

impl Schema {
    /// Accepts everything: `{}`.
    #[must_use]
    pub fn any() -> Self {
        SchemaObject::default().into()
    }

    /// A schema of one JSON type.
    #[must_use]
    pub fn of(kind: &str) -> Self {
        SchemaObject {
            kind: Some(SchemaType::One(kind.into())),
            ..SchemaObject::default()
        }
        .into()
    }

    /// Text.
    #[must_use]
    pub fn string() -> Self {
        Self::of("string")
    }

    /// Whole numbers.
    #[must_use]
    pub fn integer() -> Self {
        Self::of("integer")
    }

    /// Numbers.
    #[must_use]
    pub fn number() -> Self {
        Self::of("number")
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean() -> Self {
        Self::of("boolean")
    }

    /// A list.
    #[must_use]
    pub fn array(of: Self) -> Self {
        Self::of("array").with(|schema| schema.items = Some(of))
    }

    /// An object without members yet; see [`Schema::property`].
    #[must_use]
    pub fn object() -> Self {
        Self::of("object")
    }

    /// An object whose members all have one type.
    #[must_use]
    pub fn map(of: Self) -> Self {
        Self::object().with(|schema| schema.additional_properties = Some(of))
    }

    /// The component of that name.
    #[must_use]
    pub fn reference(name: &str) -> Self {
        SchemaObject {
            reference: Some(component_pointer("schemas", name)),
            ..SchemaObject::default()
        }
        .into()
    }

    /// Exactly one of several.
    #[must_use]
    pub fn one_of(alternatives: Vec<Self>) -> Self {
        SchemaObject {
            one_of: alternatives,
            ..SchemaObject::default()
        }
        .into()
    }

    /// Exactly this value.
    #[must_use]
    pub fn constant(value: impl Into<Value>) -> Self {
        SchemaObject {
            constant: Some(value.into()),
            ..SchemaObject::default()
        }
        .into()
    }

    /// Changes the constraints. A boolean schema becomes an object first:
    /// `true` has no constraints, `false` is `{"not": {}}`.
    #[must_use]
    pub fn with(self, change: impl FnOnce(&mut SchemaObject)) -> Self {
        let mut object = match self {
            Self::Object(object) => object,
            Self::Bool(true) => Box::default(),
            Self::Bool(false) => Box::new(SchemaObject {
                not: Some(Self::any()),
                ..SchemaObject::default()
            }),
        };
        change(&mut object);
        Self::Object(object)
    }

    /// Adds a member.
    #[must_use]
    pub fn property(self, name: impl Into<String>, schema: Self, required: bool) -> Self {
        let name = name.into();
        self.with(|object| {
            if required {
                object.required.push(name.clone());
            }
            object.properties.insert(name, schema);
        })
    }

    /// Refuses members without names.
    #[must_use]
    pub fn closed(self) -> Self {
        self.with(|object| object.additional_properties = Some(Self::Bool(false)))
    }

    /// Adds text in CommonMark.
    #[must_use]
    pub fn description(self, text: impl Into<String>) -> Self {
        self.with(|object| object.description = Some(text.into()))
    }

    /// Names a refinement of the type.
    #[must_use]
    pub fn format(self, name: impl Into<String>) -> Self {
        self.with(|object| object.format = Some(name.into()))
    }

    /// Accepts `null` too: one more type, or one more alternative where the
    /// schema has no type of its own.
    #[must_use]
    pub fn nullable(self) -> Self {
        match self {
            Self::Bool(_) => self,
            Self::Object(mut object) => match object.kind.take() {
                Some(SchemaType::One(kind)) => {
                    object.kind = Some(SchemaType::Many(vec![kind, "null".into()]));
                    Self::Object(object)
                }
                Some(SchemaType::Many(mut kinds)) => {
                    if !kinds.iter().any(|kind| kind == "null") {
                        kinds.push("null".into());
                    }
                    object.kind = Some(SchemaType::Many(kinds));
                    Self::Object(object)
                }
                None if *object == SchemaObject::default() => Self::Object(object),
                None => Self::one_of(vec![Self::Object(object), Self::of("null")]),
            },
        }
    }

    /// Calls `visit` with this schema and every schema inside it.
    pub fn walk(&self, visit: &mut impl FnMut(&SchemaObject)) {
        let Self::Object(object) = self else { return };
        visit(object);
        let single = [
            &object.items,
            &object.additional_properties,
            &object.property_names,
            &object.not,
        ];
        for schema in single.into_iter().flatten() {
            schema.walk(visit);
        }
        let lists = [&object.all_of, &object.any_of, &object.one_of];
        for schema in lists.into_iter().flatten() {
            schema.walk(visit);
        }
        for schema in object.prefix_items.iter().flatten() {
            schema.walk(visit);
        }
        for schema in object.properties.values() {
            schema.walk(visit);
        }
    }
}
