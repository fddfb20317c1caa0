//! Statements.

use fuse_check::canon::{Spread, Stmt, StmtId, Stmts};
use fuse_runtime::Value;
use fuse_runtime::html;

use crate::frame::{Eval, Exit};
use crate::machine::{Machine, mismatch};

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    /// Runs statements in order.
    pub(crate) fn stmts(&mut self, stmts: Stmts) -> Eval<()> {
        let function = self.frame.function;
        function[stmts].iter().try_for_each(|stmt| self.stmt(*stmt))
    }

    fn stmt(&mut self, id: StmtId) -> Eval<()> {
        if COUNTED && let Some(counts) = &self.parts.counts {
            counts.count_stmt(self.frame.id, id);
        }
        let function = self.frame.function;
        let result = self.run_stmt(function[id]);
        match result {
            Err(Exit::Fault(fault)) => {
                let span = function.stmt_span(id);
                self.frame.failed_at.get_or_insert(span);
                Err(Exit::Fault(fault.at(self.parts.place(function, span))))
            }
            other => other,
        }
    }

    fn run_stmt(&mut self, stmt: Stmt) -> Eval<()> {
        match stmt {
            Stmt::Let { local, value } => {
                let value = self.eval(value)?;
                self.frame.set(local, value);
                Ok(())
            }
            Stmt::Assign { place, value } => {
                let value = self.eval(value)?;
                self.assign(place, value)
            }
            Stmt::Expr(value) => self.eval(value).map(drop),
            Stmt::While { condition, body } => {
                while self.truth(condition)? {
                    if self.turn(body)?.is_break() {
                        break;
                    }
                }
                Ok(())
            }
            Stmt::For {
                source,
                index,
                item,
                body,
            } => self.iterate(source, index, item, body),
            Stmt::Append {
                list,
                value,
                spread,
            } => {
                let value = self.eval(value)?;
                self.append(list, value, spread)
            }
            Stmt::Break => Err(Exit::Break),
            Stmt::Continue => Err(Exit::Continue),
            Stmt::Return(value) => Err(Exit::Return(self.eval(value)?)),
        }
    }

    /// One turn of a loop. The back edge is where work can be interrupted.
    pub(crate) fn turn(&mut self, body: Stmts) -> Eval<std::ops::ControlFlow<()>> {
        match self.stmts(body) {
            Ok(()) | Err(Exit::Continue) => {
                self.ctx.check()?;
                Ok(std::ops::ControlFlow::Continue(()))
            }
            Err(Exit::Break) => Ok(std::ops::ControlFlow::Break(())),
            Err(exit) => Err(exit),
        }
    }

    fn append(
        &mut self,
        list: fuse_check::canon::LocalId,
        value: Value,
        spread: Spread,
    ) -> Eval<()> {
        let Value::Ref(children) = &mut self.frame.locals[list.index()] else {
            return Err(mismatch("a list", &value));
        };
        let mut children = children.list_mut();
        if spread == Spread::Node {
            children.push(value);
            return Ok(());
        }
        let object = value.as_obj().ok_or_else(|| mismatch("a list", &value))?;
        for element in object.list().iter() {
            let element = element.to_value();
            children.push(if spread == Spread::Texts {
                html::text(element)
            } else {
                element
            });
        }
        Ok(())
    }
}
