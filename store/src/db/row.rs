//! Rows, and streams of them.

use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::{DbError, DbErrorKind, DbResult, FromValue, Value};

/// The columns of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    names: Vec<String>,
    /// Where a name stands; `None` if it stands more than once.
    by_name: HashMap<String, Option<usize>>,
}

impl Columns {
    /// Columns with these names, in order.
    #[must_use]
    pub fn new(names: Vec<String>) -> Self {
        let mut by_name = HashMap::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            by_name
                .entry(name.clone())
                .and_modify(|place| *place = None)
                .or_insert(Some(index));
        }
        Self { names, by_name }
    }

    /// The names, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// One row of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    columns: Arc<Columns>,
    values: Vec<Value>,
}

impl Row {
    /// A row, as drivers make it: one value for each column.
    #[must_use]
    pub const fn new(columns: Arc<Columns>, values: Vec<Value>) -> Self {
        Self { columns, values }
    }

    /// Its columns.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// Its values, in the order of the columns.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The value of a column, by index or name. `Option<T>` reads `NULL`.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use plumego_store::db::{Columns, Row, Value};
    ///
    /// let columns = Arc::new(Columns::new(vec!["id".into(), "name".into()]));
    /// let row = Row::new(columns, vec![Value::Int(17), Value::Null]);
    /// assert_eq!(row.get::<u32>("id").unwrap(), 17);
    /// assert_eq!(row.get::<Option<String>>(1).unwrap(), None);
    /// let error = row.get::<String>("name").unwrap_err();
    /// assert_eq!(error.to_string(), "db: column name: expected text, found null");
    /// ```
    ///
    /// # Errors
    ///
    /// `Decode`: there is no such column, the name stands more than once, or
    /// the value is something else.
    pub fn get<T: FromValue>(&self, column: impl ColumnIndex) -> DbResult<T> {
        let fail = |found| {
            DbError::new(
                DbErrorKind::Decode {
                    column: column.describe(&self.columns),
                    expected: T::EXPECTED,
                    found,
                },
                "decode",
            )
        };
        let place = match column.find(&self.columns) {
            Found::At(place) => place,
            Found::Missing => return Err(fail("no such column")),
            Found::Ambiguous => return Err(fail("more than one column of this name")),
        };
        let value = self
            .values
            .get(place)
            .ok_or_else(|| fail("no such column"))?;
        T::from_value(value).ok_or_else(|| fail(value.type_name()))
    }
}

/// How a column is named: by its index or its name.
pub trait ColumnIndex: sealed::Sealed {
    #[doc(hidden)]
    fn find(&self, columns: &Columns) -> Found;
    #[doc(hidden)]
    fn describe(&self, columns: &Columns) -> String;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}

/// Where a column stands.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub enum Found {
    At(usize),
    Missing,
    Ambiguous,
}

impl ColumnIndex for usize {
    fn find(&self, columns: &Columns) -> Found {
        if *self < columns.names.len() {
            Found::At(*self)
        } else {
            Found::Missing
        }
    }

    fn describe(&self, columns: &Columns) -> String {
        match columns.names.get(*self) {
            Some(name) => name.clone(),
            None => self.to_string(),
        }
    }
}

impl ColumnIndex for &str {
    fn find(&self, columns: &Columns) -> Found {
        match columns.by_name.get(*self) {
            Some(Some(place)) => Found::At(*place),
            Some(None) => Found::Ambiguous,
            None => Found::Missing,
        }
    }

    fn describe(&self, _: &Columns) -> String {
        (*self).to_owned()
    }
}

/// What a row can be read as.
///
/// ```
/// use plumego_store::db::{DbResult, FromRow, Row};
///
/// struct User { id: u64, name: String }
///
/// impl FromRow for User {
///     fn from_row(row: &Row) -> DbResult<Self> {
///         Ok(Self { id: row.get("id")?, name: row.get("name")? })
///     }
/// }
/// ```
pub trait FromRow: Sized {
    /// Reads a row.
    ///
    /// # Errors
    ///
    /// Those of [`Row::get`].
    fn from_row(row: &Row) -> DbResult<Self>;
}

impl FromRow for Row {
    fn from_row(row: &Row) -> DbResult<Self> {
        Ok(row.clone())
    }
}

/// Rows as the database gives them.
///
/// At most a few rows wait to be read. Dropping the stream cancels the
/// statement and frees its connection.
#[must_use = "rows are read by polling the stream"]
pub struct RowStream<'a> {
    columns: Arc<Columns>,
    rows: Pin<Box<dyn Stream<Item = DbResult<Row>> + Send + 'a>>,
}

impl<'a> RowStream<'a> {
    /// A stream, as drivers make it.
    pub fn new(columns: Arc<Columns>, rows: impl Stream<Item = DbResult<Row>> + Send + 'a) -> Self {
        Self {
            columns,
            rows: Box::pin(rows),
        }
    }

    /// The columns of every row.
    #[must_use]
    pub fn columns(&self) -> &Columns {
        &self.columns
    }

    /// The next row; `None` after the last.
    ///
    /// # Errors
    ///
    /// Whatever the database reports; no row follows.
    pub async fn next(&mut self) -> DbResult<Option<Row>> {
        std::future::poll_fn(|cx| self.rows.as_mut().poll_next(cx))
            .await
            .transpose()
    }
}

impl Stream for RowStream<'_> {
    type Item = DbResult<Row>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.rows.as_mut().poll_next(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.rows.size_hint()
    }
}

impl fmt::Debug for RowStream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowStream")
            .field("columns", &self.columns.names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let names = ["a", "b", "a"].map(str::to_owned).to_vec();
        Row::new(
            Arc::new(Columns::new(names)),
            vec![Value::Int(1), Value::Text("x".into()), Value::Int(2)],
        )
    }

    fn text(error: DbError) -> String {
        error.to_string()
    }

    #[test]
    fn a_name_that_stands_twice_is_read_by_index_only() {
        assert_eq!(row().get::<i64>(2).unwrap(), 2);
        assert_eq!(
            text(row().get::<i64>("a").unwrap_err()),
            "db: column a: expected int in the range of i64, found more than one column of this name"
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert_eq!(
            text(row().get::<i64>("b").unwrap_err()),
            "db: column b: expected int in the range of i64, found text"
        );
        assert_eq!(
            text(row().get::<String>("z").unwrap_err()),
            "db: column z: expected text, found no such column"
        );
        assert_eq!(
            text(row().get::<String>(3).unwrap_err()),
            "db: column 3: expected text, found no such column"
        );
    }
}
