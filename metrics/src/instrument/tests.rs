use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::*;
use crate::{
    BaseCollector, CardinalityPolicy, ErrorLabel, MetricKind, MetricName, MetricRecord,
    MetricsErrorKind, OVERFLOW, Recorder, StatsReader, Unit,
};

const NAME: MetricName = MetricName::from_static("jobs");

fn store() -> Arc<InstrumentStore> {
    Arc::new(InstrumentStore::new(CardinalityPolicy::default()))
}

fn meter() -> (Arc<InstrumentStore>, Meter) {
    let store = store();
    (store.clone(), Meter::new(store, "tests"))
}

/// Values by the value of one label.
fn values(store: &InstrumentStore, label: &str) -> Vec<(String, SeriesValue)> {
    store
        .snapshot()
        .into_iter()
        .map(|row| (row.labels.get(label).unwrap_or("").to_owned(), row.value))
        .collect()
}

#[test]
fn another_instrument_of_that_name_is_a_conflict() {
    let (_, meter) = meter();
    let conflict = |result: Result<(), crate::MetricsError>| {
        assert_eq!(result.unwrap_err().kind(), MetricsErrorKind::Conflict);
    };
    meter
        .histogram(HistogramDef::new(NAME).with_labels(["queue"]))
        .unwrap();
    conflict(
        meter
            .counter(CounterDef::new(NAME).with_labels(["queue"]))
            .map(drop),
    );
    conflict(
        meter
            .histogram(HistogramDef::new(NAME).with_labels(["kind"]))
            .map(drop),
    );
    conflict(meter.histogram(HistogramDef::new(NAME)).map(drop));
    let bytes = HistogramDef::new(NAME)
        .with_labels(["queue"])
        .with_unit(Unit::Bytes)
        .with_buckets(&[1.0][..]);
    conflict(meter.histogram(bytes).map(drop));
    conflict(
        meter
            .histogram(
                HistogramDef::new(NAME)
                    .with_labels(["queue"])
                    .with_buckets(&[1.0][..]),
            )
            .map(drop),
    );
    meter
        .histogram(
            HistogramDef::new(NAME)
                .with_labels(["queue"])
                .with_help("other words"),
        )
        .unwrap();
}

#[test]
fn the_same_instrument_twice_is_one() {
    let (store, meter) = meter();
    let other = Meter::new(store.clone(), "elsewhere");
    let one = meter
        .counter(CounterDef::new(NAME).with_labels(["queue"]))
        .unwrap();
    let two = other
        .counter(CounterDef::new(NAME).with_labels(["queue"]))
        .unwrap();
    one.inc(["mail"]);
    two.add(["mail"], 2.0);
    two.bind(["mail"]).add(0.5);
    assert_eq!(
        values(&store, "queue"),
        [("mail".to_owned(), SeriesValue::Counter(3.5))]
    );
    assert_eq!(store.definitions().len(), 1);
}

#[test]
fn definitions_are_checked() {
    let (_, meter) = meter();
    let kind = |result: Result<(), crate::MetricsError>| result.unwrap_err().kind();
    assert_eq!(
        kind(
            meter
                .counter(CounterDef::new(NAME).with_labels(["user_id"]))
                .map(drop)
        ),
        MetricsErrorKind::LabelForbidden
    );
    assert_eq!(
        kind(
            meter
                .counter(CounterDef::new(NAME).with_labels(["a", "a"]))
                .map(drop)
        ),
        MetricsErrorKind::LabelDuplicate
    );
    assert_eq!(
        kind(
            meter
                .gauge(GaugeDef::new(NAME).with_labels(["a-b"]))
                .map(drop)
        ),
        MetricsErrorKind::LabelKey
    );
    let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"];
    assert_eq!(
        kind(meter.gauge(GaugeDef::new(NAME).with_labels(many)).map(drop)),
        MetricsErrorKind::LabelCount
    );
    assert_eq!(
        kind(
            meter
                .timer(HistogramDef::new(NAME).with_labels(["outcome"]))
                .map(drop)
        ),
        MetricsErrorKind::LabelDuplicate
    );
    let full = Arc::new(InstrumentStore::new(
        CardinalityPolicy::default().with_names(1).unwrap(),
    ));
    let meter = Meter::new(full, "tests");
    meter.counter(CounterDef::new(NAME)).unwrap();
    let more = meter
        .counter(CounterDef::new(MetricName::from_static("more")))
        .map(drop);
    assert_eq!(kind(more), MetricsErrorKind::Full);
}

#[test]
fn buckets_have_a_form() {
    let (_, meter) = meter();
    let with = |bounds: Vec<f64>| {
        meter
            .histogram(HistogramDef::new(NAME).with_buckets(bounds))
            .map(drop)
    };
    let many: Vec<f64> = (0..65).map(f64::from).collect();
    for bounds in [
        vec![],
        vec![1.0, 1.0],
        vec![2.0, 1.0],
        vec![1.0, f64::INFINITY],
        vec![f64::NAN],
        many,
    ] {
        assert_eq!(
            with(bounds.clone()).unwrap_err().kind(),
            MetricsErrorKind::Buckets,
            "{bounds:?}"
        );
    }
    let bytes = meter
        .histogram(HistogramDef::new(NAME).with_unit(Unit::Bytes))
        .map(drop);
    assert_eq!(
        bytes.unwrap_err().kind(),
        MetricsErrorKind::Buckets,
        "only seconds have a default"
    );
    with((0..64).map(f64::from).collect()).unwrap();
}

#[test]
fn a_distribution_counts_up_to_its_bounds() {
    let (store, meter) = meter();
    let sizes = meter
        .histogram(
            HistogramDef::new(NAME)
                .with_unit(Unit::Bytes)
                .with_buckets(&[1.0, 10.0][..]),
        )
        .unwrap();
    let bound = sizes.bind([]);
    for sample in [0.5, 1.0, 1.5, 10.0, 11.0] {
        bound.observe(sample);
    }
    sizes.observe([], -1.0);
    bound.observe(f64::NAN);
    let expected = HistogramSnapshot {
        buckets: vec![(1.0, 3), (10.0, 5)],
        count: 6,
        sum: 23.0,
    };
    assert_eq!(store.snapshot()[0].value, SeriesValue::Histogram(expected));
    assert_eq!(store.invalid(), 1);
}

#[test]
fn gauges_move_both_ways_and_counters_only_up() {
    let (store, meter) = meter();
    let level = meter.gauge(GaugeDef::new(NAME)).unwrap();
    level.set([], 5.0);
    level.add([], -2.5);
    level.bind([]).add(1.0);
    level.bind([]).set(f64::INFINITY);
    assert_eq!(store.snapshot()[0].value, SeriesValue::Gauge(3.5));
    let count = meter
        .counter(CounterDef::new(MetricName::from_static("z")))
        .unwrap()
        .bind([]);
    count.add(-1.0);
    count.add(f64::NAN);
    count.inc();
    count.add(1e300);
    assert_eq!(store.snapshot()[1].value, SeriesValue::Counter(1e300));
    assert_eq!(store.invalid(), 3);
}

#[test]
fn an_id_of_another_sink_counts_as_invalid() {
    let store = store();
    store.add(InstrumentId::new(7), &LabelValues::new(&[]), 1.0);
    store
        .bind(InstrumentId::new(7), &LabelValues::new(&[]))
        .observe(1.0);
    assert_eq!((store.invalid(), store.snapshot().len()), (2, 0));
}

#[test]
fn series_past_the_bound_are_folded() {
    let policy = CardinalityPolicy::default().with_per_name(2).unwrap();
    let store = Arc::new(InstrumentStore::new(policy));
    let count = Meter::new(store.clone(), "tests")
        .counter(CounterDef::new(NAME).with_labels(["k"]))
        .unwrap();
    for value in ["a", "b", "c", "d"] {
        count.inc([value]);
    }
    count.bind(["e"]).inc();
    let rows = values(&store, "k");
    assert_eq!(rows[0], (OVERFLOW.to_owned(), SeriesValue::Counter(3.0)));
    assert_eq!((rows.len(), store.folded()), (3, 3));
}

#[test]
fn bound_counters_are_exact_under_threads() {
    let (store, meter) = meter();
    let count = meter.counter(CounterDef::new(NAME)).unwrap().bind([]);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let count = &count;
            let step = if thread % 2 == 0 { 1.0 } else { 0.5 };
            scope.spawn(move || (0..5_000).for_each(|_| count.add(step)));
        }
    });
    assert_eq!(store.snapshot()[0].value, SeriesValue::Counter(30_000.0));
}

/// A clock that a test moves.
fn clock() -> (Arc<AtomicU64>, impl Fn() -> Instant + Send + Sync + 'static) {
    let start = Instant::now();
    let seconds = Arc::new(AtomicU64::new(0));
    let reading = seconds.clone();
    (seconds, move || {
        start + Duration::from_secs(reading.load(Ordering::Relaxed))
    })
}

#[test]
fn a_timer_observes_however_it_ends() {
    let (store, meter) = meter();
    let (seconds, now) = clock();
    let timer = meter
        .with_clock(now)
        .timer(HistogramDef::new(NAME).with_labels(["queue"]))
        .unwrap();
    let ok = timer.start(["mail"]);
    seconds.store(3, Ordering::Relaxed);
    drop(ok);
    let mut failed = timer.start(["mail"]);
    failed.error(ErrorLabel::from_static("timeout"));
    drop(failed);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _guard = timer.start(["mail".to_owned()]);
        panic!("a panic that is timed, on purpose");
    }));
    assert!(panicked.is_err());
    let outcomes = values(&store, "outcome");
    assert_eq!(
        outcomes
            .iter()
            .map(|(outcome, _)| outcome.as_str())
            .collect::<Vec<_>>(),
        ["ok", "panic", "timeout"]
    );
    let SeriesValue::Histogram(took) = &outcomes[0].1 else {
        panic!("a timer is a histogram")
    };
    assert_eq!((took.count, took.sum), (1, 3.0));
}

#[test]
fn a_cancelled_future_is_timed() {
    let (store, meter) = meter();
    let timer = meter.timer(HistogramDef::new(NAME)).unwrap();
    let work = async move {
        let mut guard = timer.start::<&str>([]);
        guard.error(ErrorLabel::from_static("cancelled"));
        std::future::pending::<()>().await;
        guard.ok();
    };
    let mut work = Box::pin(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(work.as_mut().poll(&mut context).is_pending());
    drop(work);
    assert_eq!(values(&store, "outcome")[0].0, "cancelled");
}

/// Keeps every record.
#[derive(Default)]
struct Kept(Mutex<Vec<MetricRecord>>);

impl Recorder for Kept {
    fn record(&self, record: &MetricRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

#[test]
fn a_recorder_gets_one_record_per_measurement() {
    let kept = Arc::new(Kept::default());
    let sink = Arc::new(RecorderSink::new(
        kept.clone(),
        CardinalityPolicy::default(),
    ));
    let meter = Meter::new(sink, "tests");
    let level = meter
        .gauge(GaugeDef::new(NAME).with_labels(["queue"]))
        .unwrap();
    level.set(["mail"], 4.0);
    level.add(["mail"], -1.0);
    level.bind(["mail"]).add(2.0);
    let took = meter
        .histogram(HistogramDef::new(MetricName::from_static("took")))
        .unwrap();
    took.observe([], 0.25);
    let records = kept.0.lock().unwrap();
    let rows: Vec<_> = records
        .iter()
        .map(|r| (r.name.as_str(), r.kind, r.value, r.labels.get("queue")))
        .collect();
    assert_eq!(
        rows,
        [
            ("jobs", MetricKind::Gauge, 4.0, Some("mail")),
            ("jobs", MetricKind::Gauge, 3.0, Some("mail")),
            ("jobs", MetricKind::Gauge, 5.0, Some("mail")),
            ("took", MetricKind::Histogram, 0.25, None),
        ]
    );
    assert_eq!(records[3].duration, Some(Duration::from_millis(250)));
}

#[test]
fn what_a_recorder_cannot_count_is_invalid() {
    let collector = Arc::new(BaseCollector::default());
    let sink = Arc::new(RecorderSink::new(
        collector.clone(),
        CardinalityPolicy::default(),
    ));
    let meter = Meter::new(sink.clone(), "tests");
    let count = meter.counter(CounterDef::new(NAME)).unwrap();
    count.add([], -1.0);
    count.add([], f64::NAN);
    sink.observe(InstrumentId::new(0), &LabelValues::new(&[]), 1.0);
    sink.add(InstrumentId::new(9), &LabelValues::new(&[]), 1.0);
    let stats = collector.stats();
    assert_eq!((stats.invalid_records, stats.total_records), (4, 0));
}
