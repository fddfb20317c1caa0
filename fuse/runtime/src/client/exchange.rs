//! One request to another server and its answer.

use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{Extensions, HeaderMap, Method, Request, Response, StatusCode, Uri};
use http_body::Body;
use hyper_util::client::legacy;
use plumego_contract::BoxError;

use super::failure::{Failure, find};
use super::phase::{Outbound, PROGRESS, Progress};
use super::transport::Client;

/// What is sent.
#[derive(Debug)]
pub(super) struct Outgoing {
    /// The function that was called, as messages name it.
    pub(super) word: &'static str,
    pub(super) method: Method,
    /// The URL, as it was given.
    pub(super) url: String,
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// How long everything may take; zero for as long as it likes.
    pub(super) timeout_ms: u64,
}

/// What came back, whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Client {
    /// Sends a request and reads the answer, within the time that it has.
    ///
    /// # Errors
    ///
    /// There is no answer, or none that is a success.
    pub(super) async fn exchange(&self, request: &Outgoing) -> Result<Answer, Failure> {
        if let Some(policy) = &self.policy
            && policy.check_url(&request.uri.to_string()).is_err()
        {
            return Err(Failure::blocked(request));
        }
        let progress = Progress::new(!request.body.is_empty());
        let exchange = PROGRESS.scope(progress.clone(), self.attempts(request, &progress));
        let answer = match request.timeout_ms {
            0 => exchange.await?,
            limit => match tokio::time::timeout(Duration::from_millis(limit), exchange).await {
                Ok(answer) => answer?,
                Err(_) => {
                    let phase = progress.phase().words();
                    let what = format!("timed out during {phase} after {limit}ms");
                    return Err(Failure::of(request, "timeout", &what));
                }
            },
        };
        if answer.status.is_success() {
            return Ok(answer);
        }
        let what = format!("returned status {}", answer.status.as_u16());
        Err(Failure {
            answer: Some(Box::new(answer)),
            ..Failure::of(request, "http_status", &what)
        })
    }

    /// Sends a request once more where a kept connection turns out to have been
    /// closed, and doing it twice does nothing that once does not.
    async fn attempts(&self, request: &Outgoing, progress: &Progress) -> Result<Answer, Failure> {
        let mut may_repeat = request.method.is_idempotent();
        loop {
            let sent = self.send(self.head(request, progress)).await;
            match sent {
                Ok(response) => return self.read(request, response).await,
                Err(error) => {
                    let closed = find::<hyper::Error>(&error)
                        .is_some_and(|error| error.is_incomplete_message() || error.is_canceled())
                        || find::<io::Error>(&error)
                            .is_some_and(|error| error.kind() == io::ErrorKind::ConnectionReset);
                    if !closed || !may_repeat || !is_kept(&error, progress) {
                        return Err(Failure::of_client(request, &error));
                    }
                    may_repeat = false;
                }
            }
        }
    }

    fn head(&self, request: &Outgoing, progress: &Progress) -> Request<Outbound> {
        progress.connected();
        let body = Outbound::new(request.body.clone(), progress.clone());
        let mut sent = Request::new(body);
        *sent.method_mut() = request.method.clone();
        *sent.uri_mut() = request.uri.clone();
        *sent.headers_mut() = request.headers.clone();
        sent
    }

    /// The whole answer, if it is not too large.
    async fn read<B>(&self, request: &Outgoing, response: Response<B>) -> Result<Answer, Failure>
    where
        B: Body<Data = Bytes, Error = BoxError>,
    {
        let (head, body) = response.into_parts();
        let max = self.body_bytes_max;
        let mut body = std::pin::pin!(body);
        let mut read = BytesMut::new();
        while let Some(frame) = std::future::poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            let frame = frame.map_err(|error| broken(request, &*error))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if (read.len() + data.len()) as u64 > max {
                let what = format!("response exceeds {max} bytes");
                return Err(Failure::of(request, "response_too_large", &what));
            }
            read.extend_from_slice(&data);
        }
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body: read.freeze(),
        })
    }
}

/// Whether a request failed on a connection that was there before it.
fn is_kept(error: &legacy::Error, progress: &Progress) -> bool {
    let Some(connected) = error.connect_info() else {
        return false;
    };
    let mut extras = Extensions::new();
    connected.get_extras(&mut extras);
    let dialler = extras.get::<Progress>();
    !dialler.is_some_and(|dialler| dialler.is_of(progress))
}

/// A body that did not come to its end.
fn broken(request: &Outgoing, error: &(dyn std::error::Error + 'static)) -> Failure {
    let is = |kind| find::<io::Error>(error).is_some_and(|error| error.kind() == kind);
    if is(io::ErrorKind::ConnectionReset) {
        return Failure::network(request, "connection reset");
    }
    let incomplete = find::<hyper::Error>(error).is_some_and(hyper::Error::is_incomplete_message);
    let reason = match incomplete || is(io::ErrorKind::UnexpectedEof) {
        true => "unexpected end of body".to_owned(),
        false => super::failure::deepest(error),
    };
    Failure::invalid_response(request, &reason)
}
