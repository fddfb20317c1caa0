//! What holds for a [`JwtManager`] over every store: issuing and verifying,
//! rotation by two managers, a crash between two writes, retirement, floods of
//! unknown keys.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plumego_contract::ManualClock;

use super::key_store::KeyStoreFixture;
use super::report::{Outcome, Report, Stop};
use crate::jwt::{
    Authorization, ExpectedType, Identity, JwtConfig, JwtError, JwtManager, KeyStore,
};
use crate::secret::{SecretBytes, SecretString};

/// Puts a manager over the stores of a fixture through every case.
pub async fn run(subject: &str, fixture: &dyn KeyStoreFixture) -> Report {
    let mut report = Report::new("jwt_manager", subject);
    report.add(
        "JW-01",
        "what was issued verifies, and nothing else",
        verifies(fixture).await,
    );
    report.add("JW-14", "a token ends on the clock", expires(fixture).await);
    report.add(
        "JW-20",
        "two managers rotate to one key",
        rotates(fixture).await,
    );
    report.add(
        "JW-21",
        "a crash between two writes forks nothing",
        crashes(fixture).await,
    );
    report.add(
        "JW-22",
        "keys are retired with their tokens",
        retires(fixture).await,
    );
    report.add(
        "JW-23",
        "unknown keys do not flood the store",
        floods(fixture).await,
    );
    report
}

impl From<JwtError> for Stop {
    fn from(error: JwtError) -> Self {
        Self::Failed(format!("{error:?}"))
    }
}

fn clock() -> ManualClock {
    ManualClock::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000))
}

async fn open(store: &Arc<dyn KeyStore>, clock: &ManualClock) -> Result<JwtManager, JwtError> {
    let clock = Arc::new(clock.clone());
    JwtManager::open_with_clock(Arc::clone(store), JwtConfig::default(), clock).await
}

async fn token(manager: &JwtManager) -> Result<SecretString, JwtError> {
    let (ada, nothing) = (Identity::new("ada"), Authorization::default());
    Ok(manager.issue_pair(&ada, &nothing).await?.access_token)
}

async fn key_of(manager: &JwtManager, token: &SecretString) -> Result<String, JwtError> {
    Ok(manager
        .verify(token.expose(), ExpectedType::Access)
        .await?
        .key_id)
}

async fn verifies(fixture: &dyn KeyStoreFixture) -> Outcome {
    let manager = open(&fixture.fresh().await, &clock()).await?;
    let token = token(&manager).await?;
    key_of(&manager, &token).await?;
    let text = token.expose();
    for wrong in [
        String::new(),
        text.to_uppercase(),
        format!("{text}A"),
        text.replacen('.', "..", 1),
        format!("{}.{}.", text.split('.').next().unwrap_or_default(), "e30"),
        format!(
            "eyJhbGciOiJub25lIiwidHlwIjoiSldUIiwia2lkIjoieCJ9{}",
            &text[text.find('.').unwrap_or(0)..]
        ),
    ] {
        let verified = manager.verify(&wrong, ExpectedType::Any).await;
        ensure!(verified.is_err(), "a changed token was accepted");
    }
    let refresh = manager.verify(text, ExpectedType::Refresh).await;
    ensure!(
        refresh.is_err(),
        "an access token was taken for a refresh token"
    );
    Ok(())
}

async fn expires(fixture: &dyn KeyStoreFixture) -> Outcome {
    let clock = clock();
    let manager = open(&fixture.fresh().await, &clock).await?;
    let token = token(&manager).await?;
    clock.advance(Duration::from_secs(904));
    key_of(&manager, &token).await?;
    clock.advance(Duration::from_secs(1));
    let ended = manager.verify(token.expose(), ExpectedType::Any).await;
    ensure!(matches!(ended, Err(JwtError::Expired)), "{ended:?}");
    Ok(())
}

async fn rotates(fixture: &dyn KeyStoreFixture) -> Outcome {
    let (clock, store) = (clock(), fixture.fresh().await);
    let (one, other) = (open(&store, &clock).await?, open(&store, &clock).await?);
    clock.advance(Duration::from_secs(24 * 60 * 60));
    let (mine, theirs) = tokio::join!(token(&one), token(&other));
    let (mine, theirs) = (mine?, theirs?);
    let keys = (key_of(&one, &mine).await?, key_of(&one, &theirs).await?);
    ensure!(keys.0 == keys.1, "two keys sign");
    key_of(&other, &mine).await?;
    one.rotate().await?;
    let token = token(&one).await?;
    key_of(&other, &token).await?;
    Ok(())
}

async fn crashes(fixture: &dyn KeyStoreFixture) -> Outcome {
    let (clock, store) = (clock(), fixture.fresh().await);
    let first = open(&store, &clock).await?;
    let before = token(&first).await?;
    clock.advance(Duration::from_secs(1));
    // The first write of a rotation, and no second: a record nobody uses.
    let donor: Arc<dyn KeyStore> = Arc::new(crate::jwt::MemoryKeyStore::new());
    open(&donor, &clock).await?;
    for name in donor.list("jwt:keys:").await? {
        if let Some(record) = donor.get(&name).await? {
            store.put_if_absent(&name, record).await?;
        }
    }
    let (one, other) = (open(&store, &clock).await?, open(&store, &clock).await?);
    let (mine, theirs) = (token(&one).await?, token(&other).await?);
    let keys = (key_of(&one, &mine).await?, key_of(&one, &theirs).await?);
    ensure!(keys.0 == keys.1, "two keys sign after a crash");
    key_of(&one, &before).await?;
    one.rotate().await?;
    let after = token(&one).await?;
    key_of(&other, &after).await?;
    Ok(())
}

async fn retires(fixture: &dyn KeyStoreFixture) -> Outcome {
    let (clock, store) = (clock(), fixture.fresh().await);
    let manager = open(&store, &clock).await?;
    let first = manager
        .keys()
        .first()
        .map(|key| key.id.clone())
        .unwrap_or_default();
    clock.advance(Duration::from_secs(60));
    manager.rotate().await?;
    clock.advance(Duration::from_secs(7 * 24 * 60 * 60 + 65));
    manager.rotate().await?;
    let kept = store.list("jwt:keys:").await?;
    ensure!(
        !kept.contains(&format!("jwt:keys:{first}")),
        "a retired key is kept"
    );
    Ok(())
}

async fn floods(fixture: &dyn KeyStoreFixture) -> Outcome {
    let (clock, store) = (clock(), fixture.fresh().await);
    let manager = open(&store, &clock).await?;
    let strangers: Arc<dyn KeyStore> = Arc::new(crate::jwt::MemoryKeyStore::new());
    let stranger = open(&strangers, &clock).await?;
    // A marker that cannot be read: reading the store again would fail.
    let foreign = token(&stranger).await?;
    let unknown = manager.verify(foreign.expose(), ExpectedType::Any).await;
    ensure!(matches!(unknown, Err(JwtError::UnknownKey)), "{unknown:?}");
    let broken = SecretBytes::from(b"{}".as_slice());
    store.put_if_absent("jwt:keys:broken", broken).await?;
    for _ in 0..100 {
        stranger.rotate().await?;
        let foreign = token(&stranger).await?;
        let unknown = manager.verify(foreign.expose(), ExpectedType::Any).await;
        ensure!(
            matches!(unknown, Err(JwtError::UnknownKey)),
            "the store was read: {unknown:?}"
        );
    }
    Ok(())
}
