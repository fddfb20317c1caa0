//! The threads that run tasks.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::Snapshot;
use super::metrics::Metrics;
use super::work::Task;

/// Threads beyond the workers, for tasks that wait for the world outside.
const WAITING_MAX: usize = 512;

/// Places in the queue that are looked at for a task of the same unit of work.
const HELP_SEARCH: usize = 32;

/// A bounded pool of threads, started when they are needed.
pub struct Pool(Arc<Inner>);

struct Inner {
    queue: Mutex<Queue>,
    ready: Condvar,
    workers: usize,
    stack_bytes: usize,
    metrics: Metrics,
}

#[derive(Default)]
struct Queue {
    tasks: VecDeque<Arc<Task>>,
    /// Threads that wait for a task.
    idle: usize,
    /// Threads that do not wait for the world outside.
    active: usize,
    threads: usize,
    closed: bool,
}

thread_local! {
    /// The pool that this thread works for.
    static WORKER: RefCell<Option<Arc<Inner>>> = const { RefCell::new(None) };
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("workers", &self.0.workers)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool of so many workers with stacks of this size. No thread is started.
    #[must_use]
    pub fn new(workers: usize, stack_bytes: usize) -> Self {
        Self(Arc::new(Inner {
            queue: Mutex::default(),
            ready: Condvar::new(),
            workers,
            stack_bytes,
            metrics: Metrics::default(),
        }))
    }

    pub(super) fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    pub(super) fn submit(&self, task: Arc<Task>) {
        self.0.metrics.spawned();
        let mut queue = self.0.lock();
        queue.tasks.push_back(task);
        queue.drop_begun();
        self.0.wake(queue);
    }

    /// Runs a queued task of the unit of work `root` on this thread, where
    /// `physical` calls are active. Whether there was one.
    pub(super) fn help(&self, root: u64, physical: u32) -> bool {
        let task = {
            let mut queue = self.0.lock();
            let may_run = |task: &Arc<Task>| {
                task.is_queued() && task.root() == root && physical <= task.depth_used()
            };
            let found = queue.tasks.iter().rev().take(HELP_SEARCH).position(may_run);
            found.and_then(|back| {
                let index = queue.tasks.len() - 1 - back;
                queue.tasks.remove(index)
            })
        };
        task.is_some_and(|task| task.try_run(physical))
    }

    /// What the pool did so far; nothing if it never had a task.
    #[must_use]
    pub fn snapshot(&self) -> Option<Snapshot> {
        let queue = self.0.lock();
        let waiting = queue.tasks.iter().filter(|task| task.is_queued()).count();
        self.0.metrics.snapshot(waiting, self.0.workers)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.0.lock().closed = true;
        self.0.ready.notify_all();
    }
}

impl Queue {
    /// Forgets tasks at the end of the queue that somebody has begun: those that
    /// were awaited right after they were spawned.
    fn drop_begun(&mut self) {
        while self.tasks.len() > 1
            && self
                .tasks
                .get(self.tasks.len() - 2)
                .is_some_and(|task| !task.is_queued())
        {
            self.tasks.remove(self.tasks.len() - 2);
        }
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds somebody to run what was queued.
    fn wake(self: &Arc<Self>, mut queue: MutexGuard<'_, Queue>) {
        if queue.idle > 0 {
            drop(queue);
            self.ready.notify_one();
        } else if queue.active < self.workers && queue.threads < self.workers + WAITING_MAX {
            queue.active += 1;
            queue.threads += 1;
            drop(queue);
            self.start();
        }
    }

    fn start(self: &Arc<Self>) {
        let pool = Arc::clone(self);
        let thread = std::thread::Builder::new()
            .name("fuse-task".to_owned())
            .stack_size(self.stack_bytes)
            .spawn(move || {
                WORKER.set(Some(Arc::clone(&pool)));
                pool.work();
                WORKER.set(None);
            });
        if thread.is_err() {
            // The task is run by whoever awaits it.
            let mut queue = self.lock();
            queue.active -= 1;
            queue.threads -= 1;
        }
    }

    fn work(&self) {
        let mut queue = self.lock();
        loop {
            if queue.closed || queue.active > self.workers {
                break;
            }
            if let Some(task) = queue.tasks.pop_front() {
                drop(queue);
                task.try_run(0);
                drop(task);
                crate::heap::flush();
                queue = self.lock();
                continue;
            }
            queue.idle += 1;
            queue = self
                .ready
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
            queue.idle -= 1;
        }
        queue.active -= 1;
        queue.threads -= 1;
    }
}

/// Runs something that waits for the world outside. On a thread of the pool, another
/// thread takes its place meanwhile.
pub(crate) fn blocking<T>(wait: impl FnOnce() -> T) -> T {
    let pool = WORKER.with_borrow(Clone::clone);
    let Some(pool) = pool else { return wait() };
    {
        let mut queue = pool.lock();
        queue.active -= 1;
        if !queue.tasks.is_empty() {
            pool.wake(queue);
        }
    }
    /// Counts the thread again, whatever happens.
    struct Return(Arc<Inner>);
    impl Drop for Return {
        fn drop(&mut self) {
            self.0.lock().active += 1;
        }
    }
    let _return = Return(pool);
    wait()
}
