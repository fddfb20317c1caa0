//! Expressions.

use fuse_syntax::ast::{Expr, ExprId, List, MapEntry};
use fuse_syntax::{Code, Diagnostic};

use super::flow::Yields;
use super::literal::Fitting;
use super::{Checker, Want};
use crate::decls::resolve::is_key;
use crate::relate::Slot;
use crate::sink::Mark;
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    /// The type of what an expression computes.
    pub(super) fn infer(&mut self, id: ExprId, want: Want) -> Ty {
        match self.ast[id] {
            Expr::Error => Ty::INVALID,
            Expr::Int(_) => Ty::INT,
            Expr::Float(_) => Ty::FLOAT,
            Expr::Bool(_) => Ty::BOOL,
            Expr::Null => Ty::NULL,
            Expr::Str(_) => Ty::STRING,
            Expr::Interp(parts) => self.interpolated(parts),
            Expr::Name(symbol) => self.name(id, symbol),
            Expr::Unary { op, operand } => self.unary(id, op, operand),
            Expr::Binary {
                op, left, right, ..
            } => self.binary(id, op, left, right, want),
            Expr::Coalesce { left, right } => self.coalesce(id, left, right, want),
            Expr::Call(_) | Expr::Member { .. } | Expr::Index { .. } => self.chain(id, want),
            Expr::Bang { value, error } => self.bang(id, value, error, want),
            Expr::List(items) => self.list(items, want),
            Expr::Map(entries) => self.map(entries, want),
            Expr::Lambda(lambda) => self.lambda(id, lambda, want),
            Expr::Spawn(block) => self.spawn(id, block),
            Expr::Await(task) => self.await_task(id, task),
            Expr::Box(content) => self.boxed(id, content, want),
            Expr::If(node) => self.value_if(id, node, want),
            Expr::Match(node) => self.value_match(id, node, want),
            Expr::Transaction(block) => {
                self.yields.push(Yields {
                    target: want_of_block(want),
                    values: Vec::new(),
                });
                let range = self.ast.range(id);
                self.transaction(range, block, super::flow::Tail::Yield);
                self.joined_yields()
            }
            Expr::Paren(inner) => self.paren(inner, want),
        }
    }

    /// Parentheses are transparent: what the context wants, it wants of the
    /// content.
    fn paren(&mut self, inner: ExprId, want: Want) -> Ty {
        self.expr(inner, want)
    }

    /// What values of a literal must have: the type around it without `?`,
    /// `!`, refinement and box.
    pub(super) fn literal_target(&self, want: Want) -> Option<Ty> {
        let mut ty = want.ty?;
        loop {
            ty = match self.types.kind(ty) {
                TyKind::Option(inner)
                | TyKind::Result(inner, _)
                | TyKind::Refined(inner, _)
                | TyKind::Box(inner) => inner,
                _ => return Some(ty),
            };
        }
    }

    fn list(&mut self, items: List<ExprId>, want: Want) -> Ty {
        let target = self.literal_target(want);
        let ast = self.ast;
        let item = match target.map(|ty| self.types.kind(ty)) {
            Some(TyKind::List(item)) => Some(item),
            Some(TyKind::Value) => Some(Ty::VALUE),
            _ => None,
        };
        if let Some(item) = item.filter(|item| !item.is_invalid()) {
            for &value in &ast[items] {
                self.check(value, item, Slot::Plain);
            }
            return self.types.list(item);
        }
        if items.is_empty() {
            return Ty::VALUES;
        }
        match self.joined(&ast[items]) {
            Some(item) => self.types.list(item),
            None => Ty::INVALID,
        }
    }

    fn map(&mut self, entries: List<MapEntry>, want: Want) -> Ty {
        let target = self.literal_target(want);
        let ast = self.ast;
        let parts = match target.map(|ty| self.types.kind(ty)) {
            Some(TyKind::Map(key, value)) => Some((key, value)),
            Some(TyKind::Value) => Some((Ty::STRING, Ty::VALUE)),
            _ => None,
        };
        if let Some((key, value)) = parts.filter(|(_, value)| !value.is_invalid()) {
            for entry in &ast[entries] {
                self.check(entry.key, key, Slot::Plain);
                self.check(entry.value, value, Slot::Plain);
            }
            return self.types.map(key, value);
        }
        if entries.is_empty() {
            return Ty::OBJECT;
        }
        // Keys and values alternate in evaluation, but are joined apart.
        let keys: Vec<ExprId> = ast[entries].iter().map(|entry| entry.key).collect();
        let values: Vec<ExprId> = ast[entries].iter().map(|entry| entry.value).collect();
        let key = self.joined(&keys);
        let value = self.joined(&values);
        let (Some(key), Some(value)) = (key, value) else {
            return Ty::INVALID;
        };
        if !is_key(self.types, key) {
            let message = format!("map key cannot be `{}`", self.shown(key));
            let span = self.span(keys[0]);
            self.report(
                Diagnostic::new(Code::MAP_KEY_TYPE, span, message)
                    .hint("keys are `String`, `Id`, `Email` or `Int`"),
            );
            return Ty::INVALID;
        }
        self.types.map(key, value)
    }

    /// The one type of several values, each brought to it. `None` when there
    /// is none, which is reported.
    fn joined(&mut self, values: &[ExprId]) -> Option<Ty> {
        let mut typed: Vec<(ExprId, Ty, Mark)> = Vec::with_capacity(values.len());
        let mut hint = None;
        for &value in values {
            let mark = self.sink.mark();
            let ty = self.value(value, Want::maybe(self.offered(value, hint)));
            if self.function_stored(value, ty) {
                typed.push((value, Ty::INVALID, mark));
                continue;
            }
            // Later literals, lists and lambdas may take the type of the first.
            if hint.is_none() && ty != Ty::NULL && !ty.is_invalid() {
                hint = Some(ty);
            }
            typed.push((value, ty, mark));
        }
        self.join_all(&typed)
    }

    /// Joins values that were checked already.
    pub(super) fn join_all(&mut self, values: &[(ExprId, Ty, Mark)]) -> Option<Ty> {
        let mut joined = Ty::NEVER;
        for (at, &(value, ty, mark)) in values.iter().enumerate() {
            joined = match self.join_literal(joined, ty, value, &values[..at]) {
                Some(joined) => joined,
                None => {
                    if !self.sink.reported_since(mark) {
                        self.mixed(value, joined, ty);
                    }
                    return None;
                }
            };
        }
        // Earlier literals may have met the type they take only later.
        for &(value, ty, mark) in values {
            self.coerce_read(value, ty, joined, mark);
        }
        Some(joined)
    }

    /// Like [`coerce`](Self::coerce), after the value may have been read from
    /// its cell, and with literals in it taking the type they have come to.
    pub(super) fn coerce_read(&mut self, id: ExprId, ty: Ty, target: Ty, mark: Mark) -> bool {
        if ty != target && self.literals_fit(id, target) {
            return self.check(id, target, Slot::Plain);
        }
        let whole = self.out.ty(id);
        let from = if self.types.unboxed(whole) == ty {
            whole
        } else {
            ty
        };
        self.coerce(id, from, target, Slot::Plain, mark)
    }

    /// Joins two types. A literal takes the type of what it meets, before or
    /// after it, where it satisfies that: an integer that of a float, a text
    /// that of an `Id`.
    pub(super) fn join_literal(
        &mut self,
        joined: Ty,
        ty: Ty,
        value: ExprId,
        before: &[(ExprId, Ty, Mark)],
    ) -> Option<Ty> {
        if self.literal_fits(value, ty, joined) {
            return Some(joined);
        }
        if let Some(found) = self.relations.join(self.types, self.decls, joined, ty) {
            return Some(found);
        }
        if self.literals_fit(value, joined) {
            return Some(joined);
        }
        let wanted = match self.types.kind(joined) {
            TyKind::Option(_) => self.types.option(ty),
            _ => ty,
        };
        // What is no literal has been joined to the type before as it is.
        let mut fits = true;
        for &(value, ty, _) in before {
            fits &= self.literals_fit(value, wanted) || self.literal_fits(value, ty, wanted);
        }
        fits.then_some(wanted)
    }

    /// Whether an expression is a literal that satisfies a type other than its
    /// own.
    fn literal_fits(&mut self, value: ExprId, ty: Ty, target: Ty) -> bool {
        let Some(literal) = self.literal(value) else {
            return false;
        };
        let fitting = self.fit_literal(literal, ty, target, Slot::Plain);
        matches!(fitting, Fitting::Fits(_))
    }

    fn mixed(&mut self, value: ExprId, joined: Ty, ty: Ty) {
        let message = format!(
            "incompatible element types `{}` and `{}`",
            self.shown(joined),
            self.shown(ty)
        );
        let span = self.span(value);
        self.report(
            Diagnostic::new(Code::LITERAL_MIXED, span, message)
                .hint("say what the elements are: `List<Value>` takes dynamic data"),
        );
    }

    fn boxed(&mut self, id: ExprId, content: ExprId, want: Want) -> Ty {
        let inner = want.ty.map(|ty| self.types.unboxed(ty));
        let ty = self.expr(content, Want::maybe(inner));
        if self.frames.spawn_boundary().is_some() {
            let span = self.span(id);
            self.box_in_spawn(span);
        }
        if self.function_stored(content, ty) {
            return Ty::INVALID;
        }
        let ty = if ty == Ty::NULL { Ty::VALUE } else { ty };
        self.types.boxed(ty)
    }

    /// Reports a function value where none may be stored.
    pub(super) fn function_stored(&mut self, value: ExprId, ty: Ty) -> bool {
        if !self
            .types
            .contains(ty)
            .any(crate::types::Contains::FUNCTION)
        {
            return false;
        }
        let span = self.span(value);
        self.report(
            Diagnostic::new(
                Code::FUNCTION_TYPE,
                span,
                "a function cannot be stored here",
            )
            .hint("functions are parameters, results and local bindings only"),
        );
        true
    }

    /// The type of a block that has a value, from the values it ends in.
    pub(super) fn joined_yields(&mut self) -> Ty {
        let Some(yields) = self.yields.pop() else {
            return Ty::INVALID;
        };
        if let Some(target) = yields.target {
            return target;
        }
        if yields.values.is_empty() {
            return Ty::NEVER;
        }
        let mark = self.sink.mark();
        let values: Vec<(ExprId, Ty, Mark)> = yields
            .values
            .iter()
            .map(|&(value, ty)| (value, ty, mark))
            .collect();
        self.join_all(&values).unwrap_or(Ty::INVALID)
    }
}

/// The type a block with a value must have.
pub(super) fn want_of_block(want: Want) -> Option<Ty> {
    want.ty.filter(|&ty| ty != Ty::ANY)
}
