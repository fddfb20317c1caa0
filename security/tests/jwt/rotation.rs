use std::sync::Arc;
use std::time::{Duration, SystemTime};

use plumego_security::jwt::{
    Algorithm, ExpectedType, IssueOptions, JwtConfig, JwtManager, KeyState, KeyStore,
    RotationFailure, TokenType,
};
use plumego_security::secret::SecretBytes;

use crate::support::{Bench, NOW, ada, editor, issue, word};

const DAY: u64 = 24 * 60 * 60;

async fn key_of(manager: &JwtManager) -> String {
    let issued = issue(manager, TokenType::Access, IssueOptions::default());
    issued.await.unwrap().key_id
}

fn states(manager: &JwtManager) -> Vec<KeyState> {
    manager.keys().iter().map(|key| key.state).collect()
}

#[tokio::test]
async fn a_key_signs_for_its_interval_to_the_second() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let first = key_of(&bench.manager).await;
    bench.advance(DAY - 1);
    assert_eq!(key_of(&bench.manager).await, first);
    bench.advance(1);
    let second = key_of(&bench.manager).await;
    assert_ne!(second, first);
    assert_eq!(key_of(&bench.manager).await, second);
    assert_eq!(
        states(&bench.manager),
        [KeyState::VerifyOnly, KeyState::Active]
    );
    let superseded = bench.record(&first).await["superseded_at"].clone();
    assert_eq!(superseded, NOW + DAY as i64);
}

#[tokio::test]
async fn without_an_interval_only_a_request_rotates() {
    let bench = Bench::with(JwtConfig::default().with_rotation_interval(Duration::ZERO)).await;
    let first = key_of(&bench.manager).await;
    bench.advance(1000 * DAY);
    assert_eq!(key_of(&bench.manager).await, first);
    let metadata = bench.manager.rotate().await.unwrap();
    assert_eq!(metadata.state, KeyState::Active);
    assert_eq!(key_of(&bench.manager).await, metadata.id);
}

#[tokio::test]
async fn a_clock_that_goes_back_does_not_rotate() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let first = key_of(&bench.manager).await;
    bench
        .clock
        .set_wall(SystemTime::UNIX_EPOCH + Duration::from_secs(1000));
    assert_eq!(key_of(&bench.manager).await, first);
}

#[tokio::test]
async fn metadata_has_no_secret_and_changes_nothing() {
    for algorithm in [Algorithm::Hs256, Algorithm::EdDsa, Algorithm::Es256] {
        let bench = Bench::new(algorithm).await;
        let mut metadata = bench.manager.rotate().await.unwrap();
        let record = bench.record(&metadata.id).await;
        let secret = record["secret"].as_str().unwrap();
        let bytes = crate::support::decode(secret);
        let shown = format!(
            "{metadata:?} {:?} {:#?}",
            bench.manager,
            bench.manager.keys()
        );
        assert!(!shown.contains(secret));
        let list = format!("{bytes:?}");
        assert!(!shown.contains(list.trim_matches(['[', ']'])));
        assert_eq!(metadata.public.is_some(), algorithm.is_asymmetric());
        metadata.id = "other".into();
        if let Some(public) = &mut metadata.public {
            public.fill(0);
        }
        let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        assert_eq!(bench.outcome(pair.access_token.expose()).await, "ok");
        let jwks = serde_json::to_string(&bench.manager.public_jwks()).unwrap();
        assert!(!jwks.contains(secret) && !jwks.contains("\"d\""));
        let published = bench.manager.public_jwks().keys().len();
        assert_eq!(published, if algorithm.is_asymmetric() { 2 } else { 0 });
    }
}

#[tokio::test]
async fn a_burst_of_issuers_rotates_once() {
    let bench = Bench::new(Algorithm::Hs256).await;
    bench.advance(DAY);
    let issuers: Vec<_> = (0..32)
        .map(|_| {
            let manager = bench.manager.clone();
            tokio::spawn(async move { key_of(&manager).await })
        })
        .collect();
    let mut used = std::collections::HashSet::new();
    for issuer in issuers {
        used.insert(issuer.await.unwrap());
    }
    assert_eq!(used.len(), 1);
    assert_eq!(bench.manager.keys().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_are_issued_and_verified_while_keys_rotate() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let peer = bench.peer(JwtConfig::default()).await;
    let tasks: Vec<_> = (0..32)
        .map(|i| {
            let (issuer, verifier) = if i % 2 == 0 {
                (bench.manager.clone(), peer.clone())
            } else {
                (peer.clone(), bench.manager.clone())
            };
            tokio::spawn(async move {
                for round in 0..20 {
                    if i == 0 || (i == 1 && round % 4 == 0) {
                        issuer.rotate().await.unwrap();
                    }
                    let pair = issuer.issue_pair(&ada(), &editor()).await.unwrap();
                    let token = pair.access_token.expose();
                    // The issuer itself knows its key at once.
                    issuer.verify(token, ExpectedType::Access).await.unwrap();
                    let elsewhere = verifier.verify(token, ExpectedType::Access).await;
                    assert!(matches!(word(&elsewhere).as_str(), "ok" | "unknown key"));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    bench.manager.refresh().await.unwrap();
    peer.refresh().await.unwrap();
    assert_eq!(
        key_of(&bench.manager).await,
        key_of(&peer).await,
        "one key signs"
    );
}

#[tokio::test]
async fn keys_read_while_another_instance_rotates_can_sign() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let peer = bench.peer(JwtConfig::default()).await;
    bench.store.rotate_after_marker(peer.clone());
    bench.manager.refresh().await.unwrap();
    assert_eq!(key_of(&bench.manager).await, key_of(&peer).await);
}

#[tokio::test]
async fn a_marker_that_names_a_key_which_signs_no_more_is_replaced() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let old = key_of(&bench.manager).await;
    let new = bench.manager.rotate().await.unwrap().id;
    let store = &bench.store.inner;
    let marker = SecretBytes::from(old.as_bytes());
    assert!(
        store
            .compare_and_swap("jwt:active", Some(new.as_bytes()), marker)
            .await
            .unwrap()
    );
    bench.manager.refresh().await.unwrap();
    let signs = key_of(&bench.manager).await;
    assert!(signs != old && signs != new);
}

#[tokio::test]
async fn two_managers_never_sign_with_two_keys_for_long_and_know_each_others_tokens() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let peer = bench.peer(JwtConfig::default()).await;
    bench.advance(DAY);
    let (mine, theirs) = tokio::join!(key_of(&bench.manager), key_of(&peer));
    assert_eq!(mine, theirs);
    assert_eq!(
        bench.store.inner.list("jwt:keys:").await.unwrap().len(),
        2,
        "losers tidied up"
    );
    let metadata = bench.manager.rotate().await.unwrap();
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let claims = peer
        .verify(pair.access_token.expose(), ExpectedType::Access)
        .await
        .unwrap();
    assert_eq!(claims.key_id, metadata.id);
    // Its own issuing catches up once its keys are old.
    assert_eq!(key_of(&peer).await, metadata.id);
}

#[tokio::test]
async fn unknown_keys_do_not_flood_the_store() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let stranger = Bench::new(Algorithm::Hs256).await;
    let flood = async |from: usize| {
        for i in from..from + 50 {
            let (mut header, payload) = stranger.parts().await;
            header["kid"] = format!("unknown-{i}").into();
            let token = stranger
                .forge(&header.to_string(), &payload.to_string())
                .await;
            assert_eq!(bench.outcome(&token).await, "unknown key");
        }
    };
    let before = bench.store.readings();
    flood(0).await;
    assert_eq!(bench.store.readings() - before, 1);
    bench.advance(9);
    flood(50).await;
    assert_eq!(bench.store.readings() - before, 1);
    bench.advance(1);
    flood(100).await;
    assert_eq!(bench.store.readings() - before, 2);
    // What was looked for is not looked for again, even after the gap.
    bench.advance(10);
    let (mut header, payload) = stranger.parts().await;
    header["kid"] = "unknown-100".into();
    let token = stranger
        .forge(&header.to_string(), &payload.to_string())
        .await;
    assert_eq!(bench.outcome(&token).await, "unknown key");
    assert_eq!(bench.store.readings() - before, 2);
}

#[tokio::test]
async fn many_unknown_keys_at_once_are_one_reading() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let peer = bench.peer(JwtConfig::default()).await;
    peer.rotate().await.unwrap();
    let pair = peer.issue_pair(&ada(), &editor()).await.unwrap();
    let before = bench.store.readings();
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (manager, token) = (bench.manager.clone(), pair.access_token.clone());
            tokio::spawn(
                async move { word(&manager.verify(token.expose(), ExpectedType::Any).await) },
            )
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "ok");
    }
    assert_eq!(bench.store.readings() - before, 1);
}

#[tokio::test]
async fn keys_are_deleted_when_their_tokens_have_ended() {
    let config = JwtConfig::default()
        .with_refresh_ttl(Duration::from_secs(2 * DAY))
        .with_rotation_interval(Duration::ZERO);
    let bench = Bench::with(config).await;
    let first = bench.active().await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    bench.advance(60);
    bench.manager.rotate().await.unwrap();
    assert_eq!(bench.outcome(pair.refresh_token.expose()).await, "ok");
    // Two days, five seconds of tolerance and a minute.
    bench.advance(2 * DAY + 64);
    bench.manager.rotate().await.unwrap();
    assert_eq!(bench.manager.keys().len(), 3);
    bench.advance(1);
    bench.manager.rotate().await.unwrap();
    let kept = bench.store.inner.list("jwt:keys:").await.unwrap();
    assert!(!kept.contains(&format!("jwt:keys:{first}")));
    assert_eq!(
        bench.outcome(pair.refresh_token.expose()).await,
        "unknown key"
    );
}

#[tokio::test]
async fn a_revoked_key_is_gone_at_once_here_and_soon_elsewhere() {
    let bench = Bench::new(Algorithm::EdDsa).await;
    let peer = bench.peer(JwtConfig::default()).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let token = pair.access_token.expose();
    let revoked = bench.active().await;
    bench.manager.revoke_key(&revoked).await.unwrap();
    assert_eq!(bench.outcome(token).await, "unknown key");
    assert_ne!(bench.active().await, revoked);
    assert!(bench.manager.keys().iter().all(|key| key.id != revoked));
    let elsewhere = async || word(&peer.verify(token, ExpectedType::Any).await);
    bench.advance(59);
    assert_eq!(elsewhere().await, "ok");
    bench.advance(1);
    assert_eq!(elsewhere().await, "unknown key");
    assert_eq!(
        word(&bench.manager.revoke_key("nothing").await),
        "unknown key"
    );
    // An older key goes without a rotation.
    let older = bench.active().await;
    let active = bench.manager.rotate().await.unwrap().id;
    bench.manager.revoke_key(&older).await.unwrap();
    assert_eq!(bench.active().await, active);
}

#[tokio::test]
async fn a_key_is_known_before_it_signs() {
    let config = || JwtConfig::default().with_activation_delay(Duration::from_secs(600));
    let bench = Bench::with(config()).await;
    let peer = bench.peer(config()).await;
    let first = key_of(&bench.manager).await;
    bench.advance(DAY - 601);
    assert_eq!(key_of(&bench.manager).await, first);
    assert_eq!(states(&bench.manager), [KeyState::Active]);
    bench.advance(1);
    assert_eq!(key_of(&bench.manager).await, first);
    assert_eq!(
        states(&bench.manager),
        [KeyState::Active, KeyState::Pending]
    );
    let next = bench.manager.keys()[1].id.clone();
    // The peer learns of it, and makes no other.
    assert_eq!(key_of(&peer).await, first);
    assert_eq!(peer.keys(), bench.manager.keys());
    bench.advance(599);
    assert_eq!(key_of(&bench.manager).await, first);
    bench.advance(1);
    assert_eq!(key_of(&bench.manager).await, next);
    assert_eq!(key_of(&peer).await, next);
    assert_eq!(
        states(&bench.manager),
        [KeyState::VerifyOnly, KeyState::Active]
    );
    // Asked for, it is pending first and signs with a second call.
    let asked = bench.manager.rotate().await.unwrap();
    assert_eq!(asked.state, KeyState::Pending);
    assert_eq!(bench.manager.rotate().await.unwrap().id, asked.id);
    assert_eq!(key_of(&bench.manager).await, next);
    bench.advance(600);
    assert_eq!(
        bench.manager.rotate().await.unwrap().state,
        KeyState::Active
    );
    assert_eq!(key_of(&bench.manager).await, asked.id);
    // An emergency does not wait.
    bench.manager.revoke_key(&asked.id).await.unwrap();
    assert_ne!(key_of(&bench.manager).await, asked.id);
}

#[tokio::test]
async fn a_rotation_that_fails_changes_nothing_and_says_why() {
    for write in [1, 2] {
        let bench = Bench::new(Algorithm::Hs256).await;
        let before = (bench.manager.keys(), bench.active().await);
        bench.advance(1);
        bench.store.fail_write(write);
        assert_eq!(word(&bench.manager.rotate().await), "store");
        assert_eq!(
            (bench.manager.keys(), bench.active().await),
            before,
            "write {write}"
        );
        assert_eq!(key_of(&bench.manager).await, before.1);
        // What is left of it does not hurt the next one.
        let metadata = bench.manager.rotate().await.unwrap();
        assert_eq!(key_of(&bench.manager).await, metadata.id);
        assert_eq!(bench.manager.keys().len(), 2);
    }
    // The third notes since when the old key does not sign; without it the key
    // is only kept longer.
    let bench = Bench::new(Algorithm::Hs256).await;
    let old = bench.active().await;
    bench.store.fail_write(3);
    let metadata = bench.manager.rotate().await.unwrap();
    assert_eq!(key_of(&bench.manager).await, metadata.id);
    assert!(bench.record(&old).await.get("superseded_at").is_none());
    let state = bench
        .manager
        .keys()
        .into_iter()
        .find(|key| key.id == old)
        .unwrap()
        .state;
    assert_eq!(state, KeyState::VerifyOnly);
}

#[tokio::test]
async fn a_rotation_that_is_dropped_leaves_one_key_that_signs() {
    for turns in 0..30 {
        let bench = Bench::new(Algorithm::Hs256).await;
        let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
        {
            let mut rotation = std::pin::pin!(bench.manager.rotate());
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            for _ in 0..turns {
                if rotation.as_mut().poll(&mut cx).is_ready() {
                    break;
                }
            }
        }
        let again = bench.peer(JwtConfig::default()).await;
        bench.manager.refresh().await.unwrap();
        assert_eq!(
            key_of(&again).await,
            key_of(&bench.manager).await,
            "after {turns} turns"
        );
        assert_eq!(bench.outcome(pair.access_token.expose()).await, "ok");
        bench.manager.rotate().await.unwrap();
    }
}

#[tokio::test]
async fn a_verification_that_is_dropped_lets_the_next_one_in() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let peer = bench.peer(JwtConfig::default()).await;
    peer.rotate().await.unwrap();
    let pair = peer.issue_pair(&ada(), &editor()).await.unwrap();
    bench.store.hang(true);
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    {
        let mut verification = std::pin::pin!(bench.verify(pair.access_token.expose()));
        for _ in 0..3 {
            assert!(verification.as_mut().poll(&mut cx).is_pending());
        }
    }
    bench.store.hang(false);
    // The reading that was dropped counts against the gap.
    bench.advance(10);
    assert_eq!(bench.outcome(pair.access_token.expose()).await, "ok");
}

#[tokio::test]
async fn issuing_stops_when_the_store_fails() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    bench.store.set_down(true);
    bench.advance(59);
    assert!(bench.manager.issue_pair(&ada(), &editor()).await.is_ok());
    bench.advance(1);
    assert_eq!(
        word(&bench.manager.issue_pair(&ada(), &editor()).await),
        "store"
    );
    // Verifying with keys in memory goes on.
    assert_eq!(bench.outcome(pair.access_token.expose()).await, "ok");
    bench.store.set_down(false);
    assert!(bench.manager.issue_pair(&ada(), &editor()).await.is_ok());
}

#[tokio::test]
async fn issuing_may_go_on_for_a_while() {
    let grace = RotationFailure::Grace(Duration::from_secs(300));
    let bench = Bench::with(JwtConfig::default().with_rotation_failure(grace)).await;
    bench.store.set_down(true);
    bench.advance(60 + 299);
    assert!(bench.manager.issue_pair(&ada(), &editor()).await.is_ok());
    bench.advance(1);
    assert_eq!(
        word(&bench.manager.issue_pair(&ada(), &editor()).await),
        "store"
    );
    // And not longer past the time of the key either.
    let bench = Bench::with(JwtConfig::default().with_rotation_failure(grace)).await;
    bench.advance(DAY - 30);
    let first = key_of(&bench.manager).await;
    bench.store.set_down(true);
    bench.advance(30 + 299);
    assert_eq!(key_of(&bench.manager).await, first);
    bench.advance(1);
    assert_eq!(
        word(&bench.manager.issue_pair(&ada(), &editor()).await),
        "store"
    );
}

#[tokio::test]
async fn another_algorithm_comes_with_the_next_key() {
    let bench = Bench::new(Algorithm::Hs256).await;
    let pair = bench.manager.issue_pair(&ada(), &editor()).await.unwrap();
    let peer = bench
        .peer(JwtConfig::default().with_algorithm(Algorithm::Es256))
        .await;
    assert_eq!(peer.keys()[0].alg, Algorithm::Hs256);
    assert_eq!(peer.rotate().await.unwrap().alg, Algorithm::Es256);
    let store: Arc<dyn KeyStore> = Arc::new(bench.store.clone());
    assert_eq!(store.list("jwt:keys:").await.unwrap().len(), 2);
    let verified = peer
        .verify(pair.access_token.expose(), ExpectedType::Access)
        .await;
    assert_eq!(word(&verified), "ok");
}
