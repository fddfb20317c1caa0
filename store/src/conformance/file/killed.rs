//! The process is killed while it writes.

use std::error::Error;
use std::io::Write;
use std::sync::Arc;

use bytes::Bytes;

use super::{FileFixture, all, read};
use crate::conformance::killing::{Change, Contents, Speaker, compare, kill};
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure};
use crate::file::{CopyOptions, FileErrorKind, FileResult, FileStorage, ObjectPath, PutRequest};

/// Writers at one time, and objects of each.
const WRITERS: u64 = 3;
const OBJECTS: u64 = 6;

/// Puts, copies and deletes objects until the process is killed, and says so:
/// before a change, what it will be, and after it was acknowledged, that it
/// was.
///
/// Several tasks do, each with objects of its own.
///
/// # Errors
///
/// Those of the storage, and of `output`.
pub async fn write_until_killed(
    storage: Arc<dyn FileStorage>,
    output: impl Write + Send + 'static,
    seed: u64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let speaker = Speaker::new(output);
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..WRITERS {
        let random = Random(seed ^ (writer << 32));
        writers.spawn(write(Arc::clone(&storage), speaker.clone(), writer, random));
    }
    while let Some(ended) = writers.join_next().await {
        ended??;
    }
    Ok(())
}

async fn write(
    storage: Arc<dyn FileStorage>,
    speaker: Speaker,
    writer: u64,
    mut random: Random,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    loop {
        let change = Change {
            writer,
            key: random.below(OBJECTS),
            // 0 deletes, 1 copies the next object here, the others put.
            kind: random.below(6),
            number: random.next(),
        };
        speaker.say(&change.begins())?;
        let at = ObjectPath::parse(&name(writer, change.key))?;
        let made: FileResult<()> = match change.kind {
            0 => storage.delete(&at).await,
            1 => {
                let next = ObjectPath::parse(&name(writer, (change.key + 1) % OBJECTS))?;
                let options = CopyOptions::default();
                storage.copy(&next, &at, options).await.map(drop)
            }
            _ => {
                let request = PutRequest::bytes("name.bin", content(change.number)).at(at);
                storage.put(request).await.map(drop)
            }
        };
        match made {
            Err(error) if error.kind() != FileErrorKind::NotFound => return Err(error.into()),
            // What is missing is neither deleted nor copied.
            _ => speaker.say(&change.is_done())?,
        }
    }
}

fn name(writer: u64, object: u64) -> String {
    format!("w{writer}/d{}/o{object}", object % 2)
}

/// Contents of very different lengths that say which they are.
fn content(number: u64) -> Bytes {
    let len = match number % 8 {
        0 => 0,
        1 => 300_000,
        _ => 40 + (number % 9_000) as usize,
    };
    let mut content = number.to_string().into_bytes();
    content.resize(content.len() + len, b'.');
    Bytes::from(content)
}

fn apply(kept: &mut Contents, change: Change) {
    let at = name(change.writer, change.key);
    match change.kind {
        0 => drop(kept.remove(&at)),
        1 => {
            let next = kept.get(&name(change.writer, (change.key + 1) % OBJECTS));
            if let Some(content) = next.cloned() {
                kept.insert(at, content);
            }
        }
        _ => drop(kept.insert(at, content(change.number))),
    }
}

pub(super) async fn again_and_again(fixture: &dyn FileFixture) -> Outcome {
    let directory = tempfile::tempdir()?;
    let mut kept = vec![Contents::new(); WRITERS as usize];
    let mut acknowledged = 0;
    for round in 0..fixture.effort().kills() {
        let Some(child) = fixture.spawn_writer(directory.path(), round.into()) else {
            return Err(Stop::NotApplicable("there is no program to kill"));
        };
        let heard = kill(child?, round)?;
        acknowledged += heard.iter().filter(|line| line.starts_with("done")).count();
        let Some(opened) = fixture.open_directory(directory.path()) else {
            return Err(Stop::NotApplicable("the storage keeps its files elsewhere"));
        };
        let opened = opened.await;
        let storage = opened.map_err(|error| Stop::from(error).within(format!("round {round}")))?;
        let mut found = Contents::new();
        for at in all(&*storage).await? {
            let content = read(&*storage, &at).await?;
            found.insert(at, content);
        }
        for writer in 0..WRITERS {
            let prefix = format!("w{writer}/");
            let mine = found.iter().filter(|(at, _)| at.starts_with(&prefix));
            let mine: Contents = mine.map(|(at, c)| (at.clone(), c.clone())).collect();
            let was = std::mem::replace(&mut kept[writer as usize], mine.clone());
            compare(writer, was, &heard, &mine, apply)
                .map_err(|stop| stop.within(format!("round {round}, writer {writer}")))?;
        }
        let known: usize = kept.iter().map(Contents::len).sum();
        ensure!(
            known == found.len(),
            "round {round} left objects nobody put: {:?}",
            found.keys()
        );
    }
    ensure!(
        acknowledged > fixture.effort().kills() as usize,
        "only {acknowledged} changes were acknowledged"
    );
    Ok(())
}
