//! Several callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;

use super::{CacheFixture, conditional, counters, open};
use crate::Ttl;
use crate::cache::{Cache, CacheError, CacheResult};
use crate::conformance::history::{Call, is_linearizable};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};

/// How long something that must not wait may take.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn increments(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    counters(&*cache)?;
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move {
                for _ in 0..1_000 {
                    match cache.counters() {
                        Some(counters) => drop(counters.incr("n", 1).await?),
                        None => return Err(CacheError::Closed),
                    }
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    ensure_eq!(cache.get("n").await?, Some(Bytes::from("64000")), "the sum");
    Ok(())
}

pub(super) async fn absent_race(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    conditional(&*cache)?;
    for round in 0..20 {
        let tasks: Vec<_> = (0..64)
            .map(|racer: u32| {
                let (cache, key) = (Arc::clone(&cache), format!("k{round}"));
                tokio::spawn(async move {
                    let value = Bytes::from(racer.to_string());
                    match cache.conditional() {
                        Some(conditional) => {
                            conditional.set_if_absent(&key, value, Ttl::Never).await
                        }
                        None => Err(CacheError::Closed),
                    }
                })
            })
            .collect();
        let mut winners = Vec::new();
        for (racer, task) in tasks.into_iter().enumerate() {
            if task.await?? {
                winners.push(racer);
            }
        }
        ensure_eq!(winners.len(), 1, "winners");
        let kept = cache.get(&format!("k{round}")).await?;
        ensure_eq!(
            kept,
            Some(Bytes::from(winners[0].to_string())),
            "what the winner set"
        );
    }
    Ok(())
}

pub(super) async fn close_waits(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let Some(writer) = fixture.hold_writer("k") else {
        return Err(Stop::NotApplicable("no writer can be held up"));
    };
    let closing = {
        let cache = Arc::clone(&cache);
        tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Handle::current();
            runtime.block_on(async move { cache.close().await })
        })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    ensure!(
        !closing.is_finished(),
        "closing did not wait for a write in flight"
    );
    (writer.release)();
    tokio::time::timeout(PATIENCE, writer.done).await??;
    tokio::time::timeout(PATIENCE, closing).await???;
    cache.close().await?;
    ensure!(cache.get("k").await.is_err(), "a closed cache was read");
    Ok(())
}

pub(super) async fn reads_pass(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    let keys: Vec<_> = (0..200).map(|number| format!("k{number}")).collect();
    for key in &keys {
        cache.set(key, Bytes::from("v"), Ttl::Never).await?;
    }
    cache.set("held", Bytes::from("old"), Ttl::Never).await?;
    let Some(writer) = fixture.hold_writer("held") else {
        return Err(Stop::NotApplicable("no writer can be held up"));
    };
    let reads = async {
        for key in &keys {
            cache.get(key).await?;
            cache.exists(key).await?;
        }
        cache.get("held").await
    };
    let read = tokio::time::timeout(PATIENCE, reads).await;
    (writer.release)();
    tokio::time::timeout(PATIENCE, writer.done).await??;
    let read = read.map_err(|_| Stop::Failed("a read waits for a writer".to_owned()))??;
    ensure_eq!(
        read,
        Some(Bytes::from("old")),
        "what is read while it is written"
    );
    ensure_eq!(
        cache.get("held").await?,
        Some(Bytes::from("held")),
        "what was written"
    );
    Ok(())
}

/// What a caller did and was told. Values are small numbers.
#[derive(Clone, Debug)]
enum Did {
    Get(Option<u8>),
    Set(u8),
    Delete(bool),
    SetIfAbsent(u8, bool),
    Swap(Option<u8>, u8, bool),
    CompareAndDelete(u8, bool),
    Incr(i64),
}

fn step(state: &Option<u8>, did: &Did) -> Option<Option<u8>> {
    match *did {
        Did::Get(seen) => (seen == *state).then_some(*state),
        Did::Set(value) => Some(Some(value)),
        Did::Delete(deleted) => (deleted == state.is_some()).then_some(None),
        Did::SetIfAbsent(value, set) => match (state, set) {
            (None, true) => Some(Some(value)),
            (Some(_), false) => Some(*state),
            _ => None,
        },
        Did::Swap(expected, value, swapped) => match (*state == expected, swapped) {
            (true, true) => Some(Some(value)),
            (false, false) => Some(*state),
            _ => None,
        },
        Did::CompareAndDelete(value, deleted) => match (*state == Some(value), deleted) {
            (true, true) => Some(None),
            (false, false) => Some(*state),
            _ => None,
        },
        Did::Incr(sum) => {
            let next = state.unwrap_or_default() + 1;
            (i64::from(next) == sum).then_some(Some(next))
        }
    }
}

const CALLERS: usize = 4;
const CALLS: usize = 12;

pub(super) async fn linearizable(fixture: &dyn CacheFixture) -> Outcome {
    let cache = open(fixture).await?;
    for round in 0..fixture.steps().div_ceil(CALLERS * CALLS) {
        let clock = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let random = Random((round * CALLERS + caller) as u64);
                let (cache, clock) = (Arc::clone(&cache), Arc::clone(&clock));
                tokio::spawn(calls(cache, clock, format!("history/{round}"), random))
            })
            .collect();
        let mut history = Vec::new();
        for task in tasks {
            history.extend(task.await??);
        }
        let ordered = is_linearizable(&history, None, step);
        ensure!(ordered, "round {round} has no order: {history:?}");
    }
    Ok(())
}

fn number(value: &Bytes) -> Option<u8> {
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn text(number: u8) -> Bytes {
    Bytes::from(number.to_string())
}

async fn calls(
    cache: Arc<dyn Cache>,
    clock: Arc<AtomicU64>,
    key: String,
    mut random: Random,
) -> CacheResult<Vec<Call<Did>>> {
    let mut history = Vec::new();
    for _ in 0..CALLS {
        let value = random.below(3) as u8;
        let old = (random.below(3) > 0).then(|| random.below(3) as u8);
        let kinds = if cache.conditional().is_some() { 7 } else { 3 };
        let kind = random.below(kinds);
        let began = clock.fetch_add(1, SeqCst);
        let what = match (kind, cache.conditional(), cache.counters()) {
            (0, ..) => Did::Get(cache.get(&key).await?.as_ref().and_then(number)),
            (1, ..) => {
                cache.set(&key, text(value), Ttl::Never).await?;
                Did::Set(value)
            }
            (3, Some(conditional), _) => {
                let set = conditional
                    .set_if_absent(&key, text(value), Ttl::Never)
                    .await?;
                Did::SetIfAbsent(value, set)
            }
            (4, Some(conditional), _) => {
                let swap =
                    conditional.compare_and_swap(&key, old.map(text), text(value), Ttl::Never);
                Did::Swap(old, value, swap.await?)
            }
            (5, Some(conditional), _) => {
                let deleted = conditional.compare_and_delete(&key, text(value)).await?;
                Did::CompareAndDelete(value, deleted)
            }
            (6, _, Some(counters)) => Did::Incr(counters.incr(&key, 1).await?),
            _ => Did::Delete(cache.delete(&key).await?),
        };
        let ended = clock.fetch_add(1, SeqCst);
        history.push(Call { began, ended, what });
    }
    Ok(history)
}
