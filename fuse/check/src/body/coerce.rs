//! A value reaches its place, or the mismatch is reported.

use fuse_syntax::ast::ExprId;
use fuse_syntax::{Code, Diagnostic};

use super::Checker;
use super::literal::Fitting;
use crate::relate::Slot;
use crate::sink::Mark;
use crate::types::{Ty, TyKind};

/// Whether a value reached its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Placed {
    Yes,
    /// No, and that was reported.
    Reported,
    No,
}

impl Checker<'_> {
    /// Brings a value of `ty` to a place of `target`. Nothing is reported when
    /// an error was since `mark`: it is about this value.
    pub(super) fn coerce(
        &mut self,
        id: ExprId,
        ty: Ty,
        target: Ty,
        slot: Slot,
        mark: Mark,
    ) -> bool {
        let placed = self.place(id, ty, target, slot);
        if placed == Placed::No && !self.sink.reported_since(mark) {
            self.mismatch(id, ty, target);
        }
        placed == Placed::Yes
    }

    /// Brings a value of `ty` to a place of `target`, if that can be.
    pub(super) fn place(&mut self, id: ExprId, ty: Ty, target: Ty, slot: Slot) -> Placed {
        if ty == target || ty.is_invalid() || target.is_invalid() {
            return Placed::Yes;
        }
        if let Some(literal) = self.literal(id) {
            match self.fit_literal(literal, ty, target, slot) {
                Fitting::Fits(coercion) => {
                    self.out.set_coercion(id, coercion);
                    return Placed::Yes;
                }
                Fitting::Violates(reason) => {
                    self.report_violation(id, reason, target);
                    return Placed::Reported;
                }
                Fitting::Other => {}
            }
        }
        match self
            .relations
            .coercion(self.types, self.decls, ty, target, slot)
        {
            Some(coercion) => {
                self.needs_display(ty, target);
                self.out.set_coercion(id, coercion);
                Placed::Yes
            }
            None => Placed::No,
        }
    }

    /// A generic value that is shown demands that of its type.
    fn needs_display(&mut self, ty: Ty, target: Ty) {
        if target == Ty::ANY {
            self.demand(ty, super::Need::Display);
        }
    }

    pub(super) fn mismatch(&mut self, id: ExprId, ty: Ty, target: Ty) {
        let message = format!(
            "expected `{}`, found `{}`",
            self.shown(target),
            self.shown(ty)
        );
        let mut diagnostic = Diagnostic::new(Code::TYPE_MISMATCH, self.span(id), message);
        diagnostic.hint = self.mismatch_hint(ty, target);
        self.report(diagnostic);
    }

    fn mismatch_hint(&self, ty: Ty, target: Ty) -> Option<String> {
        let from = self.types.kind(self.types.base(ty));
        let to = self.types.kind(self.types.base(target));
        let hint = match (from, to) {
            (TyKind::Result(_, fs), TyKind::Result(_, es)) => {
                let have = self.types.members(es);
                let missing: Vec<String> = self
                    .types
                    .members(fs)
                    .iter()
                    .filter(|domain| !have.contains(domain))
                    .map(|&domain| format!("`{}`", self.shown(domain)))
                    .collect();
                if missing.is_empty() {
                    return None;
                }
                return Some(format!(
                    "{} is not among the error domains",
                    missing.join(", ")
                ));
            }
            (TyKind::Result(..), _) => "pass the error on with `?!`, or `match` the result",
            (TyKind::Option(Ty::NEVER), _) => {
                return Some(format!("write `{}?` if it may be null", self.shown(target)));
            }
            (TyKind::Option(_), _) => "handle null with `??`, `?!` or `match`",
            (TyKind::Int, TyKind::Float) => "convert it with `.to_float()`",
            (TyKind::Float, TyKind::Int) => {
                "convert it with `.to_int()`, which is null out of range"
            }
            (TyKind::String, TyKind::Int) => {
                "read it with `.to_int()`, which is null when it is not a number"
            }
            (TyKind::String, TyKind::Float) => {
                "read it with `.to_float()`, which is null when it is not a number"
            }
            (TyKind::String, TyKind::Id) => "validate it with `Id.parse(...)`",
            (TyKind::String, TyKind::Email) => "validate it with `Email.parse(...)`",
            (TyKind::String, TyKind::Bytes) => "convert it with `.to_bytes()`",
            (TyKind::Bytes, TyKind::String) => {
                "convert it with `.to_text()`, which is null when it is not UTF-8"
            }
            (TyKind::Int | TyKind::Float | TyKind::Bool, TyKind::String) => {
                "convert it with `.to_string()`, or interpolate it"
            }
            (TyKind::String, TyKind::Html) => "make a text node of it with `html.text(...)`",
            (TyKind::Task(_), _) => "`await` the task",
            (TyKind::Query, _) => "run the query, as in `.all<Row>()`",
            (TyKind::Record(a), TyKind::Record(b)) if self.derived(a, b) => {
                "derived types share no values with their base; construct one field by field"
            }
            _ if from == to && ty != target => {
                "constraints are checked where a record is constructed"
            }
            (_, TyKind::Unit) => "nothing is returned here; give the function a result type",
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn derived(&self, a: crate::ids::RecordId, b: crate::ids::RecordId) -> bool {
        self.decls.record(a).base == Some(b) || self.decls.record(b).base == Some(a)
    }
}
