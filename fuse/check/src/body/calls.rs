//! Calls: what is called, decided by meaning and not by shape.

use fuse_builtins::{Constructor, Home};
use fuse_syntax::ast::{Call, CallId, Expr, ExprId, Symbol};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::args::Formal;
use super::qualify::{Target, entry_target};
use super::{Checker, Want};
use crate::decls::{Entry, FunctionKind};
use crate::ids::{EnumId, FnId};
use crate::prelude::PreludeEntry;
use crate::relate::Slot;
use crate::typed::{ArgSource, Callee, Receiver};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    /// A call: its type, and whether a part before it can skip it.
    pub(super) fn call(&mut self, id: ExprId, call: CallId, want: Want) -> (Ty, bool) {
        let call = self.ast[call];
        match self.ast[call.callee] {
            Expr::Name(symbol) => (self.named_call(id, &call, symbol, want), false),
            Expr::Member {
                base,
                name,
                optional,
            } => {
                if !optional && let Some(outer) = self.qualifier(base) {
                    let target = self.qualified(outer, base, name);
                    return (self.target_call(id, &call, target, want), false);
                }
                self.method_call(id, &call, (base, name, optional))
            }
            _ => {
                let mark = self.sink.mark();
                let ty = self.value(call.callee, Want::NOTHING);
                if self.sink.reported_since(mark) {
                    return (self.abandoned(&call), false);
                }
                (self.value_call(id, &call, ty), false)
            }
        }
    }

    /// Checks what is inside a call that means nothing.
    pub(super) fn abandoned(&mut self, call: &Call) -> Ty {
        for arg in &self.ast[call.args] {
            self.anything(arg.value);
        }
        if let Some(block) = call.block {
            self.html_children(block);
        }
        Ty::INVALID
    }

    fn named_call(&mut self, id: ExprId, call: &Call, symbol: Symbol, want: Want) -> Ty {
        if symbol == Symbol::EMPTY {
            return self.abandoned(call);
        }
        if self.scope.get(symbol).is_some() {
            let mark = self.sink.mark();
            let ty = self.value(call.callee, Want::NOTHING);
            if self.sink.reported_since(mark) {
                return self.abandoned(call);
            }
            return self.value_call(id, call, ty);
        }
        let sym = self.sym(symbol);
        if let Some(named) = self.own.scope.get(&sym).copied() {
            self.uses.mark(symbol);
            return match named.entry {
                Entry::Asset(_) => {
                    let ty = self.value(call.callee, Want::NOTHING);
                    self.value_call(id, call, ty)
                }
                entry => self.target_call(id, call, entry_target(entry), want),
            };
        }
        if let Some(void) = self.prelude.tag(sym)
            && self.means_tag(sym, call)
        {
            return self.tag_call(id, call, symbol, void);
        }
        match self.prelude.name(sym) {
            Some(PreludeEntry::Function) => {
                return self.target_call(id, call, Target::Builtin(Home::Prelude, sym), want);
            }
            Some(PreludeEntry::Constructor(one)) => {
                return self.constructor_call(id, call, one, want);
            }
            _ => {}
        }
        if sym == self.prelude.known.error {
            let record = crate::ids::RecordId::builtin(fuse_builtins::RecordId::StdError);
            return self.record_call(id, call, record);
        }
        if sym == self.prelude.known.self_type
            && let Some(target) = self.body.self_type
            && let TyKind::Record(record) = self.types.kind(target)
        {
            return self.record_call(id, call, record);
        }
        if self.qualifier(call.callee).is_some() {
            let ty = self.uncallable_name(call, symbol);
            self.abandoned(call);
            return ty;
        }
        self.unknown_name(call.callee, symbol);
        self.abandoned(call)
    }

    /// A built-in type, a type parameter, `std` or `Self`, called.
    fn uncallable_name(&mut self, call: &Call, symbol: Symbol) -> Ty {
        let text = self.ast.names.text(symbol);
        let message = format!("`{text}` cannot be called");
        let hint = match text {
            "Int" | "Float" => format!("read a number from text with `{text}.parse(...)`"),
            "Id" | "Email" => format!("validate text with `{text}.parse(...)`"),
            "String" => "show a value in a text: `\"${value}\"`".to_owned(),
            "List" => "write a list as `[a, b]`".to_owned(),
            "Map" => "write a map as `{key: value}`".to_owned(),
            _ => "only functions, types, variants, components and tags are called".to_owned(),
        };
        let span = self.span(call.callee);
        self.report(Diagnostic::new(Code::NOT_CALLABLE, span, message).hint(hint));
        Ty::INVALID
    }

    /// Whether a bare call of a name that is a tag and perhaps a built-in is
    /// the tag.
    fn means_tag(&self, sym: crate::ids::Sym, call: &Call) -> bool {
        if sym != self.prelude.known.input {
            return !matches!(self.prelude.name(sym), Some(PreludeEntry::Function));
        }
        let args = &self.ast[call.args];
        let map = args
            .first()
            .is_some_and(|arg| matches!(self.ast[arg.value], Expr::Map(_)));
        call.block.is_some() || map || args.iter().any(|arg| arg.name.is_some())
    }

    pub(super) fn target_call(
        &mut self,
        id: ExprId,
        call: &Call,
        target: Target,
        want: Want,
    ) -> Ty {
        match target {
            Target::Nothing => self.abandoned(call),
            Target::Function(function) => match self.decls.function(function).kind {
                FunctionKind::Component => self.component_call(id, call, function),
                _ => self.function_call(id, call, function, Callee::Function(function)),
            },
            Target::Record(record) => self.record_call(id, call, record),
            Target::Variant(of, index) => self.variant_call(id, call, of, index),
            Target::Builtin(home, name) => self.builtin_call(id, call, home, name, want),
            Target::Methods(ty, method) => self.type_method_call(id, call, ty, method),
            Target::BoundMember(member, of) => {
                let callee = Callee::BoundMember {
                    member,
                    of,
                    receiver: Receiver::Type,
                };
                self.demand(of, super::Need::Associated(member));
                self.function_call(id, call, member, callee)
            }
            Target::Interface => {
                let span = self.span(call.callee);
                let message = format!(
                    "`{}` is an interface, not a value",
                    self.source(call.callee)
                );
                self.report(
                    Diagnostic::new(Code::INTERFACE_DYNAMIC_USE, span, message)
                        .hint("interfaces bound type parameters; they have no values"),
                );
                self.abandoned(call)
            }
            Target::Enum(of) => {
                let name = self.text(self.decls.enumeration(of).name).to_owned();
                self.not_callable(
                    call,
                    &format!("enum `{name}`"),
                    "construct one of its variants",
                );
                self.abandoned(call)
            }
            Target::Config => {
                self.not_callable(call, "a config", "read its fields after a dot");
                self.abandoned(call)
            }
            Target::ConfigField(config, index) => {
                let ty = self.decls.config(config).fields[index as usize].ty;
                self.value_call(id, call, ty)
            }
            Target::Service => {
                self.not_callable(call, "a service", "`serve(port)` starts services");
                self.abandoned(call)
            }
            Target::Module => {
                self.not_callable(call, "a module", "name one of its declarations after a dot");
                self.abandoned(call)
            }
            Target::Constant(constant) => {
                let _ = constant;
                self.value_call(id, call, Ty::FLOAT)
            }
        }
    }

    fn not_callable(&mut self, call: &Call, what: &str, hint: &str) {
        let message = format!("cannot call {what}");
        let span = self.span(call.callee);
        self.report(Diagnostic::new(Code::NOT_CALLABLE, span, message).hint(hint));
    }

    /// A call of a function value.
    pub(super) fn value_call(&mut self, id: ExprId, call: &Call, ty: Ty) -> Ty {
        let (params, result) = match self.types.kind(ty) {
            TyKind::Fn(params, result) => (self.types.members(params).to_vec(), result),
            TyKind::Invalid | TyKind::Never => return self.abandoned(call),
            _ => {
                let shown = format!("`{}`", self.shown(ty));
                let hint = match self.types.kind(ty) {
                    TyKind::Option(_) => "it may be null; `match` it first",
                    TyKind::Value => "dynamic data holds no functions",
                    _ => "only functions, types, variants, components and tags are called",
                };
                self.not_callable(call, &shown, hint);
                return self.abandoned(call);
            }
        };
        if !call.type_args.is_empty() {
            self.not_generic(call, "the function value");
        }
        if self.block_on_function(id, call, result) {
            return Ty::INVALID;
        }
        let args = &self.ast[call.args];
        if let Some(named) = args.iter().find(|arg| arg.name.is_some()) {
            let message = format!(
                "no parameter `{}`",
                named.name.map_or("", |name| self.ast.text(name))
            );
            let span = self.at(named.range);
            self.report(
                Diagnostic::new(Code::ARG_UNKNOWN, span, message)
                    .hint("parameters of a function value have no names"),
            );
            return self.abandoned(call);
        }
        if args.len() != params.len() {
            let most = params.len();
            let message = format!(
                "expected {most} argument{}, got {}",
                if most == 1 { "" } else { "s" },
                args.len()
            );
            let span = self.span(id);
            let mut diagnostic = Diagnostic::new(Code::WRONG_ARITY, span, message);
            if args.len() > most {
                let start = match most.checked_sub(1) {
                    Some(last) => args[last].range.end,
                    None => args[0].range.start,
                };
                let end = args[args.len() - 1].range.end;
                let place = self.at(TextRange::new(start, end));
                diagnostic =
                    diagnostic.fix(Fix::replace("remove the surplus", place, "").unsafe_to_apply());
            }
            self.report(diagnostic);
            return self.abandoned(call);
        }
        for (arg, &param) in args.iter().zip(&params) {
            self.check(arg.value, param, Slot::Plain);
        }
        let sources = args.iter().map(|arg| ArgSource::Expr(arg.value));
        self.out.add_call(id, Callee::Value, sources, &[]);
        result
    }

    /// A block on a function value: only functions that give markup take one.
    fn block_on_function(&mut self, id: ExprId, call: &Call, result: Ty) -> bool {
        let Some(block) = call.block else {
            return false;
        };
        self.block_return(id, result);
        for arg in &self.ast[call.args] {
            self.anything(arg.value);
        }
        self.html_children(block);
        true
    }

    /// Explicit type arguments on what takes none.
    pub(super) fn not_generic(&mut self, call: &Call, what: &str) {
        let message = format!("{what} is not generic");
        self.type_arg_error(call, message);
        for &arg in &self.ast[call.type_args] {
            self.type_expr(arg, crate::decls::resolve::Position::Stored);
        }
    }

    pub(super) fn type_arg_error(&mut self, call: &Call, message: String) {
        let span = self.type_args_span(call);
        self.report(
            Diagnostic::new(Code::GENERIC_CALL_TYPE_ARG, span, message)
                .fix(Fix::replace("remove the type arguments", span, "").unsafe_to_apply()),
        );
    }

    /// From `<` to `>`.
    pub(super) fn type_args_span(&self, call: &Call) -> fuse_syntax::Span {
        let start = self.ast.range(call.callee).end;
        self.at(TextRange::new(start, call.parens.start))
    }

    fn constructor_call(
        &mut self,
        id: ExprId,
        call: &Call,
        constructor: Constructor,
        want: Want,
    ) -> Ty {
        if constructor == Constructor::None {
            self.not_callable(
                call,
                "`None`",
                "`None` is a value; write it without parentheses",
            );
            return self.abandoned(call);
        }
        if !call.type_args.is_empty() {
            self.not_generic(call, &format!("`{}`", constructor.name()));
        }
        if call.block.is_some() {
            return self.block_on_plain(id, call);
        }
        let value = Formal {
            name: self.prelude.known.body,
            required: true,
        };
        let args = &self.ast[call.args];
        let [arg] = args else {
            self.bind_count(id, call, 1);
            return self.abandoned(call);
        };
        if arg.name.is_some() {
            self.bind(id, call.args, &[value], false);
            return self.abandoned(call);
        }
        let inner = want.ty.map(|ty| self.types.kind(ty));
        match constructor {
            Constructor::Some => {
                let hint = match inner {
                    Some(TyKind::Option(inner)) => Some(inner),
                    _ => None,
                };
                let ty = self.argument(arg.value, hint);
                self.out
                    .add_call(id, Callee::Some, [ArgSource::Expr(arg.value)], &[]);
                self.types.option(ty)
            }
            Constructor::Ok => {
                let (hint, errors) = match inner {
                    Some(TyKind::Result(ok, errors)) => (Some(ok), Some(errors)),
                    _ => (None, None),
                };
                let ty = self.argument(arg.value, hint);
                self.out
                    .add_call(id, Callee::Ok, [ArgSource::Expr(arg.value)], &[]);
                let ok = hint.unwrap_or(ty);
                match errors {
                    Some(errors) => self.types.intern(TyKind::Result(ok, errors)),
                    None => self.types.result(ok, &[]),
                }
            }
            Constructor::Err => {
                let (ok, errors) = match inner {
                    Some(TyKind::Result(ok, errors)) => (ok, Some(errors)),
                    _ => (Ty::NEVER, None),
                };
                self.error_argument(id, arg.value, ok, errors)
            }
            Constructor::None => Ty::INVALID,
        }
    }

    /// The one argument of a constructor.
    fn argument(&mut self, value: ExprId, hint: Option<Ty>) -> Ty {
        match hint {
            Some(hint) => {
                self.check(value, hint, Slot::Plain);
                hint
            }
            None => {
                let ty = self.value(value, Want::NOTHING);
                if self.function_stored(value, ty) {
                    Ty::INVALID
                } else {
                    ty
                }
            }
        }
    }

    /// Wrong number of arguments for something with nameless parameters.
    pub(super) fn bind_count(&mut self, id: ExprId, call: &Call, count: usize) {
        let message = format!(
            "expected {count} argument{}, got {}",
            if count == 1 { "" } else { "s" },
            call.args.len()
        );
        let args = &self.ast[call.args];
        let span = self.span(id);
        let mut diagnostic = Diagnostic::new(Code::WRONG_ARITY, span, message);
        if args.len() > count {
            let start = match count.checked_sub(1) {
                Some(last) => args[last].range.end,
                None => args[0].range.start,
            };
            let place = self.at(TextRange::new(start, args[args.len() - 1].range.end));
            diagnostic =
                diagnostic.fix(Fix::replace("remove the surplus", place, "").unsafe_to_apply());
        }
        self.report(diagnostic);
    }

    /// An HTML block on something that does not give markup.
    pub(super) fn block_on_plain(&mut self, id: ExprId, call: &Call) -> Ty {
        for arg in &self.ast[call.args] {
            self.anything(arg.value);
        }
        let message = "HTML block target must return `Html`".to_owned();
        let span = self.span(id);
        self.error(Code::HTML_BLOCK_RETURN, span, message);
        if let Some(block) = call.block {
            self.html_children(block);
        }
        Ty::INVALID
    }

    fn variant_call(&mut self, id: ExprId, call: &Call, of: EnumId, index: u32) -> Ty {
        let declared = self.decls.enumeration(of);
        let variant = &declared.variants[index as usize];
        if !call.type_args.is_empty() {
            self.not_generic(call, &format!("`{}`", self.text(variant.name)));
        }
        if call.block.is_some() {
            return self.block_on_plain(id, call);
        }
        let named = !variant.names.is_empty();
        let args = &self.ast[call.args];
        if !named
            && (args.len() != variant.payload.len() || args.iter().any(|arg| arg.name.is_some()))
        {
            if let Some(arg) = args.iter().find(|arg| arg.name.is_some()) {
                let message = format!(
                    "no parameter `{}`",
                    arg.name.map_or("", |name| self.ast.text(name))
                );
                let span = self.at(arg.range);
                self.report(
                    Diagnostic::new(Code::ARG_UNKNOWN, span, message)
                        .hint("the payload of this variant has no names"),
                );
            } else {
                self.bind_count(id, call, variant.payload.len());
            }
            return self.abandoned(call);
        }
        let formals: Vec<Formal> = match named {
            true => variant
                .names
                .iter()
                .map(|&name| Formal {
                    name,
                    required: true,
                })
                .collect(),
            false => {
                let name = self.prelude.known.underscore;
                variant
                    .payload
                    .iter()
                    .map(|_| Formal {
                        name,
                        required: true,
                    })
                    .collect()
            }
        };
        let bound = self.bind(id, call.args, &formals, false);
        for (arg, param) in args.iter().zip(&bound.args) {
            match param {
                Some(param) => {
                    self.check(arg.value, variant.payload[*param as usize], Slot::Checked);
                }
                None => {
                    self.anything(arg.value);
                }
            }
        }
        if !bound.ok {
            return Ty::INVALID;
        }
        let sources: Vec<ArgSource> = bound
            .params
            .iter()
            .filter_map(|arg| arg.map(|arg| ArgSource::Expr(args[arg as usize].value)))
            .collect();
        self.out
            .add_call(id, Callee::Variant(of, index), sources, &[]);
        declared.ty
    }

    /// A method named on its type.
    fn type_method_call(&mut self, id: ExprId, call: &Call, ty: Ty, method: FnId) -> Ty {
        if self.decls.function(method).instance {
            let name = self.text(self.decls.function(method).name).to_owned();
            let message = format!("`{name}` needs a value of `{}`", self.shown(ty));
            let span = match self.ast[call.callee] {
                Expr::Member { name, .. } => self.ast.name_span(name),
                _ => self.span(call.callee),
            };
            self.report(
                Diagnostic::new(Code::IMPL_RECEIVER, span, message)
                    .hint("call it on a value, after a dot"),
            );
            return self.abandoned(call);
        }
        self.function_call(id, call, method, Callee::Method(method, Receiver::Type))
    }
}
