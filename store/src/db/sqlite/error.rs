//! SQLite's result codes as classes of errors.

use rusqlite::ffi;

use crate::db::{DbError, DbErrorKind, Query, Value};

/// What failed, which decides whether SQLite's words can be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A file was opened: the words hold its path.
    Opening,
    /// A statement was prepared: no parameter is known, and the words are
    /// those of the statement.
    Preparing,
    /// A statement of others ran: words may hold parameters and data.
    Running,
    /// A statement of this module ran, which has neither.
    Own,
}

/// What a statement failed with, and its source.
pub(super) fn classify(error: &rusqlite::Error, op: &'static str, phase: Phase) -> DbError {
    let (code, words, phase) = match error {
        rusqlite::Error::SqliteFailure(code, words) => (*code, words.as_deref(), phase),
        rusqlite::Error::SqlInputError { error, msg, .. } => {
            (*error, Some(&**msg), Phase::Preparing)
        }
        rusqlite::Error::MultipleStatement => {
            let reason = Reason("there is more than one statement: use a batch".into());
            return DbError::new(DbErrorKind::Syntax, op).with_source(reason);
        }
        _ => {
            let reason = Reason("the driver refuses the statement or a parameter".into());
            return DbError::new(DbErrorKind::Query, op).with_source(reason);
        }
    };
    let kind = match kind_of(code.extended_code, words) {
        DbErrorKind::Query if phase == Phase::Preparing => DbErrorKind::Syntax,
        kind => kind,
    };
    let shown = match phase {
        Phase::Opening => None,
        Phase::Running if may_tell_data(code.extended_code) => None,
        _ => words,
    };
    let reason = shown.unwrap_or_else(|| ffi::code_to_str(code.extended_code));
    DbError::new(kind, op).with_source(Reason(reason.to_owned()))
}

/// SQLite's words, which name tables and columns but no values.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Reason(String);

/// Whether the words of a failure may hold what a statement works on: those of
/// functions and triggers do. All others name tables, columns and constraints,
/// or are the same every time.
fn may_tell_data(code: i32) -> bool {
    matches!(
        code,
        ffi::SQLITE_CONSTRAINT_TRIGGER
            | ffi::SQLITE_CONSTRAINT_FUNCTION
            | ffi::SQLITE_CONSTRAINT_VTAB
    ) || code & 0xFF == ffi::SQLITE_ERROR
}

/// Adds what was being done.
pub(super) fn with_statement(error: DbError, sql: &str, parameters: &[Value]) -> DbError {
    let query = Query::new(sql).bind_all(parameters.iter().cloned());
    error.with_query(&query)
}

fn kind_of(code: i32, words: Option<&str>) -> DbErrorKind {
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE
        | ffi::SQLITE_CONSTRAINT_PRIMARYKEY
        | ffi::SQLITE_CONSTRAINT_ROWID => DbErrorKind::UniqueViolation {
            // The class is known by now; the words only name the columns.
            constraint: words.and_then(constraint),
        },
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => DbErrorKind::ForeignKeyViolation,
        ffi::SQLITE_CONSTRAINT_NOTNULL => DbErrorKind::NotNullViolation,
        ffi::SQLITE_CONSTRAINT_CHECK | ffi::SQLITE_CONSTRAINT_DATATYPE => {
            DbErrorKind::CheckViolation
        }
        // It read before somebody else wrote, and cannot write any more.
        ffi::SQLITE_BUSY_SNAPSHOT => DbErrorKind::SerializationFailure,
        _ => primary_kind(code & 0xFF),
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
        _ => DbErrorKind::Query,
    }
}

/// `notes.id` of `UNIQUE constraint failed: notes.id`.
fn constraint(words: &str) -> Option<String> {
    Some(words.split_once("failed: ")?.1.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_classes() {
        for (code, kind) in [
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "unique_violation"),
            (ffi::SQLITE_CONSTRAINT_ROWID, "unique_violation"),
            (ffi::SQLITE_CONSTRAINT_FOREIGNKEY, "foreign_key_violation"),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, "not_null_violation"),
            (ffi::SQLITE_CONSTRAINT_CHECK, "check_violation"),
            (ffi::SQLITE_BUSY, "locked"),
            (ffi::SQLITE_BUSY_RECOVERY, "locked"),
            (ffi::SQLITE_BUSY_SNAPSHOT, "serialization_failure"),
            (ffi::SQLITE_LOCKED_SHAREDCACHE, "locked"),
            (ffi::SQLITE_FULL, "disk_full"),
            (ffi::SQLITE_CORRUPT_VTAB, "corrupt"),
            (ffi::SQLITE_NOTADB, "corrupt"),
            (ffi::SQLITE_READONLY_DBMOVED, "permission"),
            (ffi::SQLITE_AUTH, "permission"),
            (ffi::SQLITE_IOERR_WRITE, "connection_lost"),
            (ffi::SQLITE_CANTOPEN, "connection_failed"),
            (ffi::SQLITE_INTERRUPT, "cancelled"),
            (ffi::SQLITE_TOOBIG, "query"),
        ] {
            assert_eq!(kind_of(code, None).name(), kind, "{code}");
        }
    }

    #[test]
    fn words_that_may_hold_parameters_are_dropped() {
        for code in [ffi::SQLITE_ERROR, ffi::SQLITE_CONSTRAINT_TRIGGER] {
            let words = Some("malformed: hunter2".to_owned());
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), words);
            let shown = |phase| format!("{:?}", classify(&error, "query", phase));
            assert!(!shown(Phase::Running).contains("hunter2"), "{code}");
            assert!(shown(Phase::Preparing).contains("hunter2"), "{code}");
        }
    }
}
