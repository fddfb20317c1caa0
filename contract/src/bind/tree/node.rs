use std::borrow::Cow;

use serde_json::Value;

/// Input as it arrived, before anything is known about the type it binds to.
/// Repeated object keys are kept, so that they can be reported.
#[derive(Debug)]
pub(crate) enum Node<'d> {
    Null,
    Bool(bool),
    /// A JSON number as it was written.
    Number(&'d str),
    Text(Cow<'d, str>),
    Array(Vec<Self>),
    Object(Vec<Member<'d>>),
    /// Untyped text: a query parameter, a form field, a path parameter, a key.
    Word(Cow<'d, str>),
    /// The values of a parameter that was given several times; all words.
    Repeated(Vec<Self>),
    /// Text whose escapes do not decode.
    Broken,
}

/// A key with its value.
#[derive(Debug)]
pub(crate) struct Member<'d> {
    pub(super) name: Node<'d>,
    pub(super) value: Node<'d>,
}

impl<'d> Member<'d> {
    pub(crate) fn new(key: Cow<'d, str>, value: Node<'d>) -> Self {
        Self {
            name: Node::Word(key),
            value,
        }
    }

    pub(crate) fn key(&self) -> &str {
        match &self.name {
            Node::Word(key) => key,
            _ => "",
        }
    }

    pub(crate) fn value_mut(&mut self) -> &mut Node<'d> {
        &mut self.value
    }
}

impl Node<'_> {
    /// Tells nodes of one tree apart; a tree does not move while it is bound.
    pub(super) fn id(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// The same document as a JSON value, for types that only the JSON library
    /// itself knows how to bind.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Null | Self::Broken => Value::Null,
            Self::Bool(value) => Value::Bool(*value),
            Self::Number(text) => serde_json::from_str(text).unwrap_or_default(),
            Self::Text(text) | Self::Word(text) => Value::from(text.as_ref()),
            Self::Array(items) | Self::Repeated(items) => {
                items.iter().map(Node::to_value).collect()
            }
            Self::Object(members) => members
                .iter()
                .map(|member| (member.key().to_owned(), member.value.to_value()))
                .collect(),
        }
    }
}
