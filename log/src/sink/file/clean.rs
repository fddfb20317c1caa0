//! Removes old files, and only those that are surely ours.

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use super::{maintenance::Place, name::ParsedName};

/// A file that was rotated away.
pub(super) struct Rotated {
    pub(super) path: PathBuf,
    pub(super) name: ParsedName,
    modified: SystemTime,
}

/// Compresses what is to be compressed, then removes what is too old or too many.
pub(super) fn tidy(place: &Place) {
    #[cfg(feature = "compress")]
    if place.config.compress {
        compress_all(place);
    }
    if let Err(error) = remove_old(place) {
        place.report(&format!("log: failed to list the log directory: {error}"));
    }
}

#[cfg(feature = "compress")]
fn compress_all(place: &Place) {
    for file in rotated(place).unwrap_or_default() {
        if file.name.compressed {
            continue;
        }
        if let Err(error) = super::compress::compress(&file.path, file.modified) {
            place.report(&format!(
                "log: failed to compress {}, it stays as it is: {error}",
                file.path.display()
            ));
        }
    }
}

fn remove_old(place: &Place) -> io::Result<()> {
    let mut streams: BTreeMap<_, Vec<Rotated>> = BTreeMap::new();
    for file in rotated(place)? {
        streams.entry(file.name.stream).or_default().push(file);
    }
    let now = place.config.now();
    for mut files in streams.into_values() {
        files.sort_by(|left, right| right.name.stamp.cmp(&left.name.stamp));
        for (rank, file) in files.iter().enumerate() {
            if is_surplus(place, rank) || is_too_old(place, file, now) {
                remove(place, &file.path);
            }
        }
    }
    Ok(())
}

fn is_surplus(place: &Place, rank: usize) -> bool {
    place.config.max_backups.is_some_and(|max| rank >= max)
}

fn is_too_old(place: &Place, file: &Rotated, now: SystemTime) -> bool {
    place
        .config
        .max_age
        .is_some_and(|max| now.duration_since(file.modified).is_ok_and(|age| age > max))
}

fn remove(place: &Place, path: &Path) {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            place.report(&format!(
                "log: failed to remove {}: {error}",
                path.display()
            ));
        }
        _ => {}
    }
}

/// Regular files of this program that nobody writes to.
fn rotated(place: &Place) -> io::Result<Vec<Rotated>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(&place.config.dir)? {
        // An entry that vanishes meanwhile was removed by somebody else.
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        let Some(name) = name
            .to_str()
            .and_then(|name| ParsedName::parse(&place.program, name))
        else {
            continue;
        };
        let path = entry.path();
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        if metadata.is_file() && !is_in_use(place, &path, &name) {
            let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            files.push(Rotated {
                path,
                name,
                modified,
            });
        }
    }
    Ok(files)
}

/// Whether this process, another sink of it, or another process may write to it.
fn is_in_use(place: &Place, path: &Path, name: &ParsedName) -> bool {
    place.is_current(path)
        || name.pid != place.pid && name.host == place.host && is_alive(name.pid)
        || !name.compressed && is_locked(path)
}

/// Whether a process of this machine runs; unknown counts as not, since its
/// lock is looked at too.
fn is_alive(pid: u32) -> bool {
    Path::new("/proc").join(pid.to_string()).exists()
}

fn is_locked(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}
