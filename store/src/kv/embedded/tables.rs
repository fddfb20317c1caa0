//! How a store lies in the engine's tables.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use redb::{
    ReadOnlyTable, ReadTransaction, ReadableTable, ReadableTableMetadata, StorageError, Table,
    TableDefinition, TableError, WriteTransaction,
};

use super::journal::Effect;
use crate::kv::apply::{Draft, Stored, Totals, weight};
use crate::kv::record::{self, Entry, Nanos, system_time};
use crate::kv::{KvError, KvResult, ScanEntry, ScanPage, ScanRequest};

/// Entries in byte order of their keys, as [`record`] writes them.
pub(super) const ENTRIES: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("entries");

/// Keys of entries that expire, in the order they do.
pub(super) const EXPIRY: TableDefinition<'_, (Nanos, &[u8]), ()> = TableDefinition::new("expiry");

/// Numbers about the store as a whole.
pub(super) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// The newest layout this code knows.
pub(super) const FORMAT_VERSION: u64 = 1;

/// The largest key the layout takes, whatever a store is set to.
const KEY_BYTES_MAX: usize = 64 << 10;

/// Bytes of a record beyond its value.
const RECORD_OVERHEAD: usize = 30;

/// The numbers of [`META`] that change with every commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counters {
    /// Keys, values, and 64 for each entry.
    pub(super) bytes: u64,
    /// That of the last write.
    pub(super) version: u64,
    /// That of the last commit.
    pub(super) commit: u64,
}

/// Which store it is, as [`META`] says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Identity {
    created_at: Nanos,
    store_id: (u64, u64),
}

impl Identity {
    /// That of a new store.
    pub(super) fn new(now: Nanos) -> KvResult<Self> {
        let random = || getrandom::u64().map_err(|error| KvError::Unavailable(Box::new(error)));
        Ok(Self {
            created_at: now,
            store_id: (random()?, random()?),
        })
    }

    fn read(meta: &impl ReadableTable<&'static str, u64>, place: &Place) -> KvResult<Self> {
        let number = |name| read_number(meta, name, place);
        Ok(Self {
            created_at: number("created_at")?,
            store_id: (number("store_id_high")?, number("store_id_low")?),
        })
    }

    /// Writes it, and the version of the layout.
    pub(super) fn write(
        &self,
        meta: &mut Table<'_, &'static str, u64>,
        place: &Place,
    ) -> KvResult<()> {
        for (name, number) in [
            ("format_version", FORMAT_VERSION),
            ("created_at", self.created_at),
            ("store_id_high", self.store_id.0),
            ("store_id_low", self.store_id.1),
        ] {
            meta.insert(name, number)
                .map_err(|error| place.storage("writing", error))?;
        }
        Ok(())
    }
}

/// Makes errors of the engine ours, which say where.
#[derive(Clone, Debug)]
pub(super) struct Place(pub(super) PathBuf);

impl Place {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn corrupt(&self, detail: impl Into<String>) -> KvError {
        KvError::CorruptState {
            path: self.0.clone(),
            detail: detail.into(),
            source: None,
        }
    }

    pub(super) fn bad_record(&self, bad: record::BadRecord) -> KvError {
        self.corrupt(bad.to_string())
    }

    /// An error of the engine while it did `op`.
    pub(super) fn storage(&self, op: &'static str, error: StorageError) -> KvError {
        match error {
            StorageError::Corrupted(detail) => self.corrupt(detail),
            // A file that is not one of the engine's, or says that it goes on
            // behind its end.
            StorageError::Io(source)
                if matches!(
                    source.kind(),
                    io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof
                ) =>
            {
                self.corrupt(source.to_string())
            }
            StorageError::Io(source) => KvError::Io { op, source },
            StorageError::PreviousIo => KvError::Io {
                op,
                source: io::Error::other("an earlier operation failed"),
            },
            StorageError::DatabaseClosed => KvError::Closed,
            other => KvError::Unavailable(Box::new(other)),
        }
    }

    pub(super) fn table(&self, error: TableError) -> KvError {
        match error {
            TableError::Storage(error) => self.storage("opening a table", error),
            // A table that is missing or of another form: not written by us.
            other => self.corrupt(other.to_string()),
        }
    }

    /// The key that `bytes` are.
    pub(super) fn key<'k>(&self, bytes: &'k [u8]) -> KvResult<&'k str> {
        let bad = |source: crate::BoxError| KvError::CorruptState {
            path: self.0.clone(),
            detail: "a stored key breaks the rules for keys".to_owned(),
            source: Some(source),
        };
        let key = std::str::from_utf8(bytes).map_err(|error| bad(error.into()))?;
        crate::check_key(key, KEY_BYTES_MAX).map_err(|error| bad(KvError::from(error).into()))?;
        Ok(key)
    }
}

/// The state after one commit, for any number of readers.
#[derive(Debug)]
pub(super) struct Snapshot {
    entries: ReadOnlyTable<&'static [u8], &'static [u8]>,
    expiry: ReadOnlyTable<(Nanos, &'static [u8]), ()>,
    counters: Counters,
    identity: Identity,
    place: Place,
    /// Dropped with the last reader, which is what closing waits for.
    _alive: std::sync::mpsc::Sender<()>,
}

impl Snapshot {
    pub(super) fn new(
        transaction: &ReadTransaction,
        place: &Place,
        alive: std::sync::mpsc::Sender<()>,
    ) -> KvResult<Self> {
        let meta = transaction.open_table(META).map_err(|e| place.table(e))?;
        Ok(Self {
            entries: transaction
                .open_table(ENTRIES)
                .map_err(|e| place.table(e))?,
            expiry: transaction.open_table(EXPIRY).map_err(|e| place.table(e))?,
            counters: read_counters(&meta, place)?,
            identity: Identity::read(&meta, place)?,
            place: place.clone(),
            _alive: alive,
        })
    }

    pub(super) const fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Reads an entry.
    pub(super) fn entry<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Entry<'_>) -> T,
    ) -> KvResult<Option<T>> {
        let found = ReadableTable::get(&self.entries, key.as_bytes())
            .map_err(|error| self.place.storage("reading", error))?;
        let Some(found) = found else {
            return Ok(None);
        };
        let entry = record::decode(key, found.value()).map_err(|bad| self.place.bad_record(bad))?;
        Ok(Some(read(&entry)))
    }

    /// Walks entries in order, from `start` on, until `visit` says to stop.
    pub(super) fn walk(
        &self,
        start: Bound<&[u8]>,
        mut visit: impl FnMut(&str, &Entry<'_>) -> KvResult<bool>,
    ) -> KvResult<()> {
        let fail = |error| self.place.storage("reading", error);
        let range = ReadableTable::range::<&[u8]>(&self.entries, (start, Bound::Unbounded));
        for found in range.map_err(fail)? {
            let (key, entry) = found.map_err(fail)?;
            let key = self.place.key(key.value())?;
            let entry = record::decode(key, entry.value());
            if !visit(key, &entry.map_err(|bad| self.place.bad_record(bad))?)? {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn page(&self, request: &ScanRequest<'_>, now: Nanos) -> KvResult<ScanPage> {
        let start = match request.after {
            Some(after) if after >= request.prefix => Bound::Excluded(after.as_bytes()),
            _ => Bound::Included(request.prefix.as_bytes()),
        };
        let mut page = ScanPage::default();
        self.walk(start, |key, entry| {
            if !key.starts_with(request.prefix) {
                return Ok(false);
            }
            if entry.meta.is_expired(now) {
                return Ok(true);
            }
            if page.entries.len() == request.limit {
                page.more = true;
                return Ok(false);
            }
            page.entries.push(ScanEntry {
                key: key.to_owned(),
                value: request
                    .with_values
                    .then(|| Bytes::copy_from_slice(entry.value)),
                expires_at: entry.meta.expires_at.map(system_time),
            });
            Ok(true)
        })?;
        Ok(page)
    }

    pub(super) fn totals(&self) -> KvResult<Totals> {
        let entries = ReadableTableMetadata::len(&self.entries);
        Ok(Totals {
            entries: entries.map_err(|error| self.place.storage("counting", error))?,
            bytes: self.counters.bytes,
        })
    }

    /// Entries that have expired, and their bytes.
    pub(super) fn expired(&self, now: Nanos) -> KvResult<Totals> {
        let fail = |error| self.place.storage("counting", error);
        let mut expired = Totals::default();
        for found in expired_range(&self.expiry, now).map_err(fail)? {
            let (found, ()) = found.map(|(key, unit)| (key, unit.value())).map_err(fail)?;
            let (_, key) = found.value();
            let entry = ReadableTable::get(&self.entries, key).map_err(fail)?;
            let value = entry.map_or(0, |entry| {
                entry.value().len().saturating_sub(RECORD_OVERHEAD)
            });
            expired.entries += 1;
            expired.bytes += weight(self.place.key(key)?, value);
        }
        Ok(expired)
    }

    /// Checks everything: checksums, keys, and that the tables agree.
    pub(super) fn verify(&self, mut stop: impl FnMut() -> bool) -> KvResult<()> {
        let (mut found, mut expiring) = (Totals::default(), 0);
        let mut stopped = false;
        self.walk(Bound::Unbounded, |key, entry| {
            found.entries += 1;
            found.bytes += weight(key, entry.value.len());
            // An entry that is walked past but not found, or that the other
            // index does not have, means a damaged branch.
            let same = self.entry(key, |again| again == entry)? == Some(true);
            let listed = match entry.meta.expires_at {
                None => true,
                Some(at) => {
                    expiring += 1;
                    ReadableTable::get(&self.expiry, (at, key.as_bytes()))
                        .map_err(|error| self.place.storage("verifying", error))?
                        .is_some()
                }
            };
            if !same || !listed {
                return Err(self
                    .place
                    .corrupt("the index of entries does not match them"));
            }
            stopped = found.entries % 256 == 0 && stop();
            Ok(!stopped)
        })?;
        if stopped {
            return Ok(());
        }
        let listed = ReadableTableMetadata::len(&self.expiry)
            .map_err(|error| self.place.storage("verifying", error))?;
        if found != self.totals()? || listed != expiring {
            return Err(self.place.corrupt("entries are missing"));
        }
        Ok(())
    }
}

fn expired_range<'t>(
    expiry: &'t impl ReadableTable<(Nanos, &'static [u8]), ()>,
    now: Nanos,
) -> Result<redb::Range<'t, (Nanos, &'static [u8]), ()>, StorageError> {
    let first: &[u8] = &[];
    match now.checked_add(1) {
        Some(end) => expiry.range((0, first)..(end, first)),
        None => expiry.range((0, first)..),
    }
}

fn read_counters(
    meta: &impl ReadableTable<&'static str, u64>,
    place: &Place,
) -> KvResult<Counters> {
    let number = |name| read_number(meta, name, place);
    Ok(Counters {
        bytes: number("bytes")?,
        version: number("version")?,
        commit: number("commit")?,
    })
}

/// A number of [`META`], which has to be there.
pub(super) fn read_number(
    meta: &impl ReadableTable<&'static str, u64>,
    name: &'static str,
    place: &Place,
) -> KvResult<u64> {
    let found = meta
        .get(name)
        .map_err(|error| place.storage("reading", error))?;
    match found {
        Some(found) => Ok(found.value()),
        None => Err(place.corrupt(format!("`{name}` is missing"))),
    }
}

/// The oldest entries by version, once somebody asked for them.
pub(super) type Oldest = Option<BTreeMap<u64, String>>;

/// A store in the middle of a commit.
pub(super) struct TableDraft<'t> {
    entries: Table<'t, &'static [u8], &'static [u8]>,
    expiry: Table<'t, (Nanos, &'static [u8]), ()>,
    meta: Table<'t, &'static str, u64>,
    place: &'t Place,
    pub(super) counters: Counters,
    oldest: &'t mut Oldest,
    /// What changed, for the journal; `None` if there is none.
    pub(super) effects: Option<Vec<Effect>>,
    pub(super) dirty: bool,
}

impl<'t> TableDraft<'t> {
    pub(super) fn new(
        transaction: &'t WriteTransaction,
        place: &'t Place,
        counters: Counters,
        oldest: &'t mut Oldest,
        journaled: bool,
    ) -> KvResult<Self> {
        let fail = |error| place.table(error);
        Ok(Self {
            entries: transaction.open_table(ENTRIES).map_err(fail)?,
            expiry: transaction.open_table(EXPIRY).map_err(fail)?,
            meta: transaction.open_table(META).map_err(fail)?,
            place,
            counters,
            oldest,
            effects: journaled.then(Vec::new),
            dirty: false,
        })
    }

    /// Writes the numbers of the commit, which are returned with its effects.
    pub(super) fn finish(mut self) -> KvResult<(Counters, Option<Vec<Effect>>)> {
        self.counters.commit += 1;
        write_counters(&mut self.meta, &self.counters, self.place)?;
        Ok((self.counters, self.effects))
    }

    /// Carries out a change that the journal remembers.
    pub(super) fn replay(&mut self, key: &str, entry: Option<&[u8]>) -> KvResult<()> {
        let old = self.get(key)?;
        match (entry, old) {
            (Some(entry), old) => {
                let entry = record::decode(key, entry).map_err(|bad| self.place.bad_record(bad))?;
                let new = Stored {
                    meta: entry.meta,
                    value: Bytes::copy_from_slice(entry.value),
                };
                self.counters.version = self.counters.version.max(new.meta.version);
                self.put(key, &new, old.as_ref())
            }
            (None, Some(old)) => self.remove(key, &old),
            (None, None) => Ok(()),
        }
    }

    fn storage(&self, error: StorageError) -> KvError {
        self.place.storage("writing", error)
    }

    fn unlink(&mut self, key: &str, old: &Stored) -> KvResult<()> {
        self.counters.bytes = self
            .counters
            .bytes
            .checked_sub(weight(key, old.value.len()))
            .ok_or_else(|| self.place.corrupt("the number of bytes is too small"))?;
        if let Some(oldest) = self.oldest {
            oldest.remove(&old.meta.version);
        }
        if let Some(at) = old.meta.expires_at {
            self.expiry
                .remove((at, key.as_bytes()))
                .map_err(|error| self.place.storage("writing", error))?;
        }
        Ok(())
    }

    fn note(&mut self, key: &str, record: Option<Vec<u8>>) {
        self.dirty = true;
        if let Some(effects) = &mut self.effects {
            effects.push((key.to_owned(), record));
        }
    }
}

pub(super) fn write_counters(
    meta: &mut Table<'_, &'static str, u64>,
    counters: &Counters,
    place: &Place,
) -> KvResult<()> {
    let Counters {
        bytes,
        version,
        commit,
    } = *counters;
    for (name, number) in [("bytes", bytes), ("version", version), ("commit", commit)] {
        meta.insert(name, number)
            .map_err(|error| place.storage("writing", error))?;
    }
    Ok(())
}

impl Draft for TableDraft<'_> {
    fn get(&self, key: &str) -> KvResult<Option<Stored>> {
        let found = self.entries.get(key.as_bytes());
        let Some(found) = found.map_err(|error| self.storage(error))? else {
            return Ok(None);
        };
        let entry = record::decode(key, found.value()).map_err(|bad| self.place.bad_record(bad))?;
        Ok(Some(Stored {
            meta: entry.meta,
            value: Bytes::copy_from_slice(entry.value),
        }))
    }

    fn put(&mut self, key: &str, new: &Stored, old: Option<&Stored>) -> KvResult<()> {
        if let Some(old) = old {
            self.unlink(key, old)?;
        }
        let record = record::encode(key, &new.meta, &new.value);
        self.entries
            .insert(key.as_bytes(), &*record)
            .map_err(|error| self.place.storage("writing", error))?;
        if let Some(at) = new.meta.expires_at {
            self.expiry
                .insert((at, key.as_bytes()), ())
                .map_err(|error| self.place.storage("writing", error))?;
        }
        self.counters.bytes += weight(key, new.value.len());
        if let Some(oldest) = self.oldest {
            oldest.insert(new.meta.version, key.to_owned());
        }
        self.note(key, Some(record));
        Ok(())
    }

    fn remove(&mut self, key: &str, old: &Stored) -> KvResult<()> {
        self.unlink(key, old)?;
        self.entries
            .remove(key.as_bytes())
            .map_err(|error| self.place.storage("writing", error))?;
        self.note(key, None);
        Ok(())
    }

    fn totals(&self) -> KvResult<Totals> {
        Ok(Totals {
            entries: self.entries.len().map_err(|error| self.storage(error))?,
            bytes: self.counters.bytes,
        })
    }

    fn expired(&self, now: Nanos, limit: usize) -> KvResult<Vec<String>> {
        let mut keys = Vec::new();
        let range = expired_range(&self.expiry, now).map_err(|error| self.storage(error))?;
        for found in range.take(limit) {
            let (found, _) = found.map_err(|error| self.storage(error))?;
            let (_, key) = found.value();
            keys.push(self.place.key(key)?.to_owned());
        }
        Ok(keys)
    }

    fn oldest(&mut self, limit: usize) -> KvResult<Vec<String>> {
        if self.oldest.is_none() {
            let mut oldest = BTreeMap::new();
            let fail = |error| self.place.storage("reading", error);
            for found in self.entries.iter().map_err(fail)? {
                let (key, entry) = found.map_err(fail)?;
                let key = self.place.key(key.value())?;
                let entry = record::decode(key, entry.value());
                let entry = entry.map_err(|bad| self.place.bad_record(bad))?;
                oldest.insert(entry.meta.version, key.to_owned());
            }
            *self.oldest = Some(oldest);
        }
        let oldest = self.oldest.iter().flat_map(BTreeMap::values);
        Ok(oldest.take(limit).cloned().collect())
    }

    fn next_version(&mut self) -> u64 {
        self.counters.version += 1;
        self.counters.version
    }
}
