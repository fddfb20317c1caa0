//! The way back from the runtime into the program.

use crate::context::Ctx;
use crate::fault::Outcome;
use crate::heap::Obj;
use crate::meta::FnId;
use crate::value::Value;

/// The code of a program, as a backend runs it: the interpreter walks it,
/// compiled code is called. One for all threads.
pub trait Code: Send + Sync {
    /// Calls a function of the program: an entry, a default, a predicate, a
    /// handler, or the block of a task, whose arguments are its captures. Takes
    /// the arguments out of `args`.
    ///
    /// # Errors
    ///
    /// The fault that ends the call.
    fn call(&self, ctx: &mut Ctx, function: FnId, args: &mut [Value]) -> Outcome<Value>;

    /// Calls a function value. Takes the arguments out of `args`.
    ///
    /// # Errors
    ///
    /// The fault that ends the call.
    fn call_value(&self, ctx: &mut Ctx, function: Obj<'_>, args: &mut [Value]) -> Outcome<Value>;

    /// Bytes of stack that the deepest allowed nesting of calls needs.
    fn stack_bytes(&self) -> usize {
        256 * 1024 * 1024
    }
}

/// The code of a program that has none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCode;

impl Code for NoCode {
    fn call(&self, _: &mut Ctx, function: FnId, _: &mut [Value]) -> Outcome<Value> {
        Err(crate::Fault::internal(format!(
            "there is no function {}",
            function.0
        )))
    }

    fn call_value(&self, _: &mut Ctx, _: Obj<'_>, _: &mut [Value]) -> Outcome<Value> {
        Err(crate::Fault::internal("there is no code"))
    }
}
