use std::fmt;

use serde::de::{self, Unexpected};

/// Why a type refused what it was given. The text of the type's own message is
/// dropped on purpose: it may repeat the input.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(super) reason: Reason,
    /// Declared members of the struct that failed, in order.
    pub(super) declared: Option<&'static [&'static str]>,
    /// The problem is recorded and the offending place patched.
    pub(super) settled: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Reason {
    /// The type's own rule.
    Custom,
    /// Another type of value.
    Type,
    /// The right type of value, not in range.
    Range,
    /// Text that is not of the form.
    Text,
    Length,
    Variant(&'static [&'static str]),
    Unknown,
    Missing(&'static str),
    Duplicate(&'static str),
    /// Empty text where an optional number stands means none.
    EmptyIsNone,
}

impl Failure {
    pub(super) fn new(reason: Reason) -> Self {
        Self {
            reason,
            declared: None,
            settled: false,
        }
    }
}

impl de::Error for Failure {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(Reason::Custom)
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::new(Reason::Type)
    }

    fn invalid_value(unexpected: Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::new(match unexpected {
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => Reason::Range,
            Unexpected::Other(text) if text.starts_with("integer") => Reason::Range,
            Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => Reason::Text,
            _ => Reason::Custom,
        })
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self::new(Reason::Length)
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Reason::Variant(expected))
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::new(Reason::Unknown)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Reason::Missing(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::new(Reason::Duplicate(field))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the value does not fit the type")
    }
}

impl std::error::Error for Failure {}

/// What a type asked for, in the words of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hint {
    Any,
    Bool,
    /// Name of the integer type.
    Integer(&'static str),
    Float(&'static str),
    Char,
    Text,
    Bytes,
    Null,
    Array,
    Object,
    Variant,
}

impl Hint {
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Any => "expected another type of value",
            Self::Bool => "expected boolean",
            Self::Integer(_) => "expected integer",
            Self::Float(_) => "expected number",
            Self::Char => "expected a single character",
            Self::Text => "expected string",
            Self::Bytes => "expected string or array of bytes",
            Self::Null => "expected null",
            Self::Array => "expected array",
            Self::Object => "expected object",
            Self::Variant => "expected the name of a variant",
        }
    }

    pub(super) fn type_name(self) -> &'static str {
        match self {
            Self::Integer(name) | Self::Float(name) => name,
            _ => "the expected type",
        }
    }
}
