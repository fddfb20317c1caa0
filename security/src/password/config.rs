use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;

use super::PasswordError;
use crate::secret::SecretBytes;

/// Memory a stored Argon2id hash may ask for, in KiB.
pub(super) const ARGON2_MEMORY_KIB: RangeInclusive<u32> = 8 * 1024..=256 * 1024;
/// Passes a stored Argon2id hash may ask for.
pub(super) const ARGON2_ITERATIONS: RangeInclusive<u32> = 1..=10;
/// Lanes a stored Argon2id hash may ask for.
pub(super) const ARGON2_LANES: RangeInclusive<u32> = 1..=8;
/// Iterations a stored PBKDF2 hash may ask for.
pub(super) const PBKDF2_ITERATIONS: RangeInclusive<u32> = 100_000..=2_000_000;

/// Cost of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Argon2Cost {
    /// Memory in KiB. Default and least: 19 456; at most 262 144.
    pub memory_kib: u32,
    /// Passes over the memory. Default and least: 2; at most 10.
    pub iterations: u32,
    /// Lanes. Default: 1; at most 8.
    pub lanes: u32,
}

impl Default for Argon2Cost {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            iterations: 2,
            lanes: 1,
        }
    }
}

impl Argon2Cost {
    fn is_configurable(self) -> bool {
        let least = Self::default();
        self.memory_kib >= least.memory_kib
            && self.iterations >= least.iterations
            && self.is_acceptable()
    }

    /// Within what a stored hash may ask for.
    pub(super) fn is_acceptable(self) -> bool {
        ARGON2_MEMORY_KIB.contains(&self.memory_kib)
            && ARGON2_ITERATIONS.contains(&self.iterations)
            && ARGON2_LANES.contains(&self.lanes)
    }
}

/// Cost of PBKDF2-HMAC-SHA512.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pbkdf2Cost {
    /// Iterations. Default and least: 210 000; at most 2 000 000.
    pub iterations: u32,
}

impl Default for Pbkdf2Cost {
    fn default() -> Self {
        Self {
            iterations: 210_000,
        }
    }
}

/// How new passwords are hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// Argon2id, version 1.3 (RFC 9106). The default.
    Argon2id(Argon2Cost),
    /// PBKDF2-HMAC-SHA512 (RFC 8018), for environments that demand it.
    Pbkdf2Sha512(Pbkdf2Cost),
}

impl Default for Scheme {
    fn default() -> Self {
        Self::Argon2id(Argon2Cost::default())
    }
}

/// Keys that are mixed into every hash and are not stored with it, so that the
/// stored hashes alone cannot be attacked.
///
/// The id of the key stands in the hash; old keys stay known until their
/// hashes are upgraded.
#[derive(Clone, Debug)]
pub struct Peppers {
    pub(super) current: String,
    pub(super) keys: BTreeMap<String, SecretBytes>,
}

impl Peppers {
    /// New hashes use this key.
    #[must_use]
    pub fn new(id: impl Into<String>, key: SecretBytes) -> Self {
        let current = id.into();
        Self {
            keys: BTreeMap::from([(current.clone(), key)]),
            current,
        }
    }

    /// Hashes made with this key still verify, and ask to be made again.
    #[must_use]
    pub fn with_previous(mut self, id: impl Into<String>, key: SecretBytes) -> Self {
        self.keys.entry(id.into()).or_insert(key);
        self
    }

    fn validate(&self) -> Result<(), PasswordError> {
        const KEY_BYTES_MIN: usize = 16;
        for (id, key) in &self.keys {
            let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
            if !(1..=8).contains(&id.len()) || !id.bytes().all(is_word) {
                return Err(PasswordError::Config(
                    "the id of a pepper is 1 to 8 letters, digits, `-` or `_`".to_owned(),
                ));
            }
            if key.len() < KEY_BYTES_MIN {
                return Err(PasswordError::Config(format!(
                    "pepper `{id}` has fewer than {KEY_BYTES_MIN} bytes: use 32 random ones"
                )));
            }
        }
        Ok(())
    }
}

/// How passwords are hashed, and how many at a time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HashConfig {
    /// Scheme and cost of new hashes.
    pub scheme: Scheme,
    /// Keys mixed into hashes. Default: none.
    pub peppers: Option<Peppers>,
    /// Derivations at a time; each takes the memory of its cost. Default: the
    /// number of cores.
    pub max_concurrent: NonZeroUsize,
    /// Callers that wait per derivation that runs; more are refused as busy.
    /// Default: 64.
    pub queue_limit: usize,
}

impl Default for HashConfig {
    fn default() -> Self {
        Self {
            scheme: Scheme::default(),
            peppers: None,
            max_concurrent: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_limit: 64,
        }
    }
}

impl HashConfig {
    /// Sets [`scheme`](Self::scheme).
    #[must_use]
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Sets [`peppers`](Self::peppers).
    #[must_use]
    pub fn with_peppers(mut self, peppers: Peppers) -> Self {
        self.peppers = Some(peppers);
        self
    }

    /// Sets [`max_concurrent`](Self::max_concurrent).
    #[must_use]
    pub fn with_max_concurrent(mut self, derivations: NonZeroUsize) -> Self {
        self.max_concurrent = derivations;
        self
    }

    /// Sets [`queue_limit`](Self::queue_limit).
    #[must_use]
    pub fn with_queue_limit(mut self, per_derivation: usize) -> Self {
        self.queue_limit = per_derivation;
        self
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// [`PasswordError::InvalidCost`] for a cost below the defaults or above
    /// what is verified; [`PasswordError::Config`] for unusable peppers.
    pub fn validate(&self) -> Result<(), PasswordError> {
        let is_usable = match self.scheme {
            Scheme::Argon2id(cost) => cost.is_configurable(),
            Scheme::Pbkdf2Sha512(Pbkdf2Cost { iterations }) => {
                iterations >= Pbkdf2Cost::default().iterations
                    && PBKDF2_ITERATIONS.contains(&iterations)
            }
        };
        if !is_usable {
            return Err(PasswordError::InvalidCost);
        }
        self.peppers.as_ref().map_or(Ok(()), Peppers::validate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argon2(memory_kib: u32, iterations: u32, lanes: u32) -> HashConfig {
        HashConfig::default().with_scheme(Scheme::Argon2id(Argon2Cost {
            memory_kib,
            iterations,
            lanes,
        }))
    }

    #[test]
    fn costs_are_bounded_on_both_sides() {
        for (memory, iterations, lanes) in [(19_456, 2, 1), (262_144, 10, 8)] {
            assert!(argon2(memory, iterations, lanes).validate().is_ok());
        }
        for (memory, iterations, lanes) in [
            (19_455, 2, 1),
            (262_145, 2, 1),
            (19_456, 1, 1),
            (19_456, 11, 1),
            (19_456, 2, 0),
            (19_456, 2, 9),
        ] {
            let refused = argon2(memory, iterations, lanes).validate();
            assert!(matches!(refused, Err(PasswordError::InvalidCost)));
        }
        for (iterations, is_usable) in [
            (209_999, false),
            (210_000, true),
            (2_000_000, true),
            (2_000_001, false),
        ] {
            let scheme = Scheme::Pbkdf2Sha512(Pbkdf2Cost { iterations });
            let config = HashConfig::default().with_scheme(scheme);
            assert_eq!(config.validate().is_ok(), is_usable, "{iterations}");
        }
    }

    #[test]
    fn peppers_have_short_ids_and_long_keys() {
        let key = |bytes: usize| SecretBytes::from(vec![7; bytes]);
        let valid = |peppers| HashConfig::default().with_peppers(peppers).validate();
        assert!(valid(Peppers::new("2026-a", key(32))).is_ok());
        for (id, bytes) in [("", 32), ("123456789", 32), ("a,b", 32), ("a", 15)] {
            let refused = valid(Peppers::new(id, key(bytes)));
            assert!(matches!(refused, Err(PasswordError::Config(_))), "{id:?}");
        }
        let old = Peppers::new("b", key(32)).with_previous("a", key(8));
        assert!(valid(old).is_err());
    }

    #[test]
    fn keys_are_not_printed() {
        let peppers = Peppers::new("a", SecretBytes::from(b"hunter2hunter2hunter2".as_slice()));
        let shown = format!("{:?}", HashConfig::default().with_peppers(peppers));
        assert!(
            !shown.contains("hunter2") && !shown.contains("104, 117"),
            "{shown}"
        );
    }
}
