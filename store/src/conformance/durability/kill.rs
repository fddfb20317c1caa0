//! The process is killed.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::Child;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::workload::contents;
use super::{DurabilityFixture, Opened, close};
use crate::Ttl;
use crate::conformance::random::Random;
use crate::conformance::report::{Outcome, Stop, ensure, ensure_eq};
use crate::kv::{KvResult, KvStore, WriteBatch};

/// Keys a writer writes to, again and again.
const KEYS: u64 = 16;

/// Writers at one time.
const WRITERS: u64 = 3;

/// What the lines of a writer begin with, whatever else its process says.
const PREFIX: &str = "kv: ";

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
    let output = std::sync::Arc::new(std::sync::Mutex::new(output));
    let say = move |line: String| {
        let mut output = output
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let said = output
            .write_all(format!("{PREFIX}{line}\n").as_bytes())
            .and_then(|()| output.flush());
        said.map_err(|source| crate::kv::KvError::Io {
            op: "telling what was written",
            source,
        })
    };
    // Whatever the process has said before ends here.
    say("\n".to_owned())?;
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
        let key = random.below(KEYS);
        let number = random.next();
        // 0 deletes, 1 puts two keys at once, the others put one.
        let kind = random.below(5);
        say(format!("begin {writer} {key} {kind} {number}"))?;
        let name = |key| name(writer, key);
        match kind {
            0 => drop(store.delete(&name(key)).await?),
            1 => {
                let batch = WriteBatch::new()
                    .put(name(key), value(number), Ttl::Never)
                    .put(name(key + KEYS), value(number), Ttl::Never);
                store.write(batch).await?;
            }
            _ => store.set(&name(key), value(number), Ttl::Never).await?,
        }
        say(format!("done {writer}"))?;
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

/// What one writer has said.
#[derive(Clone, Debug, Default)]
struct Said {
    /// What its keys hold, by what was acknowledged.
    kept: BTreeMap<String, Bytes>,
    /// The write that was begun and not acknowledged.
    open: Option<(u64, u64, u64)>,
}

impl Said {
    fn apply(kept: &mut BTreeMap<String, Bytes>, writer: u64, write: (u64, u64, u64)) {
        let (key, kind, number) = write;
        match kind {
            0 => drop(kept.remove(&name(writer, key))),
            1 => {
                kept.insert(name(writer, key), value(number));
                kept.insert(name(writer, key + KEYS), value(number));
            }
            _ => drop(kept.insert(name(writer, key), value(number))),
        }
    }

    fn hear(&mut self, writer: u64, line: &str) -> Option<()> {
        let mut words = line.split(' ');
        match words.next()? {
            "begin" => {
                let _writer = words.next()?;
                let mut number = || words.next()?.parse().ok();
                self.open = Some((number()?, number()?, number()?));
            }
            "done" => Self::apply(&mut self.kept, writer, self.open.take()?),
            _ => return None,
        }
        Some(())
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
            compare(writer, &was, &heard, &mine)
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

/// Lets a child write for a while that differs from round to round, kills it,
/// and returns what it said.
fn kill(mut child: Child, round: u32) -> Result<Vec<String>, Stop> {
    let Some(output) = child.stdout.take() else {
        return Err(Stop::Failed("the program has no output".to_owned()));
    };
    let mut random = Random(u64::from(round) + 1_000);
    let lines_wanted = random.below(120);
    let until = Instant::now() + Duration::from_secs(20);
    let lines = BufReader::new(output).lines();
    let mut lines = lines.map_while(Result::ok).filter_map(|line| {
        let line = line.strip_prefix(PREFIX).map(str::to_owned);
        line.filter(|line| !line.is_empty())
    });
    let mut heard = Vec::new();
    // Counted in what it says, a machine that is busy kills no earlier.
    while (heard.len() as u64) < lines_wanted && Instant::now() < until {
        match lines.next() {
            Some(line) => heard.push(line),
            None => break,
        }
    }
    let spun = Instant::now() + Duration::from_micros(random.below(3_000));
    while Instant::now() < spun {
        std::hint::spin_loop();
    }
    child.kill()?;
    // What it had said before it was killed is still there to be read. The
    // last line may be cut.
    heard.extend(lines);
    let ended = child.wait()?;
    ensure!(!ended.success(), "the program ended by itself");
    Ok(heard)
}

/// Checks what a writer left: all that was acknowledged, and the one write that
/// was not whole or not at all.
fn compare(
    writer: u64,
    was: &BTreeMap<String, Bytes>,
    heard: &[String],
    found: &BTreeMap<String, Bytes>,
) -> Outcome {
    let mut said = Said {
        kept: was.clone(),
        open: None,
    };
    let mine = |line: &&String| line.split(' ').nth(1) == Some(&*writer.to_string());
    for line in heard.iter().filter(mine) {
        if said.hear(writer, line).is_none() {
            // The line that the kill cut off.
            break;
        }
    }
    if *found == said.kept {
        return Ok(());
    }
    let mut with = said.kept.clone();
    if let Some(open) = said.open {
        Said::apply(&mut with, writer, open);
    }
    let differs = |key: &&String| found.get(*key) != said.kept.get(*key);
    let keys = found.keys().chain(said.kept.keys()).filter(differs);
    let keys: std::collections::BTreeSet<_> = keys.collect();
    ensure!(
        *found == with,
        "{keys:?} are not what was acknowledged; open is {:?}",
        said.open
    );
    Ok(())
}
