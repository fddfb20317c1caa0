//! Counting, appending, deciding by what is there.

use std::time::Duration;

use bytes::Bytes;

use super::{CacheFixture, appender, conditional, counters, open};
use crate::Ttl;
use crate::cache::{CacheExt, Remaining};
use crate::conformance::report::{Outcome, ensure, ensure_eq, ensure_kind};

const SECOND: Duration = Duration::from_secs(1);

fn bytes(text: &'static str) -> Bytes {
    Bytes::from_static(text.as_bytes())
}

pub(super) async fn counters_count(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let counters = counters(&*cache)?;
    ensure_eq!(
        counters.incr("n", 5).await?,
        5,
        "a counter that was missing"
    );
    ensure_eq!(counters.decr("n", 7).await?, -2, "a decrement");
    ensure_eq!(counters.incr("n", 0).await?, -2, "nothing added");
    ensure_eq!(
        cache.get("n").await?,
        Some(bytes("-2")),
        "the text of a counter"
    );
    ensure_eq!(
        counters.decr("m", 3).await?,
        -3,
        "a missing counter, decremented"
    );
    for (text, expected) in [("  41\t", 42), ("+1", 2), ("-0", 1), ("007", 8)] {
        cache.set("blank", bytes(text), Ttl::Never).await?;
        ensure_eq!(
            counters.incr("blank", 1).await?,
            expected,
            "{text:?} and one"
        );
        let written = cache.get("blank").await?;
        ensure_eq!(
            written,
            Some(Bytes::from(expected.to_string())),
            "{text:?}, written"
        );
    }
    // A new counter gets the default lifetime, one that is there keeps its own.
    cache
        .set("short", bytes("1"), Ttl::After(10 * SECOND))
        .await?;
    fixture.advance(9 * SECOND);
    ensure_eq!(
        counters.incr("short", 1).await?,
        2,
        "a counter with a lifetime"
    );
    fixture.advance(SECOND);
    ensure!(
        !cache.exists("short").await?,
        "counting extended a lifetime"
    );
    cache.set("long", bytes("1"), Ttl::Never).await?;
    counters.incr("long", 1).await?;
    fixture.advance(600 * SECOND);
    ensure!(
        !cache.exists("n").await?,
        "a new counter outlived the default lifetime"
    );
    ensure!(cache.exists("long").await?, "counting gave a lifetime");
    Ok(())
}

pub(super) async fn not_a_number(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let counters = counters(&*cache)?;
    let texts = [
        "", " ", "x", "1x", "1 2", "1.5", "0x1", "--1", "+", "1_000", "\u{661}",
    ];
    for text in texts {
        cache.set("k", bytes(text), Ttl::Never).await?;
        ensure_kind!(
            counters.incr("k", 1).await,
            "not_integer",
            "{text:?} and one"
        );
        ensure_kind!(
            counters.decr("k", 1).await,
            "not_integer",
            "{text:?} less one"
        );
        ensure_eq!(
            cache.get("k").await?,
            Some(bytes(text)),
            "what is no number"
        );
    }
    cache
        .set("k", Bytes::from_static(&[0xFF]), Ttl::Never)
        .await?;
    ensure_kind!(
        counters.incr("k", 1).await,
        "not_integer",
        "a byte that is no text"
    );
    Ok(())
}

pub(super) async fn overflow(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let counters = counters(&*cache)?;
    ensure_eq!(counters.incr("most", i64::MAX).await?, i64::MAX, "the most");
    ensure_kind!(
        counters.incr("most", 1).await,
        "counter_overflow",
        "one more than the most"
    );
    ensure_eq!(
        counters.incr("least", i64::MIN).await?,
        i64::MIN,
        "the least"
    );
    ensure_kind!(
        counters.decr("least", 1).await,
        "counter_overflow",
        "one less than the least"
    );
    ensure_kind!(
        counters.decr("n", i64::MIN).await,
        "counter_overflow",
        "what has no opposite"
    );
    ensure!(!cache.exists("n").await?, "a refused counter is there");
    for (key, value) in [("most", i64::MAX), ("least", i64::MIN)] {
        let kept = Some(Bytes::from(value.to_string()));
        ensure_eq!(cache.get(key).await?, kept, "a counter that overflowed");
    }
    cache
        .set("big", bytes("9223372036854775808"), Ttl::Never)
        .await?;
    ensure_kind!(
        counters.incr("big", -1).await,
        "counter_overflow",
        "a number of 65 bits"
    );
    Ok(())
}

pub(super) async fn expired_counter(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let counters = counters(&*cache)?;
    cache.set("n", bytes("40"), Ttl::After(SECOND)).await?;
    cache
        .set("text", bytes("no number"), Ttl::After(SECOND))
        .await?;
    fixture.advance(SECOND);
    ensure_eq!(counters.incr("n", 2).await?, 2, "a counter that expired");
    ensure_eq!(counters.incr("text", 2).await?, 2, "a text that expired");
    if let Some(appender) = cache.appender() {
        cache.set("a", bytes("old"), Ttl::After(SECOND)).await?;
        fixture.advance(SECOND);
        ensure_eq!(
            appender.append("a", bytes("new")).await?,
            3,
            "appended to what expired"
        );
    }
    fixture.advance(598 * SECOND);
    ensure!(
        cache.exists("n").await?,
        "what starts over has the old lifetime"
    );
    Ok(())
}

pub(super) async fn append(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let appender = appender(&*cache)?;
    ensure_eq!(
        appender.append("k", bytes("ab")).await?,
        2,
        "the length of a new value"
    );
    ensure_eq!(
        appender.append("k", bytes("")).await?,
        2,
        "nothing appended"
    );
    ensure_eq!(
        appender.append("k", bytes("c\0")).await?,
        4,
        "the length of a longer value"
    );
    ensure_eq!(
        cache.get("k").await?,
        Some(bytes("abc\0")),
        "what was appended"
    );
    cache
        .set("short", bytes("a"), Ttl::After(10 * SECOND))
        .await?;
    fixture.advance(9 * SECOND);
    appender.append("short", bytes("b")).await?;
    fixture.advance(SECOND);
    ensure!(
        !cache.exists("short").await?,
        "appending extended a lifetime"
    );
    fixture.advance(590 * SECOND);
    ensure!(
        !cache.exists("k").await?,
        "a new value outlived the default lifetime"
    );
    Ok(())
}

pub(super) async fn conditional_operations(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let conditional = conditional(&*cache)?;
    ensure!(
        conditional
            .set_if_absent("k", bytes("1"), Ttl::Never)
            .await?,
        "it was not absent"
    );
    ensure!(
        !conditional
            .set_if_absent("k", bytes("2"), Ttl::Never)
            .await?,
        "it was absent"
    );
    ensure_eq!(cache.get("k").await?, Some(bytes("1")), "the first value");
    let swap = async |old: Option<&'static str>, new| {
        let old = old.map(bytes);
        conditional
            .compare_and_swap("k", old, bytes(new), Ttl::Never)
            .await
    };
    ensure!(!swap(None, "x").await?, "swapped as absent");
    ensure!(!swap(Some("2"), "x").await?, "swapped another value");
    ensure!(!swap(Some(""), "x").await?, "swapped an empty value");
    ensure!(swap(Some("1"), "3").await?, "not swapped");
    ensure_eq!(cache.get("k").await?, Some(bytes("3")), "the swapped value");
    ensure!(
        !conditional.compare_and_delete("k", bytes("1")).await?,
        "deleted another value"
    );
    ensure!(
        conditional.compare_and_delete("k", bytes("3")).await?,
        "not deleted"
    );
    ensure!(
        !conditional.compare_and_delete("k", bytes("3")).await?,
        "deleted twice"
    );
    ensure!(swap(None, "4").await?, "not created");
    // Lifetimes.
    ensure_eq!(
        conditional.ttl("none").await?,
        None,
        "the lifetime of nothing"
    );
    ensure_eq!(
        conditional.ttl("k").await?,
        Some(Remaining::Forever),
        "a lifetime without end"
    );
    ensure!(
        conditional.touch("k", Ttl::After(10 * SECOND)).await?,
        "not touched"
    );
    fixture.advance(4 * SECOND);
    ensure_eq!(
        conditional.ttl("k").await?,
        Some(Remaining::For(6 * SECOND)),
        "what is left"
    );
    ensure_eq!(cache.get("k").await?, Some(bytes("4")), "a touched value");
    ensure!(
        conditional.touch("k", Ttl::After(10 * SECOND)).await?,
        "not touched again"
    );
    fixture.advance(9 * SECOND);
    ensure!(cache.exists("k").await?, "touching did not extend");
    fixture.advance(SECOND);
    ensure!(
        !conditional.touch("k", Ttl::Never).await?,
        "an expired value was touched"
    );
    ensure_eq!(
        conditional.ttl("k").await?,
        None,
        "the lifetime of an expired value"
    );
    ensure!(
        conditional
            .set_if_absent("k", bytes("5"), Ttl::Never)
            .await?,
        "expired is not absent"
    );
    // Many at once.
    let many = vec![("m1".to_owned(), bytes("1")), ("m2".to_owned(), bytes(""))];
    conditional.set_many(many, Ttl::After(SECOND)).await?;
    let read = conditional.get_many(&["m2", "none", "m1", "m2"]).await?;
    let expected = [Some(bytes("")), None, Some(bytes("1")), Some(bytes(""))];
    ensure_eq!(read, expected, "many at once");
    ensure_eq!(conditional.get_many(&[]).await?, [], "none at once");
    fixture.advance(SECOND);
    ensure_eq!(
        conditional.get_many(&["m1", "m2"]).await?,
        [None, None],
        "many that expired"
    );
    leases(fixture).await
}

async fn leases(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let conditional = conditional(&*cache)?;
    let (one, two) = (bytes("one"), bytes("two"));
    ensure!(
        conditional.acquire_lease("k", one.clone(), SECOND).await?,
        "nobody has it"
    );
    ensure!(
        !conditional.acquire_lease("k", two.clone(), SECOND).await?,
        "somebody has it"
    );
    ensure!(
        conditional
            .acquire_lease("other", two.clone(), SECOND)
            .await?,
        "another key"
    );
    ensure!(!cache.exists("k").await?, "a lease is no value");
    ensure!(
        !conditional.release_lease("k", two.clone()).await?,
        "released for somebody else"
    );
    fixture.advance(SECOND);
    ensure!(
        conditional.acquire_lease("k", two.clone(), SECOND).await?,
        "it ran out"
    );
    ensure!(
        !conditional.release_lease("k", one).await?,
        "released what was lost"
    );
    ensure!(
        conditional.release_lease("k", two.clone()).await?,
        "not released"
    );
    ensure!(
        conditional.acquire_lease("k", two, SECOND).await?,
        "it was released"
    );
    Ok(())
}

pub(super) async fn capabilities(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let capabilities = cache.capabilities();
    ensure_eq!(capabilities.atomic, cache.counters().is_some(), "counting");
    ensure_eq!(capabilities.append, cache.appender().is_some(), "appending");
    ensure_eq!(
        capabilities.conditional,
        cache.conditional().is_some(),
        "deciding"
    );
    let unsupported = "capability_unsupported";
    if !capabilities.atomic {
        ensure_kind!(cache.require_counters().map(drop), unsupported, "counting");
    }
    if !capabilities.append {
        ensure_kind!(cache.require_appender().map(drop), unsupported, "appending");
    }
    if !capabilities.conditional {
        ensure_kind!(
            cache.require_conditional().map(drop),
            unsupported,
            "deciding"
        );
    }
    Ok(())
}
