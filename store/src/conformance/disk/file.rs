//! An open file of a simulated disk.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use super::fault::{Call, Fault};
use super::lock;
use super::state::{DataChange, State, end};
use crate::disk::{DiskFile, DiskMetadata};

pub(super) fn describe(id: u64, state: &State) -> DiskMetadata {
    let len = state.files[&id].now.len() as u64;
    DiskMetadata::new(len, false, None, (0, id))
}

pub(super) struct SimulatedFile {
    pub(super) id: u64,
    pub(super) state: Arc<Mutex<State>>,
    /// Whether this handle has the lock of the file.
    pub(super) locks: Mutex<bool>,
}

impl SimulatedFile {
    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut lock(&self.state))
    }
}

impl DiskFile for SimulatedFile {
    fn metadata(&self) -> io::Result<DiskMetadata> {
        self.with(|state| {
            state.look()?;
            Ok(describe(self.id, state))
        })
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.with(|state| {
            state.look()?;
            let bytes = &state.files[&self.id].now;
            let rest = bytes.get(offset as usize..).unwrap_or_default();
            let read = rest.len().min(buffer.len());
            buffer[..read].copy_from_slice(&rest[..read]);
            Ok(read)
        })
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<usize> {
        self.with(|state| {
            let fault = state.meet("write", Call::Write)?;
            let mut data = data;
            if fault == Some(Fault::Short) {
                data = &data[..data.len().div_ceil(2)];
            }
            if let Some(bytes_max) = state.bytes_max {
                let used = state.bytes();
                let len = state.files[&self.id].now.len() as u64;
                let room = bytes_max.saturating_sub(used) + len.saturating_sub(offset);
                if room == 0 && !data.is_empty() {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                data = &data[..data.len().min(room as usize)];
            }
            let change = DataChange::Write(offset, data.to_vec());
            if let Some(file) = state.files.get_mut(&self.id) {
                change.apply(&mut file.now);
                file.pending.push(change);
            }
            end(fault)?;
            Ok(data.len())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|state| {
            let fault = state.meet("set_len", Call::SetLen)?;
            let old = state.files[&self.id].now.len() as u64;
            if let Some(bytes_max) = state.bytes_max
                && state.bytes() + len.saturating_sub(old) > bytes_max
                && len > old
            {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let change = DataChange::SetLen(len);
            if let Some(file) = state.files.get_mut(&self.id) {
                change.apply(&mut file.now);
                file.pending.push(change);
            }
            end(fault)
        })
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|state| {
            let fault = state.meet("sync", Call::Sync)?;
            end(fault)?;
            if let Some(file) = state.files.get_mut(&self.id) {
                file.synced.clone_from(&file.now);
                file.pending.clear();
            }
            Ok(())
        })
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.with(|state| {
            state.look()?;
            let mut locks = self.locks.lock().unwrap_or_else(PoisonError::into_inner);
            *locks = *locks || state.locked.insert(self.id);
            Ok(*locks)
        })
    }
}

impl Drop for SimulatedFile {
    fn drop(&mut self) {
        if *self.locks.lock().unwrap_or_else(PoisonError::into_inner) {
            lock(&self.state).locked.remove(&self.id);
        }
    }
}

impl fmt::Debug for SimulatedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedFile")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
