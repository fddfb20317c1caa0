use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Algorithm;
use super::backend::Verifier;
use super::json::Strict;
use super::wire::{decode, encode};

/// Most keys of a set.
const KEYS_MAX: usize = 64;
/// Longest document of a set, in bytes.
const DOCUMENT_BYTES_MAX: usize = 256 * 1024;
/// Least and most bits of a modulus of RSA.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Most bytes of a public exponent of RSA.
const RSA_EXPONENT_BYTES_MAX: usize = 8;

/// A public key (RFC 7517, RFC 7518 section 6, RFC 8037 section 2).
///
/// Members that are not known are left out; those of a private or a symmetric
/// key are refused when a set is read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Jwk {
    /// Key type: `OKP`, `EC` or `RSA`.
    pub kty: String,
    /// Curve: `Ed25519` or `P-256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crv: Option<String>,
    /// Coordinate *x*, or the key of Ed25519; base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Coordinate *y*; base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Modulus of RSA; base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub n: Option<String>,
    /// Exponent of RSA; base64url.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub e: Option<String>,
    /// The only algorithm the key is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What the key is for: `sig`.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub key_use: Option<String>,
    /// What may be done with it: `verify`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_ops: Option<Vec<String>>,
    /// The id that tokens name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
}

impl Jwk {
    /// The public key of one that signs here.
    pub(super) fn of_signing_key(kid: &str, algorithm: Algorithm, public: &[u8]) -> Option<Self> {
        let (kty, crv, x, y) = match algorithm {
            Algorithm::EdDsa => ("OKP", "Ed25519", public, None),
            Algorithm::Es256 => {
                let (x, y) = public.get(1..)?.split_at_checked(32)?;
                ("EC", "P-256", x, Some(y))
            }
            _ => return None,
        };
        Some(Self {
            kty: kty.to_owned(),
            crv: Some(crv.to_owned()),
            x: Some(encode(x)),
            y: y.map(encode),
            n: None,
            e: None,
            alg: Some(algorithm.as_str().to_owned()),
            key_use: Some("sig".to_owned()),
            key_ops: None,
            kid: Some(kid.to_owned()),
        })
    }

    /// SHA-256 thumbprint (RFC 7638), base64url; `None` when a member it is
    /// made of is missing.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        let members: &[(&str, &Option<String>)] = match self.kty.as_str() {
            "RSA" => &[("e", &self.e), ("kty", &None), ("n", &self.n)],
            "EC" => &[
                ("crv", &self.crv),
                ("kty", &None),
                ("x", &self.x),
                ("y", &self.y),
            ],
            "OKP" => &[("crv", &self.crv), ("kty", &None), ("x", &self.x)],
            _ => return None,
        };
        let mut text = String::from("{");
        for (at, (name, value)) in members.iter().enumerate() {
            let value = match *name {
                "kty" => &self.kty,
                _ => value.as_ref()?,
            };
            let separator = if at == 0 { "" } else { "," };
            let value = serde_json::to_string(value).ok()?;
            text.push_str(&format!("{separator}\"{name}\":{value}"));
        }
        text.push('}');
        Some(encode(Sha256::digest(text)))
    }

    /// Whether it is meant to verify signatures.
    fn is_for_signatures(&self) -> bool {
        let is_use = self.key_use.as_deref().is_none_or(|own| own == "sig");
        let may_verify = |ops: &Vec<String>| ops.iter().any(|own| own == "verify");
        is_use && self.key_ops.as_ref().is_none_or(may_verify)
    }

    /// The algorithm it is used for under a profile: its own if that is allowed,
    /// or the only one that is allowed for its type.
    fn algorithm(&self, allowed: &[Algorithm]) -> Option<Algorithm> {
        let of_type: &[Algorithm] = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => &[Algorithm::EdDsa],
            ("EC", Some("P-256")) => &[Algorithm::Es256],
            ("RSA", _) => &[Algorithm::Rs256, Algorithm::Ps256],
            _ => &[],
        };
        let mut usable = of_type.iter().copied().filter(|own| allowed.contains(own));
        match &self.alg {
            Some(own) => usable.find(|algorithm| algorithm.as_str() == own),
            None => match (usable.next(), usable.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            },
        }
    }

    /// The verifier of this key, if a profile has a use for it.
    pub(super) fn verifier(&self, allowed: &[Algorithm]) -> Result<Option<Verifier>, JwksError> {
        if !self.is_for_signatures() {
            return Ok(None);
        }
        let Some(algorithm) = self.algorithm(allowed) else {
            return Ok(None);
        };
        let bytes = |member: &Option<String>| {
            let text = member.as_ref().ok_or(JwksError::Malformed)?;
            decode(text).map_err(|_| JwksError::Malformed)
        };
        let verifier = match algorithm {
            Algorithm::EdDsa => Verifier::ed25519(&bytes(&self.x)?),
            Algorithm::Es256 => {
                let point = [&[0x04], &*bytes(&self.x)?, &*bytes(&self.y)?].concat();
                Verifier::p256(&point)
            }
            _ => {
                let (modulus, exponent) = (bytes(&self.n)?, bytes(&self.e)?);
                check_rsa(&modulus, &exponent)?;
                Verifier::rsa(algorithm, &modulus, &exponent)
            }
        };
        verifier.map(Some).ok_or(JwksError::Malformed)
    }
}

/// Modulus and exponent that are large enough to hold and small enough to
/// verify with.
fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<(), JwksError> {
    let significant = modulus.iter().position(|byte| *byte != 0);
    let significant = significant.map_or(&[][..], |at| &modulus[at..]);
    let leading = significant
        .first()
        .map_or(0, |byte| byte.leading_zeros() as usize);
    let bits = significant.len() * 8 - leading;
    if !RSA_BITS.contains(&bits) {
        return Err(JwksError::RsaSize);
    }
    let is_odd = exponent.last().is_some_and(|byte| byte & 1 == 1);
    let is_one =
        exponent.iter().rev().skip(1).all(|byte| *byte == 0) && exponent.last() == Some(&1);
    if exponent.len() > RSA_EXPONENT_BYTES_MAX || !is_odd || is_one {
        return Err(JwksError::Malformed);
    }
    Ok(())
}

/// Public keys, as they are published (RFC 7517 section 5).
///
/// ```
/// use plumego_security::jwt::Jwks;
///
/// let jwks = Jwks::parse(br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// assert_eq!(jwks.keys().len(), 1);
/// # Ok::<(), plumego_security::jwt::JwksError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Jwks {
    keys: Vec<Jwk>,
}

impl Jwks {
    pub(super) fn of(keys: Vec<Jwk>) -> Self {
        Self { keys }
    }

    /// Reads a set. Keys of types that are not known are kept and not used.
    ///
    /// # Errors
    /// [`JwksError`] for a document that is no set; for one with a secret in
    /// it, which everybody can read now; and for ids that are there twice.
    pub fn parse(document: &[u8]) -> Result<Self, JwksError> {
        if document.len() > DOCUMENT_BYTES_MAX {
            return Err(JwksError::TooLarge);
        }
        let Strict(document) =
            serde_json::from_slice(document).map_err(|_| JwksError::Malformed)?;
        let keys = document.get("keys").and_then(serde_json::Value::as_array);
        let keys = keys.ok_or(JwksError::Malformed)?;
        if keys.len() > KEYS_MAX {
            return Err(JwksError::TooLarge);
        }
        let mut read = Vec::with_capacity(keys.len());
        for key in keys {
            let has_secret = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]
                .iter()
                .any(|member| key.get(member).is_some());
            if has_secret || key.get("kty").is_some_and(|kty| kty == "oct") {
                return Err(JwksError::Secret);
            }
            read.push(Jwk::deserialize(key).map_err(|_| JwksError::Malformed)?);
        }
        let mut ids = HashSet::new();
        let is_new = |key: &Jwk| key.kid.as_ref().is_none_or(|kid| ids.insert(kid.clone()));
        if !read.iter().all(is_new) {
            return Err(JwksError::DuplicateId);
        }
        Ok(Self { keys: read })
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.keys
    }
}

/// A set of keys that is refused whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwksError {
    /// No set of keys, or a key that is none.
    #[error("the key set is malformed")]
    Malformed,
    /// More than 64 keys or 256 KiB.
    #[error("the key set is too large")]
    TooLarge,
    /// A symmetric or a private key, which must not be published.
    #[error("the key set contains a secret key: replace that key everywhere")]
    Secret,
    /// Two keys of one id.
    #[error("the key set has two keys of one id")]
    DuplicateId,
    /// A modulus of RSA outside 2 048 to 8 192 bits.
    #[error("the key set has an RSA key outside 2048 to 8192 bits")]
    RsaSize,
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";

    /// RFC 7517 appendix A.1.
    #[test]
    fn the_set_of_rfc_7517() {
        let document = format!(
            r#"{{"keys":[
            {{"kty":"EC","crv":"P-256",
              "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
              "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
              "use":"enc","kid":"1"}},
            {{"kty":"RSA","n":"{RSA_N}","e":"AQAB","alg":"RS256","kid":"2011-04-29"}}]}}"#
        );
        let jwks = Jwks::parse(document.as_bytes()).unwrap();
        let [ec, rsa] = jwks.keys() else { panic!() };
        let all = Algorithm::ALL;
        assert!(ec.verifier(&all).unwrap().is_none(), "it is for encryption");
        let signing = Jwk {
            key_use: None,
            ..ec.clone()
        };
        let verifier = signing.verifier(&all).unwrap().unwrap();
        assert_eq!(verifier.algorithm(), Algorithm::Es256);
        let verifier = rsa.verifier(&all).unwrap().unwrap();
        assert_eq!(verifier.algorithm(), Algorithm::Rs256);
        assert!(rsa.verifier(&[Algorithm::Ps256]).unwrap().is_none());
        let written = serde_json::to_vec(&jwks).unwrap();
        assert_eq!(Jwks::parse(&written).unwrap(), jwks);
    }

    /// RFC 7638 section 3.1 and RFC 8037 appendix A.3.
    #[test]
    fn the_thumbprints_of_rfc_7638_and_rfc_8037() {
        let document = format!(
            r#"{{"keys":[{{"kty":"RSA","n":"{RSA_N}","e":"AQAB","alg":"RS256","kid":"2011-04-29"}},
            {{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}]}}"#
        );
        let jwks = Jwks::parse(document.as_bytes()).unwrap();
        let prints: Vec<_> = jwks
            .keys()
            .iter()
            .map(|key| key.thumbprint().unwrap())
            .collect();
        assert_eq!(
            prints,
            [
                "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
                "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
            ]
        );
    }

    #[test]
    fn sets_with_secrets_or_surprises_are_refused_whole() {
        let refused = |keys: &str| Jwks::parse(format!("{{\"keys\":[{keys}]}}").as_bytes()).err();
        for keys in [
            r#"{"kty":"oct","k":"AAAA"}"#,
            r#"{"kty":"oct"}"#,
            r#"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#,
            r#"{"kty":"RSA","n":"AA","e":"AQAB","p":"AA"}"#,
        ] {
            assert_eq!(refused(keys), Some(JwksError::Secret), "{keys}");
        }
        let twice = r#"{"kty":"x","kid":"a"},{"kty":"y","kid":"a"}"#;
        assert_eq!(refused(twice), Some(JwksError::DuplicateId));
        assert_eq!(refused(r#"{"kty":"x"},{"kty":"x"}"#), None);
        for keys in ["1", "{}", r#"{"kty":1}"#, r#"{"kty":"EC","kty":"RSA"}"#] {
            assert_eq!(refused(keys), Some(JwksError::Malformed), "{keys}");
        }
        for document in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert!(Jwks::parse(document.as_bytes()).is_err(), "{document}");
        }
        let many = vec![r#"{"kty":"x"}"#; 65];
        assert_eq!(refused(&many.join(",")), Some(JwksError::TooLarge));
        assert_eq!(refused(&many[..64].join(",")), None);
        let long = vec![b' '; DOCUMENT_BYTES_MAX + 1];
        assert_eq!(Jwks::parse(&long), Err(JwksError::TooLarge));
    }

    #[test]
    fn keys_of_rsa_have_their_bounds() {
        let modulus = |bytes: usize, first: u8| {
            let mut modulus = vec![0xff; bytes];
            modulus[0] = first;
            modulus
        };
        let exponent = [1, 0, 1];
        for good in [modulus(256, 0x80), modulus(257, 0), modulus(1024, 0xff)] {
            assert_eq!(check_rsa(&good, &exponent), Ok(()));
        }
        for wrong in [
            vec![],
            modulus(256, 0x7f),
            modulus(1025, 1),
            modulus(128, 0xff),
        ] {
            assert_eq!(check_rsa(&wrong, &exponent), Err(JwksError::RsaSize));
        }
        let good = modulus(256, 0x80);
        for wrong in [&[][..], &[0], &[1], &[0, 1], &[2], &[1, 0, 0], &[1; 9]] {
            assert_eq!(check_rsa(&good, wrong), Err(JwksError::Malformed));
        }
    }

    #[test]
    fn a_key_without_algorithm_is_used_only_when_there_is_no_choice() {
        let document = format!(r#"{{"keys":[{{"kty":"RSA","n":"{RSA_N}","e":"AQAB"}}]}}"#);
        let jwks = Jwks::parse(document.as_bytes()).unwrap();
        let rsa = &jwks.keys()[0];
        let usable = |allowed: &[Algorithm]| rsa.verifier(allowed).unwrap().is_some();
        assert!(usable(&[Algorithm::Rs256]) && usable(&[Algorithm::Ps256, Algorithm::EdDsa]));
        assert!(!usable(&[Algorithm::Rs256, Algorithm::Ps256]) && !usable(&[Algorithm::Es256]));
        let unknown = Jwk {
            alg: Some("none".into()),
            ..rsa.clone()
        };
        assert!(unknown.verifier(&Algorithm::ALL).unwrap().is_none());
        let encrypting = Jwk {
            key_ops: Some(vec!["encrypt".into()]),
            ..rsa.clone()
        };
        assert!(encrypting.verifier(&[Algorithm::Rs256]).unwrap().is_none());
    }
}
