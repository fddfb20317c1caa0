//! What one unit of work carries through its calls.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use plumego_contract::{RequestScope, TraceContext};
use plumego_log::{Fields, Level, Record};

use crate::fault::{Fault, Outcome};
use crate::heap;
use crate::interrupt::Interrupt;
use crate::meta::FnId;
use crate::runtime::Runtime;
use crate::telemetry::{OpenSpan, SpanContext, SpanEnd, SpanKind};
use crate::value::{Peek, Value};

/// Calls that can be active at once.
pub const CALL_DEPTH_MAX: u32 = 10_000;

static NEXT_ROOT: AtomicU64 = AtomicU64::new(0);

/// What a unit of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// The `app` block, or `main`.
    Program,
    /// A default or predicate at a boundary, or the configuration.
    Boundary,
    /// A route.
    Request,
    /// A test.
    Test,
    /// A migration.
    Migration,
    /// A block of `spawn`.
    Task,
}

/// Ids of the request that work is done for: for logs, and for requests to
/// others.
#[derive(Clone)]
pub struct RequestIds(RequestScope);

impl RequestIds {
    /// The ids in the scope of a request.
    #[must_use]
    pub fn of(scope: RequestScope) -> Self {
        Self(scope)
    }

    /// The request id; empty where nobody gave one.
    #[must_use]
    pub fn request(&self) -> &str {
        self.0.request_id().map_or("", |id| id.as_str())
    }

    /// The trace that the request belongs to, if it does.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        self.0.trace()
    }

    /// The trace id, if there is one.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        Some(self.trace()?.trace_id()?.to_string())
    }
}

impl fmt::Debug for RequestIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequestIds").field(&self.request()).finish()
    }
}

/// The context of one unit of work: a run, a request, a test, a migration, a task.
/// It stays on the thread that made it.
pub struct Ctx {
    runtime: Runtime,
    interrupt: Interrupt,
    /// Calls that may still be nested.
    depth: u32,
    /// Calls that could be nested when the unit of work began.
    depth_start: u32,
    /// Calls that were active on this thread then.
    physical_start: u32,
    /// The unit of work that all tasks below belong to.
    root: u64,
    unit: Unit,
    ids: Option<RequestIds>,
    /// The span that work is done in, where somebody hears of spans.
    span: Option<SpanContext>,
    /// The alarm of the unit of work around this one on this thread.
    outer_alarm: Option<(Arc<AtomicU32>, u32)>,
    /// The fault that compiled code has to raise.
    fault: Option<Fault>,
    /// Its transaction, and what its last write did.
    pub(crate) db: crate::db::UnitState,
    /// The request that it handles.
    pub(crate) http: crate::http::UnitState,
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ctx")
            .field("unit", &self.unit)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl Ctx {
    /// The context of a unit of work that `interrupt` can stop.
    #[must_use]
    pub fn new(runtime: Runtime, unit: Unit, interrupt: Interrupt) -> Self {
        let alarm = (interrupt.word().clone(), Interrupt::MEMORY);
        Self {
            runtime,
            interrupt,
            depth: CALL_DEPTH_MAX,
            depth_start: CALL_DEPTH_MAX,
            physical_start: 0,
            root: NEXT_ROOT.fetch_add(1, Ordering::Relaxed),
            unit,
            ids: None,
            span: None,
            outer_alarm: heap::set_alarm(Some(alarm)),
            fault: None,
            db: crate::db::UnitState::default(),
            http: crate::http::UnitState::default(),
        }
    }

    /// Says for which request the work is done.
    #[must_use]
    pub fn for_request(mut self, ids: Option<RequestIds>) -> Self {
        self.ids = ids;
        self
    }

    /// Says in which span the work is done.
    #[must_use]
    pub(crate) fn in_span(mut self, span: Option<SpanContext>) -> Self {
        self.span = span;
        self
    }

    /// The span that work is done in: the one that was begun last, or that of the
    /// request.
    pub(crate) fn span(&self) -> Option<SpanContext> {
        self.span
            .or_else(|| SpanContext::of(&self.ids.as_ref()?.trace()?))
    }

    /// Does something in a span of its own, where somebody hears of spans. `told`
    /// says what was done and how it ended.
    pub(crate) fn traced<T>(
        &mut self,
        kind: SpanKind,
        work: impl FnOnce(&mut Self) -> T,
        told: impl FnOnce(&T) -> (String, SpanEnd),
    ) -> T {
        let Some(open) = self.begin_span() else {
            return work(self);
        };
        let outer = self.span.replace(open.context);
        let done = work(self);
        self.span = outer;
        if let Some(tracing) = self.runtime.telemetry().tracing() {
            let (name, end) = told(&done);
            tracing.end(open, kind, name, end);
        }
        done
    }

    #[inline]
    fn begin_span(&self) -> Option<OpenSpan> {
        let tracing = self.runtime.telemetry().tracing()?;
        tracing.begin(self.span())
    }

    /// Says that the work is a task of the unit of work `root`, that it may nest
    /// `depth` calls, and that `physical` calls are active on this thread.
    #[must_use]
    pub(crate) fn in_tree(mut self, root: u64, depth: u32, physical: u32) -> Self {
        self.root = root;
        (self.depth, self.depth_start) = (depth, depth);
        self.physical_start = physical;
        self
    }

    /// Calls that may still be nested.
    pub(crate) fn depth_left(&self) -> u32 {
        self.depth
    }

    /// Calls that are active on this thread, those of other units of work included.
    pub(crate) fn physical_depth(&self) -> u32 {
        self.physical_start + (self.depth_start - self.depth)
    }

    /// The unit of work that all tasks below belong to.
    pub(crate) fn root(&self) -> u64 {
        self.root
    }

    /// Runs something that waits for the world outside, so that no thread that runs
    /// tasks is lost to it meanwhile.
    ///
    /// # Errors
    ///
    /// Those of what is run.
    pub fn blocking<T>(&mut self, wait: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        crate::task::blocking(|| wait(self))
    }

    /// Logs a warning of the runtime itself.
    pub(crate) fn warn(&self, message: &str) {
        let logger = self.runtime.logger();
        let mut fields = Fields::new();
        if self.runtime.options().log_json
            && let Some(ids) = &self.ids
        {
            fields.set("request_id", ids.request());
        }
        let sets = [&fields];
        logger.log(&Record::new(Level::Warn, message, logger.now()).with_fields(&sets));
    }

    /// The runtime.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// What can stop the unit of work.
    #[must_use]
    pub fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// Keeps a fault for compiled code to raise.
    pub fn set_fault(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// The fault that was kept.
    pub fn take_fault(&mut self) -> Option<Fault> {
        self.fault.take()
    }

    /// What the unit of work is.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The request that the work is done for.
    #[must_use]
    pub fn ids(&self) -> Option<&RequestIds> {
        self.ids.as_ref()
    }

    /// A point where work can be stopped: the back edge of a loop.
    ///
    /// # Errors
    ///
    /// As [`Interrupt::check`].
    #[inline]
    pub fn check(&self) -> Outcome<()> {
        self.interrupt.check()
    }

    /// Begins a call; [`leave`](Self::leave) ends it, unless this faults.
    ///
    /// # Errors
    ///
    /// Calls are nested too deep, or as [`check`](Self::check).
    #[inline]
    pub fn enter(&mut self) -> Outcome<()> {
        if self.depth == 0 {
            return Err(Fault::call_depth());
        }
        self.interrupt.check()?;
        self.depth -= 1;
        Ok(())
    }

    /// Ends a call.
    #[inline]
    pub fn leave(&mut self) {
        self.depth += 1;
    }

    /// Calls a function of the program.
    ///
    /// # Errors
    ///
    /// The fault that ends the call.
    pub fn call(&mut self, function: FnId, args: &mut [Value]) -> Outcome<Value> {
        let runtime = self.runtime.clone();
        runtime.code().call(self, function, args)
    }

    /// Calls a function value.
    ///
    /// # Errors
    ///
    /// The fault that ends the call.
    pub fn call_value(&mut self, function: &Value, args: &mut [Value]) -> Outcome<Value> {
        let Peek::Obj(function) = function.peek() else {
            return Err(Fault::internal("a function expected"));
        };
        let runtime = self.runtime.clone();
        runtime.code().call_value(self, function, args)
    }
}

impl Drop for Ctx {
    fn drop(&mut self) {
        heap::set_alarm(self.outer_alarm.take());
        heap::flush();
    }
}
