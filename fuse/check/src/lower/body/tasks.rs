//! Tasks: they never outlive the block they belong to.

use fuse_syntax::ast;

use super::{Body, Variable};
use crate::canon::{Expr, ExprId, JoinMode, LocalId, Span, Type, TypeId};
use crate::typed::Resolution;

/// A variable that holds a task.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskVar {
    local: LocalId,
    /// The block it belongs to.
    depth: u32,
    /// How many decisions were open where it was bound.
    conditional: u32,
    /// Whether it certainly was awaited.
    awaited: bool,
}

impl Body<'_, '_> {
    /// A variable was bound to a task.
    pub(super) fn task_bound(&mut self, local: LocalId) {
        if !matches!(self.shape(self.f[local].ty), Type::Task(_)) {
            return;
        }
        match self.tasks.iter_mut().find(|task| task.local == local) {
            Some(task) => task.awaited = false,
            None => self.tasks.push(TaskVar {
                local,
                depth: self.depth,
                conditional: self.conditional,
                awaited: false,
            }),
        }
    }

    /// `await task`.
    pub(super) fn await_task(&mut self, task: ast::ExprId, span: Span) -> ExprId {
        let value = self.expr(task);
        if let Some(Resolution::Local(local)) =
            self.typed.resolution(self.ast.unparenthesized(task))
            && let Some(Variable::Local(local)) = self.variables.get(local).copied()
        {
            let conditional = self.conditional;
            for task in &mut self.tasks {
                if task.local == local && task.conditional == conditional {
                    task.awaited = true;
                }
            }
        }
        let result = match *self.shape(self.f.ty(value)) {
            Type::Task(result) => result,
            _ => TypeId::NEVER,
        };
        let ended = self.e(Expr::Await(value), result, span);
        if self.raise.is_none() {
            return ended;
        }
        // An error raised inside the task is raised here again.
        self.with_block(span, |body| {
            let ended = body.temp(ended, span);
            let read = body.read(ended, span);
            let condition = body.e(Expr::IsErr(read), TypeId::BOOL, span);
            let error = body.unwrap_err(ended, span);
            let leave = body.raise(error, span);
            let value = body.unwrap_ok(ended, span);
            body.if_else(condition, leave, value, span)
        })
    }

    /// Whether tasks of blocks at least this deep may still run.
    pub(super) fn has_open_tasks(&self, depth: u32) -> bool {
        self.tasks
            .iter()
            .any(|task| task.depth >= depth && !task.awaited)
    }

    fn open_tasks(&self, depth: u32) -> Vec<LocalId> {
        let open = self
            .tasks
            .iter()
            .rev()
            .filter(|task| task.depth >= depth && !task.awaited);
        open.map(|task| task.local).collect()
    }

    /// Ends the tasks of this function; an error is being raised already.
    pub(super) fn drop_tasks(&mut self, span: Span) {
        for task in self.open_tasks(0) {
            let join = self.e(
                Expr::Join {
                    task,
                    mode: JoinMode::Drop,
                },
                TypeId::UNIT,
                span,
            );
            self.push_value(join, span);
        }
    }

    /// Ends the tasks of blocks at least this deep, which control is leaving.
    pub(super) fn join_scope(&mut self, depth: u32) {
        let span = self.f.span;
        for task in self.open_tasks(depth) {
            self.join(task, span);
        }
    }

    fn join(&mut self, task: LocalId, span: Span) {
        let inner = match *self.shape(self.f[task].ty) {
            Type::Task(inner) => inner,
            _ => TypeId::NEVER,
        };
        let raises = match *self.shape(inner) {
            Type::Result { error, .. } if self.raise.is_some() => Some(error),
            _ => None,
        };
        let Some(error) = raises else {
            let join = self.e(
                Expr::Join {
                    task,
                    mode: JoinMode::Faults,
                },
                TypeId::UNIT,
                span,
            );
            self.push_value(join, span);
            return;
        };
        let option = self.types().option(error);
        let join = self.e(
            Expr::Join {
                task,
                mode: JoinMode::Raises,
            },
            option,
            span,
        );
        let join = self.temp(join, span);
        let read = self.read(join, span);
        let condition = self.e(Expr::IsNull(read), TypeId::BOOL, span);
        let unit = self.unit(span);
        // The other tasks are ended by the raise; this one has ended.
        let joined = self.tasks.iter().position(|known| known.local == task);
        let before = joined.map(|at| std::mem::replace(&mut self.tasks[at].awaited, true));
        let error = self.unwrap(join, span);
        let leave = self.raise(error, span);
        if let (Some(at), Some(before)) = (joined, before) {
            self.tasks[at].awaited = before;
        }
        let test = self.if_else(condition, unit, leave, span);
        self.push_value(test, span);
    }

    /// A value that is there before the tasks of a scope are ended.
    pub(super) fn leave_with(&mut self, value: ExprId, depth: u32, span: Span) -> ExprId {
        if !self.has_open_tasks(depth) {
            return value;
        }
        let kept = self.temp(value, span);
        self.join_scope(depth);
        self.read(kept, span)
    }

    /// The tasks of blocks that are closed.
    pub(super) fn close_tasks(&mut self, depth: u32) {
        self.tasks.retain(|task| task.depth < depth);
    }
}
