//! Thins out messages that repeat.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;

use crate::{Level, Record};

/// Most distinct messages that are watched at a time; others pass unthinned.
const MESSAGES_MAX: usize = 8192;

/// Per target, level and message: the first `first` records of a period, then one
/// in `thereafter`.
///
/// Levels from [`Level::Error`] on are exempt by default. A record that passes
/// after others were left out carries their number as `suppressed`.
///
/// ```
/// use std::time::Duration;
/// use plumego_log::Sampling;
///
/// let sampling = Sampling::new(100, 10).per(Duration::from_secs(1));
/// # let _ = sampling;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sampling {
    first: u64,
    thereafter: u64,
    period: Duration,
    exempt: Level,
}

impl Sampling {
    /// Passes the first `first` records per second, then one in `thereafter`;
    /// zero passes none of the rest.
    #[must_use]
    pub const fn new(first: u64, thereafter: u64) -> Self {
        Self {
            first,
            thereafter,
            period: Duration::from_secs(1),
            exempt: Level::Error,
        }
    }

    /// Sets the period, one second by default.
    #[must_use]
    pub const fn per(mut self, period: Duration) -> Self {
        self.period = period;
        self
    }

    /// Sets the level from which every record passes.
    #[must_use]
    pub const fn exempt_from(mut self, level: Level) -> Self {
        self.exempt = level;
        self
    }
}

/// What sampling decides about one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Write it, and say that so many before it were left out.
    Pass {
        suppressed: u64,
    },
    Suppress,
}

/// Counts messages. Keyed by hash: two messages that collide are thinned together.
pub(crate) struct Sampler {
    sampling: Sampling,
    hasher: RandomState,
    windows: Mutex<HashMap<u64, Window>>,
}

struct Window {
    start: SystemTime,
    seen: u64,
    suppressed: u64,
}

impl Sampler {
    pub(crate) fn new(sampling: Sampling) -> Self {
        Self {
            sampling,
            hasher: RandomState::new(),
            windows: Mutex::default(),
        }
    }

    pub(crate) fn judge(&self, record: &Record<'_>) -> Verdict {
        if record.level >= self.sampling.exempt {
            return Verdict::Pass { suppressed: 0 };
        }
        let key = self
            .hasher
            .hash_one((record.level.value(), record.target, record.message));
        let mut windows = self.windows.lock();
        if windows.len() >= MESSAGES_MAX && !windows.contains_key(&key) {
            windows.retain(|_, window| !self.is_over(window, record.time));
            if windows.len() >= MESSAGES_MAX {
                return Verdict::Pass { suppressed: 0 };
            }
        }
        let window = windows.entry(key).or_insert(Window {
            start: record.time,
            seen: 0,
            suppressed: 0,
        });
        if self.is_over(window, record.time) {
            *window = Window {
                start: record.time,
                seen: 0,
                ..*window
            };
        }
        self.count(window)
    }

    fn count(&self, window: &mut Window) -> Verdict {
        window.seen += 1;
        let beyond = window.seen.saturating_sub(self.sampling.first);
        let passes = beyond == 0
            || self.sampling.thereafter > 0 && beyond.is_multiple_of(self.sampling.thereafter);
        if passes {
            Verdict::Pass {
                suppressed: std::mem::take(&mut window.suppressed),
            }
        } else {
            window.suppressed += 1;
            Verdict::Suppress
        }
    }

    /// A clock that went back starts a new period, so that it cannot prolong one.
    fn is_over(&self, window: &Window, now: SystemTime) -> bool {
        now.duration_since(window.start)
            .map_or(true, |age| age >= self.sampling.period)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn verdicts(sampler: &Sampler, level: Level, secs: &[u64]) -> Vec<Option<u64>> {
        secs.iter()
            .map(|&secs| {
                let time = UNIX_EPOCH + Duration::from_secs(secs);
                match sampler.judge(&Record::new(level, "again", time)) {
                    Verdict::Pass { suppressed } => Some(suppressed),
                    Verdict::Suppress => None,
                }
            })
            .collect()
    }

    #[test]
    fn first_some_then_one_in_many_and_the_count_follows() {
        let sampler = Sampler::new(Sampling::new(2, 3));
        assert_eq!(
            verdicts(&sampler, Level::Info, &[0; 9]),
            [
                Some(0),
                Some(0),
                None,
                None,
                Some(2),
                None,
                None,
                Some(2),
                None
            ]
        );
        assert_eq!(verdicts(&sampler, Level::Info, &[1, 1]), [Some(1), Some(0)]);
    }

    #[test]
    fn levels_are_counted_apart_and_errors_are_exempt() {
        let sampler = Sampler::new(Sampling::new(1, 0));
        assert_eq!(verdicts(&sampler, Level::Info, &[0, 0]), [Some(0), None]);
        assert_eq!(verdicts(&sampler, Level::Warn, &[0, 0]), [Some(0), None]);
        assert_eq!(
            verdicts(&sampler, Level::Error, &[0, 0]),
            [Some(0), Some(0)]
        );
    }

    #[test]
    fn a_clock_that_goes_back_does_not_silence() {
        let sampler = Sampler::new(Sampling::new(1, 0));
        assert_eq!(
            verdicts(&sampler, Level::Info, &[100, 5]),
            [Some(0), Some(0)]
        );
    }

    #[test]
    fn too_many_messages_pass_unthinned() {
        let sampler = Sampler::new(Sampling::new(0, 0));
        let judge = |n: usize| sampler.judge(&Record::new(Level::Info, &n.to_string(), UNIX_EPOCH));
        assert!((0..MESSAGES_MAX).all(|n| judge(n) == Verdict::Suppress));
        assert_eq!(judge(MESSAGES_MAX), Verdict::Pass { suppressed: 0 });
        assert_eq!(sampler.windows.lock().len(), MESSAGES_MAX);
    }
}
