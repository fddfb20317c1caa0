//! A few things that many callers take turns with, first come, first served,
//! whether they block or not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::db::PoolStats;

/// Why nothing was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It took too long.
    Timeout,
    /// Nothing is given out any more.
    Closed,
    /// There are none of these.
    None,
}

/// How many things there may be, and for how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Most of them at one time.
    pub(super) max: usize,
    /// Most that wait to be used.
    pub(super) max_idle: usize,
    /// How old one may become.
    pub(super) max_lifetime: Option<Duration>,
    /// How long one may wait to be used.
    pub(super) max_idle_time: Option<Duration>,
}

/// A thing, and when it was made.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kept<T> {
    pub(super) thing: T,
    pub(super) born: Instant,
}

/// What a caller gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// A thing.
    Idle(Kept<T>),
    /// One that is too old: the leave to make another in its place.
    Stale(Kept<T>),
    /// The leave to make one.
    Make,
}

/// Things: idle ones, those given out, and those still to be made.
#[derive(Debug)]
pub(super) struct Slots<T> {
    state: Mutex<State<T>>,
    returned: Condvar,
}

#[derive(Debug)]
struct State<T> {
    bounds: Bounds,
    /// The one used last is at the end.
    idle: Vec<Idle<T>>,
    in_use: usize,
    waiting: VecDeque<Arc<Waiter<T>>>,
    closed: bool,
    wait_count: u64,
    wait_duration: Duration,
    timeouts: u64,
    closed_max_idle: u64,
    closed_max_lifetime: u64,
}

#[derive(Debug)]
struct Idle<T> {
    kept: Kept<T>,
    since: Instant,
}

#[derive(Debug)]
struct Waiter<T> {
    answer: Mutex<Answer<T>>,
    ready: Condvar,
}

#[derive(Debug)]
struct Answer<T> {
    given: Option<Result<Given<T>, Refused>>,
    waker: Option<Waker>,
}

impl<T> Waiter<T> {
    fn new() -> Self {
        let answer = Answer {
            given: None,
            waker: None,
        };
        Self {
            answer: Mutex::new(answer),
            ready: Condvar::new(),
        }
    }

    fn answer(&self, given: Result<Given<T>, Refused>) {
        let mut answer = self.answer.lock();
        answer.given = Some(given);
        let waker = answer.waker.take();
        drop(answer);
        self.ready.notify_one();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn is_over(since: Instant, limit: Option<Duration>, now: Instant) -> bool {
    limit.is_some_and(|limit| now.saturating_duration_since(since) >= limit)
}

impl<T> State<T> {
    fn is_stale(&self, idle: &Idle<T>, now: Instant) -> bool {
        is_over(idle.kept.born, self.bounds.max_lifetime, now)
            || is_over(idle.since, self.bounds.max_idle_time, now)
    }

    /// Gives out a thing, which counts as in use from now on.
    fn give(&mut self) -> Given<T> {
        self.in_use += 1;
        let Some(idle) = self.idle.pop() else {
            return Given::Make;
        };
        if self.is_stale(&idle, Instant::now()) {
            self.closed_max_lifetime += 1;
            Given::Stale(idle.kept)
        } else {
            Given::Idle(idle.kept)
        }
    }

    /// Takes out what is idle for too long, is too old, or is too much.
    fn prune(&mut self) -> Vec<Kept<T>> {
        let now = Instant::now();
        let mut kept = Vec::with_capacity(self.idle.len());
        let mut gone = Vec::new();
        for idle in std::mem::take(&mut self.idle) {
            if self.is_stale(&idle, now) {
                self.closed_max_lifetime += 1;
                gone.push(idle.kept);
            } else {
                kept.push(idle);
            }
        }
        let room = self.bounds.max.saturating_sub(self.in_use);
        let too_many = kept.len().saturating_sub(self.bounds.max_idle.min(room));
        self.closed_max_idle += too_many as u64;
        gone.extend(kept.drain(..too_many).map(|idle| idle.kept));
        self.idle = kept;
        gone
    }
}

impl<T> Slots<T> {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            state: Mutex::new(State {
                bounds,
                idle: Vec::new(),
                in_use: 0,
                waiting: VecDeque::new(),
                closed: false,
                wait_count: 0,
                wait_duration: Duration::ZERO,
                timeouts: 0,
                closed_max_idle: 0,
                closed_max_lifetime: 0,
            }),
            returned: Condvar::new(),
        }
    }

    /// A thing now, or a place in the queue.
    fn enter(&self) -> Result<Given<T>, Result<Waiting<'_, T>, Refused>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Err(Refused::Closed));
        }
        if state.bounds.max == 0 {
            return Err(Err(Refused::None));
        }
        if state.waiting.is_empty() && state.in_use < state.bounds.max {
            return Ok(state.give());
        }
        let waiter = Arc::new(Waiter::new());
        state.waiting.push_back(Arc::clone(&waiter));
        state.wait_count += 1;
        Err(Ok(Waiting {
            slots: self,
            waiter,
            start: Instant::now(),
        }))
    }

    /// Takes a thing, or blocks until those in front were served.
    pub(super) fn take(&self, timeout: Duration) -> Result<Given<T>, Refused> {
        match self.enter() {
            Ok(given) => Ok(given),
            Err(Ok(waiting)) => waiting.block(timeout),
            Err(Err(refused)) => Err(refused),
        }
    }

    /// Takes a thing, or waits until those in front were served.
    pub(super) async fn claim(&self, timeout: Duration) -> Result<Given<T>, Refused> {
        let waiting = match self.enter() {
            Ok(given) => return Ok(given),
            Err(Ok(waiting)) => waiting,
            Err(Err(refused)) => return Err(refused),
        };
        let answer = std::future::poll_fn(|context| waiting.poll(context));
        match tokio::time::timeout(timeout, answer).await {
            Ok(answer) => answer,
            Err(_) => waiting.give_up(),
        }
    }

    /// Gives a thing back, or says that it is gone. What is returned is to be
    /// dropped.
    #[must_use]
    pub(super) fn give_back(&self, thing: Option<Kept<T>>) -> Vec<Kept<T>> {
        let mut state = self.state.lock();
        let now = Instant::now();
        let gone = if state.in_use > state.bounds.max {
            // The limit was lowered meanwhile.
            state.in_use -= 1;
            state.closed_max_idle += u64::from(thing.is_some());
            thing.into_iter().collect()
        } else if let Some(waiter) = state.waiting.pop_front() {
            let given = match thing {
                Some(kept) if is_over(kept.born, state.bounds.max_lifetime, now) => {
                    state.closed_max_lifetime += 1;
                    Given::Stale(kept)
                }
                Some(kept) => Given::Idle(kept),
                None => Given::Make,
            };
            waiter.answer(Ok(given));
            return Vec::new();
        } else {
            state.in_use -= 1;
            if state.closed {
                thing.into_iter().collect()
            } else {
                let idle = thing.map(|kept| Idle { kept, since: now });
                state.idle.extend(idle);
                state.prune()
            }
        };
        drop(state);
        self.returned.notify_all();
        gone
    }

    /// Sets other bounds. What is returned is to be dropped.
    #[must_use]
    pub(super) fn set_bounds(&self, bounds: Bounds) -> Vec<Kept<T>> {
        let mut state = self.state.lock();
        state.bounds = bounds;
        let gone = state.prune();
        if bounds.max == 0 {
            for waiter in state.waiting.drain(..) {
                waiter.answer(Err(Refused::None));
            }
        }
        while state.in_use < bounds.max {
            let Some(waiter) = state.waiting.pop_front() else {
                break;
            };
            let given = state.give();
            waiter.answer(Ok(given));
        }
        gone
    }

    /// Refuses everybody from now on, those who wait included, waits for what
    /// is given out, and hands over what is idle.
    pub(super) fn close(&self) -> Vec<T> {
        let mut state = self.state.lock();
        state.closed = true;
        for waiter in state.waiting.drain(..) {
            waiter.answer(Err(Refused::Closed));
        }
        let idle = std::mem::take(&mut state.idle);
        while state.in_use > 0 {
            self.returned.wait(&mut state);
        }
        idle.into_iter().map(|idle| idle.kept.thing).collect()
    }

    pub(super) fn stats(&self) -> PoolStats {
        let state = self.state.lock();
        PoolStats {
            open: state.in_use + state.idle.len(),
            in_use: state.in_use,
            idle: state.idle.len(),
            wait_count: state.wait_count,
            wait_duration: state.wait_duration,
            closed_max_idle: state.closed_max_idle,
            closed_max_lifetime: state.closed_max_lifetime,
            acquire_timeouts: state.timeouts,
        }
    }
}

/// A place in the queue. Whoever leaves it takes nothing along.
struct Waiting<'s, T> {
    slots: &'s Slots<T>,
    waiter: Arc<Waiter<T>>,
    start: Instant,
}

impl<T> Waiting<'_, T> {
    fn block(&self, timeout: Duration) -> Result<Given<T>, Refused> {
        let end = self.start + timeout;
        let mut answer = self.waiter.answer.lock();
        while answer.given.is_none() && !self.waiter.ready.wait_until(&mut answer, end).timed_out()
        {
        }
        let given = answer.given.take();
        drop(answer);
        given.unwrap_or_else(|| self.give_up())
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<Given<T>, Refused>> {
        let mut answer = self.waiter.answer.lock();
        if let Some(given) = answer.given.take() {
            return Poll::Ready(given);
        }
        match &mut answer.waker {
            Some(waker) => waker.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    fn give_up(&self) -> Result<Given<T>, Refused> {
        let mut state = self.slots.state.lock();
        // It may have come at the last moment.
        if let Some(given) = self.waiter.answer.lock().given.take() {
            return given;
        }
        state.timeouts += 1;
        Err(Refused::Timeout)
    }
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        let mut state = self.slots.state.lock();
        state.wait_duration += self.start.elapsed();
        state
            .waiting
            .retain(|other| !Arc::ptr_eq(other, &self.waiter));
        let given = self.waiter.answer.lock().given.take();
        drop(state);
        // Nobody is there to use it.
        match given {
            Some(Ok(Given::Idle(kept) | Given::Stale(kept))) => {
                drop(self.slots.give_back(Some(kept)));
            }
            Some(Ok(Given::Make)) => drop(self.slots.give_back(None)),
            Some(Err(_)) | None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn bounds(max: usize) -> Bounds {
        Bounds {
            max,
            max_idle: max,
            max_lifetime: None,
            max_idle_time: None,
        }
    }

    fn kept<T>(thing: T) -> Option<Kept<T>> {
        let born = Instant::now();
        Some(Kept { thing, born })
    }

    fn thing<T>(given: Given<T>) -> Option<T> {
        match given {
            Given::Idle(kept) => Some(kept.thing),
            Given::Stale(_) | Given::Make => None,
        }
    }

    /// Waits until so many callers wait.
    fn until_waiting<T>(slots: &Slots<T>, count: usize) {
        while slots.state.lock().waiting.len() < count {
            std::thread::yield_now();
        }
    }

    #[test]
    fn callers_are_served_in_the_order_they_came() {
        let slots = Slots::new(bounds(1));
        assert_eq!(slots.take(LONG), Ok(Given::Make));
        let order = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for caller in 0..8 {
                let (slots, order) = (&slots, &order);
                scope.spawn(move || {
                    assert_eq!(slots.take(LONG).map(thing), Ok(Some(7)));
                    order.lock().push(caller);
                    assert!(slots.give_back(kept(7)).is_empty());
                });
                until_waiting(slots, caller + 1);
            }
            assert!(slots.give_back(kept(7)).is_empty());
        });
        assert_eq!(order.into_inner(), (0..8).collect::<Vec<_>>());
        assert_eq!(slots.stats().wait_count, 8);
        assert_eq!((slots.stats().in_use, slots.stats().idle), (0, 1));
    }

    #[test]
    fn waiting_ends_and_the_place_in_the_queue_with_it() {
        let slots = Slots::<()>::new(bounds(1));
        assert_eq!(slots.take(LONG), Ok(Given::Make));
        assert_eq!(slots.take(Duration::ZERO), Err(Refused::Timeout));
        assert_eq!(slots.stats().acquire_timeouts, 1);
        drop(slots.give_back(None));
        assert_eq!(slots.take(Duration::ZERO), Ok(Given::Make));
    }

    #[test]
    fn closing_refuses_those_who_wait_and_waits_for_those_who_have() {
        let slots = Slots::new(bounds(1));
        assert_eq!(slots.take(LONG), Ok(Given::Make));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| slots.take(LONG));
            until_waiting(&slots, 1);
            let closer = scope.spawn(|| slots.close());
            assert_eq!(waiter.join().unwrap(), Err(Refused::Closed));
            assert!(!closer.is_finished());
            assert_eq!(slots.give_back(kept(1)).len(), 1);
            assert_eq!(closer.join().unwrap(), Vec::<i32>::new());
        });
        assert_eq!(slots.take(LONG), Err(Refused::Closed));
    }

    #[test]
    fn nothing_is_lost_when_many_come_and_give_up() {
        let slots = Slots::new(bounds(3));
        std::thread::scope(|scope| {
            for seed in 0..16_u64 {
                let slots = &slots;
                scope.spawn(move || {
                    for round in 0..200 {
                        let wait = Duration::from_micros((seed * 31 + round * 17) % 50);
                        match slots.take(wait) {
                            Ok(Given::Make) => drop(slots.give_back(kept(()))),
                            Ok(_) if round % 5 == 0 => drop(slots.give_back(None)),
                            Ok(_) => drop(slots.give_back(kept(()))),
                            Err(refused) => assert_eq!(refused, Refused::Timeout),
                        }
                    }
                });
            }
        });
        let stats = slots.stats();
        assert_eq!(stats.in_use, 0);
        assert!(stats.open <= 3, "{stats:?}");
    }

    #[tokio::test]
    async fn whoever_leaves_the_queue_takes_nothing_along() {
        use futures_util::FutureExt as _;
        let slots = Slots::new(bounds(1));
        assert_eq!(slots.claim(LONG).await, Ok(Given::Make));
        let mut leaving = Box::pin(slots.claim(LONG));
        let mut staying = Box::pin(slots.claim(LONG));
        assert_eq!(leaving.as_mut().now_or_never(), None);
        assert_eq!(staying.as_mut().now_or_never(), None);
        // It is the first one's, who never looks at it.
        assert!(slots.give_back(kept(7)).is_empty());
        assert_eq!(staying.as_mut().now_or_never(), None);
        drop(leaving);
        assert_eq!(staying.await.map(thing), Ok(Some(7)));
        assert_eq!(slots.stats().in_use, 1);
    }

    #[tokio::test]
    async fn bounds_change_while_some_wait() {
        use futures_util::FutureExt as _;
        let slots = Slots::new(bounds(1));
        assert_eq!(slots.claim(LONG).await, Ok(Given::Make));
        let mut waiting = Box::pin(slots.claim(LONG));
        assert_eq!(waiting.as_mut().now_or_never(), None);
        assert!(slots.set_bounds(bounds(2)).is_empty());
        assert_eq!(waiting.await, Ok(Given::Make));
        assert!(slots.give_back(kept(1)).is_empty());
        // One is in use, one is idle: there is room for one.
        let gone = slots.set_bounds(bounds(1));
        assert_eq!(gone.len(), 1);
        assert!(slots.give_back(kept(2)).is_empty());
        assert_eq!(slots.claim(LONG).await.map(thing), Ok(Some(2)));
        let mut waiting = Box::pin(slots.claim(LONG));
        assert_eq!(waiting.as_mut().now_or_never(), None);
        assert!(slots.set_bounds(bounds(0)).is_empty());
        assert_eq!(waiting.await, Err(Refused::None));
        assert_eq!(slots.give_back(kept(2)).len(), 1);
        assert_eq!(slots.stats().open, 0);
    }

    #[test]
    fn what_is_too_old_or_idle_too_long_is_not_given_out() {
        let over = Some(Duration::ZERO);
        for (max_lifetime, max_idle_time) in [(over, None), (None, over)] {
            let slots = Slots::new(bounds(2));
            assert_eq!(slots.take(LONG), Ok(Given::Make));
            assert!(slots.give_back(kept(1)).is_empty());
            let old = Bounds {
                max_lifetime,
                max_idle_time,
                ..bounds(2)
            };
            assert_eq!(slots.set_bounds(old).len(), 1);
            assert_eq!(slots.stats().closed_max_lifetime, 1);
            assert_eq!(slots.take(LONG), Ok(Given::Make));
        }
    }
}
