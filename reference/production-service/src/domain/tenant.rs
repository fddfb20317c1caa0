use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest id, in bytes.
const ID_BYTES_MAX: usize = 255;

/// Who a request is served for; it exists only checked.
///
/// 1 to 255 ASCII letters, digits, `-`, `_` and `.`, and neither `.` nor `..`,
/// so that it is one harmless word in paths, logs and labels. Compared exactly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TenantId(String);

/// Text that is no id of a tenant. It is not repeated, since it may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a tenant id has 1 to {ID_BYTES_MAX} ASCII letters, digits, `-`, `_` or `.`")]
pub(crate) struct InvalidTenantId;

impl TenantId {
    /// Reads an id.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidTenantId> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let is_id = (1..=ID_BYTES_MAX).contains(&text.len())
            && text.bytes().all(is_plain)
            && !matches!(text, "." | "..");
        is_id.then(|| Self(text.to_owned())).ok_or(InvalidTenantId)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantId {
    type Error = InvalidTenantId;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_one_harmless_word() {
        let longest = "t".repeat(ID_BYTES_MAX);
        for good in ["a", "tenant-a", "T_1.x", "...", &longest] {
            assert_eq!(
                TenantId::parse(good).map(|id| id.to_string()).as_deref(),
                Ok(good)
            );
        }
        let longer = format!("{longest}t");
        for bad in [
            "", ".", "..", " a", "a b", "a/b", "a:b", "<a>", "a\n", "a\0", "é", "a,b", &longer,
        ] {
            assert_eq!(TenantId::parse(bad), Err(InvalidTenantId), "{bad:?}");
        }
        assert_ne!(TenantId::parse("a"), TenantId::parse("A"));
    }
}
