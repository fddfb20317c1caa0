//! The types that rows of the table speak about, as constant data.

use std::fmt;

use crate::record::RecordId;

/// The type of a parameter, field or result of a built-in.
///
/// References are to constants, so a whole row is one constant. `Display`
/// writes the type as a program would (`Map<String, Value>?!db.Error`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeSpec {
    /// `Unit`.
    Unit,
    /// `Bool`.
    Bool,
    /// `Int`, 64 bits, signed.
    Int,
    /// `Float`, binary64.
    Float,
    /// `String`. A receiver of this type is also an `Id` or an `Email`.
    String,
    /// `Bytes`.
    Bytes,
    /// `Html`.
    Html,
    /// `Id`.
    Id,
    /// `Email`.
    Email,
    /// `Value`, dynamic data.
    Value,
    /// `Query`, which a program cannot write.
    Query,
    /// Every displayable value; only parameters have this type.
    Any,
    /// Every value that JSON can encode; only parameters have this type.
    Encodable,
    /// `List<T>`.
    List(&'static Self),
    /// `Map<K, V>`.
    Map(&'static Self, &'static Self),
    /// `T?`. Applied to an optional type it is that type.
    Option(&'static Self),
    /// `T!E`. `E` is one domain, or the parameter that stands for all of them.
    Result(&'static Self, &'static Self),
    /// `fn(A, B) -> R`.
    Fn(&'static [Self], &'static Self),
    /// A type parameter of the row or of its receiver.
    Param(&'static str),
    /// A built-in record.
    Record(RecordId),
    /// Any one of these; only parameters have this type.
    OneOf(&'static [Self]),
}

impl fmt::Display for TypeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unit => f.write_str("Unit"),
            Self::Bool => f.write_str("Bool"),
            Self::Int => f.write_str("Int"),
            Self::Float => f.write_str("Float"),
            Self::String => f.write_str("String"),
            Self::Bytes => f.write_str("Bytes"),
            Self::Html => f.write_str("Html"),
            Self::Id => f.write_str("Id"),
            Self::Email => f.write_str("Email"),
            Self::Value => f.write_str("Value"),
            Self::Query => f.write_str("Query"),
            Self::Any | Self::Encodable => f.write_str("any"),
            Self::List(item) => write!(f, "List<{item}>"),
            Self::Map(key, value) => write!(f, "Map<{key}, {value}>"),
            Self::Option(inner @ (Self::Fn(..) | Self::Result(..))) => write!(f, "({inner})?"),
            Self::Option(inner) => write!(f, "{inner}?"),
            Self::Result(ok, error) => write!(f, "{ok}!{error}"),
            Self::Fn(params, result) => {
                f.write_str("fn(")?;
                separated(f, params, ", ")?;
                write!(f, ") -> {result}")
            }
            Self::Param(name) => f.write_str(name),
            Self::Record(id) => f.write_str(id.record().path),
            Self::OneOf(types) => separated(f, types, " | "),
        }
    }
}

fn separated(f: &mut fmt::Formatter<'_>, types: &[TypeSpec], separator: &str) -> fmt::Result {
    for (index, ty) in types.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{ty}")?;
    }
    Ok(())
}

/// What the type that stands for a type parameter has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Anything that may be an element of a list.
    Any,
    /// A type whose values can be compared with `==`.
    Equatable,
    /// A type whose values can be compared with `<`.
    Ordered,
    /// `Int` or `Float`.
    Numeric,
    /// A type that JSON can be decoded to.
    Decodable,
    /// A declared record type.
    Record,
    /// A declared error domain.
    Domain,
}

/// A type parameter with what it demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeParam {
    /// Its name inside the row.
    pub name: &'static str,
    /// What the argument has to be.
    pub bound: Bound,
}
