//! Typed handles for code that measures the same thing often.

mod definition;
mod handle;
mod meter;
mod recorder_sink;
mod registry;
mod sink;
mod store;
mod timer;

pub use definition::{
    BUCKETS_MAX, CounterDef, GaugeDef, HistogramDef, InstrumentDef, SECONDS_BUCKETS,
};
pub use handle::{BoundCounter, BoundGauge, BoundHistogram, Counter, Gauge, Histogram};
pub use meter::Meter;
pub use recorder_sink::RecorderSink;
pub use registry::{InstrumentId, InstrumentRegistry};
pub use sink::{BoundSeries, InstrumentSink, LabelValues};
pub use store::{HistogramSnapshot, InstrumentStore, SeriesSnapshot, SeriesValue};
pub use timer::{Timer, TimerGuard};

#[cfg(test)]
mod tests;
