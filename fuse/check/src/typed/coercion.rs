//! How a value becomes one of another type.

use crate::types::Ty;

/// An interned [`Coercion`], to be read from the
/// [`TypeStore`](crate::types::TypeStore).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CoercionId(pub(crate) u32);

impl CoercionId {
    /// Nothing happens.
    pub const NONE: Self = Self(0);
}

/// From a value of one type to a value of another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Coercion {
    /// The type before.
    pub from: Ty,
    /// The type after.
    pub to: Ty,
    /// What happens, in order; nothing when both types are represented alike.
    pub steps: Box<[Step]>,
}

/// One step of a coercion.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Step {
    /// Reads the content of a cell.
    ReadBox,
    /// An integer literal becomes the float of the same value.
    IntToFloat,
    /// `v` becomes `Some(v)`.
    WrapSome,
    /// `v` becomes `Ok(v)`.
    WrapOk,
    /// A literal that satisfies the type, as checked; no run-time work.
    Refine(Ty),
    /// Validates against a refined type, `Id` or `Email`. As the value of a
    /// field or payload, or as a default, the failures of all fields of one
    /// construction are reported together.
    Validate(Ty),
    /// Becomes dynamic data; the type before.
    ToValue(Ty),
    /// Checked conversion of dynamic data; the type after.
    FromValue(Ty),
    /// The same for what an option holds, if anything.
    InOption(CoercionId),
    /// The same for the success of a result.
    InResult(CoercionId),
    /// The same for every element of a list.
    InList(CoercionId),
    /// The same for every value of a map.
    InMap(CoercionId),
}
