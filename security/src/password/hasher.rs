use std::sync::Arc;

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::config::{HashConfig, Pbkdf2Cost, Scheme};
use super::derive::{self, Output};
use super::gate::Gate;
use super::stored::{Algorithm, Stored};
use super::{PASSWORD_BYTES_MAX, PasswordError};
use crate::secret::{SecretBytes, SecretString, ct_eq};

/// Longest normalised password, in bytes.
const NORMALISED_BYTES_MAX: usize = 64 * 1024;
const SALT_BYTES: usize = 16;
const ARGON2_OUTPUT_BYTES: usize = 32;
const PBKDF2_OUTPUT_BYTES: usize = 64;

/// Hashes and verifies passwords. Clones share the limit on derivations.
///
/// Text is normalised (NFKC) before it is hashed, so that a password can be
/// typed on any keyboard; hashes that were made from the bytes as they came
/// verify too.
#[derive(Clone, Debug)]
pub struct PasswordHasher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: HashConfig,
    gate: Gate,
    /// What names without a user are verified against.
    nobody: Nobody,
}

/// A hash that nothing matches.
struct Nobody(Stored);

impl std::fmt::Debug for Nobody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Nobody")
    }
}

/// A password that matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a hash that needs it should be replaced"]
pub struct Verified {
    /// Whether the stored hash is weaker or older than what is configured: hash
    /// the password again and store that. A store that fails must not fail the
    /// login.
    pub needs_rehash: bool,
}

impl PasswordHasher {
    /// A hasher that works as configured.
    ///
    /// # Errors
    /// What [`HashConfig::validate`] finds; [`PasswordError::Entropy`] without
    /// randomness.
    pub fn new(config: HashConfig) -> Result<Self, PasswordError> {
        config.validate()?;
        let output_bytes = new_hash(&config).1;
        let output = random(output_bytes)?;
        let nobody = Nobody(fresh(&config, &output)?);
        let gate = Gate::new(&config);
        let inner = Inner {
            config,
            gate,
            nobody,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// A new hash, with a salt of its own, to be stored.
    ///
    /// Derives on the blocking pool of the tokio runtime; without a runtime, on
    /// the caller's thread. Dropping the future does not stop a derivation that
    /// runs, and its place stays taken until it ends.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`], [`PasswordError::Busy`],
    /// [`PasswordError::Entropy`], [`PasswordError::Interrupted`].
    pub async fn hash(&self, password: SecretString) -> Result<String, PasswordError> {
        check_length(&password)?;
        self.derive(move |inner| inner.hash(&password)).await
    }

    /// Checks a password against a stored hash of any form this crate reads.
    ///
    /// # Errors
    /// [`PasswordError::Mismatch`] for a wrong password;
    /// [`PasswordError::InvalidHash`] for a hash that cannot be read, before
    /// any work; and those of [`hash`](Self::hash).
    pub async fn verify(
        &self,
        stored: &str,
        password: SecretString,
    ) -> Result<Verified, PasswordError> {
        check_length(&password)?;
        let stored = Stored::parse(stored)?;
        self.derive(move |inner| inner.verify(&stored, &password))
            .await
    }

    /// Takes as long as [`verify`](Self::verify) with a hash of the configured
    /// cost, so that the answer to a login does not tell whether the name
    /// exists.
    ///
    /// # Errors
    /// Always: [`PasswordError::Mismatch`], or those of [`hash`](Self::hash).
    pub async fn verify_unknown_user(&self, password: SecretString) -> Result<(), PasswordError> {
        check_length(&password)?;
        let outcome = self.derive(move |inner| inner.verify(&inner.nobody.0, &password));
        match outcome.await {
            Ok(_) => Err(PasswordError::Mismatch),
            Err(error) => Err(error),
        }
    }

    /// Like [`hash`](Self::hash), on this thread, outside of the limit on
    /// derivations: for callers that keep a limit of their own.
    ///
    /// # Errors
    /// [`PasswordError::TooLong`], [`PasswordError::Entropy`], and
    /// [`PasswordError::Busy`] without memory.
    pub fn hash_blocking(&self, password: &SecretString) -> Result<String, PasswordError> {
        check_length(password)?;
        self.inner.hash(password)
    }

    /// Like [`verify`](Self::verify), on this thread, outside of the limit on
    /// derivations: for callers that keep a limit of their own.
    ///
    /// # Errors
    /// [`PasswordError::Mismatch`], [`PasswordError::InvalidHash`],
    /// [`PasswordError::TooLong`], and [`PasswordError::Busy`] without memory.
    pub fn verify_blocking(
        &self,
        stored: &str,
        password: &SecretString,
    ) -> Result<Verified, PasswordError> {
        check_length(password)?;
        self.inner.verify(&Stored::parse(stored)?, password)
    }

    /// Whether a stored hash is weaker or older than what is configured.
    ///
    /// # Errors
    /// [`PasswordError::InvalidHash`] when it cannot be read.
    pub fn needs_rehash(&self, stored: &str) -> Result<bool, PasswordError> {
        Ok(self.inner.is_outdated(&Stored::parse(stored)?))
    }

    async fn derive<T, F>(&self, work: F) -> Result<T, PasswordError>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> Result<T, PasswordError> + Send + 'static,
    {
        let place = self.inner.gate.enter().await?;
        let inner = Arc::clone(&self.inner);
        let work = move || {
            // Taken until the memory is free again, whoever still waits.
            let _place = place;
            work(&inner)
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime
                .spawn_blocking(work)
                .await
                .unwrap_or(Err(PasswordError::Interrupted)),
            Err(_) => work(),
        }
    }
}

impl Inner {
    fn hash(&self, password: &SecretString) -> Result<String, PasswordError> {
        let mut stored = fresh(&self.config, &[])?;
        let text = normalise(password)?;
        let output_bytes = new_hash(&self.config).1;
        let output = self.output(&stored, text.as_bytes(), output_bytes)?;
        stored.output = output.to_vec();
        Ok(stored.to_phc())
    }

    fn verify(&self, stored: &Stored, password: &SecretString) -> Result<Verified, PasswordError> {
        let matches = |password: &[u8]| -> Result<bool, PasswordError> {
            let output = self.output(stored, password, stored.output.len())?;
            Ok(ct_eq(&output, &stored.output))
        };
        let raw = password.expose();
        let (by_text, by_bytes) = match stored.algorithm {
            Algorithm::Argon2id(_) | Algorithm::Pbkdf2 { .. } => {
                let text = normalise(password)?;
                let by_text = matches(text.as_bytes())?;
                // Both are tried, whatever came of the first.
                let by_bytes = *text != *raw && matches(raw.as_bytes())?;
                (by_text, by_bytes)
            }
            _ => (false, matches(raw.as_bytes())?),
        };
        if by_text | by_bytes {
            let needs_rehash = !by_text || self.is_outdated(stored);
            Ok(Verified { needs_rehash })
        } else {
            Err(PasswordError::Mismatch)
        }
    }

    fn output(
        &self,
        stored: &Stored,
        password: &[u8],
        output_bytes: usize,
    ) -> Result<Output, PasswordError> {
        let pepper = self.pepper(stored.pepper.as_deref())?;
        let salt = &stored.salt;
        match stored.algorithm {
            Algorithm::Argon2id(cost) => {
                derive::argon2id(cost, pepper, password, salt, output_bytes)
            }
            Algorithm::Pbkdf2 { iterations } | Algorithm::Pbkdf2Compact { iterations } => {
                derive::pbkdf2_sha512(iterations, pepper, password, salt, output_bytes)
            }
            #[cfg(feature = "bcrypt")]
            Algorithm::Bcrypt { cost } => derive::bcrypt(cost, password, salt),
        }
    }

    fn pepper(&self, id: Option<&str>) -> Result<Option<&[u8]>, PasswordError> {
        let Some(id) = id else { return Ok(None) };
        let peppers = self.config.peppers.as_ref();
        match peppers.and_then(|peppers| peppers.keys.get(id)) {
            Some(key) => Ok(Some(key.expose())),
            None => Err(PasswordError::invalid("unknown pepper")),
        }
    }

    fn is_outdated(&self, stored: &Stored) -> bool {
        let (algorithm, output_bytes) = new_hash(&self.config);
        let is_weaker = match (&stored.algorithm, &algorithm) {
            (Algorithm::Argon2id(own), Algorithm::Argon2id(wanted)) => {
                own.memory_kib < wanted.memory_kib || own.iterations < wanted.iterations
            }
            (Algorithm::Pbkdf2 { iterations }, Algorithm::Pbkdf2 { iterations: wanted }) => {
                iterations < wanted
            }
            // Another scheme, or the compact form.
            _ => true,
        };
        is_weaker
            || stored.output.len() < output_bytes
            || stored.salt.len() < SALT_BYTES
            || stored.pepper != current_pepper(&self.config)
    }
}

/// Algorithm and bytes of output of new hashes.
fn new_hash(config: &HashConfig) -> (Algorithm, usize) {
    match config.scheme {
        Scheme::Argon2id(cost) => (Algorithm::Argon2id(cost), ARGON2_OUTPUT_BYTES),
        Scheme::Pbkdf2Sha512(Pbkdf2Cost { iterations }) => {
            (Algorithm::Pbkdf2 { iterations }, PBKDF2_OUTPUT_BYTES)
        }
    }
}

fn current_pepper(config: &HashConfig) -> Option<String> {
    Some(config.peppers.as_ref()?.current.clone())
}

/// A stored hash as configured, with a salt of its own.
fn fresh(config: &HashConfig, output: &[u8]) -> Result<Stored, PasswordError> {
    Ok(Stored {
        algorithm: new_hash(config).0,
        pepper: current_pepper(config),
        salt: random(SALT_BYTES)?,
        output: output.to_vec(),
    })
}

fn random(bytes: usize) -> Result<Vec<u8>, PasswordError> {
    let random = SecretBytes::random(bytes).map_err(PasswordError::Entropy)?;
    Ok(random.expose().to_vec())
}

fn check_length(password: &SecretString) -> Result<(), PasswordError> {
    if password.expose().len() > PASSWORD_BYTES_MAX {
        Err(PasswordError::TooLong)
    } else {
        Ok(())
    }
}

/// The text in normalisation form KC.
fn normalise(password: &SecretString) -> Result<Zeroizing<String>, PasswordError> {
    // All the room it may need, since growing would leave copies behind. No
    // character grows more than eighteenfold.
    let room = (password.expose().len() * 18).min(NORMALISED_BYTES_MAX);
    let mut text = Zeroizing::new(String::with_capacity(room));
    for character in password.expose().nfkc() {
        if text.len() + character.len_utf8() > room {
            return Err(PasswordError::TooLong);
        }
        text.push(character);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::super::{Argon2Cost, Peppers};
    use super::*;

    fn hasher(config: HashConfig) -> PasswordHasher {
        PasswordHasher::new(config).unwrap()
    }

    fn secret(text: &str) -> SecretString {
        SecretString::from(text)
    }

    /// Made with OpenSSL: the least cost that is accepted, other lengths and
    /// several lanes, and a pepper.
    const BY_OPENSSL: [&str; 3] = [
        "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg\
         $E00YDK579zCFKHdylDWWbt4Db/32fqyFEYPCGpqFXXw",
        "$argon2id$v=19$m=16384,t=3,p=4$AAECAwQFBgcICQoLDA0ODxAREhM\
         $BB37EFdSdVOOEFSVv6R5w+zSYV45xW6rbfUsWVzr4zvpXaQgkU4Ci0YeH+7tHHOv",
        "$argon2id$v=19$m=8192,t=1,p=1,keyid=YQ$MDEyMzQ1Njc4OWFiY2RlZg\
         $zOEPgT9qXxtxGiFZj4p1ag+WX8JCUqiTnazI97KQWsg",
    ];

    #[tokio::test]
    async fn what_was_hashed_verifies_and_nothing_else_does() {
        let hasher = hasher(HashConfig::default());
        for password in ["", "correct horse battery staple", "pässwörd\0😀"] {
            let stored = hasher.hash(secret(password)).await.unwrap();
            assert!(
                stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
                "{stored}"
            );
            let verified = hasher.verify(&stored, secret(password)).await.unwrap();
            assert!(!verified.needs_rehash);
            assert!(!hasher.needs_rehash(&stored).unwrap());
            let wrong = hasher.verify(&stored, secret("wrong")).await;
            assert!(matches!(wrong, Err(PasswordError::Mismatch)));
            let again = hasher.hash_blocking(&secret(password)).unwrap();
            assert_ne!(again, stored, "salts differ");
            assert!(hasher.verify_blocking(&again, &secret(password)).is_ok());
        }
    }

    #[tokio::test]
    async fn the_bound_on_length_is_exact() {
        let hasher = hasher(HashConfig::default());
        let longest = "x".repeat(PASSWORD_BYTES_MAX);
        let stored = hasher.hash(secret(&longest)).await.unwrap();
        assert!(hasher.verify(&stored, secret(&longest)).await.is_ok());
        let longer = secret(&format!("{longest}x"));
        for outcome in [
            hasher.hash(longer.clone()).await.map(drop),
            hasher.verify(&stored, longer.clone()).await.map(drop),
            hasher.verify_unknown_user(longer).await,
        ] {
            assert!(matches!(outcome, Err(PasswordError::TooLong)));
        }
    }

    #[test]
    fn normalisation_has_room_for_the_longest_expansion() {
        // U+FDFA becomes eighteen characters.
        let longest = secret(&"\u{fdfa}".repeat(PASSWORD_BYTES_MAX / 3));
        let text = normalise(&longest).unwrap();
        assert!(text.len() > 40_000 && text.len() <= NORMALISED_BYTES_MAX);
    }

    #[tokio::test]
    async fn one_password_typed_in_two_ways_is_one_password() {
        let hasher = hasher(HashConfig::default());
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        let stored = hasher.hash(secret(decomposed)).await.unwrap();
        for typed in [composed, decomposed] {
            let verified = hasher.verify(&stored, secret(typed)).await.unwrap();
            assert!(!verified.needs_rehash);
        }
    }

    #[tokio::test]
    async fn hashes_of_bytes_as_they_came_verify_and_are_upgraded() {
        let hasher = hasher(HashConfig::default());
        let decomposed = "cafe\u{301}";
        let cost = Argon2Cost::default();
        let output = derive::argon2id(cost, None, decomposed.as_bytes(), &[7; 16], 32).unwrap();
        let stored = Stored {
            algorithm: Algorithm::Argon2id(cost),
            pepper: None,
            salt: vec![7; 16],
            output: output.to_vec(),
        };
        let stored = stored.to_phc();
        let verified = hasher.verify(&stored, secret(decomposed)).await.unwrap();
        assert!(verified.needs_rehash);
        let composed = hasher.verify(&stored, secret("caf\u{e9}")).await;
        assert!(matches!(composed, Err(PasswordError::Mismatch)));
    }

    #[test]
    fn hashes_of_other_implementations_verify() {
        let key = SecretBytes::from(b"pepperpepperpepper".as_slice());
        let hasher = hasher(HashConfig::default().with_peppers(Peppers::new("a", key)));
        for stored in BY_OPENSSL {
            let verified = hasher
                .verify_blocking(stored, &secret("correct horse battery staple"))
                .unwrap();
            assert!(verified.needs_rehash);
            let wrong = hasher.verify_blocking(stored, &secret("correct horse"));
            assert!(matches!(wrong, Err(PasswordError::Mismatch)));
        }
    }

    #[tokio::test]
    async fn a_name_without_a_user_is_a_wrong_password() {
        let hasher = hasher(HashConfig::default());
        let outcome = hasher.verify_unknown_user(secret("anything")).await;
        assert!(matches!(outcome, Err(PasswordError::Mismatch)));
    }

    #[test]
    fn compact_hashes_are_upgraded_to_argon2id() {
        let hasher = hasher(HashConfig::default());
        for output_bytes in [32, 64] {
            let output = derive::pbkdf2_sha512(
                100_000,
                None,
                "cafe\u{301}".as_bytes(),
                &[7; 16],
                output_bytes,
            )
            .unwrap();
            let standard = base64::engine::general_purpose::STANDARD;
            use base64::Engine as _;
            let salt = standard.encode([7; 16]);
            let stored = format!("100000${salt}${}", standard.encode(&*output));
            let verified = hasher
                .verify_blocking(&stored, &secret("cafe\u{301}"))
                .unwrap();
            assert!(verified.needs_rehash);
            // The bytes count as they came.
            let composed = hasher.verify_blocking(&stored, &secret("caf\u{e9}"));
            assert!(matches!(composed, Err(PasswordError::Mismatch)));
        }
    }

    #[test]
    fn pbkdf2_hashes_verify_and_know_their_cost() {
        let scheme = Scheme::Pbkdf2Sha512(Pbkdf2Cost::default());
        let own = hasher(HashConfig::default().with_scheme(scheme));
        let stored = own.hash_blocking(&secret("hunter2")).unwrap();
        assert!(stored.starts_with("$pbkdf2-sha512$i=210000$"), "{stored}");
        let verified = own.verify_blocking(&stored, &secret("hunter2")).unwrap();
        assert!(!verified.needs_rehash);
        assert!(own.verify_blocking(&stored, &secret("hunter3")).is_err());
        let argon2 = hasher(HashConfig::default());
        assert!(argon2.needs_rehash(&stored).unwrap());
        let weaker = stored.replace("i=210000", "i=209999");
        assert!(own.needs_rehash(&weaker).unwrap());
    }

    #[test]
    fn a_cost_that_was_raised_asks_for_a_new_hash() {
        let stronger = Argon2Cost {
            memory_kib: 20_000,
            iterations: 3,
            lanes: 2,
        };
        let hasher = hasher(HashConfig::default().with_scheme(Scheme::Argon2id(stronger)));
        let stored = |m, t, p, key: &str| {
            let salt = "MDEyMzQ1Njc4OWFiY2RlZg";
            hasher.needs_rehash(&format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${key}"))
        };
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
        assert!(!stored(20_000, 3, 2, key).unwrap());
        assert!(!stored(30_000, 4, 1, key).unwrap());
        assert!(stored(19_999, 3, 2, key).unwrap());
        assert!(stored(20_000, 2, 2, key).unwrap());
        assert!(stored(20_000, 3, 2, "MDEyMzQ1Njc4OWFiY2RlZg").unwrap());
        assert!(hasher.needs_rehash("nonsense").is_err());
    }

    #[test]
    fn peppers_rotate() {
        let key = |byte| SecretBytes::from(vec![byte; 32]);
        let with = |peppers| hasher(HashConfig::default().with_peppers(peppers));
        for scheme in [
            Scheme::default(),
            Scheme::Pbkdf2Sha512(Pbkdf2Cost::default()),
        ] {
            let config = HashConfig::default().with_scheme(scheme);
            let old = hasher(config.clone().with_peppers(Peppers::new("a", key(1))));
            let stored = old.hash_blocking(&secret("hunter2")).unwrap();
            assert!(stored.contains(",keyid=YQ$"), "{stored}");
            assert!(old.verify_blocking(&stored, &secret("hunter2")).is_ok());
            let new = config.with_peppers(Peppers::new("b", key(2)).with_previous("a", key(1)));
            let new = hasher(new);
            let verified = new.verify_blocking(&stored, &secret("hunter2")).unwrap();
            assert!(verified.needs_rehash);
            let swapped = with(Peppers::new("a", key(3)));
            let outcome = swapped.verify_blocking(&stored, &secret("hunter2"));
            assert!(matches!(outcome, Err(PasswordError::Mismatch)));
            for unknown in [
                hasher(HashConfig::default()),
                with(Peppers::new("b", key(1))),
            ] {
                let outcome = unknown.verify_blocking(&stored, &secret("hunter2"));
                let Err(PasswordError::InvalidHash { reason, .. }) = outcome else {
                    panic!("{outcome:?}")
                };
                assert_eq!(reason, "unknown pepper");
            }
        }
        let plain = hasher(HashConfig::default())
            .hash_blocking(&secret("hunter2"))
            .unwrap();
        let peppered = with(Peppers::new("a", key(1)));
        let verified = peppered
            .verify_blocking(&plain, &secret("hunter2"))
            .unwrap();
        assert!(verified.needs_rehash);
    }

    #[cfg(feature = "bcrypt")]
    #[test]
    fn bcrypt_hashes_are_upgraded() {
        // Made with crypt(3) of libxcrypt.
        let stored = "$2b$10$abcdefghijklmnopqrstuuGGgFFcYeueaAql8Z7U7CnCTRw4DR77W";
        let hasher = hasher(HashConfig::default());
        let verified = hasher
            .verify_blocking(stored, &secret("correct horse battery staple"))
            .unwrap();
        assert!(verified.needs_rehash);
        let wrong = hasher.verify_blocking(stored, &secret("correct horse"));
        assert!(matches!(wrong, Err(PasswordError::Mismatch)));
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_the_rest_is_served() {
        let config = HashConfig::default()
            .with_max_concurrent(NonZeroUsize::MIN)
            .with_queue_limit(2);
        let hasher = hasher(config);
        let logins: Vec<_> = (0..12)
            .map(|_| {
                let hasher = hasher.clone();
                tokio::spawn(async move { hasher.verify_unknown_user(secret("x")).await })
            })
            .collect();
        let (mut served, mut refused) = (0, 0);
        for login in logins {
            match login.await.unwrap() {
                Err(PasswordError::Mismatch) => served += 1,
                Err(PasswordError::Busy) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!((served, refused), (3, 9));
    }

    #[tokio::test]
    async fn a_caller_that_leaves_gives_its_place_back() {
        let config = HashConfig::default().with_max_concurrent(NonZeroUsize::MIN);
        let hasher = hasher(config.with_queue_limit(1));
        for _ in 0..8 {
            let login = hasher.verify_unknown_user(secret("x"));
            drop(tokio::time::timeout(std::time::Duration::ZERO, login).await);
        }
        let outcome = hasher.verify_unknown_user(secret("x")).await;
        assert!(matches!(outcome, Err(PasswordError::Mismatch)));
    }
}
