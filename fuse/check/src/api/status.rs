//! Whether a handler always says which status it answers with.

use std::collections::HashMap;

use fuse_builtins::BuiltinId;

use crate::canon::{
    Expr, ExprId, Function, FunctionId, Program, Stmt, StmtId, Visitor, walk_expr, walk_stmt,
};

/// Whether every success of a handler has set its status: otherwise it may
/// answer 200. What cannot be told counts as a way that sets none.
pub(super) fn is_always_set(program: &Program, handler: FunctionId) -> bool {
    always_set(program, handler, true, &mut HashMap::new())
}

/// The failures of the handler choose a status themselves. Elsewhere a caller
/// may turn a failure into a success.
fn always_set(
    program: &Program,
    id: FunctionId,
    excuses_failures: bool,
    known: &mut HashMap<FunctionId, bool>,
) -> bool {
    if let Some(known) = known.get(&id) {
        return *known;
    }
    // For calls of itself.
    known.insert(id, false);
    let function = &program[id];
    let mut flow = Flow {
        program,
        known,
        excuses_failures,
        state: Some(false),
        all_set: true,
    };
    flow.exit(function, function.body);
    let all_set = flow.all_set;
    known.insert(id, all_set);
    all_set
}

/// A walk along the ways through a body.
struct Flow<'a> {
    program: &'a Program,
    known: &'a mut HashMap<FunctionId, bool>,
    excuses_failures: bool,
    /// Whether the status is set on every way to here; `None` where no way
    /// leads.
    state: Option<bool>,
    /// Whether it was set at every exit so far.
    all_set: bool,
}

impl Flow<'_> {
    /// The function ends with the value of this expression.
    fn exit(&mut self, function: &Function, value: ExprId) {
        if self.chooses(function, value, |flow, branch| flow.exit(function, branch)) {
            self.state = None;
            return;
        }
        match function[value] {
            Expr::Block { stmts, value } => {
                for stmt in function[stmts].iter().copied() {
                    self.stmt(function, stmt);
                }
                self.exit(function, value);
            }
            Expr::Err(_) if self.excuses_failures => {}
            _ => {
                self.expr(function, value);
                self.all_set &= self.state != Some(false);
            }
        }
        self.state = None;
    }

    /// Walks along the branches of an expression that chooses between some;
    /// whether it is one.
    fn chooses(
        &mut self,
        function: &Function,
        id: ExprId,
        walk: impl FnMut(&mut Self, ExprId),
    ) -> bool {
        match function[id] {
            Expr::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(function, condition);
                self.branches([then, otherwise], walk);
            }
            Expr::Match { subject, arms } => {
                self.expr(function, subject);
                self.branches(function[arms].iter().map(|arm| arm.body), walk);
            }
            _ => return false,
        }
        true
    }

    /// Every branch begins here; after them it is set if each of them set it.
    fn branches(
        &mut self,
        branches: impl IntoIterator<Item = ExprId>,
        mut walk: impl FnMut(&mut Self, ExprId),
    ) {
        let before = self.state;
        let mut after = None;
        for branch in branches {
            self.state = before;
            walk(self, branch);
            after = match (after, self.state) {
                (Some(one), Some(other)) => Some(one && other),
                (one, other) => one.or(other),
            };
        }
        self.state = after;
    }

    fn set(&mut self) {
        self.state = self.state.map(|_| true);
    }
}

impl Visitor for Flow<'_> {
    fn expr(&mut self, function: &Function, id: ExprId) {
        if self.chooses(function, id, |flow, branch| flow.expr(function, branch)) {
            return;
        }
        match function[id] {
            Expr::Unreachable => self.state = None,
            Expr::CallBuiltin {
                builtin: BuiltinId::ResponseStatus | BuiltinId::ResponseRedirect,
                ..
            } => {
                walk_expr(self, function, id);
                self.set();
            }
            Expr::Call {
                function: callee, ..
            } => {
                walk_expr(self, function, id);
                if self.state == Some(false) && always_set(self.program, callee, false, self.known)
                {
                    self.set();
                }
            }
            // An element may not be there to be converted.
            Expr::ConvertList { list: one, .. } | Expr::ConvertMap { map: one, .. } => {
                self.expr(function, one);
            }
            _ => walk_expr(self, function, id),
        }
    }

    fn stmt(&mut self, function: &Function, id: StmtId) {
        match function[id] {
            Stmt::Return(value) => self.exit(function, value),
            Stmt::Break | Stmt::Continue => self.state = None,
            // What is set in a round may not be set at all. A round that is left
            // early comes out here too.
            Stmt::While { .. } | Stmt::For { .. } => {
                let before = self.state;
                walk_stmt(self, function, id);
                self.state = before;
            }
            _ => walk_stmt(self, function, id),
        }
    }
}
