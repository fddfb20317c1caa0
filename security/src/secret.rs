//! Values that must not be seen: secrets as types, random tokens, their
//! digests, and the one comparison in constant time.
//!
//! [`SecretString`] and [`SecretBytes`] print `[REDACTED]`, have no `Display`
//! and no `Serialize`, and are wiped when dropped; `expose` is the only way to
//! their content, so that every use can be found.
//!
//! ```
//! use plumego_security::secret::{SecretString, TokenDigest, ct_eq, random_token};
//!
//! let token = random_token(32)?; // goes to the client, once
//! let stored = TokenDigest::of(token.expose()); // stays with the server
//! assert_eq!(TokenDigest::of(token.expose()), stored);
//! assert_eq!(format!("{token:?} {stored:?}"), "[REDACTED] TokenDigest([REDACTED])");
//!
//! let key = SecretString::from("s3cret");
//! assert!(!ct_eq(key.expose().as_bytes(), b"guess"));
//! # Ok::<(), plumego_security::secret::EntropyError>(())
//! ```

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use plumego_contract::BoxError;
use secrecy::{ExposeSecret as _, SecretBox};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::{Zeroize as _, Zeroizing};

const REDACTED: &str = "[REDACTED]";

/// Fewest bytes of randomness in a token.
pub const TOKEN_BYTES_MIN: usize = 16;
/// Most bytes of randomness in a token.
pub const TOKEN_BYTES_MAX: usize = 1024;

/// Secret text: a password, a token, a key in text form.
///
/// Compared in constant time. What it is made from is wiped where it is given
/// away; a `&str` stays with its owner.
pub struct SecretString(SecretBox<str>);

impl SecretString {
    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// True when there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// A copy without surrounding white space.
    pub(crate) fn trimmed(&self) -> Self {
        Self::from(self.expose().trim())
    }
}

impl From<&str> for SecretString {
    fn from(text: &str) -> Self {
        Self(SecretBox::new(Box::from(text)))
    }
}

impl From<String> for SecretString {
    fn from(mut text: String) -> Self {
        // Giving up spare capacity could move the text and leave the old copy
        // behind; so it is copied here and the original wiped.
        let secret = Self::from(text.as_str());
        text.zeroize();
        secret
    }
}

impl Clone for SecretString {
    fn clone(&self) -> Self {
        Self::from(self.expose())
    }
}

impl PartialEq for SecretString {
    fn eq(&self, other: &Self) -> bool {
        ct_eq(self.expose().as_bytes(), other.expose().as_bytes())
    }
}

impl Eq for SecretString {}

impl fmt::Debug for SecretString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

impl<'de> Deserialize<'de> for SecretString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

/// Secret bytes: a key, a signature, a digest that must not be guessed.
///
/// Compared in constant time. A vector it is made from is wiped; a slice stays
/// with its owner.
pub struct SecretBytes(SecretBox<[u8]>);

impl SecretBytes {
    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// Number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.expose().len()
    }

    /// True when there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// Fresh bytes from the operating system.
    ///
    /// # Errors
    /// [`EntropyError::Unavailable`] when the operating system has none.
    pub fn random(bytes: usize) -> Result<Self, EntropyError> {
        let mut secret = Zeroizing::new(vec![0; bytes]);
        fill_random(&mut secret)?;
        Ok(Self::from(secret.as_slice()))
    }
}

impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self(SecretBox::new(Box::from(bytes)))
    }
}

impl<const N: usize> From<[u8; N]> for SecretBytes {
    fn from(mut bytes: [u8; N]) -> Self {
        let secret = Self::from(bytes.as_slice());
        bytes.zeroize();
        secret
    }
}

impl From<Vec<u8>> for SecretBytes {
    fn from(mut bytes: Vec<u8>) -> Self {
        let secret = Self::from(bytes.as_slice());
        bytes.zeroize();
        secret
    }
}

impl Clone for SecretBytes {
    fn clone(&self) -> Self {
        Self::from(self.expose())
    }
}

impl PartialEq for SecretBytes {
    fn eq(&self, other: &Self) -> bool {
        ct_eq(self.expose(), other.expose())
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(REDACTED)
    }
}

/// Compares two byte strings in a time that tells nothing about where they
/// differ.
///
/// Both sides are hashed first (SHA-256), so that lengths may differ; the time
/// depends on the lengths alone. Every comparison with a secret in this
/// toolkit goes through here.
#[must_use]
pub fn ct_eq(a: &[u8], b: &[u8]) -> bool {
    digests_equal(&Sha256::digest(a).into(), &Sha256::digest(b).into()).into()
}

/// The only place where bytes are compared in constant time.
fn digests_equal(a: &[u8; 32], b: &[u8; 32]) -> Choice {
    a.ct_eq(b)
}

/// No usable randomness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntropyError {
    /// A length outside [`TOKEN_BYTES_MIN`]..=[`TOKEN_BYTES_MAX`].
    #[error(
        "a token has {TOKEN_BYTES_MIN} to {TOKEN_BYTES_MAX} random bytes, not {bytes}: ask for 32"
    )]
    InvalidLength {
        /// The length asked for.
        bytes: usize,
    },
    /// The operating system gave no randomness; nothing weaker takes its place.
    #[error("the operating system gave no randomness")]
    Unavailable(#[source] BoxError),
}

/// Fills a buffer from the operating system's generator.
pub(crate) fn fill_random(buffer: &mut [u8]) -> Result<(), EntropyError> {
    getrandom::fill(buffer).map_err(|error| EntropyError::Unavailable(error.into()))
}

/// A fresh token of this many random bytes, in base64url without padding.
///
/// # Errors
/// [`EntropyError::InvalidLength`] for fewer than 16 or more than 1 024 bytes;
/// [`EntropyError::Unavailable`] when the operating system has no randomness.
pub fn random_token(bytes: usize) -> Result<SecretString, EntropyError> {
    if !(TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&bytes) {
        return Err(EntropyError::InvalidLength { bytes });
    }
    let random = SecretBytes::random(bytes)?;
    Ok(SecretString::from(URL_SAFE_NO_PAD.encode(random.expose())))
}

/// SHA-256 of a token: what a server stores instead of the token, which has
/// enough randomness not to need a slow hash.
///
/// Compared in constant time; `Debug` hides the bytes.
#[derive(Clone, Copy)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// A digest that was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The digest to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// True when this is one of `known`; all of them are compared, so that the
    /// time does not tell which one it was.
    #[must_use]
    pub fn is_among(&self, known: &[Self]) -> bool {
        let start = Choice::from(0);
        let found = known
            .iter()
            .fold(start, |found, own| found | digests_equal(&self.0, &own.0));
        found.into()
    }
}

impl PartialEq for TokenDigest {
    fn eq(&self, other: &Self) -> bool {
        digests_equal(&self.0, &other.0).into()
    }
}

impl Eq for TokenDigest {}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({REDACTED})")
    }
}

/// Hides the middle of a value that is shown to its owner, such as an account
/// number; never for tokens, keys or passwords.
///
/// Surrounding white space is dropped. Of more than four characters the first
/// and last two stay; of fewer, none.
///
/// ```
/// use plumego_security::secret::mask;
///
/// assert_eq!(mask(" abcdef "), "ab**ef");
/// assert_eq!(mask("Jörg"), "****");
/// ```
#[must_use]
pub fn mask(text: &str) -> String {
    const SHOWN: usize = 2;
    let text = text.trim();
    let length = text.chars().count();
    let is_shown = |at: usize| length > 2 * SHOWN && (at < SHOWN || at >= length - SHOWN);
    text.chars()
        .enumerate()
        .map(|(at, character)| if is_shown(at) { character } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn secrets_print_nothing() {
        let text = SecretString::from("hunter2");
        let bytes = SecretBytes::from(b"hunter2".as_slice());
        assert_eq!(format!("{text:?} {bytes:?}"), "[REDACTED] [REDACTED]");
        assert_eq!(format!("{text:#?}"), "[REDACTED]");
        let digest = format!("{:?}", TokenDigest::of("hunter2"));
        assert_eq!(digest, "TokenDigest([REDACTED])");
    }

    #[test]
    fn secrets_are_read_from_configuration() {
        let key: SecretString = serde_json::from_str("\"s3\\u0063ret\"").unwrap();
        assert_eq!(key.expose(), "s3cret");
        assert!(serde_json::from_str::<SecretString>("7").is_err());
    }

    #[test]
    fn tokens_have_the_length_asked_for_and_never_repeat() {
        let tokens: std::collections::HashSet<_> = (0..10_000)
            .map(|_| random_token(16).unwrap().expose().to_owned())
            .collect();
        assert_eq!(tokens.len(), 10_000);
        assert!(tokens.iter().all(|token| token.len() == 22));
        assert_eq!(random_token(1024).unwrap().expose().len(), 1366);
        for bytes in [0, 15, 1025, usize::MAX] {
            let error = random_token(bytes).unwrap_err();
            assert!(matches!(error, EntropyError::InvalidLength { bytes: b } if b == bytes));
            assert!(error.source().is_none());
        }
    }

    #[test]
    fn digests_are_those_of_sha_256() {
        // FIPS 180-4, example "abc".
        let digest = TokenDigest::of("abc");
        let expected = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae,
            0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61,
            0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(digest.as_bytes(), &expected);
        assert_eq!(digest, TokenDigest::from_bytes(expected));
        assert_ne!(digest, TokenDigest::of("abd"));
        assert!(!digest.is_among(&[]));
        assert!(digest.is_among(&[TokenDigest::of("x"), digest, TokenDigest::of("y")]));
        assert!(!digest.is_among(&[TokenDigest::of("x"), TokenDigest::of("y")]));
    }

    #[test]
    fn masking_shows_the_ends_of_long_text_alone() {
        for (text, masked) in [
            ("", ""),
            ("  ", ""),
            ("a", "*"),
            ("abcd", "****"),
            ("abcde", "ab*de"),
            (" abcdef\n", "ab**ef"),
            ("äöüß€😀", "äö**€😀"),
        ] {
            assert_eq!(mask(text), masked, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn equality_in_constant_time_is_equality(
            a in proptest::collection::vec(any::<u8>(), 0..40),
            b in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            prop_assert_eq!(ct_eq(&a, &b), a == b);
            prop_assert!(ct_eq(&a, &a.clone()));
            prop_assert_eq!(SecretBytes::from(a.clone()) == SecretBytes::from(b.clone()), a == b);
        }
    }
}
