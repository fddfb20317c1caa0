//! Derivation: slow on purpose, so never on a thread that serves requests.

use argon2::{Algorithm as Variant, Argon2, Params, Version};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha512;
use zeroize::Zeroizing;

use super::PasswordError;
use super::config::Argon2Cost;

pub(super) type Output = Zeroizing<Vec<u8>>;

/// Argon2id, version 1.3 (RFC 9106); the pepper is its secret value *K*.
pub(super) fn argon2id(
    cost: Argon2Cost,
    pepper: Option<&[u8]>,
    password: &[u8],
    salt: &[u8],
    output_bytes: usize,
) -> Result<Output, PasswordError> {
    let params = Params::new(
        cost.memory_kib,
        cost.iterations,
        cost.lanes,
        Some(output_bytes),
    )
    .map_err(|_| PasswordError::InvalidCost)?;
    let argon2 = match pepper {
        None => Argon2::new(Variant::Argon2id, Version::V0x13, params),
        Some(key) => Argon2::new_with_secret(key, Variant::Argon2id, Version::V0x13, params)
            .map_err(|_| PasswordError::Config("a pepper is too long".to_owned()))?,
    };
    let mut output = Zeroizing::new(vec![0; output_bytes]);
    match argon2.hash_password_into(password, salt, &mut output) {
        Ok(()) => Ok(output),
        Err(argon2::Error::OutOfMemory) => Err(PasswordError::Busy),
        // Lengths and costs were checked when the hash was read.
        Err(_) => Err(PasswordError::InvalidCost),
    }
}

/// PBKDF2-HMAC-SHA512 (RFC 8018 section 5.2). It has no place for a pepper, so
/// the password is HMAC-SHA512 of itself under the pepper.
pub(super) fn pbkdf2_sha512(
    iterations: u32,
    pepper: Option<&[u8]>,
    password: &[u8],
    salt: &[u8],
    output_bytes: usize,
) -> Result<Output, PasswordError> {
    let params = pbkdf2::Params::new(iterations).map_err(|_| PasswordError::InvalidCost)?;
    let mut output = Zeroizing::new(vec![0; output_bytes]);
    let mut derive = |password: &[u8]| {
        // Not the generic function, which would be compiled here, and so without
        // optimisation where this crate is.
        let algorithm = pbkdf2::Algorithm::Pbkdf2Sha512;
        pbkdf2::pbkdf2_hmac_with_params(password, salt, algorithm, params, &mut output);
    };
    match pepper {
        None => derive(password),
        Some(key) => derive(&*hmac_sha512(key, password)),
    }
    Ok(output)
}

fn hmac_sha512(key: &[u8], message: &[u8]) -> Zeroizing<[u8; 64]> {
    // HMAC takes keys of any length (RFC 2104 section 2).
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("a key of any length");
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// bcrypt. Passwords end at a zero byte that is added, and count up to 72
/// bytes, which is what every implementation does.
#[cfg(feature = "bcrypt")]
pub(super) fn bcrypt(cost: u32, password: &[u8], salt: &[u8]) -> Result<Output, PasswordError> {
    const INPUT_BYTES_MAX: usize = 72;
    const OUTPUT_BYTES: usize = 23;
    let salt: [u8; 16] = salt.try_into().map_err(|_| PasswordError::InvalidCost)?;
    let mut input = Zeroizing::new([password, &[0]].concat());
    input.truncate(INPUT_BYTES_MAX);
    let output = Zeroizing::new(bcrypt::bcrypt(cost, salt, &input));
    Ok(Zeroizing::new(output[..OUTPUT_BYTES].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 9106 section 5.3, through the library itself: the vector has
    /// associated data and less memory than is accepted here.
    #[test]
    fn the_vector_of_rfc_9106() {
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .output_len(32)
            .build()
            .unwrap();
        let argon2 =
            Argon2::new_with_secret(&[3; 8], Variant::Argon2id, Version::V0x13, params).unwrap();
        let mut output = [0; 32];
        argon2
            .hash_password_into(&[1; 32], &[2; 16], &mut output)
            .unwrap();
        assert_eq!(
            hex(&output),
            "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"
        );
    }

    /// RFC 4231 section 4, cases 1, 2, 6: HMAC-SHA-512.
    #[test]
    fn the_vectors_of_rfc_4231() {
        for (key, data, expected) in [
            (
                vec![0x0b; 20],
                b"Hi There".as_slice(),
                "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde\
                 daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
            ),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?",
                "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
                 9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
            ),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352\
                 6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
            ),
        ] {
            assert_eq!(hex(&*hmac_sha512(&key, data)), expected);
        }
    }

    /// The inputs of RFC 6070 with SHA-512 in place of SHA-1, as widely
    /// published, and one made with OpenSSL.
    #[test]
    fn vectors_of_pbkdf2() {
        for (password, salt, iterations, expected) in [
            (
                "password",
                "salt",
                1,
                "867f70cf1ade02cff3752599a3a53dc4af34c7a669815ae5d513554e1c8cf252\
                 c02d470a285a0501bad999bfe943c08f050235d7d68b1da55e63f73b60a57fce",
            ),
            (
                "password",
                "salt",
                2,
                "e1d9c16aa681708a45f5c7c4e215ceb66e011a2e9f0040713f18aefdb866d53c\
                 f76cab2868a39b9f7840edce4fef5a82be67335c77a6068e04112754f27ccf4e",
            ),
            (
                "password",
                "salt",
                4096,
                "d197b1b33db0143e018b12f3d1d1479e6cdebdcc97c5c0f87f6902e072f457b5\
                 143f30602641b3d55cd335988cb36b84376060ecd532e039b742a239434af2d5",
            ),
            (
                "passwordPASSWORDpassword",
                "saltSALTsaltSALTsaltSALTsaltSALTsalt",
                4096,
                "8c0511f4c6e597c6ac6315d8f0362e225f3c501495ba23b868c005174dc4ee71\
                 115b59f9e60cd9532fa33e0f75aefe30225c583a186cd82bd4daea9724a3d3b8",
            ),
        ] {
            let (password, salt) = (password.as_bytes(), salt.as_bytes());
            let mut output = [0; 64];
            pbkdf2::pbkdf2_hmac::<Sha512>(password, salt, iterations, &mut output);
            assert_eq!(hex(&output), expected, "{iterations}");
            if iterations > 1000 {
                let output = pbkdf2_sha512(iterations, None, password, salt, 64).unwrap();
                assert_eq!(hex(&output), expected, "{iterations}");
            }
        }
    }

    /// RFC 7914 section 11 gives PBKDF2-HMAC-SHA256; it covers the same code
    /// with the other hash.
    #[test]
    fn the_vectors_of_rfc_7914() {
        let mut output = [0; 64];
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"passwd", b"salt", 1, &mut output);
        assert_eq!(
            hex(&output),
            "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc\
             49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783"
        );
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"Password", b"NaCl", 80_000, &mut output);
        assert_eq!(
            hex(&output),
            "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56\
             a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d"
        );
    }

    #[cfg(feature = "bcrypt")]
    #[test]
    fn bcrypt_takes_72_bytes() {
        let salt = [7; 16];
        let output = |text: &str| bcrypt(4, text.as_bytes(), &salt).unwrap();
        let long = "x".repeat(72);
        assert_eq!(*output(&long), *output(&format!("{long}y")));
        assert_ne!(*output(&long), *output(&long[..71]));
    }
}
