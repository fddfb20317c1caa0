//! One operation after another.

use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::{CacheFixture, CacheSetup, open};
use crate::Ttl;
use crate::cache::Cache;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};

const SECOND: Duration = Duration::from_secs(1);

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

pub(super) async fn round_trip(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    ensure_eq!(cache.get("none").await?, None, "a key that was never set");
    let large = Bytes::from(
        (0..1 << 20)
            .map(|at: u32| (at % 251) as u8)
            .collect::<Vec<_>>(),
    );
    for (key, value) in [
        ("k", bytes("v")),
        ("\u{e9} odd / key", bytes("\0\n")),
        ("large", large),
    ] {
        cache.set(key, value.clone(), Ttl::Never).await?;
        ensure!(
            cache.get(key).await? == Some(value),
            "{key} came back different"
        );
        ensure!(cache.exists(key).await?, "{key} does not exist");
    }
    // What the caller does with its buffers afterwards is its own affair.
    let mut buffer = BytesMut::from(&b"before"[..]);
    cache
        .set("own", Bytes::copy_from_slice(&buffer), Ttl::Never)
        .await?;
    buffer[..].copy_from_slice(b"after!");
    let mut read = BytesMut::from(cache.get("own").await?.unwrap_or_default());
    ensure_eq!(&read[..], b"before", "a value whose buffer was changed");
    read[..].copy_from_slice(b"after!");
    ensure_eq!(
        cache.get("own").await?,
        Some(bytes("before")),
        "a value that was changed"
    );
    Ok(())
}

pub(super) async fn empty_value(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    cache.set("k", Bytes::new(), Ttl::Never).await?;
    ensure_eq!(cache.get("k").await?, Some(Bytes::new()), "an empty value");
    ensure!(cache.exists("k").await?, "an empty value does not exist");
    ensure!(cache.delete("k").await?, "an empty value was not deleted");
    ensure_eq!(cache.get("k").await?, None, "a deleted empty value");
    Ok(())
}

pub(super) async fn overwrite(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    for value in ["long enough", "", "x", "other"] {
        cache.set("k", bytes(value), Ttl::Never).await?;
        ensure_eq!(
            cache.get("k").await?,
            Some(bytes(value)),
            "an overwritten value"
        );
        if let Some(held) = fixture.held().await {
            ensure_eq!(held.entries, 1, "entries after an overwrite");
            ensure_eq!(
                held.bytes,
                1 + value.len() as u64 + 64,
                "bytes after an overwrite"
            );
        }
    }
    Ok(())
}

pub(super) async fn expiry(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    cache.set("k", bytes("v"), Ttl::After(10 * SECOND)).await?;
    fixture.advance(10 * SECOND - Duration::from_millis(1));
    ensure_eq!(cache.get("k").await?, Some(bytes("v")), "before its time");
    fixture.advance(Duration::from_millis(1));
    ensure_eq!(cache.get("k").await?, None, "when its time has come");
    ensure!(!cache.exists("k").await?, "an expired entry exists");
    fixture.advance(SECOND);
    ensure_eq!(cache.get("k").await?, None, "after its time");
    ensure!(!cache.delete("k").await?, "an expired entry was deleted");
    // Another write replaces the lifetime, both ways.
    cache.set("a", bytes("v"), Ttl::After(SECOND)).await?;
    cache.set("a", bytes("v"), Ttl::Never).await?;
    cache.set("b", bytes("v"), Ttl::Never).await?;
    cache.set("b", bytes("v"), Ttl::After(SECOND)).await?;
    fixture.advance(SECOND);
    ensure!(
        cache.exists("a").await?,
        "an old lifetime outlived its value"
    );
    ensure!(!cache.exists("b").await?, "a new lifetime does not count");
    cache
        .set("far", bytes("v"), Ttl::After(Duration::MAX))
        .await?;
    ensure!(
        cache.exists("far").await?,
        "an entry with a long life is gone"
    );
    Ok(())
}

pub(super) async fn default_ttl(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    cache.set("default", bytes("v"), Ttl::Default).await?;
    cache.set("never", bytes("v"), Ttl::Never).await?;
    fixture.advance(599 * SECOND);
    ensure!(
        cache.exists("default").await?,
        "the default lifetime is shorter than configured"
    );
    fixture.advance(SECOND);
    ensure!(
        !cache.exists("default").await?,
        "the default lifetime is longer than configured"
    );
    fixture.advance(365 * 24 * 3_600 * SECOND);
    ensure!(cache.exists("never").await?, "what never expires has");
    let setup = CacheSetup {
        default_ttl: None,
        ..CacheSetup::default()
    };
    let cache = fixture.open(setup).await?;
    cache.set("k", bytes("v"), Ttl::Default).await?;
    fixture.advance(365 * 24 * 3_600 * SECOND);
    ensure!(
        cache.exists("k").await?,
        "it expired, and there is no default lifetime"
    );
    Ok(())
}

pub(super) async fn zero_ttl(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let zero = Ttl::After(Duration::ZERO);
    cache.set("k", bytes("old"), Ttl::Never).await?;
    ensure_kind!(
        cache.set("k", bytes("new"), zero).await,
        "invalid_ttl",
        "set"
    );
    ensure_kind!(
        cache.set("n", bytes("new"), zero).await,
        "invalid_ttl",
        "set"
    );
    if let Some(conditional) = cache.conditional() {
        let set = conditional.set_if_absent("n", bytes("v"), zero).await;
        ensure_kind!(set, "invalid_ttl", "set_if_absent");
        let old = Some(bytes("old"));
        let swapped = conditional
            .compare_and_swap("k", old, bytes("v"), zero)
            .await;
        ensure_kind!(swapped, "invalid_ttl", "compare_and_swap");
        ensure_kind!(conditional.touch("k", zero).await, "invalid_ttl", "touch");
    }
    ensure_eq!(
        cache.get("k").await?,
        Some(bytes("old")),
        "a value that was to be replaced"
    );
    ensure!(!cache.exists("n").await?, "a refused value is there");
    Ok(())
}

pub(super) async fn removal(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    ensure!(!cache.delete("k").await?, "a missing key was deleted");
    cache.set("k", bytes("v"), Ttl::Never).await?;
    ensure!(cache.delete("k").await?, "a value was not deleted");
    ensure!(!cache.delete("k").await?, "a deleted value was deleted");
    ensure!(!cache.exists("k").await?, "a deleted value exists");
    let foreign = fixture.write_foreign().await;
    for number in 0..100 {
        cache
            .set(&format!("k{number}"), bytes("v"), Ttl::Default)
            .await?;
    }
    match cache.clear().await {
        Ok(()) => {
            ensure!(cache.capabilities().clear, "it cleared, and says it cannot");
            for number in 0..100 {
                ensure!(
                    !cache.exists(&format!("k{number}")).await?,
                    "k{number} was not cleared"
                );
            }
            if let Some(held) = fixture.held().await {
                ensure_eq!((held.entries, held.bytes), (0, 0), "what is left");
            }
        }
        Err(error) => {
            ensure_eq!(error.kind(), "capability_unsupported", "{error}");
            ensure!(!cache.capabilities().clear, "it says it can clear");
            ensure!(cache.exists("k0").await?, "it cleared what it cannot");
        }
    }
    ensure!(
        !foreign || fixture.foreign_is_there().await,
        "it cleared what others stored"
    );
    cache.set("k", bytes("again"), Ttl::Never).await?;
    ensure_eq!(
        cache.get("k").await?,
        Some(bytes("again")),
        "a value after clearing"
    );
    Ok(())
}

/// Calls every operation with a key, and checks that each fails like this.
async fn every_operation(cache: &dyn Cache, key: &str, kind: &'static str) -> Outcome {
    let value = || bytes("v");
    ensure_kind!(cache.get(key).await, kind, "get {key:?}");
    ensure_kind!(
        cache.set(key, value(), Ttl::Never).await,
        kind,
        "set {key:?}"
    );
    ensure_kind!(cache.delete(key).await, kind, "delete {key:?}");
    ensure_kind!(cache.exists(key).await, kind, "exists {key:?}");
    if let Some(counters) = cache.counters() {
        ensure_kind!(counters.incr(key, 1).await, kind, "incr {key:?}");
        ensure_kind!(counters.decr(key, 1).await, kind, "decr {key:?}");
    }
    if let Some(appender) = cache.appender() {
        ensure_kind!(appender.append(key, value()).await, kind, "append {key:?}");
    }
    if let Some(conditional) = cache.conditional() {
        let set = conditional.set_if_absent(key, value(), Ttl::Never).await;
        ensure_kind!(set, kind, "set_if_absent {key:?}");
        let swapped = conditional
            .compare_and_swap(key, None, value(), Ttl::Never)
            .await;
        ensure_kind!(swapped, kind, "compare_and_swap {key:?}");
        let deleted = conditional.compare_and_delete(key, value()).await;
        ensure_kind!(deleted, kind, "compare_and_delete {key:?}");
        ensure_kind!(conditional.ttl(key).await, kind, "ttl {key:?}");
        ensure_kind!(
            conditional.touch(key, Ttl::Never).await,
            kind,
            "touch {key:?}"
        );
        ensure_kind!(
            conditional.get_many(&["good", key]).await,
            kind,
            "get_many {key:?}"
        );
        let set = conditional
            .set_many(vec![(key.to_owned(), value())], Ttl::Never)
            .await;
        ensure_kind!(set, kind, "set_many {key:?}");
        let leased = conditional.acquire_lease(key, value(), SECOND).await;
        ensure_kind!(leased, kind, "acquire_lease {key:?}");
        let released = conditional.release_lease(key, value()).await;
        ensure_kind!(released, kind, "release_lease {key:?}");
    }
    Ok(())
}

pub(super) async fn bad_keys(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    for key in [
        "",
        "\0",
        "a\tb",
        "a\rb",
        "a\nb",
        "a\u{7f}",
        "\u{1f}",
        "\0lease\0k",
    ] {
        every_operation(&*cache, key, "invalid_key").await?;
    }
    for kept in [" ", " a ", "A", "a"] {
        cache
            .set(kept, Bytes::from(kept.to_owned()), Ttl::Never)
            .await?;
    }
    for kept in [" ", " a ", "A", "a"] {
        let value = cache.get(kept).await?;
        ensure_eq!(
            value.as_deref(),
            Some(kept.as_bytes()),
            "a key was trimmed or folded"
        );
    }
    Ok(())
}

pub(super) async fn long_keys(fixture: &dyn CacheFixture) -> Outcome {
    let setup = CacheSetup {
        max_key_length: 16,
        ..CacheSetup::default()
    };
    let cache = fixture.open(setup).await?;
    let long = "secret".repeat(20);
    every_operation(&*cache, &long[..17], "key_too_long").await?;
    cache.set(&long[..16], bytes("v"), Ttl::Never).await?;
    let error = cache.get(&long).await.err().map(|error| error.to_string());
    ensure!(
        error.is_some_and(|text| text.matches("secret").count() <= 5),
        "a whole key is shown"
    );
    let setup = CacheSetup {
        max_key_length: 0,
        ..CacheSetup::default()
    };
    let cache = fixture.open(setup).await?;
    cache.set(&long, bytes("v"), Ttl::Never).await?;
    ensure!(
        cache.exists(&long).await?,
        "a long key, and there is no limit"
    );
    Ok(())
}

pub(super) async fn closed(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    cache.set("k", bytes("v"), Ttl::Never).await?;
    cache.close().await?;
    cache.close().await?;
    every_operation(&*cache, "k", "closed").await?;
    ensure_kind!(cache.clear().await, "closed", "clear");
    Ok(())
}

pub(super) async fn backend_down(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    cache.set("k", bytes("v"), Ttl::Never).await?;
    if !fixture.break_backend().await {
        return Err(Stop::NotApplicable("there is no backend"));
    }
    every_operation(&*cache, "k", "unavailable").await
}
