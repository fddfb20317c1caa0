//! Both directions between this contract and the `tracing` ecosystem.

mod layer;
mod logger;

pub use layer::LoggerLayer;
pub use logger::TracingLogger;

/// A layer was given a logger whose records become `tracing` events again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the logger of a LoggerLayer must not emit tracing events, or every event would cause another: give it a logger that writes to an output"
)]
#[non_exhaustive]
pub struct BridgeLoopError;
