//! Checks of a limiter: one key all the time, many keys in a full table, many
//! threads.

use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use governor::{Quota, RateLimiter};
use plumego_security::abuse::{AbuseConfig, Limiter};

use super::{Problem, slice};
use crate::harness::{Selection, compare};
use crate::report::{Gate, Row};

const KEYS: usize = 100_000;
const PER_SECOND: u32 = 1_000_000;

/// Threads at once, and what each of them measures.
const THREADS: usize = 16;
const CHECKS: usize = 20_000;

pub(super) fn measure(selection: &Selection) -> Result<Vec<Row>, Problem> {
    let keys: Vec<_> = (0..KEYS)
        .map(|number| format!("198.51.100.{number}"))
        .collect();
    let ours = Limiter::new(
        AbuseConfig::default()
            .with_rate(f64::from(PER_SECOND))
            .with_capacity(PER_SECOND)
            .with_max_entries(KEYS),
    )?;
    let quota = Quota::per_second(NonZeroU32::new(PER_SECOND).ok_or("a rate of nothing")?);
    let theirs = RateLimiter::keyed(quota);
    for key in &keys {
        ours.check(key)?;
        drop(theirs.check_key(key));
    }
    // A request has its key at hand: what is fetched from afar are the buckets.
    let asked: Vec<_> = (0..KEYS)
        .map(|number| keys[number * 7_919 % KEYS].clone())
        .collect();
    let mut rows = Vec::new();
    for (scenario, used, budget) in [
        ("limiter, hot key", &asked[..1], 150.0),
        ("limiter, 100 k keys, full table", &asked[..], 300.0),
    ] {
        let figures = compare(
            selection.effort,
            [
                slice(each(used, |key| drop(black_box(ours.check(key))))),
                slice(each(used, |key| drop(black_box(theirs.check_key(key))))),
            ],
        );
        let [own, peer] = figures;
        rows.push(Row::ratio(
            scenario,
            ("Limiter", own),
            ("governor", peer),
            None,
        ));
        let gate = Some(Gate::AtMost(budget));
        rows.push(Row::value(scenario, "Limiter", own, "ns", gate));
    }
    let scenario = format!("limiter, {THREADS} threads, p99.9");
    let slowest = slow_checks(&ours, &keys);
    let gate = Some(Gate::AtMost(5_000.0));
    rows.push(Row::value(scenario, "Limiter", slowest, "ns", gate));
    Ok(rows)
}

/// Goes around the keys.
fn each<'a>(keys: &'a [String], mut work: impl FnMut(&String) + 'a) -> impl FnMut() + 'a {
    let mut at = 0;
    move || {
        work(black_box(&keys[at]));
        at = (at + 1) % keys.len();
    }
}

/// What all but one in a thousand checks stay below, in nanoseconds. With more
/// threads than cores, the time a thread waits for a core is in it as well.
fn slow_checks(limiter: &Limiter, keys: &[String]) -> f64 {
    let start = Barrier::new(THREADS);
    let measure = |offset: usize| {
        let mut times = Vec::with_capacity(CHECKS);
        start.wait();
        for number in 0..CHECKS {
            let key = &keys[(offset * 6_151 + number * 7_919) % keys.len()];
            let started = Instant::now();
            drop(black_box(limiter.check(key)));
            times.push(started.elapsed());
        }
        times
    };
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let measure = &measure;
        let running: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || measure(thread)))
            .collect();
        // A thread that panicked has printed why; its figures are missing.
        let finished = running.into_iter().filter_map(|thread| thread.join().ok());
        finished.flatten().collect()
    });
    times.sort_unstable();
    let at = times.len() * 999 / 1_000;
    times
        .get(at)
        .map_or(f64::NAN, |time| time.as_nanos() as f64)
}
