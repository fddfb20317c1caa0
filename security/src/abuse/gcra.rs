//! Arithmetic of one bucket: the generic cell rate algorithm (ITU-T I.371),
//! with a bucket kept as the moment at which it is full again.
//!
//! Everything is integers. A tick is 2^-20 ns, so that rates far above one per
//! nanosecond keep their value; the longest times are clamped so far below
//! 2^128 ticks that no sum overflows.

use std::time::Duration;

/// Ticks in a nanosecond, as a power of two.
const TICK_SHIFT: u32 = 20;
/// Longest time to gain one token: about 600 000 years.
const INTERVAL_MAX: u128 = 1 << 94;

/// Nanoseconds since the limiter was made.
pub(super) type Nanos = u64;

/// How fast buckets fill, and how much they hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// Ticks to gain one token.
    interval: u128,
    capacity: u32,
}

/// A bucket; `full_at` in the past means full.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    /// In ticks.
    full_at: u128,
    /// When a request last asked for it.
    pub(super) seen: Nanos,
}

/// What came of asking a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) remaining: u32,
    pub(super) reset_after: Duration,
    /// None when the tokens were taken.
    pub(super) retry_after: Option<Duration>,
}

impl Rate {
    /// `per_second` is finite and above zero, `capacity` above zero.
    pub(super) fn new(per_second: f64, capacity: u32) -> Self {
        let ticks_per_second = 1e9 * f64::from(1_u32 << TICK_SHIFT);
        let interval = (ticks_per_second / per_second).round() as u128;
        Self {
            interval: interval.clamp(1, INTERVAL_MAX),
            capacity,
        }
    }

    pub(super) fn capacity(self) -> u32 {
        self.capacity
    }

    /// Takes `cost` tokens, or none when there are not as many. `cost` is at
    /// most the capacity; `now` never decreases from call to call.
    pub(super) fn take(self, bucket: &mut Bucket, cost: u32, now: Nanos) -> Taken {
        let taken = self.ask(*bucket, cost, now);
        bucket.seen = now;
        if taken.retry_after.is_none() {
            let deficit = bucket.deficit(now) + self.ticks(cost);
            bucket.full_at = ticks_at(now) + deficit;
        }
        taken
    }

    /// What taking `cost` tokens would give.
    pub(super) fn ask(self, bucket: Bucket, cost: u32, now: Nanos) -> Taken {
        let deficit = bucket.deficit(now);
        let wanted = deficit + self.ticks(cost);
        let (deficit, retry_after) = match wanted.checked_sub(self.ticks(self.capacity)) {
            None | Some(0) => (wanted, None),
            Some(missing) => (deficit, Some(duration(missing))),
        };
        Taken {
            remaining: self.whole_tokens(deficit),
            reset_after: duration(deficit),
            retry_after,
        }
    }

    /// Whole tokens in a bucket that lacks `deficit`.
    fn whole_tokens(self, deficit: u128) -> u32 {
        let held = self.ticks(self.capacity).saturating_sub(deficit);
        // At most the capacity.
        u32::try_from(held / self.interval).unwrap_or(self.capacity)
    }

    fn ticks(self, tokens: u32) -> u128 {
        self.interval * u128::from(tokens)
    }
}

impl Bucket {
    /// Whether giving it up would give nobody a token.
    pub(super) fn is_full(self, now: Nanos) -> bool {
        self.deficit(now) == 0
    }

    fn deficit(self, now: Nanos) -> u128 {
        self.full_at.saturating_sub(ticks_at(now))
    }
}

fn ticks_at(now: Nanos) -> u128 {
    u128::from(now) << TICK_SHIFT
}

/// Rounded up, so that waiting it out is always enough.
fn duration(ticks: u128) -> Duration {
    const NANOS_PER_SECOND: u128 = 1_000_000_000;
    let nanos = ticks.div_ceil(1 << TICK_SHIFT);
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND).unwrap_or(u64::MAX);
    let rest = (nanos % NANOS_PER_SECOND) as u32;
    Duration::new(seconds, rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nanos(seconds: f64) -> Nanos {
        (seconds * 1e9).round() as Nanos
    }

    fn take(rate: Rate, bucket: &mut Bucket, now: Nanos) -> bool {
        rate.take(bucket, 1, now).retry_after.is_none()
    }

    #[test]
    fn refill_is_exact_at_slow_and_fast_rates() {
        for (per_second, interval) in [
            (0.001, 1_000_000_000_000),
            (100.0, 10_000_000),
            (1_000_000.0, 1_000),
            (1e9, 1),
        ] {
            let rate = Rate::new(per_second, 2);
            let mut bucket = Bucket::default();
            let start = 5_000_000_000;
            assert!(take(rate, &mut bucket, start) && take(rate, &mut bucket, start));
            for round in 1..=5 {
                let due = start + round * interval;
                let refused = rate.take(&mut bucket, 1, due - 1);
                assert_eq!(refused.retry_after, Some(Duration::from_nanos(1)));
                assert!(take(rate, &mut bucket, due), "{per_second}");
            }
        }
    }

    #[test]
    fn rates_that_are_no_whole_time_do_not_drift() {
        let rate = Rate::new(3.0, 1);
        let mut bucket = Bucket::default();
        let (mut now, mut taken) = (0, 0);
        while now < nanos(1000.0) {
            let answer = rate.take(&mut bucket, 1, now);
            match answer.retry_after {
                None => taken += 1,
                Some(wait) => now += u64::try_from(wait.as_nanos()).unwrap(),
            }
        }
        assert_eq!(taken, 3000);
    }

    #[test]
    fn extreme_rates_neither_overflow_nor_open() {
        let never = Rate::new(f64::MIN_POSITIVE, u32::MAX - 1);
        let mut bucket = Bucket::default();
        let all = never.take(&mut bucket, u32::MAX - 1, u64::MAX);
        assert_eq!((all.retry_after, all.remaining), (None, 0));
        assert!(never.take(&mut bucket, 1, u64::MAX).retry_after.is_some());
        let flood = Rate::new(f64::MAX, 1);
        let mut bucket = Bucket::default();
        assert!(take(flood, &mut bucket, 0));
        assert!(!take(flood, &mut bucket, 0));
        assert!(take(flood, &mut bucket, 1));
    }

    #[test]
    fn a_denial_takes_nothing_and_says_how_long() {
        let rate = Rate::new(10.0, 5);
        let mut bucket = Bucket::default();
        let first = rate.take(&mut bucket, 3, 0);
        let expected = Taken {
            remaining: 2,
            reset_after: Duration::from_millis(300),
            retry_after: None,
        };
        assert_eq!(first, expected);
        let denied = rate.take(&mut bucket, 4, 0);
        let expected = Taken {
            remaining: 2,
            reset_after: Duration::from_millis(300),
            retry_after: Some(Duration::from_millis(200)),
        };
        assert_eq!(denied, expected);
        assert!(!bucket.is_full(299_999_999) && bucket.is_full(300_000_000));
    }

    proptest! {
        /// Against a bucket of exact fractions that is filled step by step.
        #[test]
        fn buckets_are_token_buckets(
            interval in 1_u64..2_000_000_000,
            capacity in 1_u32..50,
            steps in proptest::collection::vec((0_u64..4_000_000_000, 0_u32..60), 1..60),
        ) {
            let rate = Rate { interval: u128::from(interval) << TICK_SHIFT, capacity };
            let mut bucket = Bucket::default();
            // Tokens times interval, so that a nanosecond adds one.
            let full = u128::from(capacity) * u128::from(interval);
            let (mut held, mut now) = (full, 0);
            for (wait, cost) in steps {
                let cost = cost % (capacity + 1);
                now += wait;
                held = (held + u128::from(wait)).min(full);
                let price = u128::from(cost) * u128::from(interval);
                let answer = rate.take(&mut bucket, cost, now);
                if held >= price {
                    held -= price;
                    prop_assert_eq!(answer.retry_after, None);
                } else {
                    let missing = u64::try_from(price - held).unwrap();
                    prop_assert_eq!(answer.retry_after, Some(Duration::from_nanos(missing)));
                }
                prop_assert_eq!(u128::from(answer.remaining), held / u128::from(interval));
                let lacking = u64::try_from(full - held).unwrap();
                prop_assert_eq!(answer.reset_after, Duration::from_nanos(lacking));
                prop_assert_eq!(bucket.is_full(now), lacking == 0);
            }
        }
    }
}
