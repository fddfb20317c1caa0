//! Claims and what becomes of them.

use std::time::Duration;

use bytes::Bytes;

use super::{IdempotencyFixture, open};
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::idempotency::{Claim, ClaimRequest, ClaimStore, ClaimToken, NewRecord, OwnerId, Status};

const SECOND: Duration = Duration::from_secs(1);

fn request(key: &'static str) -> ClaimRequest<'static> {
    ClaimRequest::new(key, "hash")
        .ttl(100 * SECOND)
        .lease(10 * SECOND)
}

async fn win(store: &dyn ClaimStore, key: &'static str) -> Result<ClaimToken, Stop> {
    match store.claim(request(key)).await? {
        Claim::Won(token) => Ok(token),
        other => Err(Stop::Failed(format!("{key} was not won: {other:?}"))),
    }
}

pub(super) async fn state_table(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let store = &*store;
    // Absent.
    let stranger = ClaimToken::new("k", "hash", OwnerId::random()?);
    ensure_eq!(store.get("k").await?, None, "an absent record");
    ensure_kind!(
        store.complete("k", Bytes::new()).await,
        "not_found",
        "complete, absent"
    );
    let completed = store
        .complete_with_request_hash("k", "hash", Bytes::new())
        .await;
    ensure_kind!(completed, "not_found", "complete with a hash, absent");
    let completed = store.complete_claim(&stranger, Bytes::new()).await;
    ensure_kind!(completed, "not_found", "complete a claim, absent");
    ensure_kind!(
        store.renew(&stranger, SECOND).await,
        "not_found",
        "renew, absent"
    );
    ensure_kind!(
        store.release(&stranger).await,
        "not_found",
        "release, absent"
    );
    ensure!(!store.delete("k").await?, "an absent record was deleted");
    // In progress.
    let token = win(store, "k").await?;
    ensure_eq!(
        (token.key(), token.request_hash()),
        ("k", "hash"),
        "what a token is for"
    );
    let record = store
        .get("k")
        .await?
        .ok_or_else(|| Stop::Failed("it is not there".into()))?;
    ensure_eq!(
        (record.status, record.attempt),
        (Status::InProgress, 1),
        "a claimed record"
    );
    ensure_eq!(
        record.expires_at,
        Some(record.created_at + 100 * SECOND),
        "when it expires"
    );
    ensure_eq!(
        record.lease_until,
        Some(record.created_at + 10 * SECOND),
        "until when it is left"
    );
    fixture.advance(4 * SECOND);
    let Claim::InProgress { since, retry_after } = store.claim(request("k")).await? else {
        return Err(Stop::Failed("a claim in progress is not".to_owned()));
    };
    ensure_eq!(
        (since, retry_after),
        (record.created_at, 6 * SECOND),
        "since when, and for how long"
    );
    let other = ClaimRequest::new("k", "other hash");
    ensure_eq!(
        store.claim(other).await?,
        Claim::Mismatch,
        "another request, in progress"
    );
    ensure!(
        !store.put_if_absent(NewRecord::new("k", "hash")).await?,
        "put, in progress"
    );
    let completed = store
        .complete_with_request_hash("k", "other hash", Bytes::new())
        .await;
    ensure_kind!(
        completed,
        "request_mismatch",
        "completed for another request"
    );
    let completed = store.complete_claim(&stranger, Bytes::new()).await;
    ensure_kind!(completed, "lease_lost", "completed by somebody else");
    ensure_kind!(
        store.renew(&stranger, SECOND).await,
        "lease_lost",
        "renewed by somebody else"
    );
    ensure_kind!(
        store.release(&stranger).await,
        "lease_lost",
        "released by somebody else"
    );
    store.renew(&token, 20 * SECOND).await?;
    fixture.advance(15 * SECOND);
    let claimed = store.claim(request("k")).await?;
    ensure!(
        matches!(claimed, Claim::InProgress { .. }),
        "a renewed lease is over: {claimed:?}"
    );
    // Completed.
    store.complete_claim(&token, Bytes::from("done")).await?;
    let Claim::Replay(record) = store.claim(request("k")).await? else {
        return Err(Stop::Failed(
            "a completed operation is not replayed".to_owned(),
        ));
    };
    ensure_eq!(
        record.response,
        Some(Bytes::from("done")),
        "what is replayed"
    );
    ensure_eq!(record.status, Status::Completed, "what is replayed");
    ensure_eq!(
        store.claim(other).await?,
        Claim::Mismatch,
        "another request, completed"
    );
    ensure!(
        !store.put_if_absent(NewRecord::new("k", "hash")).await?,
        "put, completed"
    );
    ensure_kind!(
        store.renew(&token, SECOND).await,
        "already_completed",
        "renew, completed"
    );
    ensure_kind!(
        store.release(&token).await,
        "already_completed",
        "release, completed"
    );
    ensure!(
        store.delete("k").await?,
        "a completed record was not deleted"
    );
    // The other ways to complete, and to give up.
    win(store, "by key").await?;
    store.complete("by key", Bytes::from("1")).await?;
    win(store, "by hash").await?;
    store
        .complete_with_request_hash("by hash", "hash", Bytes::from("2"))
        .await?;
    for key in ["by key", "by hash"] {
        let claimed = store.claim(request(key)).await?;
        ensure!(matches!(claimed, Claim::Replay(_)), "{key}: {claimed:?}");
    }
    let token = win(store, "released").await?;
    store.release(&token).await?;
    ensure_eq!(store.get("released").await?, None, "a released record");
    let again = win(store, "released").await?;
    ensure!(again.owner() != token.owner(), "two claims have one owner");
    let record = store.get("released").await?;
    ensure_eq!(
        record.map(|record| record.attempt),
        Some(1),
        "attempts after a release"
    );
    ensure_kind!(
        store.release(&token).await,
        "lease_lost",
        "a token that was released"
    );
    zero(store).await
}

async fn zero(store: &dyn ClaimStore) -> Outcome {
    let claim = async |ttl, lease| {
        let request = ClaimRequest::new("zero", "hash").ttl(ttl).lease(lease);
        store.claim(request).await
    };
    ensure_kind!(
        claim(Duration::ZERO, SECOND).await,
        "invalid_record",
        "no time to live"
    );
    ensure_kind!(
        claim(SECOND, Duration::ZERO).await,
        "invalid_record",
        "no lease"
    );
    ensure_kind!(
        claim(SECOND, 2 * SECOND).await,
        "invalid_record",
        "a lease beyond expiry"
    );
    ensure_eq!(store.get("zero").await?, None, "a refused claim");
    let token = win(store, "renewed").await?;
    ensure_kind!(
        store.renew(&token, Duration::ZERO).await,
        "invalid_record",
        "renewed for no time"
    );
    // Not beyond the record itself.
    store.renew(&token, 1_000 * SECOND).await?;
    let record = store
        .get("renewed")
        .await?
        .ok_or_else(|| Stop::Failed("gone".into()))?;
    ensure_eq!(
        record.lease_until,
        record.expires_at,
        "a lease renewed for too long"
    );
    Ok(())
}

pub(super) async fn take_over(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let store = &*store;
    let slow = win(store, "k").await?;
    let first = store
        .get("k")
        .await?
        .ok_or_else(|| Stop::Failed("gone".into()))?;
    fixture.advance(10 * SECOND - Duration::from_millis(1));
    let claimed = store.claim(request("k")).await?;
    ensure!(
        matches!(claimed, Claim::InProgress { .. }),
        "taken over too early: {claimed:?}"
    );
    fixture.advance(Duration::from_millis(1));
    ensure_eq!(
        store.claim(ClaimRequest::new("k", "other")).await?,
        Claim::Mismatch,
        "another request takes nothing over"
    );
    let fast = win(store, "k").await?;
    let record = store
        .get("k")
        .await?
        .ok_or_else(|| Stop::Failed("gone".into()))?;
    ensure_eq!(
        (record.attempt, record.created_at),
        (2, first.created_at),
        "taken over"
    );
    ensure_kind!(
        store.renew(&slow, SECOND).await,
        "lease_lost",
        "renewed by the slow one"
    );
    ensure_kind!(
        store.release(&slow).await,
        "lease_lost",
        "released by the slow one"
    );
    let completed = store.complete_claim(&slow, Bytes::from("slow")).await;
    ensure_kind!(completed, "lease_lost", "completed by the slow one");
    store.complete_claim(&fast, Bytes::from("fast")).await?;
    let record = store
        .get("k")
        .await?
        .ok_or_else(|| Stop::Failed("gone".into()))?;
    ensure_eq!(record.response, Some(Bytes::from("fast")), "the response");
    // Who is late, and nobody came, still completes.
    let late = win(store, "late").await?;
    fixture.advance(20 * SECOND);
    store.complete_claim(&late, Bytes::from("late")).await?;
    let claimed = store.claim(request("late")).await?;
    ensure!(matches!(claimed, Claim::Replay(_)), "{claimed:?}");
    Ok(())
}

pub(super) async fn completed_twice(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let token = win(&*store, "k").await?;
    store.complete("k", Bytes::from("first")).await?;
    let kind = "already_completed";
    ensure_kind!(store.complete("k", Bytes::from("x")).await, kind, "by key");
    let completed = store
        .complete_with_request_hash("k", "hash", Bytes::from("x"))
        .await;
    ensure_kind!(completed, kind, "by hash");
    let completed = store
        .complete_with_request_hash("k", "other", Bytes::from("x"))
        .await;
    ensure_kind!(completed, kind, "by another hash");
    ensure_kind!(
        store.complete_claim(&token, Bytes::from("x")).await,
        kind,
        "by token"
    );
    let record = store.get("k").await?;
    let response = record.and_then(|record| record.response);
    ensure_eq!(response, Some(Bytes::from("first")), "the first response");
    Ok(())
}

pub(super) async fn crash(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let token = win(&*store, "claimed").await?;
    win(&*store, "completed").await?;
    store.complete("completed", Bytes::from("done")).await?;
    let before = store.get("claimed").await?;
    drop(store);
    let Some(store) = fixture.restart().await else {
        return Err(Stop::NotApplicable("records end with the process"));
    };
    let store = store?;
    ensure_eq!(
        store.get("claimed").await?,
        before,
        "a claimed record, after a crash"
    );
    let claimed = store.claim(request("completed")).await?;
    ensure!(
        matches!(claimed, Claim::Replay(_)),
        "completed before the crash: {claimed:?}"
    );
    let claimed = store.claim(request("claimed")).await?;
    ensure!(
        matches!(claimed, Claim::InProgress { .. }),
        "its lease is not over: {claimed:?}"
    );
    fixture.advance(10 * SECOND);
    let next = win(&*store, "claimed").await?;
    let completed = store.complete_claim(&token, Bytes::new()).await;
    ensure_kind!(completed, "lease_lost", "the token from before the crash");
    store.complete_claim(&next, Bytes::from("after")).await?;
    Ok(())
}
