//! Members, indexes, and chains of them that end where something is null.

use fuse_syntax::ast;

use super::{Body, pass::Known};
use crate::canon::{self, Expr, ExprId, LocalId, Span, Type, TypeId};
use crate::typed::{self, Resolution};

/// A value in a chain that is kept in a variable around the rest of it.
#[derive(Debug)]
pub(super) struct Link {
    local: LocalId,
    /// Its value; none when the variable was there before.
    value: Option<ExprId>,
    /// Whether the chain is null when the value is.
    tested: bool,
    span: Span,
}

impl Body<'_, '_> {
    /// The outermost part of an optional chain.
    pub(super) fn chain(&mut self, expr: ast::ExprId) -> ExprId {
        let span = self.span(expr);
        let ty = self.own_type(expr);
        let around = std::mem::take(&mut self.links);
        self.conditional += 1;
        let value = self.plain(expr);
        self.conditional -= 1;
        let links = std::mem::replace(&mut self.links, around);
        if links.is_empty() {
            return value;
        }
        let ty = if self.lower.program.types.accepts_null(ty) {
            ty
        } else {
            let value = self.f.ty(value);
            self.types().option(value)
        };
        let mut result = self.adjust(value, ty, span);
        for link in links.into_iter().rev() {
            result = self.linked(link, result, ty, span);
        }
        result
    }

    /// Null if the link is, and otherwise the rest of the chain.
    fn linked(&mut self, link: Link, rest: ExprId, ty: TypeId, span: Span) -> ExprId {
        self.with_block(span, |body| {
            let Link {
                local,
                value,
                tested,
                span: at,
            } = link;
            if let Some(value) = value {
                let value = body.flat(value);
                body.push(canon::Stmt::Let { local, value }, at);
            }
            if !tested {
                return rest;
            }
            let read = body.read(local, at);
            let condition = body.e(Expr::IsNull(read), TypeId::BOOL, at);
            let null = body.null(ty, span);
            body.if_else(condition, null, rest, span)
        })
    }

    /// A value that the rest of the chain is about, when it is not null.
    fn link(&mut self, value: ExprId, span: Span) -> ExprId {
        let ty = self.f.ty(value);
        if !self.lower.program.types.accepts_null(ty) {
            return value;
        }
        let local = self.kept(value, true, span);
        self.unwrap(local, span)
    }

    /// Ends the chain when a value is null, which is not looked at again.
    pub(super) fn link_test(&mut self, value: ExprId, span: Span) {
        if self.lower.program.types.accepts_null(self.f.ty(value)) {
            self.kept(value, true, span);
        }
    }

    /// Makes a value readable more than once in the rest of the chain.
    pub(super) fn known_in_chain(&mut self, value: ExprId, span: Span) -> Known {
        match self.known_as_is(value) {
            Some(known) => known,
            None => Known::Local(self.kept(value, false, span)),
        }
    }

    fn kept(&mut self, value: ExprId, tested: bool, span: Span) -> LocalId {
        let (local, value) = match self.f[value] {
            Expr::Local(local) if !self.f[local].mutable => (local, None),
            _ => (self.hidden(self.f.ty(value), span), Some(value)),
        };
        self.links.push(Link {
            local,
            value,
            tested,
            span,
        });
        local
    }

    /// The base of a member, index or method.
    pub(super) fn base(&mut self, base: ast::ExprId, optional: bool) -> ExprId {
        let value = self.expr(base);
        let span = self.span(base);
        let value = match *self.shape(self.f.ty(value)) {
            Type::Box(content) => self.e(Expr::ReadBox(value), content, span),
            _ => value,
        };
        if optional {
            self.link(value, span)
        } else {
            value
        }
    }

    pub(super) fn member(
        &mut self,
        expr: ast::ExprId,
        base: ast::ExprId,
        optional: bool,
        span: Span,
    ) -> ExprId {
        match self.typed.resolution(expr).copied() {
            Some(Resolution::Field(_, field)) => {
                let base = self.base(base, optional);
                let ty = match *self.shape(self.f.ty(base)) {
                    Type::Record(record) => self.field_type(record, field),
                    _ => TypeId::NEVER,
                };
                self.e(Expr::Field { base, field }, ty, span)
            }
            Some(Resolution::UnionField(name)) => {
                let base = self.base(base, optional);
                let ty = self.member_type(expr);
                let name = self.lower.sym(name);
                // With one domain there is no union.
                if let Type::Record(record) = *self.shape(self.f.ty(base))
                    && let Some(field) = self.field_named(record, name)
                {
                    return self.e(Expr::Field { base, field }, ty, span);
                }
                self.e(Expr::UnionField { base, name }, ty, span)
            }
            Some(Resolution::ValueField(name)) => {
                let base = self.base(base, optional);
                let name = self.lower.sym(name);
                self.e(Expr::ValueField { base, name }, TypeId::VALUE, span)
            }
            _ => self.meaning(expr, span),
        }
    }

    /// The type of a member before a chain makes it optional.
    fn member_type(&mut self, expr: ast::ExprId) -> TypeId {
        let ty = self
            .typed
            .chain_end(expr)
            .unwrap_or_else(|| self.typed.ty(expr));
        self.ty(ty)
    }

    pub(super) fn field_type(&self, record: canon::RecordId, field: u32) -> TypeId {
        self.lower.program[record].fields[field as usize].ty
    }

    fn field_named(&self, record: canon::RecordId, name: canon::StrId) -> Option<u32> {
        let fields = &self.lower.program[record].fields;
        let at = fields.iter().position(|field| field.name == name)?;
        u32::try_from(at).ok()
    }

    pub(super) fn index(
        &mut self,
        expr: ast::ExprId,
        base: ast::ExprId,
        index: ast::ExprId,
        optional: bool,
        span: Span,
    ) -> ExprId {
        let Some(Resolution::Index(kind)) = self.typed.resolution(expr).copied() else {
            return self.unreachable(span);
        };
        // That the element may be missing is part of its type; what is asked
        // of it then has a `?` of its own.
        let base = self.base(base, optional);
        let at = self.span(index);
        let index = self.expr(index);
        self.index_of(kind, base, index, span, at)
    }

    /// An element of a container.
    pub(super) fn index_of(
        &mut self,
        kind: typed::IndexKind,
        base: ExprId,
        index: ExprId,
        span: Span,
        at: Span,
    ) -> ExprId {
        let base_ty = self.f.ty(base);
        let (kind, key, element) = match (kind, self.base_shape(base_ty).clone()) {
            (typed::IndexKind::List, Type::List(item)) => {
                (canon::IndexKind::List, TypeId::INT, item)
            }
            (typed::IndexKind::ListOrNull, Type::List(item)) => {
                let item = self.types().option(item);
                (canon::IndexKind::ListOrNull, TypeId::INT, item)
            }
            (typed::IndexKind::Map, Type::Map(key, value)) => (canon::IndexKind::Map, key, value),
            (typed::IndexKind::MapOrNull, Type::Map(key, value)) => {
                let value = self.types().option(value);
                (canon::IndexKind::MapOrNull, key, value)
            }
            (typed::IndexKind::TextOrNull, _) => {
                let text = self.types().option(TypeId::STRING);
                (canon::IndexKind::TextOrNull, TypeId::INT, text)
            }
            (typed::IndexKind::Text, _) => (canon::IndexKind::Text, TypeId::INT, TypeId::STRING),
            (typed::IndexKind::Bytes, _) => (canon::IndexKind::Bytes, TypeId::INT, TypeId::INT),
            _ => (canon::IndexKind::Value, TypeId::VALUE, TypeId::VALUE),
        };
        let index = self.adjust(index, key, at);
        self.e(Expr::Index { kind, base, index }, element, span)
    }
}
