//! Server-sent events: a stream of small messages to a browser, over one
//! response that stays open.
//!
//! ```
//! use plumego_contract::sse::{self, Event, Sse};
//! use plumego_contract::{Error, Request};
//!
//! async fn clock(request: Request) -> Result<Sse, Error> {
//!     let missed = sse::last_event_id(&request).is_some();
//!     let (mut sender, reply) = Sse::channel(sse::CAPACITY);
//!     tokio::spawn(async move {
//!         let greeting = if missed { "welcome back" } else { "welcome" };
//!         // The client may be gone before the first event.
//!         let _ = sender.send(Event::new().data(greeting)).await;
//!     });
//!     Ok(reply)
//! }
//! ```

mod body;
mod event;

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};

pub use event::{Event, InvalidEvent};

use crate::respond::IntoResponse;
use crate::scope::{CancelSource, RequestScope};
use crate::{Body, BodySender, BoxError, Request, Response};
use body::{EventBody, Source};

/// Events a channel holds before `send` waits, unless another number is given.
pub const CAPACITY: usize = 64;

/// Silence after which a comment is sent, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

type Events = Pin<Box<dyn futures_core::Stream<Item = Result<Event, BoxError>> + Send>>;

/// A response of server-sent events. Needs a tokio runtime with its timer,
/// unless keep-alive is off.
#[must_use = "a reply does nothing unless it is returned"]
pub struct Sse {
    source: Source,
    keep_alive: Duration,
    receiving: Option<Receiving>,
}

/// What a sender learns from the response it feeds.
#[derive(Default)]
struct Link {
    scope: OnceLock<RequestScope>,
    /// Raised when the scope is known.
    attached: CancelSource,
    /// Raised when the response is dropped, sent or not.
    gone: CancelSource,
}

/// The response's side of a link.
struct Receiving(Arc<Link>);

impl Drop for Receiving {
    fn drop(&mut self) {
        self.0.gone.cancel();
    }
}

impl Sse {
    /// A response fed by another task, at most `capacity` events ahead (at
    /// least one). It ends when the sender is dropped.
    pub fn channel(capacity: usize) -> (SseSender, Self) {
        let (sender, body) = Body::channel(capacity);
        let link = Arc::new(Link::default());
        let sender = SseSender {
            body: sender,
            link: Arc::clone(&link),
        };
        (
            sender,
            Self::new(Source::Channel(body), Some(Receiving(link))),
        )
    }

    /// A response of a stream's events. An item that is an error is reported
    /// to the server's log; the client is sent one event `error` with the data
    /// `stream handler failed`, and the response ends. It also ends when the
    /// server drains and no event is ready.
    pub fn stream<S, E>(events: S) -> Self
    where
        S: futures_core::Stream<Item = Result<Event, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let events: Events = Box::pin(body::Boxed { events });
        Self::new(Source::Events(events), None)
    }

    fn new(source: Source, receiving: Option<Receiving>) -> Self {
        Self {
            source,
            keep_alive: KEEP_ALIVE,
            receiving,
        }
    }

    /// Sets after how much silence a comment is sent; 15 s by default, zero
    /// means never.
    pub fn keep_alive(mut self, after: Duration) -> Self {
        self.keep_alive = after;
        self
    }
}

impl IntoResponse for Sse {
    fn into_response(self, scope: &RequestScope) -> Response {
        if let Some(Receiving(link)) = &self.receiving {
            // Set once: the reply is consumed here.
            let _ = link.scope.set(scope.clone());
            link.attached.cancel();
        }
        let body = EventBody::new(self.source, self.keep_alive, scope, self.receiving);
        let mut response = Response::new(Body::new(body));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
        response
    }
}

impl fmt::Debug for Sse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sse")
            .field("keep_alive", &self.keep_alive)
            .finish_non_exhaustive()
    }
}

/// The producing end of [`Sse::channel`]. Events arrive in the order in which
/// they are sent; dropping it ends the response.
pub struct SseSender {
    body: BodySender,
    link: Arc<Link>,
}

impl SseSender {
    /// Sends an event, waiting for room.
    ///
    /// # Errors
    /// [`SendError::Closed`] once the client is gone.
    pub async fn send(&mut self, event: Event) -> Result<(), SendError> {
        let sent = self.body.send(event.to_bytes()).await;
        sent.map_err(|_| SendError::Closed)
    }

    /// Sends an event if there is room now, for feeds that may lose some.
    ///
    /// # Errors
    /// [`SendError::Full`] when there is no room, [`SendError::Closed`] once
    /// the client is gone.
    pub fn try_send(&mut self, event: &Event) -> Result<(), SendError> {
        self.body.try_send(event.to_bytes()).map_err(|_| {
            if self.body.is_closed() {
                SendError::Closed
            } else {
                SendError::Full
            }
        })
    }

    /// True once the client is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.body.is_closed()
    }

    /// Resolves when it is time to end: the client is gone, the request was
    /// cancelled, or the server drains. The server waits for the response up to
    /// its drain limit, so a last event can still be sent.
    pub fn cancelled(&self) -> impl Future<Output = ()> + Send + use<> {
        let link = Arc::clone(&self.link);
        async move {
            let mut gone = link.gone.cancelled();
            let mut draining = pin!(async {
                link.attached.cancelled().await;
                match link.scope.get() {
                    Some(scope) => scope.draining().await,
                    // Unreachable: the scope is set before the flag is raised.
                    None => std::future::pending().await,
                }
            });
            poll_fn(|cx| {
                if Pin::new(&mut gone).poll(cx).is_ready() || draining.as_mut().poll(cx).is_ready()
                {
                    return Poll::Ready(());
                }
                Poll::Pending
            })
            .await;
        }
    }
}

impl fmt::Debug for SseSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SseSender")
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// An event was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SendError {
    /// The client is gone; stop producing.
    Closed,
    /// The channel is full; only [`SseSender::try_send`] says so.
    Full,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "the client is gone",
            Self::Full => "the client is too slow; the channel is full",
        })
    }
}

impl std::error::Error for SendError {}

/// The id of the last event a reconnecting client saw.
#[must_use]
pub fn last_event_id(request: &Request) -> Option<&str> {
    let value = request.headers().get(LAST_EVENT_ID)?;
    // Browsers send the id as UTF-8.
    let id = std::str::from_utf8(value.as_bytes()).ok()?;
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests;
