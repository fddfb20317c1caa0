//! What holds for every [`HashConfig`]: PW-01 to PW-08.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use super::report::{Outcome, Report, Stop, failed};
use crate::password::{HashConfig, PASSWORD_BYTES_MAX, PasswordError, PasswordHasher};
use crate::secret::SecretString;

/// Puts a scheme through every case. It derives a few dozen hashes; `salts`
/// says how many more for PW-08.
pub async fn run(subject: &str, config: &HashConfig, salts: usize) -> Report {
    let mut report = Report::new("password_hasher", subject);
    report.add(
        "PW-01",
        "what was hashed verifies",
        round_trip(config).await,
    );
    report.add("PW-02", "a wrong password does not", mismatch(config).await);
    report.add(
        "PW-03",
        "malformed hashes are refused",
        malformed(config).await,
    );
    report.add(
        "PW-04",
        "costs outside their bounds are refused",
        bounds(config).await,
    );
    report.add(
        "PW-05",
        "overlong passwords are refused",
        overlong(config).await,
    );
    report.add("PW-06", "a fresh hash needs no other", rehash(config).await);
    report.add("PW-07", "a flood is refused as busy", busy(config).await);
    report.add("PW-08", "salts are unique", unique(config, salts).await);
    report
}

impl From<PasswordError> for Stop {
    fn from(error: PasswordError) -> Self {
        Self::Failed(format!("{error:?}"))
    }
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

async fn round_trip(config: &HashConfig) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    for password in ["", "correct horse", "pässwörd\0😀"] {
        let stored = hasher.hash(secret(password)).await?;
        ensure!(
            !stored.contains("correct horse"),
            "the hash shows the password"
        );
        let _ = hasher.verify(&stored, secret(password)).await?;
    }
    let stored = hasher.hash(secret("cafe\u{301}")).await?;
    let _ = hasher.verify(&stored, secret("caf\u{e9}")).await?;
    Ok(())
}

async fn mismatch(config: &HashConfig) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    let stored = hasher.hash(secret("correct horse")).await?;
    for wrong in ["", "correct horse ", "Correct horse", "correct hors"] {
        let outcome = hasher.verify(&stored, secret(wrong)).await;
        ensure!(
            matches!(outcome, Err(PasswordError::Mismatch)),
            "{wrong:?}: {outcome:?}"
        );
    }
    let outcome = hasher.verify_unknown_user(secret("x")).await;
    ensure!(
        matches!(outcome, Err(PasswordError::Mismatch)),
        "{outcome:?}"
    );
    Ok(())
}

async fn malformed(config: &HashConfig) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    let good = hasher.hash(secret("x")).await?;
    let mut texts = vec![String::new(), "$".into(), "$$$$".into(), "x".repeat(2000)];
    texts.push(format!("{good}$"));
    texts.push(good.replacen('$', "", 1));
    texts.push(format!("{good}="));
    texts.push(good.replace('=', ""));
    texts.push(good[..good.len() - 30].to_owned());
    for text in texts {
        let outcome = hasher.verify(&text, secret("x")).await;
        ensure!(
            matches!(outcome, Err(PasswordError::InvalidHash { .. })),
            "{text}: {outcome:?}"
        );
    }
    Ok(())
}

async fn bounds(config: &HashConfig) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    let (salt, key) = (
        "MDEyMzQ1Njc4OWFiY2RlZg",
        "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY",
    );
    for cost in [
        "$argon2id$v=19$m=4294967295,t=2,p=1",
        "$argon2id$v=19$m=19456,t=4294967295,p=1",
        "$argon2id$v=19$m=19456,t=2,p=4294967295",
        "$argon2id$v=19$m=1,t=1,p=1",
        "$pbkdf2-sha512$i=4294967295",
        "$pbkdf2-sha512$i=1",
        "4294967295",
        "1",
    ] {
        let outcome = hasher
            .verify(&format!("{cost}${salt}${key}"), secret("x"))
            .await;
        ensure!(
            matches!(outcome, Err(PasswordError::InvalidHash { .. })),
            "{cost}: {outcome:?}"
        );
    }
    Ok(())
}

async fn overlong(config: &HashConfig) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    let longest = "x".repeat(PASSWORD_BYTES_MAX);
    let stored = hasher.hash(secret(&longest)).await?;
    let _ = hasher.verify(&stored, secret(&longest)).await?;
    let longer = secret(&format!("{longest}x"));
    let hashed = hasher.hash(longer.clone()).await;
    ensure!(matches!(hashed, Err(PasswordError::TooLong)), "{hashed:?}");
    let verified = hasher.verify(&stored, longer).await;
    ensure!(
        matches!(verified, Err(PasswordError::TooLong)),
        "{verified:?}"
    );
    Ok(())
}

async fn rehash(config: &HashConfig) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    let stored = hasher.hash(secret("x")).await?;
    ensure!(!hasher.needs_rehash(&stored)?, "a fresh hash is outdated");
    ensure!(
        !hasher.verify(&stored, secret("x")).await?.needs_rehash,
        "a fresh hash is outdated"
    );
    let compact = "100000$MDEyMzQ1Njc4OWFiY2RlZg$MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY";
    ensure!(
        hasher.needs_rehash(compact)?,
        "the compact form is not outdated"
    );
    Ok(())
}

async fn busy(config: &HashConfig) -> Outcome {
    let config = config
        .clone()
        .with_max_concurrent(NonZeroUsize::MIN)
        .with_queue_limit(1);
    let hasher = PasswordHasher::new(config)?;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let hasher = hasher.clone();
        tasks.spawn(async move { hasher.verify_unknown_user(secret("x")).await });
    }
    let (mut served, mut refused) = (0, 0);
    while let Some(outcome) = tasks.join_next().await {
        match outcome.map_err(|error| failed(error.to_string()))? {
            Err(PasswordError::Mismatch) => served += 1,
            Err(PasswordError::Busy) => refused += 1,
            other => return Err(failed(format!("{other:?}"))),
        }
    }
    ensure!(
        served >= 1 && refused >= 1,
        "{served} served, {refused} refused"
    );
    Ok(())
}

async fn unique(config: &HashConfig, salts: usize) -> Outcome {
    let hasher = PasswordHasher::new(config.clone())?;
    let mut seen = HashSet::new();
    for _ in 0..salts {
        let stored = hasher.hash_blocking(&secret("x"))?;
        let salt = stored.rsplit('$').nth(1).map(str::to_owned);
        ensure!(seen.insert(salt), "a salt came twice");
    }
    Ok(())
}
