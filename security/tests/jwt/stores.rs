//! Starting on what a store holds, and on what it should not.

use plumego_contract::BoxError;
use plumego_log::Level;
use plumego_security::jwt::{
    Algorithm, ExpectedType, IssueOptions, JwtConfig, JwtError, KeyStore, MemoryKeyStore, TokenType,
};
use plumego_security::secret::SecretBytes;
use plumego_testkit::RecordingLogger;

use crate::support::{Bench, Faulty, ada, clock, editor, issue, open, word};

fn chain(error: &JwtError) -> String {
    let mut text = error.to_string();
    let mut source: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

async fn put(store: &MemoryKeyStore, key: &str, value: &[u8]) -> Result<(), BoxError> {
    let _ = store.delete(key).await?;
    store
        .put_if_absent(key, SecretBytes::from(value))
        .await
        .map(drop)
}

#[tokio::test]
async fn a_second_start_uses_what_the_first_made() {
    let bench = Bench::new(Algorithm::EdDsa).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let again = bench.peer(JwtConfig::default()).await;
    assert_eq!(again.keys(), bench.manager.keys());
    let verified = again.verify(pair.access_token.expose(), ExpectedType::Access);
    assert!(verified.await.is_ok());
}

#[tokio::test]
async fn a_marker_that_is_lost_or_dangles_is_replaced_and_old_keys_verify() {
    for marker in [None, Some(&b"nothing"[..]), Some(b""), Some(b"\xff")] {
        let bench = Bench::new(Algorithm::Hs256).await;
        let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        let before = bench.active().await;
        bench.store.inner.delete("jwt:active").await.unwrap();
        if let Some(marker) = marker {
            put(&bench.store.inner, "jwt:active", marker).await.unwrap();
        }
        let again = bench.peer(JwtConfig::default()).await;
        assert_ne!(bench.active().await, before);
        assert_eq!(again.keys().len(), 2);
        let verified = again.verify(pair.access_token.expose(), ExpectedType::Any);
        assert!(verified.await.is_ok());
    }
}

#[tokio::test]
async fn nothing_starts_with_a_record_that_is_no_key() {
    let good = Bench::new(Algorithm::Hs256).await;
    let kid = good.active().await;
    let record = good.record(&kid).await;
    let changed = |name: &str, value: serde_json::Value| {
        let mut record = record.clone();
        record[name] = value;
        record.to_string().into_bytes()
    };
    for bytes in [
        b"".to_vec(),
        b"{}".to_vec(),
        b"\xff".to_vec(),
        changed("id", "other".into()),
        changed("id", "".into()),
        changed("alg", "none".into()),
        changed("alg", "HS512".into()),
        changed("secret", "AAAA".into()),
        changed("created_at", 0.into()),
        changed("created_at", "now".into()),
        changed("unknown", 1.into()),
    ] {
        let name = format!("jwt:keys:{kid}");
        put(&good.store.inner, &name, &bytes).await.unwrap();
        let refused = open(&good.store, JwtConfig::default(), &clock()).await;
        let error = refused.err().unwrap();
        assert!(matches!(&error, JwtError::CorruptKey { kid: own } if *own == kid));
        // Also for a key that is not in use: it would be one day.
        let before = good.manager.refresh().await;
        assert!(before.is_err() && good.manager.keys().len() == 1);
    }
    put(
        &good.store.inner,
        "jwt:keys:",
        record.to_string().as_bytes(),
    )
    .await
    .unwrap();
    assert!(
        open(&good.store, JwtConfig::default(), &clock())
            .await
            .is_err()
    );
}

#[tokio::test]
async fn a_store_that_fails_at_the_start_says_at_what() {
    let store = Faulty::default();
    store.set_down(true);
    let error = open(&store, JwtConfig::default(), &clock())
        .await
        .err()
        .unwrap();
    assert_eq!(
        chain(&error),
        "the store of signing keys failed: failed to read active signing key: connection refused"
    );
    store.set_down(false);
    for (write, context) in [
        (1, "failed to store signing key"),
        (2, "failed to store active signing key"),
    ] {
        let store = Faulty::default();
        store.fail_write(write);
        let error = open(&store, JwtConfig::default(), &clock())
            .await
            .err()
            .unwrap();
        let expected = format!("the store of signing keys failed: {context}: disk full");
        assert_eq!(chain(&error), expected);
        // The next start is not hurt by what is left.
        let manager = open(&store, JwtConfig::default(), &clock()).await.unwrap();
        assert!(manager.issue_pair(&ada(), &editor()).await.is_ok());
    }
}

#[tokio::test]
async fn a_start_that_is_dropped_leaves_a_store_to_start_on() {
    let store = Faulty::default();
    let clock = clock();
    // Dropped after each number of turns it takes.
    for turns in 0..20 {
        let start = open(&store, JwtConfig::default(), &clock);
        let mut start = std::pin::pin!(start);
        let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
        for _ in 0..turns {
            if start.as_mut().poll(&mut cx).is_ready() {
                break;
            }
        }
    }
    let manager = open(&store, JwtConfig::default(), &clock).await.unwrap();
    let pair = manager.issue_pair(&ada(), &editor()).await.unwrap();
    let other = open(&store, JwtConfig::default(), &clock).await.unwrap();
    let verified = other.verify(pair.access_token.expose(), ExpectedType::Any);
    assert_eq!(word(&verified.await), "ok");
}

#[tokio::test]
async fn many_that_start_at_once_agree_on_one_key() {
    let store = Faulty::default();
    let clock = clock();
    let starts: Vec<_> = (0..16)
        .map(|_| {
            let (store, clock) = (store.clone(), clock.clone());
            tokio::spawn(async move { open(&store, JwtConfig::default(), &clock).await.unwrap() })
        })
        .collect();
    let mut active = std::collections::HashSet::new();
    for start in starts {
        let manager = start.await.unwrap();
        manager.refresh().await.unwrap();
        let token = issue(&manager, TokenType::Access, IssueOptions::default());
        active.insert(token.await.unwrap().key_id);
    }
    assert_eq!(active.len(), 1);
    assert_eq!(
        store.inner.list("jwt:keys:").await.unwrap().len(),
        1,
        "the losers tidied up"
    );
}

#[tokio::test]
async fn keys_in_the_clear_are_worth_a_warning_in_production() {
    for (production, warnings) in [(false, 0), (true, 1)] {
        let logger = RecordingLogger::new();
        let config = JwtConfig::default()
            .with_production(production)
            .with_logger(logger.as_logger());
        let bench = Bench::with(config).await;
        let records = logger.entries();
        assert_eq!(records.len(), warnings);
        assert!(records.iter().all(|record| record.level == Level::Warn));
        let secret = crate::support::encode(bench.secret().await);
        assert!(!logger.contains(&secret));
    }
}

#[cfg(feature = "seal")]
mod sealed {
    use std::sync::Arc;

    use plumego_security::jwt::{JwtManager, KeyEncryptionKey, KeyProtection, SealedKeyStore};

    use super::*;

    fn kek(id: &str, byte: u8) -> KeyEncryptionKey {
        KeyEncryptionKey::new(id, &SecretBytes::from([byte; 32])).unwrap()
    }

    #[tokio::test]
    async fn a_sealed_store_holds_nothing_in_the_clear_and_opens_with_its_key_alone() {
        let inner = Faulty::default();
        let store = SealedKeyStore::new(inner.clone(), kek("a", 1));
        assert_eq!(store.protection(), KeyProtection::Sealed);
        let logger = RecordingLogger::new();
        let config = || {
            JwtConfig::default()
                .with_algorithm(Algorithm::EdDsa)
                .with_production(true)
                .with_logger(logger.as_logger())
        };
        let manager = JwtManager::open(Arc::new(store), config()).await.unwrap();
        assert!(logger.entries().is_empty());
        let pair = manager.issue_pair(&ada(), &editor()).await.unwrap();
        for key in inner.inner.list("").await.unwrap() {
            let stored = inner.inner.get(&key).await.unwrap().unwrap();
            let text = String::from_utf8_lossy(stored.expose()).into_owned();
            assert!(!text.contains("secret") && !text.contains("EdDSA"), "{key}");
        }
        for wrong in [kek("a", 2), kek("b", 1)] {
            let store = SealedKeyStore::new(inner.clone(), wrong);
            let refused = JwtManager::open(Arc::new(store), config()).await;
            assert_eq!(word(&refused), "store");
        }
        let renewed = SealedKeyStore::new(inner.clone(), kek("b", 2)).with_previous(kek("a", 1));
        let manager = JwtManager::open(Arc::new(renewed), config()).await.unwrap();
        let verified = manager
            .verify(pair.access_token.expose(), ExpectedType::Access)
            .await;
        assert_eq!(word(&verified), "ok");
        manager.rotate().await.unwrap();
    }
}
