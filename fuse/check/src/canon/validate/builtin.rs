//! Whether types are what a row of the table of built-ins wants.

use std::collections::BTreeMap;

use fuse_builtins::{Bound, TypeParam, TypeSpec};

use crate::canon::{
    ids::TypeId,
    program::Program,
    types::{Type, Types},
};

/// What the type parameters of a row stand for, so far.
pub(super) struct Bindings<'a> {
    program: &'a Program,
    known: BTreeMap<&'static str, TypeId>,
}

impl<'a> Bindings<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self {
            program,
            known: BTreeMap::new(),
        }
    }

    fn types(&self) -> &'a Types {
        &self.program.types
    }

    /// Fixes a type parameter.
    pub(super) fn bind(&mut self, name: &'static str, ty: TypeId) {
        self.known.insert(name, ty);
    }

    /// Takes the type parameters of a receiver from its type.
    pub(super) fn receiver(&mut self, params: &'static [&'static str], ty: TypeId) {
        let types = self.types();
        let arguments = match *types.get(types.base(ty)) {
            Type::List(item) | Type::Option(item) => vec![item],
            Type::Map(key, value) => vec![key, value],
            Type::Result { ok, error } => vec![ok, error],
            _ => vec![],
        };
        for (name, ty) in params.iter().zip(arguments) {
            self.bind(name, ty);
        }
    }

    /// Whether a type is what the row says, fixing parameters on the way.
    pub(super) fn matches(&mut self, spec: TypeSpec, ty: TypeId) -> bool {
        let types = self.types();
        if ty == TypeId::NEVER {
            return true;
        }
        let base = types.base(ty);
        match (spec, types.get(base)) {
            (TypeSpec::Param(name), _) => match self.known.get(name) {
                Some(known) => types.same_representation(*known, ty),
                None => {
                    self.bind(name, ty);
                    true
                }
            },
            (TypeSpec::Any | TypeSpec::Encodable, _) => self.program.is_displayable(ty),
            (TypeSpec::OneOf(specs), _) => specs.iter().any(|spec| self.matches(*spec, ty)),
            (TypeSpec::Unit, Type::Unit)
            | (TypeSpec::Bool, Type::Bool)
            | (TypeSpec::Int, Type::Int)
            | (TypeSpec::Float, Type::Float)
            | (TypeSpec::String | TypeSpec::Id | TypeSpec::Email, Type::String)
            | (TypeSpec::Bytes, Type::Bytes)
            | (TypeSpec::Html, Type::Html)
            | (TypeSpec::Value, Type::Value)
            | (TypeSpec::Query, Type::Query) => true,
            (TypeSpec::List(item), Type::List(ty)) => self.matches(*item, *ty),
            (TypeSpec::Map(key, value), Type::Map(key_ty, value_ty)) => {
                self.matches(*key, *key_ty) && self.matches(*value, *value_ty)
            }
            (TypeSpec::Option(item), Type::Option(ty)) => {
                self.matches_inside_option(*item, base, *ty)
            }
            // Of dynamic data the option is itself.
            (TypeSpec::Option(item), Type::Value) => self.matches(*item, ty),
            (
                TypeSpec::Result(ok, error),
                Type::Result {
                    ok: ok_ty,
                    error: error_ty,
                },
            ) => self.matches(*ok, *ok_ty) && self.matches(*error, *error_ty),
            (
                TypeSpec::Fn(params, result),
                Type::Fn {
                    params: types,
                    result: ty,
                },
            ) => {
                params.len() == types.len()
                    && params
                        .iter()
                        .zip(types)
                        .all(|(spec, ty)| self.matches(*spec, *ty))
                    && self.matches(*result, *ty)
            }
            (TypeSpec::Record(id), Type::Record(record)) => {
                self.program[*record].builtin == Some(id)
            }
            _ => false,
        }
    }

    /// `T?` is `T` where `T` is an option already.
    fn matches_inside_option(&mut self, item: TypeSpec, option: TypeId, inner: TypeId) -> bool {
        if let TypeSpec::Param(name) = item
            && let Some(known) = self.known.get(name)
            && self.types().accepts_null(*known)
        {
            return self.types().same_representation(*known, option);
        }
        self.matches(item, inner)
    }

    /// The bounds that do not hold.
    pub(super) fn unmet(&self, bounds: &[TypeParam]) -> Vec<&'static str> {
        let broken = |param: &&TypeParam| {
            let Some(ty) = self.known.get(param.name) else {
                return false;
            };
            !self.meets(*ty, param.bound)
        };
        bounds
            .iter()
            .filter(broken)
            .map(|param| param.name)
            .collect()
    }

    fn meets(&self, ty: TypeId, bound: Bound) -> bool {
        let types = self.types();
        let base = types.get(types.base(ty));
        match bound {
            Bound::Any | Bound::Decodable => !matches!(base, Type::Task(_) | Type::Box(_)),
            Bound::Equatable => self.program.is_equatable(ty),
            Bound::Ordered => matches!(base, Type::Int | Type::Float | Type::String),
            Bound::Numeric => matches!(base, Type::Int | Type::Float),
            Bound::Record => matches!(base, Type::Record(_)),
            Bound::Domain => matches!(base, Type::Record(_) | Type::Enum(_) | Type::Union(_)),
        }
    }
}
