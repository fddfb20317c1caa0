//! Several callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;

use super::{KvFixture, open};
use crate::Ttl;
use crate::conformance::history::{Call, is_linearizable};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::kv::{KvResult, KvStore, WriteBatch};

const RACERS: usize = 64;

pub(super) async fn race(fixture: &dyn KvFixture) -> Outcome {
    let store = open(fixture).await?;
    let own = |racer: usize| Bytes::from(format!("racer {racer}"));
    for round in 0..4 {
        let key = format!("absent/{round}");
        let wins = all(&store, |store, racer| {
            let key = key.clone();
            async move { store.put_if_absent(&key, own(racer), Ttl::Never).await }
        })
        .await?;
        let winner = only(&wins)?;
        ensure_eq!(
            store.get(&key).await?,
            Some(own(winner)),
            "what the winner put"
        );
        let wins = all(&store, |store, racer| {
            let key = key.clone();
            async move {
                let (old, new) = (Some(own(winner)), Some(own(racer + RACERS)));
                store.compare_and_swap(&key, old, new, Ttl::Never).await
            }
        })
        .await?;
        let second = only(&wins)?;
        ensure_eq!(
            store.get(&key).await?,
            Some(own(second + RACERS)),
            "what the swap put"
        );
        let wins = all(&store, |store, _| {
            let key = key.clone();
            async move {
                let batch = WriteBatch::new().require_exists(&*key).delete(&*key);
                Ok(store.write(batch).await.is_ok())
            }
        })
        .await?;
        only(&wins)?;
        ensure!(!store.exists(&key).await?, "a deleted key is there");
    }
    // Everybody adds one, trying again until nobody interfered.
    let adders = all(&store, |store, _| async move {
        for _ in 0..4 {
            loop {
                let old = store.get("sum").await?;
                let text = old
                    .as_deref()
                    .map_or("0", |text| std::str::from_utf8(text).unwrap_or(""));
                let sum: u64 = text.parse().unwrap_or_default();
                let new = Some(Bytes::from((sum + 1).to_string()));
                if store.compare_and_swap("sum", old, new, Ttl::Never).await? {
                    break;
                }
            }
        }
        Ok(true)
    })
    .await?;
    ensure_eq!(adders.len(), RACERS, "adders");
    let sum = store.get("sum").await?;
    ensure_eq!(sum, Some(Bytes::from((4 * RACERS).to_string())), "the sum");
    Ok(())
}

async fn all<F: Future<Output = KvResult<bool>> + Send + 'static>(
    store: &Arc<dyn KvStore>,
    work: impl Fn(Arc<dyn KvStore>, usize) -> F,
) -> Result<Vec<bool>, Stop> {
    let tasks: Vec<_> = (0..RACERS)
        .map(|racer| tokio::spawn(work(Arc::clone(store), racer)))
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await??);
    }
    Ok(results)
}

fn only(wins: &[bool]) -> Result<usize, Stop> {
    let winners: Vec<_> = (0..wins.len()).filter(|racer| wins[*racer]).collect();
    match winners[..] {
        [winner] => Ok(winner),
        _ => Err(Stop::Failed(format!("{} of {RACERS} won", winners.len()))),
    }
}

/// What a caller did and was told. Values are small numbers.
#[derive(Clone, Debug)]
enum Did {
    Get(Option<u8>),
    Set(u8),
    Delete(bool),
    PutIfAbsent(u8, bool),
    Swap(Option<u8>, Option<u8>, bool),
}

fn step(state: &Option<u8>, did: &Did) -> Option<Option<u8>> {
    match *did {
        Did::Get(seen) => (seen == *state).then_some(*state),
        Did::Set(value) => Some(Some(value)),
        Did::Delete(deleted) => (deleted == state.is_some()).then_some(None),
        Did::PutIfAbsent(value, put) => match (state, put) {
            (None, true) => Some(Some(value)),
            (Some(_), false) => Some(*state),
            _ => None,
        },
        Did::Swap(expected, value, swapped) => match (*state == expected, swapped) {
            (true, true) => Some(value),
            (false, false) => Some(*state),
            _ => None,
        },
    }
}

const CALLERS: usize = 4;
const CALLS: usize = 12;
const KEYS: usize = 2;

pub(super) async fn linearizable(fixture: &dyn KvFixture) -> Outcome {
    let rounds = fixture.steps().div_ceil(CALLERS * CALLS);
    let store = open(fixture).await?;
    for round in 0..rounds {
        let clock = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let seed = (round * CALLERS + caller) as u64;
                tokio::spawn(calls(Arc::clone(&store), Arc::clone(&clock), round, seed))
            })
            .collect();
        let mut histories = vec![Vec::new(); KEYS];
        for task in tasks {
            for (key, call) in task.await?? {
                histories[key].push(call);
            }
        }
        for history in histories {
            let ordered = is_linearizable(&history, None, step);
            ensure!(ordered, "round {round} has no order: {history:?}");
        }
    }
    Ok(())
}

async fn calls(
    store: Arc<dyn KvStore>,
    clock: Arc<AtomicU64>,
    round: usize,
    seed: u64,
) -> KvResult<Vec<(usize, Call<Did>)>> {
    let mut random = Random(seed);
    let mut history = Vec::new();
    for _ in 0..CALLS {
        let number = random.below(KEYS as u64) as usize;
        let key = format!("history/{round}/{number}");
        let value = |random: &mut Random| random.below(3) as u8;
        let began = clock.fetch_add(1, SeqCst);
        let what = match random.below(5) {
            0 => Did::Get(store.get(&key).await?.map(|value| value[0])),
            1 => {
                let value = value(&mut random);
                store
                    .set(&key, Bytes::from(vec![value]), Ttl::Never)
                    .await?;
                Did::Set(value)
            }
            2 => Did::Delete(store.delete(&key).await?),
            3 => {
                let value = value(&mut random);
                let bytes = Bytes::from(vec![value]);
                Did::PutIfAbsent(value, store.put_if_absent(&key, bytes, Ttl::Never).await?)
            }
            _ => {
                let mut maybe = || (random.below(3) > 0).then(|| value(&mut random));
                let (old, new) = (maybe(), maybe());
                let bytes = |value: Option<u8>| value.map(|value| Bytes::from(vec![value]));
                let swapped = store
                    .compare_and_swap(&key, bytes(old), bytes(new), Ttl::Never)
                    .await?;
                Did::Swap(old, new, swapped)
            }
        };
        let ended = clock.fetch_add(1, SeqCst);
        history.push((number, Call { began, ended, what }));
    }
    Ok(history)
}
