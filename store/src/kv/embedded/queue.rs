//! What waits for the writer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::kv::apply::{Command, Outcome};
use crate::kv::{KvError, KvResult};

/// Changes that may wait; more callers wait to be let in.
const CAPACITY: usize = 4_096;

/// Bytes of changes that share a commit, unless one alone has more.
const GROUP_BYTES_MAX: usize = 16 << 20;

/// A change, and who asked for it.
pub(super) struct Change {
    pub(super) command: Command,
    pub(super) reply: oneshot::Sender<KvResult<Outcome>>,
    /// Its place in the queue, given back when it is done.
    _place: OwnedSemaphorePermit,
}

/// Something that needs the store for itself.
pub(super) enum Task {
    Compact(oneshot::Sender<KvResult<()>>),
    Verify(oneshot::Sender<KvResult<()>>),
    /// Sees to it that a reader's failure is got over.
    Reopen,
}

/// What the writer does next.
pub(super) enum Next {
    /// Changes that share a commit.
    Group(Vec<Change>),
    Task(Task),
    /// It is time for what has its time.
    Timeout,
    /// Nothing is left, and nothing will come.
    End,
}

enum Work {
    Change(Change),
    Task(Task),
}

#[derive(Default)]
struct State {
    work: VecDeque<Work>,
    closing: bool,
}

/// The queue between callers and the writer.
pub(super) struct Queue {
    state: Mutex<State>,
    wake: Condvar,
    places: Arc<Semaphore>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::default(),
            wake: Condvar::new(),
            places: Arc::new(Semaphore::new(CAPACITY)),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for a change and waits until it is committed. Dropped before its
    /// commit began, it never happens.
    pub(super) async fn change(&self, command: Command) -> KvResult<Outcome> {
        let place = self.places.clone().acquire_owned().await;
        let place = place.map_err(|_| KvError::Closed)?;
        let (reply, answer) = oneshot::channel();
        self.push(Work::Change(Change {
            command,
            reply,
            _place: place,
        }))?;
        answer.await.unwrap_or(Err(KvError::Closed))
    }

    pub(super) fn task(&self, task: Task) -> KvResult<()> {
        self.push(Work::Task(task))
    }

    fn push(&self, work: Work) -> KvResult<()> {
        let mut state = self.state();
        if state.closing {
            return Err(KvError::Closed);
        }
        state.work.push_back(work);
        self.wake.notify_one();
        Ok(())
    }

    /// Lets nothing in any more.
    pub(super) fn close(&self) {
        self.state().closing = true;
        self.places.close();
        self.wake.notify_one();
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state().closing
    }

    /// Waits for something to do, at most until `deadline`.
    pub(super) fn next(&self, deadline: Option<Instant>) -> Next {
        let mut state = self.state();
        while state.work.is_empty() {
            if state.closing {
                return Next::End;
            }
            let Some(deadline) = deadline else {
                state = self
                    .wake
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Next::Timeout;
            }
            let waited = self.wake.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.take()
    }
}

impl State {
    fn take(&mut self) -> Next {
        let mut group = Vec::new();
        let mut bytes = 0_usize;
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Change(change) => {
                    bytes = bytes.saturating_add(size(&change.command));
                    if bytes > GROUP_BYTES_MAX && !group.is_empty() {
                        self.work.push_front(Work::Change(change));
                        break;
                    }
                    group.push(change);
                }
                Work::Task(task) if group.is_empty() => return Next::Task(task),
                task @ Work::Task(_) => {
                    self.work.push_front(task);
                    break;
                }
            }
        }
        Next::Group(group)
    }
}

fn size(command: &Command) -> usize {
    match command {
        Command::Set { value, .. } => value.len(),
        Command::CompareAndSwap { value, .. } => value.as_ref().map_or(0, bytes::Bytes::len),
        Command::Write(batch) => batch.bytes(),
        Command::Delete { .. } | Command::Sweep(_) => 0,
    }
}
