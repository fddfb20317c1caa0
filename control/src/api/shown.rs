//! What a public API shows of other crates.

use std::collections::BTreeSet;

use rustdoc_types::{
    AssocItemConstraint, AssocItemConstraintKind, Crate, FunctionSignature, GenericArg,
    GenericArgs, GenericBound, GenericParamDef, GenericParamDefKind, Generics, Id, Impl, Item,
    ItemEnum, Path, StructKind, Term, Type, VariantKind, WherePredicate,
};

use crate::violation::{Location, as_number};

/// One type, trait or module of another crate that a public item mentions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// The public item, as a path from its crate.
    pub item: String,
    /// The crate that defines what is shown, as in paths (`tower_service`).
    pub krate: String,
    /// The path where it is defined, crate included.
    pub path: String,
    /// Where the public item stands; unknown for items made by macros.
    pub location: Option<Location>,
}

/// Everything of other crates that the public API of `krate` mentions: in
/// signatures, fields, bounds, trait implementations and re-exports.
///
/// Implementations that the compiler adds to every type, and blanket
/// implementations of other crates, are promises of theirs and not listed.
#[must_use]
pub fn shown_types(krate: &Crate) -> BTreeSet<Shown> {
    let mut walk = Walk {
        krate,
        shown: BTreeSet::new(),
        visited: BTreeSet::new(),
        item: String::new(),
        location: None,
    };
    let root = krate.index.get(&krate.root);
    let name = root.and_then(|root| root.name.clone()).unwrap_or_default();
    walk.id(krate.root, &name);
    walk.implementations(&name);
    walk.shown
}

struct Walk<'k> {
    krate: &'k Crate,
    shown: BTreeSet<Shown>,
    visited: BTreeSet<u32>,
    /// The public item that is being looked at.
    item: String,
    location: Option<Location>,
}

impl Walk<'_> {
    /// Looks at an item under the path `path`, once.
    fn id(&mut self, id: Id, path: &str) {
        if !self.visited.insert(id.0) {
            return;
        }
        // What is not in the index is hidden. Traits of other crates can be
        // in it; what they show is their matter.
        if let Some(item) = self.krate.index.get(&id)
            && item.crate_id == 0
        {
            self.enter(item, path);
        }
    }

    fn is_local(&self, id: Id) -> bool {
        self.krate
            .index
            .get(&id)
            .is_some_and(|item| item.crate_id == 0)
    }

    fn enter(&mut self, item: &Item, path: &str) {
        let outer = (self.item.clone(), self.location.clone());
        self.item = path.to_owned();
        self.location = item.span.as_ref().map(place).or(self.location.take());
        self.inner(item, path);
        (self.item, self.location) = outer;
    }

    fn children(&mut self, ids: &[Id], path: &str) {
        for id in ids {
            let name = self.krate.index.get(id).and_then(|item| item.name.clone());
            let child = name.map_or_else(|| path.to_owned(), |name| format!("{path}::{name}"));
            self.id(*id, &child);
        }
    }

    fn inner(&mut self, item: &Item, path: &str) {
        match &item.inner {
            ItemEnum::Module(module) => self.children(&module.items, path),
            ItemEnum::ExternCrate { name, .. } => self.add(name, name),
            ItemEnum::Use(reexport) => self.reexport(reexport, path),
            ItemEnum::Union(union) => {
                self.generics(&union.generics);
                self.children(&union.fields, path);
            }
            ItemEnum::Struct(structure) => {
                self.generics(&structure.generics);
                self.struct_fields(&structure.kind, path);
            }
            ItemEnum::StructField(type_) => self.type_(type_),
            ItemEnum::Enum(enumeration) => {
                self.generics(&enumeration.generics);
                self.children(&enumeration.variants, path);
            }
            ItemEnum::Variant(variant) => self.variant_fields(&variant.kind, path),
            ItemEnum::Function(function) => {
                self.generics(&function.generics);
                self.signature(&function.sig);
            }
            ItemEnum::Trait(trait_) => {
                self.generics(&trait_.generics);
                self.bounds(&trait_.bounds);
                self.children(&trait_.items, path);
            }
            ItemEnum::TraitAlias(alias) => {
                self.generics(&alias.generics);
                self.bounds(&alias.params);
            }
            ItemEnum::TypeAlias(alias) => {
                self.generics(&alias.generics);
                self.type_(&alias.type_);
            }
            ItemEnum::Constant { type_, .. } | ItemEnum::AssocConst { type_, .. } => {
                self.type_(type_);
            }
            ItemEnum::Static(item) => self.type_(&item.type_),
            ItemEnum::AssocType {
                generics,
                bounds,
                type_,
            } => {
                self.generics(generics);
                self.bounds(bounds);
                type_.iter().for_each(|type_| self.type_(type_));
            }
            // Implementations are looked at together, after everything else.
            ItemEnum::Impl(_)
            | ItemEnum::ExternType
            | ItemEnum::Macro(_)
            | ItemEnum::ProcMacro(_)
            | ItemEnum::Primitive(_) => {}
        }
    }

    fn reexport(&mut self, reexport: &rustdoc_types::Use, path: &str) {
        let Some(id) = reexport.id else { return };
        let renamed = match path.rsplit_once("::") {
            Some((parent, _)) => format!("{parent}::{}", reexport.name),
            None => format!("{path}::{}", reexport.name),
        };
        // A local item is looked at where it is made public.
        let path = if reexport.is_glob {
            path.to_owned()
        } else {
            renamed
        };
        if self.is_local(id) {
            return self.id(id, &path);
        }
        let outer = std::mem::replace(&mut self.item, path);
        match self.krate.paths.get(&id) {
            Some(_) => self.path_of(id),
            // Without a summary only the written path says where it leads.
            None => {
                let krate = reexport.source.split("::").next().unwrap_or_default();
                self.add(krate, &reexport.source);
            }
        }
        self.item = outer;
    }

    fn struct_fields(&mut self, kind: &StructKind, path: &str) {
        match kind {
            StructKind::Unit => {}
            StructKind::Tuple(fields) => self.tuple_fields(fields, path),
            StructKind::Plain { fields, .. } => self.children(fields, path),
        }
    }

    fn variant_fields(&mut self, kind: &VariantKind, path: &str) {
        match kind {
            VariantKind::Plain => {}
            VariantKind::Tuple(fields) => self.tuple_fields(fields, path),
            VariantKind::Struct { fields, .. } => self.children(fields, path),
        }
    }

    fn tuple_fields(&mut self, fields: &[Option<Id>], path: &str) {
        let fields: Vec<_> = fields.iter().copied().flatten().collect();
        self.children(&fields, path);
    }

    /// Implementations of this crate, of traits from anywhere for types from
    /// anywhere. The index has only those that can be reached from outside.
    fn implementations(&mut self, crate_name: &str) {
        let items = self.krate.index.values();
        let local = items.filter(|item| item.crate_id == 0);
        for item in local {
            if let ItemEnum::Impl(implementation) = &item.inner
                && !implementation.is_synthetic
                && implementation.blanket_impl.is_none()
            {
                let path = self.impl_path(crate_name, implementation);
                self.location = item.span.as_ref().map(place);
                self.item.clone_from(&path);
                self.implementation(implementation, &path);
            }
        }
    }

    fn implementation(&mut self, implementation: &Impl, path: &str) {
        self.generics(&implementation.generics);
        self.type_(&implementation.for_);
        if let Some(trait_) = &implementation.trait_ {
            self.path(trait_);
        }
        self.children(&implementation.items, path);
    }

    fn impl_path(&self, crate_name: &str, implementation: &Impl) -> String {
        let for_ = match &implementation.for_ {
            Type::ResolvedPath(path) => self.local_name(path),
            _ => "impl".to_owned(),
        };
        match &implementation.trait_ {
            Some(trait_) => format!("{crate_name}::<{for_} as {}>", trait_.path),
            None => format!("{crate_name}::{for_}"),
        }
    }

    fn local_name(&self, path: &Path) -> String {
        let summary = self.krate.paths.get(&path.id);
        let last = summary.and_then(|summary| summary.path.last());
        last.unwrap_or(&path.path).clone()
    }

    fn generics(&mut self, generics: &Generics) {
        self.params(&generics.params);
        for predicate in &generics.where_predicates {
            match predicate {
                WherePredicate::BoundPredicate {
                    type_,
                    bounds,
                    generic_params,
                } => {
                    self.type_(type_);
                    self.bounds(bounds);
                    self.params(generic_params);
                }
                WherePredicate::EqPredicate { lhs, rhs } => {
                    self.type_(lhs);
                    self.term(rhs);
                }
                WherePredicate::LifetimePredicate { .. } => {}
            }
        }
    }

    fn params(&mut self, params: &[GenericParamDef]) {
        for param in params {
            match &param.kind {
                GenericParamDefKind::Type {
                    bounds, default, ..
                } => {
                    self.bounds(bounds);
                    default.iter().for_each(|type_| self.type_(type_));
                }
                GenericParamDefKind::Const { type_, .. } => self.type_(type_),
                GenericParamDefKind::Lifetime { .. } => {}
            }
        }
    }

    fn bounds(&mut self, bounds: &[GenericBound]) {
        for bound in bounds {
            if let GenericBound::TraitBound {
                trait_,
                generic_params,
                ..
            } = bound
            {
                self.path(trait_);
                self.params(generic_params);
            }
        }
    }

    fn signature(&mut self, signature: &FunctionSignature) {
        for (_, type_) in &signature.inputs {
            self.type_(type_);
        }
        signature.output.iter().for_each(|type_| self.type_(type_));
    }

    fn type_(&mut self, type_: &Type) {
        match type_ {
            Type::ResolvedPath(path) => self.path(path),
            Type::DynTrait(dynamic) => {
                for trait_ in &dynamic.traits {
                    self.path(&trait_.trait_);
                    self.params(&trait_.generic_params);
                }
            }
            Type::FunctionPointer(pointer) => {
                self.signature(&pointer.sig);
                self.params(&pointer.generic_params);
            }
            Type::Tuple(types) => types.iter().for_each(|type_| self.type_(type_)),
            Type::Slice(type_)
            | Type::Array { type_, .. }
            | Type::Pat { type_, .. }
            | Type::RawPointer { type_, .. }
            | Type::BorrowedRef { type_, .. } => self.type_(type_),
            Type::ImplTrait(bounds) => self.bounds(bounds),
            Type::QualifiedPath {
                args,
                self_type,
                trait_,
                ..
            } => {
                args.iter().for_each(|args| self.args(args));
                self.type_(self_type);
                trait_.iter().for_each(|trait_| self.path(trait_));
            }
            Type::Generic(_) | Type::Primitive(_) | Type::Infer => {}
        }
    }

    fn path(&mut self, path: &Path) {
        self.path_of(path.id);
        path.args.iter().for_each(|args| self.args(args));
    }

    fn args(&mut self, args: &GenericArgs) {
        match args {
            GenericArgs::AngleBracketed { args, constraints } => {
                for arg in args {
                    if let GenericArg::Type(type_) = arg {
                        self.type_(type_);
                    }
                }
                constraints
                    .iter()
                    .for_each(|constraint| self.constraint(constraint));
            }
            GenericArgs::Parenthesized { inputs, output } => {
                inputs.iter().for_each(|type_| self.type_(type_));
                output.iter().for_each(|type_| self.type_(type_));
            }
            GenericArgs::ReturnTypeNotation => {}
        }
    }

    fn constraint(&mut self, constraint: &AssocItemConstraint) {
        constraint.args.iter().for_each(|args| self.args(args));
        match &constraint.binding {
            AssocItemConstraintKind::Equality(term) => self.term(term),
            AssocItemConstraintKind::Constraint(bounds) => self.bounds(bounds),
        }
    }

    fn term(&mut self, term: &Term) {
        if let Term::Type(type_) = term {
            self.type_(type_);
        }
    }

    /// Records what `id` stands for, when it is defined elsewhere.
    fn path_of(&mut self, id: Id) {
        let Some(summary) = self.krate.paths.get(&id) else {
            return;
        };
        if summary.crate_id == 0 {
            return;
        }
        let external = self.krate.external_crates.get(&summary.crate_id);
        let first = summary.path.first();
        let Some(name) = external.map(|krate| &krate.name).or(first) else {
            return;
        };
        let (name, path) = (name.clone(), summary.path.join("::"));
        self.add(&name, &path);
    }

    fn add(&mut self, krate: &str, path: &str) {
        self.shown.insert(Shown {
            item: self.item.clone(),
            krate: krate.to_owned(),
            path: path.to_owned(),
            location: self.location.clone(),
        });
    }
}

fn place(span: &rustdoc_types::Span) -> Location {
    let file = span.filename.to_string_lossy().replace('\\', "/");
    let (line, column) = span.begin;
    Location::new(file, as_number(line), as_number(column))
}
