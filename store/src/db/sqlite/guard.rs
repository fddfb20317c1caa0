//! What statements of others may do.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::hooks::AuthAction;

/// Something that a statement is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SqlAccess<'a> {
    /// It selects at all.
    Select,
    /// It refers to itself.
    Recursive,
    /// It reads a column. The column is empty if only rows are counted.
    Read {
        /// The table or view.
        table: &'a str,
        /// The column.
        column: &'a str,
    },
    /// It inserts rows.
    Insert {
        /// The table.
        table: &'a str,
    },
    /// It changes a column.
    Update {
        /// The table.
        table: &'a str,
        /// The column.
        column: &'a str,
    },
    /// It deletes rows.
    Delete {
        /// The table.
        table: &'a str,
    },
    /// It calls a function.
    Function {
        /// The function.
        name: &'a str,
    },
    /// It reads or changes a setting.
    Pragma {
        /// The setting.
        name: &'a str,
        /// The new value.
        value: Option<&'a str>,
    },
    /// It begins or ends a transaction or a savepoint by itself.
    Transaction,
    /// It attaches or detaches another database.
    Attach,
    /// It makes, changes or drops something of the schema, or something else.
    Schema,
}

impl<'a> SqlAccess<'a> {
    pub(super) const fn of(action: AuthAction<'a>) -> Self {
        match action {
            AuthAction::Select => Self::Select,
            AuthAction::Recursive => Self::Recursive,
            AuthAction::Read {
                table_name: table,
                column_name: column,
            } => Self::Read { table, column },
            AuthAction::Insert { table_name: table } => Self::Insert { table },
            AuthAction::Update {
                table_name: table,
                column_name: column,
            } => Self::Update { table, column },
            AuthAction::Delete { table_name: table } => Self::Delete { table },
            AuthAction::Function {
                function_name: name,
            } => Self::Function { name },
            AuthAction::Pragma {
                pragma_name: name,
                pragma_value: value,
            } => Self::Pragma { name, value },
            AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => Self::Transaction,
            AuthAction::Attach { .. } | AuthAction::Detach { .. } => Self::Attach,
            _ => Self::Schema,
        }
    }
}

type Rule = Arc<dyn Fn(SqlAccess<'_>) -> bool + Send + Sync>;

/// Bounds for statements that come from others.
///
/// ```
/// use std::time::Duration;
/// use plumego_store::db::sqlite::{SqlAccess, SqliteConfig, SqliteGuard};
///
/// let guard = SqliteGuard::new()
///     .max_rows(1_000)
///     .max_time(Duration::from_millis(200))
///     .allow(|access| matches!(access, SqlAccess::Select | SqlAccess::Read { table: "notes", .. }));
/// let mut config = SqliteConfig::memory();
/// config.guard = Some(guard);
/// ```
#[derive(Clone, Default)]
pub struct SqliteGuard {
    pub(super) rule: Option<Rule>,
    pub(super) max_rows: Option<usize>,
    pub(super) max_time: Option<Duration>,
}

impl SqliteGuard {
    /// No bounds.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Only what `rule` answers `true` to; anything else is `Permission`. It
    /// is asked while a statement is prepared.
    #[must_use]
    pub fn allow(mut self, rule: impl Fn(SqlAccess<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.rule = Some(Arc::new(rule));
        self
    }

    /// Most rows of one statement: `TooManyRows` beyond.
    #[must_use]
    pub const fn max_rows(mut self, rows: usize) -> Self {
        self.max_rows = Some(rows);
        self
    }

    /// How long one statement may run, waiting for whoever reads its rows included:
    /// `Timeout` beyond.
    #[must_use]
    pub const fn max_time(mut self, time: Duration) -> Self {
        self.max_time = Some(time);
        self
    }
}

impl fmt::Debug for SqliteGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteGuard")
            .field("ruled", &self.rule.is_some())
            .field("max_rows", &self.max_rows)
            .field("max_time", &self.max_time)
            .finish()
    }
}
