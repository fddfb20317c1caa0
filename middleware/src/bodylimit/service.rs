use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::EXPECT;
use http::{StatusCode, Version};
use http_body::Body as _;
use plumego_contract::{
    Body, BodyLimitExceeded, BoxHttpService, Handler, Request, Response, ResponseFuture,
};
use plumego_log::Logger;

use super::body::{LimitedBody, Overrun};
use super::drain::{Drain, REST_BYTES_MAX};
use super::refusal::{Refusal, close_connection};
use crate::wire::declared_length;

pub(super) struct BodyLimit {
    inner: BoxHttpService,
    max_bytes: u64,
    logger: Option<Arc<dyn Logger>>,
}

impl BodyLimit {
    pub(super) fn new(
        inner: BoxHttpService,
        max_bytes: u64,
        logger: Option<Arc<dyn Logger>>,
    ) -> Self {
        Self {
            inner,
            max_bytes,
            logger,
        }
    }
}

impl Handler for BodyLimit {
    fn call(&self, request: Request) -> ResponseFuture {
        // The length of a body that knows it is enforced by whoever sends it.
        let length = request.body().exact_len();
        let declared = length.or_else(|| declared_length(request.headers()));
        if let Some(seen_bytes) = declared.filter(|declared| *declared > self.max_bytes) {
            return self.refuse(request, seen_bytes);
        }
        if length.is_some() || request.body().is_end_stream() {
            return self.inner.handle(request);
        }
        self.watch(request)
    }
}

impl BodyLimit {
    /// Answers without calling the service.
    fn refuse(&self, mut request: Request, seen_bytes: u64) -> ResponseFuture {
        let exceeded = BodyLimitExceeded::new(self.max_bytes, seen_bytes);
        let refusal = Refusal::of(&mut request, self.logger.as_ref());
        refusal.report(exceeded);
        let response = refusal.answer(exceeded);
        if request.version() >= Version::HTTP_2 {
            return ResponseFuture::ready(response);
        }
        // Reading would ask a client that waits for `100 Continue` to send.
        if seen_bytes > REST_BYTES_MAX || request.headers().contains_key(EXPECT) {
            return ResponseFuture::ready(close_connection(response));
        }
        ResponseFuture::boxed(Drain::new(request.into_body(), response))
    }

    fn watch(&self, mut request: Request) -> ResponseFuture {
        let overrun = Overrun::new(Refusal::of(&mut request, self.logger.as_ref()));
        let version = request.version();
        let limit = self.max_bytes;
        let request =
            request.map(|body| Body::new(LimitedBody::new(body, limit, Arc::clone(&overrun))));
        ResponseFuture::boxed(Watched {
            answer: Answer::Inner(self.inner.handle(request)),
            version,
            overrun,
        })
    }
}

/// A call whose body is watched.
struct Watched {
    answer: Answer,
    version: Version,
    overrun: Arc<Overrun>,
}

enum Answer {
    Inner(ResponseFuture),
    Draining(Drain),
}

impl Future for Watched {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let this = &mut *self;
        loop {
            let inner = match &mut this.answer {
                Answer::Draining(drain) => return Pin::new(drain).poll(cx),
                Answer::Inner(inner) => inner,
            };
            let Poll::Ready(response) = Pin::new(inner).poll(cx) else {
                return Poll::Pending;
            };
            let Some((exceeded, rest)) = this.overrun.close() else {
                return Poll::Ready(response);
            };
            let response = match response.status() {
                // The service noticed, and may say more about it.
                StatusCode::PAYLOAD_TOO_LARGE => response,
                _ => this.overrun.refusal().answer(exceeded),
            };
            if this.version >= Version::HTTP_2 {
                return Poll::Ready(response);
            }
            this.answer = Answer::Draining(Drain::new(rest, response));
        }
    }
}
