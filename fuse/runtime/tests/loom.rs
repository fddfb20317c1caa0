//! Every interleaving of the threads that may run a task and wait for it.
//!
//! What the other queues of the host are made of needs no model of ours: handlers
//! wait for a place of a `tokio` semaphore, and the pool of tasks and the channel
//! of the log change all they have under one mutex, which is also what their
//! threads wait with. The pool holds nothing that a result depends on either: a
//! task that no worker takes is run by who awaits it, which is modelled here.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use loom::thread;

/// The primitives of a task, checked.
mod sync {
    pub(super) use loom::sync::atomic::{AtomicU8, Ordering};
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
}

#[path = "../src/task/slot.rs"]
mod slot;

use slot::Slot;

/// A task that says how often it was run.
struct Task {
    slot: Slot<u32, u32>,
    runs: AtomicUsize,
}

impl Task {
    fn new(work: u32) -> Arc<Self> {
        Arc::new(Self {
            slot: Slot::new(work),
            runs: AtomicUsize::new(0),
        })
    }

    /// As a worker that found the task in the queue.
    fn try_run(&self) -> bool {
        let Some(work) = self.slot.claim() else {
            return false;
        };
        self.runs.fetch_add(1, Relaxed);
        self.slot.finish(work + 1);
        true
    }

    /// As who awaits the task.
    fn finish(&self) -> u32 {
        if !self.slot.is_done() {
            self.try_run();
        }
        self.slot.wait(|result| *result)
    }
}

#[test]
fn a_task_runs_once_whoever_begins_it() {
    loom::model(|| {
        let task = Task::new(1);
        let worker = {
            let task = Arc::clone(&task);
            thread::spawn(move || task.try_run())
        };
        assert_eq!(task.finish(), 2);
        assert!(task.slot.is_done() && !task.slot.is_queued());
        worker.join().unwrap();
        assert_eq!(task.runs.load(Relaxed), 1);
    });
}

#[test]
fn everybody_who_waits_is_woken() {
    let mut model = loom::model::Builder::new();
    // With three threads there are too many ways to interrupt them more often.
    model.preemption_bound = Some(3);
    model.check(|| {
        let task = Task::new(1);
        let work = task.slot.claim().unwrap();
        assert_eq!(task.slot.claim(), None);
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let task = Arc::clone(&task);
                thread::spawn(move || task.finish())
            })
            .collect();
        task.slot.finish(work + 1);
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), 2);
        }
        assert_eq!(task.runs.load(Relaxed), 0);
    });
}

#[test]
fn what_was_done_before_the_result_is_seen_with_it() {
    loom::model(|| {
        let task = Task::new(1);
        let completed = Arc::new(AtomicUsize::new(0));
        let worker = {
            let (task, completed) = (Arc::clone(&task), Arc::clone(&completed));
            thread::spawn(move || {
                let work = task.slot.claim().unwrap();
                completed.fetch_add(1, Relaxed);
                task.slot.finish(work);
            })
        };
        task.slot.wait(|_| ());
        assert_eq!(completed.load(Relaxed), 1);
        worker.join().unwrap();
    });
}
