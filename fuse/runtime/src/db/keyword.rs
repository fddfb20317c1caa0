//! Names in statements.

use crate::fault::{Fault, FaultCode, Outcome};

/// Words of SQL that no name can be without quotes, in SQLite or PostgreSQL,
/// sorted.
const KEYWORDS: [&str; 103] = [
    "add",
    "all",
    "alter",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "autoincrement",
    "between",
    "both",
    "by",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "commit",
    "constraint",
    "create",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "deferred",
    "delete",
    "desc",
    "distinct",
    "do",
    "drop",
    "else",
    "end",
    "escape",
    "except",
    "exists",
    "explain",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "if",
    "ilike",
    "in",
    "index",
    "initially",
    "inner",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "set",
    "similar",
    "some",
    "table",
    "then",
    "to",
    "trailing",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "user",
    "using",
    "values",
    "when",
];
/// The rest of them, sorted too.
const MORE: [&str; 3] = ["where", "window", "with"];

/// A name of a table or column, or a column behind its table, ready to stand
/// in a statement.
///
/// # Errors
///
/// It is none.
pub(super) fn identifier(text: &str) -> Outcome<String> {
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() > 2 || !parts.iter().all(|part| is_name(part)) {
        return Err(Fault::new(
            FaultCode::InvalidArguments,
            format!("invalid identifier {text}"),
        ));
    }
    let quoted = parts.iter().map(|part| {
        let lower = part.to_ascii_lowercase();
        let word = lower.as_str();
        if KEYWORDS.binary_search(&word).is_ok() || MORE.binary_search(&word).is_ok() {
            format!("\"{part}\"")
        } else {
            (*part).to_owned()
        }
    });
    Ok(quoted.collect::<Vec<_>>().join("."))
}

fn is_name(part: &str) -> bool {
    let mut bytes = part.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_in_order() {
        assert!(KEYWORDS.is_sorted());
        assert!(MORE.is_sorted());
    }

    #[test]
    fn names_are_names() {
        for (text, shown) in [
            ("title", "title"),
            ("notes.id", "notes.id"),
            ("order", "\"order\""),
            ("Group.where", "\"Group\".\"where\""),
        ] {
            assert_eq!(identifier(text).unwrap(), shown);
        }
        for text in ["", "1a", "a.b.c", "n; drop", "a b", "a.", "ä", "a\"b"] {
            let fault = identifier(text).unwrap_err();
            assert_eq!(fault.message(), format!("invalid identifier {text}"));
        }
    }
}
