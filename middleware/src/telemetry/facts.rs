use http::header::USER_AGENT;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode, Version};
use plumego_contract::{Request, RequestId, RequestScope, RouteMatch, TraceContext};

use super::request_bytes::RequestBytes;
use super::{Outcome, RequestSummary};
use crate::requestid::{RequestIdConfig, settle};

/// Longest user agent in a summary, in bytes.
const USER_AGENT_BYTES_MAX: usize = 256;

/// How much of a request is kept for its summary.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything.
    Full,
    /// Without path and user agent, which metrics never use.
    Labels,
}

/// What is kept of a request until it is over.
pub(crate) struct Facts {
    method: Method,
    target: Option<PathAndQuery>,
    user_agent: Option<HeaderValue>,
    version: Version,
    scope: RequestScope,
    bytes_in: RequestBytes,
    /// Set when this layer had to decide the id, and so has to announce it.
    stamped: Option<RequestId>,
}

impl Facts {
    /// Keeps what a summary needs; counts the request body from here on and
    /// gives the request an id when nobody else does.
    pub(crate) fn of(request: &mut Request, detail: Detail) -> Self {
        let scope = RequestScope::ensure(request).clone();
        let stamped = stamp(&scope, request);
        let full = detail == Detail::Full;
        Self {
            method: request.method().clone(),
            target: request.uri().path_and_query().filter(|_| full).cloned(),
            user_agent: request.headers().get(USER_AGENT).filter(|_| full).cloned(),
            version: request.version(),
            scope,
            bytes_in: RequestBytes::count(request),
            stamped,
        }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    pub(crate) fn scope(&self) -> &RequestScope {
        &self.scope
    }

    /// The id this layer decided, once.
    pub(super) fn take_stamped(&mut self) -> Option<RequestId> {
        self.stamped.take()
    }

    pub(super) fn summary(
        &self,
        status: StatusCode,
        bytes_out: u64,
        outcome: Outcome,
    ) -> RequestSummary<'_> {
        let route = self.scope.route();
        let trace = self.scope.trace();
        RequestSummary {
            method: &self.method,
            path: self.target.as_ref().map_or("", PathAndQuery::path),
            route: route.map(RouteMatch::pattern),
            route_name: route.and_then(RouteMatch::name),
            status,
            bytes_in: self.bytes_in.get(),
            bytes_out,
            duration: self.scope.started_at().elapsed(),
            request_id: self.scope.request_id(),
            trace_id: trace.as_ref().and_then(TraceContext::trace_id),
            span_id: trace.as_ref().and_then(TraceContext::span_id),
            client_ip: self.scope.client().ip(),
            user_agent: self.user_agent.as_ref().and_then(readable),
            protocol: protocol(self.version),
            outcome,
        }
    }
}

/// Decides an id when no server and no outer layer does, so that log, metrics
/// and trace share one. An id that a server will generate when asked counts as
/// decided; it is not asked for here.
fn stamp(scope: &RequestScope, request: &Request) -> Option<RequestId> {
    let decided = scope.decided_request_id().is_some();
    if decided || scope.settings().generate_request_id.is_some() {
        return None;
    }
    Some(settle(
        scope,
        request.headers(),
        &RequestIdConfig::default(),
    ))
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_09 => "HTTP/0.9",
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        Version::HTTP_3 => "HTTP/3.0",
        _ => "HTTP/1.1",
    }
}

/// The start of a header value that is text and short enough.
fn readable(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
    };
    let end = text.floor_char_boundary(USER_AGENT_BYTES_MAX);
    (end > 0).then(|| &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_agents_are_cut_at_a_character() {
        let long = HeaderValue::from_bytes("é".repeat(200).as_bytes()).unwrap();
        assert_eq!(readable(&long).unwrap().len(), 256);
        let odd = HeaderValue::from_bytes(format!("x{}", "é".repeat(200)).as_bytes()).unwrap();
        assert_eq!(readable(&odd).unwrap().len(), 255);
        let broken = HeaderValue::from_bytes(b"agent \xff rest").unwrap();
        assert_eq!(readable(&broken), Some("agent "));
        assert_eq!(readable(&HeaderValue::from_static("")), None);
    }
}
