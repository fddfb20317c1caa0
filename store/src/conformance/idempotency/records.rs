//! Records and the rules they are held to.

use std::time::Duration;

use bytes::Bytes;

use super::{IdempotencyFixture, open};
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::idempotency::{
    Claim, ClaimRequest, ClaimStore, ClaimToken, NewRecord, OwnerId, Record, Status,
    classify_completion,
};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn expired(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    for completed in [false, true] {
        for claims in [false, true] {
            let key = format!("{completed}/{claims}");
            let soon = fixture.clock().now() + 10 * SECOND;
            let mut record = NewRecord::new(&*key, "old").expires_at(soon);
            if completed {
                record = record.completed("old response");
            }
            ensure!(store.put_if_absent(record).await?, "{key} was not put");
            fixture.advance(10 * SECOND - Duration::from_millis(1));
            ensure!(
                store.get(&key).await?.is_some(),
                "{key} expired before its time"
            );
            fixture.advance(Duration::from_millis(1));
            if claims {
                let claimed = store.claim(ClaimRequest::new(&key, "new")).await?;
                ensure!(matches!(claimed, Claim::Won(_)), "{key}: {claimed:?}");
            } else {
                ensure!(
                    store.put_if_absent(NewRecord::new(&*key, "new")).await?,
                    "{key} is taken"
                );
            }
            let record = store.get(&key).await?;
            let new = record.map(|record| (record.request_hash, record.response, record.attempt));
            ensure_eq!(
                new,
                Some(("new".to_owned(), None, 1)),
                "what took the place of {key}"
            );
        }
    }
    let soon = fixture.clock().now() + SECOND;
    store
        .put_if_absent(NewRecord::new("gone", "hash").expires_at(soon))
        .await?;
    fixture.advance(SECOND);
    ensure_kind!(
        store.complete("gone", Bytes::new()).await,
        "not_found",
        "complete, expired"
    );
    ensure_eq!(store.get("gone").await?, None, "an expired record");
    let now = fixture.clock().now();
    let past = NewRecord::new("past", "hash")
        .created_at(now - 2 * SECOND)
        .expires_at(now);
    ensure_kind!(
        store.put_if_absent(past).await,
        "expired",
        "a record that has expired"
    );
    ensure_eq!(store.get("past").await?, None, "a record that was refused");
    Ok(())
}

pub(super) async fn classification(fixture: &dyn IdempotencyFixture) -> Outcome {
    let now = fixture.clock().now();
    let live = Record::new("k", "hash", now);
    let mut completed = live.clone();
    completed.status = Status::Completed;
    let mut expired = completed.clone();
    expired.expires_at = Some(now);
    let mut invalid = expired.clone();
    invalid.request_hash = " ".to_owned();
    classify_completion(&live, "hash", now)?;
    let rows = [
        (&invalid, "other", "invalid_record"),
        (&expired, "", "invalid_record"),
        (&expired, "other", "request_mismatch"),
        (&expired, "hash", "expired"),
        (&completed, "other", "request_mismatch"),
        (&completed, "hash", "already_completed"),
        (&live, "other", "request_mismatch"),
    ];
    for (record, hash, kind) in rows {
        ensure_kind!(
            classify_completion(record, hash, now),
            kind,
            "{record:?} for {hash:?}"
        );
    }
    Ok(())
}

/// Calls every operation with a key, and checks that each fails like this.
async fn every_operation(store: &dyn ClaimStore, key: &str, kind: &'static str) -> Outcome {
    let token = ClaimToken::new(key, "hash", OwnerId::random()?);
    let response = Bytes::new;
    ensure_kind!(store.get(key).await, kind, "get {key:?}");
    ensure_kind!(
        store.put_if_absent(NewRecord::new(key, "hash")).await,
        kind,
        "put {key:?}"
    );
    ensure_kind!(
        store.complete(key, response()).await,
        kind,
        "complete {key:?}"
    );
    ensure_kind!(store.delete(key).await, kind, "delete {key:?}");
    let completed = store
        .complete_with_request_hash(key, "hash", response())
        .await;
    ensure_kind!(completed, kind, "complete {key:?} with a hash");
    ensure_kind!(
        store.claim(ClaimRequest::new(key, "hash")).await,
        kind,
        "claim {key:?}"
    );
    ensure_kind!(
        store.complete_claim(&token, response()).await,
        kind,
        "complete a claim"
    );
    ensure_kind!(store.renew(&token, SECOND).await, kind, "renew {key:?}");
    ensure_kind!(store.release(&token).await, kind, "release {key:?}");
    Ok(())
}

pub(super) async fn validation(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let long = "x".repeat(256);
    let bad = [
        "",
        " ",
        "\t",
        " k",
        "k ",
        "\u{a0}k",
        "k\u{3000}",
        "a\nb",
        "a\u{85}b",
        "a\u{0}b",
        &long,
    ];
    for key in bad {
        every_operation(&*store, key, "invalid_key").await?;
    }
    for key in ["k", "a b", "\u{e9}\u{4e16}", "/:*?", &long[..255]] {
        let put = store.put_if_absent(NewRecord::new(key, "hash")).await?;
        ensure!(put, "{key:?} was taken");
        let record = store.get(key).await?;
        ensure_eq!(
            record.map(|record| record.key).as_deref(),
            Some(key),
            "a key as it was given"
        );
    }
    let long_hash = "h".repeat(513);
    for hash in ["", " ", "a\nb", &long_hash] {
        let kind = "invalid_record";
        let put = store.put_if_absent(NewRecord::new("hash", hash)).await;
        ensure_kind!(put, kind, "put with hash {hash:?}");
        let claimed = store.claim(ClaimRequest::new("hash", hash)).await;
        ensure_kind!(claimed, kind, "claimed with hash {hash:?}");
    }
    let now = fixture.clock().now();
    let backwards = NewRecord::new("hash", "h")
        .created_at(now + 2 * SECOND)
        .expires_at(now + SECOND);
    ensure_kind!(
        store.put_if_absent(backwards).await,
        "invalid_record",
        "expires before created"
    );
    ensure_eq!(store.get("hash").await?, None, "what was refused");
    Ok(())
}

pub(super) async fn responses(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = fixture.open(1_000).await?;
    let all_bytes = Bytes::from((0..=255).collect::<Vec<u8>>());
    let most = Bytes::from(vec![0; 1_000]);
    for (key, response) in [
        ("empty", Bytes::new()),
        ("bytes", all_bytes),
        ("most", most),
    ] {
        store.put_if_absent(NewRecord::new(key, "hash")).await?;
        store.complete(key, response.clone()).await?;
        let record = store.get(key).await?;
        let kept = record.and_then(|record| record.response);
        ensure!(
            kept == Some(response),
            "the response of {key} is not what was given"
        );
    }
    let large = || Bytes::from(vec![0; 1_001]);
    let kind = "response_too_large";
    let claimed = store.claim(ClaimRequest::new("large", "hash")).await?;
    let Claim::Won(token) = claimed else {
        return Err(Stop::Failed(format!("{claimed:?}")));
    };
    ensure_kind!(store.complete("large", large()).await, kind, "by key");
    let completed = store
        .complete_with_request_hash("large", "hash", large())
        .await;
    ensure_kind!(completed, kind, "by hash");
    ensure_kind!(
        store.complete_claim(&token, large()).await,
        kind,
        "by token"
    );
    let put = store
        .put_if_absent(NewRecord::new("put", "hash").completed(large()))
        .await;
    ensure_kind!(put, kind, "put");
    let record = store.get("large").await?;
    let state = record.map(|record| (record.status, record.response));
    ensure_eq!(
        state,
        Some((Status::InProgress, None)),
        "after a refused response"
    );
    ensure_eq!(
        store.get("put").await?,
        None,
        "a record with a refused response"
    );
    store.complete_claim(&token, Bytes::from("small")).await?;
    Ok(())
}

pub(super) async fn delete(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    ensure!(!store.delete("k").await?, "a missing record was deleted");
    store.put_if_absent(NewRecord::new("k", "hash")).await?;
    ensure!(store.delete("k").await?, "a record was not deleted");
    ensure!(!store.delete("k").await?, "a deleted record was deleted");
    let soon = fixture.clock().now() + SECOND;
    store
        .put_if_absent(NewRecord::new("k", "hash").expires_at(soon))
        .await?;
    fixture.advance(SECOND);
    ensure!(!store.delete("k").await?, "an expired record was deleted");
    ensure_kind!(store.delete(" ").await, "invalid_key", "a bad key");
    Ok(())
}

pub(super) async fn timestamps(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let start = fixture.clock().now();
    let earlier = start - 3_600 * SECOND;
    store
        .put_if_absent(NewRecord::new("given", "hash").created_at(earlier))
        .await?;
    store
        .put_if_absent(NewRecord::new("filled", "hash"))
        .await?;
    let times = async |key: &str| {
        let record = store.get(key).await?;
        let record = record.ok_or_else(|| Stop::Failed(format!("{key} is gone")))?;
        Ok::<_, Stop>((record.created_at, record.updated_at, record.status))
    };
    ensure_eq!(
        times("given").await?,
        (earlier, start, Status::InProgress),
        "as it was given"
    );
    ensure_eq!(
        times("filled").await?,
        (start, start, Status::InProgress),
        "as it was filled in"
    );
    fixture.advance(5 * SECOND);
    store.complete("given", Bytes::new()).await?;
    let after = start + 5 * SECOND;
    ensure_eq!(
        times("given").await?,
        (earlier, after, Status::Completed),
        "once it is completed"
    );
    Ok(())
}

pub(super) async fn purge(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let soon = fixture.clock().now() + SECOND;
    for number in 0..25 {
        let record = NewRecord::new(format!("short/{number}"), "hash").expires_at(soon);
        store.put_if_absent(record).await?;
    }
    store.put_if_absent(NewRecord::new("long", "hash")).await?;
    ensure_eq!(
        store.purge_expired(1_000).await?,
        0,
        "purged before their time"
    );
    fixture.advance(SECOND);
    let mut purged = 0;
    loop {
        let some = store.purge_expired(10).await?;
        ensure!(some <= 10, "{some} were purged, and at most 10 were to be");
        purged += some;
        if some == 0 {
            break;
        }
    }
    // A backend may forget by itself what has expired.
    ensure!(purged <= 25, "{purged} of 25 were purged");
    ensure!(
        store.get("long").await?.is_some(),
        "a record that counts was purged"
    );
    ensure_eq!(
        store.get("short/3").await?,
        None,
        "a record that was purged"
    );
    Ok(())
}

pub(super) async fn backend_down(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    store.put_if_absent(NewRecord::new("k", "hash")).await?;
    if !fixture.break_backend().await {
        return Err(Stop::NotApplicable("there is no backend"));
    }
    every_operation(&*store, "k", "unavailable").await?;
    ensure_kind!(store.purge_expired(1).await, "unavailable", "purge");
    Ok(())
}

pub(super) async fn bad_table(fixture: &dyn IdempotencyFixture) -> Outcome {
    for table in ["", "a b", "a;b", "1a", "a.b.c.d", "a\"b", &"x".repeat(64)] {
        match fixture.open_table(table) {
            None => return Err(Stop::NotApplicable("there are no tables")),
            Some(opened) => ensure_kind!(opened, "invalid_config", "table {table:?}"),
        }
    }
    Ok(())
}
