//! The records that exist without a declaration.

use crate::{
    param::DefaultValue,
    type_spec::TypeSpec::{self, Bytes, Int, List, Map, Option as Opt, String as Text},
};

/// The row of a built-in record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u16)]
pub enum RecordId {
    /// `http.Response`.
    HttpResponse,
    /// `http.Error`.
    HttpError,
    /// `db.Error`.
    DbError,
    /// `testing.Response`, in test blocks only.
    TestingResponse,
    /// `std.Error`.
    StdError,
    /// `std.Error.ValidationField`.
    ValidationField,
    /// `std.Error.Validation`.
    Validation,
    /// `std.Error.BadRequest`.
    BadRequest,
    /// `std.Error.Unauthorized`.
    Unauthorized,
    /// `std.Error.Forbidden`.
    Forbidden,
    /// `std.Error.NotFound`.
    NotFound,
    /// `std.Error.Conflict`.
    Conflict,
}

impl RecordId {
    /// The row.
    #[must_use]
    pub const fn record(self) -> &'static Record {
        &RECORDS[self as usize]
    }
}

/// How an error value shows on the wire when a route ends with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorMapping {
    /// As an internal error, whatever it holds.
    Internal,
    /// With this status and code.
    Fixed {
        /// The HTTP status.
        status: u16,
        /// The code of the error envelope.
        code: &'static str,
        /// The message when the value has none.
        message: &'static str,
    },
    /// With the status and code in its fields.
    ByFields,
}

/// A field of a built-in record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: TypeSpec,
    /// Its value when a construction leaves it out.
    pub default: Option<DefaultValue>,
}

/// A record that exists without a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// Its number.
    pub id: RecordId,
    /// Its name as a program writes it.
    pub path: &'static str,
    /// Other spellings of the name.
    pub aliases: &'static [&'static str],
    /// The name alone, as values show it.
    pub name: &'static str,
    /// Its fields, in order.
    pub fields: &'static [Field],
    /// Whether it may stand after `!` in a result.
    pub is_domain: bool,
    /// What a route that ends with it answers.
    pub mapping: ErrorMapping,
    /// Whether only test blocks know it.
    pub test_only: bool,
    /// What it is, in one line.
    pub doc: &'static str,
}

const fn field(name: &'static str, ty: TypeSpec) -> Field {
    Field {
        name,
        ty,
        default: None,
    }
}

const fn defaulted(name: &'static str, ty: TypeSpec, default: DefaultValue) -> Field {
    Field {
        name,
        ty,
        default: Some(default),
    }
}

const MESSAGE_ONLY: &[Field] = &[field("message", Text)];

const fn std_error(
    id: RecordId,
    path: &'static str,
    name: &'static str,
    mapping: ErrorMapping,
    doc: &'static str,
) -> Record {
    Record {
        id,
        path,
        aliases: &[],
        name,
        fields: MESSAGE_ONLY,
        is_domain: true,
        mapping,
        test_only: false,
        doc,
    }
}

const fn fixed(status: u16, code: &'static str, message: &'static str) -> ErrorMapping {
    ErrorMapping::Fixed {
        status,
        code,
        message,
    }
}

/// Every built-in record, at the index of its id.
pub static RECORDS: [Record; 12] = [
    Record {
        id: RecordId::HttpResponse,
        path: "http.Response",
        aliases: &["http.response"],
        name: "Response",
        fields: &[
            field("method", Text),
            field("url", Text),
            field("status", Int),
            field("headers", Map(&Text, &Text)),
            field("body", Text),
            field("body_bytes", Bytes),
        ],
        is_domain: false,
        mapping: ErrorMapping::Internal,
        test_only: false,
        doc: "The answer of another server, with lower-case header names.",
    },
    Record {
        id: RecordId::HttpError,
        path: "http.Error",
        aliases: &["http.error"],
        name: "Error",
        fields: &[
            field("code", Text),
            field("message", Text),
            field("method", Text),
            field("url", Text),
            field("status", Opt(&Int)),
            field("headers", Map(&Text, &Text)),
            field("body", Opt(&Text)),
        ],
        is_domain: true,
        mapping: ErrorMapping::Internal,
        test_only: false,
        doc: "Why a call to another server did not give a success.",
    },
    Record {
        id: RecordId::DbError,
        path: "db.Error",
        aliases: &[],
        name: "Error",
        fields: &[field("code", Text), field("message", Text)],
        is_domain: true,
        mapping: ErrorMapping::Internal,
        test_only: false,
        doc: "Why the database refused a statement.",
    },
    Record {
        id: RecordId::TestingResponse,
        path: "testing.Response",
        aliases: &[],
        name: "Response",
        fields: &[
            field("status", Int),
            field("headers", Map(&Text, &Text)),
            field("body", Text),
        ],
        is_domain: false,
        mapping: ErrorMapping::Internal,
        test_only: true,
        doc: "What a route answered to a test.",
    },
    Record {
        id: RecordId::StdError,
        path: "std.Error",
        aliases: &["Error", "std.Error.Error"],
        name: "Error",
        fields: &[
            defaulted("code", Text, DefaultValue::Text("error")),
            field("message", Text),
            defaulted("status", Int, DefaultValue::Int(500)),
        ],
        is_domain: true,
        mapping: ErrorMapping::ByFields,
        test_only: false,
        doc: "An error that chooses its own status and code.",
    },
    Record {
        id: RecordId::ValidationField,
        path: "std.Error.ValidationField",
        aliases: &[],
        name: "ValidationField",
        fields: &[
            field("path", Text),
            field("code", Text),
            field("message", Text),
        ],
        is_domain: false,
        mapping: ErrorMapping::Internal,
        test_only: false,
        doc: "One place where data is not what its type says.",
    },
    Record {
        id: RecordId::Validation,
        path: "std.Error.Validation",
        aliases: &[],
        name: "Validation",
        fields: &[
            field("message", Text),
            field("fields", List(&TypeSpec::Record(RecordId::ValidationField))),
        ],
        is_domain: true,
        mapping: fixed(400, "validation_error", "validation failed"),
        test_only: false,
        doc: "Data that is not what its type says, with every failing field.",
    },
    std_error(
        RecordId::BadRequest,
        "std.Error.BadRequest",
        "BadRequest",
        fixed(400, "bad_request", "bad request"),
        "The request cannot be understood.",
    ),
    std_error(
        RecordId::Unauthorized,
        "std.Error.Unauthorized",
        "Unauthorized",
        fixed(401, "unauthorized", "unauthorized"),
        "Nobody is signed in.",
    ),
    std_error(
        RecordId::Forbidden,
        "std.Error.Forbidden",
        "Forbidden",
        fixed(403, "forbidden", "forbidden"),
        "Whoever is signed in may not do this.",
    ),
    std_error(
        RecordId::NotFound,
        "std.Error.NotFound",
        "NotFound",
        fixed(404, "not_found", "not found"),
        "There is no such thing.",
    ),
    std_error(
        RecordId::Conflict,
        "std.Error.Conflict",
        "Conflict",
        fixed(409, "conflict", "conflict"),
        "The change does not fit the state of things.",
    ),
];

/// The record a program means by this path, aliases included.
#[must_use]
pub fn find_record(path: &str) -> Option<&'static Record> {
    RECORDS
        .iter()
        .find(|record| record.path == path || record.aliases.contains(&path))
}
