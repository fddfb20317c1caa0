//! Transactions of callers that may block.

use std::ops::ControlFlow;

use plumego_store::db::{DbError, DbErrorKind, DbResult, ExecResult, Identifier, TxStage, Value};

use super::pool::PooledConnection;
use super::row::Row;

/// A transaction, which holds the writer. Dropping it undoes it.
#[derive(Debug)]
pub struct Transaction {
    connection: PooledConnection,
}

impl Transaction {
    pub(super) fn begin(mut connection: PooledConnection, begin: &str) -> DbResult<Self> {
        connection
            .execute_batch(begin)
            .map_err(|error| failed(TxStage::Begin, error))?;
        Ok(Self { connection })
    }

    /// Goes on with a transaction that is open on a connection.
    pub(super) const fn resume(connection: PooledConnection) -> Self {
        Self { connection }
    }

    /// The connection, with the transaction open on it.
    pub(super) fn into_connection(self) -> PooledConnection {
        self.connection
    }

    /// Runs a statement inside.
    ///
    /// # Errors
    ///
    /// As [`Connection::execute`](super::Connection::execute).
    pub fn execute(&mut self, sql: &str, parameters: &[Value]) -> DbResult<ExecResult> {
        self.connection.execute(sql, parameters)
    }

    /// Runs a statement inside and shows each row.
    ///
    /// # Errors
    ///
    /// As [`Connection::query`](super::Connection::query).
    pub fn query(
        &mut self,
        sql: &str,
        parameters: &[Value],
        each: impl FnMut(&Row<'_>) -> DbResult<ControlFlow<()>>,
    ) -> DbResult<()> {
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

    fn named(&mut self, word: &str, name: &Identifier) -> DbResult<()> {
        let name = name.quoted(plumego_store::db::Dialect::Sqlite);
        self.connection.execute_batch(&format!("{word} {name}"))
    }

    /// Makes it permanent. Undoes it when that fails.
    ///
    /// # Errors
    ///
    /// `Transaction` at the stage `commit`, with SQLite's reason.
    pub fn commit(self) -> DbResult<()> {
        self.commit_and_keep().map(drop)
    }

    /// Makes it permanent and goes on with its connection.
    pub(crate) fn commit_and_keep(mut self) -> DbResult<PooledConnection> {
        self.connection
            .execute_batch("COMMIT")
            .map_err(|error| failed(TxStage::Commit, error))?;
        Ok(self.connection)
    }

    /// Undoes it.
    ///
    /// # Errors
    ///
    /// `Transaction` at the stage `rollback`; the connection is closed then.
    pub fn rollback(mut self) -> DbResult<()> {
        if self.connection.is_idle() {
            // SQLite undid it already, as it does when the disk is full.
            return Ok(());
        }
        self.connection
            .execute_batch("ROLLBACK")
            .map_err(|error| failed(TxStage::Rollback, error))
    }
}

pub(super) fn failed(stage: TxStage, error: DbError) -> DbError {
    let outcome_unknown = stage == TxStage::Commit && *error.kind() == DbErrorKind::ConnectionLost;
    let kind = DbErrorKind::Transaction {
        stage,
        outcome_unknown,
    };
    DbError::new(kind, stage.as_str()).with_source(error)
}
