//! Steps.

use sha2::{Digest, Sha256};

use crate::sqlite::Transaction;

/// What a step gives: the transaction with its change, or why there is none.
pub type StepResult = Result<Transaction, Box<dyn std::error::Error + Send + Sync>>;

/// One change of a database.
pub trait Step: Send + Sync {
    /// What the history knows it by.
    fn key(&self) -> &str;

    /// A name for people.
    fn name(&self) -> String {
        self.key().to_owned()
    }

    /// A digest of what it does, to notice that it was changed.
    fn checksum(&self) -> &str;

    /// Makes the change and hands the transaction back; committing is not its
    /// business.
    ///
    /// # Errors
    ///
    /// Whatever went wrong; the transaction is dropped, which undoes it.
    fn up(&self, transaction: Transaction) -> StepResult;

    /// The way back, where there is one.
    fn down(&self) -> Option<&str> {
        None
    }

    /// Whether it runs outside of a transaction, as statements need that
    /// SQLite forbids inside.
    fn without_transaction(&self) -> Option<&str> {
        None
    }

    /// Whether it runs again whenever it was changed.
    fn is_repeatable(&self) -> bool {
        false
    }
}

/// The first line of a file whose statements run outside of a transaction.
const NO_TRANSACTION: &str = "-- plumego: no-transaction";

/// A step in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlStep {
    /// `None` for a repeatable step.
    version: Option<i64>,
    key: String,
    name: String,
    up: String,
    down: Option<String>,
    checksum: String,
}

impl SqlStep {
    /// A step with a version, a number or a timestamp written as one.
    pub fn new(version: i64, name: impl Into<String>) -> Self {
        Self {
            version: Some(version),
            key: version.to_string(),
            name: name.into(),
            up: String::new(),
            down: None,
            checksum: checksum(""),
        }
    }

    /// A step that runs behind all others whenever it was changed.
    pub fn repeatable(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            version: None,
            key: format!("R__{name}"),
            name,
            up: String::new(),
            down: None,
            checksum: checksum(""),
        }
    }

    /// The statements of the change.
    #[must_use]
    pub fn with_up(mut self, sql: impl Into<String>) -> Self {
        self.up = normalise(&sql.into());
        self.checksum = checksum(&self.up);
        self
    }

    /// The statements of the way back.
    #[must_use]
    pub fn with_down(mut self, sql: impl Into<String>) -> Self {
        self.down = Some(normalise(&sql.into()));
        self
    }

    /// The version; `None` for a repeatable step.
    #[must_use]
    pub const fn version(&self) -> Option<i64> {
        self.version
    }
}

impl Step for SqlStep {
    fn key(&self) -> &str {
        &self.key
    }

    fn name(&self) -> String {
        match self.version {
            Some(version) => format!("{version}_{}", self.name),
            None => self.key.clone(),
        }
    }

    fn checksum(&self) -> &str {
        &self.checksum
    }

    fn up(&self, mut transaction: Transaction) -> StepResult {
        transaction.connection().execute_batch(&self.up)?;
        Ok(transaction)
    }

    fn down(&self) -> Option<&str> {
        self.down.as_deref()
    }

    fn without_transaction(&self) -> Option<&str> {
        self.up.starts_with(NO_TRANSACTION).then_some(&self.up)
    }

    fn is_repeatable(&self) -> bool {
        self.version.is_none()
    }
}

/// Line ends of one kind, and no mark in front, so that an editor's habits are
/// no change.
fn normalise(sql: &str) -> String {
    sql.trim_start_matches('\u{FEFF}').replace("\r\n", "\n")
}

/// SHA-256 in lower-case hexadecimal.
#[must_use]
pub fn checksum(text: &str) -> String {
    use std::fmt::Write as _;
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}
