//! Operators.

use fuse_syntax::ast::{BinaryOp, Expr, ExprId, UnaryOp};
use fuse_syntax::{Code, Diagnostic};

use super::{Checker, Need, Want};
use crate::relate::Slot;
use crate::typed::{BinaryKind, Resolution, Step, UnaryKind};
use crate::types::{Ty, TyKind};

impl Checker<'_> {
    pub(super) fn unary(&mut self, id: ExprId, op: UnaryOp, operand: ExprId) -> Ty {
        let mark = self.sink.mark();
        let ty = self.value(operand, Want::NOTHING);
        if ty.is_invalid() || self.sink.reported_since(mark) {
            return if op == UnaryOp::Not {
                Ty::BOOL
            } else {
                Ty::INVALID
            };
        }
        let base = self.types.unrefined(ty);
        let (kind, result) = match (op, base) {
            (_, Ty::VALUE) if op == UnaryOp::Neg => (UnaryKind::Dynamic, Ty::VALUE),
            (UnaryOp::Not, Ty::VALUE) => (UnaryKind::Dynamic, Ty::BOOL),
            (UnaryOp::Not, Ty::BOOL) => (UnaryKind::Not, Ty::BOOL),
            (UnaryOp::Neg, Ty::INT) => (UnaryKind::NegInt, Ty::INT),
            (UnaryOp::Neg, Ty::FLOAT) => (UnaryKind::NegFloat, Ty::FLOAT),
            (_, Ty::NEVER) => return Ty::NEVER,
            _ => {
                let message = format!("`{}` cannot be applied to `{}`", op.text(), self.shown(ty));
                let hint = match op {
                    UnaryOp::Not => "`!` negates a `Bool`; compare the value first",
                    UnaryOp::Neg => "`-` negates a number",
                };
                let span = self.span(id);
                self.report(Diagnostic::new(Code::OPERATOR_TYPE, span, message).hint(hint));
                return if op == UnaryOp::Not {
                    Ty::BOOL
                } else {
                    Ty::INVALID
                };
            }
        };
        self.out.resolve(id, Resolution::Unary(kind));
        if kind == UnaryKind::NegInt {
            self.constant_negation(id, operand);
        }
        result
    }

    pub(super) fn binary(
        &mut self,
        id: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        want: Want,
    ) -> Ty {
        let mark = self.sink.mark();
        let (a, b) = self.operands(op, left, right, want);
        if self.sink.reported_since(mark) || a.is_invalid() || b.is_invalid() {
            return self.result_after_error(op, a, b);
        }
        if a == Ty::NEVER || b == Ty::NEVER {
            return Ty::NEVER;
        }
        let found = match op {
            BinaryOp::And | BinaryOp::Or => self.logic(left, a, right, b),
            BinaryOp::Eq | BinaryOp::NotEq => self.equality(left, a, right, b),
            BinaryOp::Less | BinaryOp::LessEq | BinaryOp::Greater | BinaryOp::GreaterEq => {
                self.ordering(a, b)
            }
            BinaryOp::Range | BinaryOp::RangeUntil => self.range(op, left, a, right, b),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                self.arithmetic(op, (left, a), (right, b))
            }
        };
        let Some((kind, result)) = found else {
            self.wrong_operands(id, op, a, b);
            return self.result_after_error(op, a, b);
        };
        self.out.resolve(id, Resolution::Binary(kind));
        if kind == BinaryKind::Int {
            self.constant_operation(id, op, left, right);
        }
        if op.is_equality() {
            self.secret_comparison(id, op, left, right);
        }
        result
    }

    /// Checks both operands. Each may give the other a type.
    fn operands(&mut self, op: BinaryOp, left: ExprId, right: ExprId, want: Want) -> (Ty, Ty) {
        if op.is_equality() {
            let null = |checker: &Self, id: ExprId| {
                matches!(checker.ast[checker.ast.unparenthesized(id)], Expr::Null)
            };
            let left_want = if null(self, right) {
                Want::NULLABLE
            } else {
                Want::NOTHING
            };
            let a = self.value(left, left_want);
            let hint = (a != Ty::NULL).then_some(a);
            let right_want = Want {
                ty: self.offered(right, hint),
                null: null(self, left),
            };
            let b = self.value(right, right_want);
            return (a, b);
        }
        // Lists that are joined by `+` may take their elements from the place
        // of the sum.
        let list = want
            .ty
            .filter(|&ty| matches!(self.types.kind(ty), TyKind::List(_)));
        let hint = Want::maybe(list.filter(|_| op == BinaryOp::Add));
        let a = self.value(left, hint);
        let from_left = matches!(self.types.kind(a), TyKind::List(_)).then_some(a);
        let from_left = self.offered(right, from_left);
        let b = self.value(right, Want::maybe(hint.ty.or(from_left)));
        (a, b)
    }

    fn result_after_error(&mut self, op: BinaryOp, a: Ty, b: Ty) -> Ty {
        match op {
            BinaryOp::Add if self.types.is_text(a) || self.types.is_text(b) => Ty::STRING,
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => {
                Ty::INVALID
            }
            BinaryOp::Range | BinaryOp::RangeUntil => Ty::INVALID,
            _ => Ty::BOOL,
        }
    }

    fn wrong_operands(&mut self, id: ExprId, op: BinaryOp, a: Ty, b: Ty) {
        let message = format!(
            "`{}` cannot be applied to `{}` and `{}`",
            op.text(),
            self.shown(a),
            self.shown(b)
        );
        let span = self.span(id);
        let mut diagnostic = Diagnostic::new(Code::OPERATOR_TYPE, span, message);
        diagnostic.hint = Some(self.operand_hint(op, a, b).to_owned());
        self.report(diagnostic);
    }

    fn operand_hint(&self, op: BinaryOp, a: Ty, b: Ty) -> &'static str {
        let kinds = [self.types.kind(a), self.types.kind(b)];
        let any = |test: fn(&TyKind) -> bool| kinds.iter().any(test);
        if any(|kind| matches!(kind, TyKind::Result(..))) {
            return "pass the error on with `?!`, or `match` the result";
        }
        if any(|kind| matches!(kind, TyKind::Option(_))) && !op.is_equality() {
            return "handle null first, with `??` or `match`";
        }
        if any(|kind| matches!(kind, TyKind::Task(_))) {
            return "`await` the task first";
        }
        if op.is_equality() {
            return "both sides must have one type that can be compared";
        }
        match op {
            BinaryOp::And | BinaryOp::Or => "both sides must be `Bool`",
            BinaryOp::Range | BinaryOp::RangeUntil => "a range goes from one number to another",
            _ if op.is_relational() => "numbers are compared with numbers, text with text",
            BinaryOp::Add => "`+` adds numbers, and joins text, lists and bytes",
            _ => "both sides must be numbers",
        }
    }

    fn logic(&mut self, left: ExprId, a: Ty, right: ExprId, b: Ty) -> Option<(BinaryKind, Ty)> {
        let fits = |ty: Ty| ty == Ty::BOOL || ty == Ty::VALUE;
        if !fits(a) || !fits(b) {
            return None;
        }
        // Each side is looked at when it is needed, so it is converted by
        // itself.
        for (side, ty) in [(left, a), (right, b)] {
            let mark = self.sink.mark();
            self.coerce_read(side, ty, Ty::BOOL, mark);
        }
        Some((BinaryKind::Logic, Ty::BOOL))
    }

    fn number(&self, ty: Ty) -> Option<Ty> {
        match self.types.unrefined(ty) {
            base @ (Ty::INT | Ty::FLOAT) => Some(base),
            _ => None,
        }
    }

    fn equality(&mut self, left: ExprId, a: Ty, right: ExprId, b: Ty) -> Option<(BinaryKind, Ty)> {
        if let (Some(a), Some(b)) = (self.number(a), self.number(b)) {
            return Some((compared_numbers(a, b), Ty::BOOL));
        }
        if a == Ty::NULL || b == Ty::NULL {
            let other = if a == Ty::NULL { b } else { a };
            let optional = matches!(self.types.kind(other), TyKind::Option(_) | TyKind::Value);
            return optional.then_some((BinaryKind::EqualNull, Ty::BOOL));
        }
        if a == Ty::VALUE || b == Ty::VALUE {
            let (side, ty) = if a == Ty::VALUE {
                (right, b)
            } else {
                (left, a)
            };
            if ty != Ty::VALUE {
                if !self.relations.encodable(self.types, ty) {
                    return None;
                }
                let mark = self.sink.mark();
                self.coerce_read(side, ty, Ty::VALUE, mark);
            }
            return Some((BinaryKind::Dynamic, Ty::BOOL));
        }
        let optional = |checker: &Self, ty: Ty| match checker.types.kind(ty) {
            TyKind::Option(inner) => (inner, true),
            _ => (ty, false),
        };
        let ((x, from), (y, to)) = (optional(self, a), optional(self, b));
        let kind = match from || to {
            true => BinaryKind::EqualOptional,
            false => BinaryKind::Equal,
        };
        if let (true, Some(m), Some(n)) = (from || to, self.number(x), self.number(y)) {
            let literal = |checker: &Self, side: ExprId, base: Ty, other: Ty| {
                (base, other) == (Ty::INT, Ty::FLOAT) && checker.literal(side).is_some()
            };
            let fits = m == n || literal(self, left, m, n) || literal(self, right, n, m);
            if m != n && fits {
                let side = if m == Ty::INT { left } else { right };
                self.widen(side, Ty::INT);
            }
            return fits.then_some((kind, Ty::BOOL));
        }
        self.comparable(x, y).then_some((kind, Ty::BOOL))
    }

    /// Whether two values can be told apart: one type is the other without
    /// work, and both can be compared.
    pub(super) fn comparable(&mut self, a: Ty, b: Ty) -> bool {
        if self.number(a).is_some() && self.number(b).is_some() {
            return true;
        }
        let equatable = self.relations.equatable(self.types, self.decls, a)
            && self.relations.equatable(self.types, self.decls, b);
        if !equatable {
            return false;
        }
        self.demand(a, Need::Equal);
        self.demand(b, Need::Equal);
        // Constraints do not change what is compared.
        let (x, y) = (self.types.unrefined(a), self.types.unrefined(b));
        if self.types.is_text(x) && self.types.is_text(y) {
            return x == y || x == Ty::STRING || y == Ty::STRING;
        }
        self.without_work(x, y) || self.without_work(y, x)
    }

    fn without_work(&mut self, from: Ty, to: Ty) -> bool {
        let relation = self
            .relations
            .coercion(self.types, self.decls, from, to, Slot::Plain);
        relation.is_some_and(|id| !self.types.converts_dynamic(id))
    }

    fn ordering(&mut self, a: Ty, b: Ty) -> Option<(BinaryKind, Ty)> {
        if let (Some(a), Some(b)) = (self.number(a), self.number(b)) {
            return Some((compared_numbers(a, b), Ty::BOOL));
        }
        if self.types.is_text(a) && self.types.is_text(b) {
            return Some((BinaryKind::CompareText, Ty::BOOL));
        }
        let ordered = |checker: &Self, ty: Ty| {
            ty == Ty::VALUE || checker.relations.ordered(checker.types, ty)
        };
        let dynamic = a == Ty::VALUE || b == Ty::VALUE;
        (dynamic && ordered(self, a) && ordered(self, b)).then_some((BinaryKind::Dynamic, Ty::BOOL))
    }

    fn range(
        &mut self,
        op: BinaryOp,
        left: ExprId,
        a: Ty,
        right: ExprId,
        b: Ty,
    ) -> Option<(BinaryKind, Ty)> {
        if a == Ty::VALUE || b == Ty::VALUE {
            let fits = |checker: &Self, ty: Ty| ty == Ty::VALUE || checker.number(ty).is_some();
            let both = fits(self, a) && fits(self, b);
            return both.then_some((BinaryKind::Dynamic, Ty::VALUES));
        }
        match (self.number(a)?, self.number(b)?) {
            (Ty::INT, Ty::INT) => Some((BinaryKind::IntRange, self.types.list(Ty::INT))),
            _ if op == BinaryOp::RangeUntil => None,
            (a, b) => {
                self.widen(left, a);
                self.widen(right, b);
                Some((BinaryKind::FloatRange, self.types.list(Ty::FLOAT)))
            }
        }
    }

    /// Makes a float of an integer operand.
    fn widen(&mut self, operand: ExprId, base: Ty) {
        if base == Ty::INT {
            let whole = self.out.ty(operand);
            let mut steps = Vec::new();
            if matches!(self.types.kind(whole), TyKind::Box(_)) {
                steps.push(Step::ReadBox);
            }
            steps.push(Step::IntToFloat);
            let coercion = self.types.coercion(whole, Ty::FLOAT, &steps);
            self.out.set_coercion(operand, coercion);
        }
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        (left, a): (ExprId, Ty),
        (right, b): (ExprId, Ty),
    ) -> Option<(BinaryKind, Ty)> {
        match (self.number(a), self.number(b)) {
            (Some(Ty::INT), Some(Ty::INT)) => return Some((BinaryKind::Int, Ty::INT)),
            (Some(x), Some(y)) => {
                self.widen(left, x);
                self.widen(right, y);
                return Some((BinaryKind::Float, Ty::FLOAT));
            }
            _ => {}
        }
        if op == BinaryOp::Add
            && let Some(found) = self.joining((left, a), (right, b))
        {
            return Some(found);
        }
        let dynamic = |checker: &Self, ty: Ty| {
            ty == Ty::VALUE
                || checker.number(ty).is_some()
                || (op == BinaryOp::Add && matches!(checker.types.kind(ty), TyKind::List(_)))
        };
        let any = a == Ty::VALUE || b == Ty::VALUE;
        (any && dynamic(self, a) && dynamic(self, b)).then_some((BinaryKind::Dynamic, Ty::VALUE))
    }

    /// `+` that joins: text, lists, bytes.
    fn joining(
        &mut self,
        (left, a): (ExprId, Ty),
        (right, b): (ExprId, Ty),
    ) -> Option<(BinaryKind, Ty)> {
        let text = |checker: &Self, ty: Ty| checker.types.is_text(ty);
        if text(self, a) || text(self, b) {
            let both = self.relations.displayable(self.types, a)
                && self.relations.displayable(self.types, b);
            if both {
                self.demand(a, Need::Display);
                self.demand(b, Need::Display);
            }
            return both.then_some((BinaryKind::Concat, Ty::STRING));
        }
        if a == Ty::VALUE || b == Ty::VALUE {
            return None;
        }
        let (x, y) = (self.types.unrefined(a), self.types.unrefined(b));
        match (self.types.kind(x), self.types.kind(y)) {
            (TyKind::Bytes, TyKind::Bytes) => Some((BinaryKind::BytesConcat, Ty::BYTES)),
            (TyKind::List(item), TyKind::List(other)) => {
                let mark = self.sink.mark();
                let items = self.relations.join(self.types, self.decls, item, other);
                let list = match items {
                    Some(item) => self.types.list(item),
                    None => self.join_literal(a, b, right, &[(left, a, mark)])?,
                };
                for (side, ty) in [(left, a), (right, b)] {
                    self.coerce_read(side, ty, list, mark);
                }
                Some((BinaryKind::ListConcat, list))
            }
            _ => None,
        }
    }

    /// What a compound assignment computes: the operator, and a result that
    /// fits the place.
    pub(super) fn compound_kind(
        &mut self,
        op: BinaryOp,
        place: Ty,
        value: ExprId,
        ty: Ty,
    ) -> Option<BinaryKind> {
        match (self.number(place), self.number(ty)) {
            (Some(Ty::INT), Some(Ty::INT)) => return Some(BinaryKind::Int),
            (Some(Ty::FLOAT), Some(base)) => {
                self.widen(value, base);
                return Some(BinaryKind::Float);
            }
            (Some(_), Some(_)) => return None,
            _ => {}
        }
        let dynamic = place == Ty::VALUE
            && (ty == Ty::VALUE || self.number(ty).is_some() || self.types.is_text(ty));
        if dynamic {
            return Some(BinaryKind::Dynamic);
        }
        if op != BinaryOp::Add {
            return None;
        }
        let mark = self.sink.mark();
        match self.types.kind(self.types.unrefined(place)) {
            TyKind::String if self.relations.displayable(self.types, ty) => {
                self.demand(ty, Need::Display);
                Some(BinaryKind::Concat)
            }
            TyKind::Bytes if self.types.unrefined(ty) == Ty::BYTES => Some(BinaryKind::BytesConcat),
            TyKind::List(_) if matches!(self.types.kind(ty), TyKind::List(_)) => {
                let fits = self.coerce_read(value, ty, place, mark);
                fits.then_some(BinaryKind::ListConcat)
            }
            _ => None,
        }
    }

    /// The value of a constant expression: literals and operators only.
    fn constant(&self, id: ExprId) -> Option<i64> {
        let id = self.ast.unparenthesized(id);
        match self.ast[id] {
            Expr::Int(n) => Some(n),
            Expr::Unary { .. } | Expr::Binary { .. } => self.constants.get(&id).copied(),
            _ => None,
        }
    }

    fn constant_negation(&mut self, id: ExprId, operand: ExprId) {
        let Some(value) = self.constant(operand) else {
            return;
        };
        match value.checked_neg() {
            Some(negated) => {
                self.constants.insert(id, negated);
            }
            None => self.constant_fault(id, "overflows"),
        }
    }

    /// Computes a constant operation; reports one that always fails.
    fn constant_operation(&mut self, id: ExprId, op: BinaryOp, left: ExprId, right: ExprId) {
        let (Some(a), Some(b)) = (self.constant(left), self.constant(right)) else {
            return;
        };
        if matches!(op, BinaryOp::Div | BinaryOp::Rem) && b == 0 {
            self.constant_fault(id, "divides by zero");
            return;
        }
        let value = match op {
            BinaryOp::Add => a.checked_add(b),
            BinaryOp::Sub => a.checked_sub(b),
            BinaryOp::Mul => a.checked_mul(b),
            BinaryOp::Div => a.checked_div(b),
            BinaryOp::Rem => Some(a.wrapping_rem(b)),
            _ => return,
        };
        match value {
            Some(value) => {
                self.constants.insert(id, value);
            }
            None => self.constant_fault(id, "overflows"),
        }
    }

    fn constant_fault(&mut self, id: ExprId, what: &str) {
        let span = self.at(self.ast.operator_range(id));
        self.error(
            Code::CONST_FAULT,
            span,
            format!("this expression always {what}"),
        );
    }
}

fn compared_numbers(a: Ty, b: Ty) -> BinaryKind {
    match (a, b) {
        (Ty::INT, Ty::INT) => BinaryKind::CompareInt,
        (Ty::FLOAT, Ty::FLOAT) => BinaryKind::CompareFloat,
        _ => BinaryKind::CompareMixed,
    }
}
