//! Tasks: results do not depend on which thread runs what.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fuse_runtime::meta::{FnId, ProgramMeta, TypeDesc, TypeTable, well_known};
use fuse_runtime::task::{await_task, join, spawn};
use fuse_runtime::telemetry::SpanKind;
use fuse_runtime::{Ctx, Fault, FaultCode, Outcome, Value, heap, ops};
use support::{Scripted, Setup, Spans, World, ints, show, ty};

fn task_of_int() -> &'static TypeDesc {
    let mut table = TypeTable::new();
    let int = table.known(&well_known::INT);
    let task = table.task(int);
    ty(table.finish(), task)
}

fn world(code: Scripted, workers: &str) -> World {
    Setup {
        code,
        meta: ProgramMeta::default(),
        ..Setup::default()
    }
    .env("FUSE_TASK_WORKERS", workers)
    .build()
}

/// `fib` whose first call is a task, as in the fixture `tasks`.
fn fib(desc: &'static TypeDesc) -> Scripted {
    let mut code = Scripted::new();
    code.add(move |ctx, args| {
        let n = args[0].as_int().unwrap();
        if n < 2 {
            return Ok(Value::Int(n));
        }
        let left = spawn(ctx, desc, FnId(0), vec![Value::Int(n - 1)])?;
        let right = ctx.call(FnId(0), &mut [Value::Int(n - 2)])?;
        let left = await_task(ctx, &left)?;
        ops::add(left.as_int().unwrap(), right.as_int().unwrap()).map(Value::Int)
    });
    code
}

#[test]
fn tasks_are_spans_inside_what_spawned_them() {
    let desc = task_of_int();
    let spans = Arc::new(Spans::default());
    let world = Setup {
        code: fib(desc),
        spans: Some(spans.clone()),
        ..Setup::default()
    }
    .build();
    let result = world.ctx().call(FnId(0), &mut [Value::Int(4)]);
    assert_eq!(show(result), "3");
    let all = spans.all();
    assert_eq!(
        all.len() as u64,
        world.runtime.tasks().snapshot().unwrap().total_spawned
    );
    assert!(all.iter().all(|span| span.kind == SpanKind::Task));
    let inner = all.iter().filter_map(|span| span.parent_span_id);
    let inner: Vec<_> = inner.collect();
    // Outside a request the first ones begin traces.
    assert!(!inner.is_empty() && inner.len() < all.len());
    for parent in inner {
        assert!(all.iter().any(|span| span.span_id == parent));
    }
}

#[test]
fn trees_of_tasks_end_on_any_number_of_workers() {
    let desc = task_of_int();
    for workers in ["1", "2", "8"] {
        let world = world(fib(desc), workers);
        let result = world.ctx().call(FnId(0), &mut [Value::Int(16)]);
        assert_eq!(show(result), "987", "{workers} workers");
        let snapshot = world.runtime.tasks().snapshot().unwrap();
        assert_eq!(snapshot.total_spawned, snapshot.total_completed);
        assert_eq!((snapshot.active_tasks, snapshot.queue_depth), (0, 0));
        assert_eq!(snapshot.total_spawned, 1596);
        assert_eq!(heap::thread_objects(), 0);
    }
}

#[test]
fn captures_are_as_they_were_when_the_task_began() {
    let desc = task_of_int();
    let mut code = Scripted::new();
    let first = code.add(|_, args| {
        let list = args[0].as_obj().unwrap().list();
        Ok(Value::Int(list.ints().unwrap()[0] + 1))
    });
    let world = world(code, "2");
    let mut ctx = world.ctx();
    let mut list = ints(&[1]);
    let task = spawn(&mut ctx, desc, first, vec![list.clone()]).unwrap();
    let Value::Ref(object) = &mut list else {
        panic!("a list")
    };
    object.list_mut().set(0, Value::Int(50));
    assert_eq!(show(await_task(&mut ctx, &task)), "2");
    // A result can be asked for again.
    assert_eq!(show(await_task(&mut ctx, &task)), "2");
    drop((task, list));
    assert_eq!(heap::thread_objects(), 0);
}

#[test]
fn faults_and_panics_surface_where_a_task_is_awaited() {
    let desc = task_of_int();
    let mut code = Scripted::new();
    let boom = code.add(|_, _| Err(Fault::assertion("boom")));
    let defect = code.add(|_, _| panic!("a defect"));
    let world = world(code, "2");
    let mut ctx = world.ctx();
    let task = spawn(&mut ctx, desc, boom, vec![]).unwrap();
    assert_eq!(
        show(await_task(&mut ctx, &task)),
        "runtime_assertion_failed: assert failed: boom"
    );
    let task = spawn(&mut ctx, desc, defect, vec![]).unwrap();
    let expected = "runtime_internal: panic_kind=panic_static_str a defect";
    assert_eq!(show(await_task(&mut ctx, &task)), expected);
    let cell = heap::Ref::new_cell(
        {
            let mut table = TypeTable::new();
            let int = table.known(&well_known::INT);
            let cell = table.cell(int);
            ty(table.finish(), cell)
        },
        Value::Int(1),
    );
    let refused = spawn(&mut ctx, desc, boom, vec![Value::Ref(cell)]);
    assert_eq!(refused.unwrap_err().code(), FaultCode::Internal);
}

/// A door that a task waits behind, and a count of those who arrived.
#[derive(Default)]
struct Door(Mutex<(usize, bool)>, Condvar);

impl Door {
    fn wait(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 += 1;
        self.1.notify_all();
        drop(self.1.wait_while(state, |state| !state.1).unwrap());
    }

    fn open(&self) {
        self.0.lock().unwrap().1 = true;
        self.1.notify_all();
    }

    fn arrived(&self, count: usize) {
        let state = self.0.lock().unwrap();
        drop(self.1.wait_while(state, |state| state.0 < count).unwrap());
    }
}

#[test]
fn a_task_that_is_left_is_told_to_stop_and_waited_for() {
    let desc = task_of_int();
    let door = Arc::new(Door::default());
    let ended = Arc::new(AtomicUsize::new(0));
    let mut code = Scripted::new();
    let (seen, count) = (Arc::clone(&door), Arc::clone(&ended));
    let patient = code.add(move |ctx, _| {
        seen.wait();
        let result = ctx.interrupt().wait(Duration::from_secs(600));
        count.fetch_add(1, Ordering::SeqCst);
        result.map(|()| Value::Int(1))
    });
    let world = world(code, "2");
    let mut ctx = world.ctx();
    let running = spawn(&mut ctx, desc, patient, vec![]).unwrap();
    door.arrived(1);
    door.open();
    let result = join(&mut ctx, &running).unwrap().unwrap();
    assert_eq!(result.unwrap_err().code(), FaultCode::Cancelled);
    assert_eq!(ended.load(Ordering::SeqCst), 1);
    // What was awaited is not joined again.
    assert!(join(&mut ctx, &running).unwrap().is_none());
}

#[test]
fn cancelling_a_unit_of_work_stops_its_tasks() {
    let desc = task_of_int();
    let mut code = Scripted::new();
    let waits = code.add(|ctx, _| {
        ctx.interrupt().wait(Duration::from_secs(600))?;
        Ok(Value::Int(1))
    });
    let world = world(code, "1");
    let mut ctx = world.ctx();
    let task = spawn(&mut ctx, desc, waits, vec![]).unwrap();
    ctx.interrupt().time_out();
    let fault = await_task(&mut ctx, &task).unwrap_err();
    assert_eq!(
        (fault.code(), fault.message()),
        (FaultCode::Timeout, "request timed out")
    );
}

#[test]
fn calls_count_on_through_tasks() {
    // Every task calls a function that spawns the next: the limit is reached after as
    // many calls, wherever the tasks run.
    fn nest(ctx: &mut Ctx, desc: &'static TypeDesc, depth: i64) -> Outcome<Value> {
        let task = spawn(ctx, desc, FnId(0), vec![Value::Int(depth + 1)])?;
        await_task(ctx, &task)
    }
    let desc = task_of_int();
    let deepest = Arc::new(AtomicUsize::new(0));
    for workers in ["1", "3"] {
        deepest.store(0, Ordering::SeqCst);
        let world = world(
            {
                let mut code = Scripted::new();
                let seen = Arc::clone(&deepest);
                code.add(move |ctx, args| {
                    let depth = args[0].as_int().unwrap();
                    seen.fetch_max(depth as usize, Ordering::SeqCst);
                    nest(ctx, desc, depth)
                });
                code.with_stack(512 * 1024 * 1024)
            },
            workers,
        );
        let runtime = world.runtime.clone();
        let thread = std::thread::Builder::new().stack_size(512 * 1024 * 1024);
        let result = thread
            .spawn(move || {
                let interrupt = fuse_runtime::Interrupt::default();
                let mut ctx = Ctx::new(runtime, fuse_runtime::Unit::Program, interrupt);
                ctx.call(FnId(0), &mut [Value::Int(1)])
                    .map(|_| ())
                    .unwrap_err()
            })
            .unwrap()
            .join()
            .unwrap();
        assert_eq!(result.message(), "call depth limit exceeded");
        assert_eq!(deepest.load(Ordering::SeqCst), 10_000, "{workers} workers");
    }
}

#[test]
fn a_task_that_waits_for_the_world_outside_gives_its_place_to_another() {
    let desc = task_of_int();
    let door = Arc::new(Door::default());
    let mut code = Scripted::new();
    let seen = Arc::clone(&door);
    let waits = code.add(move |ctx, _| {
        ctx.blocking(|_| {
            seen.wait();
            Ok(Value::Int(1))
        })
    });
    let seen = Arc::clone(&door);
    let opens = code.add(move |_, _| {
        seen.open();
        Ok(Value::Int(2))
    });
    // One worker: the second task only runs if the first is not in its way.
    let world = world(code, "1");
    let mut ctx = world.ctx();
    let first = spawn(&mut ctx, desc, waits, vec![]).unwrap();
    door.arrived(1);
    let _second = spawn(&mut ctx, desc, opens, vec![]).unwrap();
    assert_eq!(show(await_task(&mut ctx, &first)), "1");
}

#[test]
fn measurements_are_one_line_of_json() {
    let desc = task_of_int();
    let world = world(fib(desc), "2");
    assert_eq!(world.runtime.tasks().snapshot(), None);
    world.ctx().call(FnId(0), &mut [Value::Int(2)]).unwrap();
    let snapshot = world.runtime.tasks().snapshot().unwrap();
    let line = snapshot.to_json("metric");
    let (start, end) = (
        "{\"active_tasks\":0,\"avg_latency_us\":",
        "\"metric\":\"concurrency_snapshot\",\"queue_depth\":0,\"total_completed\":1,\"total_spawned\":1,\"worker_count\":2}",
    );
    assert!(line.starts_with(start) && line.ends_with(end), "{line}");
    assert!(line.contains("\"latency_hist\":{\"ge_1s\":"), "{line}");
}
