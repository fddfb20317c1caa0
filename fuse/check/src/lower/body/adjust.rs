//! Conversions, made visible.

use fuse_syntax::ast;

use super::Body;
use crate::canon::{Expr, ExprId, Span, StrId, Type, TypeId};
use crate::typed::{CoercionId, Step};

/// What becomes of a validation on the way of a value into its place.
#[derive(Clone, Copy, Debug)]
enum Validation {
    /// It is done there, with this path.
    Here(StrId),
    /// It is left to who makes the record or resolves the config.
    Later,
}

impl Body<'_, '_> {
    /// An expression with its coercion.
    pub(super) fn expr(&mut self, expr: ast::ExprId) -> ExprId {
        let value = self.raw(expr);
        self.coerced(expr, value)
    }

    /// The coercion of an expression, done to its value.
    pub(super) fn coerced(&mut self, expr: ast::ExprId, value: ExprId) -> ExprId {
        let path = self.intern("value");
        self.coerce(
            self.typed.coercion(expr),
            value,
            Validation::Here(path),
            self.span(expr),
        )
    }

    /// An expression that is stored into a field, validated there.
    pub(super) fn expr_for_field(&mut self, expr: ast::ExprId, path: StrId) -> ExprId {
        let value = self.raw(expr);
        self.coerce(
            self.typed.coercion(expr),
            value,
            Validation::Here(path),
            self.span(expr),
        )
    }

    /// An expression for a slot that validates it later, and whether it has to.
    pub(super) fn slot(&mut self, expr: ast::ExprId) -> (ExprId, bool) {
        let value = self.raw(expr);
        let coercion = self.typed.coercion(expr);
        let value = self.coerce(coercion, value, Validation::Later, self.span(expr));
        (value, self.lower.validates(self.module, expr))
    }

    fn coerce(
        &mut self,
        id: CoercionId,
        value: ExprId,
        validation: Validation,
        span: Span,
    ) -> ExprId {
        if id == CoercionId::NONE {
            return value;
        }
        let store = self.lower.store;
        let coercion = store.coercion_of(id);
        let to = self.ty(coercion.to);
        let mut value = value;
        for (index, step) in coercion.steps.iter().enumerate() {
            let target = self.peeled(to, &coercion.steps[index + 1..]);
            value = self.step(*step, value, target, validation, span);
        }
        self.adjust(value, to, span)
    }

    /// The type before these steps, as far as the type after them says.
    fn peeled(&self, to: TypeId, steps: &[Step]) -> Option<TypeId> {
        let mut ty = to;
        for step in steps.iter().rev() {
            ty = match (step, self.shape(ty)) {
                (Step::WrapSome, Type::Option(item)) => *item,
                (Step::WrapOk, Type::Result { ok, .. }) => *ok,
                _ => return None,
            };
        }
        Some(ty)
    }

    fn step(
        &mut self,
        step: Step,
        value: ExprId,
        target: Option<TypeId>,
        validation: Validation,
        span: Span,
    ) -> ExprId {
        let ty = self.f.ty(value);
        match step {
            Step::ReadBox => match *self.shape(ty) {
                Type::Box(content) => self.e(Expr::ReadBox(value), content, span),
                _ => value,
            },
            Step::IntToFloat => self.adjust(value, TypeId::FLOAT, span),
            // Dynamic data is a success too: it is wrapped, not converted.
            Step::WrapOk if ty == TypeId::VALUE => match target {
                Some(target) => self.ok(value, target, span),
                None => value,
            },
            Step::WrapSome | Step::WrapOk => match target {
                Some(target) => self.adjust(value, target, span),
                None => {
                    let option = self.types().option(ty);
                    self.adjust(value, option, span)
                }
            },
            Step::Refine(_) => value,
            Step::Validate(to) => match validation {
                Validation::Later => value,
                Validation::Here(path) => {
                    let to = self.ty(to);
                    let value = self.adjust(value, to, span);
                    self.e(Expr::Validate { value, path }, to, span)
                }
            },
            Step::ToValue(_) => self.adjust(value, TypeId::VALUE, span),
            Step::FromValue(to) => {
                let to = self.ty(to);
                if self.same(ty, to) {
                    return value;
                }
                // Also a list or map of dynamic data.
                self.e(Expr::FromValue(value), to, span)
            }
            Step::InOption(inner) => self.in_option(inner, value, validation, span),
            Step::InResult(inner) => self.in_result(inner, value, validation, span),
            Step::InList(inner) => {
                let to = self.lower.store.coercion_of(inner).to;
                let to = self.ty(to);
                let Type::List(item) = *self.base_shape(ty) else {
                    return value;
                };
                let into = self.types().list(to);
                self.converted(value, item, into, span, |body, item| {
                    body.coerce(inner, item, validation, span)
                })
            }
            Step::InMap(inner) => {
                let to = self.lower.store.coercion_of(inner).to;
                let to = self.ty(to);
                let Type::Map(key, item) = *self.base_shape(ty) else {
                    return value;
                };
                let into = self.types().map(key, to);
                self.converted(value, item, into, span, |body, item| {
                    body.coerce(inner, item, validation, span)
                })
            }
        }
    }

    /// Whether a coercion leaves every value as it is.
    fn is_idle(&self, id: CoercionId, validation: Validation) -> bool {
        self.lower
            .store
            .coercion_of(id)
            .steps
            .iter()
            .all(|step| match *step {
                Step::Refine(_) => true,
                Step::Validate(_) => matches!(validation, Validation::Later),
                Step::InOption(inner)
                | Step::InResult(inner)
                | Step::InList(inner)
                | Step::InMap(inner) => self.is_idle(inner, validation),
                _ => false,
            })
    }

    fn in_option(
        &mut self,
        inner: CoercionId,
        value: ExprId,
        validation: Validation,
        span: Span,
    ) -> ExprId {
        let ty = self.f.ty(value);
        let Type::Option(_) = *self.shape(ty) else {
            return self.coerce(inner, value, validation, span);
        };
        if self.is_idle(inner, validation) || matches!(self.f[value], Expr::Null) {
            return value;
        }
        let to = self.lower.store.coercion_of(inner).to;
        let to = self.ty(to);
        let option = self.types().option(to);
        self.if_some(value, option, span, |body, some| {
            let some = body.coerce(inner, some, validation, span);
            body.adjust(some, option, span)
        })
    }

    /// Null, or what is made of the value of an option.
    fn if_some(
        &mut self,
        value: ExprId,
        option: TypeId,
        span: Span,
        make: impl FnOnce(&mut Self, ExprId) -> ExprId,
    ) -> ExprId {
        self.with_block(span, |body| {
            let test = body.temp(value, span);
            let read = body.read(test, span);
            let condition = body.e(Expr::IsNull(read), TypeId::BOOL, span);
            let null = body.null(option, span);
            let some = body.unwrap(test, span);
            let some = make(body, some);
            body.if_else(condition, null, some, span)
        })
    }

    /// What a variable holds that is known not to be null.
    pub(super) fn unwrap(&mut self, local: crate::canon::LocalId, span: Span) -> ExprId {
        let read = self.read(local, span);
        let inner = match *self.shape(self.f.ty(read)) {
            Type::Option(item) => item,
            _ => self.f.ty(read),
        };
        self.e(Expr::Unwrap(read), inner, span)
    }

    fn in_result(
        &mut self,
        inner: CoercionId,
        value: ExprId,
        validation: Validation,
        span: Span,
    ) -> ExprId {
        let ty = self.f.ty(value);
        let Type::Result { error, .. } = *self.shape(ty) else {
            return value;
        };
        if self.is_idle(inner, validation) {
            return value;
        }
        let to = self.lower.store.coercion_of(inner).to;
        let to = self.ty(to);
        let result = self.types().result(to, error);
        self.if_ok(value, result, span, |body, ok| {
            body.coerce(inner, ok, validation, span)
        })
    }

    /// A result with what is made of its success, and its error as one of the
    /// result's errors.
    fn if_ok(
        &mut self,
        value: ExprId,
        result: TypeId,
        span: Span,
        make: impl FnOnce(&mut Self, ExprId) -> ExprId,
    ) -> ExprId {
        self.with_block(span, |body| {
            let test = body.temp(value, span);
            let read = body.read(test, span);
            let condition = body.e(Expr::IsErr(read), TypeId::BOOL, span);
            let error = body.unwrap_err(test, span);
            let error = body.err(error, result, span);
            let ok = body.unwrap_ok(test, span);
            let ok = make(body, ok);
            let ok = body.ok(ok, result, span);
            body.if_else(condition, error, ok, span)
        })
    }

    pub(super) fn unwrap_ok(&mut self, local: crate::canon::LocalId, span: Span) -> ExprId {
        let read = self.read(local, span);
        let inner = match *self.shape(self.f.ty(read)) {
            Type::Result { ok, .. } => ok,
            _ => TypeId::NEVER,
        };
        self.e(Expr::UnwrapOk(read), inner, span)
    }

    pub(super) fn unwrap_err(&mut self, local: crate::canon::LocalId, span: Span) -> ExprId {
        let read = self.read(local, span);
        let inner = match *self.shape(self.f.ty(read)) {
            Type::Result { error, .. } => error,
            _ => TypeId::NEVER,
        };
        self.e(Expr::UnwrapErr(read), inner, span)
    }

    /// A success of a result type.
    pub(super) fn ok(&mut self, value: ExprId, result: TypeId, span: Span) -> ExprId {
        let value = match *self.shape(result) {
            Type::Result { ok, .. } => self.adjust(value, ok, span),
            _ => value,
        };
        self.e(Expr::Ok(value), result, span)
    }

    /// A failure of a result type.
    pub(super) fn err(&mut self, value: ExprId, result: TypeId, span: Span) -> ExprId {
        let value = match *self.shape(result) {
            Type::Result { error, .. } => self.adjust(value, error, span),
            _ => value,
        };
        self.e(Expr::Err(value), result, span)
    }

    /// A list or map with each of its values made anew; as it is when nothing
    /// is made.
    fn converted(
        &mut self,
        value: ExprId,
        item_ty: TypeId,
        into: TypeId,
        span: Span,
        make: impl FnOnce(&mut Self, ExprId) -> ExprId,
    ) -> ExprId {
        let ty = self.f.ty(value);
        if self.same(ty, into)
            && matches!(self.f[value], Expr::List(items) | Expr::Map(items) if items.is_empty())
        {
            return value;
        }
        let item = self.hidden(item_ty, span);
        let read = self.read(item, span);
        let body = make(self, read);
        if body == read {
            return value;
        }
        let node = match *self.shape(into) {
            Type::List(_) => Expr::ConvertList {
                list: value,
                item,
                body,
            },
            _ => Expr::ConvertMap {
                map: value,
                item,
                body,
            },
        };
        self.e(node, into, span)
    }

    /// A value as one of a type that it is assignable to.
    ///
    /// What the checker decided is a value of the wanted type already, up to
    /// how it is represented; this is where representations are made to agree.
    pub(super) fn adjust(&mut self, value: ExprId, to: TypeId, span: Span) -> ExprId {
        let from = self.f.ty(value);
        if from == TypeId::NEVER || self.same(from, to) {
            return value;
        }
        if matches!(self.f[value], Expr::Null) {
            if self.lower.program.types.accepts_null(to) {
                return self.null(to, span);
            }
            // `null` is dynamic data where nothing says what it is; here it is
            // the success of a result, never something to convert.
            if let Type::Result { .. } = *self.base_shape(to) {
                return self.ok(value, to, span);
            }
        }
        if let Type::Box(content) = *self.shape(from) {
            let content = self.e(Expr::ReadBox(value), content, span);
            return self.adjust(content, to, span);
        }
        match (self.base_shape(from).clone(), self.base_shape(to).clone()) {
            (_, Type::Value) => self.e(Expr::ToValue(value), TypeId::VALUE, span),
            (Type::Value, _) => self.e(Expr::FromValue(value), to, span),
            (Type::Option(_), Type::Option(_)) => {
                self.if_some(value, to, span, |body, some| body.adjust(some, to, span))
            }
            (_, Type::Option(item)) => {
                let value = self.adjust(value, item, span);
                self.e(Expr::Some(value), to, span)
            }
            (Type::Result { .. }, Type::Result { ok, .. }) => match self.f[value] {
                Expr::Ok(inner) => self.ok(inner, to, span),
                Expr::Err(inner) => self.err(inner, to, span),
                _ => self.if_ok(value, to, span, |body, inner| body.adjust(inner, ok, span)),
            },
            (_, Type::Result { .. }) => self.ok(value, to, span),
            (Type::Record(_) | Type::Enum(_) | Type::Union(_), Type::Union(_)) => {
                self.e(Expr::ToUnion(value), to, span)
            }
            (Type::Int, Type::Float) => match self.f[value] {
                #[expect(clippy::cast_precision_loss, reason = "the nearest float is meant")]
                Expr::Int(literal) => self.e(Expr::Float(literal as f64), to, span),
                _ => self.e(Expr::IntToFloat(value), to, span),
            },
            (Type::List(item), Type::List(into)) => {
                self.converted(value, item, to, span, |body, item| {
                    body.adjust(item, into, span)
                })
            }
            (Type::Map(_, item), Type::Map(_, into)) => {
                self.converted(value, item, to, span, |body, item| {
                    body.adjust(item, into, span)
                })
            }
            // The checker accepts nothing else; the validator says where not.
            _ => value,
        }
    }
}
