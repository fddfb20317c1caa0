//! Where control goes.

use super::{
    expr::{Expr, Stmts},
    function::Function,
    ids::{StmtId, TypeId},
    stmt::Stmt,
    walk::{Visitor, walk_stmt},
};

impl Function {
    /// Whether control never gets past a statement: it leaves the function or
    /// a loop, an expression in it never has a value, or it loops forever.
    #[must_use]
    pub fn never_passes(&self, stmt: StmtId) -> bool {
        match self[stmt] {
            Stmt::Break | Stmt::Continue | Stmt::Return(_) => true,
            Stmt::Let { value, .. } | Stmt::Expr(value) | Stmt::Assign { value, .. } => {
                self.ty(value) == TypeId::NEVER
            }
            Stmt::While { condition, body } => {
                matches!(self[condition], Expr::Bool(true)) && !self.has_break(body)
            }
            Stmt::For { .. } | Stmt::Append { .. } => false,
        }
    }

    /// Whether the body of a loop has a break that leaves that loop.
    fn has_break(&self, body: Stmts) -> bool {
        let mut find = FindBreak(false);
        for stmt in &self[body] {
            find.stmt(self, *stmt);
        }
        find.0
    }
}

struct FindBreak(bool);

impl Visitor for FindBreak {
    fn stmt(&mut self, function: &Function, id: StmtId) {
        match function[id] {
            Stmt::Break => self.0 = true,
            // A break in there leaves the inner loop.
            Stmt::While { .. } | Stmt::For { .. } => {}
            _ => walk_stmt(self, function, id),
        }
    }
}
