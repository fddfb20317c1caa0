//! Label keys that may not exist, whatever their value.

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

/// Parts of a key that mark a secret; the list the log root redacts by.
const SECRET_PARTS: [&str; 17] = [
    "token",
    "secret",
    "signature",
    "password",
    "passwd",
    "passphrase",
    "authorization",
    "cookie",
    "credential",
    "api_key",
    "apikey",
    "api-key",
    "private_key",
    "access_key",
    "session_id",
    "dsn",
    "connection_string",
];

/// Keys that hold a secret part in their name and are harmless.
const HARMLESS: [&str; 8] = [
    "token_type",
    "token_count",
    "max_tokens",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "tokens_used",
    "password_policy",
];

/// Whether a label of that key is refused, in any case of letters.
pub(crate) fn is_forbidden_label(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    if HARMLESS.contains(&key.as_str()) {
        return false;
    }
    UNBOUNDED.contains(&key.as_str()) || SECRET_PARTS.iter().any(|part| key.contains(part))
}
