//! What a store leaves on its medium, and what it finds there.

use std::time::Duration;

use bytes::Bytes;

use super::{BadPlace, KvFixture, KvSetup, need_bounds, open, reopen};
use crate::Ttl;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq, ensure_kind};
use crate::kv::{KvStoreExt, Lookup, ScanRequest, WriteBatch};

const SECOND: Duration = Duration::from_secs(1);

pub(super) async fn reads_write_nothing(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    store.set("live", "v".into(), Ttl::Never).await?;
    store.set("dead", "v".into(), Ttl::After(SECOND)).await?;
    fixture.advance(SECOND);
    // What was written before may still be on its way to the medium, but not
    // for ever; reads that write do it every time.
    for attempt in 0.. {
        let Some(before) = fixture.contents().await else {
            return Err(Stop::NotApplicable("there is no medium to look at"));
        };
        for key in ["live", "dead", "none"] {
            store.get(key).await?;
            store.lookup(key).await?;
            store.exists(key).await?;
        }
        store.scan(ScanRequest::prefix("").with_values()).await?;
        store.len().await?;
        store.stats().await?;
        let after = fixture.contents().await;
        let dead = store.lookup("dead").await?;
        ensure!(
            matches!(dead, Lookup::Expired { .. }),
            "a read removed an expired entry"
        );
        if after == Some(before) {
            break;
        }
        ensure!(attempt < 400, "reads change the medium");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(())
}

pub(super) async fn reopen_keeps(fixture: &dyn KvFixture) -> Outcome {
    let setup = KvSetup::default();
    let store = fixture.open(setup).await?;
    store.set("kept", "v".into(), Ttl::Never).await?;
    store.set("empty", Bytes::new(), Ttl::Never).await?;
    store
        .set("short", "v".into(), Ttl::After(10 * SECOND))
        .await?;
    store
        .set("long", "v".into(), Ttl::After(20 * SECOND))
        .await?;
    store.set("deleted", "v".into(), Ttl::Never).await?;
    store.delete("deleted").await?;
    store
        .write(
            WriteBatch::new()
                .put("b/1", "1", Ttl::Never)
                .put("b/2", "2", Ttl::Never),
        )
        .await?;
    let long = store.lookup("long").await?;
    let stats = store.stats().await?;
    store.close().await?;
    drop(store);
    let store = reopen(fixture, setup).await?;
    ensure_eq!(
        store.lookup("long").await?,
        long,
        "an entry with a lifetime"
    );
    ensure_eq!(
        store.get("empty").await?,
        Some(Bytes::new()),
        "an empty value"
    );
    ensure!(!store.exists("deleted").await?, "a deleted entry is back");
    let again = store.stats().await?;
    ensure_eq!(
        (again.entries, again.memory_usage),
        (stats.entries, stats.memory_usage),
        "entries and bytes"
    );
    // Those of the two reads and the look since.
    ensure_eq!(
        (again.hits, again.misses, again.commits),
        (2, 1, 0),
        "counts since the start"
    );
    fixture.advance(10 * SECOND);
    ensure!(!store.exists("short").await?, "a lifetime was extended");
    ensure!(store.exists("long").await?, "a lifetime was cut");
    ensure_eq!(store.len().await?, 5, "live entries");
    // Opening changes nothing: an expired entry is there until it is removed.
    let short = store.lookup("short").await?;
    ensure!(
        matches!(short, Lookup::Expired { .. }),
        "opening removed an entry"
    );
    store.set("kept", "w".into(), Ttl::Never).await?;
    store.close().await?;
    drop(store);
    let store = reopen(fixture, setup).await?;
    ensure_eq!(
        store.get("kept").await?,
        Some("w".into()),
        "a value written after reopening"
    );
    Ok(())
}

pub(super) async fn second_open(fixture: &dyn KvFixture) -> Outcome {
    if !fixture.is_exclusive() {
        return Err(Stop::NotApplicable("stores share their data"));
    }
    let setup = KvSetup::default();
    let store = fixture.open(setup).await?;
    store.set("k", "v".into(), Ttl::Never).await?;
    let Some(second) = fixture.reopen(setup).await else {
        return Err(Stop::NotApplicable("nothing outlives the store"));
    };
    ensure_kind!(second, "already_open", "a second store");
    ensure_eq!(
        store.get("k").await?,
        Some("v".into()),
        "a value of the first store"
    );
    store.set("l", "v".into(), Ttl::Never).await?;
    store.close().await?;
    drop(store);
    let store = reopen(fixture, setup).await?;
    ensure!(
        store.exists("l").await?,
        "a write after the refused store is gone"
    );
    Ok(())
}

pub(super) async fn bad_places(fixture: &dyn KvFixture) -> Outcome {
    let Some(blank) = fixture.open_in(BadPlace::Blank).await else {
        return Err(Stop::NotApplicable("there are no places"));
    };
    let text = blank.as_ref().err().map(ToString::to_string);
    ensure_eq!(
        text.as_deref(),
        Some("kv: data dir is required"),
        "a blank place"
    );
    ensure_kind!(blank, "invalid_config", "a blank place");
    if let Some(padded) = fixture.open_in(BadPlace::Padded).await {
        padded?;
    }
    if let Some(blocked) = fixture.open_in(BadPlace::FileInTheWay).await {
        ensure_kind!(blocked, "invalid_config", "a file in the way");
    }
    if let Some(unreadable) = fixture.open_in(BadPlace::Unreadable).await {
        ensure_kind!(unreadable, "io", "a file that may not be read");
    }
    Ok(())
}

pub(super) async fn working_directory(fixture: &dyn KvFixture) -> Outcome {
    let list = || -> std::io::Result<Vec<_>> {
        let entries = std::fs::read_dir(".")?.map(|entry| Ok(entry?.file_name()));
        let mut names = entries.collect::<std::io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    };
    let before = list()?;
    let store = open(fixture).await?;
    store.set("k", "v".into(), Ttl::Never).await?;
    let during = list()?;
    store.close().await?;
    ensure_eq!(
        during,
        before,
        "names in the working directory while a store is open"
    );
    ensure_eq!(list()?, before, "names in the working directory afterwards");
    Ok(())
}

pub(super) async fn beyond_bounds(fixture: &dyn KvFixture) -> Outcome {
    need_bounds(fixture)?;
    let store = open(fixture).await?;
    for number in 0..10 {
        store
            .set(&format!("k{number}"), "v".into(), Ttl::Never)
            .await?;
    }
    store.close().await?;
    drop(store);
    let small = KvSetup {
        max_entries: 5,
        ..KvSetup::default()
    };
    let store = reopen(fixture, small).await?;
    ensure_eq!(store.len().await?, 10, "entries beyond the bound");
    ensure_eq!(
        store.get("k9").await?,
        Some("v".into()),
        "a value beyond the bound"
    );
    let grown = store.set("more", "v".into(), Ttl::Never).await;
    ensure_kind!(grown, "capacity_exceeded", "growth beyond the bound");
    store.set("k0", "w".into(), Ttl::Never).await?;
    for number in 0..6 {
        ensure!(
            store.delete(&format!("k{number}")).await?,
            "an entry cannot be deleted"
        );
    }
    store.set("more", "v".into(), Ttl::Never).await?;
    let store: &dyn crate::kv::KvStore = &*store;
    ensure!(!store.is_empty().await?, "the store is empty");
    Ok(())
}

pub(super) async fn newer_form(fixture: &dyn KvFixture) -> Outcome {
    let setup = KvSetup::default();
    let store = fixture.open(setup).await?;
    store.set("k", "v".into(), Ttl::Never).await?;
    store.close().await?;
    drop(store);
    if !fixture.make_newer().await {
        return Err(Stop::NotApplicable("there is no form to be newer"));
    }
    let before = fixture.contents().await;
    let Some(opened) = fixture.reopen(setup).await else {
        return Err(Stop::NotApplicable("nothing outlives the store"));
    };
    ensure_kind!(opened, "newer_format", "a newer form");
    ensure!(
        fixture.contents().await == before,
        "a refused store was changed"
    );
    Ok(())
}
