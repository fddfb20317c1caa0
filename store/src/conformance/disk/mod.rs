//! A disk that fails, tears and forgets on demand.
//!
//! It remembers what was synced and what was not. Its power can be cut at any
//! call; what is found afterwards is then up to the [`Crash`]: all of what was
//! written, only what was synced, or any part of the rest, in pieces of a
//! sector. Any call can be made to fail, once or from then on, and the disk can
//! be full.

mod fault;
mod file;
mod state;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use fault::{Calls, Crash, Fault};

use self::fault::{Call, Plan};
use self::file::{SimulatedFile, describe};
use self::state::{File, NameChange, Node, State, end, parent};
use super::random::Random;
use crate::disk::{Disk, DiskEntry, DiskFile, DiskMetadata, OpenMode};

/// What files hold, by path. Directories are there if something is in them.
pub type Image = BTreeMap<String, Vec<u8>>;

/// A disk in memory, for tests of engines.
///
/// ```
/// use std::sync::Arc;
/// use plumego_store::conformance::{Crash, SimulatedDisk};
/// use plumego_store::disk::{Disk, DiskFileExt, OpenMode};
///
/// let disk = SimulatedDisk::new();
/// let file = disk.open("a", OpenMode::Create)?;
/// file.write_all_at(0, b"synced")?;
/// file.sync()?;
/// disk.sync_dir("")?;
/// file.write_all_at(0, b"hasty!")?;
///
/// assert_eq!(disk.after(Crash::Kept)["a"], b"hasty!");
/// assert_eq!(disk.after(Crash::Dropped)["a"], b"synced");
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct SimulatedDisk {
    state: Arc<Mutex<State>>,
}

impl Default for SimulatedDisk {
    fn default() -> Self {
        Self::from_image(&Image::new())
    }
}

impl SimulatedDisk {
    /// An empty disk.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// A disk that holds these files, and lasts.
    #[must_use]
    pub fn from_image(image: &Image) -> Self {
        let mut state = State::default();
        for (path, bytes) in image {
            let mut dir = parent(path);
            while !dir.is_empty() {
                state.names.insert(dir.to_owned(), Node::Dir);
                dir = parent(dir);
            }
            state.last_id += 1;
            let file = File {
                now: bytes.clone(),
                synced: bytes.clone(),
                pending: Vec::new(),
            };
            state.files.insert(state.last_id, file);
            state.names.insert(path.clone(), Node::File(state.last_id));
        }
        state.lasting = state.names.clone();
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Lets `count` calls of a kind go well, and the next one meet `fault`.
    pub fn fail_after(&self, calls: Calls, count: u64, fault: Fault) {
        self.state().plan = Some(Plan {
            calls,
            left: count,
            fault,
            lasting: false,
        });
    }

    /// Lets `count` calls of a kind go well, and all others meet `fault`.
    pub fn fail_from(&self, calls: Calls, count: u64, fault: Fault) {
        self.state().plan = Some(Plan {
            calls,
            left: count,
            fault,
            lasting: true,
        });
    }

    /// Nothing goes wrong any more, but the power stays off.
    pub fn heal(&self) {
        let mut state = self.state();
        state.plan = None;
        state.bytes_max = None;
    }

    /// Room for `bytes` more than there is; beyond, writes fail.
    pub fn fill_up(&self, bytes: u64) {
        let mut state = self.state();
        state.bytes_max = Some(state.bytes() + bytes);
    }

    /// How many calls of a kind there were.
    #[must_use]
    pub fn calls(&self, calls: Calls) -> u64 {
        let state = self.state();
        let kinds = [
            ("look", Call::Look),
            ("write", Call::Write),
            ("set_len", Call::SetLen),
            ("sync", Call::Sync),
            ("name", Call::Name),
            ("sync_dir", Call::SyncDir),
        ];
        let counted = kinds.iter().filter(|(_, call)| calls.include(*call));
        counted.filter_map(|(name, _)| state.calls.get(name)).sum()
    }

    /// Whether a fault that was asked for has yet to happen.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.state().plan.is_some()
    }

    /// Whether a fault that was asked for has happened, and lasts.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        let state = self.state();
        state.power_is_off
            || state
                .plan
                .is_some_and(|plan| plan.lasting && plan.left == 0)
    }

    /// What would be found if the power were cut now.
    #[must_use]
    pub fn after(&self, crash: Crash) -> Image {
        let state = self.state();
        let mut random = match crash {
            Crash::Torn(seed) => Random(seed),
            Crash::Kept | Crash::Dropped => Random(0),
        };
        let names = match crash {
            Crash::Kept => state.names.clone(),
            Crash::Dropped => state.lasting.clone(),
            Crash::Torn(_) => {
                // Changes of names reach a disk in their order.
                let mut names = state.lasting.clone();
                let kept = random.below(state.pending.len() as u64 + 1) as usize;
                for change in &state.pending[..kept] {
                    change.apply(&mut names);
                }
                names
            }
        };
        // Nobody finds a file whose directory is not there.
        let reachable = |path: &str| {
            let mut dir = parent(path);
            while !dir.is_empty() && names.get(dir) == Some(&Node::Dir) {
                dir = parent(dir);
            }
            dir.is_empty()
        };
        let files = names.iter().filter_map(|(path, node)| match node {
            Node::File(id) if reachable(path) => Some((path.clone(), *id)),
            Node::File(_) | Node::Dir => None,
        });
        files
            .map(|(path, id)| {
                let file = &state.files[&id];
                let bytes = match crash {
                    Crash::Kept => file.now.clone(),
                    Crash::Dropped => file.synced.clone(),
                    Crash::Torn(_) => file.torn(&mut random),
                };
                (path, bytes)
            })
            .collect()
    }

    /// What the files hold now.
    #[must_use]
    pub fn image(&self) -> Image {
        self.after(Crash::Kept)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Disk for SimulatedDisk {
    fn open(&self, path: &str, mode: OpenMode) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        let exists = state.names.contains_key(path);
        let creates = !exists && matches!(mode, OpenMode::Create | OpenMode::CreateNew);
        let fault = if creates {
            state.meet("name", Call::Name)?
        } else {
            state.meet("look", Call::Look)?
        };
        if exists && mode == OpenMode::CreateNew {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if creates {
            state.check_parent(path)?;
            state.last_id += 1;
            let id = state.last_id;
            state.files.insert(id, File::default());
            state.change_name(NameChange::Put(path.to_owned(), Node::File(id)));
        }
        end(fault)?;
        Ok(Arc::new(SimulatedFile {
            id: state.file_at(path)?,
            state: self.state.clone(),
            locks: Mutex::new(false),
        }))
    }

    fn metadata(&self, path: &str) -> io::Result<DiskMetadata> {
        let mut state = self.state();
        state.look()?;
        match state.names.get(path) {
            Some(Node::File(id)) => Ok(describe(*id, &state)),
            Some(Node::Dir) => Ok(DiskMetadata::new(0, true, None, (1, 0))),
            None if path.is_empty() => Ok(DiskMetadata::new(0, true, None, (1, 0))),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn list(&self, path: &str) -> io::Result<Vec<DiskEntry>> {
        let mut state = self.state();
        state.look()?;
        match state.names.get(path) {
            Some(Node::Dir) => {}
            None if path.is_empty() => {}
            Some(Node::File(_)) => return Err(io::ErrorKind::NotADirectory.into()),
            None => return Err(io::ErrorKind::NotFound.into()),
        }
        let within = state.names.iter().filter(|(name, _)| parent(name) == path);
        let entries = within.map(|(name, node)| {
            let last = name.rsplit('/').next().unwrap_or(name);
            DiskEntry::new(last.to_owned(), *node == Node::Dir)
        });
        Ok(entries.collect())
    }

    fn create_dir(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.meet("name", Call::Name)?;
        if path.is_empty() || state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.check_parent(path)?;
        state.change_name(NameChange::Put(path.to_owned(), Node::Dir));
        end(fault)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.meet("name", Call::Name)?;
        let id = state.file_at(from)?;
        state.check_parent(to)?;
        if state.names.get(to) == Some(&Node::Dir) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // After a crash the old name may be there as well.
        state.change_name(NameChange::Put(to.to_owned(), Node::File(id)));
        state.change_name(NameChange::Remove(from.to_owned()));
        end(fault)
    }

    fn link(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.meet("name", Call::Name)?;
        let id = state.file_at(from)?;
        state.check_parent(to)?;
        if state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.change_name(NameChange::Put(to.to_owned(), Node::File(id)));
        end(fault)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.meet("name", Call::Name)?;
        state.file_at(path)?;
        state.change_name(NameChange::Remove(path.to_owned()));
        end(fault)
    }

    fn sync_dir(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.meet("sync_dir", Call::SyncDir)?;
        end(fault)?;
        let state = &mut *state;
        state.pending.retain(|change| {
            let here = parent(change.path()) == path;
            if here {
                change.apply(&mut state.lasting);
            }
            !here
        });
        Ok(())
    }

    fn location(&self) -> PathBuf {
        PathBuf::from("simulated")
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedDisk").finish_non_exhaustive()
    }
}
