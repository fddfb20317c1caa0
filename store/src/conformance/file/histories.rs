//! Several callers at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use bytes::Bytes;

use super::{FileFixture, nothing_else, open, path, put, read};
use crate::conformance::history::{Call, is_linearizable};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::file::{FileErrorKind, FileResult, FileStorage, GetOptions, ObjectPath, PutRequest};

const RACERS: usize = 16;

pub(super) async fn create_race(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    for round in 0..8 {
        let at = format!("race/{round}");
        let tasks: Vec<_> = (0..RACERS)
            .map(|racer| {
                let storage = Arc::clone(&storage);
                let content = Bytes::from(format!("racer {racer}").repeat(1_000));
                let request = put(&at, content)?.create_new();
                Ok(tokio::spawn(async move { storage.put(request).await }))
            })
            .collect::<Result<_, Stop>>()?;
        let mut winners = Vec::new();
        for (racer, task) in tasks.into_iter().enumerate() {
            match task.await? {
                Ok(_) => winners.push(racer),
                Err(error) => ensure_eq!(error.kind(), FileErrorKind::AlreadyExists, "{error}"),
            }
        }
        ensure_eq!(winners.len(), 1, "winners");
        let expected = Bytes::from(format!("racer {}", winners[0]).repeat(1_000));
        ensure!(
            read(&*storage, &at).await? == expected,
            "the winner's content is not there"
        );
    }
    let objects: Vec<_> = (0..8).map(|round| format!("race/{round}")).collect();
    let objects: Vec<_> = objects.iter().map(String::as_str).collect();
    nothing_else(fixture, &*storage, &objects).await
}

/// What a caller did and was told. Content is a small number, many times.
#[derive(Clone, Debug)]
enum Did {
    Get(Option<u8>),
    Put(u8),
    Create(u8, bool),
    Delete(bool),
}

fn step(state: &Option<u8>, did: &Did) -> Option<Option<u8>> {
    match *did {
        Did::Get(seen) => (seen == *state).then_some(*state),
        Did::Put(value) => Some(Some(value)),
        Did::Create(value, true) => state.is_none().then_some(Some(value)),
        Did::Create(_, false) => state.is_some().then_some(*state),
        Did::Delete(deleted) => (deleted == state.is_some()).then_some(None),
    }
}

const CALLERS: usize = 4;
const CALLS: usize = 10;

pub(super) async fn linearizable(fixture: &dyn FileFixture) -> Outcome {
    let storage = open(fixture).await?;
    for round in 0..fixture.steps().div_ceil(CALLERS * CALLS) {
        let clock = Arc::new(AtomicU64::new(0));
        let at = path(&format!("history/{round}"))?;
        let tasks: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let random = Random((round * CALLERS + caller) as u64);
                let (storage, clock) = (Arc::clone(&storage), Arc::clone(&clock));
                tokio::spawn(calls(storage, clock, at.clone(), random))
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

async fn calls(
    storage: Arc<dyn FileStorage>,
    clock: Arc<AtomicU64>,
    at: ObjectPath,
    mut random: Random,
) -> FileResult<Vec<Call<Did>>> {
    let mut history = Vec::new();
    for _ in 0..CALLS {
        let value = random.below(4) as u8;
        let request = || {
            let content = vec![value; 100 + usize::from(value) * 3_000];
            PutRequest::bytes("n", content).at(at.clone())
        };
        let began = clock.fetch_add(1, SeqCst);
        let what = match random.below(4) {
            0 => match storage.get(&at, GetOptions::new()).await {
                Ok(reader) => {
                    let content = reader.bytes(1 << 20).await?;
                    let value = content[0];
                    let whole = content.len() == 100 + usize::from(value) * 3_000
                        && content.iter().all(|byte| *byte == value);
                    assert!(whole, "a part of an object was read");
                    Did::Get(Some(value))
                }
                Err(error) if error.kind() == FileErrorKind::NotFound => Did::Get(None),
                Err(error) => return Err(error),
            },
            1 => {
                storage.put(request()).await?;
                Did::Put(value)
            }
            2 => match storage.put(request().create_new()).await {
                Ok(_) => Did::Create(value, true),
                Err(error) if error.kind() == FileErrorKind::AlreadyExists => {
                    Did::Create(value, false)
                }
                Err(error) => return Err(error),
            },
            _ => match storage.delete(&at).await {
                Ok(()) => Did::Delete(true),
                Err(error) if error.kind() == FileErrorKind::NotFound => Did::Delete(false),
                Err(error) => return Err(error),
            },
        };
        let ended = clock.fetch_add(1, SeqCst);
        history.push(Call { began, ended, what });
    }
    Ok(history)
}
