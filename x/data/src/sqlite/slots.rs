//! A few things that many callers take turns with, first come, first served.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use plumego_store::db::PoolStats;

/// Why nothing was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Timeout,
    Closed,
}

/// At most `max` things: idle ones, those given out, and those still to be
/// made.
#[derive(Debug)]
pub(super) struct Slots<T> {
    max: usize,
    state: Mutex<State<T>>,
    returned: Condvar,
}

#[derive(Debug)]
struct State<T> {
    idle: Vec<T>,
    in_use: usize,
    waiting: VecDeque<Arc<Waiter<T>>>,
    closed: bool,
    wait_count: u64,
    wait_duration: Duration,
    timeouts: u64,
}

#[derive(Debug)]
struct Waiter<T> {
    answer: Mutex<Option<Result<Given<T>, Refused>>>,
    ready: Condvar,
}

/// What a caller gets: a thing, or the leave to make one.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    Idle(T),
    Make,
}

impl<T> Slots<T> {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            state: Mutex::new(State {
                idle: Vec::with_capacity(max),
                in_use: 0,
                waiting: VecDeque::new(),
                closed: false,
                wait_count: 0,
                wait_duration: Duration::ZERO,
                timeouts: 0,
            }),
            returned: Condvar::new(),
        }
    }

    /// Takes a thing, or waits until the ones in front were served.
    pub(super) fn take(&self, timeout: Duration) -> Result<Given<T>, Refused> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed);
        }
        if state.waiting.is_empty() && state.in_use < self.max {
            state.in_use += 1;
            return Ok(state.idle.pop().map_or(Given::Make, Given::Idle));
        }
        let waiter = Arc::new(Waiter {
            answer: Mutex::new(None),
            ready: Condvar::new(),
        });
        state.waiting.push_back(Arc::clone(&waiter));
        state.wait_count += 1;
        drop(state);
        self.wait(&waiter, timeout)
    }

    fn wait(&self, waiter: &Arc<Waiter<T>>, timeout: Duration) -> Result<Given<T>, Refused> {
        let start = Instant::now();
        let end = start + timeout;
        {
            let mut answer = waiter.answer.lock();
            while answer.is_none() && !waiter.ready.wait_until(&mut answer, end).timed_out() {}
        }
        let mut state = self.state.lock();
        state.wait_duration += start.elapsed();
        // It may have come at the last moment.
        if let Some(answer) = waiter.answer.lock().take() {
            return answer;
        }
        state.waiting.retain(|other| !Arc::ptr_eq(other, waiter));
        state.timeouts += 1;
        Err(Refused::Timeout)
    }

    /// Gives a thing back, or says that it is gone.
    pub(super) fn give_back(&self, thing: Option<T>) {
        let mut state = self.state.lock();
        if let Some(waiter) = state.waiting.pop_front() {
            *waiter.answer.lock() = Some(Ok(thing.map_or(Given::Make, Given::Idle)));
            waiter.ready.notify_one();
            return;
        }
        state.in_use -= 1;
        if !state.closed {
            state.idle.extend(thing);
        }
        drop(state);
        self.returned.notify_all();
    }

    /// Refuses everybody from now on, those who wait included, waits for what
    /// is given out, and hands over what is idle.
    pub(super) fn close(&self) -> Vec<T> {
        let mut state = self.state.lock();
        state.closed = true;
        for waiter in state.waiting.drain(..) {
            *waiter.answer.lock() = Some(Err(Refused::Closed));
            waiter.ready.notify_one();
        }
        let idle = std::mem::take(&mut state.idle);
        while state.in_use > 0 {
            self.returned.wait(&mut state);
        }
        idle
    }

    pub(super) fn stats(&self) -> PoolStats {
        let state = self.state.lock();
        let mut stats = PoolStats::default();
        stats.in_use = state.in_use;
        stats.idle = state.idle.len();
        stats.open = state.in_use + state.idle.len();
        stats.wait_count = state.wait_count;
        stats.wait_duration = state.wait_duration;
        stats.acquire_timeouts = state.timeouts;
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    /// Waits until so many callers wait.
    fn until_waiting<T>(slots: &Slots<T>, count: usize) {
        while slots.state.lock().waiting.len() < count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn callers_are_served_in_the_order_they_came() {
        let slots = Slots::new(1);
        assert_eq!(slots.take(LONG), Ok(Given::Make));
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for caller in 0..8 {
                let (slots, order) = (&slots, &order);
                scope.spawn(move || {
                    assert_eq!(slots.take(LONG), Ok(Given::Idle(7)));
                    order.lock().push(caller);
                    slots.give_back(Some(7));
                });
                until_waiting(slots, caller + 1);
            }
            slots.give_back(Some(7));
        });
        assert_eq!(order.into_inner(), (0..8).collect::<Vec<_>>());
        assert_eq!(slots.stats().wait_count, 8);
        assert_eq!((slots.stats().in_use, slots.stats().idle), (0, 1));
    }

    #[test]
    fn waiting_ends_and_the_place_in_the_queue_with_it() {
        let slots = Slots::<()>::new(1);
        assert_eq!(slots.take(LONG), Ok(Given::Make));
        assert_eq!(slots.take(Duration::ZERO), Err(Refused::Timeout));
        assert_eq!(slots.stats().acquire_timeouts, 1);
        slots.give_back(None);
        assert_eq!(slots.take(Duration::ZERO), Ok(Given::Make));
    }

    #[test]
    fn closing_refuses_those_who_wait_and_waits_for_those_who_have() {
        let slots = Slots::new(1);
        assert_eq!(slots.take(LONG), Ok(Given::Make));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| slots.take(LONG));
            until_waiting(&slots, 1);
            let closer = scope.spawn(|| slots.close());
            assert_eq!(waiter.join().unwrap(), Err(Refused::Closed));
            assert!(!closer.is_finished());
            slots.give_back(Some(1));
            assert_eq!(closer.join().unwrap(), Vec::<i32>::new());
        });
        assert_eq!(slots.take(LONG), Err(Refused::Closed));
    }

    #[test]
    fn nothing_is_lost_when_many_come_and_give_up() {
        let slots = Slots::new(3);
        let made = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for seed in 0..16_u64 {
                let (slots, made) = (&slots, &made);
                scope.spawn(move || {
                    for round in 0..200 {
                        let wait = Duration::from_micros((seed * 31 + round * 17) % 50);
                        match slots.take(wait) {
                            Ok(Given::Make) => {
                                made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                                slots.give_back(Some(()));
                            }
                            Ok(Given::Idle(())) if round % 5 == 0 => slots.give_back(None),
                            Ok(Given::Idle(())) => slots.give_back(Some(())),
                            Err(refused) => assert_eq!(refused, Refused::Timeout),
                        }
                    }
                });
            }
        });
        let stats = slots.stats();
        assert_eq!(stats.in_use, 0);
        assert!(stats.open <= 3, "{stats:?}");
        assert!(made.into_inner() >= 1);
    }
}
