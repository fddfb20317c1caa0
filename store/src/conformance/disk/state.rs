//! What a simulated disk remembers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::fault::{Call, Fault, Plan};
use crate::conformance::random::Random;

/// What a disk writes as a whole.
const SECTOR_BYTES: usize = 512;

#[derive(Default)]
pub(super) struct State {
    pub(super) files: HashMap<u64, File>,
    pub(super) names: Names,
    /// The names that last.
    pub(super) lasting: Names,
    /// Changes of names that do not last yet, in order.
    pub(super) pending: Vec<NameChange>,
    pub(super) last_id: u64,
    pub(super) locked: BTreeSet<u64>,
    pub(super) plan: Option<Plan>,
    pub(super) power_is_off: bool,
    pub(super) calls: HashMap<&'static str, u64>,
    pub(super) bytes_max: Option<u64>,
}

pub(super) type Names = BTreeMap<String, Node>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Node {
    File(u64),
    Dir,
}

#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Put(String, Node),
    Remove(String),
}

impl NameChange {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Put(path, _) | Self::Remove(path) => path,
        }
    }

    pub(super) fn apply(&self, names: &mut Names) {
        match self {
            Self::Put(path, node) => drop(names.insert(path.clone(), *node)),
            Self::Remove(path) => drop(names.remove(path)),
        }
    }
}

#[derive(Default)]
pub(super) struct File {
    pub(super) now: Vec<u8>,
    pub(super) synced: Vec<u8>,
    pub(super) pending: Vec<DataChange>,
}

#[derive(Clone)]
pub(super) enum DataChange {
    Write(u64, Vec<u8>),
    SetLen(u64),
}

impl DataChange {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => write(bytes, *offset, data),
            // A simulated file fits into memory.
            Self::SetLen(len) => bytes.resize(*len as usize, 0),
        }
    }
}

fn write(bytes: &mut Vec<u8>, offset: u64, data: &[u8]) {
    let offset = offset as usize;
    if bytes.len() < offset + data.len() {
        bytes.resize(offset + data.len(), 0);
    }
    bytes[offset..offset + data.len()].copy_from_slice(data);
}

pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

impl State {
    pub(super) fn bytes(&self) -> u64 {
        let named = self.names.values().filter_map(|node| match node {
            Node::File(id) => Some(self.files[id].now.len() as u64),
            Node::Dir => None,
        });
        named.sum()
    }

    /// Counts a call, and says what goes wrong with it.
    pub(super) fn meet(&mut self, name: &'static str, call: Call) -> io::Result<Option<Fault>> {
        if self.power_is_off {
            return Err(io::Error::other("the power is off"));
        }
        *self.calls.entry(name).or_default() += 1;
        let Some(plan) = &mut self.plan else {
            return Ok(None);
        };
        if !plan.calls.include(call) {
            return Ok(None);
        }
        if plan.left > 0 {
            plan.left -= 1;
            return Ok(None);
        }
        let fault = plan.fault;
        if !plan.lasting {
            self.plan = None;
        }
        match fault {
            Fault::Error(kind) => Err(io::Error::new(kind, "a fault on purpose")),
            Fault::Short if call == Call::Write => Ok(Some(fault)),
            Fault::Short => Err(io::ErrorKind::Interrupted.into()),
            Fault::PowerCut => {
                self.power_is_off = true;
                Ok(Some(fault))
            }
        }
    }

    /// A call that changes nothing.
    pub(super) fn look(&mut self) -> io::Result<()> {
        end(self.meet("look", Call::Look)?)
    }

    pub(super) fn change_name(&mut self, change: NameChange) {
        change.apply(&mut self.names);
        self.pending.push(change);
    }

    pub(super) fn file_at(&self, path: &str) -> io::Result<u64> {
        match self.names.get(path) {
            Some(Node::File(id)) => Ok(*id),
            Some(Node::Dir) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }

    pub(super) fn check_parent(&self, path: &str) -> io::Result<()> {
        let dir = parent(path);
        match self.names.get(dir) {
            Some(Node::Dir) => Ok(()),
            None if dir.is_empty() => Ok(()),
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

/// The end of a call that has had its effect.
pub(super) fn end(fault: Option<Fault>) -> io::Result<()> {
    match fault {
        Some(Fault::PowerCut) => Err(io::Error::other("the power was cut")),
        _ => Ok(()),
    }
}

impl File {
    pub(super) fn torn(&self, random: &mut Random) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for change in &self.pending {
            match change {
                DataChange::Write(offset, data) => {
                    let mut done = 0;
                    while done < data.len() {
                        let at = *offset as usize + done;
                        let sector = (SECTOR_BYTES - at % SECTOR_BYTES).min(data.len() - done);
                        if random.below(2) == 0 {
                            write(&mut bytes, at as u64, &data[done..done + sector]);
                        }
                        done += sector;
                    }
                }
                set_len @ DataChange::SetLen(_) => {
                    if random.below(2) == 0 {
                        set_len.apply(&mut bytes);
                    }
                }
            }
        }
        bytes
    }
}
