//! What is measured of a program, for whoever runs it.
//!
//! Nothing is until an address of the operator's own is there to read it; until
//! then each place that could tell something costs one branch.

mod meters;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

pub(crate) use meters::{HostReadings, Meters};

/// Whether and where a runtime is measured.
#[derive(Default)]
pub(crate) struct Telemetry {
    measured: AtomicBool,
    meters: RwLock<Option<Arc<Meters>>>,
}

impl Telemetry {
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
            .finish_non_exhaustive()
    }
}
