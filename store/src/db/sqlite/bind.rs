//! Parameters in the types that SQLite has.

use rusqlite::Statement;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};

use super::error::{Phase, classify};
use crate::db::{DbError, DbErrorKind, DbResult, Value};

/// Binds every parameter of a statement.
pub(super) fn bind(statement: &mut Statement<'_>, parameters: &[Value]) -> DbResult<()> {
    let placeholders = statement.parameter_count();
    let binds = parameters.len();
    if placeholders != binds {
        let kind = DbErrorKind::BindMismatch {
            placeholders,
            binds,
        };
        return Err(DbError::new(kind, "bind"));
    }
    for (index, parameter) in parameters.iter().enumerate() {
        statement
            .raw_bind_parameter(index + 1, Bound::of(parameter)?)
            .map_err(|error| classify(&error, "bind", Phase::Running))?;
    }
    Ok(())
}

enum Bound<'v> {
    Plain(ValueRef<'v>),
    Text(String),
}

impl<'v> Bound<'v> {
    fn of(value: &'v Value) -> DbResult<Self> {
        let refuse = |what| Err(DbError::new(DbErrorKind::Unsupported { what }, "bind"));
        Ok(Self::Plain(match value {
            Value::Null => ValueRef::Null,
            Value::Bool(value) => ValueRef::Integer((*value).into()),
            Value::Int(value) => ValueRef::Integer(*value),
            // SQLite would store NULL.
            Value::Float(value) if value.is_nan() => return refuse("NaN"),
            Value::Float(value) => ValueRef::Real(*value),
            Value::Text(value) => ValueRef::Text(value.as_bytes()),
            Value::Bytes(value) => ValueRef::Blob(value),
            other => match other.to_text() {
                Some(text) => return Ok(Self::Text(text)),
                None => return refuse("a moment outside of the years 0 to 9999"),
            },
        }))
    }
}

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Plain(value) => *value,
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}
