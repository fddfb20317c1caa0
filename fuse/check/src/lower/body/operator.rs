//! Operators and interpolation.

use fuse_syntax::ast;

use super::Body;
use crate::canon::{
    BinaryOp, CompareKind, CompareOp, Expr, ExprId, RangeKind, Span, Type, TypeId, UnaryOp,
};
use crate::typed::{BinaryKind, Resolution, UnaryKind};

impl Body<'_, '_> {
    /// Where an operator stands: faults of arithmetic point at the whole
    /// expression.
    pub(super) fn binary(
        &mut self,
        expr: ast::ExprId,
        op: ast::BinaryOp,
        left: ast::ExprId,
        right: ast::ExprId,
    ) -> ExprId {
        let span = self.span(expr);
        let Some(Resolution::Binary(kind)) = self.typed.resolution(expr).copied() else {
            return self.unreachable(span);
        };
        match kind {
            BinaryKind::Logic => self.logic(op, left, right, span),
            BinaryKind::Concat => {
                let mut parts = Vec::new();
                self.concat_parts(expr, &mut parts);
                self.concat(parts, span)
            }
            _ => {
                let left = self.expr(left);
                let right = self.expr(right);
                let ty = self.own_type(expr);
                self.operation(kind, op, left, right, ty, span)
            }
        }
    }

    /// An operation on two values that are there.
    pub(super) fn operation(
        &mut self,
        kind: BinaryKind,
        op: ast::BinaryOp,
        left: ExprId,
        right: ExprId,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        match kind {
            BinaryKind::Int => self.arithmetic(int_op(op), left, right, TypeId::INT, span),
            BinaryKind::Float => self.arithmetic(float_op(op), left, right, TypeId::FLOAT, span),
            BinaryKind::ListConcat => self.arithmetic(BinaryOp::ListConcat, left, right, ty, span),
            BinaryKind::BytesConcat => {
                self.arithmetic(BinaryOp::BytesConcat, left, right, TypeId::BYTES, span)
            }
            BinaryKind::Concat => self.concat(vec![left, right], span),
            BinaryKind::Equal => self.equal(op, left, right, span),
            BinaryKind::EqualOptional => {
                let (left_ty, right_ty) = (self.f.ty(left), self.f.ty(right));
                let option = if self.lower.program.types.accepts_null(left_ty) {
                    left_ty
                } else {
                    right_ty
                };
                let left = self.adjust(left, option, span);
                let right = self.adjust(right, option, span);
                self.equal(op, left, right, span)
            }
            BinaryKind::EqualNull => {
                let value = if matches!(self.f[left], Expr::Null) {
                    right
                } else {
                    left
                };
                self.null_test(op, value, span)
            }
            BinaryKind::CompareInt => self.compare(op, CompareKind::Int, left, right, span),
            BinaryKind::CompareFloat => self.compare(op, CompareKind::Float, left, right, span),
            BinaryKind::CompareText => self.compare(op, CompareKind::Text, left, right, span),
            BinaryKind::CompareMixed => self.compare_mixed(op, left, right, span),
            BinaryKind::IntRange => {
                let kind = match op {
                    ast::BinaryOp::RangeUntil => RangeKind::IntHalfOpen,
                    _ => RangeKind::Int,
                };
                self.range(kind, left, right, ty, span)
            }
            BinaryKind::FloatRange => {
                let left = self.adjust(left, TypeId::FLOAT, span);
                let right = self.adjust(right, TypeId::FLOAT, span);
                self.range(RangeKind::Float, left, right, ty, span)
            }
            BinaryKind::Logic => self.unreachable(span),
            BinaryKind::Dynamic => self.dynamic(op, left, right, ty, span),
        }
    }

    fn arithmetic(
        &mut self,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        let left = self.adjust(left, ty, span);
        let right = self.adjust(right, ty, span);
        self.e(Expr::Binary { op, left, right }, ty, span)
    }

    /// `and` and `or` evaluate their right side only when it matters.
    fn logic(
        &mut self,
        op: ast::BinaryOp,
        left: ast::ExprId,
        right: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let condition = self.condition(left);
        let right = self.maybe(|body| body.condition(right));
        let (then, otherwise) = match op {
            ast::BinaryOp::Or => (self.e(Expr::Bool(true), TypeId::BOOL, span), right),
            _ => {
                let no = self.e(Expr::Bool(false), TypeId::BOOL, span);
                (right, no)
            }
        };
        self.e(
            Expr::If {
                condition,
                then,
                otherwise,
            },
            TypeId::BOOL,
            span,
        )
    }

    /// An expression that has to be a truth value.
    pub(super) fn condition(&mut self, expr: ast::ExprId) -> ExprId {
        let span = self.span(expr);
        let value = self.expr(expr);
        self.adjust(value, TypeId::BOOL, span)
    }

    fn equal(&mut self, op: ast::BinaryOp, left: ExprId, right: ExprId, span: Span) -> ExprId {
        let negated = op == ast::BinaryOp::NotEq;
        let (left_ty, right_ty) = (self.f.ty(left), self.f.ty(right));
        // Of two types one is assignable to the other.
        let (left, right) = if self.same(left_ty, right_ty) {
            (left, right)
        } else if self.wider(left_ty, right_ty) {
            (left, self.adjust(right, left_ty, span))
        } else {
            (self.adjust(left, right_ty, span), right)
        };
        self.check_equatable(left_ty);
        self.e(
            Expr::Equal {
                left,
                right,
                negated,
            },
            TypeId::BOOL,
            span,
        )
    }

    /// Whether values of the second type become values of the first.
    fn wider(&self, a: TypeId, b: TypeId) -> bool {
        match (self.shape(a), self.shape(b)) {
            (Type::Value, _) => true,
            (_, Type::Value) => false,
            (Type::Option(_) | Type::Result { .. }, Type::Option(_) | Type::Result { .. }) => false,
            (Type::Option(_) | Type::Result { .. } | Type::Union(_), _) => true,
            _ => false,
        }
    }

    fn null_test(&mut self, op: ast::BinaryOp, value: ExprId, span: Span) -> ExprId {
        let ty = self.f.ty(value);
        if !self.lower.program.types.accepts_null(ty) {
            // Never null; evaluated all the same.
            return self.with_block(span, |body| {
                body.push_value(value, span);
                body.e(Expr::Bool(op == ast::BinaryOp::NotEq), TypeId::BOOL, span)
            });
        }
        let test = self.e(Expr::IsNull(value), TypeId::BOOL, span);
        match op {
            ast::BinaryOp::NotEq => self.e(
                Expr::Unary {
                    op: UnaryOp::Not,
                    operand: test,
                },
                TypeId::BOOL,
                span,
            ),
            _ => test,
        }
    }

    fn compare(
        &mut self,
        op: ast::BinaryOp,
        kind: CompareKind,
        left: ExprId,
        right: ExprId,
        span: Span,
    ) -> ExprId {
        let op = compare_op(op);
        if kind == CompareKind::Text && matches!(op, CompareOp::Eq | CompareOp::Ne) {
            let negated = op == CompareOp::Ne;
            return self.e(
                Expr::Equal {
                    left,
                    right,
                    negated,
                },
                TypeId::BOOL,
                span,
            );
        }
        self.e(
            Expr::Compare {
                op,
                kind,
                left,
                right,
            },
            TypeId::BOOL,
            span,
        )
    }

    fn compare_mixed(
        &mut self,
        op: ast::BinaryOp,
        left: ExprId,
        right: ExprId,
        span: Span,
    ) -> ExprId {
        let types = &self.lower.program.types;
        let (a, b) = (types.base(self.f.ty(left)), types.base(self.f.ty(right)));
        let kind = match (a, b) {
            (TypeId::INT, TypeId::FLOAT) => CompareKind::IntFloat,
            (TypeId::FLOAT, TypeId::INT) => CompareKind::FloatInt,
            (TypeId::INT, TypeId::INT) => CompareKind::Int,
            _ => CompareKind::Float,
        };
        self.compare(op, kind, left, right, span)
    }

    fn range(
        &mut self,
        kind: RangeKind,
        from: ExprId,
        to: ExprId,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        self.e(Expr::Range { kind, from, to }, ty, span)
    }

    /// An operator whose meaning depends on what it finds.
    fn dynamic(
        &mut self,
        op: ast::BinaryOp,
        left: ExprId,
        right: ExprId,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        let left = self.adjust(left, TypeId::VALUE, span);
        let right = self.adjust(right, TypeId::VALUE, span);
        let value = match op {
            ast::BinaryOp::Eq | ast::BinaryOp::NotEq => self.equal(op, left, right, span),
            ast::BinaryOp::Less
            | ast::BinaryOp::LessEq
            | ast::BinaryOp::Greater
            | ast::BinaryOp::GreaterEq => self.compare(op, CompareKind::Value, left, right, span),
            ast::BinaryOp::Range => self.range(RangeKind::Value, left, right, TypeId::VALUE, span),
            ast::BinaryOp::RangeUntil => {
                self.range(RangeKind::ValueHalfOpen, left, right, TypeId::VALUE, span)
            }
            ast::BinaryOp::And | ast::BinaryOp::Or => self.unreachable(span),
            ast::BinaryOp::Add
            | ast::BinaryOp::Sub
            | ast::BinaryOp::Mul
            | ast::BinaryOp::Div
            | ast::BinaryOp::Rem => self.arithmetic(value_op(op), left, right, TypeId::VALUE, span),
        };
        self.adjust(value, ty, span)
    }

    pub(super) fn unary(
        &mut self,
        expr: ast::ExprId,
        op: ast::UnaryOp,
        operand: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let Some(Resolution::Unary(kind)) = self.typed.resolution(expr).copied() else {
            return self.unreachable(span);
        };
        let operand = self.expr(operand);
        // The sign of a literal is part of it.
        match (kind, self.f[operand]) {
            (UnaryKind::NegInt, Expr::Int(value)) => {
                if let Some(value) = value.checked_neg() {
                    return self.e(Expr::Int(value), TypeId::INT, span);
                }
            }
            (UnaryKind::NegFloat, Expr::Float(value)) => {
                return self.e(Expr::Float(-value), TypeId::FLOAT, span);
            }
            _ => {}
        }
        let (op, ty) = match (kind, op) {
            (UnaryKind::NegInt, _) => (UnaryOp::NegInt, TypeId::INT),
            (UnaryKind::NegFloat, _) => (UnaryOp::NegFloat, TypeId::FLOAT),
            (UnaryKind::Not, _) => (UnaryOp::Not, TypeId::BOOL),
            (UnaryKind::Dynamic, ast::UnaryOp::Neg) => (UnaryOp::NegValue, TypeId::VALUE),
            (UnaryKind::Dynamic, ast::UnaryOp::Not) => (UnaryOp::NotValue, TypeId::VALUE),
        };
        let operand = self.adjust(operand, ty, span);
        let value = self.e(Expr::Unary { op, operand }, ty, span);
        let ty = self.own_type(expr);
        self.adjust(value, ty, span)
    }

    // Text.

    pub(super) fn interpolation(
        &mut self,
        parts: ast::List<ast::InterpPart>,
        span: Span,
    ) -> ExprId {
        let mut found = Vec::new();
        for part in &self.ast[parts] {
            match *part {
                ast::InterpPart::Text(text) => {
                    let text = self.str(self.ast.string(text), span);
                    found.push(text);
                }
                ast::InterpPart::Expr(expr) => self.concat_operand(expr, &mut found),
            }
        }
        self.concat(found, span)
    }

    /// The parts of a chain of `+` on text, which joins from the left.
    fn concat_parts(&mut self, expr: ast::ExprId, parts: &mut Vec<ExprId>) {
        let ast::Expr::Binary { left, right, .. } = self.ast[expr] else {
            return;
        };
        self.concat_operand(left, parts);
        self.concat_operand(right, parts);
    }

    /// One operand: what is itself joined text gives its parts.
    fn concat_operand(&mut self, expr: ast::ExprId, parts: &mut Vec<ExprId>) {
        let inner = self.ast.unparenthesized(expr);
        let joined = matches!(
            self.typed.resolution(inner),
            Some(Resolution::Binary(BinaryKind::Concat))
        );
        let plain = self.typed.coercion(expr) == crate::typed::CoercionId::NONE;
        match self.ast[inner] {
            ast::Expr::Binary { .. } if joined && plain => self.concat_parts(inner, parts),
            ast::Expr::Interp(inner) if plain => {
                let span = self.span(expr);
                for part in &self.ast[inner] {
                    match *part {
                        ast::InterpPart::Text(text) => {
                            let text = self.str(self.ast.string(text), span);
                            parts.push(text);
                        }
                        ast::InterpPart::Expr(expr) => self.concat_operand(expr, parts),
                    }
                }
            }
            _ => {
                let part = self.expr(expr);
                parts.push(part);
            }
        }
    }

    /// The display forms of all parts, joined. Neighbouring literals are one,
    /// and empty ones are left out.
    pub(super) fn concat(&mut self, parts: Vec<ExprId>, span: Span) -> ExprId {
        let mut joined: Vec<ExprId> = Vec::with_capacity(parts.len());
        for part in parts {
            let Expr::Str(text) = self.f[part] else {
                joined.push(part);
                continue;
            };
            if self.lower.program[text].is_empty() {
                continue;
            }
            match joined.last().map(|last| self.f[*last]) {
                Some(Expr::Str(before)) => {
                    let text = format!(
                        "{}{}",
                        &self.lower.program[before], &self.lower.program[text]
                    );
                    let text = self.str(&text, span);
                    if let Some(last) = joined.last_mut() {
                        *last = text;
                    }
                }
                _ => joined.push(part),
            }
        }
        match joined.as_slice() {
            [] => self.str("", span),
            [only] => {
                let ty = self.f.ty(*only);
                if self.same(ty, TypeId::STRING) {
                    return *only;
                }
                let only = *only;
                self.e(Expr::Display(only), TypeId::STRING, span)
            }
            parts => {
                let parts = parts.to_vec();
                let parts = self.f.run(&parts);
                self.e(Expr::Concat(parts), TypeId::STRING, span)
            }
        }
    }

    /// In generic code equality is checked once the type is known.
    fn check_equatable(&mut self, ty: TypeId) {
        if self.origin.call.is_none() || self.lower.program.is_equatable(ty) {
            return;
        }
        let message = format!(
            "`==` cannot be applied to `{}`",
            self.lower.program.type_name(ty)
        );
        self.lower
            .report(fuse_syntax::Code::OPERATOR_TYPE, self.origin, message);
    }
}

fn int_op(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Sub => BinaryOp::IntSub,
        ast::BinaryOp::Mul => BinaryOp::IntMul,
        ast::BinaryOp::Div => BinaryOp::IntDiv,
        ast::BinaryOp::Rem => BinaryOp::IntRem,
        _ => BinaryOp::IntAdd,
    }
}

fn float_op(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Sub => BinaryOp::FloatSub,
        ast::BinaryOp::Mul => BinaryOp::FloatMul,
        ast::BinaryOp::Div => BinaryOp::FloatDiv,
        ast::BinaryOp::Rem => BinaryOp::FloatRem,
        _ => BinaryOp::FloatAdd,
    }
}

fn value_op(op: ast::BinaryOp) -> BinaryOp {
    match op {
        ast::BinaryOp::Sub => BinaryOp::ValueSub,
        ast::BinaryOp::Mul => BinaryOp::ValueMul,
        ast::BinaryOp::Div => BinaryOp::ValueDiv,
        ast::BinaryOp::Rem => BinaryOp::ValueRem,
        _ => BinaryOp::ValueAdd,
    }
}

fn compare_op(op: ast::BinaryOp) -> CompareOp {
    match op {
        ast::BinaryOp::NotEq => CompareOp::Ne,
        ast::BinaryOp::Less => CompareOp::Lt,
        ast::BinaryOp::LessEq => CompareOp::Le,
        ast::BinaryOp::Greater => CompareOp::Gt,
        ast::BinaryOp::GreaterEq => CompareOp::Ge,
        _ => CompareOp::Eq,
    }
}
