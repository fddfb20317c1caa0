//! Types that every program has.

use fuse_builtins::RecordId;

use super::{Field, FieldDefault, Kind, Link, Slot, TypeDesc};
use crate::heap::HEADER_SIZE;

/// `Never`
pub static NEVER: TypeDesc = TypeDesc::plain(Kind::Never, Slot::Unit);
/// `Unit`
pub static UNIT: TypeDesc = TypeDesc::plain(Kind::Unit, Slot::Unit);
/// `Bool`
pub static BOOL: TypeDesc = TypeDesc::plain(Kind::Bool, Slot::Bool);
/// `Int`
pub static INT: TypeDesc = TypeDesc::plain(Kind::Int, Slot::Int);
/// `Float`
pub static FLOAT: TypeDesc = TypeDesc::plain(Kind::Float, Slot::Float);
/// `String`; also the type in the header of every text object.
pub static STRING: TypeDesc = TypeDesc::plain(Kind::String, Slot::Ref);
/// `Id`
pub static ID: TypeDesc = TypeDesc::plain(Kind::Id, Slot::Ref);
/// `Email`
pub static EMAIL: TypeDesc = TypeDesc::plain(Kind::Email, Slot::Ref);
/// `Bytes`
pub static BYTES: TypeDesc = TypeDesc::plain(Kind::Bytes, Slot::Ref);
/// `Html`
pub static HTML: TypeDesc = TypeDesc::plain(Kind::Html, Slot::Ref);
/// `Value`
pub static VALUE: TypeDesc = TypeDesc::plain(Kind::Value, Slot::Dyn);
/// `Query`
pub static QUERY: TypeDesc = TypeDesc::plain(Kind::Query, Slot::Ref);
/// A function value; parameters and result are the checker's affair.
pub static FUNC: TypeDesc = TypeDesc::plain(Kind::Func, Slot::Ref);

/// `Bool?`
pub static OPTION_BOOL: TypeDesc = TypeDesc::holding(Kind::Option, Slot::OptBool, &BOOL);
/// `Int?`
pub static OPTION_INT: TypeDesc = TypeDesc::holding(Kind::Option, Slot::OptInt, &INT);
/// `Float?`
pub static OPTION_FLOAT: TypeDesc = TypeDesc::holding(Kind::Option, Slot::OptFloat, &FLOAT);
/// `String?`
pub static OPTION_STRING: TypeDesc = TypeDesc::holding(Kind::Option, Slot::OptRef, &STRING);
/// `Bytes?`
pub static OPTION_BYTES: TypeDesc = TypeDesc::holding(Kind::Option, Slot::OptRef, &BYTES);

/// `List<Int>`
pub static LIST_INT: TypeDesc = TypeDesc::holding(Kind::List, Slot::Ref, &INT);
/// `List<Float>`
pub static LIST_FLOAT: TypeDesc = TypeDesc::holding(Kind::List, Slot::Ref, &FLOAT);
/// `List<String>`
pub static LIST_STRING: TypeDesc = TypeDesc::holding(Kind::List, Slot::Ref, &STRING);
/// `List<Html>`
pub static LIST_HTML: TypeDesc = TypeDesc::holding(Kind::List, Slot::Ref, &HTML);
/// `List<Value>`
pub static LIST_VALUE: TypeDesc = TypeDesc::holding(Kind::List, Slot::Ref, &VALUE);
/// `List<Map<String, Value>>`
pub static LIST_MAP: TypeDesc = TypeDesc::holding(Kind::List, Slot::Ref, &MAP_VALUE);

/// `Map<String, String>`
pub static MAP_STRING: TypeDesc = map(&STRING);
/// `Map<String, String?>`: the attributes of an element; null is a bare name.
pub static MAP_OPTION_STRING: TypeDesc = map(&OPTION_STRING);
/// `Map<String, Value>`
pub static MAP_VALUE: TypeDesc = map(&VALUE);

/// The types above that contain others.
pub(super) static CONTAINERS: [&TypeDesc; 15] = [
    &OPTION_BOOL,
    &OPTION_INT,
    &OPTION_FLOAT,
    &OPTION_STRING,
    &OPTION_BYTES,
    &LIST_INT,
    &LIST_FLOAT,
    &LIST_STRING,
    &LIST_HTML,
    &LIST_VALUE,
    &LIST_MAP,
    &LIST_VALIDATION_FIELD,
    &MAP_STRING,
    &MAP_OPTION_STRING,
    &MAP_VALUE,
];

const fn map(elem: &'static TypeDesc) -> TypeDesc {
    let mut desc = TypeDesc::holding(Kind::Map, Slot::Ref, elem);
    desc.key = Link::to(&STRING);
    desc
}

/// A field of a record in a constant; offsets are filled in by [`place`].
const fn field(name: &'static str, json_key: &'static str, ty: &'static TypeDesc) -> Field {
    Field {
        name,
        json_key,
        doc: "",
        ty: Link::to(ty),
        default: FieldDefault::None,
        offset: 0,
        secret: false,
    }
}

/// Puts fields one after the other. All of them take whole words here.
const fn place<const N: usize>(mut fields: [Field; N], words: [usize; N]) -> [Field; N] {
    let mut offset = HEADER_SIZE;
    let mut index = 0;
    while index < N {
        fields[index].offset = offset as u32;
        offset += words[index] * 8;
        index += 1;
    }
    fields
}

const fn record(
    name: &'static str,
    builtin: Option<RecordId>,
    words: usize,
    fields: &'static [Field],
    sorted: &'static [u32],
) -> TypeDesc {
    let mut desc = TypeDesc::plain(Kind::Record, Slot::Ref);
    desc.name = name;
    desc.builtin = builtin;
    desc.size = (HEADER_SIZE + words * 8) as u32;
    desc.fields = fields;
    desc.sorted = sorted;
    desc
}

static ERROR_FIELDS: [Field; 3] = {
    let mut code = field("code", "\"code\":", &STRING);
    code.default = FieldDefault::Text("error");
    let mut status = field("status", "\"status\":", &INT);
    status.default = FieldDefault::Int(500);
    place(
        [code, field("message", "\"message\":", &STRING), status],
        [1; 3],
    )
};
/// `std.Error`
pub static ERROR: TypeDesc = record(
    "Error",
    Some(RecordId::StdError),
    3,
    &ERROR_FIELDS,
    &[0, 1, 2],
);

static VALIDATION_FIELD_FIELDS: [Field; 3] = place(
    [
        field("path", "\"path\":", &STRING),
        field("code", "\"code\":", &STRING),
        field("message", "\"message\":", &STRING),
    ],
    [1; 3],
);
/// `std.Error.ValidationField`
pub static VALIDATION_FIELD: TypeDesc = record(
    "ValidationField",
    Some(RecordId::ValidationField),
    3,
    &VALIDATION_FIELD_FIELDS,
    &[1, 2, 0],
);
/// `List<std.Error.ValidationField>`
pub static LIST_VALIDATION_FIELD: TypeDesc =
    TypeDesc::holding(Kind::List, Slot::Ref, &VALIDATION_FIELD);

static VALIDATION_FIELDS: [Field; 2] = place(
    [
        field("message", "\"message\":", &STRING),
        field("fields", "\"fields\":", &LIST_VALIDATION_FIELD),
    ],
    [1; 2],
);
/// `std.Error.Validation`
pub static VALIDATION: TypeDesc = record(
    "Validation",
    Some(RecordId::Validation),
    2,
    &VALIDATION_FIELDS,
    &[1, 0],
);

static MESSAGE_FIELDS: [Field; 1] = place([field("message", "\"message\":", &STRING)], [1]);
const fn message_only(name: &'static str, id: RecordId) -> TypeDesc {
    record(name, Some(id), 1, &MESSAGE_FIELDS, &[0])
}
/// `std.Error.BadRequest`
pub static BAD_REQUEST: TypeDesc = message_only("BadRequest", RecordId::BadRequest);
/// `std.Error.Unauthorized`
pub static UNAUTHORIZED: TypeDesc = message_only("Unauthorized", RecordId::Unauthorized);
/// `std.Error.Forbidden`
pub static FORBIDDEN: TypeDesc = message_only("Forbidden", RecordId::Forbidden);
/// `std.Error.NotFound`
pub static NOT_FOUND: TypeDesc = message_only("NotFound", RecordId::NotFound);
/// `std.Error.Conflict`
pub static CONFLICT: TypeDesc = message_only("Conflict", RecordId::Conflict);

static HTTP_RESPONSE_FIELDS: [Field; 6] = place(
    [
        field("method", "\"method\":", &STRING),
        field("url", "\"url\":", &STRING),
        field("status", "\"status\":", &INT),
        field("headers", "\"headers\":", &MAP_STRING),
        field("body", "\"body\":", &STRING),
        field("body_bytes", "\"body_bytes\":", &BYTES),
    ],
    [1; 6],
);
/// `http.Response`
pub static HTTP_RESPONSE: TypeDesc = record(
    "Response",
    Some(RecordId::HttpResponse),
    6,
    &HTTP_RESPONSE_FIELDS,
    &[4, 5, 3, 0, 2, 1],
);

static HTTP_ERROR_FIELDS: [Field; 7] = place(
    [
        field("code", "\"code\":", &STRING),
        field("message", "\"message\":", &STRING),
        field("method", "\"method\":", &STRING),
        field("url", "\"url\":", &STRING),
        field("status", "\"status\":", &OPTION_INT),
        field("headers", "\"headers\":", &MAP_STRING),
        field("body", "\"body\":", &OPTION_STRING),
    ],
    [1, 1, 1, 1, 2, 1, 1],
);
/// `http.Error`
pub static HTTP_ERROR: TypeDesc = record(
    "Error",
    Some(RecordId::HttpError),
    8,
    &HTTP_ERROR_FIELDS,
    &[6, 0, 5, 1, 2, 4, 3],
);

static DB_ERROR_FIELDS: [Field; 2] = place(
    [
        field("code", "\"code\":", &STRING),
        field("message", "\"message\":", &STRING),
    ],
    [1; 2],
);
/// `db.Error`
pub static DB_ERROR: TypeDesc = record(
    "Error",
    Some(RecordId::DbError),
    2,
    &DB_ERROR_FIELDS,
    &[0, 1],
);

static TESTING_RESPONSE_FIELDS: [Field; 3] = place(
    [
        field("status", "\"status\":", &INT),
        field("headers", "\"headers\":", &MAP_STRING),
        field("body", "\"body\":", &STRING),
    ],
    [1; 3],
);
/// `testing.Response`
pub static TESTING_RESPONSE: TypeDesc = record(
    "Response",
    Some(RecordId::TestingResponse),
    3,
    &TESTING_RESPONSE_FIELDS,
    &[2, 1, 0],
);

const fn node(name: &'static str, words: usize, fields: &'static [Field]) -> TypeDesc {
    let mut desc = record(name, None, words, fields, &[]);
    desc.kind = Kind::Html;
    desc
}

static HTML_TEXT_FIELDS: [Field; 1] = place([field("text", "", &STRING)], [1]);
/// A node of markup: text, escaped when rendered.
pub static HTML_TEXT: TypeDesc = node("text", 1, &HTML_TEXT_FIELDS);
/// A node of markup: rendered as it is.
pub static HTML_RAW: TypeDesc = node("raw", 1, &HTML_TEXT_FIELDS);

static HTML_ELEMENT_FIELDS: [Field; 3] = place(
    [
        field("tag", "", &STRING),
        field("attrs", "", &MAP_OPTION_STRING),
        field("children", "", &LIST_HTML),
    ],
    [1; 3],
);
/// A node of markup: tag, attributes and children.
pub static HTML_ELEMENT: TypeDesc = node("element", 3, &HTML_ELEMENT_FIELDS);

/// The type of a built-in record when a program does not extend it.
#[must_use]
pub fn builtin_record(id: RecordId) -> &'static TypeDesc {
    match id {
        RecordId::StdError => &ERROR,
        RecordId::Validation => &VALIDATION,
        RecordId::ValidationField => &VALIDATION_FIELD,
        RecordId::BadRequest => &BAD_REQUEST,
        RecordId::Unauthorized => &UNAUTHORIZED,
        RecordId::Forbidden => &FORBIDDEN,
        RecordId::NotFound => &NOT_FOUND,
        RecordId::Conflict => &CONFLICT,
        RecordId::HttpResponse => &HTTP_RESPONSE,
        RecordId::HttpError => &HTTP_ERROR,
        RecordId::DbError => &DB_ERROR,
        RecordId::TestingResponse => &TESTING_RESPONSE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the tables above say by hand is what a computation says.
    #[test]
    fn layouts_and_orders_agree_with_the_fields() {
        let records = [
            &ERROR,
            &VALIDATION_FIELD,
            &VALIDATION,
            &BAD_REQUEST,
            &HTTP_RESPONSE,
            &HTTP_ERROR,
            &DB_ERROR,
            &TESTING_RESPONSE,
        ];
        for desc in records {
            let mut offset = HEADER_SIZE;
            for field in desc.fields {
                assert_eq!(field.offset as usize, offset, "{desc}.{}", field.name);
                assert_eq!(field.json_key, format!("\"{}\":", field.name));
                offset += field.desc().slot.size();
            }
            assert_eq!(desc.size as usize, offset, "{desc}");
            let sorted: Vec<_> = desc
                .sorted
                .iter()
                .map(|at| desc.fields[*at as usize].name)
                .collect();
            let mut expected: Vec<_> = desc.fields.iter().map(|field| field.name).collect();
            expected.sort_unstable();
            assert_eq!(sorted, expected, "{desc}");
        }
    }
}
