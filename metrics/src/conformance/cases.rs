//! The cases themselves, but for those that need many threads or many series.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use http::{Method, StatusCode};
use plumego_log::{Fields, FlushError, Level, Logger, Record};

use super::random::Numbers;
use super::{CollectorFixture, Verdict, load};
use crate::{
    AggregateCollector, CardinalityPolicy, CollectorStats, ErrorLabel, HttpObservation,
    HttpObserverExt, LABEL_STATUS, Labels, METRIC_HTTP_REQUEST, MetricKind, MetricName,
    MetricRecord, Outcome, Route, Unit, http_record,
};

pub(super) struct Case {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    run: fn(&dyn CollectorFixture) -> Judged,
}

pub(super) const ALL: [Case; 13] = [
    Case {
        id: "MC-01",
        title: "fresh statistics, owned by the caller",
        run: fresh,
    },
    Case {
        id: "MC-02",
        title: "totals and breakdown of mixed records",
        run: mixed,
    },
    Case {
        id: "MC-03",
        title: "what is an error, on both paths",
        run: classified,
    },
    Case {
        id: "MC-04",
        title: "invariants after random sequences",
        run: invariants,
    },
    Case {
        id: "MC-05",
        title: "clear resets counts and start",
        run: cleared,
    },
    Case {
        id: "MC-06",
        title: "exact totals and whole snapshots under threads",
        run: load::threads,
    },
    Case {
        id: "MC-07",
        title: "later changes by the caller have no effect",
        run: owned,
    },
    Case {
        id: "MC-08",
        title: "a flood of series stays within the bounds",
        run: load::flood,
    },
    Case {
        id: "MC-09",
        title: "invalid records count as invalid alone",
        run: invalid,
    },
    Case {
        id: "MC-10",
        title: "the shape of an HTTP record",
        run: http_shape,
    },
    Case {
        id: "MC-11",
        title: "extreme values do not panic",
        run: extremes,
    },
    Case {
        id: "MC-12",
        title: "sensitive label keys are refused",
        run: sensitive,
    },
    Case {
        id: "MC-13",
        title: "recording neither allocates nor writes",
        run: frugal,
    },
];

/// Why a case did not pass.
pub(super) enum Miss {
    NotApplicable,
    Failed(String),
}

pub(super) type Judged = Result<(), Miss>;

pub(super) fn judged(case: &Case, fixture: &dyn CollectorFixture) -> Verdict {
    match (case.run)(fixture) {
        Ok(()) => Verdict::Passed,
        Err(Miss::NotApplicable) => Verdict::NotApplicable,
        Err(Miss::Failed(how)) => Verdict::Failed(how),
    }
}

pub(super) fn ensure(holds: bool, how: impl FnOnce() -> String) -> Judged {
    if holds {
        Ok(())
    } else {
        Err(Miss::Failed(how()))
    }
}

pub(super) fn fresh_collector(fixture: &dyn CollectorFixture) -> Arc<dyn AggregateCollector> {
    fixture.collector(CardinalityPolicy::default())
}

/// What a collector that counts nothing always says.
pub(super) fn counted_nothing(stats: &CollectorStats) -> Judged {
    ensure(*stats == CollectorStats::default(), || {
        format!("expected nothing, saw {stats:?}")
    })
}

/// What holds for the statistics of every collector at any time.
pub(super) fn holds(stats: &CollectorStats) -> Judged {
    let breakdown = stats
        .name_breakdown
        .values()
        .fold(0_u64, |sum, count| sum.saturating_add(*count));
    ensure(
        stats.error_records <= stats.total_records
            && stats
                .client_error_records
                .saturating_add(stats.server_error_records)
                <= stats.error_records
            && stats.active_series >= stats.name_breakdown.len()
            && (stats.name_breakdown.is_empty() || breakdown == stats.total_records),
        || format!("the statistics contradict themselves: {stats:?}"),
    )
}

fn event(name: &str) -> MetricRecord {
    MetricRecord::named(name, MetricKind::Event, 1.0)
}

fn of_status(status: &str) -> MetricRecord {
    MetricRecord::new(METRIC_HTTP_REQUEST, MetricKind::Histogram, 0.1)
        .with_label(LABEL_STATUS, status.to_owned())
}

fn fresh(fixture: &dyn CollectorFixture) -> Judged {
    let collector = fresh_collector(fixture);
    let mut stats = collector.stats();
    ensure(stats.start_time.is_some() == fixture.counts(), || {
        format!("start time is {:?}", stats.start_time)
    })?;
    let empty = CollectorStats {
        start_time: stats.start_time,
        ..CollectorStats::default()
    };
    ensure(stats == empty, || format!("not empty: {stats:?}"))?;
    stats.name_breakdown.insert("planted".into(), 7);
    ensure(collector.stats() == empty, || {
        "a change of returned statistics went back".into()
    })
}

fn mixed(fixture: &dyn CollectorFixture) -> Judged {
    let collector = fresh_collector(fixture);
    for name in ["jobs", "mails", "jobs", "jobs"] {
        collector.record(&event(name));
    }
    collector.record(&event("mails").with_error(ErrorLabel::OTHER));
    collector.observe(
        &Method::GET,
        Route::Template("/a"),
        StatusCode::OK,
        1,
        Duration::from_millis(1),
    );
    let stats = collector.stats();
    if !fixture.counts() {
        return counted_nothing(&stats);
    }
    let breakdown = BTreeMap::from([
        ("http_request".into(), 1),
        ("jobs".into(), 3),
        ("mails".into(), 2),
    ]);
    ensure(
        stats.total_records == 6 && stats.error_records == 1 && stats.name_breakdown == breakdown,
        || format!("expected 6 records, 1 error and {breakdown:?}, saw {stats:?}"),
    )?;
    holds(&stats)
}

fn classified(fixture: &dyn CollectorFixture) -> Judged {
    if !fixture.counts() {
        return Ok(());
    }
    for (status, client, server) in [
        (200, 0, 0),
        (301, 0, 0),
        (399, 0, 0),
        (400, 1, 0),
        (404, 1, 0),
        (500, 0, 1),
        (599, 0, 1),
    ] {
        let (recorded, observed) = (fresh_collector(fixture), fresh_collector(fixture));
        recorded.record(&of_status(&status.to_string()));
        let code = StatusCode::from_u16(status).map_err(|error| Miss::Failed(error.to_string()))?;
        observed.observe(&Method::GET, Route::Unmatched, code, 0, Duration::ZERO);
        for stats in [recorded.stats(), observed.stats()] {
            let seen = (
                stats.error_records,
                stats.client_error_records,
                stats.server_error_records,
            );
            ensure(seen == (client + server, client, server), || {
                format!("{status} gave {stats:?}")
            })?;
        }
    }
    let errors = |record: &MetricRecord| {
        let collector = fresh_collector(fixture);
        collector.record(record);
        collector.stats().error_records
    };
    ensure(
        errors(&event("jobs").with_error(ErrorLabel::OTHER)) == 1,
        || "an explicit error is an error".into(),
    )?;
    for status in ["", "abc", "5xx", "-500"] {
        ensure(errors(&of_status(status)) == 0, || {
            format!("status {status:?} is no number")
        })?;
    }
    let elsewhere = event("jobs").with_label(LABEL_STATUS, "500");
    ensure(errors(&elsewhere) == 0, || {
        "a status counts in HTTP records only".into()
    })
}

/// One step of a random sequence.
pub(super) fn random_step(collector: &dyn AggregateCollector, numbers: &mut Numbers) {
    let name = numbers.one_of(&["jobs", "mails", "cache", "bad name", "http_request"]);
    let record = event(name).with_label("k", numbers.below(20).to_string());
    match numbers.below(6) {
        0 => {
            let status = u16::try_from(100 + numbers.below(900))
                .ok()
                .and_then(|code| StatusCode::from_u16(code).ok());
            let status = status.unwrap_or(StatusCode::OK);
            collector.observe(
                &Method::POST,
                Route::Unmatched,
                status,
                numbers.below(u64::MAX),
                Duration::MAX,
            );
        }
        1 => collector.record(&record.with_error(ErrorLabel::OTHER)),
        2 => collector.record(&MetricRecord::gauge(record.name, f64::NAN)),
        3 => collector.record(&record.with_label("user_id", "7")),
        _ => collector.record(&record),
    }
}

fn invariants(fixture: &dyn CollectorFixture) -> Judged {
    for seed in 0..20 {
        let mut numbers = Numbers::new(seed);
        let policy = CardinalityPolicy::default()
            .with_names(1 + seed as usize % 4)
            .map_err(failed)?;
        let collector = fixture.collector(policy);
        for _ in 0..200 {
            random_step(&*collector, &mut numbers);
            if numbers.below(60) == 0 {
                collector.clear();
            }
            holds(&collector.stats())?;
        }
    }
    Ok(())
}

pub(super) fn failed(error: impl std::fmt::Display) -> Miss {
    Miss::Failed(error.to_string())
}

fn cleared(fixture: &dyn CollectorFixture) -> Judged {
    let collector = fresh_collector(fixture);
    collector.record(&event("jobs").with_error(ErrorLabel::OTHER));
    collector.record(&event("bad name"));
    let before = SystemTime::now();
    collector.clear();
    let after = SystemTime::now();
    let stats = collector.stats();
    let empty = CollectorStats {
        start_time: stats.start_time,
        ..CollectorStats::default()
    };
    ensure(stats == empty, || {
        format!("not empty after clear: {stats:?}")
    })?;
    let in_window = stats
        .start_time
        .is_some_and(|start| (before..=after).contains(&start));
    ensure(in_window == fixture.counts(), || {
        format!("start {:?} is not the time of clear", stats.start_time)
    })?;
    collector.record(&event("jobs"));
    ensure(
        !fixture.counts() || collector.stats().total_records == 1,
        || "no counting after clear".into(),
    )
}

fn owned(fixture: &dyn CollectorFixture) -> Judged {
    let collector = fresh_collector(fixture);
    let mut record = event("jobs").with_label("queue", "mail");
    collector.record(&record);
    let before = collector.stats();
    record.name = MetricName::from_static("renamed");
    record.labels = Labels::empty();
    record.outcome = Outcome::Error(ErrorLabel::OTHER);
    ensure(collector.stats() == before, || {
        "a changed record changed the statistics".into()
    })?;
    let mut returned = collector.stats();
    returned.name_breakdown.clear();
    returned.total_records = 99;
    ensure(collector.stats() == before, || {
        "changed statistics went back".into()
    })
}

/// Records a collector must refuse.
fn invalid_records() -> Vec<MetricRecord> {
    let value = |kind, value| MetricRecord::new(MetricName::from_static("jobs"), kind, value);
    vec![
        value(MetricKind::Gauge, f64::NAN),
        value(MetricKind::Histogram, f64::INFINITY),
        value(MetricKind::Event, f64::NEG_INFINITY),
        value(MetricKind::Counter, -1.0),
        event("bad name"),
        event(""),
        event("jobs").with_label("bad-key", "x"),
        event("jobs").with_label("k", "1").with_label("k", "2"),
        event("jobs").with_labels(Labels::new_unchecked([("__reserved", "x")])),
        event("jobs").with_labels(Labels::new_unchecked(
            (0..11).map(|index| (format!("k{index}"), "v")),
        )),
    ]
}

fn invalid(fixture: &dyn CollectorFixture) -> Judged {
    let lines = Arc::new(Lines::default());
    let collector = fixture.collector_with_logger(CardinalityPolicy::default(), lines.clone());
    let mut expected = collector.stats();
    for record in invalid_records() {
        collector.record(&record);
        expected.invalid_records += u64::from(fixture.counts());
        let stats = collector.stats();
        ensure(stats == expected, || {
            format!("{record:?} gave {stats:?} instead of {expected:?}")
        })?;
    }
    let logged = lines.0.load(Ordering::Relaxed);
    ensure(logged <= 1, || format!("{logged} warnings within a minute"))
}

fn observation<'a>(
    method: &'a Method,
    route: Route<'a>,
    status: StatusCode,
) -> HttpObservation<'a> {
    HttpObservation {
        method,
        route,
        status,
        request_bytes: 10,
        response_bytes: 20,
        duration: Duration::from_millis(1_500),
    }
}

fn http_shape(fixture: &dyn CollectorFixture) -> Judged {
    let brew = Method::from_bytes(b"BREW").map_err(failed)?;
    let rows = [
        (
            observation(&Method::GET, Route::Template("/users/{id}"), StatusCode::OK),
            ["GET", "/users/{id}", "200"],
        ),
        (
            observation(&brew, Route::Unmatched, StatusCode::NOT_FOUND),
            ["OTHER", "__unmatched__", "404"],
        ),
    ];
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    for (observation, [method, path, status]) in rows {
        let expected = MetricRecord::histogram(METRIC_HTTP_REQUEST, 1.5)
            .with_unit(Unit::Seconds)
            .with_label("method", method)
            .with_label("path", path)
            .with_label("status", status)
            .with_duration(Duration::from_millis(1_500))
            .with_timestamp(now);
        let record = http_record(&observation, now);
        ensure(record == expected, || {
            format!("expected {expected:?}, saw {record:?}")
        })?;
        let collector = fresh_collector(fixture);
        collector.observe_http(&observation);
        let names: Vec<String> = collector.stats().name_breakdown.into_keys().collect();
        let as_named = names == ["http_request"] || (names.is_empty() && !fixture.counts());
        ensure(as_named, || format!("counted as {names:?}"))?;
    }
    Ok(())
}

fn extremes(fixture: &dyn CollectorFixture) -> Judged {
    let collector = fresh_collector(fixture);
    collector.observe_http(&HttpObservation {
        request_bytes: u64::MAX,
        response_bytes: u64::MAX,
        duration: Duration::MAX,
        ..observation(
            &Method::GET,
            Route::Template(&"/x".repeat(10_000)),
            StatusCode::OK,
        )
    });
    for value in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, -0.0] {
        for kind in [
            MetricKind::Counter,
            MetricKind::Gauge,
            MetricKind::Histogram,
        ] {
            let record = MetricRecord::new(MetricName::from_static("jobs"), kind, value)
                .with_duration(Duration::MAX)
                .with_timestamp(SystemTime::UNIX_EPOCH)
                .with_label("k", "\u{1f600}".repeat(1_000));
            collector.record(&record);
        }
    }
    holds(&collector.stats())
}

fn sensitive(fixture: &dyn CollectorFixture) -> Judged {
    let keys = [
        "user_id",
        "email",
        "ip",
        "query",
        "url",
        "request_id",
        "trace_id",
        "session_id",
        "password",
        "api_key",
    ];
    let collector = fresh_collector(fixture);
    for key in keys {
        ensure(Labels::new([(key, "x")]).is_err(), || {
            format!("the label {key} was accepted")
        })?;
        collector.record(&event("jobs").with_label(key, "x"));
        collector.record(&event("jobs").with_labels(Labels::new_unchecked([(key, "x")])));
    }
    let stats = collector.stats();
    let refused = if fixture.counts() {
        2 * keys.len() as u64
    } else {
        0
    };
    ensure(
        stats.total_records == 0 && stats.invalid_records == refused,
        || format!("they were counted: {stats:?}"),
    )
}

fn frugal(fixture: &dyn CollectorFixture) -> Judged {
    const REQUESTS: u64 = 1_000;
    let lines = Arc::new(Lines::default());
    let collector = fixture.collector_with_logger(CardinalityPolicy::default(), lines.clone());
    let observation = observation(&Method::GET, Route::Template("/users/{id}"), StatusCode::OK);
    collector.observe_http(&observation);
    let mut observe = || (0..REQUESTS).for_each(|_| collector.observe_http(&observation));
    let made = fixture
        .allocations(&mut observe)
        .ok_or(Miss::NotApplicable)?;
    ensure(made <= REQUESTS * fixture.allocations_allowed(), || {
        format!("{made} allocations in {REQUESTS} requests")
    })?;
    let record = event("jobs").with_label("queue", "mail");
    collector.record(&record);
    let mut record_all = || (0..REQUESTS).for_each(|_| collector.record(&record));
    let made = fixture
        .allocations(&mut record_all)
        .ok_or(Miss::NotApplicable)?;
    ensure(made <= REQUESTS * fixture.allocations_allowed(), || {
        format!("{made} allocations in {REQUESTS} records")
    })?;
    let logged = lines.0.load(Ordering::Relaxed);
    ensure(logged == 0, || {
        format!("{logged} lines were logged for valid records")
    })
}

/// A logger that counts lines.
#[derive(Default)]
struct Lines(AtomicU64);

impl Logger for Lines {
    fn enabled(&self, _: Level, _: &str) -> bool {
        true
    }

    fn log(&self, _: &Record<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn with_fields(&self, _: Fields) -> Arc<dyn Logger> {
        plumego_log::discard()
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }
}
