//! One operation after another.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{KvFixture, KvSetup, open};
use crate::Ttl;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::kv::{KvStore, KvStoreExt, Lookup, ScanRequest, WriteBatch};

const SECOND: Duration = Duration::from_secs(1);

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

pub(super) async fn round_trip(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    let large = Bytes::from(
        (0..1 << 20)
            .map(|i: u32| (i % 251) as u8)
            .collect::<Vec<_>>(),
    );
    let values = [
        ("plain", bytes("value")),
        ("empty", Bytes::new()),
        ("large", large),
        ("binary", Bytes::from_static(&[0, 255, 10, 13, 0])),
        ("\u{e9}\u{4e16} / spaced ", bytes("odd key")),
    ];
    for (key, value) in &values {
        store.set(key, value.clone(), Ttl::Never).await?;
    }
    for (key, value) in &values {
        ensure!(
            store.get(key).await?.as_ref() == Some(value),
            "{key} came back different"
        );
        ensure!(store.exists(key).await?, "{key} does not exist");
    }
    ensure_eq!(store.get("none").await?, None, "a key that was never set");
    ensure!(
        !store.exists("none").await?,
        "a key exists that was never set"
    );
    store.set("plain", bytes("other"), Ttl::Never).await?;
    ensure_eq!(
        store.get("plain").await?,
        Some(bytes("other")),
        "an overwritten value"
    );
    ensure_eq!(store.len().await?, values.len() as u64, "entries");
    Ok(())
}

pub(super) async fn lookup(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    ensure_eq!(
        store.lookup("k").await?,
        Lookup::Missing,
        "a key that was never set"
    );
    store.set("k", bytes("v"), Ttl::After(10 * SECOND)).await?;
    let Lookup::Found {
        value,
        expires_at,
        updated_at,
    } = store.lookup("k").await?
    else {
        return Err(Stop::Failed("a live entry is not found".to_owned()));
    };
    ensure_eq!(value, bytes("v"), "the value");
    ensure_eq!(
        expires_at,
        Some(updated_at + 10 * SECOND),
        "its expiry, from its commit"
    );
    fixture.advance(10 * SECOND);
    ensure_eq!(store.get("k").await?, None, "an expired value");
    let Lookup::Expired { at } = store.lookup("k").await? else {
        let how = "an expired entry is not told from a missing one";
        return Err(Stop::Failed(how.to_owned()));
    };
    ensure_eq!(Some(at), expires_at, "when it expired");
    store.delete("k").await?;
    ensure_eq!(store.lookup("k").await?, Lookup::Missing, "a deleted key");
    store.set("k", bytes("v"), Ttl::Never).await?;
    let found = store.lookup("k").await?;
    ensure!(
        matches!(
            found,
            Lookup::Found {
                expires_at: None,
                ..
            }
        ),
        "an entry without expiry has one"
    );
    Ok(())
}

pub(super) async fn expiry(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    store.set("k", bytes("v"), Ttl::After(10 * SECOND)).await?;
    store.set("default", bytes("v"), Ttl::Default).await?;
    fixture.advance(10 * SECOND - Duration::from_millis(1));
    ensure!(store.exists("k").await?, "it expired before its time");
    fixture.advance(Duration::from_millis(1));
    ensure!(
        !store.exists("k").await?,
        "it is there when its time has come"
    );
    ensure_eq!(store.get("k").await?, None, "an expired value");
    ensure_eq!(store.len().await?, 1, "live entries");
    ensure_eq!(
        store.scan(ScanRequest::prefix("")).await?.entries.len(),
        1,
        "scanned entries"
    );
    fixture.advance(365 * 24 * 3_600 * SECOND);
    ensure!(
        store.exists("default").await?,
        "the default lifetime is not forever"
    );
    // Another write replaces the lifetime, both ways.
    store.set("k", bytes("v"), Ttl::After(SECOND)).await?;
    store.set("k", bytes("v"), Ttl::Never).await?;
    store.set("default", bytes("v"), Ttl::After(SECOND)).await?;
    fixture.advance(SECOND);
    ensure!(
        store.exists("k").await?,
        "an old lifetime outlived its entry"
    );
    ensure!(
        !store.exists("default").await?,
        "a new lifetime does not count"
    );
    let zero = Ttl::After(Duration::ZERO);
    ensure_kind!(store.set("z", bytes("v"), zero).await, "invalid_ttl", "set");
    ensure_kind!(
        store.put_if_absent("z", bytes("v"), zero).await,
        "invalid_ttl",
        "put_if_absent"
    );
    let swapped = store
        .compare_and_swap("z", None, Some(bytes("v")), zero)
        .await;
    ensure_kind!(swapped, "invalid_ttl", "compare_and_swap");
    let batch = WriteBatch::new().put("z", "v", zero);
    ensure_kind!(store.write(batch).await, "invalid_ttl", "write");
    ensure!(
        !store.exists("z").await?,
        "an entry with a refused lifetime is there"
    );
    // An expired entry is absent for those that ask before they write.
    store.set("e", bytes("old"), Ttl::After(SECOND)).await?;
    fixture.advance(SECOND);
    let swapped = store.compare_and_swap("e", Some(bytes("old")), Some(bytes("new")), Ttl::Never);
    ensure!(!swapped.await?, "an expired value was swapped");
    ensure!(
        store.put_if_absent("e", bytes("new"), Ttl::Never).await?,
        "expired is not absent"
    );
    ensure_eq!(
        store.get("e").await?,
        Some(bytes("new")),
        "what replaced an expired entry"
    );
    // Far beyond what a clock can say.
    store
        .set("far", bytes("v"), Ttl::After(Duration::MAX))
        .await?;
    ensure!(
        store.exists("far").await?,
        "an entry with a long life is gone"
    );
    Ok(())
}

pub(super) async fn delete(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    ensure!(!store.delete("k").await?, "a missing key was deleted");
    store.set("k", bytes("v"), Ttl::Never).await?;
    ensure!(store.delete("k").await?, "a live entry was not deleted");
    ensure!(!store.delete("k").await?, "a deleted entry was deleted");
    store.set("k", bytes("v"), Ttl::After(SECOND)).await?;
    fixture.advance(SECOND);
    ensure!(store.delete("k").await?, "an expired entry was not deleted");
    let store: &dyn KvStore = &*store;
    ensure_kind!(
        store.remove_required("k").await,
        "not_found",
        "remove_required"
    );
    store.set("k", bytes("v"), Ttl::Never).await?;
    store.remove_required("k").await?;
    Ok(())
}

pub(super) async fn scan(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    let keys = ["a", "a/", "a/1", "a/10", "a/2", "ab", "b", "\u{e9}", "A"];
    for key in keys {
        store
            .set(key, Bytes::from(key.to_owned()), Ttl::Never)
            .await?;
    }
    store.set("a/gone", bytes("v"), Ttl::After(SECOND)).await?;
    fixture.advance(SECOND);
    let mut sorted = keys.to_vec();
    sorted.sort_unstable();
    let names = |page: &crate::kv::ScanPage| -> Vec<String> {
        page.entries.iter().map(|entry| entry.key.clone()).collect()
    };
    let all = store.scan(ScanRequest::prefix("")).await?;
    ensure_eq!(names(&all), sorted, "all keys");
    ensure!(
        !all.more && all.entries[0].value.is_none(),
        "values came unasked for"
    );
    let page = store.scan(ScanRequest::prefix("a/").with_values()).await?;
    ensure_eq!(
        names(&page),
        ["a/", "a/1", "a/10", "a/2"],
        "keys that share a stem"
    );
    for entry in &page.entries {
        ensure_eq!(
            entry.value.as_deref(),
            Some(entry.key.as_bytes()),
            "a scanned value"
        );
    }
    // Page by page, whatever the size of a page.
    for limit in 1..=sorted.len() + 1 {
        let (mut found, mut after) = (Vec::new(), None::<String>);
        loop {
            let mut request = ScanRequest::prefix("").limit(limit);
            request.after = after.as_deref();
            let page = store.scan(request).await?;
            ensure!(
                page.entries.len() <= limit,
                "a page of {limit} has {}",
                page.entries.len()
            );
            found.extend(names(&page));
            match page.next_after() {
                Some(next) => after = Some(next.to_owned()),
                None => break,
            }
        }
        ensure_eq!(found, sorted, "pages of {limit}");
    }
    let page = store.scan(ScanRequest::prefix("a/").after("a/11")).await?;
    ensure_eq!(names(&page), ["a/2"], "behind a key that is not there");
    let page = store.scan(ScanRequest::prefix("a/").after("Z")).await?;
    ensure_eq!(page.entries.len(), 4, "behind a key before the prefix");
    let page = store.scan(ScanRequest::prefix("a/").after("z")).await?;
    ensure_eq!(page.entries.len(), 0, "behind a key after the prefix");
    for limit in [0, 10_001] {
        let scanned = store.scan(ScanRequest::prefix("").limit(limit)).await;
        ensure_kind!(scanned, "invalid_config", "a page of {limit}");
    }
    let dynamic: &dyn KvStore = &*store;
    let (mut stream, mut found) = (dynamic.keys("a/"), Vec::new());
    while let Some(key) = stream.next().await? {
        found.push(key);
    }
    ensure_eq!(found, ["a/", "a/1", "a/10", "a/2"], "keys as a stream");
    Ok(())
}

pub(super) async fn batch(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    store.set("a", bytes("1"), Ttl::Never).await?;
    let batch = WriteBatch::new()
        .require_equals("a", "1")
        .require_absent("b")
        .put("b", "2", Ttl::Never)
        .put("b", "3", Ttl::Never)
        .put("c", "4", Ttl::Never)
        .delete("c")
        .delete("a");
    store.write(batch).await?;
    ensure_eq!(store.get("a").await?, None, "a deleted key");
    ensure_eq!(
        store.get("b").await?,
        Some(bytes("3")),
        "the last put of a key"
    );
    ensure_eq!(store.get("c").await?, None, "put, then deleted");
    let refused = [
        WriteBatch::new().require_absent("b"),
        WriteBatch::new().require_exists("a"),
        WriteBatch::new().require_equals("b", "2"),
        WriteBatch::new().require_equals("a", ""),
    ];
    for batch in refused {
        let batch = batch.put("x", "v", Ttl::Never).delete("b");
        ensure_kind!(
            store.write(batch).await,
            "precondition_failed",
            "a precondition"
        );
        ensure!(!store.exists("x").await?, "a refused batch put");
        ensure!(store.exists("b").await?, "a refused batch deleted");
    }
    // A precondition sees what was there before, not what the batch does.
    let batch = WriteBatch::new()
        .require_absent("n")
        .put("n", "v", Ttl::Never);
    store.write(batch).await?;
    store.write(WriteBatch::new()).await?;
    store.write(WriteBatch::new().require_exists("n")).await?;
    // One bad key, or too much, and nothing happens.
    let batch = WriteBatch::new()
        .put("y", "v", Ttl::Never)
        .put("bad\n", "v", Ttl::Never);
    ensure_kind!(store.write(batch).await, "invalid_key", "a bad key");
    ensure!(!store.exists("y").await?, "a batch with a bad key put");
    let mut large = WriteBatch::new();
    for number in 0..10_001 {
        large = large.put(format!("many/{number}"), "v", Ttl::Never);
    }
    ensure_kind!(
        store.write(large).await,
        "batch_too_large",
        "10 001 operations"
    );
    let heavy = vec![0; 6 << 20];
    let large = ["h/1", "h/2", "h/3"]
        .into_iter()
        .fold(WriteBatch::new(), |batch, key| {
            batch.put(key, heavy.clone(), Ttl::Never)
        });
    ensure_kind!(store.write(large).await, "batch_too_large", "18 MiB");
    ensure!(
        store
            .scan(ScanRequest::prefix("h/"))
            .await?
            .entries
            .is_empty(),
        "a part was put"
    );
    Ok(())
}

pub(super) async fn bad_keys(fixture: &dyn KvFixture) -> Outcome {
    let setup = KvSetup {
        max_key_length: 16,
        ..KvSetup::default()
    };
    let store = fixture.open(setup).await?;
    let long = "x".repeat(17);
    let bad = [
        ("", "invalid_key"),
        ("\0", "invalid_key"),
        ("a\tb", "invalid_key"),
        ("a\rb", "invalid_key"),
        ("a\nb", "invalid_key"),
        ("a\u{7f}", "invalid_key"),
        ("\u{1f}", "invalid_key"),
        (&long, "key_too_long"),
    ];
    for (key, kind) in bad {
        ensure_kind!(store.get(key).await, kind, "get {key:?}");
        ensure_kind!(store.lookup(key).await, kind, "lookup {key:?}");
        ensure_kind!(store.exists(key).await, kind, "exists {key:?}");
        ensure_kind!(
            store.set(key, bytes("v"), Ttl::Never).await,
            kind,
            "set {key:?}"
        );
        ensure_kind!(store.delete(key).await, kind, "delete {key:?}");
        let put = store.put_if_absent(key, bytes("v"), Ttl::Never).await;
        ensure_kind!(put, kind, "put_if_absent {key:?}");
        let swapped = store.compare_and_swap(key, None, None, Ttl::Never).await;
        ensure_kind!(swapped, kind, "compare_and_swap {key:?}");
        ensure_kind!(
            store.write(WriteBatch::new().delete(key)).await,
            kind,
            "delete in a batch"
        );
        ensure_kind!(
            store.write(WriteBatch::new().require_absent(key)).await,
            kind,
            "require"
        );
        let request = ScanRequest::prefix("").after(key);
        ensure_kind!(store.scan(request).await, kind, "scan after {key:?}");
        if !key.is_empty() {
            ensure_kind!(
                store.scan(ScanRequest::prefix(key)).await,
                kind,
                "scan {key:?}"
            );
        }
    }
    store.set(&long[..16], bytes("v"), Ttl::Never).await?;
    for kept in [" ", " a ", "A", "a"] {
        store
            .set(kept, Bytes::from(kept.to_owned()), Ttl::Never)
            .await?;
    }
    for kept in [" ", " a ", "A", "a"] {
        let value = store.get(kept).await?;
        ensure_eq!(
            value.as_deref(),
            Some(kept.as_bytes()),
            "a key was trimmed or folded"
        );
    }
    let secret = "secret\n".repeat(9);
    let error = store
        .get(&secret)
        .await
        .err()
        .map(|error| error.to_string());
    ensure!(
        error.is_some_and(|text| text.matches("secret").count() <= 5),
        "a whole key is shown"
    );
    Ok(())
}

pub(super) async fn stats(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    let stats = store.stats().await?;
    ensure_eq!(
        (stats.entries, stats.memory_usage),
        (0, 0),
        "an empty store"
    );
    ensure_eq!(
        stats.hit_ratio.to_bits(),
        0_f64.to_bits(),
        "the ratio without reads"
    );
    store.set("abc", bytes("12345"), Ttl::Never).await?;
    store.set("e", Bytes::new(), Ttl::After(SECOND)).await?;
    store.get("abc").await?;
    store.lookup("abc").await?;
    store.exists("abc").await?;
    store.get("none").await?;
    drop(store.get("bad\n").await);
    let stats = store.stats().await?;
    ensure_eq!((stats.hits, stats.misses), (3, 1), "hits and misses");
    ensure_eq!(stats.hit_ratio.to_bits(), 0.75_f64.to_bits(), "the ratio");
    ensure_eq!(
        (stats.entries, stats.memory_usage),
        (2, 3 + 5 + 64 + 1 + 64),
        "live entries"
    );
    fixture.advance(SECOND);
    let stats = store.stats().await?;
    ensure_eq!(
        (stats.entries, stats.memory_usage),
        (1, 3 + 5 + 64),
        "after one expired"
    );
    store.set("abc", bytes("1"), Ttl::Never).await?;
    ensure_eq!(
        store.stats().await?.memory_usage,
        3 + 1 + 64,
        "after an overwrite"
    );
    store.delete("abc").await?;
    let stats = store.stats().await?;
    ensure_eq!(
        (stats.entries, stats.memory_usage),
        (0, 0),
        "after a delete"
    );
    Ok(())
}

pub(super) async fn closed(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    store.set("k", bytes("v"), Ttl::Never).await?;
    // A write in flight is finished or refused, never half done.
    let writer = {
        let store = Arc::clone(&store);
        tokio::spawn(async move {
            let mut written = 0_u32;
            while store.set("w", bytes("v"), Ttl::Never).await.is_ok() {
                written += 1;
                tokio::task::yield_now().await;
            }
            written
        })
    };
    tokio::task::yield_now().await;
    store.close().await?;
    store.close().await?;
    writer.await?;
    ensure_kind!(store.get("k").await, "closed", "get");
    ensure_kind!(store.lookup("k").await, "closed", "lookup");
    ensure_kind!(store.exists("k").await, "closed", "exists");
    ensure_kind!(
        store.set("k", bytes("v"), Ttl::Never).await,
        "closed",
        "set"
    );
    ensure_kind!(store.delete("k").await, "closed", "delete");
    ensure_kind!(store.scan(ScanRequest::prefix("")).await, "closed", "scan");
    ensure_kind!(
        store.put_if_absent("k", bytes("v"), Ttl::Never).await,
        "closed",
        "put"
    );
    let swapped = store.compare_and_swap("k", None, None, Ttl::Never).await;
    ensure_kind!(swapped, "closed", "compare_and_swap");
    ensure_kind!(
        store.write(WriteBatch::new().delete("k")).await,
        "closed",
        "write"
    );
    ensure_kind!(store.len().await, "closed", "len");
    ensure_kind!(store.stats().await, "closed", "stats");
    Ok(())
}
