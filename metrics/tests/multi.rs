//! Fan-out to several collectors.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use plumego_log::{Fields, FlushError, Level, Logger, Record};
use plumego_metrics::{
    AggregateCollector, BaseCollector, CardinalityPolicy, CollectorStats, HttpObservation,
    HttpObserver, HttpObserverExt, MetricName, MetricRecord, MultiCollector, NoopCollector,
    Recorder, Resetter, Route, StatsReader,
};

fn base() -> Arc<dyn AggregateCollector> {
    Arc::new(BaseCollector::default())
}

fn record() -> MetricRecord {
    MetricRecord::counter(MetricName::from_static("jobs"), 1.0)
}

/// Writes down who was called, and says what it is told to say.
#[derive(Default)]
struct Double {
    id: u8,
    calls: Arc<Mutex<Vec<(u8, &'static str)>>>,
    stats: CollectorStats,
    panics: bool,
}

impl Double {
    fn called(&self, what: &'static str) {
        self.calls.lock().unwrap().push((self.id, what));
        assert!(!self.panics, "a collector that panics, on purpose");
    }
}

impl Recorder for Double {
    fn record(&self, _: &MetricRecord) {
        self.called("record");
    }
}

impl HttpObserver for Double {
    fn observe_http(&self, _: &HttpObservation<'_>) {
        self.called("observe");
    }
}

impl StatsReader for Double {
    fn stats(&self) -> CollectorStats {
        self.called("stats");
        self.stats.clone()
    }
}

impl Resetter for Double {
    fn clear(&self) {
        self.called("clear");
    }
}

#[test]
fn nothing_to_do_is_the_noop_collector() {
    let none = MultiCollector::new([]);
    none.record(&record());
    assert_eq!(none.stats(), NoopCollector.stats());
    let all_none: [Option<Arc<dyn AggregateCollector>>; 3] = [None, None, None];
    assert!(MultiCollector::new(all_none).stats().start_time.is_none());
}

#[test]
fn one_collector_is_passed_through() {
    let only = base();
    assert!(Arc::ptr_eq(
        &MultiCollector::new([None, Some(only.clone()), None]),
        &only
    ));
    assert!(Arc::ptr_eq(
        &MultiCollector::new([Some(only.clone()), Some(only.clone())]),
        &only
    ));
}

#[test]
fn calls_come_in_the_given_order_once_each() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let double = |id| {
        Some(Arc::new(Double {
            id,
            calls: calls.clone(),
            ..Double::default()
        }) as _)
    };
    let multi = MultiCollector::new([double(2), double(1), double(3)]);
    multi.record(&record());
    multi.observe(
        &Method::GET,
        Route::Unmatched,
        StatusCode::OK,
        0,
        Duration::ZERO,
    );
    multi.stats();
    multi.clear();
    let expected: Vec<_> = ["record", "observe", "stats", "clear"]
        .into_iter()
        .flat_map(|what| [(2, what), (1, what), (3, what)])
        .collect();
    assert_eq!(*calls.lock().unwrap(), expected);
}

#[test]
fn the_same_collector_counts_once_also_through_nested_fan_outs() {
    let (one, two) = (base(), base());
    let inner = MultiCollector::new([Some(one.clone()), Some(two.clone())]);
    let innermost = MultiCollector::new([Some(inner.clone()), Some(one.clone())]);
    let outer = MultiCollector::new([
        Some(one.clone()),
        Some(innermost),
        Some(inner),
        Some(two.clone()),
    ]);
    outer.record(&record());
    assert_eq!(
        (one.stats().total_records, two.stats().total_records),
        (1, 1)
    );
    assert_eq!(outer.stats().total_records, 2);
}

#[test]
fn statistics_are_sums() {
    let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let breakdown = |rows: &[(&str, u64)]| {
        rows.iter()
            .map(|(name, n)| ((*name).to_owned(), *n))
            .collect()
    };
    let said = |change: &dyn Fn(&mut CollectorStats)| {
        let mut stats = CollectorStats::default();
        change(&mut stats);
        Some(Arc::new(Double {
            stats,
            ..Double::default()
        }) as Arc<dyn AggregateCollector>)
    };
    let multi = MultiCollector::new([
        said(&|stats| {
            stats.total_records = 5;
            stats.error_records = 2;
            stats.client_error_records = 1;
            stats.server_error_records = 1;
            stats.active_series = 5;
            stats.start_time = at(20);
            stats.name_breakdown = breakdown(&[("a", 5)]);
        }),
        said(&|stats| {
            stats.total_records = 3;
            stats.error_records = 1;
            stats.invalid_records = 4;
            stats.series_overflow = 6;
            stats.start_time = at(10);
            stats.name_breakdown = breakdown(&[("a", 1), ("b", 2)]);
        }),
        Some(Arc::new(NoopCollector) as _),
    ]);
    let stats = multi.stats();
    assert_eq!((stats.total_records, stats.error_records), (8, 3));
    assert_eq!(
        (stats.client_error_records, stats.server_error_records),
        (1, 1)
    );
    assert_eq!((stats.invalid_records, stats.series_overflow), (4, 6));
    assert_eq!(
        stats.active_series, 7,
        "five reported and a breakdown of two"
    );
    assert_eq!(stats.start_time, at(10));
    assert_eq!(
        stats.name_breakdown,
        BTreeMap::from([("a".to_owned(), 6), ("b".to_owned(), 2)])
    );
}

/// A logger that keeps messages.
#[derive(Default)]
struct Messages(Mutex<Vec<String>>);

impl Logger for Messages {
    fn enabled(&self, _: Level, _: &str) -> bool {
        true
    }
    fn log(&self, record: &Record<'_>) {
        self.0.lock().unwrap().push(record.message.to_owned());
    }
    fn with_fields(&self, _: Fields) -> Arc<dyn Logger> {
        plumego_log::discard()
    }
    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }
}

#[test]
fn a_collector_that_panics_does_not_keep_the_others_from_it() {
    let after = base();
    let panicking = Arc::new(Double {
        panics: true,
        ..Double::default()
    });
    let logger = Arc::new(Messages::default());
    let targets = [
        Some(panicking as Arc<dyn AggregateCollector>),
        Some(after.clone()),
    ];
    let multi = MultiCollector::with_logger(targets, logger.clone());
    multi.record(&record());
    multi.observe(
        &Method::GET,
        Route::Unmatched,
        StatusCode::OK,
        0,
        Duration::ZERO,
    );
    assert_eq!(multi.stats().total_records, 2);
    multi.clear();
    assert_eq!(after.stats().total_records, 0);
    assert_eq!(MultiCollector::panics(&*multi), 4);
    assert_eq!(MultiCollector::panics(&*after), 0);
    assert_eq!(*logger.0.lock().unwrap(), ["metric collector panicked"]);
}

#[test]
fn warnings_come_once_a_minute_and_once_per_folded_name() {
    let seconds = Arc::new(AtomicU64::new(1_000));
    let reading = seconds.clone();
    let now = move || SystemTime::UNIX_EPOCH + Duration::from_secs(reading.load(Ordering::Relaxed));
    let logger = Arc::new(Messages::default());
    let policy = CardinalityPolicy::default().with_names(1).unwrap();
    let collector = BaseCollector::with_clock(policy, now).with_logger(logger.clone());
    let bad = MetricRecord::counter(MetricName::from_static("jobs"), f64::NAN);
    for second in [1_000, 1_001, 1_059, 1_060, 1_061, 1_120] {
        seconds.store(second, Ordering::Relaxed);
        collector.record(&bad);
    }
    assert_eq!(*logger.0.lock().unwrap(), ["metric record refused"; 3]);
    logger.0.lock().unwrap().clear();
    for name in ["a", "b", "c", "b", "c"] {
        collector.record(&MetricRecord::counter(
            MetricName::parse(name).unwrap(),
            1.0,
        ));
    }
    assert_eq!(*logger.0.lock().unwrap(), ["metric series folded"; 2]);
}
