//! What stands before a dot and names something, rather than being a value.

use fuse_builtins::{Constant, Home};
use fuse_syntax::ast::{Expr, ExprId, Name};
use fuse_syntax::{Code, Diagnostic};

use super::Checker;
use crate::decls::Entry;
use crate::decls::collect::std_error;
use crate::ids::{ConfigId, EnumId, FnId, RecordId, Sym};
use crate::load::ModuleId;
use crate::package::nearest;
use crate::prelude::PreludeEntry;
use crate::types::{Ty, TyKind};

/// Something that qualifies the name after a dot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Qualifier {
    Module(ModuleId),
    /// `std`, which only has `Error`.
    Std,
    /// The module `std.Error`; alone, the type of that name.
    StdError,
    Record(RecordId),
    Enum(EnumId),
    Interface,
    Config(ConfigId),
    Service,
    Namespace(Home),
    /// A built-in type.
    Type(Ty, Option<Home>),
    /// A type parameter.
    Param(Ty),
    /// Something reported.
    Damaged,
}

/// What a qualified name means.
#[derive(Clone, Debug)]
pub(super) enum Target {
    Function(FnId),
    Record(RecordId),
    Enum(EnumId),
    Variant(EnumId, u32),
    Interface,
    Config,
    ConfigField(ConfigId, u32),
    Service,
    Module,
    Constant(&'static Constant),
    /// Rows of a built-in.
    Builtin(Home, Sym),
    /// Methods of a type, named on the type.
    Methods(Ty, FnId),
    /// A member of a type parameter's bound.
    BoundMember(FnId, Ty),
    /// Reported.
    Nothing,
}

impl Checker<'_> {
    /// What an expression names, if it is not a value.
    pub(super) fn qualifier(&mut self, id: ExprId) -> Option<Qualifier> {
        match self.ast[id] {
            Expr::Name(symbol) => {
                if self.scope.get(symbol).is_some() {
                    return None;
                }
                let sym = self.sym(symbol);
                if let Some(named) = self.own.scope.get(&sym) {
                    let entry = named.entry;
                    self.uses.mark(symbol);
                    return entry_qualifier(entry);
                }
                self.builtin_qualifier(sym)
            }
            Expr::Member {
                base,
                name,
                optional: false,
            } => {
                let outer = self.qualifier(base)?;
                self.nested_qualifier(outer, name)
            }
            _ => None,
        }
    }

    fn builtin_qualifier(&self, sym: Sym) -> Option<Qualifier> {
        let known = &self.prelude.known;
        if let Some(param) = self.body.type_params.iter().find(|param| param.name == sym) {
            return Some(Qualifier::Param(param.ty));
        }
        if sym == known.self_type {
            return self.body.self_type.map(|ty| match self.types.kind(ty) {
                TyKind::Record(id) => Qualifier::Record(id),
                TyKind::Enum(id) => Qualifier::Enum(id),
                _ => Qualifier::Damaged,
            });
        }
        if let Some(PreludeEntry::Namespace(home)) = self.prelude.name(sym) {
            return self.knows(home).then_some(Qualifier::Namespace(home));
        }
        if sym == known.std {
            return Some(Qualifier::Std);
        }
        if sym == known.error {
            let id = fuse_builtins::RecordId::StdError;
            return Some(Qualifier::Record(RecordId::builtin(id)));
        }
        let text = self.text(sym);
        match crate::decls::resolve::builtin_type(text)? {
            crate::decls::resolve::Builtin::Plain(ty) => {
                Some(Qualifier::Type(ty, Home::of_type(text)))
            }
            crate::decls::resolve::Builtin::Generic(..) => Some(Qualifier::Type(Ty::INVALID, None)),
        }
    }

    pub(super) fn nested_qualifier(&self, outer: Qualifier, name: Name) -> Option<Qualifier> {
        match outer {
            Qualifier::Module(module) => {
                let entry = self
                    .decls
                    .module(module)
                    .exports
                    .get(&self.sym(name.symbol));
                entry_qualifier(*entry?)
            }
            Qualifier::Std if self.ast.text(name) == "Error" => Some(Qualifier::StdError),
            Qualifier::StdError => std_error(self.ast.text(name)).map(Qualifier::Record),
            Qualifier::Namespace(home) => {
                let path = format!("{}.{}", home.name()?, self.ast.text(name));
                let record = fuse_builtins::find_record(&path)?;
                Some(Qualifier::Record(RecordId::builtin(record.id)))
            }
            Qualifier::Damaged => Some(Qualifier::Damaged),
            _ => None,
        }
    }

    /// The meaning of `name` after a qualifier; reports that there is none.
    pub(super) fn qualified(&mut self, outer: Qualifier, base: ExprId, name: Name) -> Target {
        if name.is_missing() {
            return Target::Nothing;
        }
        let sym = self.sym(name.symbol);
        match outer {
            Qualifier::Damaged => Target::Nothing,
            Qualifier::Module(module) => {
                let entry = self.decls.module(module).exports.get(&sym).copied();
                match entry {
                    Some(entry) => entry_target(entry),
                    None => self.unknown_export(module, base, name),
                }
            }
            Qualifier::Std if self.ast.text(name) == "Error" => {
                let id = fuse_builtins::RecordId::StdError;
                Target::Record(RecordId::builtin(id))
            }
            Qualifier::StdError => match std_error(self.ast.text(name)) {
                Some(record) => Target::Record(record),
                None => self.unknown_std_error(name),
            },
            Qualifier::Std => self.unknown_std_error(name),
            Qualifier::Record(id) => {
                let ty = self.types.intern(TyKind::Record(id));
                self.type_member(ty, name)
            }
            Qualifier::Enum(id) => {
                let declared = self.decls.enumeration(id);
                match declared.variant(sym) {
                    Some(index) => Target::Variant(id, index),
                    None if self.decls.methods.contains_key(&(declared.ty, sym)) => {
                        self.type_member(declared.ty, name)
                    }
                    None => self.unknown_variant(id, name),
                }
            }
            Qualifier::Config(id) => {
                let fields = &self.decls.config(id).fields;
                match (0..).zip(fields).find(|(_, field)| field.name == sym) {
                    Some((index, _)) => Target::ConfigField(id, index),
                    None => self.unknown_config_field(id, name),
                }
            }
            Qualifier::Namespace(home) => self.namespace_member(home, name),
            Qualifier::Type(ty, home) => self.builtin_type_member(ty, home, base, name),
            Qualifier::Param(ty) => self.param_member(ty, name),
            Qualifier::Interface => {
                if let Expr::Name(symbol) = self.ast[base] {
                    self.dynamic_use(base, symbol);
                }
                Target::Nothing
            }
            Qualifier::Service => {
                let message = format!("`{}` is a service, not a value", self.source(base));
                let span = self.span(base);
                self.report(
                    Diagnostic::new(Code::NAME_NOT_VALUE, span, message)
                        .hint("`serve(port)` starts services"),
                );
                Target::Nothing
            }
        }
    }

    /// The source text of an expression.
    pub(super) fn source(&self, id: ExprId) -> &str {
        self.loaded
            .text
            .get(self.ast.range(id).as_usize())
            .unwrap_or("")
    }

    fn namespace_member(&mut self, home: Home, name: Name) -> Target {
        let sym = self.sym(name.symbol);
        if self.prelude.functions(home, sym).next().is_some() {
            return Target::Builtin(home, sym);
        }
        if let Some(constant) = self.prelude.constant(home, sym) {
            return Target::Constant(constant);
        }
        let path = format!("{}.{}", home.name().unwrap_or(""), self.ast.text(name));
        if let Some(record) = fuse_builtins::find_record(&path) {
            return Target::Record(RecordId::builtin(record.id));
        }
        let names = fuse_builtins::functions_of(home).map(|row| row.name);
        let constants = fuse_builtins::CONSTANTS.iter();
        let constants = constants.filter(|one| one.home == home).map(|one| one.name);
        let near = nearest(self.ast.text(name), names.chain(constants)).map(str::to_owned);
        self.unknown_member(home.name().unwrap_or(""), name, near)
    }

    fn builtin_type_member(
        &mut self,
        ty: Ty,
        home: Option<Home>,
        base: ExprId,
        name: Name,
    ) -> Target {
        let sym = self.sym(name.symbol);
        if let Some(home) = home
            && self.prelude.functions(home, sym).next().is_some()
        {
            return Target::Builtin(home, sym);
        }
        let _ = ty;
        let rows = home.into_iter().flat_map(fuse_builtins::functions_of);
        let near = nearest(self.ast.text(name), rows.map(|row| row.name)).map(str::to_owned);
        let shown = self.source(base).to_owned();
        self.unknown_member(&shown, name, near)
    }

    pub(super) fn unknown_member(&mut self, of: &str, name: Name, near: Option<String>) -> Target {
        let text = self.ast.text(name);
        let message = format!("`{of}` has no member `{text}`");
        let span = self.ast.name_span(name);
        let mut diagnostic = Diagnostic::new(Code::MEMBER_UNKNOWN, span, message);
        diagnostic.hint = near.map(|near| format!("did you mean `{near}`?"));
        self.report(diagnostic);
        Target::Nothing
    }

    fn unknown_export(&mut self, module: ModuleId, base: ExprId, name: Name) -> Target {
        let target = self.decls.module(module);
        if target.damage.hides_declarations() {
            return Target::Nothing;
        }
        let text = self.ast.text(name);
        let exports = target.exports.keys().map(|sym| self.text(*sym));
        let hint = match nearest(text, exports) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "a module exports its own declarations, not its imports".to_owned(),
        };
        let message = format!("module `{}` has no `{text}`", self.source(base));
        let span = self.ast.name_span(name);
        self.report(Diagnostic::new(Code::MODULE_MEMBER_UNKNOWN, span, message).hint(hint));
        Target::Nothing
    }

    fn unknown_std_error(&mut self, name: Name) -> Target {
        let text = self.ast.text(name);
        let near = nearest(text, crate::load::STD_ERROR_TYPES.iter().copied());
        let hint = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "its types are `NotFound`, `BadRequest`, `Conflict` and the like".to_owned(),
        };
        let message = format!("module `std.Error` has no `{text}`");
        let span = self.ast.name_span(name);
        self.report(Diagnostic::new(Code::MODULE_MEMBER_UNKNOWN, span, message).hint(hint));
        Target::Nothing
    }

    pub(super) fn unknown_variant(&mut self, id: EnumId, name: Name) -> Target {
        let declared = self.decls.enumeration(id);
        if self.decls.is_damaged(self.types, declared.ty) {
            return Target::Nothing;
        }
        let text = self.ast.text(name);
        let variants = declared
            .variants
            .iter()
            .map(|variant| self.text(variant.name));
        let hint = match nearest(text, variants.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its variants are {}", crate::words::listed(variants)),
        };
        let message = format!(
            "enum `{}` has no variant `{text}`",
            self.text(declared.name)
        );
        let span = self.ast.name_span(name);
        self.report(Diagnostic::new(Code::VARIANT_UNKNOWN, span, message).hint(hint));
        Target::Nothing
    }

    fn unknown_config_field(&mut self, id: ConfigId, name: Name) -> Target {
        let config = self.decls.config(id);
        if self.decls.module(id.module).damage.any() {
            return Target::Nothing;
        }
        let text = self.ast.text(name);
        let fields = config.fields.iter().map(|field| self.text(field.name));
        let near = nearest(text, fields).map(str::to_owned);
        let shown = self.text(config.name).to_owned();
        self.unknown_member(&shown, name, near)
    }
}

fn entry_qualifier(entry: Entry) -> Option<Qualifier> {
    Some(match entry {
        Entry::Module(module) => Qualifier::Module(module),
        Entry::StdError => Qualifier::StdError,
        Entry::Record(id) => Qualifier::Record(id),
        Entry::Enum(id) => Qualifier::Enum(id),
        Entry::Interface(_) => Qualifier::Interface,
        Entry::Config(id) => Qualifier::Config(id),
        Entry::Service(_) => Qualifier::Service,
        Entry::Damaged => Qualifier::Damaged,
        Entry::Function(_) | Entry::Asset(_) => return None,
    })
}

pub(super) fn entry_target(entry: Entry) -> Target {
    match entry {
        Entry::Function(id) => Target::Function(id),
        Entry::Record(id) => Target::Record(id),
        Entry::Enum(id) => Target::Enum(id),
        Entry::Interface(_) => Target::Interface,
        Entry::Config(_) => Target::Config,
        Entry::Service(_) => Target::Service,
        Entry::StdError => Target::Record(RecordId::builtin(fuse_builtins::RecordId::StdError)),
        Entry::Module(_) | Entry::Asset(_) => Target::Module,
        Entry::Damaged => Target::Nothing,
    }
}
