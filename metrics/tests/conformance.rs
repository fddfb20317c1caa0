//! The collectors of this crate pass the suite, and flawed ones fail the right case.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use plumego_log::Logger;
use plumego_metrics::conformance::{CollectorFixture, ConformanceReport, Verdict, run, run_only};
use plumego_metrics::{
    AggregateCollector, BaseCollector, CardinalityPolicy, CollectorStats, HttpObservation,
    HttpObserver, MetricRecord, MultiCollector, NoopCollector, Recorder, Resetter, StatsReader,
};

/// Counts on this thread only, which is where the suite records.
fn count_allocations(work: &mut dyn FnMut()) -> Option<u64> {
    Some(allocation_counter::measure(work).count_total)
}

struct Base;

impl CollectorFixture for Base {
    fn collector(&self, policy: CardinalityPolicy) -> Arc<dyn AggregateCollector> {
        Arc::new(BaseCollector::new(policy))
    }

    fn collector_with_logger(
        &self,
        policy: CardinalityPolicy,
        logger: Arc<dyn Logger>,
    ) -> Arc<dyn AggregateCollector> {
        Arc::new(BaseCollector::new(policy).with_logger(logger))
    }

    fn allocations(&self, work: &mut dyn FnMut()) -> Option<u64> {
        count_allocations(work)
    }
}

struct Noop;

impl CollectorFixture for Noop {
    fn collector(&self, _: CardinalityPolicy) -> Arc<dyn AggregateCollector> {
        Arc::new(NoopCollector)
    }

    fn counts(&self) -> bool {
        false
    }

    fn allocations(&self, work: &mut dyn FnMut()) -> Option<u64> {
        count_allocations(work)
    }
}

struct Multi;

impl CollectorFixture for Multi {
    fn collector(&self, policy: CardinalityPolicy) -> Arc<dyn AggregateCollector> {
        MultiCollector::new([
            Some(Arc::new(BaseCollector::new(policy)) as _),
            Some(Arc::new(NoopCollector) as _),
        ])
    }

    fn allocations(&self, work: &mut dyn FnMut()) -> Option<u64> {
        count_allocations(work)
    }
}

#[test]
fn the_base_collector_conforms() {
    run(&Base).assert_passed();
}

#[test]
fn the_noop_collector_conforms() {
    run(&Noop).assert_passed();
}

#[test]
fn the_multi_collector_conforms() {
    run(&Multi).assert_passed();
}

/// What is wrong with a collector.
#[derive(Copy, Clone, Debug, Eq, PartialEq)]
enum Flaw {
    CountsInvalid,
    ForgetsToClear,
    MissesObservations,
    LosesCounts,
    Allocates,
    ForgetsStart,
    EvictsNames,
}

/// A base collector spoiled in one way.
struct Flawed {
    base: BaseCollector,
    flaw: Flaw,
    waste: Mutex<Vec<u8>>,
    extra: AtomicU64,
}

impl Recorder for Flawed {
    fn record(&self, record: &MetricRecord) {
        if self.flaw == Flaw::CountsInvalid && record.validate().is_err() {
            self.extra.fetch_add(1, Ordering::Relaxed);
        }
        if self.flaw == Flaw::Allocates {
            *self.waste.lock().unwrap() = vec![1];
        }
        if self.flaw == Flaw::EvictsNames
            && record.name.as_str() == "n0"
            && self.extra.fetch_add(1, Ordering::Relaxed) > 0
        {
            return;
        }
        self.base.record(record);
    }
}

impl HttpObserver for Flawed {
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        if self.flaw == Flaw::LosesCounts {
            // A read, a pause and a write: what a plain variable would do.
            let seen = self.extra.load(Ordering::Relaxed);
            std::thread::yield_now();
            self.extra.store(seen + 1, Ordering::Relaxed);
        } else if self.flaw != Flaw::MissesObservations {
            self.base.observe_http(observation);
        }
    }
}

impl StatsReader for Flawed {
    fn stats(&self) -> CollectorStats {
        let mut stats = self.base.stats();
        let extra = self.extra.load(Ordering::Relaxed);
        match self.flaw {
            Flaw::CountsInvalid => stats.total_records += extra,
            Flaw::ForgetsStart => stats.start_time = None,
            Flaw::LosesCounts if extra > 0 => {
                stats.total_records += extra;
                stats.error_records += extra;
                stats.server_error_records += extra;
                stats.name_breakdown.insert("http_request".into(), extra);
                stats.active_series += 1;
            }
            _ => {}
        }
        stats
    }
}

impl Resetter for Flawed {
    fn clear(&self) {
        if self.flaw != Flaw::ForgetsToClear {
            self.base.clear();
            self.extra.store(0, Ordering::Relaxed);
        }
    }
}

impl CollectorFixture for Flaw {
    fn collector(&self, policy: CardinalityPolicy) -> Arc<dyn AggregateCollector> {
        let base = BaseCollector::new(policy);
        Arc::new(Flawed {
            base,
            flaw: *self,
            waste: Mutex::default(),
            extra: AtomicU64::new(0),
        })
    }

    fn allocations(&self, work: &mut dyn FnMut()) -> Option<u64> {
        count_allocations(work)
    }
}

fn failed(report: &ConformanceReport) -> Vec<&str> {
    let failed = |verdict: &Verdict| matches!(verdict, Verdict::Failed(_));
    report
        .cases
        .iter()
        .filter(|case| failed(&case.verdict))
        .map(|case| case.id)
        .collect()
}

#[test]
fn each_flaw_fails_its_case() {
    let rows: [(Flaw, &[&str]); 7] = [
        (Flaw::CountsInvalid, &["MC-04", "MC-09", "MC-11", "MC-12"]),
        (Flaw::ForgetsToClear, &["MC-05", "MC-06"]),
        (
            Flaw::MissesObservations,
            &["MC-02", "MC-03", "MC-06", "MC-10"],
        ),
        (Flaw::LosesCounts, &["MC-03", "MC-06"]),
        (Flaw::Allocates, &["MC-13"]),
        (Flaw::ForgetsStart, &["MC-01", "MC-05"]),
        (Flaw::EvictsNames, &["MC-08"]),
    ];
    for (flaw, cases) in rows {
        let report = run_only(&flaw, cases);
        assert_eq!(failed(&report), cases, "{flaw:?}:\n{report}");
    }
}
