//! Visiting everything in the body of a function, in the order it is evaluated.

use super::{
    expr::{Attributes, Expr, Exprs, Stmts},
    function::Function,
    ids::{ExprId, PlaceId, StmtId},
    stmt::{PlaceStep, Source, Stmt},
};

/// Something that looks at every node of a body. An implementation that
/// overrides a method calls the `walk_` function of it to go on inside.
pub trait Visitor {
    /// Looks at an expression.
    fn expr(&mut self, function: &Function, id: ExprId) {
        walk_expr(self, function, id);
    }

    /// Looks at a statement.
    fn stmt(&mut self, function: &Function, id: StmtId) {
        walk_stmt(self, function, id);
    }

    /// Looks at a place.
    fn place(&mut self, function: &Function, id: PlaceId) {
        walk_place(self, function, id);
    }
}

/// Visits everything directly inside an expression.
pub fn walk_expr<V: Visitor + ?Sized>(visitor: &mut V, function: &Function, id: ExprId) {
    match function[id] {
        Expr::Unit
        | Expr::Bool(_)
        | Expr::Int(_)
        | Expr::Float(_)
        | Expr::Str(_)
        | Expr::Null
        | Expr::Asset(_)
        | Expr::Local(_)
        | Expr::Config(..)
        | Expr::Join { .. }
        | Expr::Unreachable => {}
        Expr::List(exprs) | Expr::Map(exprs) | Expr::Concat(exprs) => all(visitor, function, exprs),
        Expr::Record { fields, .. } => all(visitor, function, fields),
        Expr::Variant { payload, .. } => all(visitor, function, payload),
        Expr::Call { args, .. } | Expr::CallBuiltin { args, .. } => all(visitor, function, args),
        Expr::Closure { captures, .. } | Expr::Spawn { captures, .. } => {
            all(visitor, function, captures);
        }
        Expr::Field { base: inner, .. }
        | Expr::UnionField { base: inner, .. }
        | Expr::ValueField { base: inner, .. }
        | Expr::Some(inner)
        | Expr::Ok(inner)
        | Expr::Err(inner)
        | Expr::ToUnion(inner)
        | Expr::IsNull(inner)
        | Expr::Unwrap(inner)
        | Expr::IsErr(inner)
        | Expr::UnwrapOk(inner)
        | Expr::UnwrapErr(inner)
        | Expr::Unary { operand: inner, .. }
        | Expr::Display(inner)
        | Expr::IntToFloat(inner)
        | Expr::ToValue(inner)
        | Expr::FromValue(inner)
        | Expr::Validate { value: inner, .. }
        | Expr::NewBox(inner)
        | Expr::ReadBox(inner)
        | Expr::Await(inner)
        | Expr::Transaction(inner) => visitor.expr(function, inner),
        Expr::Binary { left, right, .. }
        | Expr::Compare { left, right, .. }
        | Expr::Equal { left, right, .. }
        | Expr::Index {
            base: left,
            index: right,
            ..
        }
        | Expr::Range {
            from: left,
            to: right,
            ..
        }
        | Expr::ConvertList {
            list: left,
            body: right,
            ..
        }
        | Expr::ConvertMap {
            map: left,
            body: right,
            ..
        } => {
            visitor.expr(function, left);
            visitor.expr(function, right);
        }
        Expr::CallValue {
            callee: first,
            args,
        }
        | Expr::CallMember {
            receiver: first,
            args,
            ..
        } => {
            visitor.expr(function, first);
            all(visitor, function, args);
        }
        Expr::CallPlaceMember { place, args, .. } => {
            visitor.place(function, place);
            all(visitor, function, args);
        }
        Expr::If {
            condition,
            then,
            otherwise,
        } => {
            visitor.expr(function, condition);
            visitor.expr(function, then);
            visitor.expr(function, otherwise);
        }
        Expr::Match { subject, arms } => {
            visitor.expr(function, subject);
            for arm in &function[arms] {
                visitor.expr(function, arm.body);
            }
        }
        Expr::Block { stmts, value } => {
            statements(visitor, function, stmts);
            visitor.expr(function, value);
        }
        Expr::Element {
            attributes,
            children,
            ..
        } => {
            walk_attributes(visitor, function, attributes);
            visitor.expr(function, children);
        }
        Expr::Attributes(attributes) => walk_attributes(visitor, function, attributes),
    }
}

/// Visits everything directly inside a statement.
pub fn walk_stmt<V: Visitor + ?Sized>(visitor: &mut V, function: &Function, id: StmtId) {
    match function[id] {
        Stmt::Break | Stmt::Continue => {}
        Stmt::Let { value, .. }
        | Stmt::Expr(value)
        | Stmt::Append { value, .. }
        | Stmt::Return(value) => visitor.expr(function, value),
        Stmt::Assign { place, value } => {
            visitor.expr(function, value);
            visitor.place(function, place);
        }
        Stmt::While { condition, body } => {
            visitor.expr(function, condition);
            statements(visitor, function, body);
        }
        Stmt::For { source, body, .. } => {
            match source {
                Source::Ints { from, to }
                | Source::IntsHalfOpen { from, to }
                | Source::Floats { from, to } => {
                    visitor.expr(function, from);
                    visitor.expr(function, to);
                }
                Source::List(inner) | Source::Map(inner) | Source::Value(inner) => {
                    visitor.expr(function, inner);
                }
            }
            statements(visitor, function, body);
        }
    }
}

/// Visits the expressions inside a place.
pub fn walk_place<V: Visitor + ?Sized>(visitor: &mut V, function: &Function, id: PlaceId) {
    for step in &function[function[id].steps] {
        match *step {
            PlaceStep::Field(_)
            | PlaceStep::UnionField(_)
            | PlaceStep::Present
            | PlaceStep::ValueField(_) => {}
            PlaceStep::Element(inner) | PlaceStep::Key(inner) | PlaceStep::ValueIndex(inner) => {
                visitor.expr(function, inner);
            }
        }
    }
}

fn walk_attributes<V: Visitor + ?Sized>(visitor: &mut V, function: &Function, all: Attributes) {
    if let Some(base) = all.base {
        visitor.expr(function, base);
    }
    for attribute in &function[all.named] {
        visitor.expr(function, attribute.value);
    }
}

fn all<V: Visitor + ?Sized>(visitor: &mut V, function: &Function, exprs: Exprs) {
    for expr in &function[exprs] {
        visitor.expr(function, *expr);
    }
}

fn statements<V: Visitor + ?Sized>(visitor: &mut V, function: &Function, stmts: Stmts) {
    for stmt in &function[stmts] {
        visitor.stmt(function, *stmt);
    }
}
