//! Types: interned, so that equal types are equal numbers.
//!
//! A [`Ty`] is four bytes. Its shape is read from the [`TypeStore`] that made
//! it. The store only grows; a session keeps one store across analyses, so a
//! `Ty` of an earlier result still means the same type.
//!
//! ```
//! use fuse_check::types::{Ty, TyKind, TypeStore};
//!
//! let mut types = TypeStore::new();
//! let ints = types.list(Ty::INT);
//! assert_eq!(types.list(Ty::INT), ints);
//! assert_eq!(types.kind(ints), TyKind::List(Ty::INT));
//! ```

mod coerce;
mod display;
mod intern;
mod refine;
mod subst;

pub use display::TypeDisplay;

pub(crate) use intern::Contains;
pub use intern::TypeStore;
pub use refine::{Bound, Constraint, RefineId, Refinement};

use crate::ids::{EnumId, FnId, RecordId};

/// An interned type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Ty(u32);

/// An interned sequence of types: parameters of a function type, or the error
/// domains of a result in written order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TyList(u32);

impl TyList {
    /// No types.
    pub const EMPTY: Self = Self(0);
}

/// The shape of a type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TyKind {
    /// Already reported: fits everywhere and is never reported again.
    Invalid,
    /// Has no value: `null ?! e`, and paths that return.
    Never,
    /// One value.
    Unit,
    /// `true`, `false`.
    Bool,
    /// Signed, 64 bits.
    Int,
    /// IEEE 754 binary64.
    Float,
    /// UTF-8 text.
    String,
    /// Bytes.
    Bytes,
    /// Markup.
    Html,
    /// Validated, non-empty text.
    Id,
    /// Validated address.
    Email,
    /// Dynamic data.
    Value,
    /// A query under construction.
    Query,
    /// Parameter of a built-in function that takes every displayable value.
    Any,
    /// `Self` inside an interface.
    SelfType,
    /// `List<T>`.
    List(Ty),
    /// `Map<K, V>`.
    Map(Ty, Ty),
    /// `T?`. The element is never itself an option or `Value`.
    Option(Ty),
    /// `T!A!B`: the success type and the error domains in written order.
    Result(Ty, TyList),
    /// The error of a result with several domains.
    Union(TyList),
    /// A declared `type`, or a built-in record.
    Record(RecordId),
    /// A declared `enum`.
    Enum(EnumId),
    /// A function value.
    Fn(TyList, Ty),
    /// A shared cell.
    Box(Ty),
    /// A running `spawn` block.
    Task(Ty),
    /// A base with constraints. The base is never itself refined.
    Refined(Ty, RefineId),
    /// A type parameter: the callable that declares it, and its position.
    Param(FnId, u32),
}

macro_rules! fixed {
    ($($(#[$doc:meta])* $name:ident = $index:literal => $kind:expr;)*) => {
        impl Ty {
            $($(#[$doc])* pub const $name: Ty = Ty($index);)*
        }

        /// The types every store begins with, at their fixed indices.
        pub(super) const FIXED: &[TyKind] = &[$($kind),*];
    };
}

fixed! {
    /// [`TyKind::Invalid`]; also what an expression has that was never
    /// reached.
    INVALID = 0 => TyKind::Invalid;
    /// [`TyKind::Never`].
    NEVER = 1 => TyKind::Never;
    /// [`TyKind::Unit`].
    UNIT = 2 => TyKind::Unit;
    /// [`TyKind::Bool`].
    BOOL = 3 => TyKind::Bool;
    /// [`TyKind::Int`].
    INT = 4 => TyKind::Int;
    /// [`TyKind::Float`].
    FLOAT = 5 => TyKind::Float;
    /// [`TyKind::String`].
    STRING = 6 => TyKind::String;
    /// [`TyKind::Bytes`].
    BYTES = 7 => TyKind::Bytes;
    /// [`TyKind::Html`].
    HTML = 8 => TyKind::Html;
    /// [`TyKind::Id`].
    ID = 9 => TyKind::Id;
    /// [`TyKind::Email`].
    EMAIL = 10 => TyKind::Email;
    /// [`TyKind::Value`].
    VALUE = 11 => TyKind::Value;
    /// [`TyKind::Query`].
    QUERY = 12 => TyKind::Query;
    /// [`TyKind::Any`].
    ANY = 13 => TyKind::Any;
    /// [`TyKind::SelfType`].
    SELF = 14 => TyKind::SelfType;
    /// `Never?`, the type of `null`.
    NULL = 15 => TyKind::Option(Ty(1));
    /// `List<Value>`.
    VALUES = 16 => TyKind::List(Ty(11));
    /// `Map<String, Value>`.
    OBJECT = 17 => TyKind::Map(Ty(6), Ty(11));
    /// `Map<String, String>`, the type of HTML attributes.
    ATTRIBUTES = 18 => TyKind::Map(Ty(6), Ty(6));
    /// `List<Html>`, the type of HTML children.
    CHILDREN = 19 => TyKind::List(Ty(8));
}

impl Ty {
    /// The number of this type in its store.
    #[must_use]
    pub const fn index(self) -> u32 {
        self.0
    }

    /// The type of number `index`, as [`Ty::index`] gave it.
    #[must_use]
    pub const fn from_index(index: u32) -> Self {
        Self(index)
    }

    /// Whether this was reported already.
    #[must_use]
    pub const fn is_invalid(self) -> bool {
        self.0 == 0
    }
}
