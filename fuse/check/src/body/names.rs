//! Bare names as values.

use fuse_builtins::Constructor;
use fuse_syntax::ast::{ExprId, Symbol};
use fuse_syntax::{Code, Diagnostic};

use super::{Checker, Want};
use crate::decls::{Entry, FunctionKind};
use crate::ids::FnId;
use crate::load::AssetContent;
use crate::prelude::PreludeEntry;
use crate::typed::{LocalId, Resolution};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn name(&mut self, id: ExprId, symbol: Symbol) -> Ty {
        if symbol == Symbol::EMPTY {
            return Ty::INVALID;
        }
        if let Some(local) = self.scope.get(symbol) {
            return self.use_local(id, local);
        }
        let sym = self.sym(symbol);
        if let Some(named) = self.own.scope.get(&sym).copied() {
            self.uses.mark(symbol);
            return self.entry_value(id, named.entry, symbol);
        }
        match self.prelude.name(sym) {
            Some(PreludeEntry::Constructor(Constructor::None)) => {
                self.out.resolve(id, Resolution::None);
                Ty::NULL
            }
            Some(PreludeEntry::Constructor(_)) => {
                self.not_value(id, symbol, "a constructor", "call it with a value")
            }
            Some(PreludeEntry::Function) => self.not_value(
                id,
                symbol,
                "a built-in function",
                "wrap it: `fn(x) => f(x)`",
            ),
            Some(PreludeEntry::Namespace(home)) if self.knows(home) => self.not_value(
                id,
                symbol,
                "a namespace",
                "name one of its functions after a dot",
            ),
            _ => self.unknown_name(id, symbol),
        }
    }

    /// Whether a namespace exists here: `testing` does in tests only.
    pub(super) fn knows(&self, home: fuse_builtins::Home) -> bool {
        home != fuse_builtins::Home::Testing || self.body.in_test()
    }

    fn not_value(&mut self, id: ExprId, symbol: Symbol, what: &str, hint: &str) -> Ty {
        let text = self.ast.names.text(symbol);
        let message = format!("`{text}` is {what}, not a value");
        let span = self.span(id);
        self.report(Diagnostic::new(Code::NAME_NOT_VALUE, span, message).hint(hint));
        Ty::INVALID
    }

    fn entry_value(&mut self, id: ExprId, entry: Entry, symbol: Symbol) -> Ty {
        match entry {
            Entry::Function(function) => self.function_value(id, function),
            Entry::Asset(asset) => {
                self.out.resolve(id, Resolution::Asset(asset));
                match self.graph.asset(asset).content {
                    AssetContent::Text(_) => Ty::STRING,
                    AssetContent::Json(_) => Ty::VALUE,
                    AssetContent::Invalid => Ty::INVALID,
                }
            }
            Entry::Damaged => Ty::INVALID,
            Entry::Interface(_) => self.dynamic_use(id, symbol),
            Entry::Record(_) => self.not_value(
                id,
                symbol,
                "a type",
                "construct a value: name it and give its fields",
            ),
            Entry::Enum(_) => self.not_value(
                id,
                symbol,
                "an enum",
                "name one of its variants after a dot",
            ),
            Entry::Config(_) => {
                self.not_value(id, symbol, "a config", "name one of its fields after a dot")
            }
            Entry::Service(_) => {
                self.not_value(id, symbol, "a service", "`serve(port)` starts services")
            }
            Entry::Module(_) | Entry::StdError => self.not_value(
                id,
                symbol,
                "a module",
                "name one of its declarations after a dot",
            ),
        }
    }

    pub(super) fn dynamic_use(&mut self, id: ExprId, symbol: Symbol) -> Ty {
        let text = self.ast.names.text(symbol);
        let message = format!("`{text}` is an interface, not a value");
        let span = self.span(id);
        self.report(
            Diagnostic::new(Code::INTERFACE_DYNAMIC_USE, span, message).hint(format!(
                "interfaces bound type parameters: `fn name<T>(value: T) where T: {text}`"
            )),
        );
        Ty::INVALID
    }

    /// A function as a value.
    pub(super) fn function_value(&mut self, id: ExprId, function: FnId) -> Ty {
        let decl = self.decls.function(function);
        if decl.kind == FunctionKind::Component {
            let text = self.text(decl.name).to_owned();
            let message = format!("`{text}` is a component, not a value");
            let span = self.span(id);
            self.report(
                Diagnostic::new(Code::NAME_NOT_VALUE, span, message)
                    .hint("call it: components make markup"),
            );
            return Ty::INVALID;
        }
        if !decl.type_params.is_empty() {
            let names: Vec<String> = decl
                .type_params
                .iter()
                .map(|param| format!("`{}`", self.text(param.name)))
                .collect();
            let message = format!("cannot infer {}", names.join(", "));
            let span = self.span(id);
            self.report(
                Diagnostic::new(Code::GENERIC_INFERENCE, span, message)
                    .hint("a generic function is not a value; wrap it: `fn(x: Int) => f(x)`"),
            );
            return Ty::INVALID;
        }
        self.leaks(id, function);
        self.facts.calls.push((self.body.owner, function));
        self.out.resolve(id, Resolution::Function(function));
        let params: Vec<Ty> = decl.params.iter().map(|param| param.ty).collect();
        self.types.function(&params, decl.result)
    }

    /// A variable as a value: tasks can only be awaited.
    fn use_local(&mut self, id: ExprId, local: LocalId) -> Ty {
        let ty = self.read_local(id, local);
        if matches!(self.types.kind(ty), TyKind::Task(_)) {
            self.task_escapes(id, local);
            return Ty::INVALID;
        }
        ty
    }

    /// Notes that a variable is read here, and by what.
    pub(super) fn read_local(&mut self, id: ExprId, local: LocalId) -> Ty {
        self.usage(local).read = true;
        self.mention(id, local)
    }

    /// Notes that a variable is named here.
    pub(super) fn mention(&mut self, id: ExprId, local: LocalId) -> Ty {
        self.out.resolve(id, Resolution::Local(local));
        self.frames.capture(local);
        let ty = self.out.local(local).ty;
        if let Some(first) = self.frames.inner_spawn_boundary()
            && local.0 < first
        {
            let function = self
                .types
                .contains(ty)
                .any(crate::types::Contains::FUNCTION);
            if matches!(self.types.kind(ty), TyKind::Box(_)) || function {
                let span = self.span(id);
                self.box_in_spawn(span);
                return if function {
                    Ty::INVALID
                } else {
                    self.types.unboxed(ty)
                };
            }
        }
        ty
    }

    /// Checks a value whose type nothing is known about.
    pub(super) fn anything(&mut self, id: ExprId) -> Ty {
        self.value(id, Want::NOTHING)
    }
}
