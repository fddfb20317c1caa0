//! What a collector is made from.

use std::fmt;
use std::sync::Arc;

use plumego_log::Logger;
use plumego_metrics::{
    CardinalityPolicy, InstrumentDef, Labels, MetricKind, MetricName, SECONDS_BUCKETS, Unit,
};

use super::error::ConfigError;

/// Upper bounds of the buckets of sizes, in bytes.
pub const BYTES_BUCKETS: [f64; 9] = [
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
];

/// What a [`PrometheusCollector`](super::PrometheusCollector) is made from.
#[derive(Clone)]
pub struct PrometheusConfig {
    pub(super) namespace: String,
    pub(super) policy: CardinalityPolicy,
    pub(super) max_series: Option<usize>,
    pub(super) constant_labels: Vec<(String, String)>,
    pub(super) seconds: Vec<f64>,
    pub(super) bytes: Vec<f64>,
    pub(super) build: Option<Build>,
    pub(super) logger: Option<Arc<dyn Logger>>,
}

/// What `build_info` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Build {
    pub(super) version: String,
    pub(super) commit: String,
    pub(super) rustc: String,
}

impl Default for PrometheusConfig {
    fn default() -> Self {
        Self {
            namespace: "plumego".to_owned(),
            policy: CardinalityPolicy::default(),
            max_series: None,
            constant_labels: Vec::new(),
            seconds: SECONDS_BUCKETS.to_vec(),
            bytes: BYTES_BUCKETS.to_vec(),
            build: None,
            logger: None,
        }
    }
}

impl PrometheusConfig {
    /// Sets what the names of all metrics of the collector begin with; `plumego`
    /// by default and when empty.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        if self.namespace.is_empty() {
            self.namespace.push_str("plumego");
        }
        self
    }

    /// Sets how many series there may be of all metrics together; 10 000 by
    /// default.
    #[must_use]
    pub fn with_max_series(mut self, max: usize) -> Self {
        self.max_series = Some(max);
        self
    }

    /// Sets all three bounds on series; 10 000 of at most 1 000 metrics with at
    /// most 1 000 each by default.
    #[must_use]
    pub fn with_policy(mut self, policy: CardinalityPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Adds a label that every series has.
    #[must_use]
    pub fn with_constant_label(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Self {
        self.constant_labels.push((name.into(), value.into()));
        self
    }

    /// Sets the upper bounds of the buckets of durations, in seconds.
    #[must_use]
    pub fn with_seconds_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.seconds = bounds.into();
        self
    }

    /// Sets the upper bounds of the buckets of sizes, in bytes; 256 B to 16 MiB
    /// in steps of four by default.
    #[must_use]
    pub fn with_bytes_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.bytes = bounds.into();
        self
    }

    /// Adds a gauge that says which build runs.
    #[must_use]
    pub fn with_build(
        mut self,
        version: impl Into<String>,
        commit: impl Into<String>,
        rustc: impl Into<String>,
    ) -> Self {
        self.build = Some(Build {
            version: version.into(),
            commit: commit.into(),
            rustc: rustc.into(),
        });
        self
    }

    /// Sets who is told of refused records, at most once a minute, and of names
    /// that were folded, once each.
    #[must_use]
    pub fn with_logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.logger = Some(logger);
        self
    }

    /// The bounds, the constant labels; or what is wrong.
    pub(super) fn checked(&self) -> Result<(CardinalityPolicy, Labels), ConfigError> {
        if MetricName::parse(&self.namespace).is_err() {
            return Err(ConfigError::Namespace(self.namespace.clone()));
        }
        let policy = match self.max_series {
            Some(max) => self.policy.with_total(max),
            None => Ok(self.policy),
        };
        let policy = policy.map_err(|_| ConfigError::Bound("max_series"))?;
        check_buckets("durations", Unit::Seconds, &self.seconds)?;
        check_buckets("sizes", Unit::Bytes, &self.bytes)?;
        let mut labels = Labels::empty();
        for (name, value) in &self.constant_labels {
            let refused = |source| ConfigError::Label {
                name: name.clone(),
                source,
            };
            labels = labels.with(name.clone(), value.clone()).map_err(refused)?;
        }
        Ok((policy, labels))
    }
}

fn check_buckets(what: &'static str, unit: Unit, bounds: &[f64]) -> Result<(), ConfigError> {
    const PROBE: MetricName = MetricName::from_static("probe");
    let mut definition = InstrumentDef::new(PROBE, MetricKind::Histogram, unit);
    definition.buckets = bounds.to_vec();
    definition
        .validate()
        .map_err(|_| ConfigError::Buckets(what))
}

impl fmt::Debug for PrometheusConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrometheusConfig")
            .field("namespace", &self.namespace)
            .field("policy", &self.policy)
            .field("max_series", &self.max_series)
            .field("constant_labels", &self.constant_labels)
            .finish_non_exhaustive()
    }
}
