//! Construction of records, variants, options and results.

use super::{
    Body, ValidationDomain,
    pass::{Defaults, Given},
};
use crate::canon::{Expr, ExprId, Span, Type, TypeId};
use crate::ids::{EnumId, RecordId};
use crate::lower::Item;
use crate::typed::{ArgSource, CallInfo, Callee};
use fuse_syntax::ast;

impl Body<'_, '_> {
    pub(super) fn record(
        &mut self,
        call: ast::ExprId,
        id: RecordId,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let decls = self.lower.decls;
        let declared = decls.record(id);
        let types: Vec<_> = declared.fields.iter().map(|field| field.ty).collect();
        let types: Vec<_> = types.into_iter().map(|ty| self.ty(ty)).collect();
        let mut given = self.record_sources(id, info, &types);
        given.truncate(types.len());
        let ty = self.lower.record_type(id);
        let record = self.lower.record(id);
        self.with_block(span, |body| {
            let item = |index: u32| Item::FieldDefault(id, index);
            let passed = body.pass(call, &given, Defaults::Functions(&item), &[], span);
            let mut checked = passed.checked;
            let mut fields = passed.args;
            for (index, (value, ty)) in fields.iter_mut().zip(&types).enumerate() {
                *value = body.adjust(*value, *ty, span);
                let default = matches!(given[index], Given::Default);
                let index = crate::lower::items::number(index);
                if default && body.lower.default_checked(id, index) {
                    checked.push(index);
                }
            }
            checked.sort_unstable();
            let any = !checked.is_empty();
            let fields = body.f.run(&fields);
            let checked = body.f.run(&checked);
            let make = |fallible| Expr::Record {
                record,
                fields,
                checked,
                fallible,
            };
            body.construction(make, any, ty, span)
        })
    }

    fn record_sources(&mut self, id: RecordId, info: &CallInfo, types: &[TypeId]) -> Vec<Given> {
        let decls = self.lower.decls;
        let mut given: Vec<Given> = Vec::new();
        for (index, source) in self.typed.args(info).iter().enumerate() {
            let ty = types.get(index).copied().unwrap_or(TypeId::VALUE);
            given.push(match *source {
                ArgSource::Expr(expr) => Given::Arg(expr),
                ArgSource::Default => Given::Default,
                _ => Given::Null(ty),
            });
        }
        // Fields that another package added to a built-in type.
        let fields = &decls.record(id).fields;
        for (index, field) in fields.iter().enumerate().skip(given.len()) {
            given.push(match field.default {
                crate::decls::Default::None => Given::Null(types[index]),
                _ => Given::Default,
            });
        }
        given
    }

    pub(super) fn variant_of(
        &mut self,
        call: ast::ExprId,
        id: EnumId,
        variant: u32,
        info: &CallInfo,
        span: Span,
    ) -> ExprId {
        let decls = self.lower.decls;
        let payload = &decls.enumeration(id).variants[variant as usize].payload;
        let types: Vec<_> = payload.iter().map(|ty| self.ty(*ty)).collect();
        let given: Vec<_> = self
            .typed
            .args(info)
            .iter()
            .map(|source| match *source {
                ArgSource::Expr(expr) => Given::Arg(expr),
                _ => Given::Default,
            })
            .collect();
        let ty = self.lower.enum_type(id);
        let enumeration = self.lower.enums[&id];
        self.with_block(span, |body| {
            let item = |index: u32| Item::Variant(id, index);
            let passed = body.pass(call, &given, Defaults::Functions(&item), &[], span);
            let mut values = passed.args;
            for (value, ty) in values.iter_mut().zip(&types) {
                *value = body.adjust(*value, *ty, span);
            }
            let any = !passed.checked.is_empty();
            let payload = body.f.run(&values);
            let checked = body.f.run(&passed.checked);
            let make = |fallible| Expr::Variant {
                enumeration,
                variant,
                payload,
                checked,
                fallible,
            };
            body.construction(make, any, ty, span)
        })
    }

    /// A construction. In a body that can fail with what a validation finds,
    /// that is where a value goes that does not satisfy its type.
    fn construction(
        &mut self,
        make: impl Fn(bool) -> Expr,
        checks: bool,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        let domain = self.raise.and_then(|raise| raise.validation);
        let Some(domain) = domain.filter(|_| checks) else {
            return self.e(make(false), ty, span);
        };
        let validation = self
            .lower
            .builtin_record(fuse_builtins::RecordId::Validation);
        let error = self.lower.program[validation].ty;
        let result = self.types().result(ty, error);
        let made = self.e(make(true), result, span);
        let made = self.temp(made, span);
        let read = self.read(made, span);
        let condition = self.e(Expr::IsErr(read), TypeId::BOOL, span);
        let error = self.unwrap_err(made, span);
        let error = match domain {
            ValidationDomain::Validation => error,
            ValidationDomain::StdError => self.std_error(error, span),
        };
        let leave = self.raise(error, span);
        let value = self.unwrap_ok(made, span);
        self.if_else(condition, leave, value, span)
    }

    /// What a validation found, as an error that chooses its own status.
    fn std_error(&mut self, validation: ExprId, span: Span) -> ExprId {
        let record = self.lower.builtin_record(fuse_builtins::RecordId::StdError);
        let ty = self.lower.program[record].ty;
        let count = self.lower.program[record].fields.len();
        let mut fields = Vec::new();
        for index in 0..count {
            let name = self.lower.program[record].fields[index].name;
            let field_ty = self.lower.program[record].fields[index].ty;
            let name = self.lower.program[name].to_owned();
            fields.push(match name.as_str() {
                "code" => self.str("validation_error", span),
                "message" => self.e(
                    Expr::Field {
                        base: validation,
                        field: 0,
                    },
                    TypeId::STRING,
                    span,
                ),
                "status" => self.e(Expr::Int(400), TypeId::INT, span),
                _ => self.nothing(field_ty, span),
            });
        }
        let fields = self.f.run(&fields);
        let checked = self.f.run(&[]);
        self.e(
            Expr::Record {
                record,
                fields,
                checked,
                fallible: false,
            },
            ty,
            span,
        )
    }

    /// What a field holds that a construction cannot name, because a package it
    /// does not see added it to a built-in type: null, or the emptiest value.
    pub(super) fn nothing(&mut self, ty: TypeId, span: Span) -> ExprId {
        let none = self.f.run(&[]);
        match self.base_shape(ty) {
            Type::Bool => self.e(Expr::Bool(false), TypeId::BOOL, span),
            Type::Int => self.e(Expr::Int(0), TypeId::INT, span),
            Type::Float => self.e(Expr::Float(0.0), TypeId::FLOAT, span),
            Type::String => self.str("", span),
            Type::List(_) => self.e(Expr::List(none), ty, span),
            Type::Map(..) => self.e(Expr::Map(none), ty, span),
            Type::Option(_) | Type::Value => self.null(ty, span),
            // Of the rest there is no emptiest value; dynamic null never
            // converts to them, so reaching this is a fault and no surprise.
            _ => {
                let null = self.null(TypeId::VALUE, span);
                self.e(Expr::FromValue(null), ty, span)
            }
        }
    }

    /// `Some(v)`, `Ok(v)` and `Err(e)`.
    pub(super) fn wrapped(&mut self, expr: ast::ExprId, info: &CallInfo, span: Span) -> ExprId {
        let ty = self.own_type(expr);
        let Some(ArgSource::Expr(inner)) = self.typed.args(info).first().copied() else {
            return self.unreachable(span);
        };
        let value = self.expr(inner);
        match info.callee {
            Callee::Ok => self.ok(value, ty, span),
            Callee::Err => self.err(value, ty, span),
            // `Some` of what can be null already is that.
            _ => self.adjust(value, ty, span),
        }
    }
}
