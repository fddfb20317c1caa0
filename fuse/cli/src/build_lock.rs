//! One command at a time in a build directory.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// When a command that waits says so.
const MESSAGE_AFTER: Duration = Duration::from_millis(500);
/// When a command that waits gives up.
const GIVE_UP_AFTER: Duration = Duration::from_secs(600);
/// How often the lock is tried.
const TRY_EVERY: Duration = Duration::from_millis(20);

/// Name of the file that is locked.
const LOCK_FILE: &str = ".lock";

/// Why a directory could not be locked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LockError {
    /// Another command held it for too long.
    #[error("another fuse command has been using `{0}` for 10 minutes")]
    Busy(String),
    /// The lock file cannot be created.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Holds a directory until dropped. The operating system lets go of the lock
/// when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Locks a directory, which is created when missing. `waiting` is called
    /// once when another process has held it for half a second.
    ///
    /// # Errors
    ///
    /// After ten minutes, or when the lock file cannot be created.
    pub(crate) fn take(
        directory: &Path,
        waiting: &mut dyn FnMut(&Path),
    ) -> Result<Self, LockError> {
        fs::create_dir_all(directory)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(directory.join(LOCK_FILE))?;
        let start = Instant::now();
        let mut said = false;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(problem)) => return Err(problem.into()),
            }
            let waited = start.elapsed();
            if waited >= GIVE_UP_AFTER {
                return Err(LockError::Busy(directory.display().to_string()));
            }
            if !said && waited >= MESSAGE_AFTER {
                said = true;
                waiting(directory);
            }
            thread::sleep(TRY_EVERY);
        }
    }
}
