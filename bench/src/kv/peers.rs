//! The engine beneath, and SQLite.

use std::io;
use std::path::Path;

use redb::{Database, Durability, ReadableDatabase, TableDefinition};
use rusqlite::{Connection, OptionalExtension, params};

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("entries");

/// `redb`, used as its documentation shows.
pub(super) struct Redb(Database);

impl Redb {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let database = Database::builder()
            .set_cache_size(64 << 20)
            .create(path)
            .map_err(io::Error::other)?;
        Ok(Self(database))
    }

    pub(super) fn put(
        &self,
        keys: &[String],
        value: &[u8],
        durability: Durability,
    ) -> io::Result<()> {
        let mut transaction = self.0.begin_write().map_err(io::Error::other)?;
        transaction
            .set_durability(durability)
            .map_err(io::Error::other)?;
        {
            let mut table = transaction.open_table(TABLE).map_err(io::Error::other)?;
            for key in keys {
                table
                    .insert(key.as_str(), value)
                    .map_err(io::Error::other)?;
            }
        }
        transaction.commit().map_err(io::Error::other)
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let transaction = self.0.begin_read().ok()?;
        let table = transaction.open_table(TABLE).ok()?;
        let found = redb::ReadableTable::get(&table, key).ok()??;
        Some(found.value().to_vec())
    }

    pub(super) fn scan(&self, limit: usize) -> usize {
        let scanned = || {
            let transaction = self.0.begin_read().ok()?;
            let table = transaction.open_table(TABLE).ok()?;
            let range = redb::ReadableTable::iter(&table).ok()?;
            let mut bytes = 0;
            for found in range.take(limit) {
                let (key, value) = found.ok()?;
                bytes += key.value().to_owned().len() + value.value().to_vec().len();
            }
            Some(bytes)
        };
        scanned().unwrap_or_default()
    }
}

/// One table, in write-ahead mode.
pub(super) struct Sqlite(Connection);

impl Sqlite {
    pub(super) fn open(path: &Path, synchronous: &str) -> io::Result<Self> {
        let connection = Connection::open(path).map_err(io::Error::other)?;
        let setup = format!(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous={synchronous}; PRAGMA cache_size=-65536;
             CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
        );
        connection.execute_batch(&setup).map_err(io::Error::other)?;
        Ok(Self(connection))
    }

    pub(super) fn put(&mut self, keys: &[String], value: &[u8]) -> io::Result<()> {
        let transaction = self.0.transaction().map_err(io::Error::other)?;
        {
            let sql = "INSERT OR REPLACE INTO entries (key, value) VALUES (?1, ?2)";
            let mut statement = transaction.prepare_cached(sql).map_err(io::Error::other)?;
            for key in keys {
                statement
                    .execute(params![key, value])
                    .map_err(io::Error::other)?;
            }
        }
        transaction.commit().map_err(io::Error::other)
    }

    pub(super) fn get(&self, key: &str) -> Option<Vec<u8>> {
        let sql = "SELECT value FROM entries WHERE key = ?1";
        let mut statement = self.0.prepare_cached(sql).ok()?;
        statement
            .query_row([key], |row| row.get(0))
            .optional()
            .ok()?
    }

    pub(super) fn scan(&self, limit: usize) -> usize {
        let scanned = || {
            let sql = "SELECT key, value FROM entries ORDER BY key LIMIT ?1";
            let mut statement = self.0.prepare_cached(sql).ok()?;
            let mut rows = statement.query([i64::try_from(limit).ok()?]).ok()?;
            let mut bytes = 0;
            while let Some(row) = rows.next().ok()? {
                let (key, value): (String, Vec<u8>) = (row.get(0).ok()?, row.get(1).ok()?);
                bytes += key.len() + value.len();
            }
            Some(bytes)
        };
        scanned().unwrap_or_default()
    }
}
