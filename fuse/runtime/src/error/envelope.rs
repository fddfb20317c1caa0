//! Error envelopes of faults and error values.

use std::borrow::Cow;

use fuse_builtins::{ErrorMapping, RecordId};
use plumego_contract::code::{is_code, is_field_code};
use plumego_contract::{EnvelopeView, Error, ErrorKind, FieldError, encode_error};

use crate::fault::{Fault, FaultCode, FieldProblem};
use crate::heap::{Obj, Shared};
use crate::meta::Kind;
use crate::validate::FIELDS_MAX;
use crate::validate::code::INVALID_VALUE;
use crate::value::{Peek, Value};

/// How a unit of work failed.
#[derive(Clone, Debug)]
pub enum Failure {
    /// It faulted.
    Fault(Fault),
    /// It ended with an error value: what `Err` contains.
    Error(Shared),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Failure {
    /// The failure of work that ended with an error value.
    #[must_use]
    pub fn of_error(value: Value) -> Self {
        match Shared::new(value) {
            Ok(value) => Self::Error(value),
            // Errors are records and enums, which hold no cells.
            Err(_) => Self::Fault(Fault::internal("an error value holds a cell")),
        }
    }

    /// Whether the failure is that values are not what they have to be.
    #[must_use]
    pub fn is_validation(&self) -> bool {
        match self {
            Self::Fault(fault) => fault.code() == FaultCode::Validation,
            Self::Error(value) => builtin(value.value().peek()) == Some(RecordId::Validation),
        }
    }

    /// The failure in one text: the message of a fault; for a validation and for
    /// error values their compact envelope.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Fault(fault) if fault.code() == FaultCode::Validation => {
                compact(&of_fields(fault.fields().to_vec(), 0))
            }
            Self::Fault(fault) => fault.message().to_owned(),
            Self::Error(value) => compact(&of_value(value.value().peek())),
        }
    }

    /// The code of the failure: that of a fault, or of the envelope.
    #[must_use]
    pub fn code(&self) -> String {
        match self {
            Self::Fault(fault) => fault.code().as_str().to_owned(),
            Self::Error(value) => of_value(value.value().peek()).code_str().to_owned(),
        }
    }
}

/// The compact envelope of an error, as one line.
#[must_use]
pub fn compact(error: &Error) -> String {
    let line = encode_error(error, EnvelopeView::Compact, None);
    String::from_utf8_lossy(&line).into_owned()
}

/// The error of a validation. `surplus` problems were found beyond those given.
#[must_use]
pub fn of_fields(fields: Vec<FieldProblem>, surplus: u64) -> Error {
    let surplus = surplus + fields.len().saturating_sub(FIELDS_MAX) as u64;
    let problems = fields.into_iter().take(FIELDS_MAX);
    let problems =
        problems.map(|problem| FieldError::new(problem.path, problem.code, problem.message));
    let error = Error::new(ErrorKind::Validation)
        .message("validation failed")
        .fields(problems);
    if surplus > 0 {
        error.detail("truncated_fields", surplus)
    } else {
        error
    }
}

/// The error that a fault is to a client: nothing of it is told, but for a
/// deadline that has passed.
#[must_use]
pub fn of_fault(fault: &Fault) -> Error {
    if fault.code() == FaultCode::Timeout {
        return Error::new(ErrorKind::GatewayTimeout)
            .code("deadline_exceeded")
            .message("request timed out");
    }
    Error::internal(fault.clone()).message("internal error")
}

/// The error that an error value is to a client. Standard errors say what their
/// author chose; of all others nothing is told.
#[must_use]
pub fn of_value(value: Peek<'_>) -> Error {
    let (Some(id), Some(record)) = (builtin(value), value.as_obj()) else {
        return internal(value);
    };
    match id.record().mapping {
        ErrorMapping::Internal => internal(value),
        ErrorMapping::ByFields => by_fields(record),
        ErrorMapping::Fixed { message, .. } => {
            let message = text(record, "message").unwrap_or(message).to_owned();
            let error = match id {
                RecordId::Validation => of_fields(fields(record), 0),
                RecordId::BadRequest => Error::new(ErrorKind::BadRequest),
                RecordId::Unauthorized => Error::new(ErrorKind::Unauthorized),
                RecordId::Forbidden => Error::new(ErrorKind::Forbidden),
                RecordId::NotFound => Error::new(ErrorKind::NotFound),
                RecordId::Conflict => Error::new(ErrorKind::Conflict),
                _ => return internal(value),
            };
            error.message(message)
        }
    }
}

fn internal(value: Peek<'_>) -> Error {
    let cause = Fault::error(crate::display::to_string(value));
    Error::internal(cause).message("internal error")
}

/// Which built-in record an error value is.
fn builtin(value: Peek<'_>) -> Option<RecordId> {
    value.as_kind(Kind::Record)?.desc().builtin
}

/// A field that is text and not empty.
fn text<'a>(record: Obj<'a>, name: &str) -> Option<&'a str> {
    let index = record.desc().field_index(name)?;
    record
        .field(index)
        .as_text()
        .filter(|text| !text.is_empty())
}

fn by_fields(record: Obj<'_>) -> Error {
    let index = record.desc().field_index("status");
    let status = index.and_then(|index| record.field(index).to_value().as_int());
    let status = status.and_then(|status| u16::try_from(status).ok());
    let status = status
        .filter(|status| (400..600).contains(status))
        .unwrap_or(500);
    let code = text(record, "code")
        .filter(|code| is_code(code))
        .unwrap_or("error");
    Error::from_status(status)
        .code(code.to_owned())
        .message(text(record, "message").unwrap_or("error").to_owned())
}

/// The fields of a `std.Error.Validation`; entries that lack one of their texts are
/// passed over.
fn fields(record: Obj<'_>) -> Vec<FieldProblem> {
    let Some(index) = record.desc().field_index("fields") else {
        return Vec::new();
    };
    let Some(list) = record.field(index).as_kind(Kind::List) else {
        return Vec::new();
    };
    let entries = list.list().iter().filter_map(|entry| {
        let entry = entry.as_kind(Kind::Record)?;
        let code = text(entry, "code")?;
        Some(FieldProblem {
            path: text(entry, "path")?.to_owned(),
            code: if is_field_code(code) {
                Cow::Owned(code.to_owned())
            } else {
                Cow::Borrowed(INVALID_VALUE)
            },
            message: text(entry, "message")?.to_owned(),
        })
    });
    entries.collect()
}
