//! Random operations against a plain map.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::{KvFixture, open};
use crate::Ttl;
use crate::conformance::report::{Outcome, ensure, ensure_eq};
use crate::conformance::sample::samples;
use crate::kv::{BatchOperation, KvError, KvStore, Precondition, ScanRequest, WriteBatch};

/// Keys that operations are about: few, so that they meet, and with stems.
const KEYS: [&str; 8] = ["a", "a/", "a/1", "a/10", "a/2", "ab", "b", "\u{e9}"];

#[derive(Clone, Debug)]
enum Step {
    Get(usize),
    Set(usize, u8, Option<u8>),
    Delete(usize),
    PutIfAbsent(usize, u8, Option<u8>),
    Swap(usize, Option<u8>, Option<u8>, Option<u8>),
    Batch(Vec<(usize, u8)>, Vec<(usize, Option<u8>)>),
    Scan(usize, Option<usize>, usize),
    Len,
    Advance(u8),
}

fn steps() -> impl Strategy<Value = Step> {
    let key = 0..KEYS.len();
    let value = 0..4_u8;
    let lifetime = proptest::option::weighted(0.3, 1..6_u8);
    prop_oneof![
        3 => key.clone().prop_map(Step::Get),
        4 => (key.clone(), value.clone(), lifetime.clone()).prop_map(|(k, v, t)| Step::Set(k, v, t)),
        2 => key.clone().prop_map(Step::Delete),
        2 => (key.clone(), value.clone(), lifetime.clone())
            .prop_map(|(k, v, t)| Step::PutIfAbsent(k, v, t)),
        3 => (
            key.clone(),
            proptest::option::of(value.clone()),
            proptest::option::of(value.clone()),
            lifetime,
        )
            .prop_map(|(k, e, v, t)| Step::Swap(k, e, v, t)),
        2 => (
            proptest::collection::vec((key.clone(), 0..3_u8), 0..3),
            proptest::collection::vec((key.clone(), proptest::option::of(value)), 0..5),
        )
            .prop_map(|(required, writes)| Step::Batch(required, writes)),
        1 => (key.clone(), proptest::option::of(key), 1..5_usize)
            .prop_map(|(prefix, after, limit)| Step::Scan(prefix, after, limit)),
        1 => Just(Step::Len),
        1 => (1..4_u8).prop_map(Step::Advance),
    ]
}

fn bytes(value: u8) -> Bytes {
    // Value 0 is the empty one.
    Bytes::from(vec![value; value.into()])
}

fn ttl(lifetime: Option<u8>) -> Ttl {
    lifetime.map_or(Ttl::Never, |seconds| {
        Ttl::After(Duration::from_secs(seconds.into()))
    })
}

/// The plain map: value, and second of expiry.
#[derive(Default)]
struct Model {
    entries: BTreeMap<&'static str, (Bytes, Option<u64>)>,
    now: u64,
}

impl Model {
    fn live(&self, key: &str) -> Option<&Bytes> {
        let (value, expiry) = self.entries.get(key)?;
        expiry.is_none_or(|at| self.now < at).then_some(value)
    }

    fn put(&mut self, key: &'static str, value: u8, lifetime: Option<u8>) {
        let expiry = lifetime.map(|seconds| self.now + u64::from(seconds));
        self.entries.insert(key, (bytes(value), expiry));
    }

    fn swap(
        &mut self,
        key: &'static str,
        expected: Option<u8>,
        value: Option<u8>,
        lifetime: Option<u8>,
    ) -> bool {
        let same = self.live(key).cloned() == expected.map(bytes);
        if same {
            match value {
                Some(value) => self.put(key, value, lifetime),
                None => drop(self.entries.remove(key)),
            }
        }
        same
    }

    fn scan(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> (Vec<(String, Bytes)>, bool) {
        let live = self.entries.keys().filter(|key| self.live(key).is_some());
        let wanted = live.filter(|key| key.starts_with(prefix) && after.is_none_or(|a| **key > a));
        let mut found: Vec<_> = wanted
            .map(|key| ((*key).to_owned(), self.entries[key].0.clone()))
            .collect();
        let more = found.len() > limit;
        found.truncate(limit);
        (found, more)
    }
}

pub(super) async fn agrees(fixture: &dyn KvFixture) -> Outcome {
    let length = 250;
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
            store.close().await?;
            Ok(())
        },
    )
    .await
}

async fn take(
    fixture: &dyn KvFixture,
    store: &dyn KvStore,
    model: &mut Model,
    step: &Step,
) -> Outcome {
    match *step {
        Step::Get(key) => {
            ensure_eq!(
                store.get(KEYS[key]).await?.as_ref(),
                model.live(KEYS[key]),
                "get"
            );
        }
        Step::Set(key, value, lifetime) => {
            store.set(KEYS[key], bytes(value), ttl(lifetime)).await?;
            model.put(KEYS[key], value, lifetime);
        }
        Step::Delete(key) => {
            let deleted = store.delete(KEYS[key]).await?;
            let live = model.live(KEYS[key]).is_some();
            let was_there = model.entries.remove(KEYS[key]).is_some();
            // An expired entry may have been removed before.
            ensure!(
                deleted == was_there || (was_there && !live),
                "delete said {deleted}"
            );
        }
        Step::PutIfAbsent(key, value, lifetime) => {
            let put = store
                .put_if_absent(KEYS[key], bytes(value), ttl(lifetime))
                .await?;
            ensure_eq!(
                put,
                model.swap(KEYS[key], None, Some(value), lifetime),
                "put_if_absent"
            );
        }
        Step::Swap(key, expected, value, lifetime) => {
            let (old, new) = (expected.map(bytes), value.map(bytes));
            let swapped = store
                .compare_and_swap(KEYS[key], old, new, ttl(lifetime))
                .await?;
            ensure_eq!(
                swapped,
                model.swap(KEYS[key], expected, value, lifetime),
                "swap"
            );
        }
        Step::Batch(ref required, ref writes) => batch(store, model, required, writes).await?,
        Step::Scan(prefix, after, limit) => {
            let mut request = ScanRequest::prefix(KEYS[prefix]).limit(limit).with_values();
            request.after = after.map(|after| KEYS[after]);
            let page = store.scan(request).await?;
            let entries = page.entries.into_iter();
            let found: Vec<_> = entries
                .map(|entry| (entry.key, entry.value.unwrap_or_default()))
                .collect();
            let expected = model.scan(KEYS[prefix], request.after, limit);
            ensure_eq!((found, page.more), expected, "scan");
        }
        Step::Len => {
            let live = KEYS.iter().filter(|key| model.live(key).is_some()).count();
            ensure_eq!(store.len().await?, live as u64, "len");
        }
        Step::Advance(seconds) => {
            fixture.advance(Duration::from_secs(seconds.into()));
            model.now += u64::from(seconds);
        }
    }
    Ok(())
}

async fn batch(
    store: &dyn KvStore,
    model: &mut Model,
    required: &[(usize, u8)],
    writes: &[(usize, Option<u8>)],
) -> Outcome {
    let mut batch = WriteBatch::new();
    for &(key, what) in required {
        batch = match what {
            0 => batch.require_absent(KEYS[key]),
            1 => batch.require_exists(KEYS[key]),
            _ => batch.require_equals(KEYS[key], bytes(2)),
        };
    }
    for &(key, value) in writes {
        batch = match value {
            Some(value) => batch.put(KEYS[key], bytes(value), Ttl::Never),
            None => batch.delete(KEYS[key]),
        };
    }
    let holds = batch
        .preconditions()
        .iter()
        .all(|precondition: &Precondition| {
            precondition.holds(model.live(precondition.key()).map(|value| &**value))
        });
    let operations: Vec<BatchOperation> = batch.operations().to_vec();
    match store.write(batch).await {
        Ok(()) => ensure!(holds, "a batch was written whose preconditions do not hold"),
        Err(KvError::PreconditionFailed { .. }) => {
            ensure!(!holds, "a batch was refused whose preconditions hold");
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    for (operation, &(key, value)) in operations.iter().zip(writes) {
        match (operation, value) {
            (BatchOperation::Put { .. }, Some(value)) => model.put(KEYS[key], value, None),
            _ => drop(model.entries.remove(KEYS[key])),
        }
    }
    Ok(())
}
