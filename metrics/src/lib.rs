//! Contracts that let any part of a system report measurements without
//! choosing an exporter, and the collectors that need none.
//!
//! A collector is a value, passed to whoever measures; there is no global
//! registry. The identity of a metric is its name, dimensions are labels, and
//! both are checked and bounded. This crate exports nothing, keeps no records,
//! and computes no percentiles: exporters and record buffers do, behind the
//! same traits.
//!
//! ```
//! use http::{Method, StatusCode};
//! use plumego_metrics::{
//!     AggregateCollector, BaseCollector, ErrorLabel, HttpObserver, HttpObserverExt, MetricName, MetricRecord,
//!     Recorder, Route, StatsReader,
//! };
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! const MAILS: MetricName = MetricName::from_static("mails_sent");
//!
//! // Composition knows the collector; modules get the narrowest contract.
//! let collector: Arc<dyn AggregateCollector> = Arc::new(BaseCollector::default());
//! let for_middleware: Arc<dyn HttpObserver> = collector.clone();
//! let for_mailer: Arc<dyn Recorder> = collector.clone();
//!
//! let took = Duration::from_millis(12);
//! for_middleware.observe(&Method::GET, Route::Template("/users/{id}"), StatusCode::OK, 512, took);
//! for_mailer.record(&MetricRecord::counter(MAILS, 1.0).with_label("relay", "eu"));
//! for_mailer.record(&MetricRecord::counter(MAILS, 1.0).with_error(ErrorLabel::from_static("timeout")));
//!
//! let stats = collector.stats();
//! assert_eq!(stats.total_records, 3);
//! assert_eq!(stats.error_records, 1);
//! assert_eq!(stats.name_breakdown["mails_sent"], 2);
//! ```

mod approx;
mod base;
mod cardinality;
mod classify;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
#[cfg(feature = "facade")]
mod facade;
mod forbidden;
mod http;
mod instrument;
mod labels;
mod multi;
mod name;
mod noop;
mod record;
mod series;
mod stats;
mod traits;
mod warnings;

pub use self::http::{
    HttpObservation, LABEL_METHOD, LABEL_PATH, LABEL_STATUS, METHOD_OTHER, METRIC_HTTP_REQUEST,
    ROUTE_UNMATCHED, Route, http_record, method_label,
};
pub use base::BaseCollector;
pub use cardinality::CardinalityPolicy;
pub use classify::ErrorClass;
pub use error::{MetricsError, MetricsErrorKind};
#[cfg(feature = "facade")]
pub use facade::{FacadeCollector, FacadeOptions, FacadeRecorder};
pub use instrument::{
    BUCKETS_MAX, BoundCounter, BoundGauge, BoundHistogram, BoundSeries, Counter, CounterDef, Gauge,
    GaugeDef, Histogram, HistogramDef, HistogramSnapshot, InstrumentDef, InstrumentId,
    InstrumentRegistry, InstrumentSink, InstrumentStore, LabelValues, Meter, RecorderSink,
    SECONDS_BUCKETS, SeriesSnapshot, SeriesValue, Timer, TimerGuard,
};
pub use labels::{LABEL_KEY_BYTES_MAX, LABEL_VALUE_BYTES_MAX, LABELS_MAX, Labels};
pub use multi::MultiCollector;
pub use name::{MetricName, NAME_BYTES_MAX, OVERFLOW};
pub use noop::NoopCollector;
pub use record::{
    ATTRIBUTE_VALUE_BYTES_MAX, ATTRIBUTES_MAX, Attributes, ERROR_LABEL_BYTES_MAX, ErrorLabel,
    MetricKind, MetricRecord, Outcome, Unit,
};
pub use series::{Admission, Series, SeriesRow, SeriesTable};
pub use stats::CollectorStats;
pub use traits::{
    AggregateCollector, HttpObserver, HttpObserverExt, Recorder, Resetter, StatsReader,
};
