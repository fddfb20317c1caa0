//! Calls, function values, tasks and transactions.

use fuse_builtins::{BuiltinId, MemberId};
use fuse_check::canon::{ConfigId, ExprId, Exprs, FunctionId, JoinMode, LocalId, PlaceId, TypeId};
use fuse_runtime::builtin::{self, Call};
use fuse_runtime::heap::Ref;
use fuse_runtime::meta::FnId;
use fuse_runtime::{Value, task};

use crate::frame::{Eval, Exit};
use crate::machine::{Machine, call_object, invoke, mismatch};

impl<const COUNTED: bool> Machine<'_, COUNTED> {
    pub(crate) fn config(&mut self, config: ConfigId, field: u32) -> Eval {
        Ok(self.ctx.runtime().config(config.index(), field as usize)?)
    }

    pub(crate) fn call(&mut self, function: FunctionId, args: Exprs) -> Eval {
        let mut args = self.evals(args)?;
        Ok(invoke::<COUNTED>(
            self.parts,
            self.ctx,
            function,
            &mut args,
            std::iter::empty(),
        )?)
    }

    pub(crate) fn call_value(&mut self, callee: ExprId, args: Exprs) -> Eval {
        let callee = self.eval(callee)?;
        let mut args = self.evals(args)?;
        let function = callee
            .as_obj()
            .ok_or_else(|| mismatch("a function", &callee))?;
        Ok(call_object::<COUNTED>(
            self.parts, self.ctx, function, &mut args,
        )?)
    }

    pub(crate) fn call_builtin(
        &mut self,
        id: ExprId,
        row: BuiltinId,
        type_arg: Option<TypeId>,
        args: Exprs,
    ) -> Eval {
        let mut args = self.evals(args)?;
        let mut call = Call {
            result: self.desc_of(id),
            type_arg: type_arg.map(|ty| self.parts.desc(ty)),
            args: &mut args,
            ctx: self.ctx,
            caller: Some(self.frame.caller()),
        };
        Ok(builtin::call(row, &mut call)?)
    }

    pub(crate) fn call_member(
        &mut self,
        id: ExprId,
        row: MemberId,
        type_arg: Option<TypeId>,
        receiver: ExprId,
        args: Exprs,
    ) -> Eval {
        let mut all = vec![self.eval(receiver)?];
        all.extend(self.evals(args)?);
        let mut call = Call {
            result: self.desc_of(id),
            type_arg: type_arg.map(|ty| self.parts.desc(ty)),
            args: &mut all,
            ctx: self.ctx,
            caller: Some(self.frame.caller()),
        };
        Ok(builtin::call_member(row, &mut call)?)
    }

    pub(crate) fn call_place_member(
        &mut self,
        id: ExprId,
        row: MemberId,
        place: PlaceId,
        args: Exprs,
    ) -> Eval {
        let result = self.desc_of(id);
        let caller = self.frame.caller();
        self.change_place(
            place,
            |machine| machine.evals(args),
            |ctx, receiver, args| {
                let mut all = vec![receiver.take()];
                all.extend(args);
                let mut call = Call {
                    ctx,
                    args: &mut all,
                    result,
                    type_arg: None,
                    caller: Some(caller),
                };
                let value = builtin::call_member(row, &mut call);
                // Changed or not, it goes back where it was.
                *receiver = all.swap_remove(0);
                value
            },
        )
    }

    pub(crate) fn closure(&mut self, id: ExprId, function: FunctionId, captures: Exprs) -> Eval {
        let captures = self.evals(captures)?;
        let code = function.index() as u64;
        Ok(Value::Ref(Ref::new_func(self.desc_of(id), code, captures)))
    }

    pub(crate) fn spawn(&mut self, id: ExprId, function: FunctionId, captures: Exprs) -> Eval {
        let captures = self.evals(captures)?;
        // A program has fewer functions than its ids can count.
        let function = FnId(u32::try_from(function.index()).unwrap_or(u32::MAX));
        Ok(task::spawn(self.ctx, self.desc_of(id), function, captures)?)
    }

    pub(crate) fn await_task(&mut self, task: ExprId) -> Eval {
        let handle = self.eval(task)?;
        Ok(task::await_task(self.ctx, &handle)?)
    }

    pub(crate) fn join(&mut self, local: LocalId, mode: JoinMode) -> Eval {
        let handle = self.frame.local(local).clone();
        // A variable whose `spawn` was never reached holds no task.
        if handle.as_obj().is_none() {
            return Ok(if mode == JoinMode::Raises {
                Value::Null
            } else {
                Value::Unit
            });
        }
        let ended = task::join(self.ctx, &handle)?;
        match mode {
            JoinMode::Drop => Ok(Value::Unit),
            JoinMode::Faults => {
                ended.transpose()?;
                Ok(Value::Unit)
            }
            JoinMode::Raises => {
                let ended = ended.transpose()?;
                let failure = ended.as_ref().and_then(Value::as_obj);
                let failure = failure.filter(|result| result.tag() == fuse_runtime::heap::ERR);
                Ok(failure.map_or(Value::Null, |result| result.field(0).to_value()))
            }
        }
    }

    pub(crate) fn transaction(&mut self, body: ExprId) -> Eval {
        fuse_runtime::db::begin(self.ctx)?;
        match self.eval(body) {
            Ok(value) => {
                fuse_runtime::db::commit(self.ctx)?;
                Ok(value)
            }
            Err(exit) => {
                // Undone first; then what left the block goes on unchanged.
                fuse_runtime::db::rollback(self.ctx);
                Err::<Value, Exit>(exit)
            }
        }
    }
}
