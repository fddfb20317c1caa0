//! Blocks: where control goes, and which value a block has.

use fuse_syntax::ast::{ArmBody, Block, BlockId, Expr, ExprId, If, Match, Stmt, StmtId};
use fuse_syntax::{Code, Diagnostic};

use super::Checker;
use super::frames::BodyKind;
use crate::relate::Slot;
use crate::typed::StmtRole;
use crate::types::{Ty, TyKind};

/// What the last statement of a block is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tail {
    /// Its value is dropped.
    Discard,
    /// Its value is the result of the body.
    Return,
    /// Its value is that of the block; see [`Yields`].
    Yield,
}

/// Where control goes after a statement or block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flow {
    /// To what follows.
    Falls,
    /// The block has its value.
    Value,
    /// Never to what follows.
    Diverges,
    /// Unknown, because of a syntax error.
    Damaged,
}

impl Flow {
    /// Where control goes after one of two branches.
    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Falls, _) | (_, Self::Falls) => Self::Falls,
            (Self::Value, _) | (_, Self::Value) => Self::Value,
            (Self::Damaged, _) | (_, Self::Damaged) => Self::Damaged,
            _ => Self::Diverges,
        }
    }
}

/// The values a block that has one can end in.
#[derive(Clone, Debug, Default)]
pub(super) struct Yields {
    /// The type each must have, if the context says so.
    pub(super) target: Option<Ty>,
    pub(super) values: Vec<(ExprId, Ty)>,
}

impl Checker<'_> {
    /// Checks a block in a scope of its own.
    pub(super) fn block(&mut self, id: BlockId, tail: Tail) -> Flow {
        self.open_scope();
        let flow = self.stmts(self.ast[id], tail);
        self.close_scope();
        flow
    }

    fn stmts(&mut self, block: Block, tail: Tail) -> Flow {
        let ast = self.ast;
        let stmts = &ast[block.stmts];
        let mut flow = if stmts.is_empty() {
            Flow::Damaged
        } else {
            Flow::Falls
        };
        let mut warned = false;
        for (index, &stmt) in stmts.iter().enumerate() {
            if flow == Flow::Diverges && !warned {
                warned = true;
                self.report(Diagnostic::new(
                    Code::UNREACHABLE,
                    ast.span(stmt),
                    "unreachable code",
                ));
            }
            let last = index + 1 == stmts.len();
            let after = self.stmt(stmt, if last { tail } else { Tail::Discard });
            if !matches!(flow, Flow::Diverges | Flow::Damaged) {
                flow = after;
            }
        }
        flow
    }

    /// An expression as the last statement of a block that has a value.
    pub(super) fn tail_value(&mut self, stmt: StmtId, value: ExprId, tail: Tail) -> Flow {
        match tail {
            Tail::Discard => return self.dropped(value),
            Tail::Return => {
                self.out.set_role(stmt, StmtRole::Return);
                self.result_value(value);
            }
            Tail::Yield => {
                self.out.set_role(stmt, StmtRole::Yield);
                self.yielded(value);
            }
        }
        if self.out.ty(value) == Ty::NEVER {
            Flow::Diverges
        } else {
            Flow::Value
        }
    }

    /// A value that the body returns.
    pub(super) fn result_value(&mut self, value: ExprId) {
        let result = self.body.result;
        if self.body.kind == BodyKind::Component {
            let mark = self.sink.mark();
            let ty = self.value(value, super::Want::of(result));
            if ty != Ty::HTML
                && !ty.is_invalid()
                && ty != Ty::NEVER
                && !self.sink.reported_since(mark)
            {
                self.component_result(ty);
            }
            return;
        }
        if let Expr::Spawn(_) = self.ast[value] {
            self.expr(value, super::Want::NOTHING);
            self.spawn_escapes(value);
            return;
        }
        self.check(value, result, Slot::Plain);
    }

    fn component_result(&mut self, ty: Ty) {
        if self.body.result_reported {
            return;
        }
        self.body.result_reported = true;
        let message = format!("component must return `Html`, found `{}`", self.shown(ty));
        self.error(Code::COMPONENT_RETURN, self.at(self.body.range), message);
    }

    /// A value that the innermost block with a value ends in.
    pub(super) fn yielded(&mut self, value: ExprId) {
        let target = self.yields.last().and_then(|yields| yields.target);
        if let Expr::Spawn(_) = self.ast[value] {
            self.expr(value, super::Want::NOTHING);
            self.spawn_escapes(value);
            return;
        }
        match target {
            Some(target) => {
                self.check(value, target, Slot::Plain);
            }
            None => {
                let ty = self.value(value, super::Want::NOTHING);
                if let Some(yields) = self.yields.last_mut() {
                    yields.values.push((value, ty));
                }
            }
        }
    }

    /// The body of a function, method, route, component, app, migration or
    /// test.
    pub(super) fn body_block(&mut self, block: BlockId) {
        self.body.block = self.ast.range(block);
        let success = match self.types.kind(self.body.result) {
            TyKind::Result(ok, _) => ok,
            _ => self.body.result,
        };
        if success == Ty::UNIT {
            self.block(block, Tail::Discard);
            return;
        }
        let flow = self.block(block, Tail::Return);
        if flow != Flow::Falls || self.body.result.is_invalid() {
            return;
        }
        if self.body.kind == BodyKind::Component {
            self.component_result(Ty::UNIT);
            return;
        }
        let name = match (self.body.kind, self.body.name) {
            (BodyKind::Route, _) | (_, None) => "the route".to_owned(),
            (_, Some(name)) => format!("`{}`", self.text(name)),
        };
        let result = self.shown(self.body.result).to_string();
        let message = format!("{name} may finish without returning `{result}`");
        let span = self.at(self.body.range);
        self.report(
            Diagnostic::new(Code::MISSING_RETURN, span, message)
                .hint("end every path in a value or a `return`"),
        );
    }

    /// Whether the last statement of a block gives it a value on every path,
    /// going by shape alone.
    fn ends_in_value(&self, block: BlockId) -> bool {
        let Some(&last) = self.ast[self.ast[block].stmts].last() else {
            return true;
        };
        match self.ast[last] {
            Stmt::Error | Stmt::Expr(_) | Stmt::Return(_) | Stmt::Break | Stmt::Continue => true,
            Stmt::If(id) => self.if_has_value(&self.ast[id]),
            Stmt::Match(id) => self.match_has_value(&self.ast[id]),
            Stmt::While { cond, .. } => {
                matches!(self.ast[self.ast.unparenthesized(cond)], Expr::Bool(true))
            }
            Stmt::Let { .. } | Stmt::Assign { .. } | Stmt::For { .. } | Stmt::Transaction(_) => {
                self.raises(block)
            }
        }
    }

    /// Whether a block has a statement that only raises.
    fn raises(&self, block: BlockId) -> bool {
        let raising = |stmt: &StmtId| match self.ast[*stmt] {
            Stmt::Return(_) => true,
            Stmt::Expr(value) => match self.ast[self.ast.unparenthesized(value)] {
                Expr::Bang {
                    value,
                    error: Some(_),
                } => {
                    matches!(self.ast[self.ast.unparenthesized(value)], Expr::Null)
                }
                _ => false,
            },
            _ => false,
        };
        self.ast[self.ast[block].stmts].iter().any(raising)
    }

    /// Whether an `if` gives its block a value.
    pub(super) fn if_has_value(&self, node: &If) -> bool {
        let Some(otherwise) = node.otherwise else {
            return false;
        };
        self.ast[node.arms]
            .iter()
            .all(|arm| self.ends_in_value(arm.body))
            && self.ends_in_value(otherwise)
    }

    /// Whether a `match` gives its block a value.
    pub(super) fn match_has_value(&self, node: &Match) -> bool {
        self.ast[node.arms].iter().all(|arm| match arm.body {
            ArmBody::Value(_) => true,
            ArmBody::Block(block) => self.ends_in_value(block),
        })
    }
}
