//! One measurement per request.
//!
//! Each request is measured once, when its response is over, under the pattern
//! of its route and never under its raw path. Rejections by inner layers count
//! like any answer, a client that left before the head as 499, a panic as 500.
//!
//! ```
//! use std::sync::Arc;
//!
//! use plumego_metrics::BaseCollector;
//! use plumego_middleware::httpmetrics::HttpMetricsLayer;
//!
//! let collector = Arc::new(BaseCollector::default());
//! let layer = HttpMetricsLayer::new(collector);
//! # let _ = layer;
//! ```

mod layer;

pub use layer::HttpMetricsLayer;
