//! Label keys that may not exist, whatever their value.

use std::sync::LazyLock;

use plumego_log::Redactor;

/// Identity of a person or a request, and data without bound.
const UNBOUNDED: [&str; 8] = [
    "user_id",
    "email",
    "ip",
    "query",
    "url",
    "request_id",
    "trace_id",
    "session_id",
];

/// What logs mask is no dimension either: one list for both.
static SECRETS: LazyLock<Redactor> = LazyLock::new(Redactor::standard);

/// Whether a label of that key is refused, in any case of letters.
pub(crate) fn is_forbidden_label(key: &str) -> bool {
    UNBOUNDED.iter().any(|name| name.eq_ignore_ascii_case(key)) || SECRETS.is_secret_key(key)
}
