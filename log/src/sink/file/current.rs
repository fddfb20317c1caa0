//! The file a stream is written to.

use std::{
    fs::{self, File, Metadata, OpenOptions},
    io::{self, ErrorKind, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{RotationInterval, maintenance::Place, name::Stream};
use crate::sink::Lines;

/// Attempts to find a free name; each one takes the next nanosecond.
const NAMES_TRIED: u32 = 1000;

pub(super) struct CurrentFile {
    stream: Stream,
    path: PathBuf,
    file: File,
    size: u64,
    /// What tells the file apart from another that got its name.
    identity: Option<(u64, u64)>,
    opened: SystemTime,
    /// The end of the file is part of a line that could not be taken back.
    torn: bool,
}

impl CurrentFile {
    /// Creates a file under a name that was free.
    pub(super) fn create(place: &Arc<Place>, stream: Stream, now: SystemTime) -> io::Result<Self> {
        for _ in 0..NAMES_TRIED {
            let path = place.next_path(stream, now);
            // Known as current before it exists: clean-up must not see it earlier.
            place.remember(&path);
            match options().create_new(true).open(&path) {
                Ok(file) => return Self::new(stream, path, file, now),
                Err(error) => {
                    place.forget(&path);
                    if error.kind() != ErrorKind::AlreadyExists {
                        return Err(error);
                    }
                }
            }
        }
        Err(io::Error::new(
            ErrorKind::AlreadyExists,
            "no free name for a log file was found",
        ))
    }

    fn new(stream: Stream, path: PathBuf, file: File, opened: SystemTime) -> io::Result<Self> {
        // Tells other processes that the file is in use. Where locks do not work,
        // the process id in the name does.
        let _ = file.try_lock();
        let metadata = file.metadata()?;
        Ok(Self {
            stream,
            path,
            file,
            size: metadata.len(),
            identity: identity(&metadata),
            opened,
            torn: false,
        })
    }

    pub(super) fn stream(&self) -> Stream {
        self.stream
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the name no longer leads to this file.
    pub(super) fn is_gone(&self) -> bool {
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) => identity(&metadata) != self.identity,
            Err(error) => error.kind() == ErrorKind::NotFound,
        }
    }

    /// Opens the file of this name, or creates it.
    pub(super) fn reopen(&mut self) -> io::Result<()> {
        let file = options().create(true).open(&self.path)?;
        *self = Self::new(self.stream, self.path.clone(), file, self.opened)?;
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Bytes that fit before the next rotation.
    pub(super) fn room(&self, max_size: Option<u64>) -> u64 {
        max_size.map_or(u64::MAX, |max| max.saturating_sub(self.size))
    }

    /// Whether the file has to be rotated before `next` more bytes.
    pub(super) fn is_due(
        &self,
        max_size: Option<u64>,
        interval: Option<RotationInterval>,
        next: usize,
        now: SystemTime,
    ) -> bool {
        self.size > 0
            && (self.room(max_size) < next as u64
                || interval
                    .is_some_and(|interval| period(interval, self.opened) != period(interval, now)))
    }

    /// Appends lines; gives the number of whole lines written.
    pub(super) fn append(&mut self, lines: Lines<'_>) -> (usize, Option<io::Error>) {
        if self.torn {
            match self.file.write_all(b"\n") {
                Ok(()) => {
                    self.torn = false;
                    self.size += 1;
                }
                Err(error) => return (0, Some(error)),
            }
        }
        let (bytes, failure) = write_all(&mut self.file, lines.text());
        let reached = lines.start + bytes;
        let whole = lines.marks.partition_point(|mark| mark.end <= reached);
        let whole_end = whole
            .checked_sub(1)
            .map_or(lines.start, |last| lines.marks[last].end);
        self.size += (whole_end - lines.start) as u64;
        if whole_end < reached {
            self.take_back((reached - whole_end) as u64);
        }
        (whole, failure)
    }

    /// Removes the part of a line at the end.
    fn take_back(&mut self, part: u64) {
        if self.file.set_len(self.size).is_err() {
            self.size += part;
            self.torn = true;
        }
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options
}

#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Number of the hour or day in UTC.
fn period(interval: RotationInterval, time: SystemTime) -> u64 {
    let secs = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    match interval {
        RotationInterval::Hourly => secs / 3_600,
        RotationInterval::Daily => secs / 86_400,
    }
}

/// Writes until all is written or the file fails; gives the bytes written.
fn write_all(file: &mut File, bytes: &[u8]) -> (usize, Option<io::Error>) {
    let mut written = 0;
    while written < bytes.len() {
        match file.write(&bytes[written..]) {
            Ok(0) => return (written, Some(ErrorKind::WriteZero.into())),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
