//! Names of functions and types in the program: one for each, the same for
//! equal sources.

use std::collections::HashSet;

use super::{Item, Key, Lower};
use crate::canon::{self, FileId};
use crate::decls::FunctionKind;
use crate::ids::FnId;
use crate::load::{ModuleGraph, ModuleId};

/// What every symbol of a module begins with.
pub(super) struct SymbolNames {
    prefixes: Vec<String>,
}

impl SymbolNames {
    /// Packages are told apart by name, and by number where names repeat.
    pub(super) fn new(graph: &ModuleGraph) -> Self {
        let mut labels = Vec::new();
        let mut taken = HashSet::new();
        for (id, package) in graph.packages.iter() {
            let mut label = package.name.clone().unwrap_or_default();
            if !taken.insert(label.clone()) {
                label = format!("{label}#{}", id.index());
                taken.insert(label.clone());
            }
            labels.push(label);
        }
        let prefix = |module: &crate::load::LoadedModule| {
            let package = &labels[module.package.index()];
            match package.as_str() {
                "" => module.name().to_owned(),
                package => format!("{package}/{}", module.name()),
            }
        };
        Self {
            prefixes: graph.modules.iter().map(prefix).collect(),
        }
    }

    /// The number of a module in the program, where modules have the same order.
    #[expect(clippy::unused_self, reason = "the order of modules is decided here")]
    pub(super) fn module(&self, module: ModuleId) -> canon::ModuleId {
        canon::ModuleId::from_index(module.index())
    }
}

impl Lower<'_> {
    pub(super) fn module_file(&self, module: ModuleId) -> FileId {
        FileId::from_index(module.index())
    }

    /// A declaration of a module.
    pub(super) fn declared(&self, module: ModuleId, name: &str) -> String {
        format!("{}::{name}", self.names.prefixes[module.index()])
    }

    /// The symbol of a function.
    pub(super) fn symbol(&mut self, key: &Key) -> String {
        let mut symbol = match key.item {
            Item::Function(id) => self.function_symbol(id),
            Item::ParamDefault(id, index) => {
                let name = self.text(self.decls.function(id).params[index as usize].name);
                format!("{}.default({name})", self.function_symbol(id))
            }
            Item::FieldDefault(id, index) => {
                let name = self.text(self.decls.record(id).fields[index as usize].name);
                format!("{}.default({name})", self.record_symbol(id))
            }
            Item::ConfigDefault(id, index) => {
                let config = self.decls.config(id);
                let name = self.text(config.fields[index as usize].name);
                let config = self.text(config.name);
                format!("{}.default({name})", self.declared(id.module, config))
            }
            Item::Variant(id, index) => {
                let name = self.text(self.decls.enumeration(id).variants[index as usize].name);
                format!("{}.{name}", self.enum_symbol(id))
            }
            Item::Route(id, _) => {
                let service = self.text(self.decls.service(id).name);
                let (_, _, route) = self.head(key.item);
                format!("{}.({route})", self.declared(id.module, service))
            }
            Item::App(module, _) => self.entry_symbol(module, "app", key.item),
            Item::Migration(module, _) => self.entry_symbol(module, "migration", key.item),
            Item::Test(module, _) => self.entry_symbol(module, "test", key.item),
        };
        if !key.args.is_empty() {
            let args: Vec<_> = key
                .args
                .iter()
                .map(|ty| self.program.type_symbol(*ty).to_string())
                .collect();
            symbol.push_str(&format!("<{}>", args.join(", ")));
        }
        symbol
    }

    fn entry_symbol(&self, module: ModuleId, word: &str, item: Item) -> String {
        let (_, _, name) = self.head(item);
        self.declared(module, &format!("({word} {name:?})"))
    }

    fn function_symbol(&self, id: FnId) -> String {
        let function = self.decls.function(id);
        let name = self.text(function.name);
        match function.kind {
            FunctionKind::Function | FunctionKind::Component => self.declared(id.module, name),
            FunctionKind::Member(interface) => {
                let declared = self.text(self.decls.interface(interface).name);
                format!("{}.{name}", self.declared(interface.module, declared))
            }
            FunctionKind::Method(implementation) => {
                let implementation = self.decls.implementation(implementation);
                let interface = implementation.interface.map_or_else(String::new, |id| {
                    self.declared(id.module, self.text(self.decls.interface(id).name))
                });
                let target = self.nominal_symbol(implementation.target);
                format!("({target} as {interface}).{name}")
            }
        }
    }

    fn nominal_symbol(&self, ty: crate::types::Ty) -> String {
        match self.store.kind(ty) {
            crate::types::TyKind::Record(id) => self.record_symbol(id),
            crate::types::TyKind::Enum(id) => self.enum_symbol(id),
            _ => String::new(),
        }
    }

    pub(super) fn record_symbol(&self, id: crate::ids::RecordId) -> String {
        if id.is_builtin() {
            return fuse_builtins::RECORDS[id.index as usize].path.to_owned();
        }
        self.declared(id.module, self.text(self.decls.record(id).name))
    }

    pub(super) fn enum_symbol(&self, id: crate::ids::EnumId) -> String {
        self.declared(id.module, self.text(self.decls.enumeration(id).name))
    }
}
