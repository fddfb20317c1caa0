//! Processes that say what they do until they are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Write};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::random::Random;
use super::report::{Outcome, Stop, ensure};

/// What the lines of a writer begin with, whatever else its process says.
const PREFIX: &str = "written: ";

/// What names hold.
pub(super) type Contents = BTreeMap<String, Bytes>;

/// One change that a writer makes. Writers have names of their own each.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    pub(super) writer: u64,
    pub(super) key: u64,
    /// What is done; the suite says what the numbers stand for.
    pub(super) kind: u64,
    pub(super) number: u64,
}

impl Change {
    /// What is said before it is made.
    pub(super) fn begins(&self) -> String {
        let Self {
            writer,
            key,
            kind,
            number,
        } = self;
        format!("begin {writer} {key} {kind} {number}")
    }

    /// What is said once it was acknowledged.
    pub(super) fn is_done(&self) -> String {
        format!("done {}", self.writer)
    }

    /// The change a line says is begun; `None` for a line that was cut.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.strip_prefix("begin ")?.split(' ');
        let mut number = || words.next()?.parse().ok();
        Some(Self {
            writer: number()?,
            key: number()?,
            kind: number()?,
            number: number()?,
        })
    }
}

/// Says, a line at a time, what a process is about to do and has done.
#[derive(Clone)]
pub(super) struct Speaker(Arc<Mutex<dyn Write + Send>>);

impl Speaker {
    pub(super) fn new(output: impl Write + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(output)))
    }

    /// Every line begins with a new one: whatever the process has said before
    /// ends there.
    pub(super) fn say(&self, line: &str) -> io::Result<()> {
        let mut output = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        output.write_all(format!("\n{PREFIX}{line}\n").as_bytes())?;
        output.flush()
    }
}

/// Lets a child write for a while that differs from round to round, kills it,
/// and returns what it said.
pub(super) fn kill(mut child: Child, round: u32) -> Result<Vec<String>, Stop> {
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

/// Checks what a writer left: all that was acknowledged, and the one change
/// that was not whole or not at all.
pub(super) fn compare(
    writer: u64,
    mut kept: Contents,
    heard: &[String],
    found: &Contents,
    apply: impl Fn(&mut Contents, Change),
) -> Outcome {
    let mut open = None;
    let writer = writer.to_string();
    let mine = |line: &&String| line.split(' ').nth(1) == Some(&*writer);
    for line in heard.iter().filter(mine) {
        match Change::read(line) {
            Some(change) => open = Some(change),
            None if line.starts_with("done ") => {
                if let Some(change) = open.take() {
                    apply(&mut kept, change);
                }
            }
            // The line that the kill cut off.
            None => break,
        }
    }
    if *found == kept {
        return Ok(());
    }
    let mut with = kept.clone();
    if let Some(change) = open {
        apply(&mut with, change);
    }
    let differs = |key: &&String| found.get(*key) != kept.get(*key);
    let keys = found.keys().chain(kept.keys()).filter(differs);
    let keys: BTreeSet<_> = keys.collect();
    ensure!(
        *found == with,
        "{keys:?} are not what was acknowledged; open is {open:?}"
    );
    Ok(())
}
