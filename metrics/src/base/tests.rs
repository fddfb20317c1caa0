use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use proptest::prelude::*;

use super::tally::Tally;
use super::*;
use crate::{
    HttpObserverExt, METRIC_HTTP_REQUEST, MetricKind, MetricName, OVERFLOW, Route, http_record,
};

fn event(name: &str) -> MetricRecord {
    MetricRecord::named(name, MetricKind::Event, 1.0)
}

#[test]
fn names_past_the_bound_are_folded_and_counted_once() {
    let collector = BaseCollector::new(CardinalityPolicy::default().with_names(2).unwrap());
    for name in ["a", "b", "c", "d", "c", "a"] {
        collector.record(&event(name));
    }
    collector.observe(
        &Method::GET,
        Route::Unmatched,
        StatusCode::OK,
        0,
        Duration::ZERO,
    );
    let stats = collector.stats();
    assert_eq!(stats.total_records, 7);
    assert_eq!(stats.series_overflow, 3, "c, d and http_request");
    assert_eq!(stats.name_breakdown.len(), 3);
    assert_eq!(
        (stats.name_breakdown["a"], stats.name_breakdown[OVERFLOW]),
        (2, 4)
    );
}

#[test]
fn requests_take_one_of_the_names() {
    let collector = BaseCollector::new(CardinalityPolicy::default().with_names(2).unwrap());
    collector.observe(
        &Method::GET,
        Route::Unmatched,
        StatusCode::OK,
        0,
        Duration::ZERO,
    );
    collector.record(&event("a"));
    collector.record(&event("b"));
    let stats = collector.stats();
    assert_eq!(
        stats.name_breakdown.keys().collect::<Vec<_>>(),
        [OVERFLOW, "a", "http_request"]
    );
}

#[test]
fn the_overflow_name_of_a_caller_is_the_overflow() {
    let collector = BaseCollector::default();
    collector.record(&event(OVERFLOW));
    let stats = collector.stats();
    assert_eq!(
        (stats.name_breakdown[OVERFLOW], stats.series_overflow),
        (1, 0)
    );
}

#[test]
fn clearing_starts_again_with_a_new_time() {
    let seconds = Arc::new(AtomicU64::new(100));
    let reading = seconds.clone();
    let clock =
        move || SystemTime::UNIX_EPOCH + Duration::from_secs(reading.load(Ordering::Relaxed));
    let collector = BaseCollector::with_clock(CardinalityPolicy::default(), clock);
    collector.record(&event("a"));
    collector.record(&MetricRecord::gauge(MetricName::from_static("a"), f64::NAN));
    seconds.store(200, Ordering::Relaxed);
    collector.clear();
    let stats = collector.stats();
    let start_time = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(200));
    assert_eq!(
        stats,
        CollectorStats {
            start_time,
            ..CollectorStats::default()
        }
    );
}

#[test]
fn observing_and_recording_count_alike() {
    let (observed, recorded) = (BaseCollector::default(), BaseCollector::default());
    for code in 100..1000 {
        let observation = HttpObservation {
            method: &Method::PUT,
            route: Route::Template("/a"),
            status: StatusCode::from_u16(code).unwrap(),
            request_bytes: 1,
            response_bytes: 2,
            duration: Duration::from_millis(1),
        };
        observed.observe_http(&observation);
        recorded.record(&http_record(&observation, SystemTime::UNIX_EPOCH));
    }
    let start_time = None;
    let (observed, recorded) = (
        CollectorStats {
            start_time,
            ..observed.stats()
        },
        CollectorStats {
            start_time,
            ..recorded.stats()
        },
    );
    assert_eq!(observed, recorded);
    assert_eq!(observed.name_breakdown[METRIC_HTTP_REQUEST.as_str()], 900);
}

#[test]
fn counters_stay_at_their_ceiling() {
    let tally = Tally::<1>::default();
    tally.shards[0].0[0].store(u64::MAX - 1, Ordering::Relaxed);
    for _ in 0..5 {
        tally.add(0);
    }
    assert_eq!(tally.counts()[0], u64::MAX - 1);
    let two = Tally::<2>::default();
    for shard in &two.shards {
        shard.0[0].store(u64::MAX - 1, Ordering::Relaxed);
    }
    assert_eq!(two.counts()[0], u64::MAX, "sums saturate");
}

/// What a test does to a collector.
#[derive(Clone, Debug)]
enum Step {
    Record { name: u8, error: bool },
    Request(u16),
    Invalid,
    Clear,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0_u8..6, any::<bool>()).prop_map(|(name, error)| Step::Record { name, error }),
        4 => (100_u16..1000).prop_map(Step::Request),
        1 => Just(Step::Invalid),
        1 => Just(Step::Clear),
    ]
}

proptest! {
    /// Against plain maps that follow the rules one by one.
    #[test]
    fn statistics_are_those_of_a_plain_count(steps in proptest::collection::vec(step(), 0..60), names_max in 1_usize..5) {
        let collector = BaseCollector::new(CardinalityPolicy::default().with_names(names_max).unwrap());
        let mut expected = CollectorStats::default();
        let mut folded = std::collections::BTreeSet::new();
        for step in steps {
            let (name, class) = match step {
                Step::Record { name, error } => {
                    let record = event(&format!("n{name}"));
                    let record = if error { record.with_error(crate::ErrorLabel::OTHER) } else { record };
                    collector.record(&record);
                    (format!("n{name}"), if error { ErrorClass::Other } else { ErrorClass::None })
                }
                Step::Request(code) => {
                    let status = StatusCode::from_u16(code).unwrap();
                    collector.observe(&Method::GET, Route::Unmatched, status, 0, Duration::ZERO);
                    ("http_request".to_owned(), ErrorClass::of_status(status))
                }
                Step::Invalid => {
                    collector.record(&event("not a name"));
                    expected.invalid_records += 1;
                    continue;
                }
                Step::Clear => {
                    collector.clear();
                    expected = CollectorStats::default();
                    folded.clear();
                    continue;
                }
            };
            let own = expected.name_breakdown.keys().filter(|held| *held != OVERFLOW).count();
            let fits = expected.name_breakdown.contains_key(&name) || own < names_max;
            if !fits {
                folded.insert(name.clone());
            }
            expected.count(class, 1);
            *expected.name_breakdown.entry(if fits { name } else { OVERFLOW.to_owned() }).or_default() += 1;
        }
        expected.active_series = expected.name_breakdown.len();
        expected.series_overflow = folded.len() as u64;
        let stats = collector.stats();
        expected.start_time = stats.start_time;
        prop_assert!(stats.start_time.is_some());
        prop_assert_eq!(stats, expected);
    }
}
