//! The cases that need many threads or many series.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};

use super::CollectorFixture;
use super::cases::{Judged, counted_nothing, ensure, failed, fresh_collector, holds};
use crate::{
    AggregateCollector, CardinalityPolicy, HttpObserverExt, MetricKind, MetricName, MetricRecord,
    OVERFLOW, Route,
};

/// Threads of MC-06, and what each of them records.
const THREADS: u64 = 32;
const RECORDS: u64 = 10_000;

/// Distinct label sets of MC-08.
const LABEL_SETS: u64 = 1_000_000;
/// Distinct names of MC-08.
const NAMES: u64 = 5_000;

const JOBS: MetricName = MetricName::from_static("jobs");

/// What one thread of MC-06 records: requests and records by turns.
fn record_many(collector: &dyn AggregateCollector, thread: u64) {
    let record = MetricRecord::counter(JOBS, 1.0);
    for round in 0..RECORDS {
        if (round + thread).is_multiple_of(2) {
            collector.record(&record);
        } else {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            collector.observe(&Method::GET, Route::Unmatched, status, 0, Duration::ZERO);
        }
    }
}

/// Runs the writers and, until they are done, whatever else is given; the first
/// contradiction in the statistics ends the case.
fn while_writing(
    collector: &dyn AggregateCollector,
    meanwhile: impl Fn() -> Judged + Sync,
) -> Judged {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || record_many(collector, thread)))
            .collect();
        let watching = scope.spawn(|| {
            while !done.load(Ordering::Acquire) {
                meanwhile()?;
                std::thread::yield_now();
            }
            Ok(())
        });
        let panicked = writers
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .filter(Result::is_err)
            .count();
        done.store(true, Ordering::Release);
        let watched = watching
            .join()
            .unwrap_or_else(|_| Err(failed("reading statistics panicked")));
        ensure(panicked == 0, || {
            format!("recording panicked in {panicked} threads")
        })?;
        watched
    })
}

pub(super) fn threads(fixture: &dyn CollectorFixture) -> Judged {
    let collector = fresh_collector(fixture);
    let collector = &*collector;
    while_writing(collector, || holds(&collector.stats()))?;
    let stats = collector.stats();
    if !fixture.counts() {
        return counted_nothing(&stats);
    }
    let all = THREADS * RECORDS;
    let exact = stats.total_records == all
        && stats.error_records == all / 2
        && stats.server_error_records == all / 2
        && stats.name_breakdown.get("jobs") == Some(&(all / 2));
    ensure(exact, || {
        format!("expected {all} records, half of them errors, saw {stats:?}")
    })?;
    while_writing(collector, || {
        collector.clear();
        holds(&collector.stats())
    })?;
    collector.clear();
    collector.record(&MetricRecord::counter(JOBS, 1.0));
    let after = collector.stats();
    ensure(after.total_records == 1, || {
        format!("one record after the last clear, saw {after:?}")
    })
}

pub(super) fn flood(fixture: &dyn CollectorFixture) -> Judged {
    label_sets(fixture)?;
    names(fixture)
}

fn label_sets(fixture: &dyn CollectorFixture) -> Judged {
    let policy = CardinalityPolicy::new(500, 2_000, 100).map_err(failed)?;
    let collector = fixture.collector(policy);
    let first = MetricRecord::counter(JOBS, 1.0).with_label("key", "first");
    collector.record(&first);
    for index in 0..LABEL_SETS {
        collector.record(&MetricRecord::counter(JOBS, 1.0).with_label("key", index.to_string()));
    }
    let full = collector.stats();
    (0..10).for_each(|_| collector.record(&first));
    let stats = collector.stats();
    holds(&stats)?;
    if !fixture.counts() {
        return counted_nothing(&stats);
    }
    let exact = stats.total_records == LABEL_SETS + 11
        && stats.name_breakdown.get("jobs") == Some(&(LABEL_SETS + 11));
    ensure(exact, || {
        format!("expected {} records, saw {stats:?}", LABEL_SETS + 11)
    })?;
    // One overflow series per name comes on top.
    let bounded = stats.active_series <= policy.per_name() + 1;
    ensure(bounded, || {
        format!(
            "{} series for a bound of {}",
            stats.active_series,
            policy.per_name()
        )
    })?;
    let kept = !fixture.keeps_label_sets() || full.series_overflow > 0;
    ensure(kept, || {
        "folded label sets do not show in series_overflow".into()
    })?;
    ensure(stats.series_overflow == full.series_overflow, || {
        "a series that exists was folded".into()
    })
}

fn names(fixture: &dyn CollectorFixture) -> Judged {
    let policy = CardinalityPolicy::new(500, 2_000, 100).map_err(failed)?;
    let collector = fixture.collector(policy);
    for index in 0..NAMES {
        collector.record(&MetricRecord::named(
            &format!("n{index}"),
            MetricKind::Counter,
            1.0,
        ));
    }
    collector.record(&MetricRecord::named("n0", MetricKind::Counter, 1.0));
    let stats = collector.stats();
    holds(&stats)?;
    if !fixture.counts() {
        return counted_nothing(&stats);
    }
    ensure(stats.total_records == NAMES + 1, || {
        format!("expected {} records, saw {stats:?}", NAMES + 1)
    })?;
    ensure(stats.name_breakdown.len() <= policy.names() + 1, || {
        format!(
            "{} names for a bound of {}",
            stats.name_breakdown.len(),
            policy.names()
        )
    })?;
    let visible = stats.series_overflow > 0 && stats.name_breakdown.contains_key(OVERFLOW);
    ensure(visible, || "folded names do not show".into())?;
    ensure(stats.name_breakdown.get("n0") == Some(&2), || {
        "a name that exists stopped growing".into()
    })
}
