//! Values that are known without running anything.

use crate::canon::{Expr, ExprId, Function, FunctionId, Program, Stmt};

/// A value that is known without running anything.
#[derive(Debug, Clone, PartialEq)]
pub enum Constant {
    /// Null.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A float.
    Float(f64),
    /// Text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A map with text keys, in order.
    Map(Vec<(String, Self)>),
    /// A variant without payload.
    Variant(String),
}

impl Constant {
    /// What a function gives, when that is known.
    pub(super) fn of_function(program: &Program, id: FunctionId) -> Option<Self> {
        let function = &program[id];
        let Expr::Block { stmts, .. } = function[function.body] else {
            return None;
        };
        let [only] = function[stmts] else {
            return None;
        };
        let Stmt::Return(value) = function[only] else {
            return None;
        };
        Self::of(program, function, value)
    }

    /// The value of an expression, when it is known.
    pub(super) fn of(program: &Program, function: &Function, expr: ExprId) -> Option<Self> {
        match function[expr] {
            Expr::Null => Some(Self::Null),
            Expr::Bool(value) => Some(Self::Bool(value)),
            Expr::Int(value) => Some(Self::Int(value)),
            // JSON has no other floats.
            Expr::Float(value) if value.is_finite() => Some(Self::Float(value)),
            Expr::Str(text) => Some(Self::Text(program[text].to_owned())),
            Expr::Some(inner) | Expr::ToValue(inner) => Self::of(program, function, inner),
            Expr::List(items) => {
                let items = function[items].iter();
                let items = items.map(|item| Self::of(program, function, *item));
                items.collect::<Option<_>>().map(Self::List)
            }
            Expr::Map(entries) => {
                let pairs = function[entries].chunks_exact(2).map(|pair| {
                    let Some(Self::Text(key)) = Self::of(program, function, pair[0]) else {
                        return None;
                    };
                    Some((key, Self::of(program, function, pair[1])?))
                });
                pairs.collect::<Option<_>>().map(Self::Map)
            }
            Expr::Variant {
                enumeration,
                variant,
                payload,
                ..
            } if payload.is_empty() => {
                let name = program[enumeration].variants[variant as usize].name;
                Some(Self::Variant(program[name].to_owned()))
            }
            _ => None,
        }
    }
}
