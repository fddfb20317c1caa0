//! Rows as SQLite has them, without a copy.

use std::fmt;

use rusqlite::types::ValueRef;

use crate::db::{DbError, DbErrorKind, DbResult, Value};

/// One value of a row.
#[derive(Clone, Copy, PartialEq)]
pub enum Cell<'r> {
    /// Nothing.
    Null,
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(&'r str),
    /// Bytes.
    Bytes(&'r [u8]),
}

/// Values may be secrets: only the type is shown.
impl fmt::Debug for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Cell<'_> {
    /// A value that lives on.
    #[must_use]
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Int(value) => Value::Int(value),
            Self::Float(value) => Value::Float(value),
            Self::Text(value) => Value::Text(value.to_owned()),
            Self::Bytes(value) => Value::Bytes(value.to_vec().into()),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

/// A row, while the statement stands on it.
pub struct Row<'r> {
    row: &'r rusqlite::Row<'r>,
    columns: &'r [String],
}

/// Values may be secrets: only the columns are shown.
impl fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

impl<'r> Row<'r> {
    pub(super) const fn new(row: &'r rusqlite::Row<'r>, columns: &'r [String]) -> Self {
        Self { row, columns }
    }

    /// The names of the columns, as the statement has them.
    #[must_use]
    pub const fn columns(&self) -> &'r [String] {
        self.columns
    }

    /// The value of a column, by its index.
    ///
    /// # Errors
    ///
    /// `Decode` for a column that is not there, and for text that is not
    /// UTF-8.
    pub fn cell(&self, index: usize) -> DbResult<Cell<'r>> {
        let column = || {
            self.columns
                .get(index)
                .cloned()
                .unwrap_or_else(|| index.to_string())
        };
        match self.row.get_ref(index) {
            Ok(ValueRef::Null) => Ok(Cell::Null),
            Ok(ValueRef::Integer(value)) => Ok(Cell::Int(value)),
            Ok(ValueRef::Real(value)) => Ok(Cell::Float(value)),
            Ok(ValueRef::Blob(bytes)) => Ok(Cell::Bytes(bytes)),
            Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes)
                .map(Cell::Text)
                .map_err(|_| decode(column(), "text in UTF-8", "other bytes")),
            Err(_) => Err(decode(column(), "a value", "no such column")),
        }
    }

    /// All values, as they live on.
    ///
    /// # Errors
    ///
    /// As [`cell`](Self::cell).
    pub fn values(&self) -> DbResult<Vec<Value>> {
        (0..self.columns.len())
            .map(|index| self.cell(index).map(Cell::to_value))
            .collect()
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// `Decode` for anything else.
    pub fn int(&self, index: usize) -> DbResult<i64> {
        match self.cell(index)? {
            Cell::Int(value) => Ok(value),
            other => Err(self.wrong(index, "int", other)),
        }
    }

    /// Text.
    ///
    /// # Errors
    ///
    /// `Decode` for anything else.
    pub fn text(&self, index: usize) -> DbResult<&'r str> {
        match self.cell(index)? {
            Cell::Text(value) => Ok(value),
            other => Err(self.wrong(index, "text", other)),
        }
    }

    fn wrong(&self, index: usize, expected: &'static str, found: Cell<'_>) -> DbError {
        let column = self.columns.get(index).cloned().unwrap_or_default();
        decode(column, expected, found.name())
    }
}

fn decode(column: String, expected: &'static str, found: &'static str) -> DbError {
    let kind = DbErrorKind::Decode {
        column,
        expected,
        found,
    };
    DbError::new(kind, "query")
}
