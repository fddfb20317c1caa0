//! How a store lies in the tables of the database.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::path::Path;

use bytes::Bytes;

use crate::BoxError;
use crate::db::sqlite::{Cell, Connection, PooledConnection};
use crate::db::{DbError, DbErrorKind, DbResult, Value};
use crate::kv::apply::{Draft, Stored, Totals, weight};
use crate::kv::record::{self, BadRecord, Entry, Nanos, system_time};
use crate::kv::{KvError, KvResult, ScanEntry, ScanPage, ScanRequest};

/// The newest layout this code knows.
const FORMAT_VERSION: u64 = 1;

/// The largest key the layout takes, whatever a store is set to.
const KEY_BYTES_MAX: usize = 64 << 10;

/// Entries as [`record`] writes them; what stands beside a record is there to
/// be searched, and `size` is what an entry counts.
const LAYOUT: &str = "\
CREATE TABLE entries (
  key BLOB NOT NULL PRIMARY KEY,
  expires_at INTEGER,
  version INTEGER NOT NULL,
  size INTEGER NOT NULL,
  record BLOB NOT NULL
);
CREATE INDEX entries_by_expiry ON entries (expires_at, size) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX entries_by_version ON entries (version);
CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

const GET: &str = "SELECT record FROM entries WHERE key = ?";
const PUT: &str = "INSERT INTO entries (key, expires_at, version, size, record) \
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at, \
    version = excluded.version, size = excluded.size, record = excluded.record";
const REMOVE: &str = "DELETE FROM entries WHERE key = ?";
const EXPIRED: &str = "SELECT key FROM entries WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
const OLDEST: &str = "SELECT key FROM entries ORDER BY version LIMIT ?";
const NUMBER: &str = "SELECT value FROM meta WHERE name = ?";
const SET_NUMBER: &str = "INSERT INTO meta (name, value) VALUES (?, ?) \
    ON CONFLICT (name) DO UPDATE SET value = excluded.value";
const COUNTS: &str = "SELECT \
    (SELECT value FROM meta WHERE name = 'entries'), \
    (SELECT value FROM meta WHERE name = 'bytes'), \
    (SELECT count(*) FROM entries WHERE expires_at <= ?1), \
    (SELECT coalesce(sum(size), 0) FROM entries WHERE expires_at <= ?1)";
const ALL: &str = "SELECT key, record, expires_at, version, size FROM entries ORDER BY key";
const SCAN: &str = "SELECT key, record FROM entries \
    WHERE key >= ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key";
const SCAN_AFTER: &str = "SELECT key, record FROM entries \
    WHERE key > ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY key";

/// A number without a sign in the order of numbers that have one.
const fn ordered(number: u64) -> i64 {
    (number ^ (1 << 63)).cast_signed()
}

fn moment(at: Nanos) -> Value {
    Value::Int(ordered(at))
}

fn key_of(key: &str) -> Value {
    Value::Bytes(Bytes::copy_from_slice(key.as_bytes()))
}

fn corrupt(place: &Path, detail: impl Into<String>) -> KvError {
    KvError::CorruptState {
        path: place.to_owned(),
        detail: detail.into(),
        source: None,
    }
}

fn bad_record(place: &Path, bad: BadRecord) -> KvError {
    corrupt(place, bad.to_string())
}

/// An error of the database while it did `op`.
pub(super) fn failed(place: &Path, op: &'static str, error: DbError) -> KvError {
    use std::io::{Error, ErrorKind};
    let io = |kind, error| KvError::Io {
        op,
        source: Error::new(kind, error),
    };
    match error.kind() {
        DbErrorKind::Closed => KvError::Closed,
        DbErrorKind::Corrupt => KvError::CorruptState {
            path: place.to_owned(),
            detail: "the database does not hold together".to_owned(),
            source: Some(Box::new(error)),
        },
        // Its tables are not those of a store.
        DbErrorKind::Syntax | DbErrorKind::Decode { .. } => KvError::CorruptState {
            path: place.to_owned(),
            detail: "it is not a store of this kind".to_owned(),
            source: Some(Box::new(error)),
        },
        DbErrorKind::DiskFull => io(ErrorKind::StorageFull, error),
        DbErrorKind::Permission => io(ErrorKind::PermissionDenied, error),
        DbErrorKind::ConnectionLost | DbErrorKind::ConnectionFailed => io(ErrorKind::Other, error),
        _ => KvError::Unavailable(Box::new(error)),
    }
}

/// Bytes of a column that holds nothing else.
fn bytes(cell: Cell<'_>) -> Option<&[u8]> {
    match cell {
        Cell::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// Makes the tables if there are none, and checks that they are of a layout
/// that is known; whether they were made.
pub(super) fn prepare(
    connection: &mut PooledConnection,
    place: &Path,
    now: Nanos,
) -> KvResult<bool> {
    let fail = |error| failed(place, "opening", error);
    let schema = "SELECT count(*) FROM sqlite_schema";
    let empty = number(connection, schema, &[]).map_err(fail)? == Some(0);
    if empty {
        let random = || getrandom::u64().map_err(|error| KvError::Unavailable(Box::new(error)));
        let identity = [
            ("format_version", FORMAT_VERSION),
            ("created_at", now),
            ("store_id_high", random()?),
            ("store_id_low", random()?),
            ("entries", 0),
            ("bytes", 0),
            ("version", 0),
        ];
        connection.execute_batch(LAYOUT).map_err(fail)?;
        for (name, value) in identity {
            set_number(connection, name, value).map_err(fail)?;
        }
    }
    let format = number(connection, NUMBER, &["format_version".into()]).map_err(fail)?;
    match format {
        None => Err(corrupt(place, "`format_version` is missing")),
        Some(FORMAT_VERSION) => Ok(empty),
        Some(found) if found > FORMAT_VERSION => Err(KvError::NewerFormat {
            path: place.to_owned(),
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: FORMAT_VERSION as u32,
        }),
        Some(_) => Err(corrupt(place, "`format_version` is none there was")),
    }
}

/// The first number that a statement gives.
fn number(connection: &mut Connection, sql: &str, parameters: &[Value]) -> DbResult<Option<u64>> {
    let mut found = None;
    connection.query(sql, parameters, |row| {
        found = Some(row.int(0)?.cast_unsigned());
        Ok(ControlFlow::Break(()))
    })?;
    Ok(found)
}

fn set_number(connection: &mut Connection, name: &str, value: u64) -> DbResult<()> {
    let parameters = [name.into(), Value::Int(value.cast_signed())];
    connection.execute(SET_NUMBER, &parameters).map(drop)
}

/// Reads an entry.
pub(super) fn entry<T>(
    connection: &mut Connection,
    place: &Path,
    key: &str,
    read: impl FnOnce(&Entry<'_>) -> T,
) -> KvResult<Option<T>> {
    let (mut found, mut read) = (None, Some(read));
    connection
        .query(GET, &[key_of(key)], |row| {
            let record = bytes(row.cell(0)?).ok_or(BadRecord::Form);
            let entry = record.and_then(|record| record::decode(key, record));
            found = Some(entry.map(|entry| read.take().map(|read| read(&entry))));
            Ok(ControlFlow::Break(()))
        })
        .map_err(|error| failed(place, "reading", error))?;
    match found {
        None => Ok(None),
        Some(Ok(read)) => Ok(read),
        Some(Err(bad)) => Err(bad_record(place, bad)),
    }
}

/// Live entries and their bytes, and how many have expired.
pub(super) fn counts(
    connection: &mut Connection,
    place: &Path,
    now: Nanos,
) -> KvResult<(Totals, u64)> {
    let mut found = None;
    connection
        .query(COUNTS, &[moment(now)], |row| {
            let number = |at| row.int(at).map(i64::cast_unsigned);
            found = Some((number(0)?, number(1)?, number(2)?, number(3)?));
            Ok(ControlFlow::Break(()))
        })
        .map_err(|error| failed(place, "counting", error))?;
    let Some((entries, bytes, expired, expired_bytes)) = found else {
        return Err(corrupt(place, "its counts are missing"));
    };
    let live = Totals {
        entries: entries.saturating_sub(expired),
        bytes: bytes.saturating_sub(expired_bytes),
    };
    Ok((live, expired))
}

/// Checks everything: the pages, the checksum and the key of every entry, what
/// stands beside it, and the counts. The database itself has no checksums: what
/// leads to an entry can be damaged without a word from it.
pub(super) fn verify(connection: &mut PooledConnection, place: &Path) -> KvResult<()> {
    let fail = |error| failed(place, "verifying", error);
    let mut said = String::new();
    connection
        .query("PRAGMA integrity_check(1)", &[], |row| {
            row.text(0)?.clone_into(&mut said);
            Ok(ControlFlow::Break(()))
        })
        .map_err(fail)?;
    if said != "ok" {
        return Err(corrupt(place, said));
    }
    let (mut found, mut last) = (Totals::default(), 0);
    let mut bad = None;
    connection
        .query(ALL, &[], |row| {
            let checked = (|| {
                let (key, entry) = stored(row.cell(0)?, row.cell(1)?)?;
                let size = weight(key, entry.value.len());
                let expires_at = entry.meta.expires_at.map(ordered);
                let same = row.cell(2)? == expires_at.map_or(Cell::Null, Cell::Int)
                    && row.cell(3)? == Cell::Int(entry.meta.version.cast_signed())
                    && row.cell(4)? == Cell::Int(size.cast_signed());
                if !same {
                    return Err("what stands beside an entry is not its own".into());
                }
                found.entries += 1;
                found.bytes += size;
                last = last.max(entry.meta.version);
                Ok::<_, BoxError>(())
            })();
            bad = checked.err();
            Ok(if bad.is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        })
        .map_err(fail)?;
    if let Some(bad) = bad {
        return Err(corrupt(place, bad.to_string()));
    }
    let draft = TableDraft::new(connection, place)?;
    if draft.totals != found || draft.version < last {
        return Err(corrupt(place, "entries are missing"));
    }
    Ok(())
}

/// A row as key and entry.
fn stored<'r>(key: Cell<'r>, record: Cell<'r>) -> Result<(&'r str, Entry<'r>), BoxError> {
    let key = std::str::from_utf8(bytes(key).ok_or(BadRecord::Form)?)?;
    crate::check_key(key, KEY_BYTES_MAX)?;
    let record = bytes(record).ok_or(BadRecord::Form)?;
    Ok((key, record::decode(key, record)?))
}

/// One page of live entries.
pub(super) fn page(
    connection: &mut Connection,
    place: &Path,
    request: &ScanRequest<'_>,
    now: Nanos,
) -> KvResult<ScanPage> {
    let (sql, start) = match request.after {
        Some(after) if after >= request.prefix => (SCAN_AFTER, after),
        _ => (SCAN, request.prefix),
    };
    let mut page = ScanPage::default();
    let mut bad = None;
    connection
        .query(sql, &[key_of(start), moment(now)], |row| {
            let (key, record) = (row.cell(0)?, row.cell(1)?);
            match scanned(key, record, request) {
                Ok(Some(_)) if page.entries.len() == request.limit => page.more = true,
                Ok(Some(entry)) => {
                    page.entries.push(entry);
                    return Ok(ControlFlow::Continue(()));
                }
                Ok(None) => {}
                Err(error) => bad = Some(error),
            }
            Ok(ControlFlow::Break(()))
        })
        .map_err(|error| failed(place, "reading", error))?;
    match bad {
        None => Ok(page),
        Some(bad) => Err(corrupt(place, bad.to_string())),
    }
}

/// A row as an entry; `None` behind the last one of the prefix.
fn scanned(
    key: Cell<'_>,
    record: Cell<'_>,
    request: &ScanRequest<'_>,
) -> Result<Option<ScanEntry>, BoxError> {
    if bytes(key).is_some_and(|key| !key.starts_with(request.prefix.as_bytes())) {
        return Ok(None);
    }
    let (key, entry) = stored(key, record)?;
    Ok(Some(ScanEntry {
        key: key.to_owned(),
        value: request
            .with_values
            .then(|| Bytes::copy_from_slice(entry.value)),
        expires_at: entry.meta.expires_at.map(system_time),
    }))
}

/// A store in the middle of a transaction.
pub(super) struct TableDraft<'t> {
    /// Reading a statement needs the connection as much as writing does.
    connection: RefCell<&'t mut PooledConnection>,
    place: &'t Path,
    totals: Totals,
    version: u64,
}

impl<'t> TableDraft<'t> {
    pub(super) fn new(connection: &'t mut PooledConnection, place: &'t Path) -> KvResult<Self> {
        let mut read = |name: &'static str| {
            number(connection, NUMBER, &[name.into()])
                .map_err(|error| failed(place, "reading", error))?
                .ok_or_else(|| corrupt(place, format!("`{name}` is missing")))
        };
        Ok(Self {
            totals: Totals {
                entries: read("entries")?,
                bytes: read("bytes")?,
            },
            version: read("version")?,
            connection: RefCell::new(connection),
            place,
        })
    }

    /// Writes the numbers of the change.
    pub(super) fn finish(self) -> KvResult<()> {
        let connection = self.connection.into_inner();
        for (name, value) in [
            ("entries", self.totals.entries),
            ("bytes", self.totals.bytes),
            ("version", self.version),
        ] {
            set_number(connection, name, value)
                .map_err(|error| failed(self.place, "writing", error))?;
        }
        Ok(())
    }

    fn execute(&self, sql: &str, parameters: &[Value]) -> KvResult<()> {
        let done = self.connection.borrow_mut().execute(sql, parameters);
        done.map(drop)
            .map_err(|error| failed(self.place, "writing", error))
    }

    fn keys(&self, sql: &str, parameters: &[Value]) -> KvResult<Vec<String>> {
        let mut keys = Vec::new();
        let mut bad = false;
        self.connection
            .borrow_mut()
            .query(sql, parameters, |row| {
                let key = bytes(row.cell(0)?).and_then(|key| std::str::from_utf8(key).ok());
                match key {
                    Some(key) => keys.push(key.to_owned()),
                    None => bad = true,
                }
                Ok(ControlFlow::Continue(()))
            })
            .map_err(|error| failed(self.place, "reading", error))?;
        if bad {
            return Err(corrupt(
                self.place,
                "a stored key breaks the rules for keys",
            ));
        }
        Ok(keys)
    }

    fn forget(&mut self, key: &str, old: &Stored) {
        self.totals.entries = self.totals.entries.saturating_sub(1);
        let size = weight(key, old.value.len());
        self.totals.bytes = self.totals.bytes.saturating_sub(size);
    }
}

/// A limit as SQLite takes it.
fn limit(limit: usize) -> Value {
    Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))
}

impl Draft for TableDraft<'_> {
    fn get(&self, key: &str) -> KvResult<Option<Stored>> {
        let mut connection = self.connection.borrow_mut();
        entry(&mut connection, self.place, key, |entry| Stored {
            meta: entry.meta,
            value: Bytes::copy_from_slice(entry.value),
        })
    }

    fn put(&mut self, key: &str, new: &Stored, old: Option<&Stored>) -> KvResult<()> {
        let size = weight(key, new.value.len());
        let record = record::encode(key, &new.meta, &new.value);
        self.execute(
            PUT,
            &[
                key_of(key),
                new.meta.expires_at.map_or(Value::Null, moment),
                Value::Int(new.meta.version.cast_signed()),
                Value::Int(size.cast_signed()),
                Value::Bytes(record.into()),
            ],
        )?;
        if let Some(old) = old {
            self.forget(key, old);
        }
        self.totals.entries += 1;
        self.totals.bytes += size;
        Ok(())
    }

    fn remove(&mut self, key: &str, old: &Stored) -> KvResult<()> {
        self.execute(REMOVE, &[key_of(key)])?;
        self.forget(key, old);
        Ok(())
    }

    fn totals(&self) -> KvResult<Totals> {
        Ok(self.totals)
    }

    fn expired(&self, now: Nanos, most: usize) -> KvResult<Vec<String>> {
        self.keys(EXPIRED, &[moment(now), limit(most)])
    }

    fn oldest(&mut self, most: usize) -> KvResult<Vec<String>> {
        self.keys(OLDEST, &[limit(most)])
    }

    fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_keep_their_order(a in any::<u64>(), b in any::<u64>()) {
            prop_assert_eq!(ordered(a).cmp(&ordered(b)), a.cmp(&b));
        }
    }
}
