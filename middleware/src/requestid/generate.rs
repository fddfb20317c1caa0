use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use plumego_contract::RequestId;

use super::{random, uuid};
use crate::hex;
use crate::{ConfigError, ConfigErrorKind};

/// Longest prefix, in bytes; with the digits an id stays below its limit.
const PREFIX_BYTES_MAX: usize = 64;

/// Makes request ids. Closures `Fn() -> Option<RequestId>` do.
pub trait RequestIdGenerator: Send + Sync + 'static {
    /// A new id; `None` asks for the default one. Called on the path of every
    /// request, so it must not block.
    fn generate(&self) -> Option<RequestId>;
}

impl<F: Fn() -> Option<RequestId> + Send + Sync + 'static> RequestIdGenerator for F {
    fn generate(&self) -> Option<RequestId> {
        self()
    }
}

/// UUIDs of version 7 (RFC 9562) in their text form of 36 bytes: sortable by
/// the millisecond, 74 random bits, unique across replicas. The default.
#[derive(Clone, Copy, Debug, Default)]
pub struct UuidGenerator;

impl RequestIdGenerator for UuidGenerator {
    fn generate(&self) -> Option<RequestId> {
        Some(uuid::generate())
    }
}

/// A prefix and 32 lower-case hexadecimal digits of 128 random bits.
///
/// ```
/// use plumego_middleware::requestid::{PrefixedGenerator, RequestIdGenerator};
///
/// let id = PrefixedGenerator::new("req-").unwrap().generate().unwrap();
/// assert!(id.as_str().starts_with("req-"));
/// assert_eq!(id.as_str().len(), 36);
/// ```
#[derive(Clone, Debug)]
pub struct PrefixedGenerator {
    prefix: String,
}

impl PrefixedGenerator {
    /// A generator with this prefix.
    ///
    /// # Errors
    /// When the prefix is longer than 64 bytes or not visible ASCII.
    pub fn new(prefix: impl Into<String>) -> Result<Self, ConfigError> {
        let prefix = checked(prefix.into())?;
        Ok(Self { prefix })
    }
}

impl RequestIdGenerator for PrefixedGenerator {
    fn generate(&self) -> Option<RequestId> {
        let numbers = [random::next(), random::next()].map(u64::to_be_bytes);
        joined(
            &self.prefix,
            hex::text(numbers.as_flattened(), &mut [0; 32]),
        )
    }
}

/// A prefix and a count in 16 hexadecimal digits, from 1; for tests.
///
/// ```
/// use plumego_middleware::requestid::{RequestIdGenerator, SequentialGenerator};
///
/// let ids = SequentialGenerator::new("t-").unwrap();
/// assert_eq!(ids.generate().unwrap().as_str(), "t-0000000000000001");
/// assert_eq!(ids.generate().unwrap().as_str(), "t-0000000000000002");
/// ```
pub struct SequentialGenerator {
    prefix: String,
    last: AtomicU64,
}

impl SequentialGenerator {
    /// A generator with this prefix.
    ///
    /// # Errors
    /// When the prefix is longer than 64 bytes or not visible ASCII.
    pub fn new(prefix: impl Into<String>) -> Result<Self, ConfigError> {
        Ok(Self {
            prefix: checked(prefix.into())?,
            last: AtomicU64::new(0),
        })
    }
}

impl RequestIdGenerator for SequentialGenerator {
    fn generate(&self) -> Option<RequestId> {
        let number = self.last.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        joined(&self.prefix, hex::text(&number.to_be_bytes(), &mut [0; 16]))
    }
}

impl fmt::Debug for SequentialGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SequentialGenerator")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

fn checked(prefix: String) -> Result<String, ConfigError> {
    if prefix.len() <= PREFIX_BYTES_MAX && prefix.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(prefix);
    }
    Err(ConfigError::new(
        ConfigErrorKind::Invalid,
        "requestid",
        "prefix",
        "must be at most 64 bytes of visible ASCII without spaces",
    ))
}

fn joined(prefix: &str, digits: &str) -> Option<RequestId> {
    RequestId::parse([prefix, digits].concat()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_checked() {
        assert!(PrefixedGenerator::new("").is_ok());
        assert!(PrefixedGenerator::new("x".repeat(64)).is_ok());
        assert!(SequentialGenerator::new("x".repeat(65)).is_err());
        let error = PrefixedGenerator::new("two words").unwrap_err();
        assert_eq!(
            error.to_string(),
            "middleware requestid: option `prefix` must be at most 64 bytes of visible ASCII \
             without spaces"
        );
    }

    #[test]
    fn the_longest_prefix_still_gives_an_id() {
        let generator = PrefixedGenerator::new("x".repeat(64)).unwrap();
        assert_eq!(generator.generate().unwrap().as_str().len(), 96);
    }
}
