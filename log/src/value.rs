//! The values a field can hold, and how Rust values become them.

use std::{
    borrow::Cow,
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, SystemTime},
};

use bytes::Bytes;

use crate::{Key, Level, Redactor, Text, limits, serialize};

/// What stands in the place of a value whose formatting panicked.
pub(crate) const FORMAT_PANICKED: &str = "<format panicked>";

/// The value of one field.
///
/// Numbers, booleans and nested values keep their type up to the encoder; what
/// JSON cannot represent (`NaN`, infinities, bytes) becomes a string there.
/// `Debug` shows the value as the standard [`Redactor`] lets it through.
///
/// Only types made for it convert; a type that guards a secret does not:
///
/// ```compile_fail
/// struct ApiKey(String);
/// plumego_log::Fields::new().with("key", ApiKey("s3cr3t".to_owned()));
/// ```
#[derive(Clone, Default, PartialEq)]
#[non_exhaustive]
pub enum FieldValue {
    /// No value.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// An unsigned integer.
    U64(u64),
    /// A floating-point number; non-finite ones are written as strings.
    F64(f64),
    /// A string; more than 8 KiB are cut.
    Str(Text),
    /// Bytes, written as `base64:…`; more than 1 KiB are cut.
    Bytes(Bytes),
    /// A span of time, written with units (`12.5ms`, `1m30s`).
    Duration(Duration),
    /// A point in time, written as RFC 3339 in UTC.
    Time(SystemTime),
    /// An error with its causes, written joined by `: `.
    Error(ErrorChain),
    /// Values in order.
    List(Vec<Self>),
    /// Named values.
    Map(Vec<(Key, Self)>),
    /// A JSON document.
    Json(serde_json::Value),
    /// A value that was taken out, written as `***`.
    Redacted,
}

impl FieldValue {
    /// Formats with `Display`; a panic in it yields `<format panicked>`.
    pub fn display(value: &(impl fmt::Display + ?Sized)) -> Self {
        Self::guarded(|| value.to_string())
    }

    /// Formats with `Debug`; a panic in it yields `<format panicked>`.
    pub fn debug(value: &(impl fmt::Debug + ?Sized)) -> Self {
        Self::guarded(|| format!("{value:?}"))
    }

    /// Captures an error and its causes, see [`ErrorChain::new`].
    #[must_use]
    pub fn error(error: &(dyn Error + 'static)) -> Self {
        Self::Error(ErrorChain::new(error))
    }

    /// Takes bytes that should be UTF-8; others are replaced by `U+FFFD`.
    #[must_use]
    pub fn lossy(bytes: &[u8]) -> Self {
        Self::Str(String::from_utf8_lossy(bytes).into())
    }

    /// Captures any serialisable value as nested fields.
    ///
    /// What refuses to serialise, or panics while doing so, becomes
    /// `<unserializable: type>`; its siblings in the same struct, map or list
    /// are kept.
    pub fn serialize<T: serde::Serialize + ?Sized>(value: &T) -> Self {
        serialize::capture(value)
    }

    fn guarded(format: impl FnOnce() -> String) -> Self {
        match catch_unwind(AssertUnwindSafe(format)) {
            Ok(text) => Self::Str(text.into()),
            Err(_) => Self::Str(Text::from_static(FORMAT_PANICKED)),
        }
    }

    /// The string of a `Str` value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The value as an unsigned integer, when it is one.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::U64(value) => Some(*value),
            Self::I64(value) => u64::try_from(*value).ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = Redactor::standard().value(self);
        f.write_str(&crate::encode::plain_text(shown.as_ref().unwrap_or(self)))
    }
}

/// An error and its causes, captured as text when the field is made.
///
/// At most 16 causes are kept. A panic in the `Display` of an error yields
/// `<format panicked>` for that link.
#[derive(Clone, PartialEq, Eq)]
pub struct ErrorChain {
    links: Vec<Text>,
}

impl ErrorChain {
    /// Captures `error` and everything its `source` leads to.
    #[must_use]
    pub fn new(error: &(dyn Error + 'static)) -> Self {
        let mut links = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next.filter(|_| links.len() < limits::DEPTH_MAX) {
            let text = catch_unwind(AssertUnwindSafe(|| error.to_string()));
            links.push(text.map_or(Text::from_static(FORMAT_PANICKED), Text::from));
            next = catch_unwind(AssertUnwindSafe(|| error.source())).unwrap_or_default();
        }
        Self { links }
    }

    /// A chain of given texts, outermost first.
    pub fn from_links<T: Into<Text>>(links: impl IntoIterator<Item = T>) -> Self {
        Self {
            links: links
                .into_iter()
                .map(Into::into)
                .take(limits::DEPTH_MAX)
                .collect(),
        }
    }

    /// The texts, outermost first.
    #[must_use]
    pub fn links(&self) -> &[Text] {
        &self.links
    }
}

impl fmt::Display for ErrorChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, link) in self.links.iter().enumerate() {
            if index > 0 {
                f.write_str(": ")?;
            }
            f.write_str(link)?;
        }
        Ok(())
    }
}

impl fmt::Debug for ErrorChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Redactor::standard().text(&self.to_string()))
    }
}

/// Carries a value that must not be shown: every way to print it gives `***`.
///
/// ```
/// use plumego_log::{FieldValue, Sensitive};
///
/// let card = Sensitive::new("4111 1111 1111 1111");
/// assert_eq!(card.to_string(), "***");
/// assert_eq!(FieldValue::from(card), FieldValue::Redacted);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Sensitive<T>(T);

impl<T> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// Takes the value out again.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Display for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(limits::MASK)
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(limits::MASK)
    }
}

impl<T> serde::Serialize for Sensitive<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(limits::MASK)
    }
}

impl<T> From<Sensitive<T>> for FieldValue {
    fn from(_: Sensitive<T>) -> Self {
        Self::Redacted
    }
}

impl<T> From<&Sensitive<T>> for FieldValue {
    fn from(_: &Sensitive<T>) -> Self {
        Self::Redacted
    }
}

macro_rules! from_number {
    ($($from:ty => $variant:ident as $to:ty),+ $(,)?) => {$(
        impl From<$from> for FieldValue {
            fn from(value: $from) -> Self {
                Self::$variant(value as $to)
            }
        }

        impl From<&$from> for FieldValue {
            fn from(value: &$from) -> Self {
                Self::from(*value)
            }
        }
    )+};
}

from_number! {
    i8 => I64 as i64, i16 => I64 as i64, i32 => I64 as i64, i64 => I64 as i64,
    isize => I64 as i64, u8 => U64 as u64, u16 => U64 as u64, u32 => U64 as u64,
    u64 => U64 as u64, usize => U64 as u64, f32 => F64 as f64, f64 => F64 as f64,
}

macro_rules! from_wide {
    ($($from:ty => $variant:ident as $narrow:ty),+) => {$(
        impl From<$from> for FieldValue {
            /// Integers beyond 64 bits become their decimal text.
            fn from(value: $from) -> Self {
                <$narrow>::try_from(value)
                    .map_or_else(|_| Self::Str(value.to_string().into()), Self::$variant)
            }
        }
    )+};
}

from_wide! { i128 => I64 as i64, u128 => U64 as u64 }

macro_rules! from_value {
    ($($from:ty => |$value:ident| $make:expr),+ $(,)?) => {$(
        impl From<$from> for FieldValue {
            fn from($value: $from) -> Self {
                $make
            }
        }
    )+};
}

from_value! {
    () => |_unit| Self::Null,
    bool => |value| Self::Bool(value),
    &bool => |value| Self::Bool(*value),
    char => |value| Self::Str(Text::from(&*value.encode_utf8(&mut [0; 4]))),
    Text => |value| Self::Str(value),
    &Text => |value| Self::Str(value.clone()),
    &str => |value| Self::Str(value.into()),
    String => |value| Self::Str(value.into()),
    &String => |value| Self::Str(value.as_str().into()),
    Cow<'_, str> => |value| Self::Str(value.into()),
    Box<str> => |value| Self::Str(String::from(value).into()),
    std::sync::Arc<str> => |value| Self::Str((&*value).into()),
    Bytes => |value| Self::Bytes(value),
    Duration => |value| Self::Duration(value),
    SystemTime => |value| Self::Time(value),
    ErrorChain => |value| Self::Error(value),
    &(dyn Error + 'static) => |value| Self::error(value),
    &(dyn Error + Send + Sync + 'static) => |value| Self::error(value),
    Box<dyn Error + Send + Sync> => |value| Self::error(&*value),
    &std::io::Error => |value| Self::error(value),
    std::net::IpAddr => |value| Self::display(&value),
    std::net::SocketAddr => |value| Self::display(&value),
    &std::path::Path => |value| Self::Str(value.to_string_lossy().into()),
    Level => |value| Self::Str(Text::from_static(value.name())),
    serde_json::Value => |value| Self::Json(value),
}

impl<T: Into<Self>> From<Option<T>> for FieldValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Self>> From<Vec<T>> for FieldValue {
    fn from(values: Vec<T>) -> Self {
        Self::List(values.into_iter().map(Into::into).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Layered(&'static str, Option<Box<Self>>);

    impl fmt::Display for Layered {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Layered {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            self.1.as_deref().map(|cause| cause as _)
        }
    }

    struct Panics;

    impl fmt::Display for Panics {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            std::panic::resume_unwind(Box::new("display"))
        }
    }

    #[test]
    fn an_error_chain_keeps_every_cause_in_order() {
        let error = Layered("save user", Some(Box::new(Layered("disk full", None))));
        let chain = ErrorChain::new(&error);
        assert_eq!(chain.to_string(), "save user: disk full");
        assert_eq!(chain.links().len(), 2);
    }

    #[test]
    fn a_panicking_display_becomes_a_marker() {
        assert_eq!(
            FieldValue::display(&Panics),
            FieldValue::from("<format panicked>")
        );
    }

    #[test]
    fn wide_integers_are_never_wrapped() {
        assert_eq!(
            FieldValue::from(u128::from(u64::MAX)),
            FieldValue::U64(u64::MAX)
        );
        assert_eq!(
            FieldValue::from(u128::MAX),
            FieldValue::from("340282366920938463463374607431768211455")
        );
    }

    #[test]
    fn a_sensitive_value_is_never_shown() {
        let secret = Sensitive::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"***\"");
        assert_eq!(FieldValue::from(&secret), FieldValue::Redacted);
        assert_eq!(*secret.expose(), "hunter2");
    }

    #[test]
    fn debug_output_goes_through_the_redactor() {
        let value = FieldValue::from("Bearer abcdef.123456");
        assert_eq!(format!("{value:?}"), "Bearer ***");
    }
}
