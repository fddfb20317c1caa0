//! Codes on the wire: their grammar, the refinements the stable roots own, and
//! the declaration of codes elsewhere.

use super::kind::ErrorKind;

/// Longest code on the wire, in bytes.
pub const CODE_BYTES_MAX: usize = 64;

/// A code together with the kind it refines. Declared with
/// [`error_code!`](crate::error_code), never built at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode {
    /// Lower snake case, at most [`CODE_BYTES_MAX`] bytes.
    pub code: &'static str,
    /// The kind whose status and category apply.
    pub kind: ErrorKind,
}

/// True when `text` is `[a-z][a-z0-9]*(_[a-z0-9]+)*` and at most 64 bytes.
#[must_use]
pub const fn is_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > CODE_BYTES_MAX || !bytes[0].is_ascii_lowercase() {
        return false;
    }
    let mut i = 1;
    while i < bytes.len() {
        let b = bytes[i];
        let word = b.is_ascii_lowercase() || b.is_ascii_digit();
        let joint = b == b'_' && bytes[i - 1] != b'_' && i + 1 < bytes.len();
        if !word && !joint {
            return false;
        }
        i += 1;
    }
    true
}

/// True when `text` is a field code: `[a-z][a-z0-9_]*(:[a-z0-9_]+)?`, at most
/// 64 bytes (`required`, `one_of`, `custom:vat_id`).
#[must_use]
pub fn is_field_code(text: &str) -> bool {
    if text.len() > CODE_BYTES_MAX {
        return false;
    }
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let (rule, detail) = match text.split_once(':') {
        Some((rule, detail)) => (rule, Some(detail)),
        None => (text, None),
    };
    rule.starts_with(|c: char| c.is_ascii_lowercase())
        && rule.bytes().all(word)
        && detail.is_none_or(|d| !d.is_empty() && d.bytes().all(word))
}

impl ErrorCode {
    /// Checks a declaration; evaluated at compile time by
    /// [`error_code!`](crate::error_code).
    ///
    /// # Panics
    /// At compile time, when the code does not fit the grammar or the kind is a
    /// validation kind (what was wrong with an input is a field code).
    #[must_use]
    pub const fn declare(code: &'static str, kind: ErrorKind) -> Self {
        assert!(
            is_code(code),
            "an error code is lower snake case, at most 64 bytes"
        );
        assert!(
            !kind.is_validation(),
            "validation kinds take no refinement; use a field code"
        );
        Self { code, kind }
    }
}

/// Declares an error code as a constant. Grammar and kind are checked when the
/// program is compiled.
///
/// ```
/// use plumego_contract::{Error, error_code};
///
/// error_code!(
///     /// The item was archived and will not come back.
///     pub ITEM_ARCHIVED = "item_archived", Gone
/// );
///
/// let error = Error::coded(&ITEM_ARCHIVED).message("item is archived");
/// assert_eq!(error.status(), 410);
/// assert_eq!(error.code_str(), "item_archived");
/// ```
///
/// ```compile_fail
/// plumego_contract::error_code!(pub BAD = "bad_email", Validation);
/// ```
#[macro_export]
macro_rules! error_code {
    ($(#[$doc:meta])* $vis:vis $name:ident = $code:literal, $kind:ident) => {
        $(#[$doc])*
        $vis const $name: $crate::ErrorCode =
            $crate::ErrorCode::declare($code, $crate::ErrorKind::$kind);
    };
}

error_code!(
    /// The client closed or broke the body.
    pub REQUEST_BODY_INCOMPLETE = "request_body_incomplete", BadRequest
);
error_code!(
    /// A multipart part is larger than its limit.
    pub PART_TOO_LARGE = "part_too_large", PayloadTooLarge
);
error_code!(
    /// Dot segments or broken percent-encoding in the request target.
    pub INVALID_REQUEST_TARGET = "invalid_request_target", BadRequest
);
error_code!(
    /// The handler's deadline passed.
    pub DEADLINE_EXCEEDED = "deadline_exceeded", GatewayTimeout
);
error_code!(
    /// Concurrency limit reached and its queue full.
    pub SERVER_BUSY = "server_busy", Unavailable
);
error_code!(
    /// Waited too long in the queue of the concurrency limit.
    pub SERVER_QUEUE_TIMEOUT = "server_queue_timeout", Unavailable
);
error_code!(
    /// Request on a reused connection after the drain started.
    pub SERVER_DRAINING = "server_draining", Unavailable
);
error_code!(
    /// A component that readiness depends on is not ready.
    pub COMPONENT_UNHEALTHY = "component_unhealthy", Unavailable
);
error_code!(
    /// The upstream request that others waited for failed.
    pub UPSTREAM_FAILED = "upstream_failed", BadGateway
);

/// Codes of entries in `fields[]`, shared by every producer.
pub mod field {
    /// Required input absent, or `null` where not allowed.
    pub const MISSING_FIELD: &str = "missing_field";
    /// Input not declared.
    pub const UNKNOWN_FIELD: &str = "unknown_field";
    /// Key or parameter given more than once where one is allowed.
    pub const DUPLICATE_FIELD: &str = "duplicate_field";
    /// Wrong JSON type, or text that does not parse as the target type.
    pub const TYPE_MISMATCH: &str = "type_mismatch";
    /// Violates a rule that has no more specific code.
    pub const INVALID_VALUE: &str = "invalid_value";
    /// Right type, wrong form.
    pub const INVALID_FORMAT: &str = "invalid_format";
    /// Number outside its range, or too large for the target integer.
    pub const OUT_OF_RANGE: &str = "out_of_range";
    /// Too few characters or items.
    pub const TOO_SHORT: &str = "too_short";
    /// Too many characters or bytes.
    pub const TOO_LONG: &str = "too_long";
    /// Not exactly the required length.
    pub const INVALID_LENGTH: &str = "invalid_length";
    /// Too many items, pairs or parts.
    pub const TOO_MANY: &str = "too_many";
    /// Nesting limit exceeded.
    pub const TOO_DEEP: &str = "too_deep";
    /// Unknown enum tag.
    pub const INVALID_VARIANT: &str = "invalid_variant";
    /// The document is not JSON.
    pub const INVALID_JSON: &str = "invalid_json";
    /// Invalid UTF-8, percent-encoding or base64.
    pub const INVALID_ENCODING: &str = "invalid_encoding";
    /// Value collides with existing state.
    pub const CONFLICT: &str = "conflict";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_grammar() {
        for good in ["a", "not_found", "x1_2y", &"a".repeat(64)] {
            assert!(is_code(good), "{good}");
        }
        for bad in [
            "",
            "_a",
            "a_",
            "a__b",
            "1a",
            "A",
            "a-b",
            "é",
            &"a".repeat(65),
        ] {
            assert!(!is_code(bad), "{bad}");
        }
    }

    #[test]
    fn field_code_grammar() {
        for good in ["required", "one_of", "custom:vat_id", "min"] {
            assert!(is_field_code(good), "{good}");
        }
        for bad in ["", "custom:", ":x", "Min", "a:b:c", "a b"] {
            assert!(!is_field_code(bad), "{bad}");
        }
    }
}
