//! Strings with interpolations.

use fuse_syntax::ast::{ExprId, InterpPart, List};
use fuse_syntax::{Code, Diagnostic};

use super::{Checker, Want};
use crate::types::Ty;

impl Checker<'_> {
    pub(super) fn interpolated(&mut self, parts: List<InterpPart>) -> Ty {
        for part in &self.ast[parts] {
            if let InterpPart::Expr(value) = *part {
                self.displayed(value);
            }
        }
        Ty::STRING
    }

    /// Checks a value that is shown.
    pub(super) fn displayed(&mut self, value: ExprId) -> Ty {
        let mark = self.sink.mark();
        let ty = self.value(value, Want::of(Ty::ANY));
        if self.sink.reported_since(mark) {
            return ty;
        }
        if self.relations.displayable(self.types, ty) {
            self.demand(ty, super::Need::Display);
        } else {
            let message = format!("expected `any`, found `{}`", self.shown(ty));
            let span = self.span(value);
            self.report(
                Diagnostic::new(Code::TYPE_MISMATCH, span, message)
                    .hint("tasks, queries and functions have no text form"),
            );
        }
        ty
    }
}
