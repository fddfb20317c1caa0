//! Where embedded stores keep their files.
//!
//! A [`Disk`] is a directory that a store cannot leave. [`SystemDisk`] is one
//! of the file system; the conformance suites bring one that fails, tears and
//! forgets on demand, so that an engine meets every accident before its users
//! do. Paths are relative, with `/` between components; an empty path is the
//! directory itself.
//!
//! ```
//! use plumego_store::disk::{Disk, DiskFileExt, OpenMode, SystemDisk};
//!
//! # let directory = tempfile::tempdir()?;
//! let disk = SystemDisk::create(directory.path())?;
//! let file = disk.open("new", OpenMode::CreateNew)?;
//! file.write_all_at(0, b"hello")?;
//! file.sync()?;
//! disk.rename("new", "greeting")?;
//! disk.sync_dir("")?;
//! assert_eq!(disk.metadata("greeting")?.len, 5);
//! # Ok::<(), std::io::Error>(())
//! ```

mod system;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

pub use system::SystemDisk;

/// A directory and what is in it.
///
/// Every call may fail. A call that failed may have had its effect in part,
/// unless said otherwise.
pub trait Disk: Send + Sync + fmt::Debug + 'static {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// `NotFound`, `AlreadyExists`, or whatever the medium says.
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>>;

    /// What is at `path`, if anything.
    ///
    /// # Errors
    ///
    /// `NotFound`, or whatever the medium says.
    fn metadata(&self, path: &str) -> io::Result<DiskMetadata>;

    /// What is in a directory, in no order.
    ///
    /// # Errors
    ///
    /// `NotFound`, `NotADirectory`, or whatever the medium says.
    fn list(&self, path: &str) -> io::Result<Vec<DiskEntry>>;

    /// Makes a directory in one that exists.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`, `NotFound`, or whatever the medium says.
    fn create_dir(&self, path: &str) -> io::Result<()>;

    /// Moves a file, replacing what is at `to` in one step.
    ///
    /// # Errors
    ///
    /// `NotFound`, or whatever the medium says; then nothing was moved.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Gives a file a second name, where nothing is.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if something is at `to`, `NotFound`, or whatever the
    /// medium says; then the file has one name.
    fn link(&self, from: &str, to: &str) -> io::Result<()>;

    /// Moves a file to where nothing is, in one step. What is left of the old
    /// name is the same file.
    ///
    /// # Errors
    ///
    /// `AlreadyExists` if something is at `to`, `NotFound`, or whatever the
    /// medium says; then nothing was moved.
    fn publish(&self, from: &str, to: &str) -> io::Result<()> {
        self.link(from, to)?;
        // It is in its place; an old name that stays is a leftover.
        let _ = self.remove(from);
        Ok(())
    }

    /// Removes a file.
    ///
    /// # Errors
    ///
    /// `NotFound`, or whatever the medium says.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes what was created, moved or removed in a directory last. A medium
    /// that has no such operation succeeds.
    ///
    /// # Errors
    ///
    /// Whatever the medium says: then it may be lost.
    fn sync_dir(&self, path: &str) -> io::Result<()>;

    /// Where this is, for messages to operators.
    fn location(&self) -> PathBuf;
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OpenMode {
    /// To read what is there.
    Read,
    /// To read and write what is there.
    Write,
    /// To read and write, making an empty file if there is none.
    Create,
    /// To read and write a file that must not be there yet.
    CreateNew,
}

/// An open file. Offsets are in bytes.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Its identity and length.
    ///
    /// # Errors
    ///
    /// Whatever the medium says.
    fn metadata(&self) -> io::Result<DiskMetadata>;

    /// Reads from `offset`; how many bytes were read, 0 only at the end.
    ///
    /// # Errors
    ///
    /// Whatever the medium says.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes at `offset`; how many bytes were written, perhaps not all.
    ///
    /// # Errors
    ///
    /// Whatever the medium says.
    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize>;

    /// Cuts the file, or extends it with zeros.
    ///
    /// # Errors
    ///
    /// Whatever the medium says.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// Makes content and length last.
    ///
    /// # Errors
    ///
    /// Whatever the medium says: then nothing is known of what was written
    /// since the last success, and trying again proves nothing.
    fn sync(&self) -> io::Result<()>;

    /// Takes the file for as long as it is open; false if another has it.
    ///
    /// # Errors
    ///
    /// Whatever the medium says.
    fn try_lock(&self) -> io::Result<bool>;
}

/// What is known of a file or directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskMetadata {
    /// Bytes of a file.
    pub len: u64,
    /// Whether it is a directory.
    pub is_dir: bool,
    /// When it last changed, where that is known.
    pub modified_at: Option<SystemTime>,
    /// What tells it from every other file of the disk that exists now.
    pub id: FileId,
}

impl DiskMetadata {
    /// What a medium knows.
    #[must_use]
    pub const fn new(len: u64, is_dir: bool, modified_at: Option<SystemTime>, id: FileId) -> Self {
        Self {
            len,
            is_dir,
            modified_at,
            id,
        }
    }
}

/// The identity of a file: two numbers of the medium.
pub type FileId = (u64, u64);

/// One thing in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DiskEntry {
    /// Its name.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
}

impl DiskEntry {
    /// What a medium lists.
    #[must_use]
    pub const fn new(name: String, is_dir: bool) -> Self {
        Self { name, is_dir }
    }
}

/// Whole reads and writes.
#[expect(clippy::len_without_is_empty, reason = "a file is no collection")]
pub trait DiskFileExt: DiskFile {
    /// Bytes of the file.
    ///
    /// # Errors
    ///
    /// Whatever the medium says.
    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len)
    }

    /// Fills `buffer`.
    ///
    /// # Errors
    ///
    /// `UnexpectedEof` if the file ends before; else whatever the medium says.
    fn read_exact_at(&self, mut offset: u64, mut buffer: &mut [u8]) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(offset, buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    offset += read as u64;
                    buffer = &mut buffer[read..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes all of `data`.
    ///
    /// # Errors
    ///
    /// Whatever the medium says; a part may be written then.
    fn write_all_at(&self, mut offset: u64, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            match self.write_at(offset, data) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    offset += written as u64;
                    data = &data[written..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl<F: DiskFile + ?Sized> DiskFileExt for F {}
