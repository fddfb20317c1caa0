//! Random operations against a plain map.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::{CacheFixture, open};
use crate::Ttl;
use crate::cache::{Cache, CacheError};
use crate::conformance::report::{Outcome, ensure_eq};
use crate::conformance::sample::samples;

const KEYS: [&str; 5] = ["a", "b", "a/1", "\u{e9}", "counter"];

#[derive(Clone, Debug)]
enum Step {
    Get(usize),
    Set(usize, i8, Option<u8>),
    Delete(usize),
    Exists(usize),
    Incr(usize, i8),
    Append(usize, u8),
    SetIfAbsent(usize, i8, Option<u8>),
    Swap(usize, Option<i8>, i8),
    Touch(usize, Option<u8>),
    Clear,
    Advance(u16),
}

fn steps() -> impl Strategy<Value = Step> {
    let key = 0..KEYS.len();
    let value = -3..4_i8;
    let lifetime = proptest::option::weighted(0.3, 1..6_u8);
    prop_oneof![
        4 => key.clone().prop_map(Step::Get),
        4 => (key.clone(), value.clone(), lifetime.clone()).prop_map(|(k, v, t)| Step::Set(k, v, t)),
        2 => key.clone().prop_map(Step::Delete),
        1 => key.clone().prop_map(Step::Exists),
        3 => (key.clone(), value.clone()).prop_map(|(k, v)| Step::Incr(k, v)),
        2 => (key.clone(), any::<u8>()).prop_map(|(k, v)| Step::Append(k, v)),
        2 => (key.clone(), value.clone(), lifetime.clone())
            .prop_map(|(k, v, t)| Step::SetIfAbsent(k, v, t)),
        2 => (key.clone(), proptest::option::of(value.clone()), value)
            .prop_map(|(k, o, v)| Step::Swap(k, o, v)),
        1 => (key, lifetime).prop_map(|(k, t)| Step::Touch(k, t)),
        1 => Just(Step::Clear),
        2 => (1..700_u16).prop_map(Step::Advance),
    ]
}

fn text(value: i8) -> Bytes {
    Bytes::from(value.to_string())
}

fn ttl(lifetime: Option<u8>) -> Ttl {
    lifetime.map_or(Ttl::Never, |seconds| {
        Ttl::After(Duration::from_secs(seconds.into()))
    })
}

/// The default lifetime of the setup, in seconds.
const DEFAULT_TTL: u64 = 600;

#[derive(Default)]
struct Model {
    entries: BTreeMap<&'static str, (Bytes, Option<u64>)>,
    now: u64,
}

impl Model {
    fn live(&self, key: &str) -> Option<&(Bytes, Option<u64>)> {
        let entry = self.entries.get(key)?;
        entry.1.is_none_or(|at| self.now < at).then_some(entry)
    }

    fn value(&self, key: &str) -> Option<Bytes> {
        self.live(key).map(|(value, _)| value.clone())
    }

    fn put(&mut self, key: &'static str, value: Bytes, lifetime: Option<u8>) {
        let expiry = lifetime.map(|seconds| self.now + u64::from(seconds));
        self.entries.insert(key, (value, expiry));
    }

    /// Replaces a value, keeping its lifetime, or giving the default one.
    fn change(&mut self, key: &'static str, value: Bytes) {
        let expiry = self
            .live(key)
            .map_or(Some(self.now + DEFAULT_TTL), |(_, at)| *at);
        self.entries.insert(key, (value, expiry));
    }
}

pub(super) async fn agrees(fixture: &dyn CacheFixture) -> Outcome {
    let length = 250;
    samples(
        fixture.steps().div_ceil(length),
        proptest::collection::vec(steps(), length),
        async |steps: Vec<Step>| {
            let cache = open(fixture).await?;
            let mut model = Model::default();
            for (number, step) in steps.iter().enumerate() {
                take(fixture, &*cache, &mut model, step)
                    .await
                    .map_err(|stop| stop.within(format!("step {number}, {step:?}")))?;
            }
            Ok(())
        },
    )
    .await
}

async fn take(
    fixture: &dyn CacheFixture,
    cache: &dyn Cache,
    model: &mut Model,
    step: &Step,
) -> Outcome {
    match *step {
        Step::Get(key) => {
            ensure_eq!(cache.get(KEYS[key]).await?, model.value(KEYS[key]), "get");
        }
        Step::Set(key, value, lifetime) => {
            cache.set(KEYS[key], text(value), ttl(lifetime)).await?;
            model.put(KEYS[key], text(value), lifetime);
        }
        Step::Delete(key) => {
            let live = model.live(KEYS[key]).is_some();
            model.entries.remove(KEYS[key]);
            ensure_eq!(cache.delete(KEYS[key]).await?, live, "delete");
        }
        Step::Exists(key) => {
            let live = model.live(KEYS[key]).is_some();
            ensure_eq!(cache.exists(KEYS[key]).await?, live, "exists");
        }
        Step::Incr(key, delta) => incr(cache, model, KEYS[key], delta.into()).await?,
        Step::Append(key, byte) => {
            let Some(appender) = cache.appender() else {
                return Ok(());
            };
            let mut value = model.value(KEYS[key]).unwrap_or_default().to_vec();
            value.push(byte);
            let appended = appender.append(KEYS[key], Bytes::from(vec![byte])).await?;
            ensure_eq!(appended, value.len(), "append");
            model.change(KEYS[key], Bytes::from(value));
        }
        Step::SetIfAbsent(key, value, lifetime) => {
            let Some(conditional) = cache.conditional() else {
                return Ok(());
            };
            let absent = model.live(KEYS[key]).is_none();
            let set = conditional
                .set_if_absent(KEYS[key], text(value), ttl(lifetime))
                .await?;
            ensure_eq!(set, absent, "set_if_absent");
            if absent {
                model.put(KEYS[key], text(value), lifetime);
            }
        }
        Step::Swap(key, old, new) => {
            let Some(conditional) = cache.conditional() else {
                return Ok(());
            };
            let old = old.map(text);
            let same = model.value(KEYS[key]) == old;
            let swap = conditional.compare_and_swap(KEYS[key], old, text(new), Ttl::Never);
            ensure_eq!(swap.await?, same, "compare_and_swap");
            if same {
                model.put(KEYS[key], text(new), None);
            }
        }
        Step::Touch(key, lifetime) => {
            let Some(conditional) = cache.conditional() else {
                return Ok(());
            };
            let touched = conditional.touch(KEYS[key], ttl(lifetime)).await?;
            let value = model.value(KEYS[key]);
            ensure_eq!(touched, value.is_some(), "touch");
            if let Some(value) = value {
                model.put(KEYS[key], value, lifetime);
            }
        }
        Step::Clear => {
            if cache.capabilities().clear {
                cache.clear().await?;
                model.entries.clear();
            }
        }
        Step::Advance(seconds) => {
            fixture.advance(Duration::from_secs(seconds.into()));
            model.now += u64::from(seconds);
        }
    }
    Ok(())
}

async fn incr(cache: &dyn Cache, model: &mut Model, key: &'static str, delta: i64) -> Outcome {
    let Some(counters) = cache.counters() else {
        return Ok(());
    };
    let count = match model.value(key) {
        Some(value) => crate::cache::parse_counter(&value).ok(),
        None => Some(0),
    };
    let sum = match counters.incr(key, delta).await {
        Ok(sum) => Some(sum),
        Err(CacheError::NotInteger | CacheError::CounterOverflow) => None,
        Err(error) => return Err(error.into()),
    };
    ensure_eq!(
        sum,
        count.and_then(|count| count.checked_add(delta)),
        "incr"
    );
    if let Some(sum) = sum {
        model.change(key, Bytes::from(sum.to_string()));
    }
    Ok(())
}
