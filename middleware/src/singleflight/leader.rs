use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::response::Parts;
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{
    Body, BoxError, BoxHttpService, Error, ErrorKind, Request, RequestScope, Response, write_error,
};
use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;

use super::capture::{Capture, Captured, CarriedPanic, Piece};
use super::flights::{Flight, Flights, Outcome, Participant};
use super::replay::{HeadSnapshot, Replay, may_be_shared};
use super::scope::{copy_route, independent};

/// Starts the call of a flight in a task of its own.
pub(super) fn lead(
    runtime: &Handle,
    inner: &BoxHttpService,
    mut request: Request,
    participant: Participant,
    max_bytes: u64,
) -> Leading {
    let outer = RequestScope::ensure(&mut request).clone();
    let own = independent(&outer, request.headers());
    request.extensions_mut().insert(own.clone());
    let (sender, head) = oneshot::channel();
    let call = Call {
        inner: inner.clone(),
        max_bytes,
        ending: Ending {
            flights: Arc::clone(participant.flights()),
            flight: Arc::clone(participant.flight()),
        },
        leader: sender,
    };
    let task = runtime.spawn(call.run(request));
    participant.flight().runs(task.abort_handle(), own.clone());
    Leading {
        head,
        participant: Some(participant),
        outer,
        own,
    }
}

/// What the leading request gets from the task.
enum Head {
    Whole(Response),
    Streaming(Parts, SizeHint, UnboundedReceiver<Piece>),
    Panicked(CarriedPanic),
}

struct Call {
    inner: BoxHttpService,
    max_bytes: u64,
    ending: Ending,
    leader: oneshot::Sender<Head>,
}

/// Ends the flight, also when the task is dropped half-way.
struct Ending {
    flights: Arc<Flights>,
    flight: Arc<Flight>,
}

impl Ending {
    fn finish(&self, outcome: Outcome) {
        self.flights.finish(&self.flight, outcome);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.finish(Outcome::Failed);
    }
}

impl Call {
    // The leader may be gone at any time, so what is sent to it may be lost.
    async fn run(self, request: Request) {
        let method = request.method().clone();
        let response = match answer(&self.inner, request).await {
            Ok(response) => response,
            Err(panic) => {
                self.ending.finish(Outcome::Failed);
                let _ = self.leader.send(Head::Panicked(panic));
                return;
            }
        };
        if !may_be_shared(&method, &response, self.max_bytes) {
            self.ending.finish(Outcome::Unshareable);
            let _ = self.leader.send(Head::Whole(response));
            return;
        }
        self.share(response).await;
    }

    async fn share(self, response: Response) {
        let (parts, body) = response.into_parts();
        let snapshot = HeadSnapshot::of(parts.status, &parts.headers);
        let hint = body.size_hint();
        let mut capture = Capture::new(body, self.max_bytes);
        let at_hand = poll_fn(|cx| Poll::Ready(capture.poll(cx))).await;
        if at_hand == Poll::Ready(Captured::Whole) {
            let whole = capture.into_whole();
            let body = whole.to_body();
            let replay = Replay::new(snapshot, whole);
            self.ending.finish(Outcome::Shared(Arc::new(replay)));
            let _ = self
                .leader
                .send(Head::Whole(Response::from_parts(parts, body)));
            return;
        }
        let head = Head::Streaming(parts, hint, capture.stream());
        let _ = self.leader.send(head);
        let captured = match at_hand {
            Poll::Ready(captured) => captured,
            Poll::Pending => poll_fn(|cx| capture.poll(cx)).await,
        };
        self.ending.finish(match captured {
            Captured::Whole => {
                Outcome::Shared(Arc::new(Replay::new(snapshot, capture.into_whole())))
            }
            Captured::TooLong | Captured::Failed => Outcome::Unshareable,
            Captured::Panicked => Outcome::Failed,
        });
    }
}

async fn answer(inner: &BoxHttpService, request: Request) -> Result<Response, CarriedPanic> {
    let mut answer =
        catch_unwind(AssertUnwindSafe(|| inner.handle(request))).map_err(CarriedPanic::new)?;
    poll_fn(
        |cx| match catch_unwind(AssertUnwindSafe(|| Pin::new(&mut answer).poll(cx))) {
            Ok(polled) => polled.map(Ok),
            Err(payload) => Poll::Ready(Err(CarriedPanic::new(payload))),
        },
    )
    .await
}

/// The leading request while its response is awaited.
pub(super) struct Leading {
    head: oneshot::Receiver<Head>,
    participant: Option<Participant>,
    outer: RequestScope,
    own: RequestScope,
}

impl Future for Leading {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = &mut *self;
        let head = ready!(Pin::new(&mut this.head).poll(cx));
        let participant = this.participant.take();
        copy_route(&this.own, &this.outer);
        Poll::Ready(match head {
            Ok(Head::Whole(response)) => response,
            Ok(Head::Streaming(parts, hint, pieces)) => {
                let body = Body::new(LeaderBody {
                    pieces,
                    hint,
                    passed: 0,
                    rest: None,
                    ended: false,
                    _participant: participant,
                });
                Response::from_parts(parts, body)
            }
            Ok(Head::Panicked(panic)) => panic.resume(),
            // Only the end of the runtime drops the task while it is awaited.
            Err(_) => write_error(&this.outer, &Error::new(ErrorKind::Unavailable)),
        })
    }
}

/// The body of the leading request, fed by the task until it is whole or turns
/// out not to be shared.
struct LeaderBody {
    pieces: UnboundedReceiver<Piece>,
    hint: SizeHint,
    passed: u64,
    rest: Option<Body>,
    ended: bool,
    _participant: Option<Participant>,
}

impl http_body::Body for LeaderBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        if this.ended {
            return Poll::Ready(None);
        }
        if let Some(rest) = &mut this.rest {
            return Pin::new(rest).poll_frame(cx);
        }
        let frame = match ready!(this.pieces.poll_recv(cx)) {
            Some(Piece::Frame(frame)) => {
                this.passed += frame.data_ref().map_or(0, Bytes::len) as u64;
                return Poll::Ready(Some(Ok(frame)));
            }
            Some(Piece::Rest(rest)) => {
                let rest = this.rest.insert(rest);
                return Pin::new(rest).poll_frame(cx);
            }
            Some(Piece::End) => None,
            Some(Piece::Failed(error)) => Some(Err(error)),
            Some(Piece::Panicked(panic)) => {
                this.ended = true;
                panic.resume()
            }
            None => Some(Err("the call behind the response was cut off".into())),
        };
        this.ended = true;
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.rest.as_ref().is_some_and(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let mut left = SizeHint::new();
        left.set_lower(self.hint.lower().saturating_sub(self.passed));
        if let Some(upper) = self.hint.upper() {
            left.set_upper(upper.saturating_sub(self.passed));
        }
        left
    }
}
