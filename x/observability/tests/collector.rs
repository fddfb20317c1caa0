//! What is measured is what a scrape shows.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use plumego_metrics::{
    CounterDef, ErrorLabel, HttpObservation, HttpObserver, HttpObserverExt, Meter, MetricKind,
    MetricName, MetricRecord, MetricsErrorKind, Recorder, Resetter, Route, StatsReader, Unit,
};
use plumego_x_observability::{
    ConfigError, Format, PrometheusCollector, PrometheusConfig, RegistryError,
};
use proptest::prelude::*;
use support::{Scrape, unescape};

fn observe(collector: &PrometheusCollector, path: &str, status: u16, millis: u64) {
    let status = StatusCode::from_u16(status).unwrap();
    let took = Duration::from_millis(millis);
    collector.observe(&Method::GET, Route::Template(path), status, 1_000, took);
}

fn labels<'a>(path: &'a str, status: &'a str) -> [(&'a str, &'a str); 3] {
    [("method", "GET"), ("path", path), ("status", status)]
}

#[test]
fn requests_are_read_back() {
    let collector = PrometheusCollector::new("").unwrap();
    for millis in [1, 30, 20_000] {
        observe(&collector, "/users/{id}", 200, millis);
    }
    observe(&collector, "/users/{id}", 404, 2);
    collector.observe_http(&HttpObservation {
        method: &Method::from_bytes(b"BREW").unwrap(),
        route: Route::Unmatched,
        status: StatusCode::NOT_FOUND,
        request_bytes: 10,
        response_bytes: 5_000,
        duration: Duration::from_millis(250),
    });
    collector.change_in_flight("POST", 2);
    collector.change_in_flight("POST", -1);

    let of_text = Scrape::text(&collector.render_text());
    let of_open = Scrape::open(&collector.render(Format::OpenMetrics, |_| true));
    for (scrape, total) in [(&of_text, "_total"), (&of_open, "")] {
        let requests = format!("plumego_http_requests{total}");
        let ok = labels("/users/{id}", "200");
        assert_eq!(scrape.get(&requests, &ok).number(), 3.0);
        assert_eq!(
            scrape
                .get(&requests, &labels("/users/{id}", "404"))
                .number(),
            1.0
        );
        let other = [
            ("method", "OTHER"),
            ("path", "__unmatched__"),
            ("status", "404"),
        ];
        assert_eq!(scrape.get(&requests, &other).number(), 1.0);
        assert_eq!(
            scrape.get("plumego_http_requests_total_all", &[]).number(),
            5.0
        );

        let seconds = scrape
            .get("plumego_http_request_duration_seconds", &ok)
            .histogram();
        let at = |bound: f64| {
            let bucket = seconds
                .buckets
                .iter()
                .find(|bucket| bucket.upper_bound == bound);
            bucket.unwrap().count.as_f64()
        };
        assert_eq!(
            (at(0.005), at(0.025), at(0.05), at(10.0)),
            (1.0, 1.0, 2.0, 2.0)
        );
        assert_eq!((at(f64::INFINITY), seconds.count), (3.0, Some(3)));
        assert!((seconds.sum.unwrap().as_f64() - 20.031).abs() < 1e-9);
        let is_rising = seconds
            .buckets
            .is_sorted_by_key(|bucket| bucket.count.as_i64());
        assert!(is_rising, "{seconds:?}");

        let extreme = |end: &str| {
            let name = format!("plumego_http_request_duration_seconds_{end}");
            scrape.get(&name, &ok).number()
        };
        assert_eq!((extreme("min"), extreme("max")), (0.001, 20.0));
        let sizes = scrape
            .get("plumego_http_response_size_bytes", &other[..2])
            .histogram();
        assert_eq!(sizes.sum.unwrap().as_f64(), 5_000.0);
        let in_flight = scrape.get("plumego_http_requests_in_flight", &[("method", "POST")]);
        assert_eq!(in_flight.number(), 1.0);
    }
}

#[test]
fn every_metric_has_one_help_and_type_directly_above_its_samples() {
    let collector = PrometheusCollector::new("shop").unwrap();
    observe(&collector, "/b", 200, 1);
    observe(&collector, "/a", 500, 1);
    let text = collector.render_text();
    let mut seen = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(help) = lines.next() {
        let name = help
            .strip_prefix("# HELP ")
            .unwrap()
            .split(' ')
            .next()
            .unwrap();
        let kind = lines.next().unwrap();
        assert!(kind.starts_with(&format!("# TYPE {name} ")), "{kind}");
        seen.push(name);
        let mut samples = 0;
        while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
            assert!(sample.starts_with(name), "{sample} below {name}");
            samples += 1;
        }
        assert!(samples > 0, "{name} has no samples");
    }
    assert!(seen.is_sorted_by(|one, two| one < two), "{seen:?}");
    let at = |needle: &str| text.find(needle).unwrap();
    assert!(
        at("requests_total{method=\"GET\",path=\"/a\"")
            < at("requests_total{method=\"GET\",path=\"/b\"")
    );
}

#[test]
fn a_collector_that_measured_nothing_is_readable() {
    let collector = PrometheusCollector::new("shop").unwrap();
    assert!(
        Scrape::text(&collector.render_text())
            .get("shop_uptime_seconds", &[])
            .number()
            >= 0.0
    );
    let open = collector.render(Format::OpenMetrics, |_| true);
    assert!(open.ends_with("# EOF\n"));
    assert!(open.contains("# UNIT shop_uptime_seconds seconds\n"));
    Scrape::open(&open);
    assert_eq!(collector.render(Format::OpenMetrics, |_| false), "# EOF\n");
}

#[test]
fn label_sets_past_the_bound_are_folded_and_counted() {
    let config = PrometheusConfig::default().with_max_series(3);
    let collector = PrometheusCollector::with_config(config).unwrap();
    let dropped = "plumego_telemetry_series_dropped_total";
    for path in ["/1", "/2", "/3"] {
        observe(&collector, path, 200, 1);
    }
    // At the limit nothing is folded.
    let scrape = Scrape::text(&collector.render_text());
    assert!(!scrape.names().contains(&dropped), "{:?}", scrape.names());
    assert_eq!(collector.stats().active_series, 3);

    for _ in 0..2 {
        observe(&collector, "/4", 200, 1);
    }
    observe(&collector, "/1", 200, 1);
    let scrape = Scrape::text(&collector.render_text());
    let requests = "plumego_http_requests_total";
    let overflow = [
        ("method", "__overflow__"),
        ("path", "__overflow__"),
        ("status", "__overflow__"),
    ];
    assert_eq!(scrape.get(requests, &overflow).number(), 2.0);
    assert_eq!(scrape.get(requests, &labels("/1", "200")).number(), 2.0);
    assert_eq!(scrape.get(dropped, &[("family", requests)]).number(), 1.0);
    assert_eq!(
        scrape
            .get("plumego_http_request_size_bytes", &overflow[..2])
            .histogram()
            .count,
        Some(2)
    );
    // Metrics of the application share the bound, and have an overflow of their own.
    let jobs = collector
        .registry()
        .counter("jobs_total", "Jobs.", ["queue"])
        .unwrap();
    jobs.inc(["mail"]);
    let scrape = Scrape::text(&collector.render_text());
    assert_eq!(
        scrape
            .get("jobs_total", &[("queue", "__overflow__")])
            .number(),
        1.0
    );
    assert_eq!(collector.stats().series_overflow, 2);
}

#[test]
fn totals_of_many_threads_are_exact() {
    let collector = Arc::new(PrometheusCollector::new("").unwrap());
    let work = collector
        .registry()
        .counter("work_total", "Work.", ["kind"])
        .unwrap();
    std::thread::scope(|scope| {
        for thread in 0..16_u64 {
            let (collector, work) = (&collector, &work);
            scope.spawn(move || {
                for round in 0..10_000 {
                    observe(
                        collector,
                        ["/a", "/b"][(round % 2) as usize],
                        200,
                        thread % 3,
                    );
                    work.inc([["x", "y", "z"][(round % 3) as usize]]);
                }
            });
        }
        // Reading meanwhile disturbs nobody.
        Scrape::text(&collector.render_text());
    });
    let scrape = Scrape::text(&collector.render_text());
    for path in ["/a", "/b"] {
        let labels = labels(path, "200");
        assert_eq!(
            scrape.get("plumego_http_requests_total", &labels).number(),
            80_000.0
        );
        let seconds = scrape.get("plumego_http_request_duration_seconds", &labels);
        assert_eq!(seconds.histogram().count, Some(80_000));
    }
    let kinds = ["x", "y", "z"].map(|kind| scrape.get("work_total", &[("kind", kind)]).number());
    assert_eq!(kinds.iter().sum::<f64>(), 160_000.0);
    assert_eq!(collector.stats().total_records, 160_000);
}

#[test]
fn clearing_starts_again() {
    let collector = PrometheusCollector::new("").unwrap();
    let jobs = collector
        .registry()
        .counter("jobs_total", "Jobs.", [])
        .unwrap();
    observe(&collector, "/a", 500, 1);
    jobs.inc([]);
    assert_eq!(collector.stats().error_records, 1);
    collector.clear();
    let stats = collector.stats();
    assert_eq!((stats.total_records, stats.active_series), (0, 0));
    let scrape = Scrape::text(&collector.render_text());
    assert!(!scrape.names().contains(&"jobs_total"));
    jobs.inc([]);
    observe(&collector, "/a", 200, 1);
    let scrape = Scrape::text(&collector.render_text());
    assert_eq!(scrape.get("jobs_total", &[]).number(), 1.0);
    assert_eq!(
        scrape.get("plumego_http_requests_total_all", &[]).number(),
        1.0
    );
}

#[test]
fn what_cannot_be_a_collector_says_why() {
    let failed = |config| PrometheusCollector::with_config(config).unwrap_err();
    let config = PrometheusConfig::default;
    let bad = failed(config().with_namespace("my-shop"));
    assert_eq!(bad, ConfigError::Namespace("my-shop".into()));
    assert_eq!(
        failed(config().with_max_series(0)),
        ConfigError::Bound("max_series")
    );
    assert_eq!(
        failed(config().with_seconds_buckets([2.0, 1.0])),
        ConfigError::Buckets("durations")
    );
    assert_eq!(
        failed(config().with_bytes_buckets([])),
        ConfigError::Buckets("sizes")
    );
    let label = failed(config().with_constant_label("email", "a@b"));
    assert!(matches!(label, ConfigError::Label { name, .. } if name == "email"));
}

#[test]
fn constant_labels_come_first_in_every_series() {
    let config = PrometheusConfig::default()
        .with_constant_label("runtime", "native")
        .with_build("1.2.3", "abc", "1.95.0");
    let collector = PrometheusCollector::with_config(config).unwrap();
    observe(&collector, "/a", 200, 1);
    let text = collector.render_text();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    for line in samples {
        assert!(line.contains("{runtime=\"native\""), "{line}");
    }
    let build = "plumego_build_info{runtime=\"native\",version=\"1.2.3\",commit=\"abc\",rustc=\"1.95.0\"} 1\n";
    assert!(text.contains(build), "{text}");
    let taken = collector.registry().gauge("level", "Level.", ["runtime"]);
    assert!(matches!(
        taken.unwrap_err(),
        RegistryError::LabelTaken { .. }
    ));
    // A record cannot be refused its labels; it goes without.
    let level =
        MetricRecord::gauge(MetricName::from_static("level"), 2.0).with_label("runtime", "x");
    collector.record(&level);
    let scrape = Scrape::text(&collector.render_text());
    assert_eq!(
        scrape
            .get("plumego_level", &[("runtime", "native")])
            .number(),
        2.0
    );
}

#[test]
fn metrics_of_the_application() {
    let collector = PrometheusCollector::new("").unwrap();
    let registry = collector.registry();
    let level = registry
        .gauge("queue_depth", "Waiting.", ["queue"])
        .unwrap();
    level.set(["mail"], 5.0);
    level.bind(["mail"]).add(-2.0);
    let sizes = registry
        .histogram("mail_bytes", "Sizes.", [], &[10.0, 100.0])
        .unwrap();
    sizes.observe([], 50.0);
    sizes.bind([]).observe(f64::NAN);
    registry
        .asked_counter("asked_total", "Asked.", ["of"], |take| {
            take(["b"], 2.0);
            take(["a"], 1.0);
        })
        .unwrap();
    let jobs = registry.counter("jobs_total", "Jobs.", []).unwrap();
    jobs.add([], 1.5);
    jobs.add([], -1.0);
    // The same definition is the same metric.
    registry.counter("jobs_total", "Jobs.", []).unwrap().inc([]);
    for conflict in [
        registry
            .counter("jobs_total", "Other help.", [])
            .unwrap_err(),
        registry.gauge("jobs_total", "Jobs.", []).unwrap_err(),
        registry
            .counter("jobs_total", "Jobs.", ["queue"])
            .unwrap_err(),
        registry
            .histogram("mail_bytes", "Sizes.", [], &[10.0])
            .unwrap_err(),
        registry.gauge("asked_total", "Asked.", ["of"]).unwrap_err(),
        registry
            .asked_gauge("jobs_total", "Jobs.", [], |_| {})
            .unwrap_err(),
        registry
            .gauge("plumego_uptime_seconds", "Mine.", [])
            .unwrap_err(),
        registry
            .gauge("plumego_http_requests_total", "Mine.", [])
            .unwrap_err(),
    ] {
        assert!(matches!(conflict, RegistryError::Conflict(_)), "{conflict}");
    }
    for refused in [
        registry.gauge("my gauge", "", []).unwrap_err(),
        registry
            .gauge("gauge", "", ["session_id"])
            .map(drop)
            .unwrap_err(),
        registry.histogram("sizes", "", [], &[]).unwrap_err(),
    ] {
        assert!(matches!(refused, RegistryError::Definition(_)), "{refused}");
    }
    assert!(matches!(
        registry
            .histogram("sizes", "", ["le"], &[1.0])
            .map(drop)
            .unwrap_err(),
        RegistryError::LabelTaken { .. }
    ));

    let scrape = Scrape::text(&collector.render_text());
    assert_eq!(
        scrape.get("queue_depth", &[("queue", "mail")]).number(),
        3.0
    );
    assert_eq!(scrape.get("jobs_total", &[]).number(), 2.5);
    assert_eq!(scrape.get("asked_total", &[("of", "b")]).number(), 2.0);
    let sizes = scrape.get("mail_bytes", &[]).histogram();
    assert_eq!((sizes.count, sizes.sum.unwrap().as_f64()), (Some(1), 50.0));
    Scrape::open(&collector.render(Format::OpenMetrics, |_| true));
}

#[test]
fn instruments_of_the_metrics_root_write_here() {
    const HITS: MetricName = MetricName::from_static("cache_hits_total");
    let collector = PrometheusCollector::new("").unwrap();
    let meter = Meter::new(Arc::new(collector.registry().clone()), "cache");
    let hits = meter
        .counter(
            CounterDef::new(HITS)
                .with_labels(["tier"])
                .with_help("Hits."),
        )
        .unwrap();
    hits.inc(["memory"]);
    hits.bind(["memory"]).add(2.0);
    let other = meter.counter(CounterDef::new(HITS));
    assert_eq!(other.unwrap_err().kind(), MetricsErrorKind::Conflict);
    let scrape = Scrape::text(&collector.render_text());
    assert_eq!(
        scrape
            .get("cache_hits_total", &[("tier", "memory")])
            .number(),
        3.0
    );
}

#[test]
fn records_become_metrics_of_their_names() {
    let collector = PrometheusCollector::new("").unwrap();
    let took = Duration::from_millis(20);
    let query = |name: &str| {
        MetricRecord::named(name, MetricKind::Histogram, took.as_secs_f64())
            .with_unit(Unit::Seconds)
            .with_duration(took)
            .with_label("operation", "query")
    };
    collector.record(&query("db_query"));
    collector.record(&query("db_query").with_error(ErrorLabel::from_static("timeout")));
    collector.record(&MetricRecord::named("mails", MetricKind::Counter, 2.0));
    collector.record(&MetricRecord::named("mails", MetricKind::Gauge, 2.0));
    collector.record(&MetricRecord::named("depth", MetricKind::Gauge, -1.0));
    collector.record(&MetricRecord::named("started", MetricKind::Event, 9.0));
    collector
        .record(&MetricRecord::named("size", MetricKind::Histogram, 700.0).with_unit(Unit::Bytes));
    collector.record(&MetricRecord::named("lost", MetricKind::Gauge, f64::NAN));
    let http = MetricRecord::named("http_request", MetricKind::Histogram, 0.5)
        .with_label("method", "GET")
        .with_label("path", "/a")
        .with_label("status", "503");
    collector.record(&http);

    let scrape = Scrape::text(&collector.render_text());
    let outcome = |outcome| [("operation", "query"), ("outcome", outcome)];
    assert_eq!(
        scrape
            .get("plumego_db_operations_total", &outcome("ok"))
            .number(),
        1.0
    );
    let timed = "plumego_db_operation_duration_seconds";
    assert_eq!(
        scrape.get(timed, &outcome("timeout")).histogram().count,
        Some(1)
    );
    assert_eq!(
        scrape
            .get("plumego_mails_total", &[("outcome", "ok")])
            .number(),
        2.0
    );
    assert_eq!(scrape.get("plumego_depth", &[]).number(), -1.0);
    assert_eq!(
        scrape
            .get("plumego_started_total", &[("outcome", "ok")])
            .number(),
        1.0
    );
    assert_eq!(
        scrape
            .get("plumego_size_bytes", &[("outcome", "ok")])
            .histogram()
            .count,
        Some(1)
    );
    assert_eq!(
        scrape
            .get("plumego_http_requests_total", &labels("/a", "503"))
            .number(),
        1.0
    );
    // The gauge that is a counter already.
    assert_eq!(
        scrape
            .get("plumego_telemetry_records_misfit_total", &[])
            .number(),
        1.0
    );
    let stats = collector.stats();
    assert_eq!((stats.total_records, stats.invalid_records), (8, 1));
    assert_eq!((stats.error_records, stats.server_error_records), (2, 1));
}

#[test]
fn long_values_are_cut_between_characters() {
    let collector = PrometheusCollector::new("").unwrap();
    observe(&collector, &format!("{}é", "a".repeat(127)), 200, 1);
    let scrape = Scrape::text(&collector.render_text());
    let cut = "a".repeat(127);
    assert_eq!(
        scrape
            .get("plumego_http_requests_total", &labels(&cut, "200"))
            .number(),
        1.0
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_process_shows_what_it_takes() {
    let collector = PrometheusCollector::new("").unwrap();
    let scrape = Scrape::text(&collector.render_text());
    for name in [
        "process_cpu_seconds_total",
        "process_max_fds",
        "process_open_fds",
        "process_resident_memory_bytes",
        "process_start_time_seconds",
        "process_threads",
        "process_virtual_memory_bytes",
    ] {
        assert!(scrape.get(name, &[]).number() >= 0.0, "{name}");
    }
    assert!(scrape.get("process_threads", &[]).number() >= 1.0);
    let resident = scrape.get("process_resident_memory_bytes", &[]).number();
    assert!(resident <= scrape.get("process_virtual_memory_bytes", &[]).number());
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    let started = scrape.get("process_start_time_seconds", &[]).number();
    assert!(
        started > 1e9 && started <= now.as_secs_f64() + 60.0,
        "{started}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runtime_shows_its_workers() {
    let collector = PrometheusCollector::new("").unwrap();
    let handle = tokio::runtime::Handle::current();
    collector.watch_runtime(&handle).unwrap();
    assert!(matches!(
        collector.watch_runtime(&handle),
        Err(RegistryError::Conflict(_))
    ));
    let scrape = Scrape::text(&collector.render_text());
    assert_eq!(scrape.get("tokio_workers", &[]).number(), 2.0);
    assert!(scrape.get("tokio_alive_tasks", &[]).number() >= 0.0);
    assert!((0.0..=1.0).contains(&scrape.get("tokio_busy_ratio", &[]).number()));
}

proptest! {
    /// Whatever text a label is, a reader gets it back. The parser takes a bare
    /// carriage return for the end of a line, which no form of Prometheus does.
    #[test]
    fn labels_survive_the_round_trip(value in "[^\r]{0,40}") {
        let collector = PrometheusCollector::new("").unwrap();
        let seen = collector.registry().counter("seen_total", "Seen.", ["what", "next"]).unwrap();
        seen.inc([&value, "\"\\\n,}"]);
        let wanted = [("what", &*value), ("next", "\"\\\n,}")];
        let text = collector.render(Format::Text, |name| name == "seen_total");
        let scrape = Scrape::text(&text);
        prop_assert_eq!(scrape.get("seen_total", &wanted).number(), 1.0);
        let open = Scrape::open(&collector.render(Format::OpenMetrics, |name| name == "seen_total"));
        prop_assert_eq!(open.get("seen", &wanted).number(), 1.0);
    }

    /// The same for any text at all, without the parser.
    #[test]
    fn one_line_is_one_series(value in any::<String>()) {
        let collector = PrometheusCollector::new("").unwrap();
        let seen = collector.registry().gauge("seen", "Seen.", ["what"]).unwrap();
        seen.set([&value], 1.0);
        let text = collector.render(Format::Text, |name| name == "seen");
        let sample = text.split('\n').nth(2).unwrap();
        let escaped = sample.strip_prefix("seen{what=\"").and_then(|rest| rest.strip_suffix("\"} 1"));
        let cut = &value[..value.floor_char_boundary(128)];
        prop_assert_eq!(unescape(escaped.unwrap()), cut);
        prop_assert_eq!(text.split('\n').count(), 4);
    }
}
