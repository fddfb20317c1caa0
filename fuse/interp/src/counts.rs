//! How often each node of a program was evaluated.

use std::sync::atomic::{AtomicU64, Ordering};

use fuse_check::canon::{ExprId, FunctionId, Program, StmtId};

/// How often each expression and statement of a program was evaluated, in all
/// threads together.
///
/// A number says how often evaluation began, so a node that raised a fault
/// counts. Numbers wrap around after 2⁶⁴.
#[derive(Debug)]
pub struct Counts {
    /// For each function its expressions, and after them its statements.
    functions: Vec<Box<[AtomicU64]>>,
    /// How many of them are expressions.
    exprs: Vec<usize>,
}

impl Counts {
    /// Nothing has been evaluated yet.
    pub(crate) fn of(program: &Program) -> Self {
        let nodes = program.functions.iter().map(|function| {
            let nodes = function.expr_count() + function.stmt_count();
            (0..nodes).map(|_| AtomicU64::new(0)).collect()
        });
        let exprs = program.functions.iter();
        Self {
            functions: nodes.collect(),
            exprs: exprs.map(fuse_check::canon::Function::expr_count).collect(),
        }
    }

    /// How often an expression was evaluated. That of the body of a function is
    /// how often the function was called.
    #[must_use]
    pub fn expr(&self, function: FunctionId, expr: ExprId) -> u64 {
        self.read(function, expr.index())
    }

    /// How often a statement was run.
    #[must_use]
    pub fn stmt(&self, function: FunctionId, stmt: StmtId) -> u64 {
        self.read(function, self.exprs[function.index()] + stmt.index())
    }

    pub(crate) fn count_expr(&self, function: FunctionId, expr: ExprId) {
        self.count(function, expr.index());
    }

    pub(crate) fn count_stmt(&self, function: FunctionId, stmt: StmtId) {
        self.count(function, self.exprs[function.index()] + stmt.index());
    }

    fn read(&self, function: FunctionId, node: usize) -> u64 {
        // Nothing is read through these numbers, so nothing needs their order.
        self.functions[function.index()][node].load(Ordering::Relaxed)
    }

    fn count(&self, function: FunctionId, node: usize) {
        self.functions[function.index()][node].fetch_add(1, Ordering::Relaxed);
    }
}
