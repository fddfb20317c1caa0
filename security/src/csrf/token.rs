use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use plumego_contract::{Clock, SystemClock};
use sha2::Sha256;

use crate::secret::{EntropyError, SecretBytes, SecretString, ct_eq, fill_random};

/// How long a token lasts unless told otherwise.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(12 * 60 * 60);

const KEY_BYTES_MIN: usize = 32;
const TIME_BYTES: usize = 8;
const RANDOM_BYTES: usize = 16;
const MAC_BYTES: usize = 32;
const TOKEN_BYTES: usize = TIME_BYTES + RANDOM_BYTES + MAC_BYTES;
/// How far the clocks of two instances may differ, in seconds.
const SKEW: u64 = 60;
/// Keeps these tags apart from others made with the same key.
const PURPOSE: &[u8] = b"plumego csrf token 1";

/// Makes and checks the tokens that forms carry.
///
/// A token belongs to one session and may be used any number of times until it
/// ends; nothing is stored. It is base64url of the time it was issued, 16
/// random bytes, and HMAC-SHA-256 over these and the session.
///
/// ```
/// use plumego_security::csrf::CsrfTokens;
/// use plumego_security::secret::SecretBytes;
///
/// let tokens = CsrfTokens::new(SecretBytes::random(32)?)?;
/// let token = tokens.issue("session-17")?;
/// assert!(tokens.verify("session-17", token.expose()).is_ok());
/// assert!(tokens.verify("session-18", token.expose()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct CsrfTokens {
    /// The first one signs.
    keys: Vec<SecretBytes>,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
}

impl CsrfTokens {
    /// Tokens under this key, that last [`TOKEN_LIFETIME`].
    ///
    /// # Errors
    /// [`CsrfTokenError::ShortKey`] below 32 bytes.
    pub fn new(key: SecretBytes) -> Result<Self, CsrfTokenError> {
        check_key(&key)?;
        Ok(Self {
            keys: vec![key],
            lifetime: TOKEN_LIFETIME,
            clock: Arc::new(SystemClock),
        })
    }

    /// Tokens of this key are still accepted.
    ///
    /// # Errors
    /// [`CsrfTokenError::ShortKey`] below 32 bytes.
    pub fn with_previous_key(mut self, key: SecretBytes) -> Result<Self, CsrfTokenError> {
        check_key(&key)?;
        self.keys.push(key);
        Ok(self)
    }

    /// Tokens last so long, in whole seconds.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Time is read here.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// A token for the forms of a session, named by its id or whatever else
    /// stays the same as long as the session does.
    ///
    /// # Errors
    /// [`CsrfTokenError::EmptySession`]; [`CsrfTokenError::Entropy`] without
    /// randomness.
    pub fn issue(&self, session: &str) -> Result<SecretString, CsrfTokenError> {
        if session.is_empty() {
            return Err(CsrfTokenError::EmptySession);
        }
        let mut token = [0; TOKEN_BYTES];
        let (issued, rest) = token.split_at_mut(TIME_BYTES);
        let (random, mac) = rest.split_at_mut(RANDOM_BYTES);
        issued.copy_from_slice(&self.now().to_be_bytes());
        fill_random(random).map_err(CsrfTokenError::Entropy)?;
        mac.copy_from_slice(&tag(&self.keys[0], session, issued, random));
        Ok(SecretString::from(URL_SAFE_NO_PAD.encode(token)))
    }

    /// Checks a token that came with a form.
    ///
    /// # Errors
    /// [`CsrfTokenError::Invalid`] for anything that is no token of this
    /// session; [`CsrfTokenError::Expired`] for one that was.
    pub fn verify(&self, session: &str, token: &str) -> Result<(), CsrfTokenError> {
        let mut bytes = [0; TOKEN_BYTES];
        match URL_SAFE_NO_PAD.decode_slice(token, &mut bytes) {
            Ok(TOKEN_BYTES) if !session.is_empty() => {}
            _ => return Err(CsrfTokenError::Invalid),
        }
        let (issued, rest) = bytes.split_at(TIME_BYTES);
        let (random, mac) = rest.split_at(RANDOM_BYTES);
        let holds = |key: &SecretBytes| ct_eq(&tag(key, session, issued, random), mac);
        let known = self
            .keys
            .iter()
            .fold(false, |known, key| known | holds(key));
        if !known {
            return Err(CsrfTokenError::Invalid);
        }
        let issued = u64::from_be_bytes(issued.try_into().unwrap_or_default());
        let now = self.now();
        if issued > now.saturating_add(SKEW) {
            return Err(CsrfTokenError::Invalid);
        }
        if now >= issued.saturating_add(self.lifetime.as_secs()) {
            return Err(CsrfTokenError::Expired);
        }
        Ok(())
    }

    /// Seconds since 1970; a clock before that stands at its beginning.
    fn now(&self) -> u64 {
        let since = self.clock.now().duration_since(SystemTime::UNIX_EPOCH);
        since.map_or(0, |since| since.as_secs())
    }
}

impl fmt::Debug for CsrfTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CsrfTokens")
            .field("keys", &self.keys.len())
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

fn check_key(key: &SecretBytes) -> Result<(), CsrfTokenError> {
    if key.len() < KEY_BYTES_MIN {
        Err(CsrfTokenError::ShortKey)
    } else {
        Ok(())
    }
}

fn tag(key: &SecretBytes, session: &str, issued: &[u8], random: &[u8]) -> [u8; MAC_BYTES] {
    // HMAC takes keys of any length (RFC 2104 section 2).
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose()).expect("a key of any length");
    // All but the session have one length, so that it needs no separator.
    for part in [PURPOSE, issued, random, session.as_bytes()] {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Why a token is not accepted, or cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CsrfTokenError {
    /// No token of this session. Answered with 403.
    #[error("the form token is not valid")]
    Invalid,
    /// A token whose time is over. Answered with 403.
    #[error("the form token has expired: load the form again")]
    Expired,
    /// Tokens belong to a session; there is none.
    #[error("a form token needs a session to belong to")]
    EmptySession,
    /// A key that is too short.
    #[error("the key of form tokens has fewer than {KEY_BYTES_MIN} bytes: use random ones")]
    ShortKey,
    /// No randomness.
    #[error("no form token can be made")]
    Entropy(#[source] EntropyError),
}

#[cfg(test)]
mod tests {
    use plumego_contract::ManualClock;
    use proptest::prelude::*;

    use super::*;

    fn key(byte: u8) -> SecretBytes {
        SecretBytes::from([byte; 32])
    }

    fn tokens() -> (CsrfTokens, ManualClock) {
        let clock = ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000));
        let tokens = CsrfTokens::new(key(1)).unwrap();
        (tokens.with_clock(Arc::new(clock.clone())), clock)
    }

    fn outcome(tokens: &CsrfTokens, session: &str, token: &str) -> &'static str {
        match tokens.verify(session, token) {
            Ok(()) => "ok",
            Err(CsrfTokenError::Invalid) => "invalid",
            Err(CsrfTokenError::Expired) => "expired",
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn tokens_last_their_time_and_may_be_used_again() {
        let (tokens, clock) = tokens();
        let token = tokens.issue("s1").unwrap();
        let token = token.expose();
        assert_eq!(token.len(), 75);
        assert_eq!(outcome(&tokens, "s1", token), "ok");
        clock.advance(TOKEN_LIFETIME - Duration::from_secs(1));
        assert_eq!(outcome(&tokens, "s1", token), "ok");
        clock.advance(Duration::from_secs(1));
        assert_eq!(outcome(&tokens, "s1", token), "expired");
        assert_eq!(outcome(&tokens, "s2", token), "invalid");
    }

    #[test]
    fn only_tokens_of_the_session_and_the_keys_are_accepted() {
        let (tokens, clock) = tokens();
        let token = tokens.issue("s1").unwrap();
        let token = token.expose();
        for session in ["", "s", "s11", "S1"] {
            assert_eq!(outcome(&tokens, session, token), "invalid");
        }
        for wrong in [
            "",
            &token[..74],
            &format!("{token}A"),
            &format!("{token}="),
            "x",
        ] {
            assert_eq!(outcome(&tokens, "s1", wrong), "invalid", "{wrong}");
        }
        let other = CsrfTokens::new(key(2)).unwrap().with_clock(Arc::new(clock));
        assert_eq!(outcome(&other, "s1", token), "invalid");
        let rotated = other.with_previous_key(key(1)).unwrap();
        assert_eq!(outcome(&rotated, "s1", token), "ok");
        let own = rotated.issue("s1").unwrap();
        assert_eq!(outcome(&tokens, "s1", own.expose()), "invalid");
    }

    #[test]
    fn a_token_from_the_future_is_none() {
        let (tokens, clock) = tokens();
        let token = tokens.issue("s1").unwrap();
        clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - SKEW));
        assert_eq!(outcome(&tokens, "s1", token.expose()), "ok");
        clock.set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 - SKEW - 1));
        assert_eq!(outcome(&tokens, "s1", token.expose()), "invalid");
    }

    #[test]
    fn unusable_keys_and_sessions_are_refused() {
        assert!(CsrfTokens::new(SecretBytes::from([1; 31])).is_err());
        let (tokens, _) = tokens();
        assert!(
            tokens
                .clone()
                .with_previous_key(SecretBytes::from([0; 0]))
                .is_err()
        );
        assert!(matches!(
            tokens.issue(""),
            Err(CsrfTokenError::EmptySession)
        ));
    }

    /// RFC 4231 section 4, cases 1 and 2: HMAC-SHA-256.
    #[test]
    fn the_vectors_of_rfc_4231() {
        for (key, data, expected) in [
            (
                [0x0b; 20].as_slice(),
                "Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                "what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
            mac.update(data.as_bytes());
            let tag: [u8; 32] = mac.finalize().into_bytes().into();
            let hex: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(hex, expected);
        }
    }

    proptest! {
        #[test]
        fn a_changed_token_is_none(at in 0_usize..TOKEN_BYTES, bit in 0_u8..8) {
            let (tokens, _) = tokens();
            let token = tokens.issue("s1").unwrap();
            let mut bytes = URL_SAFE_NO_PAD.decode(token.expose()).unwrap();
            bytes[at] ^= 1 << bit;
            let changed = URL_SAFE_NO_PAD.encode(bytes);
            prop_assert_eq!(outcome(&tokens, "s1", &changed), "invalid");
        }
    }
}
