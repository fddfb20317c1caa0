//! Cryptography, by the library. What is built here can only be used by the
//! algorithm it was built for: a public key never becomes an HMAC secret.

use jsonwebtoken::crypto::CryptoProvider;
use jsonwebtoken::jwk::EllipticCurve;
use jsonwebtoken::{Algorithm as Backend, DecodingKey, EncodingKey};
use zeroize::Zeroizing;

use super::{Algorithm, JwtError};
use crate::secret::{EntropyError, SecretBytes, ct_eq};

/// Bytes of an HMAC secret, of an Ed25519 seed, and of a P-256 scalar.
pub(super) const SECRET_BYTES: usize = 32;
/// Bytes of a public key of Ed25519.
const ED25519_PUBLIC_BYTES: usize = 32;
/// Bytes of an uncompressed point of P-256 (SEC 1 section 2.3.3).
const P256_POINT_BYTES: usize = 65;

/// PKCS #8 around a seed of Ed25519 (RFC 8410 section 7).
const ED25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];
/// PKCS #8 around a scalar of P-256 (RFC 5915, RFC 5480).
const P256_PKCS8: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];

/// Named outright: a default of the process would depend on who else chose one.
fn provider() -> &'static CryptoProvider {
    #[cfg(feature = "jwt")]
    {
        &jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER
    }
    #[cfg(not(feature = "jwt"))]
    {
        &jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER
    }
}

fn backend(algorithm: Algorithm) -> Backend {
    match algorithm {
        Algorithm::Hs256 => Backend::HS256,
        Algorithm::EdDsa => Backend::EdDSA,
        Algorithm::Es256 => Backend::ES256,
        Algorithm::Rs256 => Backend::RS256,
        Algorithm::Ps256 => Backend::PS256,
    }
}

/// Signs by one algorithm.
pub(super) struct Signer {
    algorithm: Algorithm,
    key: EncodingKey,
}

impl Signer {
    /// `None` for an algorithm that does not sign here, or a secret of another
    /// length.
    pub(super) fn new(algorithm: Algorithm, secret: &SecretBytes) -> Option<Self> {
        if secret.len() != SECRET_BYTES {
            return None;
        }
        let key = match algorithm {
            Algorithm::Hs256 => EncodingKey::from_secret(secret.expose()),
            Algorithm::EdDsa => EncodingKey::from_ed_der(&pkcs8(&ED25519_PKCS8, secret)),
            Algorithm::Es256 => EncodingKey::from_ec_der(&pkcs8(&P256_PKCS8, secret)),
            Algorithm::Rs256 | Algorithm::Ps256 => return None,
        };
        Some(Self { algorithm, key })
    }

    /// The signature of a message; `None` when the key is not one.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let signer = (provider().signer_factory)(&backend(self.algorithm), &self.key);
        signer.ok()?.try_sign(message).ok()
    }

    /// The public key that belongs to it; none for HMAC, and `Err` when the
    /// secret is no key.
    pub(super) fn public(&self) -> Result<Option<Vec<u8>>, NoKey> {
        let utilities = &provider().key_utils;
        let secret = self.key.as_bytes();
        match self.algorithm {
            Algorithm::EdDsa => {
                let derive = utilities.ed_pub_components_from_private_key;
                let public = derive(secret, &EllipticCurve::Ed25519).map_err(|_| NoKey)?;
                Ok(Some(public))
            }
            Algorithm::Es256 => {
                let derive = utilities.ec_pub_components_from_private_key;
                let (_, x, y) = derive(secret, Backend::ES256).map_err(|_| NoKey)?;
                Ok(Some([&[0x04], x.as_slice(), y.as_slice()].concat()))
            }
            _ => Ok(None),
        }
    }
}

/// Bytes that are no key of their algorithm.
#[derive(Clone, Copy, Debug)]
pub(super) struct NoKey;

fn pkcs8(prefix: &[u8], secret: &SecretBytes) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([prefix, secret.expose()].concat())
}

/// Verifies by one algorithm.
pub(super) enum Verifier {
    /// HMAC is verified by signing again.
    Hmac(Signer),
    Public(Algorithm, DecodingKey),
}

impl Verifier {
    /// Verifies with a public key of Ed25519, in 32 bytes.
    pub(super) fn ed25519(public: &[u8]) -> Option<Self> {
        let is_key = public.len() == ED25519_PUBLIC_BYTES;
        is_key.then(|| Self::Public(Algorithm::EdDsa, DecodingKey::from_ed_der(public)))
    }

    /// Verifies with a point of P-256, uncompressed.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let is_key = point.len() == P256_POINT_BYTES && point[0] == 0x04;
        is_key.then(|| Self::Public(Algorithm::Es256, DecodingKey::from_ec_der(point)))
    }

    /// Verifies with modulus and exponent of RSA, by PKCS #1 or PSS.
    pub(super) fn rsa(algorithm: Algorithm, modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        if !matches!(algorithm, Algorithm::Rs256 | Algorithm::Ps256) {
            return None;
        }
        let key = DecodingKey::from_rsa_raw_components(modulus, exponent);
        Some(Self::Public(algorithm, key))
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hmac(signer) => signer.algorithm,
            Self::Public(algorithm, _) => *algorithm,
        }
    }

    /// Whether the signature is that of the message under this key.
    pub(super) fn holds(&self, message: &[u8], signature: &Vec<u8>) -> bool {
        match self {
            Self::Hmac(signer) => signer
                .sign(message)
                .is_some_and(|expected| ct_eq(&expected, signature)),
            Self::Public(algorithm, key) => {
                (provider().verifier_factory)(&backend(*algorithm), key)
                    .is_ok_and(|verifier| verifier.verify(message, signature).is_ok())
            }
        }
    }
}

/// A fresh secret for an algorithm.
pub(super) fn generate(algorithm: Algorithm) -> Result<SecretBytes, JwtError> {
    // A scalar of P-256 is out of range once in four thousand million.
    const ATTEMPTS: usize = 8;
    for _ in 0..ATTEMPTS {
        let secret = SecretBytes::random(SECRET_BYTES).map_err(entropy)?;
        let signer = Signer::new(algorithm, &secret);
        if signer.is_some_and(|signer| signer.public().is_ok()) {
            return Ok(secret);
        }
    }
    Err(JwtError::Config("`algorithm` makes no keys".to_owned()))
}

pub(super) fn entropy(error: EntropyError) -> JwtError {
    JwtError::Entropy(error.into())
}

#[cfg(test)]
mod tests {
    use super::super::wire::{Compact, decode};
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        decode(text).unwrap()
    }

    /// RFC 7515 appendix A.1; its key is longer than those made here.
    #[test]
    fn the_vector_of_rfc_7515_hs256() {
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
             eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
             dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let parts = Compact::split(token).unwrap();
        let secret = bytes(
            "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        );
        let key = EncodingKey::from_secret(&secret);
        let signer = Signer {
            algorithm: Algorithm::Hs256,
            key,
        };
        let signature = bytes(parts.signature);
        assert_eq!(signer.sign(parts.signed.as_bytes()).unwrap(), signature);
        let verifier = Verifier::Hmac(signer);
        assert!(verifier.holds(parts.signed.as_bytes(), &signature));
        assert!(!verifier.holds(b"other", &signature));
        for changed in 0..signature.len() {
            let mut signature = signature.clone();
            signature[changed] ^= 1;
            assert!(!verifier.holds(parts.signed.as_bytes(), &signature));
        }
    }

    /// RFC 7515 appendices A.2 and A.3.
    #[test]
    fn the_vectors_of_rfc_7515_rs256_and_es256() {
        let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let modulus = bytes(
            "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        );
        let rsa = Verifier::rsa(Algorithm::Rs256, &modulus, &bytes("AQAB")).unwrap();
        let signed = format!("eyJhbGciOiJSUzI1NiJ9.{payload}");
        let signature = bytes(
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        );
        assert!(rsa.holds(signed.as_bytes(), &signature));
        assert!(!rsa.holds(b"other", &signature));
        let pss = Verifier::rsa(Algorithm::Ps256, &modulus, &bytes("AQAB")).unwrap();
        assert!(!pss.holds(signed.as_bytes(), &signature));

        let point = [
            vec![0x04],
            bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        ]
        .concat();
        let p256 = Verifier::p256(&point).unwrap();
        let signed = format!("eyJhbGciOiJFUzI1NiJ9.{payload}");
        let signature = bytes(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        );
        assert!(p256.holds(signed.as_bytes(), &signature));
        assert!(!p256.holds(b"other", &signature));
        let secret = SecretBytes::from(bytes("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"));
        let signer = Signer::new(Algorithm::Es256, &secret).unwrap();
        assert_eq!(signer.public().unwrap().unwrap(), point);
        let own = signer.sign(signed.as_bytes()).unwrap();
        assert!(p256.holds(signed.as_bytes(), &own));
    }

    /// RFC 8037 appendices A.1, A.4 and A.5.
    #[test]
    fn the_vector_of_rfc_8037() {
        let secret = SecretBytes::from(bytes("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
        let signer = Signer::new(Algorithm::EdDsa, &secret).unwrap();
        let public = bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(signer.public().unwrap().unwrap(), public);
        let message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = bytes(
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        );
        assert_eq!(signer.sign(message).unwrap(), signature);
        let verifier = Verifier::ed25519(&public).unwrap();
        assert!(verifier.holds(message, &signature));
        assert!(!verifier.holds(b"other", &signature));
    }

    #[test]
    fn keys_are_made_for_one_algorithm() {
        for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
            let secret = generate(algorithm).unwrap();
            let signer = Signer::new(algorithm, &secret).unwrap();
            assert_eq!(
                signer.public().unwrap().is_some(),
                algorithm.is_asymmetric()
            );
            assert!(signer.sign(b"message").is_some());
        }
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256] {
            assert!(Signer::new(algorithm, &SecretBytes::from([7; 32])).is_none());
            assert!(generate(algorithm).is_err());
        }
        for length in [0, 31, 33] {
            let secret = SecretBytes::from(vec![7; length]);
            assert!(Signer::new(Algorithm::Hs256, &secret).is_none());
        }
        let zero = Signer::new(Algorithm::Es256, &SecretBytes::from([0; 32])).unwrap();
        assert!(zero.public().is_err(), "no scalar of the curve");
        assert!(Verifier::ed25519(&[1; 31]).is_none());
        assert!(Verifier::p256(&[0; 65]).is_none());
        assert!(Verifier::rsa(Algorithm::Hs256, &[1; 256], &[1, 0, 1]).is_none());
    }
}
