//! The collector.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use plumego_metrics::{
    BaseCollector, CollectorStats, HttpObservation, HttpObserver, MetricRecord, Recorder, Resetter,
    StatsReader,
};

use super::cell::Value;
use super::config::{Build, PrometheusConfig};
use super::encode::{Format, encode};
use super::error::ConfigError;
use super::http::{Finished, HttpFamilies};
use super::process;
use super::records::{self, Records};
use super::registry::Registry;
use super::series::Guard;
use super::snapshot::{FamilySnapshot, Kind, Sample};

/// Keeps what was measured as metrics that Prometheus reads.
///
/// Requests become the `http_*` metrics; records become metrics of their names;
/// what an application measures itself is in the [`registry`](Self::registry).
/// Series are bounded and never evicted, so that no counter goes down: a label
/// set past a bound is folded into one series of its metric whose labels are all
/// `__overflow__`, and counted in `{ns}_telemetry_series_dropped_total`. A label
/// set counts once, however many metrics show it.
///
/// Observing a request of a known label set allocates nothing and takes one
/// shared lock on a part of the series.
pub struct PrometheusCollector {
    namespace: String,
    /// Counts by name, as every collector does.
    base: BaseCollector,
    http: HttpFamilies,
    records: Records,
    registry: Registry,
    build: Option<Build>,
    started: ArcSwap<Instant>,
}

impl PrometheusCollector {
    /// A collector of a namespace with everything else as by default; an empty
    /// one is `plumego`.
    ///
    /// # Errors
    ///
    /// The namespace cannot begin the name of a metric.
    pub fn new(namespace: &str) -> Result<Self, ConfigError> {
        Self::with_config(PrometheusConfig::default().with_namespace(namespace))
    }

    /// A collector as described.
    ///
    /// # Errors
    ///
    /// What is wrong with the description.
    pub fn with_config(config: PrometheusConfig) -> Result<Self, ConfigError> {
        let (policy, constant_labels) = config.checked()?;
        let namespace = config.namespace;
        let guard = Arc::new(Guard::new(policy));
        let (seconds, bytes): (Arc<[f64]>, Arc<[f64]>) =
            (config.seconds.into(), config.bytes.into());
        let http = HttpFamilies::new(&namespace, &guard, seconds.clone(), bytes.clone());
        let registry = Registry::new(guard, constant_labels);
        let own = [
            "uptime_seconds",
            "build_info",
            "telemetry_series_dropped_total",
        ];
        let own = own.map(|what| format!("{namespace}_{what}"));
        registry.reserve(http.names().into_iter().chain(own));
        registry.reserve(process::NAMES.map(str::to_owned));
        let records = Records::new(&namespace, registry.clone(), seconds, bytes);
        let mut base = BaseCollector::new(policy);
        if let Some(logger) = config.logger {
            base = base.with_logger(logger);
        }
        Ok(Self {
            records: records.with_misfits(),
            namespace,
            base,
            http,
            registry,
            build: config.build,
            started: ArcSwap::from_pointee(Instant::now()),
        })
    }

    /// Metrics of the application itself.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes note that requests of a method began, or are over where `by` is
    /// negative. For
    /// [`HttpMetricsLayer::in_flight_by_method`](plumego_middleware::httpmetrics::HttpMetricsLayer::in_flight_by_method).
    pub fn change_in_flight(&self, method: &str, by: i64) {
        self.http.change_in_flight(method, by);
    }

    /// Adds gauges of a tokio runtime: `tokio_workers`, `tokio_alive_tasks`,
    /// `tokio_global_queue_depth` and `tokio_busy_ratio`.
    ///
    /// # Errors
    ///
    /// One was added before.
    #[cfg(feature = "tokio")]
    pub fn watch_runtime(
        &self,
        handle: &tokio::runtime::Handle,
    ) -> Result<(), super::RegistryError> {
        super::scheduler::watch(&self.registry, handle)
    }

    /// Everything in the text format of Prometheus.
    #[must_use]
    pub fn render_text(&self) -> String {
        self.render(Format::Text, |_| true)
    }

    /// The metrics whose names are wanted, in a form. Metrics are sorted by
    /// name, series by their labels; writers are not stopped.
    #[must_use]
    pub fn render(&self, format: Format, wanted: impl Fn(&str) -> bool) -> String {
        let mut families = self.http.snapshot(&wanted);
        families.extend(self.registry.snapshot(&wanted));
        families.extend(process::snapshot(&wanted));
        let own = self.own().into_iter().filter(|family| wanted(&family.name));
        families.extend(own);
        families.retain(|family| !family.samples.is_empty());
        families.sort_by(|one, two| one.name.cmp(&two.name));
        encode(&families, self.registry.constant_labels(), format)
    }

    /// Metrics of the collector itself.
    fn own(&self) -> Vec<FamilySnapshot> {
        let uptime = self.started.load().elapsed().as_secs_f64();
        let name = |what: &str| format!("{}_{what}", self.namespace);
        let mut families = vec![
            FamilySnapshot::plain(
                name("uptime_seconds"),
                "Time since the collector was made or cleared.",
                Kind::Gauge,
                uptime,
            )
            .with_unit("seconds"),
            FamilySnapshot {
                name: name("telemetry_series_dropped_total"),
                help: "Label sets that were folded into the overflow series.".to_owned(),
                kind: Kind::Counter,
                unit: None,
                samples: self.dropped(),
            },
        ];
        families.extend(self.build.as_ref().map(|build| FamilySnapshot {
            samples: vec![Sample {
                labels: [
                    ("version", &build.version),
                    ("commit", &build.commit),
                    ("rustc", &build.rustc),
                ]
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .into(),
                ..Sample::plain(1.0)
            }],
            ..FamilySnapshot::plain(name("build_info"), "Which build runs.", Kind::Gauge, 1.0)
        }));
        families
    }

    fn dropped(&self) -> Vec<Sample> {
        let mut folded = self.registry.folded();
        folded.push(self.http.folded());
        folded.retain(|(_, count)| *count > 0);
        folded.sort();
        let samples = folded.into_iter().map(|(family, count)| Sample {
            labels: vec![("family".to_owned(), family)],
            created: None,
            value: Value::Number(count as f64),
        });
        samples.collect()
    }
}

impl HttpObserver for PrometheusCollector {
    fn observe_http(&self, observation: &HttpObservation<'_>) {
        self.base.observe_http(observation);
        self.http.observe(&Finished::of(observation));
    }
}

impl Recorder for PrometheusCollector {
    fn record(&self, record: &MetricRecord) {
        self.base.record(record);
        if record.validate().is_err() {
            return;
        }
        match records::request(record) {
            Some(finished) => self.http.observe(&finished),
            None => self.records.keep(record),
        }
    }
}

impl StatsReader for PrometheusCollector {
    fn stats(&self) -> CollectorStats {
        let mut stats = self.base.stats();
        let series = self.http.series() + self.registry.series();
        stats.active_series = series.max(stats.name_breakdown.len());
        let folded = self.registry.folded();
        let folded = folded.iter().fold(self.http.folded().1, |sum, (_, count)| {
            sum.saturating_add(*count)
        });
        stats.series_overflow = stats.series_overflow.saturating_add(folded);
        stats
    }
}

impl Resetter for PrometheusCollector {
    fn clear(&self) {
        self.base.clear();
        self.http.clear();
        self.registry.clear();
        self.started.store(Arc::new(Instant::now()));
    }
}

impl fmt::Debug for PrometheusCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusCollector")
            .field("namespace", &self.namespace)
            .field("series", &self.stats().active_series)
            .finish_non_exhaustive()
    }
}
