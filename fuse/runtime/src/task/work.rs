//! One task: its work, its state, its result.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::slot::Slot;
use crate::context::{Ctx, RequestIds, Unit};
use crate::fault::{Fault, Outcome};
use crate::heap::Shared;
use crate::interrupt::Interrupt;
use crate::meta::FnId;
use crate::runtime::Runtime;
use crate::telemetry::{SpanContext, SpanEnd, SpanKind};
use crate::value::Value;

/// What a task does.
pub(super) enum Work {
    /// Calls a function of the program.
    Call(FnId, Vec<Shared>),
    /// Calls a function value.
    CallValue(Shared, Shared),
}

pub(super) struct Task {
    slot: Slot<Work, Outcome<Shared>>,
    awaited: AtomicBool,
    interrupt: Interrupt,
    runtime: Runtime,
    ids: Option<RequestIds>,
    /// The span that it is a part of.
    span: Option<SpanContext>,
    /// Calls that it may nest.
    depth: u32,
    /// The unit of work that it belongs to.
    root: u64,
    spawned: Instant,
}

impl Task {
    pub(super) fn new(ctx: &Ctx, work: Work) -> Self {
        Self {
            slot: Slot::new(work),
            awaited: AtomicBool::new(false),
            interrupt: ctx.interrupt().child(),
            runtime: ctx.runtime().clone(),
            ids: ctx.ids().cloned(),
            span: ctx.runtime().telemetry().tracing().and_then(|_| ctx.span()),
            depth: ctx.depth_left(),
            root: ctx.root(),
            spawned: Instant::now(),
        }
    }

    /// Takes note that the result was asked for; whether it was before.
    pub(super) fn mark_awaited(&self) -> bool {
        self.awaited.swap(true, Ordering::AcqRel)
    }

    pub(super) fn root(&self) -> u64 {
        self.root
    }

    /// Calls that were active when it was spawned: it may run on top of so many.
    pub(super) fn depth_used(&self) -> u32 {
        crate::context::CALL_DEPTH_MAX - self.depth
    }

    pub(super) fn is_queued(&self) -> bool {
        self.slot.is_queued()
    }

    pub(super) fn cancel(&self) {
        self.interrupt.cancel();
    }

    /// Runs the task if nobody has begun it; `physical` calls are active on this
    /// thread already. Whether it was run.
    pub(super) fn try_run(&self, physical: u32) -> bool {
        let Some(work) = self.slot.claim() else {
            return false;
        };
        let tasks = self.runtime.tasks();
        tasks.metrics().started();
        let result = if self.interrupt.is_raised() {
            Err(self
                .interrupt
                .check()
                .err()
                .unwrap_or_else(Fault::cancelled))
        } else {
            self.run(work, physical)
        };
        // Counted before anybody can see the result: who has awaited all tasks
        // finds all of them completed.
        tasks.metrics().completed(self.spawned.elapsed());
        self.slot.finish(result);
        true
    }

    fn run(&self, work: Work, physical: u32) -> Outcome<Shared> {
        let run = || {
            let mut ctx = Ctx::new(self.runtime.clone(), Unit::Task, self.interrupt.clone())
                .for_request(self.ids.clone())
                .in_span(self.span)
                .in_tree(self.root, self.depth, physical);
            let call = |ctx: &mut Ctx| match work {
                Work::Call(function, captures) => {
                    let mut captures: Vec<_> =
                        captures.into_iter().map(Shared::into_value).collect();
                    ctx.call(function, &mut captures)
                }
                Work::CallValue(function, argument) => {
                    ctx.call_value(function.value(), &mut [argument.into_value()])
                }
            };
            let value = ctx.traced(SpanKind::Task, call, |value| {
                ("task".to_owned(), SpanEnd::of(value))
            });
            Ok(Shared::new(value?)?)
        };
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(of_panic(&*panic)))
    }

    /// Runs the task here if nobody has begun it, else waits until it is done;
    /// meanwhile other tasks of the same unit of work run here, if they may.
    pub(super) fn finish(&self, ctx: &Ctx) {
        let physical = ctx.physical_depth();
        if self.slot.is_done() || self.try_run(physical) {
            return;
        }
        while !self.slot.is_done() {
            if !ctx.runtime().tasks().help(self.root, physical) {
                break;
            }
        }
        self.slot.wait(|_| ());
    }

    pub(super) fn result(&self) -> Outcome<Value> {
        self.slot.wait(|result| match result {
            Ok(value) => Ok(value.to_value()),
            Err(fault) => Err(fault.clone()),
        })
    }
}

/// The fault of a task that panicked: a defect of the runtime.
fn of_panic(panic: &(dyn Any + Send)) -> Fault {
    let (kind, message) = crate::run::panic_kind(panic);
    Fault::internal(format!("panic_kind={kind} {message}"))
}
