//! What stands at a place in the source, for editors.

use fuse_builtins::{BuiltinId, MemberId};
use fuse_syntax::ast::{self, Expr, ExprId, Pattern, PatternId, TypeExpr};
use fuse_syntax::{Span, TextRange};

use super::Analysis;
use crate::decls::{Entry, ModuleDeclarations};
use crate::ids::{ConfigId, EnumId, FnId, InterfaceId, RecordId, ServiceId};
use crate::load::{AssetId, ModuleGraph, ModuleId};
use crate::typed::{Callee, LocalId, PatternInfo, Resolution};
use crate::types::Ty;

/// Something that a name means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Symbol {
    /// A variable of the module.
    Local(LocalId),
    /// A function, component, member or method.
    Function(FnId),
    /// A record type.
    Record(RecordId),
    /// A field of a record.
    Field(RecordId, u32),
    /// An enum type.
    Enum(EnumId),
    /// A variant of an enum.
    Variant(EnumId, u32),
    /// An interface.
    Interface(InterfaceId),
    /// A config.
    Config(ConfigId),
    /// A field of a config.
    ConfigField(ConfigId, u32),
    /// A service.
    Service(ServiceId),
    /// A module, by its alias.
    Module(ModuleId),
    /// An imported asset.
    Asset(AssetId),
    /// A built-in function.
    Builtin(BuiltinId),
    /// A member of a built-in type.
    Member(MemberId),
    /// An HTML tag, by its name in the module.
    Tag(ast::Symbol),
}

/// A symbol where it is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SymbolRef {
    /// What is named.
    pub symbol: Symbol,
    /// Where the name stands.
    pub range: TextRange,
}

impl Analysis {
    /// The type of what an expression computes.
    #[must_use]
    pub fn type_of(&self, module: ModuleId, expr: ExprId) -> Option<Ty> {
        let ty = self.typed(module).ty(expr);
        (!ty.is_invalid()).then_some(ty)
    }

    /// What the name at an offset of a module means, as a use or as a
    /// declaration.
    #[must_use]
    pub fn symbol_at(
        &self,
        graph: &ModuleGraph,
        module: ModuleId,
        offset: u32,
    ) -> Option<SymbolRef> {
        let finder = Finder {
            analysis: self,
            ast: &graph.module(module).parsed.module,
            own: self.decls.module(module),
            module,
            offset,
        };
        finder
            .expression()
            .or_else(|| finder.pattern())
            .or_else(|| finder.type_name())
            .or_else(|| finder.declaration())
    }

    /// Where a symbol is declared; nothing for what is built in.
    #[must_use]
    pub fn definition(
        &self,
        graph: &ModuleGraph,
        module: ModuleId,
        symbol: Symbol,
    ) -> Option<Span> {
        let at = |module: ModuleId, range: TextRange| {
            Some(range.in_file(graph.modules.get(module.index())?.file))
        };
        match symbol {
            Symbol::Local(local) => at(module, self.typed(module).local(local).range),
            Symbol::Function(id) => at(id.module, self.decls.function(id).range),
            Symbol::Record(id) => at(id.module, self.decls.record(id).range),
            Symbol::Field(id, index) => {
                let origin = self.decls.record(id).fields.get(index as usize)?.origin;
                at(origin.module?, origin.range)
            }
            Symbol::Enum(id) => at(id.module, self.decls.enumeration(id).range),
            Symbol::Variant(id, index) => at(
                id.module,
                self.decls
                    .enumeration(id)
                    .variants
                    .get(index as usize)?
                    .range,
            ),
            Symbol::Interface(id) => at(id.module, self.decls.interface(id).range),
            Symbol::Config(id) => at(id.module, self.decls.config(id).range),
            Symbol::ConfigField(id, index) => at(
                id.module,
                self.decls.config(id).fields.get(index as usize)?.range,
            ),
            Symbol::Service(id) => at(id.module, self.decls.service(id).range),
            Symbol::Module(id) => at(id, TextRange::empty(0)),
            Symbol::Asset(id) => Some(TextRange::empty(0).in_file(graph.asset(id).file)),
            Symbol::Builtin(_) | Symbol::Member(_) | Symbol::Tag(_) => None,
        }
    }
}

/// Looks for what stands at one offset of one module.
struct Finder<'a> {
    analysis: &'a Analysis,
    ast: &'a ast::Module,
    own: &'a ModuleDeclarations,
    module: ModuleId,
    offset: u32,
}

impl Finder<'_> {
    /// Names end where the next character starts; a cursor behind the last one
    /// still means the name.
    fn on(&self, range: TextRange) -> bool {
        range.start <= self.offset && self.offset <= range.end
    }

    fn expression(&self) -> Option<SymbolRef> {
        let named = |id: ExprId, expr: &Expr| match *expr {
            Expr::Name(_) => Some(self.ast.range(id)),
            Expr::Member { name, .. } => Some(self.ast.name_range(name)),
            _ => None,
        };
        let (id, range) = self
            .ast
            .exprs
            .iter()
            .filter_map(|(id, expr)| Some((id, named(id, expr)?)))
            .find(|(_, range)| self.on(*range))?;
        let symbol = self
            .resolved(id)
            .or_else(|| self.called(id))
            .or_else(|| self.qualifier(id))?;
        Some(SymbolRef { symbol, range })
    }

    fn resolved(&self, id: ExprId) -> Option<Symbol> {
        match *self.analysis.typed(self.module).resolution(id)? {
            Resolution::Local(local) => Some(Symbol::Local(local)),
            Resolution::Function(id) => Some(Symbol::Function(id)),
            Resolution::Variant(id, index) | Resolution::VariantFunction(id, index) => {
                Some(Symbol::Variant(id, index))
            }
            Resolution::Asset(id) => Some(Symbol::Asset(id)),
            Resolution::ConfigField(id, index) => Some(Symbol::ConfigField(id, index)),
            Resolution::Field(id, index) => Some(Symbol::Field(id, index)),
            _ => None,
        }
    }

    /// What the call means whose callee this is.
    fn called(&self, callee: ExprId) -> Option<Symbol> {
        let call = self.ast.exprs.iter().find_map(|(id, expr)| match *expr {
            Expr::Call(call) if self.ast[call].callee == callee => Some(id),
            _ => None,
        })?;
        let typed = self.analysis.typed(self.module);
        let Resolution::Call(index) = *typed.resolution(call)? else {
            return None;
        };
        Some(match typed.call(index).callee {
            Callee::Function(id) | Callee::Method(id, _) | Callee::Component(id, _) => {
                Symbol::Function(id)
            }
            Callee::BoundMember { member, .. } => Symbol::Function(member),
            Callee::Record(id) => Symbol::Record(id),
            Callee::Variant(id, index) => Symbol::Variant(id, index),
            Callee::Builtin(id) => Symbol::Builtin(id),
            Callee::Member(id, _) => Symbol::Member(id),
            Callee::Tag(name, _) => Symbol::Tag(name),
            Callee::Some | Callee::Ok | Callee::Err | Callee::Value => return None,
        })
    }

    /// A name that only qualifies what follows it.
    fn qualifier(&self, id: ExprId) -> Option<Symbol> {
        match self.ast[id] {
            Expr::Name(symbol) => {
                let named = self.own.scope.get(&self.own.sym(symbol))?;
                entry_symbol(named.entry)
            }
            Expr::Member { base, name, .. } => {
                let Symbol::Module(module) = self.qualifier(base)? else {
                    return None;
                };
                let exports = &self.analysis.decls.module(module).exports;
                entry_symbol(*exports.get(&self.own.sym(name.symbol))?)
            }
            _ => None,
        }
    }

    fn pattern(&self) -> Option<SymbolRef> {
        let path = |id: PatternId| match self.ast[id] {
            Pattern::Path(path) | Pattern::Tuple { path, .. } | Pattern::Record { path, .. } => {
                Some(self.ast.path_range(path))
            }
            _ => None,
        };
        let (id, range) = self
            .ast
            .patterns
            .iter()
            .filter_map(|(id, _)| Some((id, path(id)?)))
            .find(|(_, range)| self.on(*range))?;
        let symbol = match *self.analysis.typed(self.module).pattern(id)? {
            PatternInfo::Bind(local) => Symbol::Local(local),
            PatternInfo::Variant(id, index, _) => Symbol::Variant(id, index),
            PatternInfo::Record(id, _) => Symbol::Record(id),
            _ => return None,
        };
        Some(SymbolRef { symbol, range })
    }

    fn type_name(&self) -> Option<SymbolRef> {
        let mut paths: Vec<ast::Path> = Vec::new();
        for (_, ty) in self.ast.types.iter() {
            match *ty {
                TypeExpr::Path(path) | TypeExpr::Apply { base: path, .. } => paths.push(path),
                TypeExpr::Result { domains, .. } => paths.extend_from_slice(&self.ast[domains]),
                _ => {}
            }
        }
        for decl in self.own.impls.iter().map(|one| &self.ast[one.decl]) {
            paths.extend([decl.interface, decl.target]);
        }
        paths.into_iter().find_map(|path| self.path(path))
    }

    fn path(&self, path: ast::Path) -> Option<SymbolRef> {
        let names = &self.ast[path.segments];
        let at = names
            .iter()
            .position(|name| self.on(self.ast.name_range(*name)))?;
        let first = self.own.scope.get(&self.own.sym(names[0].symbol))?.entry;
        let entry = match (at, first) {
            (0, entry) => entry,
            (1, Entry::Module(module)) => {
                let exports = &self.analysis.decls.module(module).exports;
                *exports.get(&self.own.sym(names[1].symbol))?
            }
            _ => return None,
        };
        Some(SymbolRef {
            symbol: entry_symbol(entry)?,
            range: self.ast.name_range(names[at]),
        })
    }

    /// The declaration whose name stands here.
    fn declaration(&self) -> Option<SymbolRef> {
        let module = self.module;
        let found = |range: TextRange, symbol: Symbol| {
            (!range.is_empty() && self.on(range)).then_some(SymbolRef { symbol, range })
        };
        let mut all: Vec<Option<SymbolRef>> = Vec::new();
        for (function, index) in self.own.functions.iter().zip(0..) {
            all.push(found(
                function.range,
                Symbol::Function(FnId::new(module, index)),
            ));
        }
        for (record, index) in self.own.records.iter().zip(0..) {
            let id = RecordId::new(module, index);
            all.push(found(record.range, Symbol::Record(id)));
            for field in &record.fields {
                if field.origin.module == Some(module) {
                    all.push(found(
                        field.origin.range,
                        Symbol::Field(field.origin.record, field.origin.index),
                    ));
                }
            }
        }
        for (one, index) in self.own.enums.iter().zip(0..) {
            let id = EnumId::new(module, index);
            all.push(found(one.range, Symbol::Enum(id)));
            for (variant, place) in one.variants.iter().zip(0..) {
                all.push(found(variant.range, Symbol::Variant(id, place)));
            }
        }
        for (one, index) in self.own.interfaces.iter().zip(0..) {
            all.push(found(
                one.range,
                Symbol::Interface(InterfaceId::new(module, index)),
            ));
        }
        for (config, index) in self.own.configs.iter().zip(0..) {
            let id = ConfigId::new(module, index);
            all.push(found(config.range, Symbol::Config(id)));
            for (field, place) in config.fields.iter().zip(0..) {
                all.push(found(field.range, Symbol::ConfigField(id, place)));
            }
        }
        for (service, index) in self.own.services.iter().zip(0..) {
            all.push(found(
                service.range,
                Symbol::Service(ServiceId::new(module, index)),
            ));
        }
        for named in self.own.scope.values().filter(|named| named.imported) {
            all.push(entry_symbol(named.entry).and_then(|symbol| found(named.range, symbol)));
        }
        for (local, index) in self.analysis.typed(module).locals().iter().zip(0..) {
            all.push(found(local.range, Symbol::Local(LocalId(index))));
        }
        all.into_iter().flatten().next()
    }
}

fn entry_symbol(entry: Entry) -> Option<Symbol> {
    Some(match entry {
        Entry::Record(id) => Symbol::Record(id),
        Entry::Enum(id) => Symbol::Enum(id),
        Entry::Interface(id) => Symbol::Interface(id),
        Entry::Function(id) => Symbol::Function(id),
        Entry::Config(id) => Symbol::Config(id),
        Entry::Service(id) => Symbol::Service(id),
        Entry::Module(id) => Symbol::Module(id),
        Entry::Asset(id) => Symbol::Asset(id),
        Entry::StdError | Entry::Damaged => return None,
    })
}
