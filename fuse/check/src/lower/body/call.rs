//! Calls: one argument per parameter, in the order of the parameters.

use fuse_builtins::{BuiltinId, MemberForm, MemberId};
use fuse_syntax::{Code, ast};

use super::{
    Body,
    pass::{Defaults, Given},
};
use crate::canon::{Expr, ExprId, Span, Type, TypeId};
use crate::decls::FunctionKind;
use crate::ids::FnId;
use crate::lower::{Item, items::number, types::Signature};
use crate::typed::{ArgSource, CallInfo, Callee, Receiver, Resolution};
use crate::types::Ty;

impl Body<'_, '_> {
    pub(super) fn call(&mut self, expr: ast::ExprId, call: ast::CallId) -> ExprId {
        let span = self.span(expr);
        let Some(Resolution::Call(index)) = self.typed.resolution(expr).copied() else {
            return self.unreachable(span);
        };
        let info = *self.typed.call(index);
        match info.callee {
            Callee::Function(id) => {
                let args = self.type_args(&info);
                self.call_function(expr, id, &args, None, &info, span)
            }
            Callee::Method(id, receiver) => {
                let args = self.type_args(&info);
                let callee = self.ast[call].callee;
                let receiver = self.receiver(callee, receiver);
                self.call_function(expr, id, &args, receiver, &info, span)
            }
            Callee::BoundMember {
                member,
                of,
                receiver,
            } => {
                let callee = self.ast[call].callee;
                self.call_bound(expr, member, of, callee, receiver, &info, span)
            }
            Callee::Component(id, element) => self.call_component(expr, id, element, &info, span),
            Callee::Record(id) => self.record(expr, id, &info, span),
            Callee::Variant(id, variant) => self.variant_of(expr, id, variant, &info, span),
            Callee::Some | Callee::Ok | Callee::Err => self.wrapped(expr, &info, span),
            Callee::Tag(name, element) => {
                let name = self.ast.names.text(name).to_owned();
                self.tag(&name, element, span)
            }
            Callee::Builtin(id) => self.call_builtin(expr, id, &info, span),
            Callee::Member(id, receiver) => {
                let callee = self.ast[call].callee;
                self.call_member(expr, id, callee, receiver, &info, span)
            }
            Callee::Value => self.call_value(self.ast[call].callee, &info, span),
        }
    }

    fn type_args(&mut self, info: &CallInfo) -> Vec<TypeId> {
        let args = self.typed.type_args(info).to_vec();
        args.into_iter().map(|ty| self.ty(ty)).collect()
    }

    /// The value a method is called on; in `x?.m()` the rest of the chain only
    /// happens when it is not null.
    fn receiver(&mut self, callee: ast::ExprId, receiver: Receiver) -> Option<ExprId> {
        match receiver {
            Receiver::Value(value) => {
                let optional = matches!(self.ast[callee], ast::Expr::Member { optional: true, .. });
                Some(self.base(value, optional))
            }
            Receiver::Type => None,
        }
    }

    fn sources(&mut self, info: &CallInfo, params: &[TypeId]) -> Vec<Given> {
        let typed = self.typed;
        let mut given = Vec::new();
        for (index, source) in typed.args(info).iter().enumerate() {
            match *source {
                ArgSource::Expr(expr) => given.push(Given::Arg(expr)),
                ArgSource::Default => given.push(Given::Default),
                ArgSource::Null => {
                    let ty = params.get(index).copied().unwrap_or(TypeId::VALUE);
                    given.push(Given::Null(ty));
                }
                ArgSource::NoAttributes => given.push(Given::NoAttributes),
                ArgSource::Block(block) => given.push(Given::Block(block)),
                ArgSource::Rest(from, to) => {
                    let args = <ast::Arg as ast::Element>::pool(self.ast);
                    let rest = &args[from as usize..to as usize];
                    given.extend(rest.iter().map(|arg| Given::Arg(arg.value)));
                }
            }
        }
        given
    }

    fn call_function(
        &mut self,
        expr: ast::ExprId,
        id: FnId,
        args: &[TypeId],
        receiver: Option<ExprId>,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let types = self.lower.signature(id, args).params;
        let given = self.sources(info, &types);
        self.finish_call(expr, id, args, receiver, &given, span)
    }

    fn finish_call(
        &mut self,
        expr: ast::ExprId,
        id: FnId,
        args: &[TypeId],
        receiver: Option<ExprId>,
        given: &[Given],
        span: Span,
    ) -> ExprId {
        let origin = self.asking(expr);
        let function = self.lower.function(Item::Function(id), args, origin);
        let Signature { params, result } = self.lower.signature(id, args);
        let instance = self.lower.decls.function(id).instance;
        self.with_block(span, |body| {
            // Who does not look at its receiver is called without it.
            let receiver = match receiver {
                Some(receiver) if !instance => {
                    body.push_value(receiver, span);
                    None
                }
                other => other,
            };
            let mut all: Vec<_> = receiver.into_iter().map(Given::Value).collect();
            let offset = all.len();
            all.extend_from_slice(given);
            let item = |index: u32| Item::ParamDefault(id, index - number(offset));
            let mut values = body
                .pass(expr, &all, Defaults::Functions(&item), args, span)
                .args;
            for (value, ty) in values[offset..].iter_mut().zip(&params) {
                *value = body.adjust(*value, *ty, span);
            }
            let args = body.f.run(&values);
            body.e(Expr::Call { function, args }, result, span)
        })
    }

    /// A call through the bound of a type parameter, once it is known.
    #[expect(
        clippy::too_many_arguments,
        reason = "everything such a call is made of"
    )]
    fn call_bound(
        &mut self,
        expr: ast::ExprId,
        member: FnId,
        of: Ty,
        callee: ast::ExprId,
        receiver: Receiver,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let decls = self.lower.decls;
        let declared = decls.function(member);
        let target = self.ty(of);
        let found = match declared.kind {
            FunctionKind::Member(interface) => self
                .lower
                .nominal
                .get(&target)
                .and_then(|ty| decls.impl_of(interface, *ty))
                .and_then(|found| decls.method_of(found, declared.name)),
            _ => None,
        };
        let Some(method) = found else {
            return self.unreachable(span);
        };
        let value = self.receiver(callee, receiver);
        if value.is_none() && decls.function(method).instance {
            let name = self.lower.text(declared.name);
            let target = self.lower.program.type_name(target);
            let message = format!("`{name}` needs a value of `{target}`");
            let origin = self.asking(expr);
            self.lower.report(Code::IMPL_RECEIVER, origin, message);
            return self.unreachable(span);
        }
        let args = self.type_args(info);
        self.call_function(expr, method, &args, value, info, span)
    }

    fn call_component(
        &mut self,
        expr: ast::ExprId,
        id: FnId,
        element: u32,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let args = self.type_args(info);
        let types = self.lower.signature(id, &args).params;
        let mut given = self.sources(info, &types);
        given.push(Given::Attributes(element));
        given.push(Given::Children(element));
        self.finish_call(expr, id, &args, None, &given, span)
    }

    fn call_value(&mut self, callee: ast::ExprId, info: &CallInfo, span: Span) -> ExprId {
        let callee = self.expr(callee);
        let (params, result) = match self.shape(self.f.ty(callee)) {
            Type::Fn { params, result } => (params.to_vec(), *result),
            _ => (Vec::new(), TypeId::NEVER),
        };
        let given = self.sources(info, &params);
        let mut values = Vec::new();
        for (given, ty) in given.iter().zip(&params) {
            let value = self.given(*given, span);
            values.push(self.adjust(value, *ty, span));
        }
        let args = self.f.run(&values);
        self.e(Expr::CallValue { callee, args }, result, span)
    }

    fn call_builtin(
        &mut self,
        expr: ast::ExprId,
        id: BuiltinId,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let row = id.row();
        let ty = self.own_type(expr);
        let type_args = self.type_args(info);
        let type_arg = if row.type_params.is_empty() {
            None
        } else {
            type_args.first().copied()
        };
        let given = self.sources(info, &[]);
        self.with_block(span, |body| {
            let passed = body.pass(expr, &given, Defaults::Row(row.params, 0), &[], span);
            let args = body.f.run(&passed.args);
            body.e(
                Expr::CallBuiltin {
                    builtin: id,
                    type_arg,
                    args,
                },
                ty,
                span,
            )
        })
    }

    fn call_member(
        &mut self,
        expr: ast::ExprId,
        id: MemberId,
        callee: ast::ExprId,
        receiver: ast::ExprId,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let row = id.row();
        let ty = match self.typed.chain_end(expr) {
            Some(inner) => self.ty(inner),
            None => self.own_type(expr),
        };
        let optional = matches!(self.ast[callee], ast::Expr::Member { optional: true, .. });
        if row.place {
            return self.call_place_member(expr, id, receiver, optional, info, ty, span);
        }
        let type_args = self.type_args(info);
        let typed = row.form == MemberForm::Typed;
        let type_arg = if typed {
            type_args.first().copied()
        } else {
            None
        };
        let receiver = self.base(receiver, optional);
        let mut given = vec![Given::Value(receiver)];
        given.extend(self.sources(info, &[]));
        self.with_block(span, |body| {
            let defaults = Defaults::Row(row.params, 1);
            let mut args = body.pass(expr, &given, defaults, &[], span).args;
            let receiver = args.remove(0);
            let args = body.f.run(&args);
            body.e(
                Expr::CallMember {
                    member: id,
                    type_arg,
                    receiver,
                    args,
                },
                ty,
                span,
            )
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "everything such a call is made of"
    )]
    fn call_place_member(
        &mut self,
        expr: ast::ExprId,
        id: MemberId,
        receiver: ast::ExprId,
        optional: bool,
        info: &CallInfo,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        let given = self.sources(info, &[]);
        let row = id.row();
        let (place, _) = self.receiver_place(receiver, optional);
        self.with_block(span, |body| {
            let passed = body.pass(expr, &given, Defaults::Row(row.params, 0), &[], span);
            let args = body.f.run(&passed.args);
            body.e(
                Expr::CallPlaceMember {
                    member: id,
                    place,
                    args,
                },
                ty,
                span,
            )
        })
    }
}
