//! Conveniences over any database and transaction.

use super::{Db, DbError, DbErrorKind, DbResult, DbTx, Query, Row, RowStream};

impl RowStream<'_> {
    /// The only row, mapped; `None` if there is none.
    ///
    /// # Errors
    ///
    /// `MultipleRows` if there are more, else those of the database and `map`.
    pub async fn optional<T>(
        mut self,
        map: impl FnOnce(&Row) -> DbResult<T>,
    ) -> DbResult<Option<T>> {
        let Some(row) = self.next().await? else {
            return Ok(None);
        };
        if self.next().await?.is_some() {
            return Err(DbError::new(DbErrorKind::MultipleRows, "query"));
        }
        map(&row).map(Some)
    }

    /// The only row, mapped.
    ///
    /// # Errors
    ///
    /// `NoRows` or `MultipleRows`, else those of the database and `map`.
    pub async fn one<T>(self, map: impl FnOnce(&Row) -> DbResult<T>) -> DbResult<T> {
        self.optional(map)
            .await?
            .ok_or_else(|| DbError::new(DbErrorKind::NoRows, "query"))
    }

    /// All rows, mapped. With a limit, one row more is an error and no answer
    /// is built of a part.
    ///
    /// # Errors
    ///
    /// `TooManyRows`; `RowMapping` with the index of the row for the first
    /// error of `map`; else those of the database.
    pub async fn all<T>(
        mut self,
        limit: Option<usize>,
        mut map: impl FnMut(&Row) -> DbResult<T>,
    ) -> DbResult<Vec<T>> {
        let mut mapped = Vec::new();
        while let Some(row) = self.next().await? {
            if let Some(limit) = limit
                && mapped.len() >= limit
            {
                return Err(DbError::new(DbErrorKind::TooManyRows { limit }, "query"));
            }
            match map(&row) {
                Ok(value) => mapped.push(value),
                Err(error) => {
                    let kind = DbErrorKind::RowMapping { row: mapped.len() };
                    return Err(DbError::new(kind, "query").with_source(error));
                }
            }
        }
        Ok(mapped)
    }
}

macro_rules! queries {
    ($(#[$doc:meta])* $name:ident for $contract:ident, $receiver:ty) => {
        $(#[$doc])*
        pub trait $name: $contract {
            /// The only row, mapped; `None` if there is none.
            ///
            /// # Errors
            ///
            /// As [`RowStream::optional`].
            fn query_optional<'a, T: Send + 'a>(
                self: $receiver,
                query: impl Into<Query<'a>>,
                map: impl FnOnce(&Row) -> DbResult<T> + Send + 'a,
            ) -> impl Future<Output = DbResult<Option<T>>> + Send {
                let query = query.into();
                async move { self.query(query).await?.optional(map).await }
            }

            /// The only row, mapped.
            ///
            /// # Errors
            ///
            /// As [`RowStream::one`].
            fn query_one<'a, T: Send + 'a>(
                self: $receiver,
                query: impl Into<Query<'a>>,
                map: impl FnOnce(&Row) -> DbResult<T> + Send + 'a,
            ) -> impl Future<Output = DbResult<T>> + Send {
                let query = query.into();
                async move { self.query(query).await?.one(map).await }
            }

            /// All rows, mapped; at most `limit`, if there is one.
            ///
            /// # Errors
            ///
            /// As [`RowStream::all`].
            fn query_all<'a, T: Send + 'a>(
                self: $receiver,
                query: impl Into<Query<'a>>,
                limit: Option<usize>,
                map: impl FnMut(&Row) -> DbResult<T> + Send + 'a,
            ) -> impl Future<Output = DbResult<Vec<T>>> + Send {
                let query = query.into();
                async move { self.query(query).await?.all(limit, map).await }
            }
        }

        impl<D: $contract + ?Sized> $name for D {}
    };
}

queries! {
    /// Queries that give values rather than rows.
    ///
    /// ```
    /// use plumego_store::db::{Db, DbExt, DbResult, Query};
    ///
    /// async fn name(db: &dyn Db, id: i64) -> DbResult<Option<String>> {
    ///     let query = Query::portable("SELECT name FROM users WHERE id = ?").bind(id);
    ///     db.query_optional(query, |row| row.get("name")).await
    /// }
    /// ```
    DbExt for Db, &'a Self
}

queries! {
    /// Queries within a transaction that give values rather than rows.
    DbTxExt for DbTx, &'a mut Self
}
