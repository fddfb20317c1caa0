//! Where log files are kept, and for how long.

use std::{
    fmt,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{base::Clock, sink::outlet::Reporter};

/// When a file is rotated besides by size, on UTC boundaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RotationInterval {
    /// At every full hour.
    Hourly,
    /// At midnight UTC.
    Daily,
}

/// When written lines are forced to disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// When a file is rotated away or closed.
    #[default]
    OnRotate,
    /// After every write; slow.
    EveryWrite,
    /// With the first write after so much time.
    Interval(Duration),
}

/// Describes the files of a [`FileSink`](crate::FileSink).
#[derive(Clone)]
pub struct FileConfig {
    pub(super) dir: PathBuf,
    pub(super) program: Option<String>,
    pub(super) host: Option<String>,
    pub(super) max_size: Option<u64>,
    pub(super) max_age: Option<Duration>,
    pub(super) max_backups: Option<usize>,
    pub(super) interval: Option<RotationInterval>,
    pub(super) split_by_level: bool,
    pub(super) compress: bool,
    pub(super) sync: SyncPolicy,
    clock: Option<Clock>,
    reporter: Reporter,
}

impl FileConfig {
    /// Files in `dir`, rotated at 100 MiB, of which the 10 newest rotated ones are
    /// kept. The directory is created with mode 0750, files with mode 0640.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            program: None,
            host: None,
            max_size: Some(100 * 1024 * 1024),
            max_age: None,
            max_backups: Some(10),
            interval: None,
            split_by_level: false,
            compress: false,
            sync: SyncPolicy::OnRotate,
            clock: None,
            reporter: Reporter::stderr(),
        }
    }

    /// Sets the program name that file names begin with, by default that of the
    /// executable. Characters other than `A-Z a-z 0-9 _ . -` become `_`.
    #[must_use]
    pub fn with_program(mut self, program: impl Into<String>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// Sets the host in file names, by default the short name of this machine.
    /// Characters other than `A-Z a-z 0-9 _ -` become `_`.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Sets the size in bytes at which a file is rotated; `None` for never. Only a
    /// single longer record makes a file larger.
    #[must_use]
    pub fn with_max_size(mut self, bytes: impl Into<Option<u64>>) -> Self {
        self.max_size = bytes.into();
        self
    }

    /// Removes rotated files that were last modified longer ago.
    #[must_use]
    pub fn with_max_age(mut self, age: impl Into<Option<Duration>>) -> Self {
        self.max_age = age.into();
        self
    }

    /// Keeps so many of the newest rotated files per level stream; `None` keeps all.
    #[must_use]
    pub fn with_max_backups(mut self, count: impl Into<Option<usize>>) -> Self {
        self.max_backups = count.into();
        self
    }

    /// Also rotates at boundaries of the clock.
    #[must_use]
    pub fn with_interval(mut self, interval: impl Into<Option<RotationInterval>>) -> Self {
        self.interval = interval.into();
        self
    }

    /// Writes separate files for `INFO`, `WARN` and `ERROR`. A record goes to its
    /// own file and to those below; `Fatal` counts as `ERROR`, `Debug` and `Trace`
    /// as `INFO`.
    #[must_use]
    pub fn with_split_by_level(mut self, on: bool) -> Self {
        self.split_by_level = on;
        self
    }

    /// Compresses rotated files with gzip, on a thread of their own. The original
    /// is removed only when its compressed form is complete.
    #[cfg(feature = "compress")]
    #[must_use]
    pub fn with_compress(mut self, on: bool) -> Self {
        self.compress = on;
        self
    }

    /// Sets when written lines are forced to disk.
    #[must_use]
    pub fn with_sync(mut self, sync: SyncPolicy) -> Self {
        self.sync = sync;
        self
    }

    /// Sets the source of time; the system clock by default.
    #[must_use]
    pub fn with_clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Some(Arc::new(now));
        self
    }

    /// Sets who hears about trouble with rotation and clean-up; by default
    /// standard error.
    #[must_use]
    pub fn with_failure_report(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.reporter = Reporter::new(report);
        self
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock
            .as_ref()
            .map_or_else(SystemTime::now, |clock| clock())
    }

    pub(super) fn report(&self, line: &str) {
        self.reporter.report(line);
    }
}

impl fmt::Debug for FileConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileConfig")
            .field("dir", &self.dir)
            .field("program", &self.program)
            .field("host", &self.host)
            .field("max_size", &self.max_size)
            .field("max_age", &self.max_age)
            .field("max_backups", &self.max_backups)
            .field("interval", &self.interval)
            .field("split_by_level", &self.split_by_level)
            .field("compress", &self.compress)
            .field("sync", &self.sync)
            .finish_non_exhaustive()
    }
}
