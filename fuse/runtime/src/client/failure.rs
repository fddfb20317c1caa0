//! Why a request to another server gave no success.

use std::error::Error;

use plumego_security::ssrf::SsrfError;

use super::connect::ConnectError;
use super::exchange::{Answer, Outgoing};

/// A request without a success.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The answer, where there was one.
    pub(super) answer: Option<Box<Answer>>,
}

impl Failure {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            answer: None,
        }
    }

    /// `<word> <url> <what>`
    pub(super) fn of(request: &Outgoing, code: &'static str, what: &str) -> Self {
        Self::new(code, format!("{} {} {what}", request.word, request.url))
    }

    pub(super) fn blocked(request: &Outgoing) -> Self {
        Self::of(request, "blocked_address", "resolves to a blocked address")
    }

    pub(super) fn network(request: &Outgoing, reason: &str) -> Self {
        Self::of(request, "network_error", &format!("failed: {reason}"))
    }

    pub(super) fn invalid_response(request: &Outgoing, reason: &str) -> Self {
        let what = format!("returned an invalid response: {reason}");
        Self::of(request, "invalid_response", &what)
    }

    /// Why no head of a response came.
    pub(super) fn of_client(request: &Outgoing, error: &hyper_util::client::legacy::Error) -> Self {
        if let Some(refused) = find::<SsrfError>(error) {
            return match refused {
                SsrfError::Resolve(cause) => Self::network(request, &deepest(&**cause)),
                _ => Self::blocked(request),
            };
        }
        if let Some(ConnectError::Tls(cause)) = find::<ConnectError>(error) {
            let what = format!("TLS handshake failed: {}", deepest(cause));
            return Self::of(request, "tls_error", &what);
        }
        match find::<hyper::Error>(error) {
            Some(cause) if cause.is_parse() => Self::invalid_response(request, &cause.to_string()),
            _ => Self::network(request, &deepest(error)),
        }
    }
}

/// An error of a type, among the causes of another.
pub(super) fn find<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut causes = causes(error);
    causes.find_map(|error| error.downcast_ref())
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| Error::source(*error))
}

/// What happened in the end, without what it happened in.
pub(super) fn deepest(error: &(dyn Error + 'static)) -> String {
    causes(error)
        .last()
        .map_or_else(String::new, ToString::to_string)
}
