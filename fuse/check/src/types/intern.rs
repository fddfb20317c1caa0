//! The store of types.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use rustc_hash::FxHasher;

use super::refine::{RefineId, Refinement};
use super::{FIXED, Ty, TyKind, TyList};
use crate::decls::Symbols;
use crate::typed::{Coercion, CoercionId};

type FxMap<K, V> = HashMap<K, V, BuildHasherDefault<FxHasher>>;

/// What a type contains somewhere, computed once when it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Contains(u8);

impl Contains {
    pub(crate) const PARAM: Self = Self(1);
    pub(crate) const SELF: Self = Self(2);
    pub(crate) const INVALID: Self = Self(4);
    pub(crate) const FUNCTION: Self = Self(8);
    pub(crate) const CELL_OR_TASK: Self = Self(16);

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }
}

/// Every type of a session, each once.
#[derive(Clone, Debug)]
pub struct TypeStore {
    kinds: Vec<TyKind>,
    contains: Vec<Contains>,
    index: FxMap<TyKind, Ty>,
    lists: Vec<(u32, u32)>,
    members: Vec<Ty>,
    list_index: FxMap<Box<[Ty]>, TyList>,
    pub(super) refinements: Vec<Refinement>,
    pub(super) refinement_index: FxMap<Refinement, RefineId>,
    pub(super) coercions: Vec<Coercion>,
    pub(super) coercion_index: FxMap<Coercion, CoercionId>,
    /// Every name of every module; constraints mention names.
    pub symbols: Symbols,
}

impl Default for TypeStore {
    fn default() -> Self {
        Self::new()
    }
}

impl TypeStore {
    /// A store with the types that have constants on [`Ty`].
    #[must_use]
    pub fn new() -> Self {
        let mut store = Self {
            kinds: Vec::with_capacity(256),
            contains: Vec::with_capacity(256),
            index: FxMap::default(),
            lists: vec![(0, 0)],
            members: Vec::new(),
            list_index: FxMap::default(),
            refinements: Vec::new(),
            refinement_index: FxMap::default(),
            coercions: vec![Coercion {
                from: Ty::INVALID,
                to: Ty::INVALID,
                steps: Box::default(),
            }],
            coercion_index: FxMap::default(),
            symbols: Symbols::default(),
        };
        store.list_index.insert(Box::default(), TyList::EMPTY);
        for kind in FIXED {
            store.intern(*kind);
        }
        store
    }

    /// The shape of `ty`.
    #[must_use]
    pub fn kind(&self, ty: Ty) -> TyKind {
        self.kinds[ty.0 as usize]
    }

    /// The types of a list.
    #[must_use]
    pub fn members(&self, list: TyList) -> &[Ty] {
        let (start, len) = self.lists[list.0 as usize];
        &self.members[start as usize..(start + len) as usize]
    }

    /// How many types there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.kinds.len()
    }

    /// Whether there are no types; a store never is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    pub(crate) fn contains(&self, ty: Ty) -> Contains {
        self.contains[ty.0 as usize]
    }

    /// The type of this shape.
    ///
    /// Use [`TypeStore::option`], [`TypeStore::result`] and
    /// [`TypeStore::refined`] for those: they keep the rules about nesting.
    pub fn intern(&mut self, kind: TyKind) -> Ty {
        if let Some(&ty) = self.index.get(&kind) {
            return ty;
        }
        let contains = self.contains_of(kind);
        let ty = Ty(u32::try_from(self.kinds.len()).unwrap_or(u32::MAX));
        self.kinds.push(kind);
        self.contains.push(contains);
        self.index.insert(kind, ty);
        ty
    }

    fn contains_of(&self, kind: TyKind) -> Contains {
        let of = |ty: Ty| self.contains[ty.0 as usize];
        let all = |list: TyList| {
            self.members(list)
                .iter()
                .fold(Contains(0), |sum, &ty| sum.or(of(ty)))
        };
        match kind {
            TyKind::Invalid => Contains::INVALID,
            TyKind::SelfType => Contains::SELF,
            TyKind::Param(..) => Contains::PARAM,
            TyKind::List(item) | TyKind::Option(item) | TyKind::Refined(item, _) => of(item),
            TyKind::Map(key, value) => of(key).or(of(value)),
            TyKind::Result(ok, errors) => of(ok).or(all(errors)),
            TyKind::Union(errors) => all(errors),
            TyKind::Fn(params, result) => all(params).or(of(result)).or(Contains::FUNCTION),
            TyKind::Box(item) | TyKind::Task(item) => of(item).or(Contains::CELL_OR_TASK),
            _ => Contains(0),
        }
    }

    /// A list of types, interned.
    pub fn type_list(&mut self, types: &[Ty]) -> TyList {
        if let Some(&list) = self.list_index.get(types) {
            return list;
        }
        let start = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        let len = u32::try_from(types.len()).unwrap_or(u32::MAX);
        self.members.extend_from_slice(types);
        let list = TyList(u32::try_from(self.lists.len()).unwrap_or(u32::MAX));
        self.lists.push((start, len));
        self.list_index.insert(types.into(), list);
        list
    }

    /// `List<item>`.
    pub fn list(&mut self, item: Ty) -> Ty {
        self.intern(TyKind::List(item))
    }

    /// `Map<key, value>`.
    pub fn map(&mut self, key: Ty, value: Ty) -> Ty {
        self.intern(TyKind::Map(key, value))
    }

    /// `item?`. An option of an option, and of `Value`, is itself.
    pub fn option(&mut self, item: Ty) -> Ty {
        match self.kind(item) {
            TyKind::Option(_) | TyKind::Value | TyKind::Invalid => item,
            _ => self.intern(TyKind::Option(item)),
        }
    }

    /// `ok!errors`.
    pub fn result(&mut self, ok: Ty, errors: &[Ty]) -> Ty {
        let errors = self.type_list(errors);
        self.intern(TyKind::Result(ok, errors))
    }

    /// The error type of a result with these domains: the one domain, or
    /// their union.
    pub fn error_of(&mut self, errors: TyList) -> Ty {
        match *self.members(errors) {
            [one] => one,
            _ => self.intern(TyKind::Union(errors)),
        }
    }

    /// `fn(params) -> result`.
    pub fn function(&mut self, params: &[Ty], result: Ty) -> Ty {
        let params = self.type_list(params);
        self.intern(TyKind::Fn(params, result))
    }

    /// `Box<item>`. A box of a box is itself.
    pub fn boxed(&mut self, item: Ty) -> Ty {
        match self.kind(item) {
            TyKind::Box(_) | TyKind::Invalid => item,
            _ => self.intern(TyKind::Box(item)),
        }
    }

    /// `Task<item>`.
    pub fn task(&mut self, item: Ty) -> Ty {
        self.intern(TyKind::Task(item))
    }

    /// The content of a box; anything else as it is.
    #[must_use]
    pub fn unboxed(&self, ty: Ty) -> Ty {
        match self.kind(ty) {
            TyKind::Box(item) => item,
            _ => ty,
        }
    }

    /// The base of a refined type; anything else as it is.
    #[must_use]
    pub fn unrefined(&self, ty: Ty) -> Ty {
        match self.kind(ty) {
            TyKind::Refined(base, _) => base,
            _ => ty,
        }
    }

    /// What operators and members see: neither box nor refinement.
    #[must_use]
    pub fn base(&self, ty: Ty) -> Ty {
        self.unrefined(self.unboxed(ty))
    }

    /// Whether `ty` is `T?` for some `T`.
    #[must_use]
    pub fn is_option(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Option(_))
    }

    /// Whether `ty` is a result.
    #[must_use]
    pub fn is_result(&self, ty: Ty) -> bool {
        matches!(self.kind(ty), TyKind::Result(..))
    }

    /// Whether the base is text: `String`, `Id` or `Email`.
    #[must_use]
    pub fn is_text(&self, ty: Ty) -> bool {
        matches!(
            self.kind(self.base(ty)),
            TyKind::String | TyKind::Id | TyKind::Email
        )
    }
}
