//! `?!`, `Err(...)` and `??`.

use fuse_syntax::ast::{Expr, ExprId};
use fuse_syntax::{Code, Diagnostic, Fix, TextRange};

use super::frames::BodyKind;
use super::{Checker, Want};
use crate::typed::{ArgSource, BangKind, Callee, Resolution};
use crate::types::{Ty, TyKind, TyList};

impl Checker<'_> {
    pub(super) fn bang(
        &mut self,
        id: ExprId,
        value: ExprId,
        error: Option<ExprId>,
        want: Want,
    ) -> Ty {
        let mark = self.sink.mark();
        let hint = want.ty.map(|ty| self.types.option(ty));
        let ty = self.value(
            value,
            Want {
                ty: hint.filter(|_| error.is_some()),
                null: true,
            },
        );
        let error_type = error.map(|error| (error, self.value(error, Want::NOTHING)));
        if self.sink.reported_since(mark) || ty.is_invalid() {
            return self.banged(ty);
        }
        let kind = match (self.types.kind(ty), error) {
            (TyKind::Never, _) => return Ty::NEVER,
            (TyKind::Option(Ty::NEVER), Some(_)) => BangKind::Raise,
            (TyKind::Option(_), Some(_)) => BangKind::OptionElse,
            (TyKind::Value, Some(_)) => BangKind::ValueElse,
            (TyKind::Result(..), Some(_)) => BangKind::ResultElse,
            (TyKind::Result(..), None) => BangKind::Propagate,
            (TyKind::Option(_) | TyKind::Value, None) => {
                let message = format!("`?!` on `{}` needs an error value", self.shown(ty));
                let span = self.span(id);
                self.report(
                    Diagnostic::new(Code::BANG_ERROR_REQUIRED, span, message)
                        .hint("say which error null becomes: `x ?! NotFound(message=\"...\")`"),
                );
                return self.banged(ty);
            }
            _ => {
                let message = format!(
                    "`?!` needs an optional or a result, found `{}`",
                    self.shown(ty)
                );
                let hint = match self.types.kind(ty) {
                    TyKind::Task(_) => "await the task first: `(await t) ?!`",
                    _ => "the value is always there; remove the `?!`",
                };
                let span = self.span(id);
                self.report(Diagnostic::new(Code::BANG_OPERAND, span, message).hint(hint));
                return ty;
            }
        };
        if self.can_leave(id) {
            match error_type {
                Some((error, ty)) => self.raised(error, ty),
                None => self.propagated(id, ty),
            }
        }
        self.out.resolve(id, Resolution::Bang(kind));
        self.banged(ty)
    }

    /// What is left of a value after `?!`.
    fn banged(&self, ty: Ty) -> Ty {
        match self.types.kind(ty) {
            TyKind::Option(inner) | TyKind::Result(inner, _) => inner,
            _ => ty,
        }
    }

    /// Whether `?!` may leave the body around; reports that it may not.
    fn can_leave(&mut self, id: ExprId) -> bool {
        let lambda = self.frames.in_lambda();
        let fallible = match self.body.kind {
            BodyKind::App | BodyKind::Migration | BodyKind::Test => true,
            BodyKind::Function | BodyKind::Route => {
                self.types.is_result(self.body.result) || self.body.result.is_invalid()
            }
            BodyKind::Component | BodyKind::Default => false,
        };
        if fallible && !lambda {
            return true;
        }
        let (message, hint) = match (self.body.kind, self.body.name) {
            _ if lambda => (
                "`?!` in a lambda".to_owned(),
                "a lambda cannot fail; return the result and handle it outside",
            ),
            (BodyKind::Function, Some(name)) => (
                format!(
                    "`?!` in `{}`, which returns `{}`",
                    self.text(name),
                    self.shown(self.body.result)
                ),
                "add the error to the result type, as in `-> Int!NotFound`",
            ),
            (BodyKind::Route, _) => (
                format!(
                    "`?!` in a route that returns `{}`",
                    self.shown(self.body.result)
                ),
                "add the error to the result type of the route",
            ),
            (BodyKind::Component, Some(name)) => (
                format!("`?!` in component `{}`", self.text(name)),
                "components cannot fail; hand them values that are there",
            ),
            _ => (
                "`?!` outside a function".to_owned(),
                "a default cannot fail",
            ),
        };
        let span = self.span(id);
        self.report(Diagnostic::new(Code::BANG_CONTEXT, span, message).hint(hint));
        false
    }

    /// The error domains of the body; nothing where any error ends it.
    fn body_domains(&self) -> Option<TyList> {
        match self.types.kind(self.body.result) {
            TyKind::Result(_, errors) => Some(errors),
            _ => None,
        }
    }

    /// An error value that the body leaves with.
    fn raised(&mut self, error: ExprId, ty: Ty) {
        let Some(members) = self.domains_of(ty) else {
            self.not_an_error(error, ty);
            return;
        };
        let span = self.span(error);
        self.must_be_domains(&members, span, ty);
    }

    fn not_an_error(&mut self, error: ExprId, ty: Ty) {
        if ty.is_invalid() {
            return;
        }
        let message = format!(
            "error value must be a declared error type, found `{}`",
            self.shown(ty)
        );
        let span = self.span(error);
        self.report(
            Diagnostic::new(Code::BANG_ERROR_TYPE, span, message)
                .hint("construct an error: `NotFound(message=\"...\")`"),
        );
    }

    /// The domains an error value can be of.
    fn domains_of(&self, ty: Ty) -> Option<Vec<Ty>> {
        match self.types.kind(ty) {
            TyKind::Union(members) => Some(self.types.members(members).to_vec()),
            TyKind::Record(id) if id.is_builtin() => {
                let record = &fuse_builtins::RECORDS[id.index as usize];
                record.is_domain.then(|| vec![ty])
            }
            TyKind::Record(_) | TyKind::Enum(_) => Some(vec![ty]),
            _ => None,
        }
    }

    fn propagated(&mut self, id: ExprId, ty: Ty) {
        let TyKind::Result(_, errors) = self.types.kind(ty) else {
            return;
        };
        let members = self.types.members(errors).to_vec();
        let span = self.span(id);
        self.must_be_domains(&members, span, ty);
    }

    fn must_be_domains(&mut self, members: &[Ty], span: fuse_syntax::Span, found: Ty) {
        let Some(domains) = self.body_domains() else {
            return;
        };
        let domains = self.types.members(domains);
        let missing: Vec<String> = members
            .iter()
            .filter(|member| !domains.contains(member) && !member.is_invalid())
            .map(|&member| format!("`{}`", self.shown(member)))
            .collect();
        if missing.is_empty() {
            return;
        }
        let expected: Vec<String> = domains
            .iter()
            .map(|&domain| format!("`{}`", self.shown(domain)))
            .collect();
        let message = format!(
            "expected {}, found `{}`",
            expected.join(" or "),
            self.shown(found)
        );
        let hint = format!(
            "{} is not among the error domains of the body",
            missing.join(", ")
        );
        self.report(Diagnostic::new(Code::TYPE_MISMATCH, span, message).hint(hint));
    }

    /// `Err(e)`.
    pub(super) fn error_argument(
        &mut self,
        id: ExprId,
        value: ExprId,
        ok: Ty,
        wanted: Option<TyList>,
    ) -> Ty {
        let mark = self.sink.mark();
        let ty = self.value(value, Want::NOTHING);
        self.out
            .add_call(id, Callee::Err, [ArgSource::Expr(value)], &[]);
        if self.sink.reported_since(mark) || ty.is_invalid() {
            return Ty::INVALID;
        }
        let Some(members) = self.domains_of(ty) else {
            self.not_an_error(value, ty);
            return Ty::INVALID;
        };
        match wanted {
            Some(wanted)
                if members
                    .iter()
                    .all(|m| self.types.members(wanted).contains(m)) =>
            {
                let error = self.types.error_of(wanted);
                self.coerce_read(value, ty, error, mark);
                self.types.intern(TyKind::Result(ok, wanted))
            }
            _ => self.types.result(ok, &members),
        }
    }

    pub(super) fn coalesce(&mut self, id: ExprId, left: ExprId, right: ExprId, want: Want) -> Ty {
        let mark = self.sink.mark();
        let hint = want.ty.filter(|&ty| ty != Ty::ANY);
        let left_hint = hint.map(|ty| self.types.option(ty));
        let ty = self.value(
            left,
            Want {
                ty: left_hint,
                null: true,
            },
        );
        let reported = self.sink.reported_since(mark);
        let (present, optional) = match self.types.kind(ty) {
            TyKind::Option(inner) => (inner, true),
            TyKind::Value => (ty, true),
            _ => (ty, false),
        };
        if reported && !optional {
            self.extend_required_fix(left, right);
        }
        let from_left = (present != Ty::NEVER && ty != Ty::VALUE).then_some(present);
        let right_hint = hint.or(self.offered(right, from_left));
        let right_mark = self.sink.mark();
        let right_ty = self.value(right, Want::maybe(right_hint));
        if reported || ty.is_invalid() {
            return if ty.is_invalid() { right_ty } else { present };
        }
        if matches!(self.types.kind(ty), TyKind::Result(..)) {
            let message = format!(
                "`??` cannot be applied to `{}` and `{}`",
                self.shown(ty),
                self.shown(right_ty)
            );
            let span = self.span(id);
            self.report(
                Diagnostic::new(Code::OPERATOR_TYPE, span, message)
                    .hint("`match` the result, or drop its error with `.ok()`"),
            );
            return Ty::INVALID;
        }
        if !optional && ty != Ty::NEVER {
            self.never_null(left, right);
        }
        if optional {
            self.out.resolve(id, Resolution::Coalesce);
        }
        let values = [(left, present, mark), (right, right_ty, right_mark)];
        self.join_coalesced(&values, ty)
    }

    /// Joins both sides of `??`; the left one is brought to the joined type
    /// behind its `?`.
    fn join_coalesced(
        &mut self,
        values: &[(ExprId, Ty, crate::sink::Mark); 2],
        left_whole: Ty,
    ) -> Ty {
        let [(left, present, left_mark), (right, right_ty, right_mark)] = *values;
        let before = [(left, present, left_mark)];
        let Some(joined) = self.join_literal(present, right_ty, right, &before) else {
            if !self.sink.reported_since(right_mark) {
                let message = format!(
                    "incompatible element types `{}` and `{}`",
                    self.shown(present),
                    self.shown(right_ty)
                );
                let span = self.span(right);
                self.report(
                    Diagnostic::new(Code::LITERAL_MIXED, span, message)
                        .hint("both sides of `??` have one type"),
                );
            }
            return Ty::INVALID;
        };
        self.coerce_read(right, right_ty, joined, right_mark);
        let target = match self.types.kind(left_whole) {
            TyKind::Option(_) => self.types.option(joined),
            _ => joined,
        };
        self.coerce_read(left, left_whole, target, left_mark);
        joined
    }

    fn never_null(&mut self, left: ExprId, right: ExprId) {
        let start = self.ast.range(left).end;
        let end = self.ast.range(right).end;
        let place = self.at(TextRange::new(start, end));
        let span = self.span(left);
        self.report(
            Diagnostic::new(
                Code::COALESCE_NON_OPTIONAL,
                span,
                "left side of `??` is never null",
            )
            .fix(Fix::replace(
                "remove the `??` and what follows it",
                place,
                "",
            )),
        );
    }

    /// Where `?.` is to be removed on the left of `??`, that goes as well.
    fn extend_required_fix(&mut self, left: ExprId, right: ExprId) {
        let range = self.ast.range(left);
        let place = self.at(TextRange::new(range.end, self.ast.range(right).end));
        let whole = matches!(
            self.ast[left],
            Expr::Member { .. } | Expr::Call(_) | Expr::Index { .. }
        );
        let Some(last) = self.sink.diagnostics.last_mut() else {
            return;
        };
        let inside = last.span.start >= range.start && last.span.end <= range.end;
        if last.code == Code::OPTIONAL_REQUIRED && inside && whole {
            for fix in &mut last.fixes {
                fix.edits.push((place, String::new()));
            }
        }
    }
}
