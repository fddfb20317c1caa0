//! Random operations against a plain map.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::{IdempotencyFixture, open};
use crate::conformance::report::{Outcome, ensure_eq};
use crate::conformance::sample::samples;
use crate::idempotency::{Claim, ClaimRequest, ClaimStore, ClaimToken, NewRecord, Status};

const KEYS: [&str; 3] = ["a", "b", "\u{e9} c"];
const HASHES: [&str; 2] = ["one", "two"];

#[derive(Clone, Debug)]
enum Step {
    Get(usize),
    Put(usize, usize, Option<u8>),
    Claim(usize, usize, u8),
    Complete(usize, u8),
    CompleteHash(usize, usize, u8),
    /// By the token of this claim, counted from the last.
    CompleteClaim(usize, u8),
    Renew(usize, u8),
    Release(usize),
    Delete(usize),
    Advance(u8),
}

fn steps() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS.len();
    let hash = || prop_oneof![4 => Just(0_usize), 1 => Just(1_usize)];
    prop_oneof![
        2 => key().prop_map(Step::Get),
        2 => (key(), hash(), proptest::option::of(1..30_u8)).prop_map(|(k, h, t)| Step::Put(k, h, t)),
        5 => (key(), hash(), 1..20_u8).prop_map(|(k, h, l)| Step::Claim(k, h, l)),
        1 => (key(), any::<u8>()).prop_map(|(k, v)| Step::Complete(k, v)),
        1 => (key(), hash(), any::<u8>()).prop_map(|(k, h, v)| Step::CompleteHash(k, h, v)),
        2 => (0..4_usize, any::<u8>()).prop_map(|(t, v)| Step::CompleteClaim(t, v)),
        2 => (0..4_usize, 1..20_u8).prop_map(|(t, l)| Step::Renew(t, l)),
        2 => (0..4_usize).prop_map(Step::Release),
        1 => key().prop_map(Step::Delete),
        3 => (1..15_u8).prop_map(Step::Advance),
    ]
}

/// What a key holds. Times are in seconds.
#[derive(Clone, Debug, PartialEq)]
struct Entry {
    hash: &'static str,
    response: Option<u8>,
    expires: Option<u64>,
    lease: Option<u64>,
    attempt: u32,
    /// Which claim holds it.
    holder: Option<usize>,
}

#[derive(Default)]
struct Model {
    entries: BTreeMap<&'static str, Entry>,
    now: u64,
    /// Every claim that was won: its token, and its key.
    claims: Vec<(ClaimToken, &'static str)>,
}

impl Model {
    fn live(&self, key: &str) -> Option<&Entry> {
        let entry = self.entries.get(key)?;
        entry
            .expires
            .is_none_or(|at| self.now < at)
            .then_some(entry)
    }

    /// Completes what is in progress, if `may` agrees.
    fn complete(
        &mut self,
        key: &'static str,
        value: u8,
        may: impl FnOnce(&Entry) -> Result<(), &'static str>,
    ) -> Result<(), &'static str> {
        let entry = self.live(key).cloned().ok_or("not_found")?;
        if entry.response.is_some() {
            return Err("already_completed");
        }
        may(&entry)?;
        let completed = Entry {
            response: Some(value),
            lease: None,
            ..entry
        };
        self.entries.insert(key, completed);
        Ok(())
    }

    /// What the holder of a claim may still change.
    fn held(&self, claim: usize) -> Result<(&'static str, Entry), &'static str> {
        let key = self.claims[claim].1;
        let entry = self.live(key).cloned().ok_or("not_found")?;
        if entry.response.is_some() {
            return Err("already_completed");
        }
        if entry.holder != Some(claim) {
            return Err("lease_lost");
        }
        Ok((key, entry))
    }
}

pub(super) async fn agrees(fixture: &dyn IdempotencyFixture) -> Outcome {
    let length = 200;
    samples(
        fixture.steps().div_ceil(length),
        proptest::collection::vec(steps(), length),
        async |steps: Vec<Step>| {
            let store = open(fixture).await?;
            let mut model = Model::default();
            for (number, step) in steps.iter().enumerate() {
                take(fixture, &*store, &mut model, step)
                    .await
                    .map_err(|stop| stop.within(format!("step {number}, {step:?}")))?;
            }
            Ok(())
        },
    )
    .await
}

fn kind<T>(result: Result<T, crate::idempotency::IdempotencyError>) -> Result<T, &'static str> {
    result.map_err(|error| error.kind())
}

async fn take(
    fixture: &dyn IdempotencyFixture,
    store: &dyn ClaimStore,
    model: &mut Model,
    step: &Step,
) -> Outcome {
    let seconds = |seconds: u8| Duration::from_secs(seconds.into());
    match *step {
        Step::Get(key) => {
            let record = store.get(KEYS[key]).await?;
            let found = record.map(|record| {
                let response = record.response.map(|bytes| bytes[0]);
                let completed = record.status == Status::Completed;
                (record.request_hash, completed, response, record.attempt)
            });
            let expected = model.live(KEYS[key]).map(|entry| {
                let completed = entry.response.is_some();
                (
                    entry.hash.to_owned(),
                    completed,
                    entry.response,
                    entry.attempt,
                )
            });
            ensure_eq!(found, expected, "get");
        }
        Step::Put(key, hash, lifetime) => {
            let (key, hash) = (KEYS[key], HASHES[hash]);
            let mut record = NewRecord::new(key, hash);
            if let Some(lifetime) = lifetime {
                record = record.expires_at(fixture.clock().now() + seconds(lifetime));
            }
            let free = model.live(key).is_none();
            ensure_eq!(store.put_if_absent(record).await?, free, "put_if_absent");
            if free {
                let entry = Entry {
                    hash,
                    response: None,
                    expires: lifetime.map(|lifetime| model.now + u64::from(lifetime)),
                    lease: None,
                    attempt: 1,
                    holder: None,
                };
                model.entries.insert(key, entry);
            }
        }
        Step::Claim(key, hash, lease) => {
            claim(store, model, (KEYS[key], HASHES[hash]), seconds(lease)).await?;
        }
        Step::Complete(key, value) => {
            let done = kind(store.complete(KEYS[key], Bytes::from(vec![value])).await);
            ensure_eq!(
                done,
                model.complete(KEYS[key], value, |_| Ok(())),
                "complete"
            );
        }
        Step::CompleteHash(key, hash, value) => {
            let (key, hash) = (KEYS[key], HASHES[hash]);
            let response = Bytes::from(vec![value]);
            let done = kind(store.complete_with_request_hash(key, hash, response).await);
            let expected = model.complete(key, value, |entry| {
                if entry.hash == hash {
                    Ok(())
                } else {
                    Err("request_mismatch")
                }
            });
            ensure_eq!(done, expected, "complete_with_request_hash");
        }
        Step::CompleteClaim(claim, value) => {
            let Some(claim) = model.claims.len().checked_sub(claim + 1) else {
                return Ok(());
            };
            let (token, key) = model.claims[claim].clone();
            let done = kind(store.complete_claim(&token, Bytes::from(vec![value])).await);
            let expected = model.complete(key, value, |entry| {
                if entry.holder == Some(claim) {
                    Ok(())
                } else {
                    Err("lease_lost")
                }
            });
            ensure_eq!(done, expected, "complete_claim");
        }
        Step::Renew(claim, lease) => {
            let Some(claim) = model.claims.len().checked_sub(claim + 1) else {
                return Ok(());
            };
            let done = kind(store.renew(&model.claims[claim].0, seconds(lease)).await);
            let held = model.held(claim);
            ensure_eq!(done, held.clone().map(drop), "renew");
            if let Ok((key, entry)) = held {
                let until = model.now + u64::from(lease);
                let lease = Some(entry.expires.map_or(until, |at| until.min(at)));
                model.entries.insert(key, Entry { lease, ..entry });
            }
        }
        Step::Release(claim) => {
            let Some(claim) = model.claims.len().checked_sub(claim + 1) else {
                return Ok(());
            };
            let done = kind(store.release(&model.claims[claim].0).await);
            let held = model.held(claim);
            ensure_eq!(done, held.clone().map(drop), "release");
            if let Ok((key, _)) = held {
                model.entries.remove(key);
            }
        }
        Step::Delete(key) => {
            let live = model.live(KEYS[key]).is_some();
            model.entries.remove(KEYS[key]);
            ensure_eq!(store.delete(KEYS[key]).await?, live, "delete");
        }
        Step::Advance(by) => {
            fixture.advance(seconds(by));
            model.now += u64::from(by);
        }
    }
    Ok(())
}

/// How long a claimed record lives, in seconds.
const TTL: u64 = 40;

async fn claim(
    store: &dyn ClaimStore,
    model: &mut Model,
    (key, hash): (&'static str, &'static str),
    lease: Duration,
) -> Outcome {
    let request = ClaimRequest::new(key, hash)
        .ttl(Duration::from_secs(TTL))
        .lease(lease);
    let claimed = store.claim(request).await?;
    let entry = model.live(key).cloned();
    let over = |entry: &Entry| entry.lease.is_some_and(|until| model.now >= until);
    let (expected, attempt) = match &entry {
        None => ("won", 1),
        Some(entry) if entry.hash != hash => ("mismatch", 0),
        Some(entry) if entry.response.is_some() => ("replay", 0),
        Some(entry) if over(entry) => ("won", entry.attempt + 1),
        Some(_) => ("in progress", 0),
    };
    let got = match &claimed {
        Claim::Won(_) => "won",
        Claim::InProgress { .. } => "in progress",
        Claim::Replay(record) => {
            let response = record.response.as_ref().map(|bytes| bytes[0]);
            ensure_eq!(
                response,
                entry.and_then(|entry| entry.response),
                "what is replayed"
            );
            "replay"
        }
        Claim::Mismatch => "mismatch",
    };
    ensure_eq!(got, expected, "claim");
    if let Claim::Won(token) = claimed {
        model.claims.push((token, key));
        let entry = Entry {
            hash,
            response: None,
            expires: Some(model.now + TTL),
            lease: Some(model.now + lease.as_secs()),
            attempt,
            holder: Some(model.claims.len() - 1),
        };
        model.entries.insert(key, entry);
    }
    Ok(())
}
