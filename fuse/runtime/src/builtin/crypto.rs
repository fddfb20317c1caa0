//! `crypto`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use plumego_security::password::{HashConfig, PasswordError, PasswordHasher};
use plumego_security::secret::{SecretString, ct_eq};
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Call;
use crate::fault::{Fault, Outcome};
use crate::validate::echo;
use crate::value::Value;

/// Random bytes that one call gives at most.
const RANDOM_MAX: usize = 1_048_576;

fn unsupported(function: &str, algorithm: &str) -> Fault {
    let algorithm = echo(algorithm);
    Fault::invalid_arguments(format!(
        "crypto.{function} unsupported algorithm {algorithm}"
    ))
}

pub(super) fn hash(call: &mut Call<'_>) -> Outcome<Value> {
    let (algorithm, data) = (call.text(0)?, call.bytes(1)?);
    Ok(match algorithm.to_ascii_lowercase().as_str() {
        "sha256" => Value::bytes(&Sha256::digest(data)),
        "sha384" => Value::bytes(&Sha384::digest(data)),
        "sha512" => Value::bytes(&Sha512::digest(data)),
        "blake3" => Value::bytes(blake3::hash(data).as_bytes()),
        _ => return Err(unsupported("hash", algorithm)),
    })
}

pub(super) fn hmac(call: &mut Call<'_>) -> Outcome<Value> {
    let (algorithm, key, data) = (call.text(0)?, call.bytes(1)?, call.bytes(2)?);
    match algorithm.to_ascii_lowercase().as_str() {
        "sha256" => Ok(authenticate::<Hmac<Sha256>>(key, data)),
        "sha512" => Ok(authenticate::<Hmac<Sha512>>(key, data)),
        _ => Err(unsupported("hmac", algorithm)),
    }
}

fn authenticate<M: Mac + KeyInit>(key: &[u8], data: &[u8]) -> Value {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(data);
    Value::bytes(&mac.finalize().into_bytes())
}

fn random(call: &Call<'_>, function: &str) -> Outcome<Vec<u8>> {
    let count = usize::try_from(call.int(0)?)
        .ok()
        .filter(|count| *count <= RANDOM_MAX);
    let count = count.ok_or_else(|| {
        Fault::invalid_arguments(format!("crypto.{function} expects 0..{RANDOM_MAX}"))
    })?;
    let mut bytes = vec![0; count];
    let filled = call.ctx.runtime().entropy().fill(&mut bytes);
    filled.map_err(|error| Fault::error(format!("crypto.{function}: {error}")))?;
    Ok(bytes)
}

pub(super) fn random_bytes(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::bytes(&random(call, "random_bytes")?))
}

pub(super) fn token(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::text(&URL_SAFE_NO_PAD.encode(random(call, "token")?)))
}

pub(super) fn constant_time_eq(call: &mut Call<'_>) -> Outcome<Value> {
    Ok(Value::Bool(ct_eq(call.bytes(0)?, call.bytes(1)?)))
}

fn too_long(function: &str) -> Fault {
    Fault::invalid_arguments(format!("crypto.{function} expects at most 1024 bytes"))
}

/// Bytes of a password at most.
const PASSWORD_MAX: usize = 1024;

/// The argument that is a password.
fn password(call: &Call<'_>, function: &str) -> Outcome<SecretString> {
    let password = call.text(0)?;
    if password.len() > PASSWORD_MAX {
        return Err(too_long(function));
    }
    Ok(SecretString::from(password))
}

/// Hashes and verifies, made when first used. The work is bounded by the pools
/// that blocking calls run on.
fn hasher() -> Outcome<PasswordHasher> {
    static HASHER: std::sync::OnceLock<PasswordHasher> = std::sync::OnceLock::new();
    if let Some(hasher) = HASHER.get() {
        return Ok(hasher.clone());
    }
    let made = PasswordHasher::new(HashConfig::default());
    let made = made.map_err(|error| Fault::error(format!("crypto: {error}")))?;
    Ok(HASHER.get_or_init(|| made).clone())
}

pub(super) fn password_hash(call: &mut Call<'_>) -> Outcome<Value> {
    let (hasher, password) = (hasher()?, password(call, "password_hash")?);
    let hashed = call.ctx.blocking(|_| Ok(hasher.hash_blocking(&password)))?;
    match hashed {
        Ok(hash) => Ok(Value::text(&hash)),
        Err(PasswordError::TooLong) => Err(too_long("password_hash")),
        Err(error) => Err(Fault::error(format!("crypto.password_hash: {error}"))),
    }
}

pub(super) fn password_verify(call: &mut Call<'_>) -> Outcome<Value> {
    let (hasher, password) = (hasher()?, password(call, "password_verify")?);
    let stored = call.text(1)?.to_owned();
    let verified = call
        .ctx
        .blocking(|_| Ok(hasher.verify_blocking(&stored, &password)))?;
    match verified {
        Ok(_) => Ok(Value::Bool(true)),
        Err(PasswordError::Mismatch) => Ok(Value::Bool(false)),
        Err(PasswordError::TooLong) => Err(too_long("password_verify")),
        Err(PasswordError::InvalidHash { .. }) => {
            call.ctx
                .warn("crypto.password_verify: the stored hash cannot be read");
            Ok(Value::Bool(false))
        }
        Err(error) => Err(Fault::error(format!("crypto.password_verify: {error}"))),
    }
}
