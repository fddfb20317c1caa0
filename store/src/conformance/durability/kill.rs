//! The process is killed.

use std::collections::BTreeMap;
use std::io::Write;

use bytes::Bytes;

use super::workload::contents;
use super::{DurabilityFixture, Opened, close};
use crate::Ttl;
use crate::conformance::killing::{Change, Contents, Speaker, compare, kill};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::kv::{KvResult, KvStore, WriteBatch};

/// Keys a writer writes to, again and again.
const KEYS: u64 = 16;

/// Writers at one time.
const WRITERS: u64 = 3;

/// Writes to a store until the process is killed, and says so: before a write,
/// what it will be, and after it was acknowledged, that it was.
///
/// Several tasks write, each to keys of its own, so that writes share commits.
///
/// # Errors
///
/// Those of the store, and of `output`.
pub async fn write_until_killed(
    store: std::sync::Arc<dyn KvStore>,
    output: impl Write + Send + 'static,
    seed: u64,
) -> KvResult<()> {
    let speaker = Speaker::new(output);
    let say = move |line: String| {
        speaker.say(&line).map_err(|source| crate::kv::KvError::Io {
            op: "telling what was written",
            source,
        })
    };
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let (store, say) = (store.clone(), say.clone());
        let random = Random(seed ^ (writer << 32));
        writers.push(tokio::spawn(write(store, say, writer, random)));
    }
    for writer in writers {
        writer.await.unwrap_or(Err(crate::kv::KvError::Closed))?;
    }
    Ok(())
}

async fn write(
    store: std::sync::Arc<dyn KvStore>,
    say: impl Fn(String) -> KvResult<()>,
    writer: u64,
    mut random: Random,
) -> KvResult<()> {
    loop {
        let change = Change {
            writer,
            key: random.below(KEYS),
            // 0 deletes, 1 puts two keys at once, the others put one.
            kind: random.below(5),
            number: random.next(),
        };
        let Change { key, number, .. } = change;
        say(change.begins())?;
        let name = |key| name(writer, key);
        match change.kind {
            0 => drop(store.delete(&name(key)).await?),
            1 => {
                let batch = WriteBatch::new()
                    .put(name(key), value(number), Ttl::Never)
                    .put(name(key + KEYS), value(number), Ttl::Never);
                store.write(batch).await?;
            }
            _ => store.set(&name(key), value(number), Ttl::Never).await?,
        }
        say(change.is_done())?;
    }
}

fn name(writer: u64, key: u64) -> String {
    format!("w{writer}/k{key:02}")
}

/// Values of very different lengths that say which they are.
fn value(number: u64) -> Bytes {
    let len = match number % 8 {
        0 => 0,
        1 => 9_000,
        _ => 40 + (number % 700) as usize,
    };
    let mut value = number.to_string().into_bytes();
    value.resize(value.len() + len, b'.');
    Bytes::from(value)
}

/// What a change makes of what the keys of a writer hold.
fn apply(kept: &mut Contents, change: Change) {
    let name = |key| name(change.writer, key);
    match change.kind {
        0 => drop(kept.remove(&name(change.key))),
        1 => {
            kept.insert(name(change.key), value(change.number));
            kept.insert(name(change.key + KEYS), value(change.number));
        }
        _ => drop(kept.insert(name(change.key), value(change.number))),
    }
}

pub(super) async fn killed(fixture: &dyn DurabilityFixture) -> Outcome {
    let directory = tempfile::tempdir()?;
    let mut kept = vec![BTreeMap::new(); WRITERS as usize];
    let mut acknowledged = 0_u64;
    for round in 0..fixture.effort().kills() {
        let Some(child) = fixture.spawn_writer(directory.path(), round.into()) else {
            return Err(Stop::NotApplicable("there is no program to kill"));
        };
        let heard = kill(child?, round)?;
        acknowledged += heard.iter().filter(|line| line.starts_with("done")).count() as u64;
        let opened = fixture.open_directory(directory.path()).await;
        let opened = opened.map_err(|error| Stop::from(error).within(format!("round {round}")))?;
        let found = contents(&*opened.store).await?;
        for writer in 0..WRITERS {
            let prefix = format!("w{writer}/");
            let mine = found.iter().filter(|(key, _)| key.starts_with(&prefix));
            let mine: BTreeMap<_, _> = mine.map(|(k, v)| (k.clone(), v.clone())).collect();
            let was = std::mem::take(&mut kept[writer as usize]);
            compare(writer, was, &heard, &mine, apply)
                .map_err(|stop| stop.within(format!("round {round}, writer {writer}")))?;
            kept[writer as usize] = mine;
        }
        let Opened { store, .. } = &opened;
        ensure_eq!(
            store.len().await?,
            found.len() as u64,
            "entries in round {round}"
        );
        close(opened).await?;
    }
    ensure!(
        acknowledged > u64::from(fixture.effort().kills()),
        "only {acknowledged} writes were acknowledged"
    );
    Ok(())
}
