use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body as _;
use plumego_contract::{Body, Response};
use tokio::time::{Sleep, sleep};

use super::refusal::close_connection;

/// Most bytes that are read only to keep a connection usable.
pub(super) const REST_BYTES_MAX: u64 = 64 * 1024;
/// How long their arrival is waited for.
const REST_WAIT: Duration = Duration::from_secs(1);

/// Reads what is left of a body, then answers. When more is left than is worth
/// it, or it does not come, the answer closes the connection.
pub(super) struct Drain {
    body: Body,
    response: Option<Response>,
    left_bytes: u64,
    /// Made when the body has to be waited for.
    patience: Option<Pin<Box<Sleep>>>,
}

impl Drain {
    pub(super) fn new(body: Body, response: Response) -> Self {
        Self {
            body,
            response: Some(response),
            left_bytes: REST_BYTES_MAX,
            patience: None,
        }
    }

    /// Resolves to true when the body came to its end.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        loop {
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Pending => break,
                Poll::Ready(None) => return Poll::Ready(true),
                Poll::Ready(Some(Err(_))) => return Poll::Ready(false),
                Poll::Ready(Some(Ok(frame))) => {
                    let bytes = frame.data_ref().map_or(0, Bytes::len) as u64;
                    match self.left_bytes.checked_sub(bytes) {
                        Some(left) => self.left_bytes = left,
                        None => return Poll::Ready(false),
                    }
                }
            }
        }
        let patience = self
            .patience
            .get_or_insert_with(|| Box::pin(sleep(REST_WAIT)));
        patience.as_mut().poll(cx).map(|()| false)
    }
}

impl Future for Drain {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response> {
        let Poll::Ready(drained) = self.poll_end(cx) else {
            return Poll::Pending;
        };
        let Some(response) = self.response.take() else {
            panic!("a drain was polled after it finished");
        };
        Poll::Ready(if drained {
            response
        } else {
            close_connection(response)
        })
    }
}
