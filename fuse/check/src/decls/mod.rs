//! What modules declare: names, fields, signatures; bodies excepted.
//!
//! [`Declarations`] is what one module needs to know of all others. It is
//! computed before any body is checked, and a body is checked against nothing
//! else.

pub(crate) mod build;
pub(crate) mod builtin;
pub(crate) mod collect;
pub(crate) mod damage;
mod derive;
mod domains;
mod impls;
mod model;
mod predicates;
mod refinements;
pub(crate) mod resolve;
mod services;
mod signatures;

pub use model::{
    App, Config, ConfigField, Default, Entry, Enum, Field, FieldOrigin, Function, FunctionKind,
    Impl, Interface, Migration, ModuleDeclarations, Named, Parameter, Record, Route, RouteParam,
    Segment, Service, Symbols, Test, TypeParam, Variant,
};

use fuse_syntax::ast::Symbol;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ids::{ConfigId, EnumId, FnId, ImplId, InterfaceId, RecordId, ServiceId, Sym};
use crate::load::ModuleId;
use crate::package::PackageId;
use crate::types::{Ty, TyKind, TypeDisplay, TypeStore};

/// The signatures of a whole program.
#[derive(Clone, Debug, Default)]
pub struct Declarations {
    /// What each module declares, by its number.
    pub modules: Vec<ModuleDeclarations>,
    /// The records that exist without a declaration, at the numbers of
    /// `fuse_builtins`.
    pub(crate) builtin_records: Vec<Record>,
    /// Methods by the type they are for and their name; several when more than
    /// one interface supplies the name.
    pub(crate) methods: FxHashMap<(Ty, Sym), Vec<FnId>>,
    /// The `impl` block of an interface for a type.
    pub(crate) impls: FxHashMap<(InterfaceId, Ty), ImplId>,
    /// Packages that declare `type std.Error:` themselves.
    pub(crate) declared_std_error: FxHashSet<PackageId>,
}

/// Which names of a module are used, by their number in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Uses(Vec<bool>);

impl Uses {
    pub(crate) fn new(names: usize) -> Self {
        Self(vec![false; names])
    }

    pub(crate) fn mark(&mut self, name: Symbol) {
        self.0[name.index()] = true;
    }

    pub(crate) fn has(&self, name: Symbol) -> bool {
        self.0[name.index()]
    }
}

impl Declarations {
    /// The declarations of a module.
    #[must_use]
    pub fn module(&self, module: ModuleId) -> &ModuleDeclarations {
        &self.modules[module.index()]
    }

    /// A record, declared or built in.
    #[must_use]
    pub fn record(&self, id: RecordId) -> &Record {
        if id.is_builtin() {
            &self.builtin_records[id.index as usize]
        } else {
            &self.module(id.module).records[id.index as usize]
        }
    }

    /// An enum.
    #[must_use]
    pub fn enumeration(&self, id: EnumId) -> &Enum {
        &self.module(id.module).enums[id.index as usize]
    }

    /// Whether syntax errors may hide fields or variants of a type.
    pub(crate) fn is_damaged(&self, types: &TypeStore, ty: Ty) -> bool {
        match types.kind(ty) {
            TyKind::Record(id) if !id.is_builtin() => {
                let record = self.record(id);
                let base = record
                    .base
                    .is_some_and(|base| base != id && self.is_damaged(types, self.record(base).ty));
                base || self.module(id.module).damage.within(record.decl_range)
            }
            TyKind::Enum(id) => self
                .module(id.module)
                .damage
                .within(self.enumeration(id).decl_range),
            _ => false,
        }
    }

    /// A function, component, member or method.
    #[must_use]
    pub fn function(&self, id: FnId) -> &Function {
        &self.module(id.module).functions[id.index as usize]
    }

    /// An interface.
    #[must_use]
    pub fn interface(&self, id: InterfaceId) -> &Interface {
        &self.module(id.module).interfaces[id.index as usize]
    }

    /// An `impl` block.
    #[must_use]
    pub fn implementation(&self, id: ImplId) -> &Impl {
        &self.module(id.module).impls[id.index as usize]
    }

    /// A config.
    #[must_use]
    pub fn config(&self, id: ConfigId) -> &Config {
        &self.module(id.module).configs[id.index as usize]
    }

    /// A service.
    #[must_use]
    pub fn service(&self, id: ServiceId) -> &Service {
        &self.module(id.module).services[id.index as usize]
    }

    /// The `impl` block of `interface` for `target`, wherever it stands.
    #[must_use]
    pub fn impl_of(&self, interface: InterfaceId, target: Ty) -> Option<ImplId> {
        self.impls.get(&(interface, target)).copied()
    }

    /// The method of an `impl` block that supplies the interface member of
    /// this name.
    #[must_use]
    pub fn method_of(&self, implementation: ImplId, name: Sym) -> Option<FnId> {
        let methods = &self.implementation(implementation).methods;
        methods
            .iter()
            .copied()
            .find(|&id| self.function(id).name == name)
    }

    /// A type as messages show it.
    #[must_use]
    pub fn display<'a>(&'a self, types: &'a TypeStore, ty: Ty) -> TypeDisplay<'a> {
        TypeDisplay::new(ty, types, self)
    }

    /// The name of a record as messages show it.
    #[must_use]
    pub fn record_name<'a>(&'a self, types: &'a TypeStore, id: RecordId) -> &'a str {
        if id.is_builtin() {
            return fuse_builtins::RECORDS[id.index as usize].path;
        }
        types.symbols.text(self.record(id).name)
    }

    /// The name of the type parameter at `index` of `owner`.
    #[must_use]
    pub fn param_name<'a>(&'a self, types: &'a TypeStore, owner: FnId, index: u32) -> &'a str {
        let params = &self.function(owner).type_params;
        params
            .get(index as usize)
            .map_or("?", |param| types.symbols.text(param.name))
    }
}
