//! A bounded queue of lines with a thread that writes them.

use std::{
    cell::Cell,
    io,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::{Condvar, Mutex, MutexGuard};

use super::{Lines, Mark, Outcome, Routes, outlet::Ledger};
use crate::{FlushError, Level, Overflow};

/// Bytes that may wait, so that long lines cannot fill the memory.
const QUEUE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Lines written before room is given back.
const CHUNK_LINES: usize = 1024;
/// How long `Error` and `Fatal` wait for room before they are dropped.
const ERROR_PATIENCE: Duration = Duration::from_millis(100);

/// How long an idle worker looks again by itself before it has to be woken. Under
/// load nobody pays for waking it, and it finds more lines to write at a time.
const LINGER: Duration = Duration::from_micros(500);

/// Makes the line that says how many records were dropped.
pub(crate) type DropLine = Box<dyn Fn(u64) -> Vec<u8> + Send>;

thread_local! {
    /// On a worker thread, the address of its queue: what a writer logs to the
    /// logger it serves would come back to it for ever.
    static WORKER_OF: Cell<usize> = const { Cell::new(0) };
}

/// The callers' end.
pub(crate) struct Queue {
    shared: Arc<Shared>,
    overflow: Overflow,
    capacity: usize,
}

struct Shared {
    state: Mutex<State>,
    /// The worker waits here for lines, a flush or the end.
    work: Condvar,
    /// Callers wait here for room.
    room: Condvar,
    /// Callers wait here for a flush or the end.
    done: Condvar,
    ledger: Arc<Ledger>,
}

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    /// Lines taken so far, and those of them that have been written or lost.
    accepted: u64,
    completed: u64,
    /// Bytes of the lines between the two.
    waiting_bytes: usize,
    /// Lines completed when the destinations were last flushed.
    flushed: u64,
    /// The last flush asked for wants this many lines flushed.
    flush_wanted: u64,
    flush_error: Option<io::Error>,
    /// Lines dropped since the worker last wrote about it.
    dropped: u64,
    /// The worker waits until somebody wakes it.
    worker_sleeps: bool,
    callers_wait: usize,
    /// No more lines are taken.
    closing: bool,
    /// The deadline of a shutdown has passed; the rest is given up.
    abandoned: bool,
    /// The worker has ended.
    ended: bool,
}

impl State {
    fn waiting(&self) -> u64 {
        self.accepted - self.completed
    }

    fn has_room(&self, capacity: usize, bytes: usize) -> bool {
        self.waiting() < capacity as u64
            && (self.waiting_bytes + bytes <= QUEUE_BYTES_MAX || self.waiting_bytes == 0)
    }
}

impl Queue {
    /// Starts the worker.
    pub(crate) fn start(
        routes: Routes,
        ledger: Arc<Ledger>,
        capacity: usize,
        overflow: Overflow,
        drop_line: DropLine,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            work: Condvar::new(),
            room: Condvar::new(),
            done: Condvar::new(),
            ledger,
        });
        let mut worker = Worker {
            shared: Arc::clone(&shared),
            routes,
            drop_line,
            bytes: Vec::new(),
            marks: Vec::new(),
        };
        thread::Builder::new()
            .name("plumego-log".to_owned())
            .spawn(move || worker.run())?;
        Ok(Self {
            shared,
            overflow,
            capacity,
        })
    }

    /// Takes a line; `false` when it is dropped.
    pub(crate) fn push(&self, level: Level, line: &[u8]) -> bool {
        if self.is_own_worker() {
            return false;
        }
        let mut state = self.shared.state.lock();
        if !state.has_room(self.capacity, line.len()) {
            self.wait_for_room(&mut state, level, line.len());
        }
        if state.closing {
            return false;
        }
        if !state.has_room(self.capacity, line.len()) {
            state.dropped += 1;
            return false;
        }
        state.bytes.extend_from_slice(line);
        let end = state.bytes.len();
        state.marks.push(Mark { level, end });
        state.accepted += 1;
        state.waiting_bytes += line.len();
        if state.worker_sleeps || state.waiting() * 2 >= self.capacity as u64 {
            self.wake_worker(&mut state);
        }
        true
    }

    fn wait_for_room(&self, state: &mut MutexGuard<'_, State>, level: Level, bytes: usize) {
        let deadline = match self.overflow {
            Overflow::Block => None,
            Overflow::Drop if level >= Level::Error => Some(Instant::now() + ERROR_PATIENCE),
            Overflow::Drop => return,
        };
        state.callers_wait += 1;
        self.wake_worker(state);
        while !state.has_room(self.capacity, bytes) && !state.closing {
            match deadline {
                None => self.shared.room.wait(state),
                Some(deadline) => {
                    if self.shared.room.wait_until(state, deadline).timed_out() {
                        break;
                    }
                }
            }
        }
        state.callers_wait -= 1;
    }

    fn is_own_worker(&self) -> bool {
        WORKER_OF.get() == address(&self.shared)
    }

    fn wake_worker(&self, state: &mut State) {
        state.worker_sleeps = false;
        self.shared.work.notify_one();
    }

    /// Waits until every line taken before is written and flushed.
    pub(crate) fn flush(&self, deadline: Duration) -> Result<(), FlushError> {
        if self.is_own_worker() {
            return Err(FlushError::Timeout);
        }
        let until = Instant::now().checked_add(deadline);
        let mut state = self.shared.state.lock();
        let wanted = state.accepted;
        state.flush_wanted = state.flush_wanted.max(wanted);
        self.wake_worker(&mut state);
        while state.flushed < wanted && !state.ended {
            if self.wait_done(&mut state, until) {
                return Err(FlushError::Timeout);
            }
        }
        state
            .flush_error
            .take()
            .map_or(Ok(()), |error| Err(FlushError::Output(error)))
    }

    /// Ends the worker and gives the number of lines it had to give up.
    pub(crate) fn shutdown(&self, deadline: Duration) -> u64 {
        let until = Instant::now().checked_add(deadline);
        let mut state = self.shared.state.lock();
        self.close(&mut state);
        while !state.ended && !state.abandoned {
            if self.wait_done(&mut state, until) {
                state.abandoned = true;
                return state.waiting();
            }
        }
        0
    }

    fn close(&self, state: &mut State) {
        state.closing = true;
        self.wake_worker(state);
        self.shared.room.notify_all();
    }

    /// Waits for the worker; `true` when the time is over.
    fn wait_done(&self, state: &mut MutexGuard<'_, State>, until: Option<Instant>) -> bool {
        match until {
            Some(until) => self.shared.done.wait_until(state, until).timed_out(),
            None => {
                self.shared.done.wait(state);
                false
            }
        }
    }
}

impl Drop for Queue {
    /// The worker writes what it has and ends by itself.
    fn drop(&mut self) {
        let mut state = self.shared.state.lock();
        self.close(&mut state);
    }
}

struct Worker {
    shared: Arc<Shared>,
    routes: Routes,
    drop_line: DropLine,
    bytes: Vec<u8>,
    marks: Vec<Mark>,
}

impl Worker {
    fn run(&mut self) {
        WORKER_OF.set(address(&self.shared));
        while self.take_lines() {
            self.write_taken();
            self.write_dropped();
            self.flush_if_idle();
        }
        let mut state = self.shared.state.lock();
        state.ended = true;
        self.shared.done.notify_all();
    }

    /// Waits for something to do; `false` when it is time to end.
    fn take_lines(&mut self) -> bool {
        let mut lingered = false;
        let mut state = self.shared.state.lock();
        loop {
            if state.abandoned {
                return false;
            }
            if !state.marks.is_empty() || state.flush_wanted > state.flushed {
                self.bytes.clear();
                self.marks.clear();
                std::mem::swap(&mut self.bytes, &mut state.bytes);
                std::mem::swap(&mut self.marks, &mut state.marks);
                return true;
            }
            if state.closing {
                return false;
            }
            if lingered {
                state.worker_sleeps = true;
                self.shared.work.wait(&mut state);
                state.worker_sleeps = false;
            } else {
                lingered = self.shared.work.wait_for(&mut state, LINGER).timed_out();
            }
        }
    }

    fn write_taken(&mut self) {
        let mut rest = Lines::new(&self.bytes, &self.marks);
        while !rest.marks.is_empty() {
            let (chunk, later) = rest.split_at(rest.marks.len().min(CHUNK_LINES));
            let mut outcome = Outcome::default();
            self.routes.write(chunk, &mut outcome);
            if !complete(&self.shared, &chunk, &outcome) {
                return;
            }
            rest = later;
        }
    }

    /// Says how many records were lost, now that there is room.
    fn write_dropped(&mut self) {
        let dropped = std::mem::take(&mut self.shared.state.lock().dropped);
        if dropped > 0 {
            let line = (self.drop_line)(dropped);
            let marks = [Mark {
                level: Level::Warn,
                end: line.len(),
            }];
            let mut outcome = Outcome::default();
            self.routes.write(Lines::new(&line, &marks), &mut outcome);
            // The line stands for lost records and is not counted as one itself.
            self.shared.ledger.book(&Outcome {
                written: 0,
                ..outcome
            });
        }
    }

    fn flush_if_idle(&mut self) {
        let completed = {
            let state = self.shared.state.lock();
            if !state.marks.is_empty() && state.flush_wanted <= state.flushed {
                return;
            }
            state.completed
        };
        let result = self.routes.flush();
        let mut state = self.shared.state.lock();
        state.flushed = state.flushed.max(completed);
        state.flush_error = result.err();
        self.shared.done.notify_all();
    }
}

fn address(shared: &Arc<Shared>) -> usize {
    Arc::as_ptr(shared).addr()
}

/// Gives room back; `false` when the rest is to be given up.
fn complete(shared: &Shared, chunk: &Lines<'_>, outcome: &Outcome) -> bool {
    let mut state = shared.state.lock();
    if state.abandoned {
        // These lines have been counted as given up.
        return false;
    }
    shared.ledger.book(outcome);
    state.completed += chunk.marks.len() as u64;
    state.waiting_bytes -= chunk.text().len();
    if state.callers_wait > 0 {
        shared.room.notify_all();
    }
    true
}
