use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use http::header::{ACCEPT_ENCODING, ETAG, HeaderValue};
use http_body::Body as _;
use plumego_contract::{Body, Response};
use tower_http::CompressionLevel;
use tower_http::compression::Compression;
use tower_http::compression::predicate::Predicate;
use tower_service::Service;

use super::config::Algorithm;

/// Compresses a response that was found fit.
pub(super) fn encode(response: Response, algorithm: Algorithm, level: u8) -> Response {
    let mut compression = Compression::new(HandBack)
        .br(algorithm == Algorithm::Brotli)
        .zstd(algorithm == Algorithm::Zstd)
        .gzip(algorithm == Algorithm::Gzip)
        .quality(CompressionLevel::Precise(level.into()))
        .compress_when(Always);
    let mut request = http::Request::new(response);
    request.headers_mut().insert(
        ACCEPT_ENCODING,
        HeaderValue::from_static(algorithm.as_str()),
    );
    let answer = pin!(compression.call(request));
    match answer.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(response)) => finish(response.map(Body::new)),
        Poll::Ready(Err(never)) => match never {},
        Poll::Pending => unreachable!("the response is handed back at once"),
    }
}

/// A service whose request carries its response: the choice of the coding and
/// of what is compressed is made before, so only the encoder is needed.
#[derive(Clone, Copy)]
struct HandBack;

impl Service<http::Request<Response>> for HandBack {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Response>) -> Self::Future {
        ready(Ok(request.into_body()))
    }
}

#[derive(Clone, Copy)]
struct Always;

impl Predicate for Always {
    fn should_compress<B>(&self, _: &http::Response<B>) -> bool
    where
        B: http_body::Body,
    {
        true
    }
}

/// The compressed bytes are not those a strong validator stands for (RFC 9110
/// section 8.8.1).
fn finish(mut response: Response) -> Response {
    debug_assert!(response.body().size_hint().exact().is_none());
    let weak = response.headers().get(ETAG).and_then(weakened);
    if let Some(weak) = weak {
        response.headers_mut().insert(ETAG, weak);
    }
    response
}

fn weakened(etag: &HeaderValue) -> Option<HeaderValue> {
    let bytes = etag.as_bytes();
    if bytes.starts_with(b"W/") {
        return None;
    }
    HeaderValue::from_bytes(&[b"W/", bytes].concat()).ok()
}
