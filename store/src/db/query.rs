//! Statements with their parameters.

use std::borrow::Cow;
use std::fmt;

use super::{DbResult, Dialect, Value, portable};

/// A statement and its parameters.
///
/// Values travel beside the text, never in it.
///
/// ```
/// use plumego_store::db::{Dialect, Query};
///
/// // Placeholders of the driver.
/// let native = Query::new("SELECT name FROM users WHERE id = $1").bind(17);
/// // `?` for every driver.
/// let portable = Query::portable("SELECT name FROM users WHERE id = ?").bind(17);
/// assert_eq!(portable.render(Dialect::Postgres)?, native.sql());
/// # Ok::<(), plumego_store::db::DbError>(())
/// ```
#[derive(Clone)]
pub struct Query<'a> {
    sql: Cow<'a, str>,
    parameters: Vec<Value>,
    portable: bool,
}

impl<'a> Query<'a> {
    /// A statement with the placeholders of the driver.
    #[must_use]
    pub fn new(sql: impl Into<Cow<'a, str>>) -> Self {
        Self {
            sql: sql.into(),
            parameters: Vec::new(),
            portable: false,
        }
    }

    /// A statement with `?` as placeholder, for every dialect. A `?` within a
    /// literal, a quoted name or a comment is left alone.
    #[must_use]
    pub fn portable(sql: impl Into<Cow<'a, str>>) -> Self {
        Self {
            portable: true,
            ..Self::new(sql)
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.parameters.push(value.into());
        self
    }

    /// Adds parameters.
    #[must_use]
    pub fn bind_all(mut self, values: impl IntoIterator<Item = Value>) -> Self {
        self.parameters.extend(values);
        self
    }

    /// The text as it was given.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The parameters, in order.
    #[must_use]
    pub fn parameters(&self) -> &[Value] {
        &self.parameters
    }

    /// The text for a driver, as drivers ask for it. That of a portable
    /// statement is rewritten, and its placeholders are counted.
    ///
    /// # Errors
    ///
    /// `BindMismatch` if a portable statement has another number of
    /// placeholders than parameters.
    pub fn render(&self, dialect: Dialect) -> DbResult<Cow<'_, str>> {
        if !self.portable {
            return Ok(Cow::Borrowed(&self.sql));
        }
        portable::rewrite(&self.sql, self.parameters.len(), dialect)
            .map_err(|error| error.with_query(self))
    }

    /// Text and parameters apart, as drivers need them.
    ///
    /// # Errors
    ///
    /// As [`render`](Self::render).
    pub fn into_parts(self, dialect: Dialect) -> DbResult<(String, Vec<Value>)> {
        let sql = self.render(dialect)?.into_owned();
        Ok((sql, self.parameters))
    }
}

impl<'a> From<&'a str> for Query<'a> {
    fn from(sql: &'a str) -> Self {
        Self::new(sql)
    }
}

/// Parameters may be secrets: only their types are shown.
impl fmt::Debug for Query<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("sql", &self.sql)
            .field("parameters", &self.parameters)
            .finish_non_exhaustive()
    }
}
