//! `if` and `match`, as statements and as values.

use fuse_syntax::ast;

use super::Body;
use crate::canon::{Arm, Expr, ExprId, Span, TypeId};
use crate::typed::{ArmRole, StmtRole};

/// What the branches of an `if` or the arms of a `match` are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// They run for their effects.
    Effects,
    /// They return from the function.
    Leave,
    /// They have a value of this type.
    Value(TypeId),
}

impl Body<'_, '_> {
    pub(super) fn if_stmt(&mut self, id: ast::IfId, role: StmtRole, span: Span) -> Option<ExprId> {
        let purpose = self.purpose(role, || BranchesOf::If(id));
        let value = self.branches(id, purpose, span);
        self.used(value, purpose, span)
    }

    pub(super) fn match_stmt(
        &mut self,
        id: ast::MatchId,
        role: StmtRole,
        span: Span,
    ) -> Option<ExprId> {
        let purpose = self.purpose(role, || BranchesOf::Match(id));
        let value = self.arms(id, purpose, span);
        self.used(value, purpose, span)
    }

    pub(super) fn if_value(&mut self, id: ast::IfId, ty: TypeId, span: Span) -> ExprId {
        self.branches(id, Use::Value(ty), span)
    }

    pub(super) fn match_value(&mut self, id: ast::MatchId, ty: TypeId, span: Span) -> ExprId {
        self.arms(id, Use::Value(ty), span)
    }

    fn used(&mut self, value: ExprId, purpose: Use, span: Span) -> Option<ExprId> {
        match purpose {
            Use::Value(_) if self.f.ty(value) != TypeId::NEVER => Some(value),
            _ => {
                self.push_value(value, span);
                None
            }
        }
    }

    fn purpose(&mut self, role: StmtRole, of: impl FnOnce() -> BranchesOf) -> Use {
        match role {
            StmtRole::Discard => Use::Effects,
            StmtRole::Return => Use::Leave,
            StmtRole::Yield => match self.branch_type(of()) {
                Some(ty) => Use::Value(ty),
                None => Use::Effects,
            },
        }
    }

    /// The type of the values that branches end in: all have been made to
    /// agree, so the first that has one says it.
    fn branch_type(&mut self, of: BranchesOf) -> Option<TypeId> {
        let blocks: Vec<ast::ArmBody> = match of {
            BranchesOf::If(id) => {
                let written = self.ast[id];
                let arms = self.ast[written.arms]
                    .iter()
                    .map(|arm| ast::ArmBody::Block(arm.body));
                arms.chain(written.otherwise.map(ast::ArmBody::Block))
                    .collect()
            }
            BranchesOf::Match(id) => {
                let written = self.ast[id];
                self.ast[written.arms].iter().map(|arm| arm.body).collect()
            }
        };
        blocks.into_iter().find_map(|body| self.body_type(body))
    }

    fn body_type(&mut self, body: ast::ArmBody) -> Option<TypeId> {
        let ty = match body {
            ast::ArmBody::Value(expr) => self.lowered_type(expr),
            ast::ArmBody::Block(block) => {
                let last = *self.ast[self.ast[block].stmts].last()?;
                if self.typed.role(last) != StmtRole::Yield {
                    return None;
                }
                match self.ast[last] {
                    ast::Stmt::Expr(expr) => self.lowered_type(expr),
                    ast::Stmt::If(id) => return self.branch_type(BranchesOf::If(id)),
                    ast::Stmt::Match(id) => return self.branch_type(BranchesOf::Match(id)),
                    ast::Stmt::Transaction(block) => {
                        return self.body_type(ast::ArmBody::Block(block));
                    }
                    _ => return None,
                }
            }
        };
        (ty != TypeId::NEVER).then_some(ty)
    }

    /// A block that is a branch.
    fn branch(&mut self, block: ast::BlockId, purpose: Use) -> ExprId {
        let ty = match purpose {
            Use::Effects | Use::Leave => None,
            Use::Value(ty) => Some(ty),
        };
        self.maybe(|body| body.block(block, ty))
    }

    fn branches(&mut self, id: ast::IfId, purpose: Use, span: Span) -> ExprId {
        let written = self.ast[id];
        let mut arms = Vec::new();
        let mut conditional = 0;
        for arm in &self.ast[written.arms] {
            let condition = self.condition(arm.cond);
            let then = self.branch(arm.body, purpose);
            arms.push((condition, then));
            // Later conditions are evaluated only if this one does not hold.
            self.conditional += 1;
            conditional += 1;
        }
        let mut value = match written.otherwise {
            Some(block) => self.branch(block, purpose),
            None => {
                let unit = self.unit(span);
                match purpose {
                    Use::Value(ty) => self.adjust(unit, ty, span),
                    Use::Effects | Use::Leave => unit,
                }
            }
        };
        self.conditional -= conditional;
        for (condition, then) in arms.into_iter().rev() {
            value = self.if_else(condition, then, value, span);
        }
        value
    }

    fn arms(&mut self, id: ast::MatchId, purpose: Use, span: Span) -> ExprId {
        let written = self.ast[id];
        let subject = self.expr(written.subject);
        let subject_ty = self.f.ty(subject);
        let start = written.arms.indices().start;
        let mut arms = Vec::new();
        let mut ty = TypeId::NEVER;
        for (index, arm) in self.ast[written.arms].iter().enumerate() {
            let pattern = self.pattern(arm.pat, subject_ty);
            let body = match arm.body {
                ast::ArmBody::Block(block) => self.branch(block, purpose),
                ast::ArmBody::Value(value) => {
                    let role = self.typed.arm_role(start + index);
                    self.maybe(|body| body.arm_value(value, role, purpose))
                }
            };
            if ty == TypeId::NEVER {
                ty = self.f.ty(body);
            }
            arms.push(Arm { pattern, body });
        }
        let arms = self.f.run(&arms);
        self.e(Expr::Match { subject, arms }, ty, span)
    }

    /// `-> value`.
    fn arm_value(&mut self, value: ast::ExprId, role: ArmRole, purpose: Use) -> ExprId {
        let span = self.span(value);
        match (role, purpose) {
            (ArmRole::Yield, Use::Value(ty)) => {
                let value = self.expr(value);
                self.adjust(value, ty, span)
            }
            (ArmRole::Return, _) => self.with_block(span, |body| {
                let value = body.expr(value);
                body.return_value(value, span);
                body.unreachable(span)
            }),
            _ => self.with_block(span, |body| {
                let value = body.expr(value);
                let ends = body.f.ty(value) == TypeId::NEVER;
                body.push_value(value, span);
                if ends {
                    body.unreachable(span)
                } else {
                    body.unit(span)
                }
            }),
        }
    }
}

/// What has branches.
#[derive(Clone, Copy, Debug)]
enum BranchesOf {
    If(ast::IfId),
    Match(ast::MatchId),
}
