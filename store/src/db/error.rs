//! What can go wrong with a database.

use std::fmt;

use super::{Query, Value};
use crate::BoxError;

/// Characters of SQL text that [`DbContext`] keeps.
const SQL_CHARS_MAX: usize = 1_000;

/// Why a database operation failed.
///
/// Neither the text nor `Debug` shows a parameter, a password or SQL. The SQL
/// and the types of its parameters are behind [`context`](Self::context).
pub struct DbError(Box<Parts>);

struct Parts {
    kind: DbErrorKind,
    sqlstate: Option<String>,
    op: &'static str,
    source: Option<BoxError>,
    context: Option<DbContext>,
}

/// The class of a [`DbError`]. Drivers decide it by SQLSTATE or code, never by
/// the words of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DbErrorKind {
    /// A setting is missing or out of range.
    InvalidConfig {
        /// What to change.
        detail: String,
    },
    /// A connection could not be made.
    ConnectionFailed,
    /// The database did not answer a ping.
    PingFailed,
    /// A statement failed for a reason without a class of its own.
    Query,
    /// A transaction ended without a commit.
    Transaction {
        /// Where it failed.
        stage: TxStage,
        /// Whether it may have been committed all the same: the connection
        /// was lost while the commit was under way.
        outcome_unknown: bool,
    },
    /// One row was asked for, and there is none.
    NoRows,
    /// One row was asked for, and there are more.
    MultipleRows,
    /// There are more rows than were allowed.
    TooManyRows {
        /// Rows allowed.
        limit: usize,
    },
    /// A column is not what it was read as.
    Decode {
        /// The column.
        column: String,
        /// What was expected.
        expected: &'static str,
        /// What was found.
        found: &'static str,
    },
    /// A row of a result could not be mapped.
    RowMapping {
        /// Which row, from 0.
        row: usize,
    },
    /// Placeholders and parameters differ in number.
    BindMismatch {
        /// Placeholders of the statement.
        placeholders: usize,
        /// Parameters bound.
        binds: usize,
    },
    /// No connection became free in time.
    PoolTimeout,
    /// The database is closed.
    Closed,
    /// The database cannot do this.
    Unsupported {
        /// What was asked for.
        what: &'static str,
    },
    /// A value is there already that has to be unique.
    UniqueViolation {
        /// The constraint or column, where the database says it.
        constraint: Option<String>,
    },
    /// A row refers to one that is not there, or is referred to.
    ForeignKeyViolation,
    /// A value is missing that has to be there.
    NotNullViolation,
    /// A value breaks a check.
    CheckViolation,
    /// Another transaction interfered; trying again may help.
    SerializationFailure,
    /// Two transactions waited for each other; trying again may help.
    Deadlock,
    /// A lock was not given in time.
    Locked,
    /// The statement took too long.
    Timeout,
    /// The statement was cancelled.
    Cancelled,
    /// The connection was lost.
    ConnectionLost,
    /// The database refuses this user, or refuses to write.
    Permission,
    /// The statement cannot be parsed, or names what is not there.
    Syntax,
    /// There is no room left.
    DiskFull,
    /// The database is damaged.
    Corrupt,
}

/// Where a transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TxStage {
    /// It could not begin; nothing ran.
    Begin,
    /// What ran inside failed, and it was rolled back.
    Body,
    /// It could not be committed.
    Commit,
    /// What ran inside failed, and so did the rollback.
    Rollback,
}

impl TxStage {
    /// The stage in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Body => "body",
            Self::Commit => "commit",
            Self::Rollback => "rollback",
        }
    }
}

impl DbErrorKind {
    /// The kind in snake case, for logs and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::InvalidConfig { .. } => "invalid_config",
            Self::ConnectionFailed => "connection_failed",
            Self::PingFailed => "ping_failed",
            Self::Query => "query",
            Self::Transaction { .. } => "transaction",
            Self::NoRows => "no_rows",
            Self::MultipleRows => "multiple_rows",
            Self::TooManyRows { .. } => "too_many_rows",
            Self::Decode { .. } => "decode",
            Self::RowMapping { .. } => "row_mapping",
            Self::BindMismatch { .. } => "bind_mismatch",
            Self::PoolTimeout => "pool_timeout",
            Self::Closed => "closed",
            Self::Unsupported { .. } => "unsupported",
            Self::UniqueViolation { .. } => "unique_violation",
            Self::ForeignKeyViolation => "foreign_key_violation",
            Self::NotNullViolation => "not_null_violation",
            Self::CheckViolation => "check_violation",
            Self::SerializationFailure => "serialization_failure",
            Self::Deadlock => "deadlock",
            Self::Locked => "locked",
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::ConnectionLost => "connection_lost",
            Self::Permission => "permission",
            Self::Syntax => "syntax",
            Self::DiskFull => "disk_full",
            Self::Corrupt => "corrupt",
        }
    }
}

impl fmt::Display for DbErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidConfig { detail } => f.write_str(detail),
            Self::ConnectionFailed => f.write_str("cannot connect: check address and credentials"),
            Self::PingFailed => f.write_str("the database does not answer"),
            Self::Query => f.write_str("the statement failed"),
            Self::Transaction {
                stage,
                outcome_unknown,
            } => {
                write!(f, "the transaction failed at {}", stage.as_str())?;
                if *outcome_unknown {
                    f.write_str("; it may have been committed")?;
                }
                Ok(())
            }
            Self::NoRows => f.write_str("no row matches"),
            Self::MultipleRows => f.write_str("more than one row matches"),
            Self::TooManyRows { limit } => write!(f, "more than {limit} rows match"),
            Self::Decode {
                column,
                expected,
                found,
            } => write!(f, "column {column}: expected {expected}, found {found}"),
            Self::RowMapping { row } => write!(f, "row {row} cannot be mapped"),
            Self::BindMismatch {
                placeholders,
                binds,
            } => write!(
                f,
                "the statement has {placeholders} placeholders, and {binds} parameters are bound"
            ),
            Self::PoolTimeout => f.write_str(
                "no connection became free in time: raise the limit or hold connections shorter",
            ),
            Self::Closed => f.write_str("the database is closed"),
            Self::Unsupported { what } => write!(f, "{what} is not supported here"),
            Self::UniqueViolation {
                constraint: Some(constraint),
            } => write!(f, "not unique: {constraint}"),
            Self::UniqueViolation { constraint: None } => f.write_str("not unique"),
            Self::ForeignKeyViolation => f.write_str("a foreign key does not match"),
            Self::NotNullViolation => f.write_str("a value is missing"),
            Self::CheckViolation => f.write_str("a check does not hold"),
            Self::SerializationFailure => {
                f.write_str("another transaction interfered: run the transaction again")
            }
            Self::Deadlock => f.write_str("a deadlock was broken: run the transaction again"),
            Self::Locked => f.write_str("a lock was not given in time"),
            Self::Timeout => f.write_str("the statement took too long"),
            Self::Cancelled => f.write_str("the statement was cancelled"),
            Self::ConnectionLost => f.write_str("the connection was lost"),
            Self::Permission => f.write_str("the database refuses this operation"),
            Self::Syntax => f.write_str("the statement is not valid here"),
            Self::DiskFull => f.write_str("the disk of the database is full"),
            Self::Corrupt => f.write_str("the database is damaged: restore a backup"),
        }
    }
}

/// What was being done when an error occurred.
///
/// The SQL is that of the program; it holds secrets only if values were
/// written into it, which this crate offers no way to do.
#[derive(Clone, PartialEq, Eq)]
pub struct DbContext {
    sql: String,
    parameters: Vec<&'static str>,
}

impl DbContext {
    /// The context of a statement.
    #[must_use]
    pub fn new(sql: &str, parameters: &[Value]) -> Self {
        Self {
            sql: sql.chars().take(SQL_CHARS_MAX).collect(),
            parameters: parameters.iter().map(Value::type_name).collect(),
        }
    }

    /// The statement, cut at 1 000 characters.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The types of its parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> &[&'static str] {
        &self.parameters
    }
}

impl fmt::Debug for DbContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbContext")
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}

impl DbError {
    /// An error of a kind, from an operation such as `query` or `begin`.
    #[must_use]
    pub fn new(kind: DbErrorKind, op: &'static str) -> Self {
        Self(Box::new(Parts {
            kind,
            sqlstate: None,
            op,
            source: None,
            context: None,
        }))
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds the SQLSTATE.
    #[must_use]
    pub fn with_sqlstate(mut self, sqlstate: impl Into<String>) -> Self {
        self.0.sqlstate = Some(sqlstate.into());
        self
    }

    /// Adds the statement.
    #[must_use]
    pub fn with_query(mut self, query: &Query<'_>) -> Self {
        self.0.context = Some(DbContext::new(query.sql(), query.parameters()));
        self
    }

    /// Its class.
    #[must_use]
    pub fn kind(&self) -> &DbErrorKind {
        &self.0.kind
    }

    /// The SQLSTATE, where the database has one.
    #[must_use]
    pub fn sqlstate(&self) -> Option<&str> {
        self.0.sqlstate.as_deref()
    }

    /// The operation that failed.
    #[must_use]
    pub fn op(&self) -> &'static str {
        self.0.op
    }

    /// The statement, where there was one.
    #[must_use]
    pub fn context(&self) -> Option<&DbContext> {
        self.0.context.as_ref()
    }

    /// Whether running the whole transaction again may succeed: another one
    /// interfered, and nothing was committed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        let interfered = |kind: &DbErrorKind| {
            matches!(
                kind,
                DbErrorKind::SerializationFailure | DbErrorKind::Deadlock
            )
        };
        if interfered(self.kind()) {
            return true;
        }
        // The reason of a failed transaction is behind it.
        let DbErrorKind::Transaction {
            outcome_unknown: false,
            ..
        } = self.kind()
        else {
            return false;
        };
        let source = std::error::Error::source(self);
        source
            .and_then(|source| source.downcast_ref::<Self>())
            .is_some_and(Self::is_retryable)
    }
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "db: {}", self.0.kind)
    }
}

impl fmt::Debug for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DbError")
            .field("kind", &self.0.kind)
            .field("op", &self.0.op)
            .field("sqlstate", &self.0.sqlstate)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl std::error::Error for DbError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_stay_in_the_context_at_most_as_types() {
        let query = Query::new("SELECT 1 WHERE password = ?").bind("hunter2");
        let error = DbError::new(DbErrorKind::Query, "query").with_query(&query);
        for shown in [
            error.to_string(),
            format!("{error:?}"),
            format!("{:?}", error.context()),
        ] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(!shown.contains("SELECT"), "{shown}");
        }
        assert_eq!(error.context().unwrap().parameters(), ["text"]);
    }

    #[test]
    fn long_sql_is_cut() {
        let sql = "\u{e9}".repeat(5_000);
        let context = DbContext::new(&sql, &[]);
        assert_eq!(context.sql().chars().count(), 1_000);
    }

    #[test]
    fn only_interference_is_retryable() {
        let failed = |kind, unknown| {
            DbError::new(
                DbErrorKind::Transaction {
                    stage: TxStage::Commit,
                    outcome_unknown: unknown,
                },
                "commit",
            )
            .with_source(DbError::new(kind, "commit"))
        };
        assert!(failed(DbErrorKind::Deadlock, false).is_retryable());
        assert!(failed(DbErrorKind::SerializationFailure, false).is_retryable());
        assert!(!failed(DbErrorKind::Deadlock, true).is_retryable());
        assert!(!failed(DbErrorKind::NotNullViolation, false).is_retryable());
    }
}
