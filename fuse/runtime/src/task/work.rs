//! One task: its work, its state, its result.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

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

/// Nobody has begun it.
const QUEUED: u8 = 0;
/// A thread runs it.
const RUNNING: u8 = 1;
/// Its result is there.
const DONE: u8 = 2;

pub(super) struct Task {
    state: AtomicU8,
    awaited: AtomicBool,
    work: Mutex<Option<Work>>,
    result: Mutex<Option<Outcome<Shared>>>,
    done: Condvar,
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Task {
    pub(super) fn new(ctx: &Ctx, work: Work) -> Self {
        Self {
            state: AtomicU8::new(QUEUED),
            awaited: AtomicBool::new(false),
            work: Mutex::new(Some(work)),
            result: Mutex::new(None),
            done: Condvar::new(),
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
        self.state.load(Ordering::Acquire) == QUEUED
    }

    fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == DONE
    }

    /// Whether the caller is the one to run it.
    fn claim(&self) -> bool {
        self.state
            .compare_exchange(QUEUED, RUNNING, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }

    pub(super) fn cancel(&self) {
        self.interrupt.cancel();
    }

    /// Runs the task if nobody has begun it; `physical` calls are active on this
    /// thread already. Whether it was run.
    pub(super) fn try_run(&self, physical: u32) -> bool {
        if !self.claim() {
            return false;
        }
        let tasks = self.runtime.tasks();
        tasks.metrics().started();
        let work = lock(&self.work).take();
        let result = match work {
            Some(work) if !self.interrupt.is_raised() => self.run(work, physical),
            _ => Err(self
                .interrupt
                .check()
                .err()
                .unwrap_or_else(Fault::cancelled)),
        };
        // Counted before anybody can see the result: who has awaited all tasks
        // finds all of them completed.
        tasks.metrics().completed(self.spawned.elapsed());
        *lock(&self.result) = Some(result);
        self.state.store(DONE, Ordering::Release);
        self.done.notify_all();
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
        if self.is_done() || self.try_run(physical) {
            return;
        }
        while !self.is_done() {
            if !ctx.runtime().tasks().help(self.root, physical) {
                break;
            }
        }
        let mut result = lock(&self.result);
        while result.is_none() {
            result = self
                .done
                .wait(result)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(super) fn result(&self) -> Outcome<Value> {
        match &*lock(&self.result) {
            Some(Ok(value)) => Ok(value.to_value()),
            Some(Err(fault)) => Err(fault.clone()),
            None => Err(Fault::internal("a task that is not done has no result")),
        }
    }
}

/// The fault of a task that panicked: a defect of the runtime.
fn of_panic(panic: &(dyn Any + Send)) -> Fault {
    let (kind, message) = crate::run::panic_kind(panic);
    Fault::internal(format!("panic_kind={kind} {message}"))
}
