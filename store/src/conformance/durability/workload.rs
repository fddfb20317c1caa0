//! What is written before, during and after an accident.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::Ttl;
use crate::conformance::report::{Stop, ensure_eq};
use crate::kv::{KvResult, KvStore, ScanRequest, WriteBatch};

/// Everything a store holds.
pub(super) type Contents = BTreeMap<String, Bytes>;

/// A write, and what it makes of the contents.
#[derive(Clone, Debug)]
pub(super) enum Write {
    Set(&'static str, Bytes),
    Delete(&'static str),
    Swap(&'static str, Option<Bytes>, Option<Bytes>),
    Batch(Vec<(&'static str, Option<Bytes>)>),
}

impl Write {
    pub(super) async fn run(&self, store: &dyn KvStore) -> KvResult<()> {
        match self {
            Self::Set(key, value) => store.set(key, value.clone(), Ttl::Never).await,
            Self::Delete(key) => store.delete(key).await.map(drop),
            Self::Swap(key, old, new) => {
                let swap = store.compare_and_swap(key, old.clone(), new.clone(), Ttl::Never);
                swap.await.map(drop)
            }
            Self::Batch(changes) => {
                let batch =
                    changes
                        .iter()
                        .fold(WriteBatch::new(), |batch, (key, value)| match value {
                            Some(value) => batch.put(*key, value.clone(), Ttl::Never),
                            None => batch.delete(*key),
                        });
                store.write(batch).await
            }
        }
    }

    pub(super) fn apply(&self, contents: &mut Contents) {
        match self {
            Self::Set(key, value) => change(contents, key, Some(value)),
            Self::Delete(key) => change(contents, key, None),
            Self::Swap(key, old, new) => {
                if contents.get(*key) == old.as_ref() {
                    change(contents, key, new.as_ref());
                }
            }
            Self::Batch(changes) => {
                for (key, value) in changes {
                    change(contents, key, value.as_ref());
                }
            }
        }
    }
}

fn change(contents: &mut Contents, key: &str, value: Option<&Bytes>) {
    match value {
        Some(value) => drop(contents.insert(key.to_owned(), value.clone())),
        None => drop(contents.remove(key)),
    }
}

/// A value of `len` bytes that no other call makes.
fn value(seed: u8, len: usize) -> Bytes {
    Bytes::from(
        (0..len)
            .map(|at| seed.wrapping_add(at as u8))
            .collect::<Vec<_>>(),
    )
}

/// Writes of every kind and size, over a few keys.
pub(super) fn writes() -> Vec<Write> {
    use Write::{Batch, Delete, Set, Swap};
    let mut writes = vec![
        Set("a", value(1, 10)),
        Set("b", value(2, 0)),
        Set("large", value(3, 20_000)),
        Batch(vec![
            ("a", Some(value(4, 10))),
            ("c", Some(value(5, 600))),
            ("b", None),
        ]),
        Swap("d", None, Some(value(6, 10))),
        Delete("a"),
        Set("large", value(7, 9_000)),
        Swap("d", Some(value(6, 10)), Some(value(8, 5_000))),
        Batch(
            (0..KEYS.len())
                .map(|at| (KEYS[at], Some(value(at as u8, 300))))
                .collect(),
        ),
        Delete("large"),
        Batch(KEYS.iter().step_by(2).map(|key| (*key, None)).collect()),
        Swap("c", Some(value(5, 600)), None),
    ];
    for round in 0..4 {
        writes.push(Set("often", value(round, 100)));
    }
    writes
}

const KEYS: [&str; 16] = [
    "k00", "k01", "k02", "k03", "k04", "k05", "k06", "k07", "k08", "k09", "k10", "k11", "k12",
    "k13", "k14", "k15",
];

/// The contents after none, one, two, ... of the writes.
pub(super) fn states(writes: &[Write]) -> Vec<Contents> {
    let mut states = vec![Contents::new()];
    for write in writes {
        let mut next = states.last().cloned().unwrap_or_default();
        write.apply(&mut next);
        states.push(next);
    }
    states
}

/// Everything a store holds, read in every way there is.
pub(super) async fn contents(store: &dyn KvStore) -> Result<Contents, Stop> {
    let page = store
        .scan(ScanRequest::prefix("").limit(10_000).with_values())
        .await?;
    let entries = page.entries.into_iter();
    let contents: Contents = entries
        .map(|entry| (entry.key, entry.value.unwrap_or_default()))
        .collect();
    for (key, value) in &contents {
        ensure_eq!(
            store.get(key).await?.as_ref(),
            Some(value),
            "{key}, scanned and read"
        );
    }
    ensure_eq!(
        store.len().await?,
        contents.len() as u64,
        "entries, scanned and counted"
    );
    Ok(contents)
}
