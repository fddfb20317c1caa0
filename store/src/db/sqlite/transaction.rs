//! Transactions of callers that may block.

use std::ops::ControlFlow;

use crate::db::{DbError, DbErrorKind, DbResult, Dialect, ExecResult, Identifier, TxStage, Value};

use super::connection::Begin;
use super::pool::PooledConnection;
use super::row::Row;

/// A transaction, which holds the writer. Dropping it undoes it.
#[derive(Debug)]
pub struct Transaction {
    connection: PooledConnection,
}

impl Transaction {
    pub(super) fn begin(mut connection: PooledConnection, begin: Begin) -> DbResult<Self> {
        connection
            .begin(begin)
            .map_err(|error| failed(TxStage::Begin, error))?;
        Ok(Self { connection })
    }

    /// Runs a statement inside.
    ///
    /// # Errors
    ///
    /// As [`Connection::execute`](super::Connection::execute), and
    /// `Transaction` when an earlier failure has ended it.
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> DbResult<ExecResult> {
        self.connection.inside()?;
        self.connection.execute(sql, parameters)
    }

    /// Runs a statement inside and shows each row.
    ///
    /// # Errors
    ///
    /// As [`Connection::query`](super::Connection::query), and `Transaction`
    /// when an earlier failure has ended it.
    pub fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        each: impl FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<()> {
        self.connection.inside()?;
        self.connection.query(sql, parameters, each)
    }

    /// The connection it runs on.
    pub const fn connection(&mut self) -> &mut PooledConnection {
        &mut self.connection
    }

    /// Begins a savepoint.
    ///
    /// # Errors
    ///
    /// What SQLite reports.
    pub fn savepoint(&mut self, name: &Identifier) -> DbResult<()> {
        self.named("SAVEPOINT", name)
    }

    /// Ends a savepoint and keeps what was done.
    ///
    /// # Errors
    ///
    /// What SQLite reports, also for a name that is not there.
    pub fn release(&mut self, name: &Identifier) -> DbResult<()> {
        self.named("RELEASE", name)
    }

    /// Undoes what was done since a savepoint, and keeps the savepoint.
    ///
    /// # Errors
    ///
    /// What SQLite reports, also for a name that is not there.
    pub fn rollback_to(&mut self, name: &Identifier) -> DbResult<()> {
        self.named("ROLLBACK TO", name)
    }

    fn named(&mut self, word: &'static str, name: &Identifier) -> DbResult<()> {
        self.connection.within(&named(word, name), "savepoint")
    }

    /// Makes it permanent. Undoes it when that fails.
    ///
    /// # Errors
    ///
    /// `Transaction` at the stage `commit`, with SQLite's reason.
    pub fn commit(self) -> DbResult<()> {
        self.commit_and_keep().map(drop)
    }

    /// Makes it permanent and goes on with its connection, for what cannot run
    /// within a transaction and must run next.
    ///
    /// # Errors
    ///
    /// As [`commit`](Self::commit).
    pub fn commit_and_keep(mut self) -> DbResult<PooledConnection> {
        self.connection
            .commit()
            .map_err(|error| failed(TxStage::Commit, error))?;
        Ok(self.connection)
    }

    /// Undoes it.
    ///
    /// # Errors
    ///
    /// `Transaction` at the stage `rollback`; the connection is closed then.
    pub fn rollback(mut self) -> DbResult<()> {
        self.connection
            .rollback()
            .map_err(|error| failed(TxStage::Rollback, error))
    }
}

/// A statement about a savepoint.
pub(super) fn named(word: &'static str, name: &Identifier) -> String {
    format!("{word} {}", name.quoted(Dialect::Sqlite))
}

fn failed(stage: TxStage, error: DbError) -> DbError {
    let outcome_unknown = stage == TxStage::Commit && *error.kind() == DbErrorKind::ConnectionLost;
    let kind = DbErrorKind::Transaction {
        stage,
        outcome_unknown,
    };
    DbError::new(kind, stage.as_str()).with_source(error)
}
