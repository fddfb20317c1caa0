//! Stops handlers that run on the workers: nothing else runs there meanwhile
//! that could.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use plumego_contract::CancelSource;

use crate::interrupt::Interrupt;

/// How often running handlers are looked at.
const PERIOD: Duration = Duration::from_millis(100);
/// Looks at nothing before the thread sleeps until something begins.
const EMPTY_LOOKS_MAX: u32 = 10;
/// Lists of running handlers; workers share one only where there are many.
const SHARDS: usize = 16;

/// Tells handlers to stop whose deadline has passed, or all of them when serving
/// ends.
pub(super) struct Watch {
    shared: Arc<Shared>,
}

struct Shared {
    shards: [Mutex<Vec<Interrupt>>; SHARDS],
    period: Duration,
    stopping: CancelSource,
    /// Whether the thread sleeps until it is woken.
    asleep: AtomicBool,
    ended: Mutex<bool>,
    wake: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The list that handlers on this thread are in.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
    }
    OWN.with(|own| *own)
}

impl Watch {
    /// A watch whose thread runs until it is dropped.
    ///
    /// # Errors
    ///
    /// The system gives no thread.
    pub(super) fn start(stopping: CancelSource) -> std::io::Result<Self> {
        Self::looking_every(PERIOD, stopping)
    }

    fn looking_every(period: Duration, stopping: CancelSource) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            shards: std::array::from_fn(|_| Mutex::default()),
            period,
            stopping,
            asleep: AtomicBool::new(false),
            ended: Mutex::new(false),
            wake: Condvar::new(),
        });
        let watched = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("fuse-watch".into())
            .spawn(move || watched.watch())?;
        Ok(Self { shared })
    }

    /// Watches over a handler that runs on this thread, until the guard is
    /// dropped there.
    pub(super) fn over<'w>(&'w self, interrupt: &'w Interrupt) -> Watched<'w> {
        let shard = &self.shared.shards[shard()];
        lock(shard).push(interrupt.clone());
        // The thread says that it sleeps before it looks a last time.
        if self.shared.asleep.load(Ordering::SeqCst) {
            let _ended = lock(&self.shared.ended);
            self.shared.wake.notify_all();
        }
        Watched { shard, interrupt }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        *lock(&self.shared.ended) = true;
        self.shared.wake.notify_all();
    }
}

/// A handler that is watched.
pub(super) struct Watched<'w> {
    shard: &'w Mutex<Vec<Interrupt>>,
    interrupt: &'w Interrupt,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        let mut running = lock(self.shard);
        // The last that began is the first that ends on one thread.
        let place = running
            .iter()
            .rposition(|one| Arc::ptr_eq(one.word(), self.interrupt.word()));
        if let Some(place) = place {
            running.swap_remove(place);
        }
    }
}

impl Shared {
    fn watch(&self) {
        let mut empty = 0;
        let mut ended = lock(&self.ended);
        while !*ended {
            let sleeps = empty >= EMPTY_LOOKS_MAX;
            self.asleep.store(sleeps, Ordering::SeqCst);
            if self.look() {
                empty = 0;
            } else {
                empty += 1;
            }
            ended = if sleeps && empty > 0 {
                let woken = self.wake.wait(ended);
                empty = 0;
                woken.unwrap_or_else(PoisonError::into_inner)
            } else {
                let woken = self.wake.wait_timeout(ended, self.period);
                woken.unwrap_or_else(PoisonError::into_inner).0
            };
        }
    }

    /// Whether a handler runs; stops those that have to.
    fn look(&self) -> bool {
        let (now, stopping) = (Instant::now(), self.stopping.is_cancelled());
        let mut any = false;
        for shard in &self.shards {
            for interrupt in &*lock(shard) {
                any = true;
                if stopping {
                    interrupt.cancel();
                } else if interrupt.deadline().is_some_and(|at| at <= now) {
                    interrupt.time_out();
                }
            }
        }
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultCode;

    fn watch(stopping: CancelSource) -> Watch {
        Watch::looking_every(Duration::from_millis(1), stopping).unwrap()
    }

    /// Goes on until it is told to stop, as a loop of a program does.
    fn spin(watch: &Watch, deadline: Option<Instant>) -> FaultCode {
        let interrupt = Interrupt::new(deadline);
        let _watched = watch.over(&interrupt);
        loop {
            if let Err(fault) = interrupt.check() {
                return fault.code();
            }
            std::thread::yield_now();
        }
    }

    #[test]
    fn what_runs_past_its_deadline_is_stopped() {
        let watch = watch(CancelSource::new());
        assert_eq!(spin(&watch, Some(Instant::now())), FaultCode::Timeout);
    }

    #[test]
    fn the_end_of_serving_stops_what_runs() {
        let stopping = CancelSource::new();
        let watch = watch(stopping.clone());
        stopping.cancel();
        assert_eq!(spin(&watch, None), FaultCode::Cancelled);
    }

    #[test]
    fn what_begins_while_the_watch_sleeps_is_seen() {
        let watch = watch(CancelSource::new());
        while !watch.shared.asleep.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        assert_eq!(spin(&watch, Some(Instant::now())), FaultCode::Timeout);
    }

    #[test]
    fn what_has_ended_is_not_watched_any_more() {
        let watch = watch(CancelSource::new());
        let (first, second) = (Interrupt::default(), Interrupt::default());
        let outer = watch.over(&first);
        drop(watch.over(&second));
        let running = || -> usize {
            watch
                .shared
                .shards
                .iter()
                .map(|shard| lock(shard).len())
                .sum()
        };
        assert_eq!(running(), 1);
        drop(outer);
        assert_eq!(running(), 0);
    }
}
