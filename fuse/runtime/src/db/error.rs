//! What a database failure reads like.

use std::error::Error as _;
use std::fmt::Write as _;

use plumego_store::db::{DbError, DbErrorKind, Value as DbValue};

use crate::fault::{Fault, FaultCode};
use crate::heap::Ref;
use crate::meta::TypeDesc;
use crate::value::Value;

/// Bytes of a statement that a message shows.
const SQL_MAX: usize = 2 * 1024;

/// Why, in the words of the database.
pub(super) fn reason(error: &DbError) -> String {
    match error.kind() {
        DbErrorKind::BindMismatch {
            placeholders,
            binds,
        } => return format!("expected {placeholders} params, got {binds}"),
        DbErrorKind::PoolTimeout => return "db pool timeout".into(),
        _ => {}
    }
    // The innermost cause is SQLite's own text.
    let mut reason = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        reason = inner.to_string();
        source = inner.source();
    }
    reason
}

/// A fault that is about no statement.
pub(super) fn plain(what: &str, error: &DbError) -> Fault {
    Fault::new(FaultCode::Db, format!("{what}: {}", reason(error)))
}

/// A fault of a statement: what was done, why it failed, the text, and the
/// kinds of its parameters; their values too, where `shown`.
pub(super) fn statement(
    what: &str,
    error: &DbError,
    sql: &str,
    params: &[DbValue],
    shown: bool,
) -> Fault {
    let cut = &sql[..sql.floor_char_boundary(SQL_MAX)];
    let mut message = format!("db {what} failed: {}; sql: {cut}; params: [", reason(error));
    for (index, param) in params.iter().enumerate() {
        if index > 0 {
            message.push_str(", ");
        }
        describe(param, shown, &mut message);
    }
    message.push(']');
    Fault::new(FaultCode::Db, message)
}

fn describe(param: &DbValue, shown: bool, out: &mut String) {
    let _ = match param {
        DbValue::Null => write!(out, "null"),
        DbValue::Bool(value) if shown => write!(out, "bool({value})"),
        DbValue::Bool(_) => write!(out, "bool"),
        DbValue::Int(value) if shown => write!(out, "int({value})"),
        DbValue::Int(_) => write!(out, "int"),
        DbValue::Float(value) if shown => {
            write!(out, "float({})", crate::display::float_text(*value))
        }
        DbValue::Float(_) => write!(out, "float"),
        DbValue::Text(text) if shown => write!(out, "string({})", quoted(text)),
        DbValue::Text(text) => write!(out, "string(len={})", text.chars().count()),
        DbValue::Bytes(bytes) => write!(out, "bytes(len={})", bytes.len()),
        other => write!(out, "{}", other.type_name()),
    };
}

fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    crate::json::write_string(text, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// The code of a `db.Error`.
pub(super) fn code(error: &DbError) -> &'static str {
    match error.kind() {
        DbErrorKind::UniqueViolation { .. } => "unique_violation",
        DbErrorKind::ForeignKeyViolation => "foreign_key_violation",
        DbErrorKind::NotNullViolation => "not_null_violation",
        DbErrorKind::CheckViolation => "check_violation",
        DbErrorKind::Locked | DbErrorKind::SerializationFailure | DbErrorKind::Deadlock => "busy",
        DbErrorKind::Permission => "readonly",
        DbErrorKind::Syntax => "syntax",
        DbErrorKind::Timeout | DbErrorKind::PoolTimeout => "timeout",
        _ => "other",
    }
}

/// A failure as a value, for the forms that return it.
pub(super) fn value(desc: &'static TypeDesc, error: &DbError) -> Value {
    let fields = [Value::text(code(error)), Value::text(&reason(error))];
    Value::Ref(Ref::new_record(desc, fields))
}
