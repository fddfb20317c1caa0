//! Places: what assignments and changing methods change.

use fuse_syntax::ast;

use super::{Body, Variable, pass::Known};
use crate::canon::{
    Expr, ExprId, IndexKind, LocalId, Place, PlaceId, PlaceStep, Span, Stmt, StrId, Type, TypeId,
};
use crate::typed::{BinaryKind, Resolution};

/// What becomes of the expressions inside a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Keep {
    /// They are evaluated where the place is used, once.
    No,
    /// They are kept in variables of the innermost block, for several uses.
    InBlock,
    /// They are kept in variables around the optional chain.
    InChain,
}

/// A place while it is being made.
#[derive(Debug)]
struct Target {
    local: LocalId,
    cell: bool,
    steps: Vec<Step>,
    /// The type of what it holds.
    ty: TypeId,
    span: Span,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Field(u32),
    UnionField(StrId),
    Element(Inside),
    Key(Inside),
    Present,
    ValueField(StrId),
    ValueIndex(Inside),
}

/// An expression inside a place.
#[derive(Clone, Copy, Debug)]
enum Inside {
    Once(ExprId),
    Often(Known),
}

impl Body<'_, '_> {
    /// A place that is used once, and the type of what it holds.
    pub(super) fn place(&mut self, expr: ast::ExprId) -> (PlaceId, TypeId) {
        let target = self.target(expr, Keep::No);
        let place = self.make_place(&target);
        (place, target.ty)
    }

    /// The place that a changing method is called on. In `x?.push(1)` nothing
    /// happens when it holds null.
    pub(super) fn receiver_place(
        &mut self,
        expr: ast::ExprId,
        optional: bool,
    ) -> (PlaceId, TypeId) {
        if !optional {
            return self.place(expr);
        }
        let mut target = self.target(expr, Keep::InChain);
        let value = self.read_target(&target, false);
        self.link_test(value, target.span);
        self.present(&mut target);
        let place = self.make_place(&target);
        (place, target.ty)
    }

    /// `place op= value`.
    pub(super) fn assign_combined(
        &mut self,
        expr: ast::ExprId,
        kind: BinaryKind,
        op: ast::BinaryOp,
        value: ast::ExprId,
        span: Span,
    ) {
        self.combined(expr, span, |body, target| {
            let before = body.read_target(target, false);
            let operand = body.expr(value);
            let ty = target.ty;
            body.operation(kind, op, before, operand, ty, span)
        });
    }

    /// `place ??= value`.
    pub(super) fn assign_missing(&mut self, expr: ast::ExprId, value: ast::ExprId, span: Span) {
        self.combined(expr, span, |body, target| {
            let before = body.read_target(target, true);
            let ty = match *body.shape(target.ty) {
                Type::Option(inner) => inner,
                _ => target.ty,
            };
            body.or_else(before, ty, span, |body| {
                let at = body.span(value);
                let value = body.expr(value);
                body.adjust(value, ty, at)
            })
        });
    }

    /// Stores what is made of the value that is there.
    fn combined(
        &mut self,
        expr: ast::ExprId,
        span: Span,
        make: impl FnOnce(&mut Self, &Target) -> ExprId,
    ) {
        // What is inside the place is evaluated once; it goes out of scope with
        // the statement.
        let block = self.with_block(span, |body| {
            let target = body.target(expr, Keep::InBlock);
            let stored = make(body, &target);
            let stored = body.adjust(stored, target.ty, span);
            let stored = body.checked_store(expr, stored, target.ty, span);
            let place = body.make_place(&target);
            body.push(
                Stmt::Assign {
                    place,
                    value: stored,
                },
                span,
            );
            body.unit(span)
        });
        self.push_value(block, span);
    }

    /// A combined value is of the base of a refined field.
    fn checked_store(
        &mut self,
        expr: ast::ExprId,
        value: ExprId,
        ty: TypeId,
        span: Span,
    ) -> ExprId {
        let refined = matches!(self.shape(ty), Type::Refined(..) | Type::Id | Type::Email);
        match self.field_path(expr) {
            Some(path) if refined => self.e(Expr::Validate { value, path }, ty, span),
            _ => value,
        }
    }

    fn target(&mut self, expr: ast::ExprId, keep: Keep) -> Target {
        let expr = self.ast.unparenthesized(expr);
        let span = self.span(expr);
        match self.ast[expr] {
            ast::Expr::Member { base, optional, .. } => {
                let mut target = self.target(base, keep);
                if optional {
                    self.present(&mut target);
                }
                self.member_step(expr, &mut target);
                target.span = span;
                target
            }
            ast::Expr::Index {
                base,
                index,
                optional,
            } => {
                let mut target = self.target(base, keep);
                if optional {
                    self.present(&mut target);
                }
                self.index_step(index, keep, &mut target);
                target.span = span;
                target
            }
            _ => self.root(expr, span),
        }
    }

    fn root(&mut self, expr: ast::ExprId, span: Span) -> Target {
        let local = match self.typed.resolution(expr).copied() {
            Some(Resolution::Local(local)) => match self.variable(local) {
                Variable::Local(local) => local,
                Variable::Config(..) => self.hidden(TypeId::NEVER, span),
            },
            // Only what could not be checked is assigned to anything else.
            _ => self.hidden(TypeId::NEVER, span),
        };
        let ty = self.f[local].ty;
        let (cell, ty) = match *self.shape(ty) {
            Type::Box(content) => (true, content),
            _ => (false, ty),
        };
        Target {
            local,
            cell,
            steps: Vec::new(),
            ty,
            span,
        }
    }

    /// Through `?.` or `?[`.
    fn present(&mut self, target: &mut Target) {
        match *self.shape(target.ty) {
            Type::Option(inner) => {
                target.steps.push(Step::Present);
                target.ty = inner;
            }
            Type::Value => target.steps.push(Step::Present),
            _ => {}
        }
    }

    fn member_step(&mut self, expr: ast::ExprId, target: &mut Target) {
        match self.typed.resolution(expr).copied() {
            Some(Resolution::Field(_, field)) => {
                if let Type::Record(record) = *self.shape(target.ty) {
                    target.ty = self.field_type(record, field);
                }
                target.steps.push(Step::Field(field));
            }
            Some(Resolution::UnionField(name)) => {
                let name = self.lower.sym(name);
                let ty = self
                    .typed
                    .chain_end(expr)
                    .unwrap_or_else(|| self.typed.ty(expr));
                target.ty = self.ty(ty);
                target.steps.push(Step::UnionField(name));
            }
            Some(Resolution::ValueField(name)) => {
                let name = self.lower.sym(name);
                target.ty = TypeId::VALUE;
                target.steps.push(Step::ValueField(name));
            }
            _ => {}
        }
    }

    fn index_step(&mut self, index: ast::ExprId, keep: Keep, target: &mut Target) {
        let at = self.span(index);
        let value = self.expr(index);
        match *self.base_shape(target.ty) {
            Type::List(item) => {
                let value = self.adjust(value, TypeId::INT, at);
                let inside = self.inside(value, keep, at);
                target.steps.push(Step::Element(inside));
                target.ty = item;
            }
            Type::Map(key, item) => {
                let value = self.adjust(value, key, at);
                let inside = self.inside(value, keep, at);
                target.steps.push(Step::Key(inside));
                target.ty = item;
            }
            _ => {
                let value = self.adjust(value, TypeId::VALUE, at);
                let inside = self.inside(value, keep, at);
                target.steps.push(Step::ValueIndex(inside));
                target.ty = TypeId::VALUE;
            }
        }
    }

    fn inside(&mut self, value: ExprId, keep: Keep, span: Span) -> Inside {
        match keep {
            Keep::No => Inside::Once(value),
            Keep::InBlock => Inside::Often(self.known(value, span)),
            Keep::InChain => Inside::Often(self.known_in_chain(value, span)),
        }
    }

    fn make_place(&mut self, target: &Target) -> PlaceId {
        let mut steps = Vec::with_capacity(target.steps.len());
        for step in &target.steps {
            steps.push(match *step {
                Step::Field(field) => PlaceStep::Field(field),
                Step::UnionField(name) => PlaceStep::UnionField(name),
                Step::Element(inside) => PlaceStep::Element(self.use_inside(inside, target.span)),
                Step::Key(inside) => PlaceStep::Key(self.use_inside(inside, target.span)),
                Step::Present => PlaceStep::Present,
                Step::ValueField(name) => PlaceStep::ValueField(name),
                Step::ValueIndex(inside) => {
                    PlaceStep::ValueIndex(self.use_inside(inside, target.span))
                }
            });
        }
        let steps = self.f.run(&steps);
        let place = Place {
            local: target.local,
            cell: target.cell,
            steps,
        };
        self.f.place(place, target.span)
    }

    fn use_inside(&mut self, inside: Inside, span: Span) -> ExprId {
        match inside {
            Inside::Once(value) => value,
            Inside::Often(known) => self.read_known(known, span),
        }
    }

    /// The value that a place holds; null for a missing key where asked for.
    fn read_target(&mut self, target: &Target, or_null: bool) -> ExprId {
        let span = target.span;
        let mut value = self.read(target.local, span);
        if let (true, Type::Box(content)) = (target.cell, self.shape(self.f.ty(value)).clone()) {
            value = self.e(Expr::ReadBox(value), content, span);
        }
        let last = target.steps.len().saturating_sub(1);
        for (index, step) in target.steps.iter().enumerate() {
            value = self.read_step(*step, value, or_null && index == last, span);
        }
        value
    }

    fn read_step(&mut self, step: Step, base: ExprId, or_null: bool, span: Span) -> ExprId {
        let ty = self.f.ty(base);
        match (step, self.base_shape(ty).clone()) {
            (Step::Field(field), Type::Record(record)) => {
                let ty = self.field_type(record, field);
                self.e(Expr::Field { base, field }, ty, span)
            }
            (Step::UnionField(name), _) => {
                let ty = self.shared_field(ty, name);
                self.e(Expr::UnionField { base, name }, ty, span)
            }
            (Step::Element(inside), Type::List(item)) => {
                let index = self.use_inside(inside, span);
                self.e(
                    Expr::Index {
                        kind: IndexKind::List,
                        base,
                        index,
                    },
                    item,
                    span,
                )
            }
            (Step::Key(inside), Type::Map(_, item)) => {
                let index = self.use_inside(inside, span);
                let (kind, ty) = if or_null {
                    (IndexKind::MapOrNull, self.types().option(item))
                } else {
                    (IndexKind::Map, item)
                };
                self.e(Expr::Index { kind, base, index }, ty, span)
            }
            (Step::Present, Type::Option(item)) => self.read_present(base, item, span),
            (Step::ValueField(name), _) => {
                self.e(Expr::ValueField { base, name }, TypeId::VALUE, span)
            }
            (Step::ValueIndex(inside), _) => {
                let index = self.use_inside(inside, span);
                self.e(
                    Expr::Index {
                        kind: IndexKind::Value,
                        base,
                        index,
                    },
                    TypeId::VALUE,
                    span,
                )
            }
            _ => base,
        }
    }

    /// What an option holds; null is a fault, as it is for the store after it.
    fn read_present(&mut self, base: ExprId, item: TypeId, span: Span) -> ExprId {
        let name = self.intern("value");
        self.with_block(span, |body| {
            let test = body.temp(base, span);
            let read = body.read(test, span);
            let condition = body.e(Expr::IsNull(read), TypeId::BOOL, span);
            let null = body.null(TypeId::VALUE, span);
            let fault = body.e(Expr::ValueField { base: null, name }, TypeId::VALUE, span);
            let fault = body.e(Expr::FromValue(fault), item, span);
            let some = body.unwrap(test, span);
            body.e(
                Expr::If {
                    condition,
                    then: fault,
                    otherwise: some,
                },
                item,
                span,
            )
        })
    }

    fn shared_field(&self, union: TypeId, name: StrId) -> TypeId {
        let program = &self.lower.program;
        let first = program.types.domains(union).into_iter().next();
        let found = first.and_then(|member| match program.types.get(member) {
            Type::Record(id) => program[*id].fields.iter().find(|field| field.name == name),
            _ => None,
        });
        found.map_or(TypeId::NEVER, |field| field.ty)
    }
}
