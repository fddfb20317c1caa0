//! Metrics in the form that Prometheus reads.

mod cell;
mod collector;
mod config;
mod encode;
mod error;
mod family;
mod http;
mod process;
mod records;
mod registry;
#[cfg(feature = "tokio")]
mod scheduler;
mod seen;
mod series;
mod snapshot;

pub use collector::PrometheusCollector;
pub use config::{BYTES_BUCKETS, PrometheusConfig};
pub use encode::Format;
pub use error::{ConfigError, RegistryError};
pub use registry::{Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramVec, Registry};
