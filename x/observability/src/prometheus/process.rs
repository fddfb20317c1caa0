//! What the process takes, as every exporter names it.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use super::snapshot::FamilySnapshot;

/// The metrics; none where the system does not tell.
#[cfg(not(target_os = "linux"))]
pub(super) fn snapshot(_: impl Fn(&str) -> bool) -> Vec<FamilySnapshot> {
    Vec::new()
}

/// The metrics, from the files under `/proc/self` (proc(5)); those that cannot be
/// read are left out.
#[cfg(target_os = "linux")]
pub(super) fn snapshot(wanted: impl Fn(&str) -> bool) -> Vec<FamilySnapshot> {
    if !NAMES.iter().any(|name| wanted(name)) {
        return Vec::new();
    }
    let mut families = linux::snapshot();
    families.retain(|family| wanted(&family.name));
    families
}

/// Names of all metrics here.
pub(super) const NAMES: [&str; 7] = [
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
    "process_virtual_memory_bytes",
];

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;

    use super::super::snapshot::{FamilySnapshot, Kind};

    /// Fields of `/proc/self/stat` after the name of the program, which may hold
    /// anything; the first of them is field 3 of the manual.
    struct Stat(Vec<u64>);

    impl Stat {
        fn read() -> Option<Self> {
            let text = fs::read_to_string("/proc/self/stat").ok()?;
            let (_, rest) = text.rsplit_once(')')?;
            // The state is a letter and some fields are negative; none is used.
            let fields = rest.split_whitespace();
            Some(Self(
                fields.map(|field| field.parse().unwrap_or(0)).collect(),
            ))
        }

        /// A field by its number in the manual.
        fn field(&self, number: usize) -> Option<f64> {
            self.0
                .get(number.checked_sub(3)?)
                .map(|value| *value as f64)
        }
    }

    pub(super) fn snapshot() -> Vec<FamilySnapshot> {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        let page = rustix::param::page_size() as f64;
        let stat = Stat::read();
        let field = |number| stat.as_ref().and_then(|stat| stat.field(number));
        let cpu = field(14)
            .zip(field(15))
            .map(|(user, system)| (user + system) / ticks);
        let start = boot_time()
            .zip(field(22))
            .map(|(boot, ticks_after)| boot + ticks_after / ticks);
        let gauge = |name: &str, help: &str, value: Option<f64>| {
            value.map(|value| FamilySnapshot::plain(name, help, Kind::Gauge, value))
        };
        let seconds = |family: FamilySnapshot| family.with_unit("seconds");
        let bytes = |family: FamilySnapshot| family.with_unit("bytes");
        let cpu = cpu.map(|value| {
            let help = "Processor time of the process.";
            FamilySnapshot::plain("process_cpu_seconds_total", help, Kind::Counter, value)
        });
        let families = [
            cpu.map(seconds),
            gauge("process_max_fds", "Most open files.", max_fds()),
            gauge("process_open_fds", "Open files.", open_fds()),
            gauge(
                "process_resident_memory_bytes",
                "Memory that is in use.",
                field(24).map(|pages| pages * page),
            )
            .map(bytes),
            gauge(
                "process_start_time_seconds",
                "When the process started, since the epoch of Unix.",
                start,
            )
            .map(seconds),
            gauge("process_threads", "Threads of the process.", field(20)),
            gauge(
                "process_virtual_memory_bytes",
                "Address space that is taken.",
                field(23),
            )
            .map(bytes),
        ];
        families.into_iter().flatten().collect()
    }

    fn boot_time() -> Option<f64> {
        let text = fs::read_to_string("/proc/stat").ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix("btime "))?;
        line.trim().parse().ok()
    }

    fn open_fds() -> Option<f64> {
        // The listing itself holds one open.
        let open = fs::read_dir("/proc/self/fd").ok()?.count();
        Some(open.saturating_sub(1) as f64)
    }

    fn max_fds() -> Option<f64> {
        let text = fs::read_to_string("/proc/self/limits").ok()?;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("Max open files"))?;
        match line.split_whitespace().next()? {
            "unlimited" => Some(f64::INFINITY),
            soft => soft.parse().ok(),
        }
    }
}
