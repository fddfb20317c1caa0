//! Passwords: hashing that is slow on purpose, and a policy for new ones.
//!
//! New hashes are Argon2id in PHC string form (RFC 9106 and the PHC string
//! format); PBKDF2-HMAC-SHA512 is there for environments that demand it, and to
//! verify what older systems stored. A hash that is weaker than configured
//! verifies and says [`needs_rehash`](Verified::needs_rehash), so that a login
//! can replace it.
//!
//! Derivation runs on the blocking pool, as many at a time as configured; more
//! than a bounded number of waiters is [`PasswordError::Busy`], so that a flood
//! of logins exhausts neither memory nor threads.
//!
//! ```
//! use plumego_security::password::{HashConfig, PasswordError, PasswordHasher};
//! use plumego_security::secret::SecretString;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), PasswordError> {
//! let hasher = PasswordHasher::new(HashConfig::default())?;
//! let stored = hasher.hash(SecretString::from("correct horse")).await?;
//!
//! let login = hasher.verify(&stored, SecretString::from("correct horse")).await?;
//! assert!(!login.needs_rehash); // else: hash again, and store that
//! let wrong = hasher.verify(&stored, SecretString::from("battery staple")).await;
//! assert!(matches!(wrong, Err(PasswordError::Mismatch)));
//! # Ok(()) }
//! ```
//!
//! A login for a name that does not exist calls
//! [`PasswordHasher::verify_unknown_user`], which takes as long as a wrong
//! password does.

mod config;
mod derive;
mod gate;
mod hasher;
mod most_used;
mod policy;
mod stored;

pub use config::{Argon2Cost, HashConfig, Pbkdf2Cost, Peppers, Scheme};
pub use hasher::{PasswordHasher, Verified};
pub use most_used::CommonPasswords;
pub use policy::{Blocklist, PasswordPolicy, PolicyViolation};

use crate::secret::EntropyError;

/// Longest password that is hashed or verified, in bytes.
pub const PASSWORD_BYTES_MAX: usize = 4096;

/// Why a password was not hashed or did not verify.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// A cost outside the bounds: below what is safe to configure, or above
    /// what a stranger's hash may make this process spend.
    #[error("the cost is outside its bounds")]
    InvalidCost,
    /// A stored hash that cannot be read or is outside the bounds; its text is
    /// not repeated.
    #[error("the stored hash is not usable: {reason}")]
    InvalidHash {
        /// What is wrong with it.
        reason: &'static str,
        /// [`PasswordError::InvalidCost`], when that is what is wrong.
        #[source]
        source: Option<Box<Self>>,
    },
    /// The password is wrong.
    #[error("the password does not match")]
    Mismatch,
    /// The password is longer than [`PASSWORD_BYTES_MAX`].
    #[error("the password is longer than {PASSWORD_BYTES_MAX} bytes")]
    TooLong,
    /// Too many derivations wait or there is no memory for one; answer 503.
    #[error("too many passwords are being checked: try again later")]
    Busy,
    /// The derivation was ended from outside: the runtime shuts down.
    #[error("the check was interrupted")]
    Interrupted,
    /// No randomness for a salt.
    #[error("no salt can be made")]
    Entropy(#[source] EntropyError),
    /// A configuration that cannot be used, and what to do.
    #[error("password configuration: {0}")]
    Config(String),
}

impl PasswordError {
    pub(crate) fn invalid(reason: &'static str) -> Self {
        Self::InvalidHash {
            reason,
            source: None,
        }
    }

    fn invalid_cost() -> Self {
        Self::InvalidHash {
            reason: "its cost is outside the bounds",
            source: Some(Box::new(Self::InvalidCost)),
        }
    }
}
