//! Lines to files that rotate.

mod clean;
#[cfg(feature = "compress")]
mod compress;
mod config;
mod current;
mod maintenance;
mod name;

use std::{
    fmt, fs, io,
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use parking_lot::Mutex;

pub use config::{FileConfig, RotationInterval, SyncPolicy};

use super::{Lines, Outcome};
use crate::Level;
use current::CurrentFile;
use maintenance::{Maintenance, Place};
use name::Stream;

/// How often a file that was moved or deleted from outside is looked for, and how
/// often a rotation that failed is tried again.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// Writes lines to files in one directory, rotates them by size and time, and
/// removes or compresses old ones.
///
/// A file is named `<program>.<host>.<LEVEL>.<YYYYMMDD-HHMMSS>.<nanoseconds>.<pid>.log`
/// with `ALL` as the level unless streams are split, and a link
/// `<program>.<LEVEL>` points at the newest. A record is never split across
/// files. Several processes can share a directory: none removes files of another
/// that is still running.
///
/// The value is a handle: clones share the files, so an application can keep one
/// to call [`reopen`](Self::reopen) and [`close`](Self::close).
///
/// ```
/// use plumego_log::{FileConfig, FileSink, Fields, LogBuilder, LoggerExt};
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
///
/// let sink = FileSink::open(FileConfig::new(dir).with_program("shop"))?;
/// let built = LogBuilder::new().file(sink.clone()).build()?;
/// built.logger.info("ready", Fields::new());
/// sink.close()?;
/// assert!(std::fs::read_to_string(dir.join("shop.ALL"))?.ends_with("ready\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct FileSink {
    inner: Arc<Inner>,
}

struct Inner {
    place: Arc<Place>,
    state: Mutex<State>,
}

struct State {
    /// One file, or those for `INFO`, `WARN` and `ERROR`; none once closed.
    files: Vec<CurrentFile>,
    maintenance: Option<Maintenance>,
    checked: SystemTime,
    synced: SystemTime,
    /// No rotation is tried before this time, since the last one failed.
    retry_at: Option<SystemTime>,
    link_failed: bool,
}

impl FileSink {
    /// Creates the directory, the files and their links.
    ///
    /// # Errors
    ///
    /// Whatever the file system answers. Opening is all or nothing: what was
    /// created before the error is removed again.
    pub fn open(config: FileConfig) -> io::Result<Self> {
        let place = Arc::new(Place::new(config));
        place.create_dir()?;
        let now = place.config.now();
        let streams: &[Stream] = if place.config.split_by_level {
            &[Stream::Info, Stream::Warn, Stream::Error]
        } else {
            &[Stream::All]
        };
        let files = open_all(&place, streams, now)?;
        let maintenance = match Maintenance::start(&place) {
            Ok(maintenance) => maintenance,
            Err(error) => {
                undo(&place, &files);
                return Err(error);
            }
        };
        maintenance.run();
        let state = State {
            files,
            maintenance: Some(maintenance),
            checked: now,
            synced: now,
            retry_at: None,
            link_failed: false,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                place,
                state: Mutex::new(state),
            }),
        })
    }

    /// Opens the files again by name, for a signal handler's use after an external
    /// tool has moved them.
    ///
    /// # Errors
    ///
    /// The first failure; the file concerned goes on as it was.
    pub fn reopen(&self) -> io::Result<()> {
        let mut state = self.inner.state.lock();
        state.files.iter_mut().try_for_each(CurrentFile::reopen)
    }

    /// Forces everything to disk, closes the files and waits for their clean-up.
    /// Records that come later are dropped and counted.
    ///
    /// # Errors
    ///
    /// The first file that could not be forced to disk.
    pub fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    /// The files now written to.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.inner
            .state
            .lock()
            .files
            .iter()
            .map(|file| file.path().to_owned())
            .collect()
    }

    pub(crate) fn write(&self, lines: Lines<'_>, outcome: &mut Outcome) {
        self.inner.write(lines, outcome);
    }
}

impl fmt::Debug for FileSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSink")
            .field("dir", &self.inner.place.config.dir)
            .finish_non_exhaustive()
    }
}

/// Creates one file per stream, then the links; undoes all of it on failure.
fn open_all(
    place: &Arc<Place>,
    streams: &[Stream],
    now: SystemTime,
) -> io::Result<Vec<CurrentFile>> {
    let mut files = Vec::with_capacity(streams.len());
    for &stream in streams {
        match CurrentFile::create(place, stream, now) {
            Ok(file) => files.push(file),
            Err(error) => {
                undo(place, &files);
                return Err(error);
            }
        }
    }
    let before: Vec<_> = files
        .iter()
        .map(|file| fs::read_link(place.link(file.stream())))
        .collect();
    for (index, file) in files.iter().enumerate() {
        if let Err(error) = place.point_link(file.stream(), file.path()) {
            for (file, before) in files[..index].iter().zip(before) {
                place.restore_link(file.stream(), before.ok());
            }
            undo(place, &files);
            return Err(error);
        }
    }
    Ok(files)
}

fn undo(place: &Place, files: &[CurrentFile]) {
    for file in files {
        // The error that led here is the one to tell about.
        let _ = fs::remove_file(file.path());
        place.forget(file.path());
    }
}

impl Inner {
    fn write(&self, lines: Lines<'_>, outcome: &mut Outcome) {
        let mut state = self.state.lock();
        if state.files.is_empty() {
            outcome.dropped += lines.marks.len() as u64;
            return;
        }
        let now = self.place.config.now();
        self.tend(&mut state, now);
        if self.place.config.split_by_level {
            self.write_split(&mut state, lines, now, outcome);
        } else {
            self.write_runs(&mut state, lines, now, outcome);
        }
        self.sync(&mut state, now);
    }

    /// Writes to the only file, as many lines at a time as it has room for.
    fn write_runs(
        &self,
        state: &mut State,
        lines: Lines<'_>,
        now: SystemTime,
        outcome: &mut Outcome,
    ) {
        let mut rest = lines;
        while let Some(first) = rest.marks.first() {
            self.rotate_if_due(state, 0, first.end - rest.start, now);
            let room = state.files[0].room(self.place.config.max_size);
            let fitting = rest
                .marks
                .iter()
                .take_while(|mark| ((mark.end - rest.start) as u64) <= room)
                .count();
            let (run, later) = rest.split_at(fitting.max(1));
            let (written, failure) = state.files[0].append(run);
            outcome.written += written as u64;
            rest = match failure {
                None => later,
                Some(error) => {
                    outcome.failed(error);
                    rest.split_at(written + 1).1
                }
            };
        }
    }

    /// Writes each line to its own stream and all lower ones.
    fn write_split(
        &self,
        state: &mut State,
        lines: Lines<'_>,
        now: SystemTime,
        outcome: &mut Outcome,
    ) {
        let mut rest = lines;
        while let Some(&mark) = rest.marks.first() {
            let (line, later) = rest.split_at(1);
            let mut failure = None;
            for index in 0..state.files.len() {
                if state.files[index].stream().takes(mark.level) {
                    self.rotate_if_due(state, index, line.text().len(), now);
                    failure = failure.or(state.files[index].append(line).1);
                }
            }
            match failure {
                None => outcome.written += 1,
                Some(error) => outcome.failed(error),
            }
            rest = later;
        }
    }

    fn rotate_if_due(&self, state: &mut State, index: usize, next: usize, now: SystemTime) {
        let config = &self.place.config;
        let due = state.files[index].is_due(config.max_size, config.interval, next, now);
        let failed_just_now = state.retry_at.is_some_and(|retry_at| {
            // A clock that went back must not postpone the retry for long.
            now < retry_at
                && retry_at
                    .duration_since(now)
                    .is_ok_and(|left| left <= CHECK_EVERY)
        });
        if due && !failed_just_now {
            self.rotate(state, index, now);
        }
    }

    /// Goes over to a new file, or stays with the present one when there is none.
    fn rotate(&self, state: &mut State, index: usize, now: SystemTime) {
        let stream = state.files[index].stream();
        let next = match CurrentFile::create(&self.place, stream, now) {
            Ok(next) => next,
            Err(error) => {
                if state.retry_at.is_none() {
                    self.place.report(&format!(
                        "log: failed to rotate the log file, going on with the present one: {error}"
                    ));
                }
                state.retry_at = now.checked_add(CHECK_EVERY);
                return;
            }
        };
        state.retry_at = None;
        let previous = std::mem::replace(&mut state.files[index], next);
        if let Err(error) = previous.sync() {
            self.place
                .report(&format!("log: failed to sync a rotated log file: {error}"));
        }
        self.place.forget(previous.path());
        drop(previous);
        if let Err(error) = self.place.point_link(stream, state.files[index].path())
            && !std::mem::replace(&mut state.link_failed, true)
        {
            self.place.report(&format!(
                "log: failed to point the log link at the new file: {error}"
            ));
        }
        if let Some(maintenance) = &state.maintenance {
            maintenance.run();
        }
    }

    /// Looks once per second for files that were moved or deleted from outside.
    fn tend(&self, state: &mut State, now: SystemTime) {
        if !is_past(state.checked, CHECK_EVERY, now) {
            return;
        }
        state.checked = now;
        for file in state.files.iter_mut().filter(|file| file.is_gone()) {
            if let Err(error) = file.reopen() {
                self.place
                    .report(&format!("log: failed to re-create a log file: {error}"));
            }
        }
    }

    fn sync(&self, state: &mut State, now: SystemTime) {
        let due = match self.place.config.sync {
            SyncPolicy::OnRotate => false,
            SyncPolicy::EveryWrite => true,
            SyncPolicy::Interval(interval) => is_past(state.synced, interval, now),
        };
        if due {
            state.synced = now;
            for file in &state.files {
                if let Err(error) = file.sync() {
                    self.place
                        .report(&format!("log: failed to sync a log file: {error}"));
                }
            }
        }
    }

    fn close(&self) -> io::Result<()> {
        let (files, maintenance) = {
            let mut state = self.state.lock();
            (std::mem::take(&mut state.files), state.maintenance.take())
        };
        // Waits for a compression under way, while the last files still count as
        // current: they are not rotated away.
        drop(maintenance);
        let mut result = Ok(());
        for file in &files {
            result = result.and(file.sync());
            self.place.forget(file.path());
        }
        result
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            self.place
                .report(&format!("log: failed to sync a log file: {error}"));
        }
    }
}

/// Whether `interval` has passed since `start`; a clock that went back counts.
fn is_past(start: SystemTime, interval: Duration, now: SystemTime) -> bool {
    now.duration_since(start)
        .map_or(true, |age| age >= interval)
}

impl Stream {
    /// Whether lines of this level go to this stream.
    fn takes(self, level: Level) -> bool {
        match self {
            Self::All | Self::Info => true,
            Self::Warn => level >= Level::Warn,
            Self::Error => level >= Level::Error,
        }
    }
}
