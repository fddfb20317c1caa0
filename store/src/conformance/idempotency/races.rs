//! Several callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;

use super::{IdempotencyFixture, open};
use crate::conformance::history::{Call, is_linearizable};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::idempotency::{
    Claim, ClaimRequest, ClaimStore, IdempotencyError, IdempotencyResult, NewRecord, Status,
};

const RACERS: usize = 64;

pub(super) async fn one_winner(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    // Half of them go through another store over the same backend.
    let another = fixture
        .another()
        .await
        .unwrap_or_else(|| Arc::clone(&store));
    for round in 0..6 {
        let claims = round % 2 == 0;
        let tasks: Vec<_> = (0..RACERS)
            .map(|racer| {
                let store = Arc::clone(if racer % 2 == 0 { &store } else { &another });
                let key = format!("race/{round}");
                tokio::spawn(async move {
                    if claims {
                        let claimed = store.claim(ClaimRequest::new(&key, "hash")).await?;
                        return Ok::<_, IdempotencyError>(matches!(claimed, Claim::Won(_)));
                    }
                    store.put_if_absent(NewRecord::new(&*key, "hash")).await
                })
            })
            .collect();
        let mut winners = 0;
        for task in tasks {
            winners += u32::from(task.await??);
        }
        ensure_eq!(winners, 1, "winners of round {round}");
    }
    // And of those that complete.
    store
        .put_if_absent(NewRecord::new("complete", "hash"))
        .await?;
    let tasks: Vec<_> = (0..RACERS)
        .map(|racer| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let response = Bytes::from(racer.to_string());
                store.complete("complete", response).await
            })
        })
        .collect();
    let mut winners = Vec::new();
    for (racer, task) in tasks.into_iter().enumerate() {
        match task.await? {
            Ok(()) => winners.push(racer),
            Err(error) => ensure_eq!(error.kind(), "already_completed", "{error}"),
        }
    }
    ensure_eq!(winners.len(), 1, "callers that completed");
    let record = store.get("complete").await?;
    let kept = record.and_then(|record| record.response);
    ensure_eq!(
        kept,
        Some(Bytes::from(winners[0].to_string())),
        "the response of the winner"
    );
    Ok(())
}

/// What a caller did and was told.
#[derive(Clone, Debug)]
enum Did {
    Get(Option<State>),
    Put(bool),
    Claim(Option<State>),
    Complete(u8, Completed),
    Delete(bool),
}

/// What a key holds: nothing is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    InProgress,
    Completed(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Completed {
    Now,
    Already,
    NotFound,
}

fn step(state: &Option<State>, did: &Did) -> Option<Option<State>> {
    match (*did).clone() {
        Did::Get(seen) => (seen == *state).then_some(*state),
        Did::Put(true) | Did::Claim(None) => state.is_none().then_some(Some(State::InProgress)),
        Did::Put(false) => state.is_some().then_some(*state),
        Did::Claim(seen) => (seen == *state).then_some(*state),
        Did::Complete(value, completed) => match (state, completed) {
            (Some(State::InProgress), Completed::Now) => Some(Some(State::Completed(value))),
            (Some(State::Completed(_)), Completed::Already) => Some(*state),
            (None, Completed::NotFound) => Some(None),
            _ => None,
        },
        Did::Delete(deleted) => (deleted == state.is_some()).then_some(None),
    }
}

const CALLERS: usize = 4;
const CALLS: usize = 12;

pub(super) async fn linearizable(fixture: &dyn IdempotencyFixture) -> Outcome {
    let store = open(fixture).await?;
    let another = fixture
        .another()
        .await
        .unwrap_or_else(|| Arc::clone(&store));
    for round in 0..fixture.steps().div_ceil(CALLERS * CALLS) {
        let clock = Arc::new(AtomicU64::new(0));
        let tasks: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let store = Arc::clone(if caller % 2 == 0 { &store } else { &another });
                let random = Random((round * CALLERS + caller) as u64);
                let key = format!("history/{round}");
                tokio::spawn(calls(store, Arc::clone(&clock), key, random))
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

fn value(response: Option<&Bytes>) -> u8 {
    response
        .and_then(|bytes| bytes.first().copied())
        .unwrap_or(u8::MAX)
}

async fn calls(
    store: Arc<dyn ClaimStore>,
    clock: Arc<AtomicU64>,
    key: String,
    mut random: Random,
) -> Result<Vec<Call<Did>>, Stop> {
    let mut history = Vec::new();
    for _ in 0..CALLS {
        let number = random.below(4) as u8;
        let kind = random.below(6);
        let began = clock.fetch_add(1, SeqCst);
        let what = call(&*store, &key, kind, number).await?;
        let ended = clock.fetch_add(1, SeqCst);
        history.push(Call { began, ended, what });
    }
    Ok(history)
}

async fn call(store: &dyn ClaimStore, key: &str, kind: u64, number: u8) -> IdempotencyResult<Did> {
    Ok(match kind {
        0 => Did::Get(store.get(key).await?.map(|record| match record.status {
            Status::InProgress => State::InProgress,
            Status::Completed => State::Completed(value(record.response.as_ref())),
        })),
        1 => Did::Put(store.put_if_absent(NewRecord::new(key, "hash")).await?),
        2 => match store.claim(ClaimRequest::new(key, "hash")).await? {
            Claim::Won(_) => Did::Claim(None),
            Claim::Replay(record) => {
                Did::Claim(Some(State::Completed(value(record.response.as_ref()))))
            }
            Claim::InProgress { .. } | Claim::Mismatch => Did::Claim(Some(State::InProgress)),
        },
        3 => Did::Delete(store.delete(key).await?),
        _ => {
            let completed = store.complete(key, Bytes::from(vec![number])).await;
            Did::Complete(
                number,
                match completed {
                    Ok(()) => Completed::Now,
                    Err(IdempotencyError::AlreadyCompleted) => Completed::Already,
                    Err(IdempotencyError::NotFound) => Completed::NotFound,
                    Err(error) => return Err(error),
                },
            )
        }
    })
}
