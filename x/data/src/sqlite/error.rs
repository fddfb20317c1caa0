//! SQLite's result codes as classes of errors.

use plumego_store::db::{DbError, DbErrorKind, Query, Value};
use rusqlite::ffi;

/// What a statement failed with, and its source.
pub(super) fn classify(error: rusqlite::Error, op: &'static str) -> DbError {
    let kind = match &error {
        rusqlite::Error::SqliteFailure(code, message) => kind_of(*code, message.as_deref()),
        rusqlite::Error::SqlInputError { error, .. } => match kind_of(*error, None) {
            DbErrorKind::Query => DbErrorKind::Syntax,
            kind => kind,
        },
        _ => DbErrorKind::Query,
    };
    DbError::new(kind, op).with_source(Reason(reason_of(&error)))
}

/// SQLite's words, which name tables and columns but no values.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Reason(String);

fn reason_of(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// Adds what was being done.
pub(super) fn with_statement(error: DbError, sql: &str, parameters: &[Value]) -> DbError {
    let query = Query::new(sql).bind_all(parameters.iter().cloned());
    error.with_query(&query)
}

fn kind_of(error: ffi::Error, message: Option<&str>) -> DbErrorKind {
    match error.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => DbErrorKind::UniqueViolation {
            constraint: message.and_then(constraint),
        },
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => DbErrorKind::ForeignKeyViolation,
        ffi::SQLITE_CONSTRAINT_NOTNULL => DbErrorKind::NotNullViolation,
        ffi::SQLITE_CONSTRAINT_CHECK | ffi::SQLITE_CONSTRAINT_DATATYPE => {
            DbErrorKind::CheckViolation
        }
        ffi::SQLITE_BUSY_SNAPSHOT => DbErrorKind::SerializationFailure,
        _ => primary_kind(error.extended_code & 0xFF),
    }
}

fn primary_kind(code: i32) -> DbErrorKind {
    match code {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => DbErrorKind::Locked,
        ffi::SQLITE_INTERRUPT => DbErrorKind::Cancelled,
        ffi::SQLITE_FULL => DbErrorKind::DiskFull,
        ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB => DbErrorKind::Corrupt,
        ffi::SQLITE_READONLY | ffi::SQLITE_PERM | ffi::SQLITE_AUTH => DbErrorKind::Permission,
        ffi::SQLITE_IOERR => DbErrorKind::ConnectionLost,
        ffi::SQLITE_CANTOPEN => DbErrorKind::ConnectionFailed,
        ffi::SQLITE_ERROR => DbErrorKind::Query,
        _ => DbErrorKind::Query,
    }
}

/// `notes.id` of `UNIQUE constraint failed: notes.id`.
fn constraint(message: &str) -> Option<String> {
    Some(message.split_once("failed: ")?.1.to_owned())
}
