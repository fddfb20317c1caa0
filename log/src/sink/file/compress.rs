//! Compresses a rotated file.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use flate2::{Compression, write::GzEncoder};

/// Writes `<file>.gz` under a temporary name, forces it to disk, gives it its name
/// and only then removes the original. Interrupted at any point, the original or
/// the complete compressed file is there, and doing it again mends the rest.
pub(super) fn compress(original: &Path, modified: SystemTime) -> io::Result<()> {
    let staged = with_suffix(original, ".gz.tmp");
    write_compressed(original, &staged, modified)
        .and_then(|()| fs::rename(&staged, with_suffix(original, ".gz")))
        .inspect_err(|_| drop(fs::remove_file(&staged)))?;
    fs::remove_file(original)
}

fn write_compressed(original: &Path, staged: &Path, modified: SystemTime) -> io::Result<()> {
    let mut source = File::open(original)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    let mut encoder = GzEncoder::new(options.open(staged)?, Compression::default());
    io::copy(&mut source, &mut encoder)?;
    let file = encoder.finish()?;
    // Age counts from the last record, not from the compression.
    file.set_modified(modified)?;
    file.sync_all()
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
