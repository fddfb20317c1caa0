use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::{Method, StatusCode};
use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata,
    SharedString,
};

use super::*;
use crate::{
    BaseCollector, CardinalityPolicy, ErrorLabel, HttpObserverExt, MetricKind, MetricName,
    MetricRecord, OVERFLOW, Recorder, Route, StatsReader, Unit,
};

/// Keeps every record.
#[derive(Default)]
struct Kept(Mutex<Vec<MetricRecord>>);

impl Recorder for Kept {
    fn record(&self, record: &MetricRecord) {
        self.0.lock().unwrap().push(record.clone());
    }
}

impl Kept {
    fn rows(&self) -> Vec<(String, MetricKind, f64, Unit)> {
        let row = |r: &MetricRecord| (r.name.to_string(), r.kind, r.value, r.unit);
        self.0.lock().unwrap().iter().map(row).collect()
    }
}

fn listening(prefix: &str) -> (Arc<Kept>, FacadeRecorder) {
    let kept = Arc::new(Kept::default());
    let options = FacadeOptions::default().with_prefix(prefix);
    (kept.clone(), FacadeRecorder::new(kept, options))
}

#[test]
fn nothing_comes_in_that_is_not_listed() {
    let kept = Arc::new(Kept::default());
    let closed = FacadeRecorder::new(kept.clone(), FacadeOptions::default());
    metrics::with_local_recorder(&closed, || metrics::counter!("pool.size").increment(1));
    assert!(kept.rows().is_empty());
    let (kept, open) = listening("pool.");
    metrics::with_local_recorder(&open, || {
        metrics::counter!("pool.size").increment(1);
        metrics::counter!("poolside").increment(1);
    });
    assert_eq!(
        kept.rows(),
        [("pool_size".to_owned(), MetricKind::Counter, 1.0, Unit::None)]
    );
}

#[test]
fn all_kinds_come_in_with_their_units() {
    let (kept, recorder) = listening("db");
    metrics::with_local_recorder(&recorder, || {
        metrics::describe_histogram!("db.took", metrics::Unit::Milliseconds, "how long");
        metrics::describe_gauge!("db.used", metrics::Unit::Kibibytes, "how much");
        metrics::counter!("db.calls").increment(2);
        metrics::counter!("db.calls").absolute(5);
        metrics::counter!("db.calls").absolute(4);
        metrics::gauge!("db.used").set(2.0);
        metrics::gauge!("db.used").increment(1.0);
        metrics::gauge!("db.used").decrement(0.5);
        metrics::histogram!("db.took").record(250.0);
    });
    let (calls, used, took) = (
        "db_calls".to_owned(),
        "db_used".to_owned(),
        "db_took".to_owned(),
    );
    assert_eq!(
        kept.rows(),
        [
            (calls.clone(), MetricKind::Counter, 2.0, Unit::None),
            (calls, MetricKind::Counter, 3.0, Unit::None),
            (used.clone(), MetricKind::Gauge, 2048.0, Unit::Bytes),
            (used.clone(), MetricKind::Gauge, 3072.0, Unit::Bytes),
            (used, MetricKind::Gauge, 2560.0, Unit::Bytes),
            (took, MetricKind::Histogram, 0.25, Unit::Seconds),
        ]
    );
}

#[test]
fn a_name_keeps_its_first_kind() {
    let (kept, recorder) = listening("db");
    metrics::with_local_recorder(&recorder, || {
        metrics::counter!("db.calls").increment(1);
        metrics::gauge!("db.calls").set(7.0);
    });
    assert_eq!(kept.rows().len(), 1);
}

#[test]
fn refused_labels_count_as_invalid() {
    let collector = Arc::new(BaseCollector::default());
    let recorder = FacadeRecorder::new(collector.clone(), FacadeOptions::default().with_prefix(""));
    metrics::with_local_recorder(&recorder, || {
        metrics::counter!("logins", "user_id" => "7").increment(1);
        metrics::counter!("", "queue" => "mail").increment(1);
        metrics::counter!("9 lives", "the-queue" => "mail").increment(1);
    });
    let stats = collector.stats();
    assert_eq!(stats.invalid_records, 2);
    assert_eq!(
        stats.name_breakdown,
        BTreeMap::from([("_9_lives".to_owned(), 1)])
    );
}

#[test]
fn what_comes_in_is_bounded() {
    let kept = Arc::new(Kept::default());
    let policy = CardinalityPolicy::default().with_per_name(1).unwrap();
    let recorder = FacadeRecorder::new(
        kept.clone(),
        FacadeOptions::default().with_prefix("").with_policy(policy),
    );
    metrics::with_local_recorder(&recorder, || {
        for queue in ["a", "b", "c"] {
            metrics::counter!("jobs", "queue" => queue).increment(1);
        }
    });
    let queues: Vec<_> = kept
        .0
        .lock()
        .unwrap()
        .iter()
        .map(|record| record.labels.get("queue").unwrap().to_owned())
        .collect();
    assert_eq!(queues, ["a", OVERFLOW, OVERFLOW]);
}

/// A facade exporter that writes down what it gets.
#[derive(Clone, Default)]
struct Exporter(Arc<Mutex<Vec<String>>>);

struct Written(Exporter, String);

impl Exporter {
    fn written(&self, kind: &str, key: &Key) -> Arc<Written> {
        let labels: Vec<String> = key
            .labels()
            .map(|label| format!("{}={}", label.key(), label.value()))
            .collect();
        Arc::new(Written(
            self.clone(),
            format!("{kind} {}{{{}}}", key.name(), labels.join(",")),
        ))
    }
}

impl Written {
    fn line(&self, value: impl std::fmt::Display) {
        self.0.0.lock().unwrap().push(format!("{} {value}", self.1));
    }
}

impl CounterFn for Written {
    fn increment(&self, value: u64) {
        self.line(value);
    }
    fn absolute(&self, value: u64) {
        self.line(value);
    }
}

impl GaugeFn for Written {
    fn increment(&self, value: f64) {
        self.line(value);
    }
    fn decrement(&self, value: f64) {
        self.line(value);
    }
    fn set(&self, value: f64) {
        self.line(value);
    }
}

impl HistogramFn for Written {
    fn record(&self, value: f64) {
        self.line(value);
    }
}

impl metrics::Recorder for Exporter {
    fn describe_counter(&self, _: KeyName, _: Option<metrics::Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<metrics::Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<metrics::Unit>, _: SharedString) {}
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.written("counter", key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.written("gauge", key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.written("histogram", key))
    }
}

#[test]
fn our_measurements_go_out() {
    let exporter = Exporter::default();
    let collector = FacadeCollector::new(CardinalityPolicy::default());
    let name = MetricName::from_static("jobs");
    metrics::with_local_recorder(&exporter, || {
        collector.record(&MetricRecord::counter(name.clone(), 1.0).with_label("queue", "mail"));
        collector.record(
            &MetricRecord::counter(name.clone(), 1.0)
                .with_error(ErrorLabel::from_static("timeout")),
        );
        for _ in 0..3 {
            collector.record(&MetricRecord::counter(
                MetricName::from_static("cpu_seconds"),
                0.5,
            ));
        }
        collector.record(&MetricRecord::gauge(MetricName::from_static("depth"), -2.5));
        collector.record(&MetricRecord::new(
            MetricName::from_static("happened"),
            MetricKind::Event,
            9.0,
        ));
        collector.record(&MetricRecord::gauge(name.clone(), f64::NAN));
        collector.observe(
            &Method::GET,
            Route::Template("/a/{id}"),
            StatusCode::OK,
            1,
            Duration::from_millis(500),
        );
    });
    assert_eq!(
        *exporter.0.lock().unwrap(),
        [
            "counter jobs{queue=mail} 1",
            "counter jobs{error=timeout} 1",
            "counter cpu_seconds{} 0",
            "counter cpu_seconds{} 1",
            "counter cpu_seconds{} 0",
            "gauge depth{} -2.5",
            "counter happened{} 1",
            "histogram http_request{method=GET,path=/a/{id},status=200} 0.5",
        ]
    );
    assert_eq!(collector.invalid(), 1);
}

#[test]
fn a_measurement_does_not_go_round() {
    let emitting = Arc::new(FacadeCollector::new(CardinalityPolicy::default()));
    let recorder = FacadeRecorder::new(emitting.clone(), FacadeOptions::default().with_prefix(""));
    metrics::with_local_recorder(&recorder, || {
        metrics::counter!("jobs").increment(1);
        // The other way round it ends as well: out to the facade, back, and no further.
        emitting.record(&MetricRecord::counter(MetricName::from_static("jobs"), 1.0));
    });
    let base = Arc::new(BaseCollector::default());
    let recorder = FacadeRecorder::new(base.clone(), FacadeOptions::default().with_prefix(""));
    metrics::with_local_recorder(&recorder, || {
        emitting.record(&MetricRecord::counter(MetricName::from_static("jobs"), 1.0));
    });
    assert_eq!(
        base.stats().total_records,
        1,
        "what is no loop is let through"
    );
}

#[test]
fn a_collector_that_panics_does_not_close_the_way() {
    struct Panics;
    impl Recorder for Panics {
        fn record(&self, _: &MetricRecord) {
            panic!("a collector that panics, on purpose");
        }
    }
    let recorder = FacadeRecorder::new(Arc::new(Panics), FacadeOptions::default().with_prefix(""));
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        metrics::with_local_recorder(&recorder, || metrics::counter!("jobs").increment(1));
    }));
    assert!(panicked.is_err());
    let (kept, recorder) = listening("");
    metrics::with_local_recorder(&recorder, || metrics::counter!("jobs").increment(1));
    assert_eq!(kept.rows().len(), 1);
}
