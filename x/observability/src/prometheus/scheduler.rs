//! Gauges of a tokio runtime, as far as its stable metrics go.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeMetrics};

use super::error::RegistryError;
use super::registry::Registry;

/// Registers the gauges.
pub(super) fn watch(registry: &Registry, handle: &Handle) -> Result<(), RegistryError> {
    let metrics = handle.metrics();
    let gauge = |name, help, read: fn(&RuntimeMetrics) -> usize| {
        let metrics = metrics.clone();
        registry.asked_gauge(name, help, [], move |take| take([], read(&metrics) as f64))
    };
    gauge(
        "tokio_workers",
        "Worker threads of the runtime.",
        RuntimeMetrics::num_workers,
    )?;
    gauge(
        "tokio_alive_tasks",
        "Tasks that are not over.",
        RuntimeMetrics::num_alive_tasks,
    )?;
    gauge(
        "tokio_global_queue_depth",
        "Tasks in the queue that all workers share.",
        RuntimeMetrics::global_queue_depth,
    )?;
    let busy = Busy::new(metrics);
    registry.asked_gauge(
        "tokio_busy_ratio",
        "Share of the time of all workers that they worked, since the scrape before.",
        [],
        move |take| take([], busy.ratio()),
    )
}

/// How busy workers were since somebody last asked.
struct Busy {
    metrics: RuntimeMetrics,
    last: Mutex<(Instant, Duration)>,
}

impl Busy {
    fn new(metrics: RuntimeMetrics) -> Self {
        let last = Mutex::new((Instant::now(), worked(&metrics)));
        Self { metrics, last }
    }

    fn ratio(&self) -> f64 {
        let now = (Instant::now(), worked(&self.metrics));
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.0.saturating_duration_since(last.0).as_secs_f64();
        let worked = now.1.saturating_sub(last.1).as_secs_f64();
        *last = now;
        let available = passed * self.metrics.num_workers() as f64;
        if available > 0.0 {
            (worked / available).min(1.0)
        } else {
            0.0
        }
    }
}

fn worked(metrics: &RuntimeMetrics) -> Duration {
    let workers = 0..metrics.num_workers();
    workers
        .map(|worker| metrics.worker_total_busy_duration(worker))
        .sum()
}
