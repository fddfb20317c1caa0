//! How long an entry lives.

use std::time::Duration;

/// How long an entry lives after it was written.
///
/// An entry is expired from the moment `now >= expires_at`. A lifetime of zero
/// is refused by every store, since it would mean "never stored".
///
/// ```
/// use std::time::Duration;
/// use plumego_store::Ttl;
///
/// assert_eq!(Ttl::from(Duration::from_secs(30)), Ttl::After(Duration::from_secs(30)));
/// assert!(Ttl::After(Duration::ZERO).check().is_err());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ttl {
    /// What the store is configured for; a store without a default keeps the
    /// entry.
    #[default]
    Default,
    /// Until it is removed.
    Never,
    /// This long. Zero is an error.
    After(Duration),
}

/// A lifetime of zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lifetime of zero stores nothing: delete the key, or ask for `Ttl::Never`")]
pub struct InvalidTtl;

impl Ttl {
    /// Refuses a lifetime of zero.
    ///
    /// # Errors
    ///
    /// If it is `After` zero.
    pub const fn check(self) -> Result<Self, InvalidTtl> {
        match self {
            Self::After(lifetime) if lifetime.is_zero() => Err(InvalidTtl),
            checked => Ok(checked),
        }
    }

    /// The lifetime, where `default` stands for [`Ttl::Default`]; `None` is
    /// forever.
    #[must_use]
    pub const fn resolve(self, default: Option<Duration>) -> Option<Duration> {
        match self {
            Self::Default => default,
            Self::Never => None,
            Self::After(lifetime) => Some(lifetime),
        }
    }
}

impl From<Duration> for Ttl {
    fn from(lifetime: Duration) -> Self {
        Self::After(lifetime)
    }
}
