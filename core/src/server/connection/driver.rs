//! Runs a protocol connection under its timers and the server's phase.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use pin_project_lite::pin_project;
use plumego_log::{Fields, LoggerExt};
use tokio::time::{Instant, Sleep};

use super::io::{ConnectionIo, Transport};
use super::service::{RequestService, ServiceContext};
use super::timers::{ConnectionState, Expired};
use crate::server::registry::ServerPhase;

/// How long a connection that was told to end may take for its last bytes.
const CLOSING_LIMIT: Duration = Duration::from_secs(5);

/// A connection that can be asked to finish.
pub(super) trait Graceful: Future<Output = hyper::Result<()>> {
    fn finish(self: Pin<&mut Self>);
}

impl<T: Transport> Graceful
    for http1::UpgradeableConnection<TokioIo<ConnectionIo<T>>, RequestService>
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

impl<T: Transport> Graceful
    for http2::Connection<TokioIo<ConnectionIo<T>>, RequestService, TokioExecutor>
{
    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

/// Drives a connection to its end.
pub(super) fn drive<C: Graceful>(
    connection: C,
    state: Arc<ConnectionState>,
    context: Arc<ServiceContext>,
) -> Driver<C> {
    Driver {
        connection,
        sleep: tokio::time::sleep_until(Instant::now()),
        armed: None,
        armed_before_idle: false,
        sleep_registered: false,
        driver_registered: false,
        told_to_end: None,
        state,
        context,
    }
}

pin_project! {
    pub(super) struct Driver<C> {
        #[pin]
        connection: C,
        #[pin]
        sleep: Sleep,
        // For when the timer is set; it may be earlier than the deadline that
        // applies now, never later.
        armed: Option<Instant>,
        // No idle period that begins after the timer was set ends before it.
        armed_before_idle: bool,
        sleep_registered: bool,
        driver_registered: bool,
        told_to_end: Option<Instant>,
        state: Arc<ConnectionState>,
        context: Arc<ServiceContext>,
    }
}

/// What a passed deadline means for a connection.
enum Due {
    Expired(Expired),
    /// It did not end in the time it was given.
    Overdue,
}

impl<C: Graceful> Future for Driver<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        ready!(self.as_mut().poll_end(cx));
        // The protocol is done with the connection; what still holds its I/O
        // speaks another one.
        if self.state.is_open() {
            self.state.upgraded();
        }
        Poll::Ready(())
    }
}

impl<C: Graceful> Driver<C> {
    #[inline(always)]
    fn poll_end(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.as_mut().register(cx);
        self.state.begin_turn();
        loop {
            let phase = self.context.registry.phase();
            if phase >= ServerPhase::Draining {
                self.as_mut().finish();
            }
            if self.as_mut().project().connection.poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if phase == ServerPhase::Forced {
                self.state.abort();
                return Poll::Ready(());
            }
            if self.rests() {
                return Poll::Pending;
            }
            // Nothing ever came in, so there is nothing to finish; the protocol
            // library would wait for a first request.
            if self.told_to_end.is_some() && self.state.is_untouched() {
                return Poll::Ready(());
            }
            match self.as_mut().poll_due(cx) {
                None => return Poll::Pending,
                Some(due) => {
                    if self.as_mut().act(due).is_ready() {
                        return Poll::Ready(());
                    }
                }
            }
        }
    }

    /// Whether the connection only waits for its next request, and the timer
    /// that is set comes early enough for that. The usual end of a turn.
    #[inline(always)]
    fn rests(&self) -> bool {
        self.armed_before_idle
            && self.sleep_registered
            && self.told_to_end.is_none()
            && self.state.is_resting()
            && !self.sleep.is_elapsed()
    }

    /// The task of a connection never changes, so its waker is stored once.
    fn register(self: Pin<&mut Self>, cx: &Context<'_>) {
        let this = self.project();
        if !*this.driver_registered {
            this.state.set_driver(cx);
            *this.driver_registered = true;
        }
    }

    #[cold]
    fn finish(self: Pin<&mut Self>) {
        let this = self.project();
        if this.told_to_end.is_none() {
            *this.told_to_end = Some(Instant::now());
            this.connection.finish();
        }
    }

    /// A deadline that passed, if any; otherwise the timer is set for the next.
    #[inline(never)]
    fn poll_due(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Option<Due> {
        loop {
            let (deadline, due) = self.next_deadline()?;
            let mut this = self.as_mut().project();
            if this.armed.is_none_or(|armed| deadline < armed) {
                this.sleep.as_mut().reset(deadline);
                *this.armed = Some(deadline);
                *this.armed_before_idle = this.state.is_before_idle(deadline);
                *this.sleep_registered = false;
            }
            if *this.sleep_registered && !this.sleep.is_elapsed() {
                return None;
            }
            if this.sleep.as_mut().poll(cx).is_pending() {
                *this.sleep_registered = true;
                return None;
            }
            *this.armed = None;
            *this.armed_before_idle = false;
            let is_idle = matches!(due, Due::Expired(Expired::Idle));
            if Instant::now() >= deadline && !(is_idle && self.state.restart_idle()) {
                return Some(due);
            }
        }
    }

    fn next_deadline(&self) -> Option<(Instant, Due)> {
        // What is under way when a connection is told to end is still answered;
        // after that the peer has a moment to say goodbye.
        if let Some(told) = self.told_to_end
            && let Some(quiet) = self.state.quiet_since()
            && !self.state.is_lingering()
        {
            return Some((quiet.max(told) + CLOSING_LIMIT, Due::Overdue));
        }
        let (at, expired) = self.state.deadline()?;
        Some((at, Due::Expired(expired)))
    }

    #[cold]
    fn act(mut self: Pin<&mut Self>, due: Due) -> Poll<()> {
        match due {
            Due::Expired(Expired::Idle) => self.as_mut().finish(),
            Due::Expired(Expired::Head) => {
                self.state.expire_head();
                *self.as_mut().project().told_to_end = Some(Instant::now());
            }
            Due::Expired(Expired::WriteStall) => {
                let limit = self.state.limits().write_stall.unwrap_or_default();
                let fields = Fields::new().with("limit", limit);
                self.context
                    .logger
                    .warn("connection reset: the peer reads nothing", fields);
                self.state.abort();
                return Poll::Ready(());
            }
            Due::Expired(Expired::Linger) => return Poll::Ready(()),
            Due::Overdue => {
                self.state.abort();
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }
}
