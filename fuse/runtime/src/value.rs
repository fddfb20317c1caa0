//! Values as the interpreter and the built-in functions handle them.

use std::fmt;

use crate::heap::{Obj, Ref, text};
use crate::meta::{Kind, TypeDesc};

/// An owned value: scalars as they are, everything else a counted object.
///
/// Cloning is cheap and shares the object; whoever writes to an object that has
/// other owners copies it first, so that sharing is never visible.
#[derive(Clone, Default)]
pub enum Value {
    /// The one value of `Unit`.
    #[default]
    Unit,
    /// The empty optional.
    Null,
    /// A `Bool`.
    Bool(bool),
    /// An `Int`.
    Int(i64),
    /// A `Float`.
    Float(f64),
    /// A variant of an enum whose variants carry nothing.
    Tag(u16, &'static TypeDesc),
    /// An object.
    Ref(Ref),
}

const _: () = assert!(size_of::<Value>() == 16);

/// A borrowed value.
#[derive(Clone, Copy)]
pub enum Peek<'a> {
    /// The one value of `Unit`.
    Unit,
    /// The empty optional.
    Null,
    /// A `Bool`.
    Bool(bool),
    /// An `Int`.
    Int(i64),
    /// A `Float`.
    Float(f64),
    /// A variant of an enum whose variants carry nothing.
    Tag(u16, &'static TypeDesc),
    /// An object.
    Obj(Obj<'a>),
}

impl Value {
    /// A `String`.
    #[must_use]
    pub fn text(text: &str) -> Self {
        Self::Ref(text::new(text))
    }

    /// `Bytes`.
    #[must_use]
    pub fn bytes(bytes: &[u8]) -> Self {
        Self::Ref(text::new_bytes(bytes))
    }

    /// `Null` or the value.
    #[must_use]
    pub fn option(value: Option<impl Into<Self>>) -> Self {
        value.map_or(Self::Null, Into::into)
    }

    /// The value, borrowed.
    #[must_use]
    #[inline]
    pub fn peek(&self) -> Peek<'_> {
        match self {
            Self::Unit => Peek::Unit,
            Self::Null => Peek::Null,
            Self::Bool(value) => Peek::Bool(*value),
            Self::Int(value) => Peek::Int(*value),
            Self::Float(value) => Peek::Float(*value),
            Self::Tag(tag, desc) => Peek::Tag(*tag, desc),
            Self::Ref(object) => Peek::Obj(object.obj()),
        }
    }

    /// Takes the value and leaves `Unit`.
    #[must_use]
    pub fn take(&mut self) -> Self {
        std::mem::take(self)
    }

    /// Whether it is the empty optional.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The number, if it is an `Int`.
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// The number, if it is a `Float`.
    #[must_use]
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The truth value, if it is a `Bool`.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        self.peek().as_text()
    }

    /// The octets, if it is `Bytes`.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&[u8]> {
        self.peek().as_bytes()
    }

    /// The object, if it is one.
    #[must_use]
    pub fn as_obj(&self) -> Option<Obj<'_>> {
        match self {
            Self::Ref(object) => Some(object.obj()),
            _ => None,
        }
    }
}

impl<'a> Peek<'a> {
    /// The value, owned.
    #[must_use]
    #[inline]
    pub fn to_value(self) -> Value {
        match self {
            Self::Unit => Value::Unit,
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Tag(tag, desc) => Value::Tag(tag, desc),
            Self::Obj(object) => Value::Ref(object.to_ref()),
        }
    }

    /// The object, if it is one.
    #[must_use]
    pub fn as_obj(self) -> Option<Obj<'a>> {
        match self {
            Self::Obj(object) => Some(object),
            _ => None,
        }
    }

    /// The object, if it is one of this kind.
    #[must_use]
    pub fn as_kind(self, kind: Kind) -> Option<Obj<'a>> {
        self.as_obj().filter(|object| object.desc().kind == kind)
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_text(self) -> Option<&'a str> {
        self.as_kind(Kind::String).map(Obj::text)
    }

    /// The octets, if it is `Bytes`.
    #[must_use]
    pub fn as_bytes(self) -> Option<&'a [u8]> {
        self.as_kind(Kind::Bytes).map(Obj::bytes)
    }

    /// What the value is, as far as it tells: values do not know `Id` from
    /// `String`, nor the option they stand in.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Unit => Kind::Unit,
            Self::Null => Kind::Option,
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Tag(..) => Kind::Enum,
            Self::Obj(object) => object.desc().kind,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::text(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::bytes(value)
    }
}

impl From<Ref> for Value {
    fn from(value: Ref) -> Self {
        Self::Ref(value)
    }
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Self::Unit
    }
}

/// The form of debuggers and traces; never program output.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peek().fmt(f)
    }
}

impl fmt::Debug for Peek<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        crate::display::write(*self, &mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Peek::Obj(self.obj()).fmt(f)
    }
}

impl fmt::Debug for Obj<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Peek::Obj(*self).fmt(f)
    }
}
