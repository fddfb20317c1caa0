//! The thread that writes.
//!
//! One thread owns the engine. Changes that arrive while a commit is under way
//! share the next one, and each is answered after the commit it was part of:
//! a sync costs the same, however many wait for it.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::copy;
use super::engine::{Engine, Failed};
use super::options::SyncPolicy;
use super::queue::{Change, Next, Task};
use super::shared::Shared;
use super::tables::Snapshot;
use crate::kv::apply::{Command, Outcome, apply};
use crate::kv::record::nanos;
use crate::kv::{KvError, KvResult};

/// Expired entries removed at one time by the sweep.
const SWEEP_BATCH: usize = 1_000;

/// How large the journal may become before it is synced, whatever the time.
const JOURNAL_BYTES_MAX: u64 = 64 << 20;

/// How long a sync that failed harmlessly waits before it is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What the store can still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Good,
    /// It has to be opened anew before the next write.
    Broken,
    /// It only reads.
    Poisoned,
}

pub(super) struct Writer {
    shared: Arc<Shared>,
    engine: Engine,
    health: Health,
    sync_at: Option<Instant>,
    sweep_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, engine: Engine) -> Self {
        let sweep = shared.options.sweep_interval;
        let sweeps = !sweep.is_zero() && !shared.options.read_only;
        Self {
            shared,
            engine,
            health: Health::Good,
            sync_at: None,
            sweep_at: sweeps.then(|| Instant::now() + sweep),
        }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    /// Works until the store is closed; how closing went.
    pub(super) fn run(mut self) -> KvResult<()> {
        loop {
            let deadline = self.sync_at.into_iter().chain(self.sweep_at).min();
            match self.shared.queue.next(deadline) {
                Next::Group(changes) => self.group(changes),
                Next::Task(task) => self.task(task),
                Next::Timeout => {}
                Next::End => break,
            }
            self.look_at_the_time();
        }
        self.shared.snapshot.store(None);
        self.engine.close(self.health == Health::Good)
    }

    fn look_at_the_time(&mut self) {
        let now = Instant::now();
        let full = self.engine.journal_bytes() > JOURNAL_BYTES_MAX;
        if full || self.sync_at.is_some_and(|at| now >= at) {
            self.sync_at = None;
            if self.health == Health::Good
                && let Err(failed) = self.engine.checkpoint()
            {
                drop(self.fail(failed));
                if self.health == Health::Broken {
                    self.sync_at = Some(now + RETRY_AFTER);
                }
            }
        }
        if self.sweep_at.is_some_and(|at| now >= at) {
            self.sweep_at = Some(now + self.shared.options.sweep_interval);
            // What is left is done next time, as is what fails.
            drop(self.commit(|apply| drop(apply(Command::Sweep(SWEEP_BATCH)))));
        }
    }

    /// Commits what several callers asked for, and answers them.
    fn group(&mut self, changes: Vec<Change>) {
        // Whoever does not wait any more changed their mind in time.
        let changes = changes
            .into_iter()
            .filter(|change| !change.reply.is_closed());
        let (commands, replies): (Vec<_>, Vec<_>) =
            changes.map(|change| (change.command, change.reply)).unzip();
        if commands.is_empty() {
            return;
        }
        let mut outcomes = Vec::with_capacity(commands.len());
        let committed = self.commit(|apply| {
            outcomes.extend(commands.into_iter().map(apply));
        });
        match committed {
            Ok(()) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    // Whoever left meanwhile does not want to know.
                    let _ = reply.send(outcome);
                }
            }
            Err(error) => {
                let mut errors = Errors(Some(error));
                for reply in replies {
                    let _ = reply.send(Err(errors.next()));
                }
            }
        }
    }

    /// Runs `work` in one transaction. It gets a function that carries out a
    /// command, and whose refusals are not failures of the transaction.
    fn commit(
        &mut self,
        work: impl FnOnce(&mut dyn FnMut(Command) -> KvResult<Outcome>),
    ) -> KvResult<()> {
        self.be_ready()?;
        let shared = self.shared.clone();
        let now = nanos(shared.options.clock.now());
        let limits = shared.options.limits();
        let mut operations = 0;
        let mut evicted = 0;
        let done = self.engine.transact(|draft| {
            let mut failure = None;
            work(&mut |command| {
                if failure.is_some() {
                    return Err(KvError::Closed);
                }
                operations += 1;
                match apply(draft, command, &limits, now) {
                    Ok(outcome) => {
                        evicted += outcome.evicted;
                        Ok(outcome)
                    }
                    Err(error) if is_refusal(&error) => Err(error),
                    Err(error) => {
                        failure = Some(error);
                        Err(KvError::Closed)
                    }
                }
            });
            failure.map_or(Ok(()), Err)
        });
        match done {
            Ok(((), false)) => Ok(()),
            Ok(((), true)) => {
                shared.evictions.fetch_add(evicted, Relaxed);
                shared.commits.fetch_add(1, Relaxed);
                shared.operations.fetch_add(operations, Relaxed);
                self.publish()
            }
            Err(failed) => Err(self.fail(failed)),
        }
    }

    /// Shows the last commit to readers.
    fn publish(&mut self) -> KvResult<()> {
        if self.sync_at.is_none()
            && self.engine.is_journaled()
            && let SyncPolicy::Interval(interval) = self.shared.options.sync
        {
            self.sync_at = Some(Instant::now() + interval);
        }
        let snapshot = self.engine.snapshot().map_err(|error| {
            // It is committed, but cannot be read.
            self.fail(Failed::Poisoned(error))
        })?;
        self.show(snapshot);
        Ok(())
    }

    fn show(&self, snapshot: Arc<Snapshot>) {
        self.shared.show(snapshot, self.engine.file_bytes());
    }

    /// Opens the store anew, if an earlier failure asks for it.
    fn be_ready(&mut self) -> KvResult<()> {
        match self.health {
            Health::Good => Ok(()),
            Health::Poisoned => Err(KvError::Poisoned),
            Health::Broken => {
                let shared = self.shared.clone();
                let bytes = self.engine.file_bytes();
                match self.engine.reopen(|snapshot| shared.show(snapshot, bytes)) {
                    Ok(()) => {
                        self.health = Health::Good;
                        Ok(())
                    }
                    Err(failed) => Err(self.fail(failed)),
                }
            }
        }
    }

    /// Remembers what a failure means for the next write.
    fn fail(&mut self, failed: Failed) -> KvError {
        let (health, error) = match failed {
            Failed::Harmless(error) => (self.health, error),
            Failed::Broken(error) => (Health::Broken, error),
            Failed::Poisoned(error) => (Health::Poisoned, error),
        };
        if self.health != Health::Poisoned {
            self.health = health;
        }
        error
    }

    fn task(&mut self, task: Task) {
        match task {
            Task::Verify(reply) => {
                let verified = self.be_ready().and_then(|()| self.engine.verify());
                let _ = reply.send(verified);
            }
            Task::Compact(reply) => {
                let compacted = self.compact();
                let _ = reply.send(compacted);
            }
            Task::Reopen => {
                if self.health == Health::Good {
                    self.health = Health::Broken;
                }
                // If it fails, the next write tries again.
                drop(self.be_ready());
            }
        }
    }

    fn compact(&mut self) -> KvResult<()> {
        self.be_ready()?;
        if let Err(failed) = self.engine.checkpoint() {
            return Err(self.fail(failed));
        }
        let (file, synced) = copy::compacted(&self.engine)?;
        let shared = self.shared.clone();
        let bytes = self.engine.file_bytes();
        self.engine
            .move_to(file, |snapshot| shared.show(snapshot, bytes))
            .map_err(|failed| self.fail(failed))?;
        if let Err(error) = synced {
            // After a crash the old file may be back, without what would be
            // written from here on.
            return Err(self.fail(Failed::Poisoned(error)));
        }
        self.publish()
    }
}

/// Whether a change was refused, rather than failed.
fn is_refusal(error: &KvError) -> bool {
    matches!(
        error,
        KvError::CapacityExceeded { .. }
            | KvError::ValueTooLarge { .. }
            | KvError::PreconditionFailed { .. }
    )
}

/// One error for several callers: each gets its kind, one gets its source.
struct Errors(Option<KvError>);

impl Errors {
    fn next(&mut self) -> KvError {
        let again = match &self.0 {
            Some(KvError::Io { op, source }) => KvError::Io {
                op,
                source: std::io::Error::new(source.kind(), source.to_string()),
            },
            Some(KvError::CorruptState { path, detail, .. }) => KvError::CorruptState {
                path: path.clone(),
                detail: detail.clone(),
                source: None,
            },
            Some(KvError::Unavailable(source)) => KvError::Unavailable(source.to_string().into()),
            Some(KvError::Poisoned) => KvError::Poisoned,
            _ => KvError::Closed,
        };
        self.0.replace(again).unwrap_or(KvError::Closed)
    }
}
