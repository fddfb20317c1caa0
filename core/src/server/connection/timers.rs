//! The timers of one connection, kept as plain numbers.
//!
//! The I/O wrapper, the request service and the driver write and read them
//! without locks. The driver owns the only real timer and arms it for the
//! nearest deadline; a request that is answered at once never touches it.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::time::Instant;

/// Limits of one connection; `None` switches a limit off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From the first byte of a head to its end.
    pub(crate) head: Option<Duration>,
    /// From the first byte of a head to the end of the body.
    pub(crate) body: Option<Duration>,
    /// Longest time without a byte accepted by the peer while there are some
    /// to send.
    pub(crate) write_stall: Option<Duration>,
    /// Between the end of a response and the next byte.
    pub(crate) idle: Option<Duration>,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Phase {
    /// No request under way.
    Idle = 0,
    /// Some bytes of a head came in.
    Head = 1,
    /// At least one request is being answered.
    Active = 2,
    /// The connection was handed over to another protocol.
    Upgraded = 3,
}

impl Phase {
    fn from_u8(value: u8) -> Self {
        match value {
            0 => Self::Idle,
            1 => Self::Head,
            2 => Self::Active,
            _ => Self::Upgraded,
        }
    }
}

/// Which deadline passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expired {
    Idle,
    Head,
    WriteStall,
    Linger,
}

/// How long a client may go on sending what nobody reads after the last
/// response, before the socket is closed for good.
const LINGER_LIMIT: Duration = Duration::from_secs(2);

/// "Not now" in a slot that holds nanoseconds since the connection started.
const NEVER: u64 = u64::MAX;

/// State of one connection, shared by everything that works on it.
///
/// What every request reads and writes comes first, so that it lies together.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct ConnectionState {
    phase: AtomicU8,
    /// The I/O wrapper has to look closer: the connection was upgraded, aborted,
    /// or its head expired.
    disturbed: AtomicBool,
    /// Bytes were written and not all of them flushed yet.
    unflushed: AtomicBool,
    multiplexed: AtomicBool,
    in_flight: AtomicU32,
    /// The one reading of the clock in a turn of the connection's task.
    turn: AtomicU64,
    /// When the phase began.
    since: AtomicU64,
    /// When the first byte of the current head came in.
    head_began: AtomicU64,
    /// Since when the peer accepts nothing.
    stalled_since: AtomicU64,
    /// Since when the response is out and the rest of the input thrown away.
    lingers_since: AtomicU64,
    /// Ordinal of the last HTTP/1 request whose length was given twice.
    ambiguous: AtomicU64,
    opened: Instant,
    /// HTTP/2: response bodies with more to send that wait for the peer to make
    /// room.
    waiting_bodies: AtomicU32,
    /// Tells the I/O wrapper to answer 408 and end the input.
    head_expired: AtomicBool,
    /// The I/O wrapper is gone and the socket closed.
    closed: AtomicBool,
    /// Tells the I/O wrapper to fail everything and reset on drop.
    aborted: AtomicBool,
    /// A request body was given up before its end.
    input_left: AtomicBool,
    /// HTTP/2: when a body last got room, or began to wait for it.
    body_progress: AtomicU64,
    limits: Limits,
    driver: Mutex<Option<Waker>>,
    upgraded_io: Mutex<Option<Waker>>,
}

impl ConnectionState {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            opened: Instant::now(),
            limits,
            turn: AtomicU64::new(NEVER),
            ambiguous: AtomicU64::new(0),
            // A connection is opened to send a request: the head timer runs
            // from the start.
            phase: AtomicU8::new(Phase::Head as u8),
            since: AtomicU64::new(0),
            head_began: AtomicU64::new(NEVER),
            stalled_since: AtomicU64::new(NEVER),
            lingers_since: AtomicU64::new(NEVER),
            input_left: AtomicBool::new(false),
            in_flight: AtomicU32::new(0),
            multiplexed: AtomicBool::new(false),
            waiting_bodies: AtomicU32::new(0),
            body_progress: AtomicU64::new(0),
            unflushed: AtomicBool::new(false),
            head_expired: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            disturbed: AtomicBool::new(false),
            driver: Mutex::new(None),
            upgraded_io: Mutex::new(None),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn phase(&self) -> Phase {
        Phase::from_u8(self.phase.load(Ordering::Acquire))
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_nanos()).unwrap_or(NEVER - 1)
    }

    /// The connection's task is polled.
    #[inline]
    pub(crate) fn begin_turn(&self) {
        self.turn.store(NEVER, Ordering::Relaxed);
    }

    /// When this turn of the connection's task first asked for the time. A turn
    /// takes no longer than the handlers that answer within it, and limits are
    /// much longer than that, so one reading of the clock will do; see
    /// [`restart_idle`](Self::restart_idle) for when they are not.
    #[inline]
    fn now_in_turn(&self) -> u64 {
        match self.turn.load(Ordering::Relaxed) {
            NEVER => {
                let now = self.now();
                self.turn.store(now, Ordering::Relaxed);
                now
            }
            now => now,
        }
    }

    fn enter(&self, phase: Phase, now: u64) {
        self.since.store(now, Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Release);
    }

    /// Bytes of a request came in.
    pub(crate) fn head_bytes(&self) {
        match self.phase() {
            Phase::Idle => {
                let now = self.now_in_turn();
                self.head_began.store(now, Ordering::Relaxed);
                self.enter(Phase::Head, now);
            }
            Phase::Head if self.head_began.load(Ordering::Relaxed) == NEVER => {
                self.head_began.store(self.now_in_turn(), Ordering::Relaxed);
            }
            _ => {}
        }
    }

    /// The protocol multiplexes: no head timer, idle until the first stream.
    pub(crate) fn set_multiplexed(&self) {
        self.multiplexed.store(true, Ordering::Relaxed);
        self.enter(Phase::Idle, self.now());
    }

    pub(crate) fn is_multiplexed(&self) -> bool {
        self.multiplexed.load(Ordering::Relaxed)
    }

    /// A response body has data that the peer has to make room for.
    pub(crate) fn body_waits(&self) {
        self.body_progress.store(self.now(), Ordering::Relaxed);
        // Bodies are polled by tasks of their own; the driver has to set its
        // timer for the first that waits.
        if self.waiting_bodies.fetch_add(1, Ordering::AcqRel) == 0 {
            self.notify();
        }
    }

    /// The peer made room, or the body is gone.
    pub(crate) fn body_goes_on(&self) {
        self.body_progress.store(self.now(), Ordering::Relaxed);
        self.waiting_bodies.fetch_sub(1, Ordering::AcqRel);
    }

    /// A head is complete. Returns when its first byte came in.
    pub(crate) fn request_started(&self) -> Instant {
        let began = match self.phase() {
            Phase::Head => match self.head_began.load(Ordering::Relaxed) {
                NEVER => self.now(),
                began => began,
            },
            // A pipelined head came in together with the one before it, and
            // streams of HTTP/2 are not timed until they start.
            _ => self.now(),
        };
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        self.phase.store(Phase::Active as u8, Ordering::Release);
        self.opened + Duration::from_nanos(began)
    }

    /// When the body of a request that began at `began` must be complete.
    pub(crate) fn body_deadline(&self, began: Instant) -> Option<Instant> {
        Some(began + self.limits.body?)
    }

    /// A response was produced to its end, failed, or was dropped. What was
    /// produced is flushed next, and idleness counts from then.
    pub(crate) fn request_finished(&self) {
        if self.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 && self.phase() == Phase::Active {
            self.unflushed.store(true, Ordering::Relaxed);
            self.phase.store(Phase::Idle as u8, Ordering::Release);
        }
    }

    pub(crate) fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(crate) fn upgraded(&self) {
        self.enter(Phase::Upgraded, self.now());
        self.disturbed.store(true, Ordering::Release);
    }

    /// The peer took bytes, or there are none to take.
    pub(crate) fn write_progressed(&self) {
        if self.stalled_since.load(Ordering::Relaxed) != NEVER {
            self.stalled_since.store(NEVER, Ordering::Release);
        }
    }

    /// Bytes are on their way: the connection is not idle, whatever the
    /// requests on it say.
    pub(crate) fn writing(&self) {
        if !self.unflushed.load(Ordering::Relaxed) {
            self.unflushed.store(true, Ordering::Release);
        }
    }

    /// Everything written so far is with the system.
    pub(crate) fn flushed(&self) {
        if self.unflushed.load(Ordering::Relaxed) {
            self.unflushed.store(false, Ordering::Release);
            self.write_progressed();
            if self.phase() == Phase::Idle {
                self.since.store(self.now_in_turn(), Ordering::Relaxed);
            }
        }
    }

    /// Since when nothing is under way in either direction.
    pub(crate) fn quiet_since(&self) -> Option<Instant> {
        let quiet = self.in_flight() == 0 && !self.unflushed.load(Ordering::Acquire);
        let since = self.since.load(Ordering::Relaxed);
        quiet.then(|| self.opened + Duration::from_nanos(since))
    }

    /// A request body was given up before its end.
    pub(crate) fn leave_input(&self) {
        self.input_left.store(true, Ordering::Release);
    }

    /// Whether closing now could destroy the last response: a socket closed
    /// with input unread is reset (RFC 9112 section 9.6).
    pub(crate) fn must_linger(&self) -> bool {
        self.input_left.load(Ordering::Acquire) && !self.is_aborted()
    }

    pub(crate) fn is_lingering(&self) -> bool {
        self.lingers_since.load(Ordering::Acquire) != NEVER
    }

    pub(crate) fn linger(&self) {
        if self.lingers_since.load(Ordering::Relaxed) == NEVER {
            self.lingers_since.store(self.now(), Ordering::Release);
        }
    }

    /// The peer takes nothing.
    pub(crate) fn write_stalled(&self) {
        if self.stalled_since.load(Ordering::Relaxed) == NEVER {
            self.stalled_since.store(self.now(), Ordering::Release);
        }
    }

    /// The nearest deadline and what passes with it.
    pub(crate) fn deadline(&self) -> Option<(Instant, Expired)> {
        let at = |nanos: u64, limit: Duration| self.opened + Duration::from_nanos(nanos) + limit;
        let lingers = self.lingers_since.load(Ordering::Acquire);
        if lingers != NEVER {
            return Some((at(lingers, LINGER_LIMIT), Expired::Linger));
        }
        let stall = self
            .limits
            .write_stall
            .and_then(|limit| Some((at(self.stall_began()?, limit), Expired::WriteStall)));
        let since = self.since.load(Ordering::Relaxed);
        let phase = match self.phase() {
            Phase::Idle if self.unflushed.load(Ordering::Acquire) => None,
            Phase::Idle => self
                .limits
                .idle
                .map(|limit| (at(since, limit), Expired::Idle)),
            Phase::Head => self
                .limits
                .head
                .map(|limit| (at(since, limit), self.head_expiry())),
            Phase::Active | Phase::Upgraded => None,
        };
        match (stall, phase) {
            (Some(a), Some(b)) => Some(if a.0 <= b.0 { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// Whether the only deadline that applies is the one for the next request.
    #[inline]
    pub(crate) fn is_resting(&self) -> bool {
        self.phase.load(Ordering::Acquire) == Phase::Idle as u8
            && self.stalled_since.load(Ordering::Acquire) == NEVER
            && self.lingers_since.load(Ordering::Acquire) == NEVER
            && self.waiting_bodies.load(Ordering::Acquire) == 0
    }

    /// Counts an idle period that began in this turn from now. False when there
    /// is none.
    pub(crate) fn restart_idle(&self) -> bool {
        let turn = self.turn.load(Ordering::Relaxed);
        let began_now = self.phase() == Phase::Idle
            && turn != NEVER
            && self.since.load(Ordering::Relaxed) == turn;
        if began_now {
            self.since.store(self.now(), Ordering::Relaxed);
        }
        began_now
    }

    /// Whether no idle period that begins from now on ends before `deadline`.
    pub(crate) fn is_before_idle(&self, deadline: Instant) -> bool {
        let limit = self.limits.idle;
        limit.is_none_or(|limit| deadline <= Instant::now() + limit)
    }

    /// No byte of a request ever came in.
    pub(crate) fn is_untouched(&self) -> bool {
        self.phase() == Phase::Head && self.head_began.load(Ordering::Relaxed) == NEVER
    }

    /// A head of which nothing came in is an idle connection.
    fn head_expiry(&self) -> Expired {
        if self.is_untouched() {
            Expired::Idle
        } else {
            Expired::Head
        }
    }

    /// Since when the peer takes nothing of what there is to send.
    fn stall_began(&self) -> Option<u64> {
        let stalled = self.stalled_since.load(Ordering::Acquire);
        if self.phase() == Phase::Upgraded {
            return None;
        }
        if stalled != NEVER {
            return Some(stalled);
        }
        let waiting = self.waiting_bodies.load(Ordering::Acquire) > 0;
        waiting.then(|| self.body_progress.load(Ordering::Relaxed))
    }

    /// An HTTP/1 request gave its length twice.
    #[cold]
    pub(crate) fn found_ambiguous(&self, ordinal: u64) {
        self.ambiguous.store(ordinal, Ordering::Release);
    }

    /// Whether the length of the request with this ordinal was given twice.
    #[inline]
    pub(crate) fn is_ambiguous(&self, ordinal: u64) -> bool {
        self.ambiguous.load(Ordering::Acquire) == ordinal
    }

    /// Remembers whom to wake when the server has news for this connection.
    pub(crate) fn set_driver(&self, cx: &Context<'_>) {
        *lock(&self.driver) = Some(cx.waker().clone());
    }

    /// Remembers whom to wake when an upgraded connection must end.
    pub(crate) fn set_upgraded_io(&self, cx: &Context<'_>) {
        *lock(&self.upgraded_io) = Some(cx.waker().clone());
    }

    /// Wakes the driver, so that it looks at the server's phase.
    pub(crate) fn notify(&self) {
        let waker = lock(&self.driver).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Fails all I/O from now on; the socket is reset when it is dropped.
    pub(crate) fn abort(&self) {
        self.aborted.store(true, Ordering::Release);
        self.disturbed.store(true, Ordering::Release);
        let waker = lock(&self.upgraded_io).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn expire_head(&self) {
        self.head_expired.store(true, Ordering::Release);
        self.disturbed.store(true, Ordering::Release);
    }

    /// Whether the I/O wrapper has to ask what happened before it goes on.
    #[inline]
    pub(crate) fn is_disturbed(&self) -> bool {
        self.disturbed.load(Ordering::Acquire)
    }

    pub(crate) fn is_head_expired(&self) -> bool {
        self.head_expired.load(Ordering::Acquire)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits {
            head: Some(Duration::from_secs(5)),
            body: Some(Duration::from_secs(30)),
            write_stall: Some(Duration::from_secs(7)),
            idle: Some(Duration::from_secs(60)),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_phase_has_its_deadline() {
        let state = ConnectionState::new(limits());
        let opened = state.opened;
        let at = |s| opened + Duration::from_secs(s);
        assert_eq!(state.deadline(), Some((at(5), Expired::Idle)));
        state.set_multiplexed();
        assert_eq!(state.deadline(), Some((at(60), Expired::Idle)));
        tokio::time::advance(Duration::from_secs(10)).await;
        state.begin_turn();
        state.head_bytes();
        tokio::time::advance(Duration::from_secs(2)).await;
        state.begin_turn();
        state.head_bytes();
        assert_eq!(state.deadline(), Some((at(15), Expired::Head)));
        let began = state.request_started();
        assert_eq!(began, at(10));
        assert_eq!(state.body_deadline(began), Some(at(40)));
        assert_eq!(state.deadline(), None);
        state.write_stalled();
        tokio::time::advance(Duration::from_secs(1)).await;
        state.begin_turn();
        state.write_stalled();
        assert_eq!(state.deadline(), Some((at(19), Expired::WriteStall)));
        state.write_progressed();
        state.writing();
        state.request_finished();
        assert_eq!(state.deadline(), None, "the response is still on its way");
        assert_eq!(state.quiet_since(), None);
        state.flushed();
        assert_eq!(state.quiet_since(), Some(at(13)));
        assert_eq!(state.deadline(), Some((at(73), Expired::Idle)));
    }

    /// A handler that holds the task up longer than the idle limit does not
    /// make the connection idle.
    #[tokio::test(start_paused = true)]
    async fn an_idle_period_cannot_end_in_the_turn_it_began() {
        let state = ConnectionState::new(limits());
        state.begin_turn();
        state.head_bytes();
        state.request_started();
        tokio::time::advance(Duration::from_secs(90)).await;
        state.request_finished();
        state.flushed();
        assert!(state.is_resting());
        assert!(state.restart_idle());
        let due = state.opened + Duration::from_secs(150);
        assert_eq!(state.deadline(), Some((due, Expired::Idle)));
        state.begin_turn();
        assert!(!state.restart_idle());
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_serves_idle_periods_that_end_after_it() {
        let state = ConnectionState::new(limits());
        let at = |s| state.opened + Duration::from_secs(s);
        assert!(state.is_before_idle(at(60)));
        assert!(!state.is_before_idle(at(61)));
        assert!(!state.is_resting(), "the first head is still to come");
    }

    #[tokio::test(start_paused = true)]
    async fn idle_only_when_the_last_stream_ended() {
        let state = ConnectionState::new(limits());
        state.head_bytes();
        state.request_started();
        state.request_started();
        state.request_finished();
        assert_eq!(state.deadline(), None);
        state.request_finished();
        assert_eq!(state.phase(), Phase::Idle);
        state.flushed();
        assert!(state.deadline().is_some());
    }
}
