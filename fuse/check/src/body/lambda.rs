//! Lambdas.

use fuse_syntax::ast::{Expr, ExprId, LambdaId};
use fuse_syntax::{Code, Diagnostic};

use super::frames::{Captures, Frame};
use super::{Checker, Want};
use crate::decls::resolve::Position;
use crate::relate::Slot;
use crate::typed::{LocalKind, ParamOwner};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    /// A lambda where the context says what it takes, if anything.
    pub(super) fn lambda(&mut self, id: ExprId, lambda: LambdaId, want: Want) -> Ty {
        let mut target = want.ty;
        while let Some(TyKind::Option(inner) | TyKind::Result(inner, _)) =
            target.map(|ty| self.types.kind(ty))
        {
            target = Some(inner);
        }
        let (params, result) = match target.map(|ty| self.types.kind(ty)) {
            Some(TyKind::Fn(params, result)) => {
                let params = self
                    .types
                    .members(params)
                    .iter()
                    .map(|&ty| Some(ty))
                    .collect();
                (params, Some(result))
            }
            _ => (Vec::new(), None),
        };
        self.lambda_body(id, lambda, &params, result)
    }

    /// Checks an argument that is a lambda with what is known about its
    /// parameters and result.
    pub(super) fn lambda_value(
        &mut self,
        value: ExprId,
        params: &[Option<Ty>],
        result: Option<Ty>,
    ) -> Ty {
        let ty = match self.ast[value] {
            Expr::Paren(inner) => self.lambda_value(inner, params, result),
            Expr::Lambda(lambda) => self.lambda_body(value, lambda, params, result),
            _ => self.infer(value, Want::NOTHING),
        };
        self.out.set_type(value, ty);
        ty
    }

    fn lambda_body(
        &mut self,
        id: ExprId,
        lambda: LambdaId,
        params: &[Option<Ty>],
        result: Option<Ty>,
    ) -> Ty {
        let node = self.ast[lambda];
        let captures = Captures {
            expr: id,
            first: self.out.next_local(),
            locals: Vec::new(),
        };
        self.open_scope();
        self.frames.0.push(Frame::Lambda(captures));
        let mut types = Vec::with_capacity(node.params.len());
        for (at, (param, pool)) in self.ast[node.params]
            .iter()
            .zip(node.params.indices())
            .enumerate()
        {
            let ty = match param.ty {
                Some(written) => self.type_expr(written, Position::Param),
                None => match params.get(at).copied().flatten() {
                    Some(ty) => ty,
                    None => self.unknown_param(param.name, params.len() == node.params.len()),
                },
            };
            if let Some(local) = self.declare(param.name, ty, LocalKind::Param) {
                self.usage(local).read = true;
                self.out
                    .set_param(ParamOwner::LambdaParam(crate::edits::offset(pool)), local);
            }
            types.push(ty);
        }
        let written = node.ret.map(|ret| self.type_expr(ret, Position::Result));
        let ty = self.lambda_result(node.body, written.or(result));
        if let Some(Frame::Lambda(captures)) = self.frames.0.pop() {
            self.out.set_captures(captures.expr, captures.locals);
        }
        self.close_scope();
        self.types.function(&types, ty)
    }

    fn lambda_result(&mut self, body: ExprId, expected: Option<Ty>) -> Ty {
        match expected {
            // The value of a callback whose result is not wanted is dropped.
            Some(Ty::UNIT) => {
                let mark = self.sink.mark();
                let ty = self.value(body, Want::NOTHING);
                self.coerce_read(body, ty, Ty::UNIT, mark);
                Ty::UNIT
            }
            Some(expected) => {
                self.check(body, expected, Slot::Plain);
                expected
            }
            None => {
                let ty = self.value(body, Want::NOTHING);
                if ty == Ty::NULL { Ty::VALUE } else { ty }
            }
        }
    }

    /// A parameter whose type nothing gives. `known` tells that the context
    /// does, but could not because of an error.
    fn unknown_param(&mut self, name: fuse_syntax::ast::Name, known: bool) -> Ty {
        if known || name.is_missing() {
            return Ty::INVALID;
        }
        let text = self.ast.text(name);
        let message = format!("cannot infer type of `{text}`");
        let span = self.ast.name_span(name);
        self.report(
            Diagnostic::new(Code::LAMBDA_PARAM, span, message)
                .hint(format!("write its type: `{text}: Int`")),
        );
        Ty::INVALID
    }
}
