//! `xs.parallel_map(f, limit)`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::start;
use super::work::{Task, Work};
use crate::builtin::Call;
use crate::fault::{Fault, Outcome};
use crate::heap::{ListBuilder, Obj, Shared};
use crate::meta::Kind;
use crate::value::{Peek, Value};

/// What the function makes of each element, in their order, up to `limit` at once.
/// The fault of the first element that has one ends it; the tasks after it are told
/// to stop and waited for.
pub(crate) fn parallel_map(call: &mut Call<'_>) -> Outcome<Value> {
    let limit = usize::try_from(call.int(2)?)
        .ok()
        .filter(|limit| *limit > 0);
    let limit =
        limit.ok_or_else(|| Fault::invalid_arguments("parallel_map expects a positive limit"))?;
    let (list, function) = (call.take(0), Shared::new(call.take(1))?);
    let list = list.peek().as_kind(Kind::List).map(Obj::list);
    let list = list.ok_or_else(|| Fault::internal("a list expected"))?;
    let mut made = ListBuilder::new(call.result, list.len());
    let mut running = Running(VecDeque::new());
    for index in 0..list.len() {
        if running.0.len() == limit {
            running.finish_first(call, &mut made)?;
        }
        let element = list
            .get(index)
            .map(Peek::to_value)
            .ok_or_else(Fault::index_bounds)?;
        let work = Work::CallValue(function.clone(), Shared::new(element)?);
        running.0.push_back(start(call.ctx, work));
    }
    while !running.0.is_empty() {
        running.finish_first(call, &mut made)?;
    }
    Ok(Value::Ref(made.finish()))
}

/// Tasks that were started and not waited for.
struct Running(VecDeque<Arc<Task>>);

impl Running {
    fn finish_first(&mut self, call: &Call<'_>, made: &mut ListBuilder) -> Outcome<()> {
        let Some(task) = self.0.pop_front() else {
            return Ok(());
        };
        task.finish(call.ctx);
        match task.result() {
            Ok(value) => {
                made.push(value);
                Ok(())
            }
            Err(fault) => {
                self.0.iter().for_each(|task| task.cancel());
                self.0.drain(..).for_each(|task| task.finish(call.ctx));
                Err(fault)
            }
        }
    }
}
