//! What is measured and traced of a program, for whoever runs it.
//!
//! Neither is until somebody asks: measuring by an address of the operator's
//! own, tracing by an application that embeds the runtime. Until then each place
//! that could tell something costs one branch.

mod meters;
mod spans;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use meters::{HostReadings, Meters, operation};
pub(crate) use spans::{OpenSpan, SpanContext, SpanEnd, Tracing};
pub use spans::{SPANS_MAX, Span, SpanKind, SpanRing, SpanSink};

use crate::system::{Clock, Entropy};

/// Whether and where a runtime is measured and traced.
#[derive(Default)]
pub(crate) struct Telemetry {
    measured: AtomicBool,
    meters: RwLock<Option<Arc<Meters>>>,
    tracing: Option<Tracing>,
}

impl Telemetry {
    pub(crate) fn new(
        sink: Option<Arc<dyn SpanSink>>,
        entropy: &Arc<dyn Entropy>,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        Self {
            tracing: sink.map(|sink| Tracing::new(sink, Arc::clone(entropy), Arc::clone(clock))),
            ..Self::default()
        }
    }

    /// Where spans go, if anywhere.
    #[inline]
    pub(crate) fn tracing(&self) -> Option<&Tracing> {
        self.tracing.as_ref()
    }

    /// What measures, while somebody may read it.
    #[inline]
    pub(crate) fn meters(&self) -> Option<Arc<Meters>> {
        if !self.measured.load(Ordering::Relaxed) {
            return None;
        }
        let meters = self.meters.read().unwrap_or_else(PoisonError::into_inner);
        meters.clone()
    }

    /// Begins to measure, or ends it.
    pub(crate) fn measure(&self, meters: Option<Arc<Meters>>) {
        let measured = meters.is_some();
        let mut held = self.meters.write().unwrap_or_else(PoisonError::into_inner);
        *held = meters;
        self.measured.store(measured, Ordering::Relaxed);
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("measured", &self.measured)
            .field("traced", &self.tracing.is_some())
            .finish_non_exhaustive()
    }
}
