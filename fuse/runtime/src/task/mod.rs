//! Tasks: blocks that run beside the code that started them, and end before it.
//!
//! A task that is awaited before a worker took it runs on the thread that awaits
//! it, so that waiting never needs another thread and nesting cannot block the
//! pool. The calls that a task may nest are counted on from those of the block
//! that spawned it: whether it runs on a worker or on top of the awaiting call,
//! the same programs reach the limit, and no stack is exceeded.

mod metrics;
mod parallel;
mod pool;
mod slot;
mod work;

pub use metrics::Snapshot;
pub(crate) use parallel::parallel_map;
pub use pool::Pool;
pub(crate) use pool::blocking;

use std::sync::Arc;

use self::work::{Task, Work};
use crate::context::Ctx;
use crate::fault::{Fault, Outcome};
use crate::heap::{HostObject, NotShareable, Obj, Ref, Shared};
use crate::meta::{FnId, Kind, TypeDesc};
use crate::value::Value;

/// What [`slot`] is made of; its model takes the same from `loom`.
mod sync {
    pub(super) use std::sync::atomic::{AtomicU8, Ordering};
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
}

/// What a value of type `Task` is.
struct Handle(Arc<Task>);

impl HostObject for Handle {}

impl From<NotShareable> for Fault {
    /// The checker lets no such program through.
    fn from(_: NotShareable) -> Self {
        Self::internal("a cell cannot be given to a task")
    }
}

/// `spawn`: starts a function of the program; `captures` are its arguments, as they
/// are now. `desc` is the type of the task.
///
/// # Errors
///
/// A cell is among the captures.
pub fn spawn(
    ctx: &mut Ctx,
    desc: &'static TypeDesc,
    function: FnId,
    captures: Vec<Value>,
) -> Outcome<Value> {
    let captures = captures
        .into_iter()
        .map(Shared::new)
        .collect::<Result<_, _>>()?;
    let task = start(ctx, Work::Call(function, captures));
    Ok(Value::Ref(Ref::new_host(desc, Box::new(Handle(task)))))
}

fn start(ctx: &Ctx, work: Work) -> Arc<Task> {
    let task = Arc::new(Task::new(ctx, work));
    ctx.runtime().tasks().submit(Arc::clone(&task));
    task
}

fn handle(task: &Value) -> Outcome<&Handle> {
    let object = task
        .peek()
        .as_kind(Kind::Task)
        .and_then(Obj::host::<Handle>);
    object.ok_or_else(|| Fault::internal("a task expected"))
}

/// `await`: what the task ended with; its fault is raised as it was.
///
/// # Errors
///
/// The fault that ended the task.
pub fn await_task(ctx: &mut Ctx, task: &Value) -> Outcome<Value> {
    let task = &handle(task)?.0;
    task.mark_awaited();
    task.finish(ctx);
    task.result()
}

/// Ends a task because control leaves the block that it belongs to: tells it to
/// stop and waits for it. Nothing if it was awaited.
///
/// # Errors
///
/// The value is no task.
pub fn join(ctx: &mut Ctx, task: &Value) -> Outcome<Option<Outcome<Value>>> {
    let task = &handle(task)?.0;
    if task.mark_awaited() {
        return Ok(None);
    }
    task.cancel();
    task.finish(ctx);
    Ok(Some(task.result()))
}
