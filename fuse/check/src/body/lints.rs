//! Warnings about code that is accepted.

use fuse_builtins::Capability;
use fuse_syntax::ast::{BinaryOp, Expr, ExprId};
use fuse_syntax::{Code, Diagnostic, Fix};

use super::Checker;
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    /// Secrets compared with `==`, whose time tells how much of them is right.
    pub(super) fn secret_comparison(
        &mut self,
        id: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    ) {
        let secret = [left, right].iter().any(|&side| self.names_secret(side));
        if !secret || !self.is_secret_value(left) || !self.is_secret_value(right) {
            return;
        }
        let span = self.span(id);
        let mut diagnostic = Diagnostic::new(
            Code::SECRET_COMPARE,
            span,
            "compare secrets with `crypto.constant_time_eq`",
        );
        let (a, b) = (self.as_bytes(left), self.as_bytes(right));
        let not = if op == BinaryOp::NotEq { "!" } else { "" };
        let text = format!("{not}crypto.constant_time_eq({a}, {b})");
        let mut fix = Fix::replace("compare in constant time", span, text).unsafe_to_apply();
        if !self.own.has(Capability::Crypto) {
            fix.edits
                .extend(self.requires_fix(Capability::Crypto).edits);
        }
        if !self.frames.in_transaction() && self.frames.spawn_boundary().is_none() {
            diagnostic = diagnostic.fix(fix);
        }
        self.report(diagnostic);
    }

    /// Whether an expression is named like a secret.
    fn names_secret(&self, id: ExprId) -> bool {
        let name = match self.ast[self.ast.unparenthesized(id)] {
            Expr::Name(symbol) => self.ast.names.text(symbol),
            Expr::Member { name, .. } => self.ast.text(name),
            _ => return false,
        };
        let lower = name.to_ascii_lowercase();
        ["token", "secret", "signature", "hash"]
            .iter()
            .any(|word| lower.ends_with(word))
    }

    /// Whether an expression can be a secret: text or bytes, and no literal.
    fn is_secret_value(&self, id: ExprId) -> bool {
        let ty = self.types.base(self.out.ty(id));
        let text = self.types.is_text(ty) || ty == Ty::BYTES;
        text && self.literal(id).is_none()
    }

    fn as_bytes(&self, id: ExprId) -> String {
        let source = self.source(id);
        if matches!(
            self.types.kind(self.types.base(self.out.ty(id))),
            TyKind::Bytes
        ) {
            return source.to_owned();
        }
        match self.ast[id] {
            Expr::Name(_)
            | Expr::Member { .. }
            | Expr::Call(_)
            | Expr::Index { .. }
            | Expr::Paren(_) => {
                format!("{source}.to_bytes()")
            }
            _ => format!("({source}).to_bytes()"),
        }
    }
}
