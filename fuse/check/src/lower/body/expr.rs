//! Expressions.

use fuse_syntax::ast;

use super::{Body, Variable};
use crate::canon::{self, Expr, ExprId, Span, Type, TypeId};
use crate::ids::{EnumId, FnId};
use crate::lower::Item;
use crate::typed::{BangKind, Resolution};

impl Body<'_, '_> {
    /// An expression before its coercion.
    pub(super) fn raw(&mut self, expr: ast::ExprId) -> ExprId {
        if self.typed.chain_end(expr).is_some() {
            return self.chain(expr);
        }
        self.plain(expr)
    }

    /// An expression that is not the end of an optional chain.
    pub(super) fn plain(&mut self, expr: ast::ExprId) -> ExprId {
        let span = self.span(expr);
        match self.ast[expr] {
            ast::Expr::Error => self.unreachable(span),
            ast::Expr::Int(value) => self.e(Expr::Int(value), TypeId::INT, span),
            ast::Expr::Float(value) => self.e(Expr::Float(value), TypeId::FLOAT, span),
            ast::Expr::Bool(value) => self.e(Expr::Bool(value), TypeId::BOOL, span),
            ast::Expr::Null => self.null(TypeId::VALUE, span),
            ast::Expr::Str(text) => self.str(self.ast.string(text), span),
            ast::Expr::Interp(parts) => self.interpolation(parts, span),
            ast::Expr::Name(_) => self.meaning(expr, span),
            ast::Expr::Unary { op, operand } => self.unary(expr, op, operand, span),
            ast::Expr::Binary {
                op, left, right, ..
            } => self.binary(expr, op, left, right),
            ast::Expr::Coalesce { left, right } => self.coalesce(expr, left, right, span),
            ast::Expr::Call(call) => self.call(expr, call),
            ast::Expr::Member { base, optional, .. } => self.member(expr, base, optional, span),
            ast::Expr::Index {
                base,
                index,
                optional,
            } => self.index(expr, base, index, optional, span),
            ast::Expr::Bang { value, error } => self.bang(expr, value, error, span),
            ast::Expr::List(items) => self.list(expr, items, span),
            ast::Expr::Map(entries) => self.map(expr, entries, span),
            ast::Expr::Lambda(lambda) => self.lambda(expr, lambda, span),
            ast::Expr::Spawn(block) => self.spawn(expr, block, span),
            ast::Expr::Await(task) => self.await_task(task, span),
            ast::Expr::Box(value) => self.new_box(value, span),
            ast::Expr::If(id) => {
                let ty = self.typed.ty(expr);
                let ty = self.ty(ty);
                self.if_value(id, ty, span)
            }
            ast::Expr::Match(id) => {
                let ty = self.typed.ty(expr);
                let ty = self.ty(ty);
                self.match_value(id, ty, span)
            }
            ast::Expr::Transaction(block) => {
                let ty = self.typed.ty(expr);
                let ty = self.ty(ty);
                self.transaction(block, Some(ty), span)
            }
            ast::Expr::Paren(inner) => self.expr(inner),
        }
    }

    /// The type of an expression before its coercion.
    pub(super) fn own_type(&mut self, expr: ast::ExprId) -> TypeId {
        let ty = self.typed.ty(expr);
        self.ty(ty)
    }

    /// What a name or a qualified name means.
    pub(super) fn meaning(&mut self, expr: ast::ExprId, span: Span) -> ExprId {
        let ty = self.own_type(expr);
        match self.typed.resolution(expr).copied() {
            Some(Resolution::Local(local)) => match self.variable(local) {
                Variable::Local(local) => self.read(local, span),
                Variable::Config(config, field) => self.config_field(config, field, span),
            },
            Some(Resolution::Function(id)) => self.function_value(id, ty, expr, span),
            Some(Resolution::VariantFunction(id, variant)) => {
                self.variant_value(id, variant, ty, expr, span)
            }
            Some(Resolution::Variant(id, variant)) => {
                let payload = self.f.run(&[]);
                let checked = self.f.run(&[]);
                let ty = self.lower.enum_type(id);
                let enumeration = self.lower.enums[&id];
                let node = Expr::Variant {
                    enumeration,
                    variant,
                    payload,
                    checked,
                    fallible: false,
                };
                self.e(node, ty, span)
            }
            Some(Resolution::None) => self.null(TypeId::VALUE, span),
            Some(Resolution::Asset(asset)) => {
                let asset = self.lower.assets[&asset];
                let ty = match self.lower.program[asset].kind {
                    canon::AssetKind::Text => TypeId::STRING,
                    canon::AssetKind::Json => TypeId::VALUE,
                };
                self.e(Expr::Asset(asset), ty, span)
            }
            Some(Resolution::ConfigField(id, field)) => {
                let config = self.lower.configs[&id];
                self.config_field(config, field, span)
            }
            Some(Resolution::BuiltinConstant(constant)) => {
                self.e(Expr::Float(constant.value), TypeId::FLOAT, span)
            }
            _ => self.unreachable(span),
        }
    }

    fn config_field(&mut self, config: canon::ConfigId, field: u32, span: Span) -> ExprId {
        let ty = self.lower.program[config].fields[field as usize].ty;
        self.e(Expr::Config(config, field), ty, span)
    }

    fn function_value(&mut self, id: FnId, ty: TypeId, expr: ast::ExprId, span: Span) -> ExprId {
        let origin = self.asking(expr);
        let function = self.lower.function(Item::Function(id), &[], origin);
        let captures = self.f.run(&[]);
        self.e(Expr::Closure { function, captures }, ty, span)
    }

    fn variant_value(
        &mut self,
        id: EnumId,
        variant: u32,
        ty: TypeId,
        expr: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let origin = self.asking(expr);
        let function = self.lower.function(Item::Variant(id, variant), &[], origin);
        let captures = self.f.run(&[]);
        self.e(Expr::Closure { function, captures }, ty, span)
    }

    fn list(&mut self, expr: ast::ExprId, items: ast::List<ast::ExprId>, span: Span) -> ExprId {
        let ty = self.own_type(expr);
        let item = match *self.shape(ty) {
            Type::List(item) => item,
            _ => TypeId::VALUE,
        };
        let mut values = Vec::with_capacity(items.len());
        for value in &self.ast[items] {
            let at = self.span(*value);
            let value = self.expr(*value);
            values.push(self.adjust(value, item, at));
        }
        let values = self.f.run(&values);
        self.e(Expr::List(values), ty, span)
    }

    fn map(&mut self, expr: ast::ExprId, entries: ast::List<ast::MapEntry>, span: Span) -> ExprId {
        let ty = self.own_type(expr);
        let (key_ty, value_ty) = match *self.shape(ty) {
            Type::Map(key, value) => (key, value),
            _ => (TypeId::STRING, TypeId::VALUE),
        };
        let mut values = Vec::with_capacity(entries.len() * 2);
        for entry in &self.ast[entries] {
            for (expr, ty) in [(entry.key, key_ty), (entry.value, value_ty)] {
                let at = self.span(expr);
                let value = self.expr(expr);
                values.push(self.adjust(value, ty, at));
            }
        }
        let values = self.f.run(&values);
        self.e(Expr::Map(values), ty, span)
    }

    fn new_box(&mut self, value: ast::ExprId, span: Span) -> ExprId {
        let inner = self.expr(value);
        let ty = self.f.ty(inner);
        if matches!(self.shape(ty), Type::Box(_)) {
            return inner;
        }
        let ty = self.types().intern(Type::Box(ty));
        self.e(Expr::NewBox(inner), ty, span)
    }

    /// `left ?? right`.
    fn coalesce(
        &mut self,
        expr: ast::ExprId,
        left: ast::ExprId,
        right: ast::ExprId,
        span: Span,
    ) -> ExprId {
        let ty = self.own_type(expr);
        let value = self.expr(left);
        if self.typed.resolution(expr).is_none() {
            // The left side is never null.
            return self.adjust(value, ty, span);
        }
        self.or_else(value, ty, span, |body| {
            let at = body.span(right);
            let right = body.expr(right);
            body.adjust(right, ty, at)
        })
    }

    /// A value, or another one when it is null.
    pub(super) fn or_else(
        &mut self,
        value: ExprId,
        ty: TypeId,
        span: Span,
        other: impl FnOnce(&mut Self) -> ExprId,
    ) -> ExprId {
        if !self.lower.program.types.accepts_null(self.f.ty(value)) {
            return self.adjust(value, ty, span);
        }
        self.with_block(span, |body| {
            let test = body.temp(value, span);
            let read = body.read(test, span);
            let condition = body.e(Expr::IsNull(read), TypeId::BOOL, span);
            let other = body.maybe(other);
            let some = body.unwrap(test, span);
            let some = body.adjust(some, ty, span);
            body.e(
                Expr::If {
                    condition,
                    then: other,
                    otherwise: some,
                },
                ty,
                span,
            )
        })
    }

    /// `value ?!` and `value ?! error`.
    fn bang(
        &mut self,
        expr: ast::ExprId,
        value: ast::ExprId,
        error: Option<ast::ExprId>,
        span: Span,
    ) -> ExprId {
        let Some(Resolution::Bang(kind)) = self.typed.resolution(expr).copied() else {
            return self.unreachable(span);
        };
        if kind == BangKind::Raise {
            return self.raise_given(error, span);
        }
        let value = self.expr(value);
        self.with_block(span, |body| {
            let test = body.temp(value, span);
            let read = body.read(test, span);
            match kind {
                BangKind::OptionElse | BangKind::ValueElse | BangKind::Raise => {
                    let condition = body.e(Expr::IsNull(read), TypeId::BOOL, span);
                    let leave = body.maybe(|body| body.raise_given(error, span));
                    let some = body.unwrap(test, span);
                    body.if_else(condition, leave, some, span)
                }
                BangKind::Propagate => {
                    let condition = body.e(Expr::IsErr(read), TypeId::BOOL, span);
                    let error = body.unwrap_err(test, span);
                    let leave = body.raise(error, span);
                    let ok = body.unwrap_ok(test, span);
                    body.if_else(condition, leave, ok, span)
                }
                BangKind::ResultElse => {
                    let condition = body.e(Expr::IsErr(read), TypeId::BOOL, span);
                    let leave = body.maybe(|body| body.raise_given(error, span));
                    let ok = body.unwrap_ok(test, span);
                    body.if_else(condition, leave, ok, span)
                }
            }
        })
    }

    fn raise_given(&mut self, error: Option<ast::ExprId>, span: Span) -> ExprId {
        match error {
            Some(error) => {
                let error = self.expr(error);
                self.raise(error, span)
            }
            None => self.unreachable(span),
        }
    }

    /// Leaves the function with an error.
    pub(super) fn raise(&mut self, error: ExprId, span: Span) -> ExprId {
        let Some(raise) = self.raise else {
            return self.unreachable(span);
        };
        self.with_block(span, |body| {
            let mut error = body.adjust(error, raise.error, span);
            if body.has_open_tasks(0) {
                // The error is there before the tasks are told to stop.
                let kept = body.temp(error, span);
                body.drop_tasks(span);
                error = body.read(kept, span);
            }
            let failure = body.err(error, raise.result, span);
            body.push(canon::Stmt::Return(failure), span);
            body.unreachable(span)
        })
    }
}
