//! The file beneath the engine, and what happens when it fails.
//!
//! The engine never learns of a failed write or sync: it would refuse reads
//! from then on, also those of what was committed long before. Instead, what
//! it writes from the failure on is held in memory, so that its own view stays
//! whole, and the store, which asks after every commit, gives the commit up.
//! Nothing held is ever written: the file stays as the failure left it, which
//! is a state that recovery knows.
//!
//! Holding is also how a store is opened: whatever recovery writes is held
//! until the store is known to be one that may be written, and then written in
//! the same order. A store opened for reading is held for good.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{
    AtomicU64,
    Ordering::{AcqRel, Acquire, Release},
};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::disk::{DiskFile, DiskFileExt};

/// Writes are held in blocks of this size.
const BLOCK_BYTES: u64 = 4096;

/// A file that the engine reads and writes.
#[derive(Debug)]
pub(super) struct Medium {
    file: Arc<dyn DiskFile>,
    /// Bytes of the file as the engine sees it.
    len: AtomicU64,
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    /// What was written since the file stopped being written to.
    held: Option<Held>,
    /// Held writes, in order, as long as they may still be carried out.
    staged: Option<Vec<Step>>,
    failure: Option<Failure>,
    /// Failures are the engine's to see: the file is new, and given up.
    strict: bool,
}

/// What failed first.
#[derive(Debug)]
pub(super) enum Failure {
    /// A write, or a change of length: the file holds what was committed.
    Write(io::Error),
    /// A sync: nobody knows what the file holds.
    Sync(io::Error),
}

#[derive(Debug)]
enum Step {
    Write(u64, Box<[u8]>),
    SetLen(u64),
    Sync,
}

/// Blocks over a file.
#[derive(Debug)]
struct Held {
    blocks: HashMap<u64, Box<[u8; BLOCK_BYTES as usize]>>,
    /// From here on, the file below counts as zeros.
    base_len: u64,
}

impl Medium {
    /// A file that is written to, and whose failures the engine sees.
    pub(super) fn strict(file: Arc<dyn DiskFile>) -> io::Result<Arc<Self>> {
        let len = AtomicU64::new(file.len()?);
        Ok(Arc::new(Self {
            file,
            len,
            state: RwLock::new(State {
                held: None,
                staged: None,
                failure: None,
                strict: true,
            }),
        }))
    }

    /// A file that is not written to before [`carry_out`](Self::carry_out).
    pub(super) fn held(file: Arc<dyn DiskFile>) -> io::Result<Arc<Self>> {
        let len = file.len()?;
        Ok(Arc::new(Self {
            file,
            len: AtomicU64::new(len),
            state: RwLock::new(State {
                held: Some(Held::over(len)),
                staged: Some(Vec::new()),
                failure: None,
                strict: false,
            }),
        }))
    }

    /// Writes what is held, in order, and goes on writing directly. After an
    /// error the file is as if the power had ended there.
    pub(super) fn carry_out(&self) -> io::Result<()> {
        let mut state = self.write_state();
        for step in state.staged.take().into_iter().flatten() {
            match step {
                Step::Write(offset, data) => self.file.write_all_at(offset, &data)?,
                Step::SetLen(len) => self.file.set_len(len)?,
                Step::Sync => self.file.sync()?,
            }
        }
        state.held = None;
        Ok(())
    }

    /// Writes nothing any more.
    pub(super) fn hold(&self) {
        let mut state = self.write_state();
        state.staged = None;
        if state.held.is_none() {
            state.held = Some(Held::over(self.len()));
        }
    }

    /// Never writes what is held.
    pub(super) fn forget_steps(&self) {
        self.write_state().staged = None;
    }

    /// What failed since the last time this was asked, if anything did.
    pub(super) fn take_failure(&self) -> Option<Failure> {
        self.read_state().failure.as_ref()?;
        self.write_state().failure.take()
    }

    /// Bytes of the file as the engine sees it.
    pub(super) fn len(&self) -> u64 {
        self.len.load(Acquire)
    }

    fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a step, in the file or in memory. The file is written under
    /// the shared lock, so that readers do not wait for the disk.
    fn step(&self, step: Step) -> io::Result<()> {
        let failure = {
            let state = self.read_state();
            if state.held.is_some() {
                None
            } else {
                let done = match &step {
                    Step::Write(offset, data) => self
                        .file
                        .write_all_at(*offset, data)
                        .map_err(Failure::Write),
                    Step::SetLen(len) => self.file.set_len(*len).map_err(Failure::Write),
                    Step::Sync => self.file.sync().map_err(Failure::Sync),
                };
                match done {
                    Ok(()) => {
                        self.note_len(&step);
                        return Ok(());
                    }
                    Err(Failure::Write(error) | Failure::Sync(error)) if state.strict => {
                        return Err(error);
                    }
                    Err(failure) => Some(failure),
                }
            }
        };
        let mut state = self.write_state();
        if let Some(failure) = failure {
            state.failure = Some(failure);
            state.held = Some(Held::over(self.len()));
        }
        let State { held, staged, .. } = &mut *state;
        // It is held by now: nothing but `carry_out` ends that, and it runs
        // before the engine is given to anybody.
        let Some(held) = held else { return Ok(()) };
        match &step {
            Step::Write(offset, data) => held.write(&*self.file, *offset, data)?,
            Step::SetLen(len) => held.set_len(*len),
            Step::Sync => {}
        }
        self.note_len(&step);
        if let Some(staged) = staged {
            staged.push(step);
        }
        Ok(())
    }

    /// The engine alone writes, from one thread.
    fn note_len(&self, step: &Step) {
        match step {
            Step::Write(offset, data) => {
                self.len.fetch_max(offset + data.len() as u64, AcqRel);
            }
            Step::SetLen(len) => self.len.store(*len, Release),
            Step::Sync => {}
        }
    }
}

impl Held {
    fn over(len: u64) -> Self {
        Self {
            blocks: HashMap::new(),
            base_len: len,
        }
    }

    fn set_len(&mut self, len: u64) {
        self.base_len = self.base_len.min(len);
        self.blocks.retain(|block, _| block * BLOCK_BYTES < len);
        if let Some(last) = self.blocks.get_mut(&(len / BLOCK_BYTES)) {
            let kept = (len % BLOCK_BYTES) as usize;
            last[kept..].fill(0);
        }
    }

    fn write(&mut self, file: &dyn DiskFile, offset: u64, data: &[u8]) -> io::Result<()> {
        for (block, within, part) in blocks(offset, data.len()) {
            let bytes = match self.blocks.get_mut(&block) {
                Some(bytes) => bytes,
                None => {
                    let mut bytes = Box::new([0; BLOCK_BYTES as usize]);
                    read_below(file, self.base_len, block * BLOCK_BYTES, &mut bytes[..])?;
                    self.blocks.entry(block).or_insert(bytes)
                }
            };
            bytes[within..within + part.len()].copy_from_slice(&data[part]);
        }
        Ok(())
    }

    fn read(&self, file: &dyn DiskFile, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        read_below(file, self.base_len, offset, buffer)?;
        for (block, within, part) in blocks(offset, buffer.len()) {
            if let Some(bytes) = self.blocks.get(&block) {
                buffer[part.clone()].copy_from_slice(&bytes[within..within + part.len()]);
            }
        }
        Ok(())
    }
}

/// Reads what the file has below `end`, and zeros above.
fn read_below(file: &dyn DiskFile, end: u64, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
    let there = end.saturating_sub(offset).min(buffer.len() as u64) as usize;
    file.read_exact_at(offset, &mut buffer[..there])?;
    buffer[there..].fill(0);
    Ok(())
}

/// The blocks of a range: number, first byte within, and which bytes of the
/// range they are.
fn blocks(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % BLOCK_BYTES) as usize;
        let part = (len - done).min(BLOCK_BYTES as usize - within);
        (part > 0).then(|| {
            let range = done..done + part;
            done += part;
            (at / BLOCK_BYTES, within, range)
        })
    })
}

/// The medium, as the engine knows it.
#[derive(Debug)]
pub(super) struct Backend(pub(super) Arc<Medium>);

impl redb::StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.saturating_add(out.len() as u64) > self.0.len() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let state = self.0.read_state();
        match &state.held {
            Some(held) => held.read(&*self.0.file, offset, out),
            None => self.0.file.read_exact_at(offset, out),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.step(Step::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.step(Step::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.step(Step::Write(offset, data.into()))
    }
}
