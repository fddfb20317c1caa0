//! Full caches, and what has expired.

use std::time::Duration;

use bytes::Bytes;

use super::{CacheFixture, CacheSetup, held, open};
use crate::Ttl;
use crate::cache::{OnFull, Policy};
use crate::conformance::report::{Outcome, ensure, ensure_eq, ensure_kind};

const SECOND: Duration = Duration::from_secs(1);

fn value(len: usize) -> Bytes {
    Bytes::from(vec![7; len])
}

pub(super) async fn evicting(fixture: &dyn CacheFixture) -> Outcome {
    for policy in [Policy::TinyLfu, Policy::Lru] {
        let setup = CacheSetup {
            max_bytes: Some(10_000),
            on_full: OnFull::Evict(policy),
            ..CacheSetup::default()
        };
        let cache = fixture.open(setup).await?;
        held(fixture).await?;
        for number in 0..1_000 {
            let key = format!("k{number:04}");
            cache.set(&key, value(number % 200), Ttl::Never).await?;
        }
        let used = held(fixture).await?;
        // At most one entry more than the bound.
        ensure!(
            used.bytes <= 10_000 + 64 + 5 + 200,
            "{used:?} with {policy:?}"
        );
        ensure!(used.entries > 20, "only {used:?} with {policy:?}");
        let refused = cache.set("large", value(10_000), Ttl::Never).await;
        ensure_kind!(refused, "full", "an entry larger than the cache");
        ensure!(!cache.exists("large").await?, "a refused entry is there");
        cache.set("fits", value(1), Ttl::Never).await?;
        let refused = cache.set("fits", value(10_000), Ttl::Never).await;
        ensure_kind!(refused, "full", "an overwrite larger than the cache");
    }
    let setup = CacheSetup {
        max_entries: Some(10),
        on_full: OnFull::Evict(Policy::Lru),
        ..CacheSetup::default()
    };
    let cache = fixture.open(setup).await?;
    for number in 0..100 {
        cache
            .set(&format!("k{number:02}"), value(10), Ttl::Never)
            .await?;
        // The last one used is always kept.
        ensure!(
            cache.exists(&format!("k{number:02}")).await?,
            "k{number:02} was not admitted"
        );
        held(fixture).await?;
    }
    let used = held(fixture).await?;
    ensure!(used.entries <= 11, "{used:?} of 10 entries");
    ensure!(cache.exists("k99").await?, "the last entry was evicted");
    ensure!(
        !cache.exists("k00").await?,
        "the first entry was not evicted"
    );
    Ok(())
}

pub(super) async fn refusing(fixture: &dyn CacheFixture) -> Outcome {
    let setup = CacheSetup {
        max_bytes: Some(1_000),
        max_entries: Some(5),
        on_full: OnFull::Reject,
        ..CacheSetup::default()
    };
    let cache = fixture.open(setup).await?;
    held(fixture).await?;
    cache.set("a", value(335), Ttl::Never).await?;
    cache.set("b", value(335), Ttl::Never).await?;
    ensure_eq!(held(fixture).await?.bytes, 800, "two entries");
    ensure_kind!(
        cache.set("c", value(136), Ttl::Never).await,
        "full",
        "one byte too many"
    );
    ensure!(!cache.exists("c").await?, "a refused entry is there");
    // Only the difference counts.
    cache.set("a", value(435), Ttl::Never).await?;
    cache.set("a", value(535), Ttl::Never).await?;
    ensure_kind!(
        cache.set("a", value(536), Ttl::Never).await,
        "full",
        "grown by too much"
    );
    ensure_eq!(
        cache.get("a").await?.map(|kept| kept.len()),
        Some(535),
        "the value it keeps"
    );
    ensure_eq!(held(fixture).await?.bytes, 1_000, "a full cache");
    if let Some(appender) = cache.appender() {
        ensure_kind!(
            appender.append("a", value(1)).await,
            "full",
            "appended too much"
        );
        ensure_eq!(
            cache.get("a").await?.map(|kept| kept.len()),
            Some(535),
            "what it keeps"
        );
    }
    cache.set("a", value(0), Ttl::Never).await?;
    for key in ["c", "d", "e"] {
        cache.set(key, value(0), Ttl::After(SECOND)).await?;
    }
    ensure_kind!(
        cache.set("f", value(0), Ttl::Never).await,
        "full",
        "a sixth entry"
    );
    ensure_eq!(held(fixture).await?.entries, 5, "entries");
    cache.set("b", value(1), Ttl::Never).await?;
    // What has expired makes room.
    fixture.advance(SECOND);
    cache.set("f", value(0), Ttl::Never).await?;
    ensure!(
        cache.exists("f").await? && cache.exists("a").await?,
        "a live entry was removed"
    );
    ensure_eq!(
        held(fixture).await?.entries,
        3,
        "entries once the expired are gone"
    );
    Ok(())
}

pub(super) async fn replaced_meanwhile(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    for _ in 0..50 {
        for number in 0..20 {
            cache
                .set(&format!("k{number}"), value(1), Ttl::After(SECOND))
                .await?;
        }
        fixture.advance(SECOND);
        // Cleaning up and replacing at one time.
        let replacing = async {
            for number in 0..20 {
                cache
                    .set(&format!("k{number}"), value(2), Ttl::Never)
                    .await?;
                tokio::task::yield_now().await;
            }
            Ok::<_, crate::cache::CacheError>(())
        };
        let cleaning = async {
            for _ in 0..10 {
                fixture.purge().await;
                tokio::task::yield_now().await;
            }
        };
        let (replaced, ()) = futures_util::future::join(replacing, cleaning).await;
        replaced?;
        for number in 0..20 {
            let kept = cache.get(&format!("k{number}")).await?;
            ensure_eq!(kept, Some(value(2)), "what replaced an expired k{number}");
        }
    }
    Ok(())
}

pub(super) async fn all_reclaimed(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    for number in 0..1_500 {
        cache
            .set(&format!("k{number}"), value(1), Ttl::After(SECOND))
            .await?;
    }
    cache.set("kept", value(1), Ttl::Never).await?;
    ensure_eq!(
        held(fixture).await?.entries,
        1_501,
        "entries before they expire"
    );
    fixture.advance(SECOND);
    fixture.purge().await;
    ensure_eq!(
        held(fixture).await?.entries,
        1,
        "entries after they expired"
    );
    ensure!(cache.exists("kept").await?, "a live entry was removed");
    Ok(())
}
