//! Getting measurements out of a process.
//!
//! Layers of the toolkit produce signals of requests, and stores those of what
//! they do; this crate keeps them in the form that others read. Here are a
//! Prometheus collector and its exporter. Nothing is global, nothing starts a
//! task, nothing mounts a route; telemetry never fails, delays or panics a
//! request.
//!
//! Series and text forms are written here and not by `prometheus-client`: that
//! crate has no bound on series that keeps counters monotone, no overflow series,
//! no choice of metrics by name, and no text format 0.0.4 with help and type for
//! every metric; what would remain of it is an atomic addition.
//!
//! Not here yet: the protobuf exposition with native histograms, exemplars, OTLP
//! pipelines, the tracer store, and the routes for operations and debugging.
//!
//! ```
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use http::{Method, StatusCode};
//! use plumego_metrics::{HttpObserverExt, Route};
//! use plumego_middleware::httpmetrics::HttpMetricsLayer;
//! use plumego_x_observability::{Exporter, PrometheusCollector, PrometheusExporter};
//!
//! let collector = Arc::new(PrometheusCollector::new("shop")?);
//! let in_flight = Arc::clone(&collector);
//! let layer = HttpMetricsLayer::new(collector.clone())
//!     .in_flight_by_method(move |method, by| in_flight.change_in_flight(method, by));
//! // `app.get("/metrics", handler)`, on a listener that not everybody reaches.
//! let handler = PrometheusExporter::new(collector.clone()).handler();
//! # let _ = (layer, handler);
//!
//! let took = Duration::from_millis(3);
//! collector.observe(&Method::GET, Route::Template("/carts/{id}"), StatusCode::OK, 120, took);
//! let text = collector.render_text();
//! let counted = r#"shop_http_requests_total{method="GET",path="/carts/{id}",status="200"} 1"#;
//! assert!(text.contains(counted));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod exporter;
mod prometheus;

pub use exporter::{Exporter, PrometheusExporter};
pub use prometheus::{
    BYTES_BUCKETS, ConfigError, Counter, CounterVec, Format, Gauge, GaugeVec, Histogram,
    HistogramVec, PrometheusCollector, PrometheusConfig, Registry, RegistryError,
};
