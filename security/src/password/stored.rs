//! Stored hashes, read and written.
//!
//! Whatever is outside the bounds is refused here, before any derivation, so
//! that a stored text cannot make the process spend more than the bounds allow.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::PasswordError;
use super::config::{Argon2Cost, PBKDF2_ITERATIONS};

/// Longest stored hash, in bytes.
const STORED_BYTES_MAX: usize = 1024;
/// Lengths of salts and outputs in PHC strings, in bytes.
const PHC_BYTES: std::ops::RangeInclusive<usize> = 16..=64;

/// The compact form was written with padding by some and without by others.
const COMPACT_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a stored hash was derived with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    /// Argon2id in PHC form.
    Argon2id(Argon2Cost),
    /// PBKDF2-HMAC-SHA512 in PHC form.
    Pbkdf2 { iterations: u32 },
    /// PBKDF2-HMAC-SHA512 as `<iterations>$<salt>$<key>`.
    Pbkdf2Compact { iterations: u32 },
    /// bcrypt in modular crypt form.
    #[cfg(feature = "bcrypt")]
    Bcrypt { cost: u32 },
}

/// A stored hash in its parts.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) algorithm: Algorithm,
    /// Id of the pepper that was mixed in.
    pub(super) pepper: Option<String>,
    pub(super) salt: Vec<u8>,
    pub(super) output: Vec<u8>,
}

impl Stored {
    /// Reads any form that is verified.
    pub(super) fn parse(text: &str) -> Result<Self, PasswordError> {
        if text.len() > STORED_BYTES_MAX {
            return Err(PasswordError::invalid("it is longer than 1 KiB"));
        }
        if let Some(rest) = text.strip_prefix("$argon2id$") {
            return parse_argon2id(rest);
        }
        if let Some(rest) = text.strip_prefix("$pbkdf2-sha512$") {
            return parse_pbkdf2(rest);
        }
        #[cfg(feature = "bcrypt")]
        if let Some(rest) = ["$2a$", "$2b$", "$2y$"]
            .iter()
            .find_map(|prefix| text.strip_prefix(prefix))
        {
            return bcrypt_form::parse(rest);
        }
        if text.starts_with('$') {
            return Err(PasswordError::invalid("its scheme is not known"));
        }
        parse_compact(text)
    }

    /// Writes PHC form.
    pub(super) fn to_phc(&self) -> String {
        let parameters = match self.algorithm {
            Algorithm::Argon2id(Argon2Cost {
                memory_kib,
                iterations,
                lanes,
            }) => format!("argon2id$v=19$m={memory_kib},t={iterations},p={lanes}"),
            Algorithm::Pbkdf2 { iterations } | Algorithm::Pbkdf2Compact { iterations } => {
                format!("pbkdf2-sha512$i={iterations}")
            }
            #[cfg(feature = "bcrypt")]
            Algorithm::Bcrypt { cost } => format!("bcrypt$r={cost}"),
        };
        let pepper = match &self.pepper {
            Some(id) => format!(",keyid={}", STANDARD_NO_PAD.encode(id)),
            None => String::new(),
        };
        let salt = STANDARD_NO_PAD.encode(&self.salt);
        let output = STANDARD_NO_PAD.encode(&self.output);
        format!("${parameters}{pepper}${salt}${output}")
    }
}

/// After `$argon2id$`: `v=19$m=19456,t=2,p=1[,keyid=...]$salt$output`, in this
/// order alone, as every implementation writes it.
fn parse_argon2id(text: &str) -> Result<Stored, PasswordError> {
    let [version, parameters, salt, output] = parts(text)?;
    if version != "v=19" {
        return Err(PasswordError::invalid("its version of Argon2 is not 19"));
    }
    let mut parameters = parameters.split(',');
    let cost = Argon2Cost {
        memory_kib: number(parameters.next(), "m=")?,
        iterations: number(parameters.next(), "t=")?,
        lanes: number(parameters.next(), "p=")?,
    };
    let pepper = pepper(parameters)?;
    if !cost.is_acceptable() {
        return Err(PasswordError::invalid_cost());
    }
    Ok(Stored {
        algorithm: Algorithm::Argon2id(cost),
        pepper,
        salt: phc_bytes(salt)?,
        output: phc_bytes(output)?,
    })
}

/// After `$pbkdf2-sha512$`: `i=210000[,keyid=...]$salt$output`.
fn parse_pbkdf2(text: &str) -> Result<Stored, PasswordError> {
    let [parameters, salt, output] = parts(text)?;
    let mut parameters = parameters.split(',');
    let iterations = number(parameters.next(), "i=")?;
    let pepper = pepper(parameters)?;
    let (salt, output) = (phc_bytes(salt)?, phc_bytes(output)?);
    pbkdf2(iterations, salt, output, |iterations| Algorithm::Pbkdf2 {
        iterations,
    })
    .map(|stored| Stored { pepper, ..stored })
}

fn parse_compact(text: &str) -> Result<Stored, PasswordError> {
    let [iterations, salt, output] = parts(text)?;
    let iterations = number(Some(iterations), "")?;
    let decode = |text: &str| COMPACT_BASE64.decode(text).map_err(|_| bad_base64());
    let (salt, output) = (decode(salt)?, decode(output)?);
    pbkdf2(iterations, salt, output, |iterations| {
        Algorithm::Pbkdf2Compact { iterations }
    })
}

fn pbkdf2(
    iterations: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
    algorithm: impl FnOnce(u32) -> Algorithm,
) -> Result<Stored, PasswordError> {
    if !PBKDF2_ITERATIONS.contains(&iterations) {
        return Err(PasswordError::invalid_cost());
    }
    if salt.len() != 16 {
        return Err(PasswordError::invalid("its salt has not 16 bytes"));
    }
    if !matches!(output.len(), 32 | 64) {
        return Err(PasswordError::invalid(
            "its key has neither 32 nor 64 bytes",
        ));
    }
    Ok(Stored {
        algorithm: algorithm(iterations),
        pepper: None,
        salt,
        output,
    })
}

fn parts<const N: usize>(text: &str) -> Result<[&str; N], PasswordError> {
    let parts: Vec<_> = text.splitn(N + 1, '$').collect();
    parts
        .try_into()
        .map_err(|_| PasswordError::invalid("it has not the parts of its scheme"))
}

/// A decimal number without leading zeros after its name.
fn number(text: Option<&str>, name: &str) -> Result<u32, PasswordError> {
    let digits = text
        .and_then(|text| text.strip_prefix(name))
        .ok_or_else(|| PasswordError::invalid("a parameter is missing"))?;
    let is_canonical = digits == "0" || !digits.starts_with('0');
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !is_number || !is_canonical {
        return Err(PasswordError::invalid("a parameter is not a number"));
    }
    // What does not fit is certainly above the bounds.
    digits.parse().map_err(|_| PasswordError::invalid_cost())
}

/// What may follow the cost: the id of a pepper.
fn pepper<'t>(
    mut parameters: impl Iterator<Item = &'t str>,
) -> Result<Option<String>, PasswordError> {
    let (id, None) = (parameters.next(), parameters.next()) else {
        return Err(PasswordError::invalid(
            "it has parameters that are not known",
        ));
    };
    let Some(id) = id else { return Ok(None) };
    let id = id
        .strip_prefix("keyid=")
        .ok_or_else(|| PasswordError::invalid("it has parameters that are not known"))?;
    let id = STANDARD_NO_PAD.decode(id).map_err(|_| bad_base64())?;
    match String::from_utf8(id) {
        Ok(id) if (1..=8).contains(&id.len()) => Ok(Some(id)),
        _ => Err(PasswordError::invalid("unknown pepper")),
    }
}

fn phc_bytes(text: &str) -> Result<Vec<u8>, PasswordError> {
    let bytes = STANDARD_NO_PAD.decode(text).map_err(|_| bad_base64())?;
    if PHC_BYTES.contains(&bytes.len()) {
        Ok(bytes)
    } else {
        Err(PasswordError::invalid(
            "its salt or output has not 16 to 64 bytes",
        ))
    }
}

fn bad_base64() -> PasswordError {
    PasswordError::invalid("a part is not base64")
}

#[cfg(feature = "bcrypt")]
mod bcrypt_form {
    use super::*;

    /// Costs that are verified: 2^10 to 2^14 rounds.
    const COST: std::ops::RangeInclusive<u32> = 10..=14;
    /// 16 bytes of salt, then 23 of output, each in an alphabet of its own.
    const SALT_CHARACTERS: usize = 22;
    const OUTPUT_BYTES: usize = 23;

    /// After the version: `12$` and 53 characters.
    pub(super) fn parse(text: &str) -> Result<Stored, PasswordError> {
        let [cost, rest] = parts(text)?;
        if cost.len() != 2 || !cost.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PasswordError::invalid("a parameter is not a number"));
        }
        let cost: u32 = cost.parse().map_err(|_| PasswordError::invalid_cost())?;
        if !COST.contains(&cost) {
            return Err(PasswordError::invalid_cost());
        }
        let (salt, output) = rest
            .split_at_checked(SALT_CHARACTERS)
            .ok_or_else(|| PasswordError::invalid("it has not the parts of its scheme"))?;
        let decode = |text: &str| bcrypt::BASE_64.decode(text).map_err(|_| bad_base64());
        let (salt, output) = (decode(salt)?, decode(output)?);
        if salt.len() != 16 || output.len() != OUTPUT_BYTES {
            return Err(PasswordError::invalid("it has not the parts of its scheme"));
        }
        Ok(Stored {
            algorithm: Algorithm::Bcrypt { cost },
            pepper: None,
            salt,
            output,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use proptest::prelude::*;

    use super::*;

    const SALT: &str = "MDEyMzQ1Njc4OWFiY2RlZg";
    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";

    fn reason(text: &str) -> String {
        match Stored::parse(text) {
            Err(PasswordError::InvalidHash { reason, .. }) => reason.to_owned(),
            Err(other) => panic!("{text}: {other:?}"),
            Ok(_) => panic!("{text} was accepted"),
        }
    }

    #[test]
    fn every_form_is_read() {
        let argon2 = format!("$argon2id$v=19$m=65536,t=3,p=4,keyid=YQ${SALT}${KEY}");
        let stored = Stored::parse(&argon2).unwrap();
        let cost = Argon2Cost {
            memory_kib: 65_536,
            iterations: 3,
            lanes: 4,
        };
        assert_eq!(stored.algorithm, Algorithm::Argon2id(cost));
        assert_eq!(stored.pepper.as_deref(), Some("a"));
        assert_eq!(stored.salt, b"0123456789abcdef");
        assert_eq!(stored.to_phc(), argon2);
        let pbkdf2 = format!("$pbkdf2-sha512$i=210000${SALT}${KEY}");
        let stored = Stored::parse(&pbkdf2).unwrap();
        let algorithm = Algorithm::Pbkdf2 {
            iterations: 210_000,
        };
        assert_eq!(stored.algorithm, algorithm);
        assert_eq!(stored.to_phc(), pbkdf2);
        for padding in ["", "=="] {
            let compact = format!("100000${SALT}{padding}${KEY}");
            let stored = Stored::parse(&compact).unwrap();
            let algorithm = Algorithm::Pbkdf2Compact {
                iterations: 100_000,
            };
            assert_eq!(stored.algorithm, algorithm);
            assert_eq!(stored.output.len(), 32);
        }
    }

    #[test]
    fn malformed_hashes_are_refused() {
        for text in [
            "",
            "$",
            "$$",
            "plain",
            "$argon2id$",
            "$argon2id$v=19$m=65536,t=3,p=4$SALT",
            "$argon2id$v=16$m=65536,t=3,p=4$SALT$KEY",
            "$argon2id$m=65536,t=3,p=4$SALT$KEY",
            "$argon2i$v=19$m=65536,t=3,p=4$SALT$KEY",
            "$argon2id$v=19$t=3,m=65536,p=4$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3$SALT$KEY",
            "$argon2id$v=19$m=065536,t=3,p=4$SALT$KEY",
            "$argon2id$v=19$m=+65536,t=3,p=4$SALT$KEY",
            "$argon2id$v=19$m=,t=3,p=4$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4,data=YQ$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4,keyid=YQ,data=YQ$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4,keyid=$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4,keyid=YWJjZGVmZ2hp$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4$SALT$KEY$",
            "$argon2id$v=19$m=65536,t=3,p=4$SALT==$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4$c2hvcnQ$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4$$KEY",
            "$argon2id$v=19$m=65536,t=3,p=4$SALT$!!!!",
            "$pbkdf2-sha512$i=210000$SALT",
            "$pbkdf2-sha512$c=210000$SALT$KEY",
            "$pbkdf2-sha256$i=210000$SALT$KEY",
            "$pbkdf2-sha512$i=210000$KEY$KEY",
            "$pbkdf2-sha512$i=210000$SALT$SALT",
            "$scrypt$ln=16,r=8,p=1$SALT$KEY",
            "210000$SALT",
            "x$SALT$KEY",
            "-210000$SALT$KEY",
            "210000$KEY$KEY",
            "210000$SALT$SALT",
            "210000$SALT$KEY$KEY",
            "210000$SA LT$KEY",
        ] {
            let text = text.replace("SALT", SALT).replace("KEY", KEY);
            assert!(!reason(&text).is_empty());
        }
        assert_eq!(reason(&"9".repeat(1025)), "it is longer than 1 KiB");
    }

    #[test]
    fn costs_outside_the_bounds_are_refused_before_any_work() {
        for text in [
            "$argon2id$v=19$m=8191,t=3,p=4$SALT$KEY",
            "$argon2id$v=19$m=262145,t=3,p=4$SALT$KEY",
            "$argon2id$v=19$m=65536,t=0,p=4$SALT$KEY",
            "$argon2id$v=19$m=65536,t=11,p=4$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=0$SALT$KEY",
            "$argon2id$v=19$m=65536,t=3,p=9$SALT$KEY",
            "$argon2id$v=19$m=4294967296,t=3,p=4$SALT$KEY",
            "$pbkdf2-sha512$i=99999$SALT$KEY",
            "$pbkdf2-sha512$i=2000001$SALT$KEY",
            "99999$SALT$KEY",
            "2000001$SALT$KEY",
            "99999999999999999999$SALT$KEY",
        ] {
            let text = text.replace("SALT", SALT).replace("KEY", KEY);
            let error = Stored::parse(&text).err().unwrap();
            let source = error.source().unwrap().downcast_ref::<Box<PasswordError>>();
            assert!(
                matches!(source.map(|e| &**e), Some(PasswordError::InvalidCost)),
                "{text}"
            );
        }
        for text in [
            "$argon2id$v=19$m=8192,t=1,p=1$SALT$KEY",
            "$argon2id$v=19$m=262144,t=10,p=8$SALT$KEY",
            "100000$SALT$KEY",
            "2000000$SALT$KEY",
        ] {
            let text = text.replace("SALT", SALT).replace("KEY", KEY);
            assert!(Stored::parse(&text).is_ok(), "{text}");
        }
    }

    #[cfg(feature = "bcrypt")]
    #[test]
    fn bcrypt_is_read_within_its_bounds() {
        const REST: &str = "DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.";
        for version in ["2a", "2b", "2y"] {
            let stored = Stored::parse(&format!("${version}$10${REST}")).unwrap();
            assert_eq!(stored.algorithm, Algorithm::Bcrypt { cost: 10 });
            assert_eq!((stored.salt.len(), stored.output.len()), (16, 23));
        }
        for text in [
            "$2x$10$REST",
            "$2b$9$REST",
            "$2b$09$REST",
            "$2b$15$REST",
            "$2b$99$REST",
            "$2b$+1$REST",
            "$2b$10$REST.",
            "$2b$10$",
            "$2b$10$äREST",
        ] {
            assert!(!reason(&text.replace("REST", REST)).is_empty());
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(
            memory_kib in 8192_u32..=262_144,
            iterations in 1_u32..=10,
            lanes in 1_u32..=8,
            pepper in proptest::option::of("[a-zA-Z0-9_-]{1,8}"),
            salt in proptest::collection::vec(any::<u8>(), 16..=64),
            output in proptest::collection::vec(any::<u8>(), 16..=64),
        ) {
            let cost = Argon2Cost { memory_kib, iterations, lanes };
            let algorithm = Algorithm::Argon2id(cost);
            let stored = Stored { algorithm, pepper, salt, output };
            let text = stored.to_phc();
            prop_assert!(Stored::parse(&text).is_ok_and(|read| read == stored));
        }

        #[test]
        fn any_text_is_read(text in "\\PC{0,80}") {
            let _ = Stored::parse(&text);
            let _ = Stored::parse(&format!("$argon2id${text}"));
            let _ = Stored::parse(&format!("$2b$10${text}"));
        }
    }
}
