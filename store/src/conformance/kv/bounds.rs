//! Full stores.

use std::time::Duration;

use bytes::Bytes;

use super::{KvFixture, KvSetup, need_bounds};
use crate::Ttl;
use crate::conformance::report::{Outcome, ensure, ensure_eq, ensure_kind};
use crate::kv::{Capacity, WriteBatch};

const SECOND: Duration = Duration::from_secs(1);

fn value(len: usize) -> Bytes {
    Bytes::from(vec![7; len])
}

pub(super) async fn bounds(fixture: &dyn KvFixture) -> Outcome {
    need_bounds(fixture)?;
    entries(fixture).await?;
    memory(fixture).await?;
    eviction(fixture).await
}

async fn entries(fixture: &dyn KvFixture) -> Outcome {
    let setup = KvSetup {
        max_entries: 3,
        ..KvSetup::default()
    };
    let store = fixture.open(setup).await?;
    for key in ["a", "b"] {
        store.set(key, value(1), Ttl::Never).await?;
    }
    store.set("c", value(1), Ttl::After(SECOND)).await?;
    let full = store.set("d", value(1), Ttl::Never).await;
    ensure_kind!(full, "capacity_exceeded", "a fourth entry");
    ensure!(!store.exists("d").await?, "a refused entry is there");
    ensure_eq!(store.len().await?, 3, "entries of a full store");
    store.set("a", value(2), Ttl::Never).await?;
    let batch = WriteBatch::new()
        .put("d", "v", Ttl::Never)
        .put("e", "v", Ttl::Never)
        .delete("a");
    ensure_kind!(
        store.write(batch).await,
        "capacity_exceeded",
        "a batch that grows by one"
    );
    ensure!(store.exists("a").await?, "a refused batch deleted");
    // An expired entry makes room.
    fixture.advance(SECOND);
    store.set("d", value(1), Ttl::Never).await?;
    store
        .write(WriteBatch::new().put("e", "v", Ttl::Never).delete("a"))
        .await?;
    ensure_eq!(store.len().await?, 3, "entries after a swap");
    Ok(())
}

async fn memory(fixture: &dyn KvFixture) -> Outcome {
    let setup = KvSetup {
        max_memory: 1_000,
        ..KvSetup::default()
    };
    let store = fixture.open(setup).await?;
    let too_large = store.set("k", value(1_000 - 64), Ttl::Never).await;
    ensure_kind!(
        too_large,
        "value_too_large",
        "an entry larger than the store"
    );
    ensure!(!store.exists("k").await?, "a refused entry is there");
    store.set("k", value(1_000 - 64 - 1), Ttl::Never).await?;
    let full = store.set("l", value(1), Ttl::Never).await;
    ensure_kind!(full, "capacity_exceeded", "one byte too many");
    let grown = store.set("k", value(1_000 - 64), Ttl::Never).await;
    ensure_kind!(
        grown,
        "value_too_large",
        "an overwrite larger than the store"
    );
    ensure_eq!(
        store.get("k").await?.map(|kept| kept.len()),
        Some(935),
        "the value it keeps"
    );
    store.set("k", value(10), Ttl::Never).await?;
    store.set("l", value(10), Ttl::Never).await?;
    ensure_eq!(
        store.stats().await?.memory_usage,
        2 * (1 + 10 + 64),
        "bytes"
    );
    Ok(())
}

async fn eviction(fixture: &dyn KvFixture) -> Outcome {
    let setup = KvSetup {
        max_entries: 3,
        capacity: Capacity::EvictOldest,
        ..KvSetup::default()
    };
    let store = fixture.open(setup).await?;
    for key in ["a", "b", "c"] {
        store.set(key, value(1), Ttl::Never).await?;
        fixture.advance(SECOND);
    }
    // Writing again makes it young; reading does not.
    store.set("a", value(1), Ttl::Never).await?;
    store.get("b").await?;
    fixture.advance(SECOND);
    store.set("d", value(1), Ttl::Never).await?;
    ensure!(
        !store.exists("b").await?,
        "the oldest entry was not evicted"
    );
    for key in ["a", "c", "d"] {
        ensure!(store.exists(key).await?, "{key} was evicted");
    }
    ensure_eq!(store.stats().await?.evictions, 1, "evictions");
    // What cannot fit evicts nothing.
    let mut batch = WriteBatch::new();
    for number in 0..4 {
        batch = batch.put(format!("n{number}"), "v", Ttl::Never);
    }
    ensure_kind!(
        store.write(batch).await,
        "capacity_exceeded",
        "more than the store takes"
    );
    ensure_eq!(store.len().await?, 3, "entries after a refused batch");
    ensure_eq!(
        store.stats().await?.evictions,
        1,
        "evictions after a refused batch"
    );
    Ok(())
}
