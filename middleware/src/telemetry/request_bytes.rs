use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use plumego_contract::{Body, BoxError, Request};

/// Counts the bytes of a request body that were read. The outermost layer that
/// asks wraps the body; inner ones share its count.
#[derive(Clone)]
pub(super) struct RequestBytes(Option<Arc<AtomicU64>>);

/// The count of a request body that is counted already.
#[derive(Clone)]
struct Counted(Arc<AtomicU64>);

impl RequestBytes {
    pub(super) fn count(request: &mut Request) -> Self {
        if request.body().is_end_stream() {
            return Self(None);
        }
        if let Some(Counted(counter)) = request.extensions().get() {
            return Self(Some(Arc::clone(counter)));
        }
        let counter = Arc::new(AtomicU64::new(0));
        request
            .extensions_mut()
            .insert(Counted(Arc::clone(&counter)));
        let body = std::mem::take(request.body_mut());
        *request.body_mut() = Body::new(CountedBody {
            body,
            counter: Arc::clone(&counter),
        });
        Self(Some(counter))
    }

    pub(super) fn get(&self) -> u64 {
        // A count only; what was read is not looked at through it.
        let Self(counter) = self;
        counter
            .as_ref()
            .map_or(0, |counter| counter.load(Ordering::Relaxed))
    }
}

struct CountedBody {
    body: Body,
    counter: Arc<AtomicU64>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let bytes = frame.data_ref().map_or(0, |data| data.len() as u64);
            self.counter.fetch_add(bytes, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
