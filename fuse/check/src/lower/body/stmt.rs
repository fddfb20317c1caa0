//! Statements and blocks.

use fuse_syntax::ast;

use super::Body;
use crate::canon::{Expr, ExprId, Span, Stmt, Type, TypeId};
use crate::lower::span as source_span;
use crate::typed::{Resolution, StmtRole};

impl Body<'_, '_> {
    /// The statements of a block, and the value it has, if it has one. Tasks
    /// of the block are not ended yet.
    pub(super) fn stmts(&mut self, block: ast::BlockId) -> Option<ExprId> {
        let stmts = &self.ast[self.ast[block].stmts];
        let mut value = None;
        for stmt in stmts {
            value = self.stmt(*stmt);
            if self.passed() {
                return None;
            }
        }
        value
    }

    /// A block as an expression of its value, which is of a type; of no value
    /// where nothing wants one.
    pub(super) fn block(&mut self, block: ast::BlockId, ty: Option<TypeId>) -> ExprId {
        let span = source_span(self.ast.range(block));
        self.depth += 1;
        let depth = self.depth;
        self.out.push(Vec::new());
        let value = self.stmts(block);
        let value = if self.passed() {
            self.unreachable(span)
        } else {
            let value = match (value, ty) {
                (Some(value), Some(ty)) => self.adjust(value, ty, span),
                (Some(value), None) => {
                    self.push_value(value, span);
                    self.unit(span)
                }
                (None, Some(ty)) => {
                    let unit = self.unit(span);
                    self.adjust(unit, ty, span)
                }
                (None, None) => self.unit(span),
            };
            self.leave_with(value, depth, span)
        };
        self.close_tasks(depth);
        self.depth -= 1;
        self.close_block(value, span)
    }

    /// A statement; its value, when that is the value of the block.
    fn stmt(&mut self, stmt: ast::StmtId) -> Option<ExprId> {
        let span = source_span(self.ast.range(stmt));
        let role = self.typed.role(stmt);
        match self.ast[stmt] {
            ast::Stmt::Error => {}
            ast::Stmt::Let { value, .. } => self.let_stmt(stmt, value, span),
            ast::Stmt::Assign { place, op, value } => self.assign(stmt, place, op, value, span),
            ast::Stmt::Return(value) => {
                let value = match value {
                    Some(value) => self.expr(value),
                    None => self.unit(span),
                };
                self.return_value(value, span);
            }
            ast::Stmt::If(id) => return self.if_stmt(id, role, span),
            ast::Stmt::Match(id) => return self.match_stmt(id, role, span),
            ast::Stmt::For {
                pat,
                second,
                iter,
                body,
            } => {
                self.for_stmt(pat, second, iter, span, |inner| inner.loop_body(body));
            }
            ast::Stmt::While { cond, body } => self.while_stmt(cond, body, span),
            ast::Stmt::Transaction(block) => return self.transaction_stmt(block, role, span),
            ast::Stmt::Break => self.leave_loop(Stmt::Break, span),
            ast::Stmt::Continue => self.leave_loop(Stmt::Continue, span),
            ast::Stmt::Expr(expr) => {
                let value = self.expr(expr);
                return self.statement_value(value, role, span);
            }
        }
        None
    }

    /// What becomes of the value of a statement.
    fn statement_value(&mut self, value: ExprId, role: StmtRole, span: Span) -> Option<ExprId> {
        match role {
            StmtRole::Discard => self.push_value(value, span),
            StmtRole::Return => self.return_value(value, span),
            StmtRole::Yield => {
                if self.f.ty(value) == TypeId::NEVER {
                    self.push_value(value, span);
                } else {
                    return Some(value);
                }
            }
        }
        None
    }

    /// Leaves the function with a value.
    pub(super) fn return_value(&mut self, value: ExprId, span: Span) {
        if self.f.ty(value) == TypeId::NEVER {
            self.push_value(value, span);
            return;
        }
        let result = self.f.result;
        let value = self.adjust(value, result, span);
        let value = self.flat(value);
        if self.passed() {
            return;
        }
        let value = self.leave_with(value, 0, span);
        self.push(Stmt::Return(value), span);
    }

    fn let_stmt(&mut self, stmt: ast::StmtId, value: ast::ExprId, span: Span) {
        let value = self.expr(value);
        let Some(local) = self.typed.local_of(stmt) else {
            self.push_value(value, span);
            return;
        };
        let local = self.declare(local);
        let ty = self.f[local].ty;
        let value = self.adjust(value, ty, span);
        let value = self.flat(value);
        if !self.passed() {
            self.push(Stmt::Let { local, value }, span);
            self.task_bound(local);
        }
    }

    fn assign(
        &mut self,
        stmt: ast::StmtId,
        target: ast::ExprId,
        op: ast::AssignOp,
        value: ast::ExprId,
        span: Span,
    ) {
        match (binary(op), self.typed.compound(stmt)) {
            (Some(op), Some(kind)) => self.assign_combined(target, kind, op, value, span),
            (Some(_), None) => {}
            (None, _) if op == ast::AssignOp::Coalesce => self.assign_missing(target, value, span),
            (None, _) => self.assign_plain(target, value, span),
        }
    }

    fn assign_plain(&mut self, target: ast::ExprId, value: ast::ExprId, span: Span) {
        let path = self.field_path(target);
        let stored = match path {
            Some(path) => self.expr_for_field(value, path),
            None => self.expr(value),
        };
        let (place, ty) = self.place(target);
        let stored = self.adjust(stored, ty, span);
        self.push(
            Stmt::Assign {
                place,
                value: stored,
            },
            span,
        );
        if self.f[place].steps.is_empty() {
            self.task_bound(self.f[place].local);
        }
    }

    /// What a failed validation of a stored field is called, such as
    /// `User.name`.
    pub(super) fn field_path(&mut self, target: ast::ExprId) -> Option<crate::canon::StrId> {
        let target = self.ast.unparenthesized(target);
        let Some(Resolution::Field(record, field)) = self.typed.resolution(target).copied() else {
            return None;
        };
        let declared = self.lower.decls.record(record);
        let field = self.lower.text(declared.fields[field as usize].name);
        let record = self.lower.record(record);
        let record = self.lower.program[record].name;
        let path = format!("{}.{field}", &self.lower.program[record]);
        Some(self.intern(&path))
    }

    // Transactions.

    fn transaction_stmt(
        &mut self,
        block: ast::BlockId,
        role: StmtRole,
        span: Span,
    ) -> Option<ExprId> {
        let ty = match role {
            StmtRole::Discard => None,
            StmtRole::Return | StmtRole::Yield => self.yielded_type(block),
        };
        let value = self.transaction(block, ty, span);
        self.statement_value(value, role, span)
    }

    /// The type of the value that the last statement of a block gives.
    fn yielded_type(&mut self, block: ast::BlockId) -> Option<TypeId> {
        let last = *self.ast[self.ast[block].stmts].last()?;
        match self.ast[last] {
            ast::Stmt::Expr(expr) => Some(self.lowered_type(expr)),
            _ => None,
        }
    }

    pub(super) fn transaction(
        &mut self,
        block: ast::BlockId,
        ty: Option<TypeId>,
        span: Span,
    ) -> ExprId {
        let inner = self.block(block, ty);
        let ty = self.f.ty(inner);
        self.e(Expr::Transaction(inner), ty, span)
    }

    // Loops.

    fn leave_loop(&mut self, leave: Stmt, span: Span) {
        // Tasks of the loop's own block and of those inside it end here.
        if let Some(depth) = self.loops.last().copied() {
            self.join_scope(depth);
        }
        self.push(leave, span);
    }

    fn while_stmt(&mut self, cond: ast::ExprId, body: ast::BlockId, span: Span) {
        let condition = self.condition(cond);
        let body = self.turn(|inner| inner.loop_body(body));
        self.push(Stmt::While { condition, body }, span);
    }

    /// The statements of one turn of a loop.
    fn turn(&mut self, make: impl FnOnce(&mut Self)) -> crate::canon::Stmts {
        self.depth += 1;
        self.loops.push(self.depth);
        self.out.push(Vec::new());
        self.maybe(make);
        let depth = self.depth;
        if !self.passed() {
            self.join_scope(depth);
        }
        self.close_tasks(depth);
        self.loops.pop();
        self.depth -= 1;
        let stmts = self.out.pop().unwrap_or_default();
        self.f.run(&stmts)
    }

    fn loop_body(&mut self, block: ast::BlockId) {
        let span = source_span(self.ast.range(block));
        if let Some(value) = self.stmts(block) {
            self.push_value(value, span);
        }
    }

    /// A loop over a list, map, range or dynamic value; `turn` makes what is
    /// done for each element.
    pub(super) fn for_stmt(
        &mut self,
        pat: ast::PatternId,
        second: Option<ast::PatternId>,
        iter: ast::ExprId,
        span: Span,
        turn: impl FnOnce(&mut Self),
    ) {
        let (source, index_ty, item_ty) = self.source(iter, span);
        let (index_pat, item_pat) = match second {
            Some(second) => (Some(pat), second),
            None => (None, pat),
        };
        let mut index = None;
        let mut item = None;
        let stmts = self.turn(|body| {
            index = index_pat.map(|pat| body.loop_local(pat, index_ty, span));
            item = Some(body.loop_local(item_pat, item_ty, span));
            let mut parts = Vec::new();
            if let (Some(pat), Some(local)) = (index_pat, index) {
                parts.push((pat, local));
            }
            if let Some(local) = item {
                parts.push((item_pat, local));
            }
            body.taken_apart(&parts, span, turn);
        });
        let item = item.unwrap_or_else(|| self.hidden(item_ty, span));
        self.push(
            Stmt::For {
                source,
                index,
                item,
                body: stmts,
            },
            span,
        );
    }

    fn source(&mut self, iter: ast::ExprId, span: Span) -> (crate::canon::Source, TypeId, TypeId) {
        use crate::canon::Source;
        use crate::typed::BinaryKind;
        let inner = self.ast.unparenthesized(iter);
        let plain = self.typed.coercion(iter) == crate::typed::CoercionId::NONE;
        if let (
            true,
            ast::Expr::Binary {
                op, left, right, ..
            },
        ) = (plain, self.ast[inner])
        {
            match self.typed.resolution(inner) {
                Some(Resolution::Binary(BinaryKind::IntRange)) => {
                    let from = self.range_bound(left, TypeId::INT);
                    let to = self.range_bound(right, TypeId::INT);
                    let source = match op {
                        ast::BinaryOp::RangeUntil => Source::IntsHalfOpen { from, to },
                        _ => Source::Ints { from, to },
                    };
                    return (source, TypeId::INT, TypeId::INT);
                }
                Some(Resolution::Binary(BinaryKind::FloatRange)) => {
                    let from = self.range_bound(left, TypeId::FLOAT);
                    let to = self.range_bound(right, TypeId::FLOAT);
                    return (Source::Floats { from, to }, TypeId::INT, TypeId::FLOAT);
                }
                _ => {}
            }
        }
        let value = self.expr(iter);
        match *self.base_shape(self.f.ty(value)) {
            Type::List(item) => (Source::List(value), TypeId::INT, item),
            Type::Map(key, item) => (Source::Map(value), key, item),
            _ => {
                let value = self.adjust(value, TypeId::VALUE, span);
                (Source::Value(value), TypeId::VALUE, TypeId::VALUE)
            }
        }
    }

    fn range_bound(&mut self, expr: ast::ExprId, ty: TypeId) -> ExprId {
        let span = self.span(expr);
        let value = self.expr(expr);
        self.adjust(value, ty, span)
    }
}

/// The operator of a compound assignment that combines.
fn binary(op: ast::AssignOp) -> Option<ast::BinaryOp> {
    match op {
        ast::AssignOp::Set | ast::AssignOp::Coalesce => None,
        ast::AssignOp::Add => Some(ast::BinaryOp::Add),
        ast::AssignOp::Sub => Some(ast::BinaryOp::Sub),
        ast::AssignOp::Mul => Some(ast::BinaryOp::Mul),
        ast::AssignOp::Div => Some(ast::BinaryOp::Div),
        ast::AssignOp::Rem => Some(ast::BinaryOp::Rem),
    }
}
