//! What a program measures, as the operator's address shows it.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use plumego_metrics::SECONDS_BUCKETS;
use plumego_store::db::PoolStats;
use plumego_x_observability::{
    CounterVec, HistogramVec, PrometheusCollector, PrometheusConfig, Registry, RegistryError,
};

use crate::fault::{Fault, Outcome};
use crate::heap;
use crate::runtime::Runtime;

/// Bounds below those of the toolkit, in seconds: much of what a program does
/// takes less than its first one.
const QUICK: [f64; 2] = [0.000_5, 0.001];

/// What the host of a program can be asked for.
pub(crate) trait HostReadings: Send + Sync + 'static {
    /// Requests that wait for a thread.
    fn blocking_queue(&self) -> u64;
    /// Requests whose handlers kept a worker for long.
    fn inline_slow(&self) -> u64;
}

/// Everything that is measured while a program serves.
pub(crate) struct Meters {
    pub(crate) collector: Arc<PrometheusCollector>,
    db_operations: CounterVec<2>,
    db_durations: HistogramVec<2>,
}

impl Meters {
    /// Begins to measure a program. What it is asked for is read while the
    /// program and its host are there.
    ///
    /// # Errors
    ///
    /// A name is defined twice, which is a defect.
    pub(crate) fn new(runtime: &Runtime, host: Weak<dyn HostReadings>) -> Outcome<Self> {
        let internal = |error: &dyn std::error::Error| Fault::internal(error.to_string());
        let seconds: Vec<_> = QUICK.into_iter().chain(SECONDS_BUCKETS).collect();
        let config = PrometheusConfig::default()
            .with_constant_label("runtime", runtime.backend().as_str())
            .with_seconds_buckets(seconds.clone());
        let collector = PrometheusCollector::with_config(config).map_err(|e| internal(&e))?;
        let registry = collector.registry();
        let defined = database(registry, &seconds, runtime)
            .and_then(|meters| of_program(registry, runtime).map(|()| meters))
            .and_then(|meters| of_host(registry, host).map(|()| meters));
        let (db_operations, db_durations) = defined.map_err(|e| internal(&e))?;
        Ok(Self {
            collector: Arc::new(collector),
            db_operations,
            db_durations,
        })
    }

    /// A call of the database is over.
    pub(crate) fn db_call(&self, sql: &str, succeeded: bool, took: Duration) {
        let outcome = if succeeded { "ok" } else { "error" };
        let labels = [operation(sql), outcome];
        self.db_operations.inc(labels);
        self.db_durations.observe(labels, took.as_secs_f64());
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}

/// The kind of a statement: its first word, where that is a common one.
pub(crate) fn operation(sql: &str) -> &'static str {
    let word = sql.trim_start();
    let end = word.find(|letter: char| !letter.is_ascii_alphabetic());
    let word = &word[..end.unwrap_or(word.len())];
    let known = ["select", "insert", "update", "delete", "begin", "commit"];
    known
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(word))
        .unwrap_or("other")
}

type Database = (CounterVec<2>, HistogramVec<2>);

fn database(
    registry: &Registry,
    seconds: &[f64],
    runtime: &Runtime,
) -> Result<Database, RegistryError> {
    let labels = ["operation", "outcome"];
    let operations = registry.counter(
        "plumego_db_operations_total",
        "Calls of the database, by the kind of statement and how they ended.",
        labels,
    )?;
    let durations = registry.histogram(
        "plumego_db_operation_duration_seconds",
        "Time that calls of the database took, waiting for a connection included.",
        labels,
        seconds,
    )?;
    for (name, help, read) in POOL_GAUGES {
        registry.asked_gauge(name, help, [], pool(runtime, read))?;
    }
    for (name, help, read) in POOL_COUNTERS {
        registry.asked_counter(name, help, [], pool(runtime, read))?;
    }
    Ok((operations, durations))
}

/// Takes the values of labels, of which there are none here, and a number.
type Take<'t> = &'t mut dyn FnMut([&str; 0], f64);

type PoolReading = (&'static str, &'static str, fn(&PoolStats) -> f64);

const POOL_GAUGES: [PoolReading; 3] = [
    (
        "plumego_db_pool_open_connections",
        "Connections of the database.",
        |stats| stats.open as f64,
    ),
    (
        "plumego_db_pool_in_use",
        "Connections of the database that are used.",
        |stats| stats.in_use as f64,
    ),
    (
        "plumego_db_pool_idle",
        "Connections of the database that wait to be used.",
        |stats| stats.idle as f64,
    ),
];

const POOL_COUNTERS: [PoolReading; 3] = [
    (
        "plumego_db_pool_waits_total",
        "Calls that had to wait for a connection.",
        |stats| stats.wait_count as f64,
    ),
    (
        "plumego_db_pool_wait_seconds_total",
        "Time that calls waited for connections.",
        |stats| stats.wait_duration.as_secs_f64(),
    ),
    (
        "plumego_db_pool_acquire_timeouts_total",
        "Calls that gave up waiting for a connection.",
        |stats| stats.acquire_timeouts as f64,
    ),
];

/// Reads the pool of a program; nothing while it has used no database.
fn pool(
    runtime: &Runtime,
    read: fn(&PoolStats) -> f64,
) -> impl Fn(Take<'_>) + Send + Sync + 'static {
    let of = runtime.downgrade();
    move |take| {
        if let Some(stats) = of.upgrade().and_then(|one| one.database().stats()) {
            take([], read(&stats));
        }
    }
}

/// What only Fuse measures, of the program.
fn of_program(registry: &Registry, runtime: &Runtime) -> Result<(), RegistryError> {
    registry.asked_gauge(
        "fuse_heap_bytes",
        "Memory that values of the program take.",
        [],
        |take| take([], heap::live_bytes() as f64),
    )?;
    let tasks = |name: &str, help: &str, read: fn(&crate::task::Snapshot) -> u64, counts: bool| {
        let of = runtime.downgrade();
        let ask = move |take: Take<'_>| {
            let snapshot = of.upgrade().and_then(|one| one.tasks_so_far());
            take([], snapshot.map_or(0, |snapshot| read(&snapshot)) as f64);
        };
        match counts {
            true => registry.asked_counter(name, help, [], ask),
            false => registry.asked_gauge(name, help, [], ask),
        }
    };
    tasks(
        "fuse_tasks_active",
        "Tasks that run.",
        |s| s.active_tasks,
        false,
    )?;
    tasks(
        "fuse_tasks_queued",
        "Tasks that nobody has begun.",
        |s| s.queue_depth,
        false,
    )?;
    tasks(
        "fuse_tasks_spawned_total",
        "Tasks that were started.",
        |s| s.total_spawned,
        true,
    )?;
    tasks(
        "fuse_tasks_completed_total",
        "Tasks that have ended.",
        |s| s.total_completed,
        true,
    )?;
    let log = runtime.downgrade();
    registry.asked_counter(
        "fuse_log_dropped_total",
        "Lines of the log that were dropped.",
        [],
        move |take| {
            let dropped = log.upgrade().map_or(0, |one| one.logger().stats().dropped);
            take([], dropped as f64);
        },
    )?;
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    registry.asked_gauge(
        "fuse_build_info",
        "Always 1; its labels say which build runs.",
        ["version", "profile", "target", "build_id"],
        move |take| take([env!("CARGO_PKG_VERSION"), profile, &target, ""], 1.0),
    )
}

/// What only Fuse measures, of the host.
fn of_host(registry: &Registry, host: Weak<dyn HostReadings>) -> Result<(), RegistryError> {
    let queue = Weak::clone(&host);
    registry.asked_gauge(
        "fuse_http_blocking_queue_depth",
        "Requests that wait for a thread of the blocking pool.",
        [],
        move |take| {
            take(
                [],
                queue.upgrade().map_or(0, |host| host.blocking_queue()) as f64,
            );
        },
    )?;
    registry.asked_counter(
        "fuse_inline_slow_total",
        "Requests whose inline handlers kept a worker for more than 1 ms.",
        [],
        move |take| {
            take(
                [],
                host.upgrade().map_or(0, |host| host.inline_slow()) as f64,
            );
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_counted_by_their_first_word() {
        for (sql, kind) in [
            ("  SELECT 1", "select"),
            ("insert into t values (1)", "insert"),
            ("delete", "delete"),
            ("commit;", "commit"),
            ("selection", "other"),
            ("with a as (select 1) select * from a", "other"),
            ("", "other"),
            ("é", "other"),
        ] {
            assert_eq!(operation(sql), kind, "{sql}");
        }
    }
}
