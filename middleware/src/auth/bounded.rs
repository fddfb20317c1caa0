//! A decision of code of the user: it may panic or never come.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use plumego_security::BoxFuture;

use crate::callback::discard;
use crate::panic_site;

/// Why there is no decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Undecided {
    #[error("the check panicked")]
    Panicked,
    #[error("the check took too long")]
    TimedOut,
}

/// What `decide` comes to, within `limit`.
pub(super) async fn bounded<'a, T>(
    limit: Duration,
    decide: impl FnOnce() -> BoxFuture<'a, T>,
) -> Result<T, Undecided> {
    let future = catch_unwind(AssertUnwindSafe(decide)).map_err(panicked)?;
    let mut future = Guarded(Some(future));
    // Most decisions are there at once, and need no timer.
    let first = poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx))).await;
    match first {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => tokio::time::timeout(limit, future)
            .await
            .unwrap_or(Err(Undecided::TimedOut)),
    }
}

/// A future whose panics are an outcome; empty when it is over.
struct Guarded<'a, T>(Option<BoxFuture<'a, T>>);

impl<T> Future for Guarded<'_, T> {
    type Output = Result<T, Undecided>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = &mut self.0 else {
            return Poll::Ready(Err(Undecided::Panicked));
        };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(outcome)) => {
                self.0 = None;
                Poll::Ready(Ok(outcome))
            }
            Err(payload) => {
                discard(self.0.take());
                Poll::Ready(Err(panicked(payload)))
            }
        }
    }
}

fn panicked(payload: Box<dyn std::any::Any + Send>) -> Undecided {
    panic_site::forget_last();
    discard(payload);
    Undecided::Panicked
}
