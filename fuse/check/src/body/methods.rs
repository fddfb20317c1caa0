//! Methods: of `impl` blocks, of bounds, of built-in types.

use fuse_builtins::Receiver as BuiltinReceiver;
use fuse_syntax::ast::{Call, ExprId, Name};
use fuse_syntax::{Code, Diagnostic};

use super::Checker;
use super::qualify::Target;
use crate::decls::FunctionKind;
use crate::ids::{FnId, RecordId, Sym};
use crate::typed::{Callee, Receiver};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    /// A method called on a value.
    pub(super) fn method_call(
        &mut self,
        id: ExprId,
        call: &Call,
        (base, name, optional): (ExprId, Name, bool),
    ) -> (Ty, bool) {
        let mark = self.sink.mark();
        let (ty, nullable) = self.member_base(base, name, optional);
        if ty.is_invalid() || ty == Ty::NEVER || name.is_missing() {
            return (self.abandoned(call), nullable);
        }
        let sym = self.sym(name.symbol);
        let receiver = self.types.unrefined(ty);
        if let TyKind::Record(record) = self.types.kind(receiver)
            && let Some(index) = self.visible_field(record, sym)
        {
            let field = self.decls.record(record).fields[index as usize].ty;
            return (self.value_call(id, call, field), nullable);
        }
        if let Some(methods) = self.decls.methods.get(&(receiver, sym)) {
            let ty = self.declared_method(id, call, base, name, methods);
            return (ty, nullable);
        }
        if let TyKind::Param(owner, index) = self.types.kind(receiver)
            && let Some(member) = self.bound_member(owner, index, sym)
        {
            let ty = self.bound_method(id, call, base, name, (member, receiver));
            return (ty, nullable);
        }
        if let Some(of) = builtin_receiver(self.types.kind(receiver))
            && self.prelude.members(of, sym).next().is_some()
        {
            let ty = self.builtin_method(id, call, base, receiver, of, sym);
            return (ty, nullable);
        }
        match self.types.kind(receiver) {
            _ if self.sink.reported_since(mark) => {}
            _ if !call.type_args.is_empty() && matches!(self.ast.text(name), "one" | "all") => {
                self.typed_read_of(base, receiver);
            }
            TyKind::Option(inner) => self.optional_unhandled(base, name, inner),
            TyKind::Value => {
                let message = "cannot call a `Value`";
                let span = self.span(call.callee);
                self.report(
                    Diagnostic::new(Code::NOT_CALLABLE, span, message)
                        .hint("dynamic data holds no functions"),
                );
            }
            _ => self.no_member(receiver, name),
        }
        (self.abandoned(call), nullable)
    }

    fn declared_method(
        &mut self,
        id: ExprId,
        call: &Call,
        base: ExprId,
        name: Name,
        methods: &[FnId],
    ) -> Ty {
        let [method] = methods else {
            self.ambiguous_method(name, methods);
            return self.abandoned(call);
        };
        let FunctionKind::Method(of) = self.decls.function(*method).kind else {
            return self.abandoned(call);
        };
        let explicit = self
            .decls
            .implementation(of)
            .interface
            .is_some_and(|interface| self.decls.interface(interface).explicit_self);
        if explicit && !self.decls.function(*method).instance {
            self.associated_on_value(name);
            return self.abandoned(call);
        }
        self.function_call(
            id,
            call,
            *method,
            Callee::Method(*method, Receiver::Value(base)),
        )
    }

    fn associated_on_value(&mut self, name: Name) {
        let text = self.ast.text(name);
        let message = format!("`{text}` is called on the type, not on a value");
        let span = self.ast.name_span(name);
        self.report(
            Diagnostic::new(Code::IMPL_RECEIVER, span, message)
                .hint("its signature has no `self`; name the type before the dot"),
        );
    }

    fn ambiguous_method(&mut self, name: Name, methods: &[FnId]) {
        let interfaces: Vec<String> = methods
            .iter()
            .filter_map(|&method| match self.decls.function(method).kind {
                FunctionKind::Method(of) => {
                    let interface = self.decls.implementation(of).interface?;
                    Some(format!(
                        "`{}`",
                        self.text(self.decls.interface(interface).name)
                    ))
                }
                _ => None,
            })
            .collect();
        let message = format!(
            "`{}` is provided by {}",
            self.ast.text(name),
            interfaces.join(" and ")
        );
        let span = self.ast.name_span(name);
        self.error(Code::METHOD_AMBIGUOUS, span, message);
    }

    /// The member of a type parameter's bound.
    fn bound_member(&self, owner: FnId, index: u32, name: Sym) -> Option<FnId> {
        let param = self.decls.function(owner).type_params.get(index as usize)?;
        let members = &self.decls.interface(param.bound?).members;
        members
            .iter()
            .copied()
            .find(|&member| self.decls.function(member).name == name)
    }

    fn bound_method(
        &mut self,
        id: ExprId,
        call: &Call,
        base: ExprId,
        name: Name,
        (member, of): (FnId, Ty),
    ) -> Ty {
        if let FunctionKind::Member(interface) = self.decls.function(member).kind
            && self.decls.interface(interface).explicit_self
            && !self.decls.function(member).explicit_self
        {
            self.associated_on_value(name);
            return self.abandoned(call);
        }
        let callee = Callee::BoundMember {
            member,
            of,
            receiver: Receiver::Value(base),
        };
        self.function_call(id, call, member, callee)
    }

    /// A member named on a type parameter.
    pub(super) fn param_member(&mut self, ty: Ty, name: Name) -> Target {
        let sym = self.sym(name.symbol);
        if let TyKind::Param(owner, index) = self.types.kind(ty)
            && let Some(member) = self.bound_member(owner, index, sym)
        {
            if self.decls.function(member).explicit_self {
                let text = self.ast.text(name);
                let message = format!("`{text}` needs a value of `{}`", self.shown(ty));
                let span = self.ast.name_span(name);
                self.report(
                    Diagnostic::new(Code::IMPL_RECEIVER, span, message)
                        .hint("call it on a value, after a dot"),
                );
                return Target::Nothing;
            }
            return Target::BoundMember(member, ty);
        }
        self.no_member(ty, name);
        Target::Nothing
    }

    /// A member named on a declared type.
    pub(super) fn type_member(&mut self, ty: Ty, name: Name) -> Target {
        let sym = self.sym(name.symbol);
        match self.decls.methods.get(&(ty, sym)).map(Vec::as_slice) {
            Some([method]) => Target::Methods(ty, *method),
            Some(methods) => {
                self.ambiguous_method(name, methods);
                Target::Nothing
            }
            None => {
                self.no_associated(ty, name);
                Target::Nothing
            }
        }
    }

    fn no_associated(&mut self, ty: Ty, name: Name) {
        let sym = self.sym(name.symbol);
        if let TyKind::Record(id) = self.types.kind(ty)
            && self.visible_field(id, sym).is_some()
        {
            let text = self.ast.text(name);
            let message = format!("`{}` has no member `{text}`", self.shown(ty));
            let span = self.ast.name_span(name);
            self.report(
                Diagnostic::new(Code::MEMBER_UNKNOWN, span, message)
                    .hint(format!("`{text}` is a field; read it from a value")),
            );
            return;
        }
        self.no_member(ty, name);
    }

    /// Whether values of a type have a method of this name.
    pub(super) fn has_method(&self, ty: Ty, name: Sym) -> bool {
        let receiver = self.types.unrefined(ty);
        if self.decls.methods.contains_key(&(receiver, name)) {
            return true;
        }
        if let TyKind::Param(owner, index) = self.types.kind(receiver) {
            return self.bound_member(owner, index, name).is_some();
        }
        builtin_receiver(self.types.kind(receiver))
            .is_some_and(|of| self.prelude.members(of, name).next().is_some())
    }

    /// The names after a dot that a type has, for suggestions.
    pub(super) fn member_names(&self, ty: Ty) -> Vec<String> {
        let receiver = self.types.unrefined(ty);
        let mut names: Vec<String> = Vec::new();
        match self.types.kind(receiver) {
            TyKind::Record(id) => {
                let fields = self.decls.record(id).fields.iter();
                names.extend(fields.map(|field| self.text(field.name).to_owned()));
            }
            TyKind::Param(owner, index) => {
                let params = &self.decls.function(owner).type_params;
                if let Some(interface) = params.get(index as usize).and_then(|param| param.bound) {
                    let members = self.decls.interface(interface).members.iter();
                    names.extend(
                        members.map(|&id| self.text(self.decls.function(id).name).to_owned()),
                    );
                }
            }
            _ => {}
        }
        let methods = self.decls.methods.keys().filter(|(of, _)| *of == receiver);
        let mut methods: Vec<String> = methods
            .map(|(_, name)| self.text(*name).to_owned())
            .collect();
        methods.sort_unstable();
        names.append(&mut methods);
        if let Some(of) = builtin_receiver(self.types.kind(receiver)) {
            names.extend(fuse_builtins::members_of(of).map(|row| row.name.to_owned()));
        }
        names
    }
}

/// The table that has the members of a built-in type.
pub(super) fn builtin_receiver(kind: TyKind) -> Option<BuiltinReceiver> {
    Some(match kind {
        TyKind::String | TyKind::Id | TyKind::Email => BuiltinReceiver::String,
        TyKind::List(_) => BuiltinReceiver::List,
        TyKind::Map(..) => BuiltinReceiver::Map,
        TyKind::Option(_) => BuiltinReceiver::Option,
        TyKind::Result(..) => BuiltinReceiver::Result,
        TyKind::Int => BuiltinReceiver::Int,
        TyKind::Float => BuiltinReceiver::Float,
        TyKind::Bool => BuiltinReceiver::Bool,
        TyKind::Bytes => BuiltinReceiver::Bytes,
        TyKind::Value => BuiltinReceiver::Value,
        TyKind::Query => BuiltinReceiver::Query,
        TyKind::Record(id) if id == RecordId::builtin(fuse_builtins::RecordId::TestingResponse) => {
            BuiltinReceiver::TestingResponse
        }
        _ => return None,
    })
}
