//! What the pool measures.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the classes of latency, in microseconds; the last has none.
const BOUNDS: [u64; 4] = [1_000, 10_000, 100_000, 1_000_000];

#[derive(Debug, Default)]
pub(super) struct Metrics {
    spawned: AtomicU64,
    active: AtomicU64,
    completed: AtomicU64,
    latency_us: AtomicU64,
    classes: [AtomicU64; 5],
}

impl Metrics {
    pub(super) fn spawned(&self) {
        self.spawned.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn started(&self) {
        self.active.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn completed(&self, latency: Duration) {
        let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS.iter().position(|bound| micros < *bound);
        self.classes[class.unwrap_or(BOUNDS.len())].fetch_add(1, Ordering::Relaxed);
        self.latency_us.fetch_add(micros, Ordering::Relaxed);
        self.active.fetch_sub(1, Ordering::Relaxed);
        self.completed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self, queued: usize, workers: usize) -> Option<Snapshot> {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let total_spawned = get(&self.spawned);
        if total_spawned == 0 {
            return None;
        }
        let total_completed = get(&self.completed);
        Some(Snapshot {
            active_tasks: get(&self.active),
            avg_latency_us: get(&self.latency_us) / total_completed.max(1),
            latency_classes: self.classes.each_ref().map(get),
            queue_depth: queued as u64,
            total_completed,
            total_spawned,
            worker_count: workers as u64,
        })
    }
}

/// What a pool did so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Tasks that run.
    pub active_tasks: u64,
    /// Microseconds from spawning to the end, on average.
    pub avg_latency_us: u64,
    /// Tasks by that time: below 1 ms, 10 ms, 100 ms, 1 s, and the others.
    pub latency_classes: [u64; 5],
    /// Tasks that nobody has begun.
    pub queue_depth: u64,
    /// Tasks that have ended.
    pub total_completed: u64,
    /// Tasks that were started.
    pub total_spawned: u64,
    /// Threads that run tasks.
    pub worker_count: u64,
}

impl Snapshot {
    /// One JSON object that is named `concurrency_snapshot` by the key `name`.
    #[must_use]
    pub fn to_json(&self, name: &str) -> String {
        let [a, b, c, d, e] = self.latency_classes;
        let classes = format!(
            "{{\"ge_1s\":{e},\"lt_100ms\":{c},\"lt_10ms\":{b},\"lt_1ms\":{a},\"lt_1s\":{d}}}"
        );
        let mut members = [
            ("active_tasks", self.active_tasks.to_string()),
            ("avg_latency_us", self.avg_latency_us.to_string()),
            ("latency_hist", classes),
            (name, "\"concurrency_snapshot\"".to_owned()),
            ("queue_depth", self.queue_depth.to_string()),
            ("total_completed", self.total_completed.to_string()),
            ("total_spawned", self.total_spawned.to_string()),
            ("worker_count", self.worker_count.to_string()),
        ];
        members.sort_by_key(|(name, _)| *name);
        let members = members.map(|(name, value)| format!("\"{name}\":{value}"));
        format!("{{{}}}", members.join(","))
    }
}
