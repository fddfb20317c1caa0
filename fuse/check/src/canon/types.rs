//! The types of a program: few, monomorphic, each once.

use std::collections::HashMap;

use super::ids::{EnumId, FunctionId, RecordId, RefinementId, StrId, TypeId};

/// A type.
///
/// There are no type parameters, no `Self` and no type of `null` alone: what
/// has no other type than null is a `Value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// Has no value; the type of an expression that never ends normally.
    Never,
    /// One value.
    Unit,
    /// `true` and `false`.
    Bool,
    /// 64 bits, signed.
    Int,
    /// IEEE 754 binary64.
    Float,
    /// UTF-8 text.
    String,
    /// Bytes.
    Bytes,
    /// Markup.
    Html,
    /// Non-empty text; represented as `String`.
    Id,
    /// An address; represented as `String`.
    Email,
    /// Dynamic data: null, or a value that says what kind it is.
    Value,
    /// A query under construction.
    Query,
    /// A list.
    List(TypeId),
    /// An insertion-ordered map; keys are `String`, `Id`, `Email` or `Int`.
    Map(TypeId, TypeId),
    /// A value or null. What it holds is never an option or a `Value`.
    Option(TypeId),
    /// A success or a failure. The error is a record, an enum or a union.
    Result {
        /// The type of the value of a success.
        ok: TypeId,
        /// The type of the error of a failure.
        error: TypeId,
    },
    /// One of several records and enums; at least two, ascending, each once.
    /// `A!B` and `B!A` have the same union.
    Union(Box<[TypeId]>),
    /// A record.
    Record(RecordId),
    /// An enum.
    Enum(EnumId),
    /// A function value.
    Fn {
        /// Types of the parameters.
        params: Box<[TypeId]>,
        /// Type of the result.
        result: TypeId,
    },
    /// A shared cell; only variables, parameters and captures have this type.
    Box(TypeId),
    /// Running work that ends with this type; only variables have this type.
    /// See [`FunctionKind::Spawn`](super::FunctionKind::Spawn).
    Task(TypeId),
    /// The values of a base that satisfy constraints; represented as the base,
    /// which is not itself refined.
    Refined(TypeId, RefinementId),
}

impl TypeId {
    /// [`Type::Never`].
    pub const NEVER: Self = Self::from_index(0);
    /// [`Type::Unit`].
    pub const UNIT: Self = Self::from_index(1);
    /// [`Type::Bool`].
    pub const BOOL: Self = Self::from_index(2);
    /// [`Type::Int`].
    pub const INT: Self = Self::from_index(3);
    /// [`Type::Float`].
    pub const FLOAT: Self = Self::from_index(4);
    /// [`Type::String`].
    pub const STRING: Self = Self::from_index(5);
    /// [`Type::Bytes`].
    pub const BYTES: Self = Self::from_index(6);
    /// [`Type::Html`].
    pub const HTML: Self = Self::from_index(7);
    /// [`Type::Id`].
    pub const ID: Self = Self::from_index(8);
    /// [`Type::Email`].
    pub const EMAIL: Self = Self::from_index(9);
    /// [`Type::Value`].
    pub const VALUE: Self = Self::from_index(10);
    /// [`Type::Query`].
    pub const QUERY: Self = Self::from_index(11);
    /// `List<Html>`.
    pub const CHILDREN: Self = Self::from_index(12);
    /// `Map<String, String>`.
    pub const ATTRIBUTES: Self = Self::from_index(13);
}

/// The numeric bound of a constraint. Floats are kept by their bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// A whole number.
    Int(i64),
    /// The bits of a float.
    Float(u64),
}

/// What a value of a refined type satisfies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Constraint {
    /// Number of characters, bytes, elements or entries, bounds included.
    Length {
        /// Fewest.
        min: i64,
        /// Most.
        max: i64,
    },
    /// Value of an `Int`, bounds included.
    IntRange {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// Value of a `Float`, bounds included; NaN is outside.
    FloatRange {
        /// Least.
        min: Bound,
        /// Greatest.
        max: Bound,
    },
    /// The text has a match of this pattern somewhere.
    Regex(StrId),
    /// A function of one parameter answers `true`. It has no effects.
    Predicate {
        /// The function.
        function: FunctionId,
        /// Its name, for messages.
        name: StrId,
    },
}

/// Every type of a program, each once, and the constraints of refined ones.
#[derive(Debug, Clone)]
pub struct Types {
    types: Vec<Type>,
    index: HashMap<Type, TypeId>,
    refinements: Vec<Box<[Constraint]>>,
    refinement_index: HashMap<Box<[Constraint]>, RefinementId>,
}

impl Default for Types {
    fn default() -> Self {
        Self::new()
    }
}

impl Types {
    /// The types that have constants on [`TypeId`].
    #[must_use]
    pub fn new() -> Self {
        let mut types = Self {
            types: Vec::new(),
            index: HashMap::new(),
            refinements: Vec::new(),
            refinement_index: HashMap::new(),
        };
        for ty in [
            Type::Never,
            Type::Unit,
            Type::Bool,
            Type::Int,
            Type::Float,
            Type::String,
            Type::Bytes,
            Type::Html,
            Type::Id,
            Type::Email,
            Type::Value,
            Type::Query,
            Type::List(TypeId::HTML),
            Type::Map(TypeId::STRING, TypeId::STRING),
        ] {
            types.intern(ty);
        }
        types
    }

    /// The shape of a type.
    #[must_use]
    pub fn get(&self, ty: TypeId) -> &Type {
        &self.types[ty.index()]
    }

    /// Every type with its number, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        self.types
            .iter()
            .enumerate()
            .map(|(index, ty)| (TypeId::from_index(index), ty))
    }

    /// How many types there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there is none; there always are some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The constraints of a refined type, in the order they are checked.
    #[must_use]
    pub fn constraints(&self, refinement: RefinementId) -> &[Constraint] {
        &self.refinements[refinement.index()]
    }

    /// The type of this shape. Options and unions have functions of their own.
    pub fn intern(&mut self, ty: Type) -> TypeId {
        if let Some(id) = self.index.get(&ty) {
            return *id;
        }
        let id = TypeId::from_index(self.types.len());
        self.types.push(ty.clone());
        self.index.insert(ty, id);
        id
    }

    /// `item?`, which is `item` when that can be null already.
    pub fn option(&mut self, item: TypeId) -> TypeId {
        match self.get(item) {
            Type::Option(_) | Type::Value => item,
            _ => self.intern(Type::Option(item)),
        }
    }

    /// `List<item>`.
    pub fn list(&mut self, item: TypeId) -> TypeId {
        self.intern(Type::List(item))
    }

    /// `Map<key, value>`.
    pub fn map(&mut self, key: TypeId, value: TypeId) -> TypeId {
        self.intern(Type::Map(key, value))
    }

    /// `ok!error`.
    pub fn result(&mut self, ok: TypeId, error: TypeId) -> TypeId {
        self.intern(Type::Result { ok, error })
    }

    /// The type of an error of one of these domains, in any order, some
    /// possibly unions. No domains give `Never`.
    pub fn union(&mut self, domains: &[TypeId]) -> TypeId {
        let mut members = Vec::with_capacity(domains.len());
        for domain in domains {
            match self.get(*domain) {
                Type::Union(inner) => members.extend_from_slice(inner),
                _ => members.push(*domain),
            }
        }
        members.sort_unstable();
        members.dedup();
        match members.as_slice() {
            [] => TypeId::NEVER,
            [only] => *only,
            _ => self.intern(Type::Union(members.into())),
        }
    }

    /// `base` with constraints, which follow those it has already.
    pub fn refined(&mut self, base: TypeId, constraints: &[Constraint]) -> TypeId {
        if constraints.is_empty() {
            return base;
        }
        let (base, all) = match self.get(base) {
            Type::Refined(inner, known) => {
                let mut all = self.constraints(*known).to_vec();
                all.extend_from_slice(constraints);
                (*inner, all.into_boxed_slice())
            }
            _ => (base, constraints.into()),
        };
        let refinement = match self.refinement_index.get(&all) {
            Some(known) => *known,
            None => {
                let id = RefinementId::from_index(self.refinements.len());
                self.refinements.push(all.clone());
                self.refinement_index.insert(all, id);
                id
            }
        };
        self.intern(Type::Refined(base, refinement))
    }

    /// The members of an error type: itself, or those of the union.
    #[must_use]
    pub fn domains(&self, error: TypeId) -> Vec<TypeId> {
        match self.get(error) {
            Type::Union(members) => members.to_vec(),
            _ => vec![error],
        }
    }

    /// Whether null is one of the values.
    #[must_use]
    pub fn accepts_null(&self, ty: TypeId) -> bool {
        matches!(self.get(ty), Type::Option(_) | Type::Value)
    }

    /// A type without refinement; `Id` and `Email` become `String`.
    #[must_use]
    pub fn base(&self, ty: TypeId) -> TypeId {
        match self.get(ty) {
            Type::Refined(base, _) => self.base(*base),
            Type::Id | Type::Email => TypeId::STRING,
            _ => ty,
        }
    }

    /// Whether values of both types are represented alike, so that one may be
    /// used as the other without work: the types are equal when refinements,
    /// `Id` and `Email` are replaced by what they are made of, at every depth.
    #[must_use]
    pub fn same_representation(&self, a: TypeId, b: TypeId) -> bool {
        let (a, b) = (self.base(a), self.base(b));
        if a == b {
            return true;
        }
        let same = |a: &TypeId, b: &TypeId| self.same_representation(*a, *b);
        match (self.get(a), self.get(b)) {
            (Type::List(a), Type::List(b))
            | (Type::Option(a), Type::Option(b))
            | (Type::Box(a), Type::Box(b))
            | (Type::Task(a), Type::Task(b)) => same(a, b),
            (Type::Map(key_a, a), Type::Map(key_b, b)) => same(key_a, key_b) && same(a, b),
            (
                Type::Result {
                    ok: a,
                    error: error_a,
                },
                Type::Result {
                    ok: b,
                    error: error_b,
                },
            ) => same(a, b) && error_a == error_b,
            (
                Type::Fn {
                    params: params_a,
                    result: a,
                },
                Type::Fn {
                    params: params_b,
                    result: b,
                },
            ) => {
                params_a.len() == params_b.len()
                    && params_a.iter().zip(params_b).all(|(a, b)| same(a, b))
                    && same(a, b)
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_where_the_table_puts_them() {
        let mut types = Types::new();
        for (id, ty) in [
            (TypeId::NEVER, Type::Never),
            (TypeId::UNIT, Type::Unit),
            (TypeId::BOOL, Type::Bool),
            (TypeId::INT, Type::Int),
            (TypeId::FLOAT, Type::Float),
            (TypeId::STRING, Type::String),
            (TypeId::BYTES, Type::Bytes),
            (TypeId::HTML, Type::Html),
            (TypeId::ID, Type::Id),
            (TypeId::EMAIL, Type::Email),
            (TypeId::VALUE, Type::Value),
            (TypeId::QUERY, Type::Query),
        ] {
            assert_eq!(types.get(id), &ty);
        }
        assert_eq!(types.list(TypeId::HTML), TypeId::CHILDREN);
        assert_eq!(
            types.map(TypeId::STRING, TypeId::STRING),
            TypeId::ATTRIBUTES
        );
    }

    #[test]
    fn options_do_not_nest() {
        let mut types = Types::new();
        let option = types.option(TypeId::INT);
        assert_eq!(types.option(option), option);
        assert_eq!(types.option(TypeId::VALUE), TypeId::VALUE);
    }

    #[test]
    fn the_order_of_domains_makes_no_difference() {
        let mut types = Types::new();
        let a = types.intern(Type::Record(RecordId::from_index(0)));
        let b = types.intern(Type::Record(RecordId::from_index(1)));
        let c = types.intern(Type::Enum(EnumId::from_index(0)));
        let ab = types.union(&[a, b]);
        assert_eq!(types.union(&[b, a]), ab);
        assert_eq!(types.union(&[a]), a);
        let abc = types.union(&[c, ab, a]);
        assert_eq!(types.domains(abc), [a, b, c]);
    }

    #[test]
    fn refinements_do_not_show_in_the_representation() {
        let mut types = Types::new();
        let short = types.refined(TypeId::STRING, &[Constraint::Length { min: 1, max: 5 }]);
        let refined = types.list(short);
        let ids = types.list(TypeId::ID);
        let texts = types.list(TypeId::STRING);
        let ints = types.list(TypeId::INT);
        assert!(types.same_representation(refined, texts));
        assert!(types.same_representation(refined, ids));
        assert!(!types.same_representation(refined, ints));
        let shorter = types.refined(short, &[Constraint::Length { min: 1, max: 3 }]);
        let Type::Refined(base, refinement) = *types.get(shorter) else {
            panic!()
        };
        assert_eq!(
            (base, types.constraints(refinement).len()),
            (TypeId::STRING, 2)
        );
    }
}
