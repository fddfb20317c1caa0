//! Request metadata: one value per request with fixed slots.

pub(crate) mod cancel;
pub(crate) mod client;
pub(crate) mod ends;
pub(crate) mod request_id;
pub(crate) mod route;
pub(crate) mod settings;
pub(crate) mod trace;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use http::uri::PathAndQuery;

pub use cancel::{CancelSource, Cancelled};
pub use client::{ClientInfo, ConnectionInfo, Scheme, TlsInfo};
pub use ends::ParamEnds;
pub use request_id::{InvalidRequestId, RequestId, X_REQUEST_ID};
pub use route::{PARAMS_MAX, RouteMatch, RoutePattern};
pub use settings::ScopeSettings;
pub use trace::{
    InvalidTraceId, SpanId, TRACEPARENT, TraceContext, TraceId, format_traceparent,
    parse_traceparent,
};

use cancel::{CancelCell, Watched};

/// The point in time at which the answer to a request must be under way.
pub type Deadline = Instant;

/// Transport metadata of one request: id, route, trace, client, deadline.
///
/// It is not a bag: the slots are fixed and applications add nothing. The
/// server puts it into the request before the first layer runs; clones share
/// the slots, so an outer layer reads after the call what was decided inside.
///
/// ```
/// use plumego_contract::{Request, Body, RequestId, RequestScope};
///
/// let mut request = Request::new(Body::empty());
/// let scope = RequestScope::ensure(&mut request).clone();
/// scope.set_request_id(RequestId::parse("req-1").unwrap()).unwrap();
/// assert_eq!(plumego_contract::request_id(&request).unwrap().as_str(), "req-1");
/// ```
#[derive(Clone)]
pub struct RequestScope(Arc<Inner>);

struct Inner {
    /// Set on child scopes: every slot but the route is the parent's.
    parent: Option<RequestScope>,
    settings: Arc<ScopeSettings>,
    prefers_problem: bool,
    started_at: Instant,
    client: ClientInfo,
    request_id: OnceLock<RequestId>,
    trace: OnceLock<Box<TraceSlot>>,
    route: RouteMatch,
    /// Nanoseconds after `started_at`; `u64::MAX` means none.
    deadline: AtomicU64,
    cancel: CancelCell,
}

/// Trace contexts in the order in which they were set; the last one counts.
/// Appending needs no lock and readers never see a half-written value.
struct TraceSlot {
    context: TraceContext,
    next: OnceLock<Box<Self>>,
}

/// What a server knows about a request before any layer runs.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct ScopeInit {
    /// Who sent the request.
    pub client: ClientInfo,
    /// A valid id the request brought.
    pub request_id: Option<RequestId>,
    /// A valid trace context the request brought.
    pub trace: Option<TraceContext>,
    /// The client ranks `application/problem+json` above `application/json`;
    /// only used with [`ErrorFormat::Negotiate`](crate::ErrorFormat::Negotiate).
    pub prefers_problem: bool,
    /// When the request started; now, if absent.
    pub started_at: Option<Instant>,
    /// The target of the request, from which the values of parameters are cut;
    /// a router that finds none here keeps its own.
    pub target: Option<PathAndQuery>,
}

const NO_DEADLINE: u64 = u64::MAX;

impl RequestScope {
    /// The scope of a new request; for servers.
    #[must_use]
    pub fn new(settings: Arc<ScopeSettings>, init: ScopeInit) -> Self {
        let scope = Self(Arc::new(Inner {
            parent: None,
            settings,
            prefers_problem: init.prefers_problem,
            started_at: init.started_at.unwrap_or_else(Instant::now),
            client: init.client,
            request_id: OnceLock::new(),
            trace: OnceLock::new(),
            route: RouteMatch::unset(init.target),
            deadline: AtomicU64::new(NO_DEADLINE),
            cancel: CancelCell::default(),
        }));
        if let Some(id) = init.request_id {
            let _ = scope.0.request_id.set(id);
        }
        if let Some(trace) = init.trace {
            scope.set_trace(trace);
        }
        scope
    }

    /// A scope no server made: default rendering, unknown client, no id.
    #[must_use]
    pub fn detached() -> Self {
        Self::new(Arc::clone(ScopeSettings::detached()), ScopeInit::default())
    }

    /// The scope of a request, if it has one.
    #[must_use]
    pub fn of<B>(request: &http::Request<B>) -> Option<&Self> {
        request.extensions().get::<Self>()
    }

    /// The scope of a request; a detached one is inserted when there is none.
    pub fn ensure<B>(request: &mut http::Request<B>) -> &Self {
        if Self::of(request).is_none() {
            let init = ScopeInit {
                target: request.uri().path_and_query().cloned(),
                ..ScopeInit::default()
            };
            let scope = Self::new(Arc::clone(ScopeSettings::detached()), init);
            request.extensions_mut().insert(scope);
        }
        request.extensions_mut().get_or_insert_with(Self::detached)
    }

    /// A scope with a fresh route slot and everything else shared, for a
    /// router inside a router.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(Arc::new(Inner {
            parent: Some(self.clone()),
            settings: Arc::clone(&self.0.settings),
            prefers_problem: self.0.prefers_problem,
            started_at: self.0.started_at,
            client: ClientInfo::default(),
            request_id: OnceLock::new(),
            trace: OnceLock::new(),
            route: RouteMatch::unset(self.root().route.path().cloned()),
            deadline: AtomicU64::new(NO_DEADLINE),
            cancel: CancelCell::default(),
        }))
    }

    /// The scope that holds the shared slots.
    fn root(&self) -> &Inner {
        let mut inner = &self.0;
        while let Some(parent) = &inner.parent {
            inner = &parent.0;
        }
        inner
    }

    /// The correlation id. When the request brought none and the server
    /// generates ids, the first call decides it.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        let root = self.root();
        match &root.settings.generate_request_id {
            Some(generate) => Some(root.request_id.get_or_init(|| generate())),
            None => root.request_id.get(),
        }
    }

    /// The correlation id if it was already decided; never generates one.
    #[must_use]
    pub fn decided_request_id(&self) -> Option<&RequestId> {
        self.root().request_id.get()
    }

    /// Decides the correlation id.
    ///
    /// # Errors
    /// The id given, when one was decided before; that one stays.
    pub fn set_request_id(&self, id: RequestId) -> Result<(), RequestId> {
        self.root().request_id.set(id)
    }

    /// The route that matched, once it is known.
    #[must_use]
    pub fn route(&self) -> Option<&RouteMatch> {
        self.0.route.is_set().then_some(&self.0.route)
    }

    /// Fills the route slot; for routers.
    ///
    /// # Errors
    /// The match given, when the slot is taken; use a [`child`](Self::child).
    pub fn set_route(&self, route: RouteMatch) -> Result<(), RouteMatch> {
        self.0.route.fill_from(route)
    }

    /// Fills the route slot in place, for routers: `pattern` matched, and its
    /// values end at these offsets into `path`. False when the slot is taken;
    /// use a [`child`](Self::child). A value that does not lie on character
    /// boundaries inside the path reads as empty.
    #[must_use]
    #[inline]
    pub fn match_route(
        &self,
        pattern: &'static RoutePattern,
        path: &PathAndQuery,
        ends: ParamEnds,
    ) -> bool {
        self.0.route.fill(pattern, path, ends)
    }

    /// As [`match_route`](Self::match_route), when values lie in another text
    /// than the path, such as the decoded path.
    #[must_use]
    pub fn match_route_in_text(
        &self,
        pattern: &'static RoutePattern,
        text: impl FnOnce() -> Box<str>,
        ends: ParamEnds,
    ) -> bool {
        self.0.route.fill_with_text(pattern, text, ends)
    }

    /// The trace context that applies now.
    #[must_use]
    pub fn trace(&self) -> Option<TraceContext> {
        let mut slot = self.root().trace.get()?;
        while let Some(next) = slot.next.get() {
            slot = next;
        }
        Some(slot.context.clone())
    }

    /// Replaces the trace context.
    pub fn set_trace(&self, context: TraceContext) {
        let mut entry = Box::new(TraceSlot {
            context,
            next: OnceLock::new(),
        });
        let mut cell = &self.root().trace;
        loop {
            match cell.set(entry) {
                Ok(()) => return,
                Err(refused) => entry = refused,
            }
            if let Some(slot) = cell.get() {
                cell = &slot.next;
            }
        }
    }

    /// Who sent the request.
    #[must_use]
    pub fn client(&self) -> &ClientInfo {
        &self.root().client
    }

    /// When the request started.
    #[must_use]
    pub fn started_at(&self) -> Instant {
        self.0.started_at
    }

    /// The deadline, if a layer set one.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        let nanos = self.root().deadline.load(Ordering::Acquire);
        (nanos != NO_DEADLINE).then(|| self.0.started_at + Duration::from_nanos(nanos))
    }

    /// Moves the deadline to `deadline`, unless an earlier one applies.
    pub fn tighten_deadline(&self, deadline: Deadline) {
        let after = deadline.saturating_duration_since(self.0.started_at);
        let nanos = u64::try_from(after.as_nanos()).unwrap_or(NO_DEADLINE - 1);
        self.root().deadline.fetch_min(nanos, Ordering::AcqRel);
    }

    /// Tells work that moved to other tasks to stop: the client left, the
    /// deadline passed, or the server is forced down.
    pub fn cancel(&self) {
        self.root().cancel.cancel();
    }

    /// True once the request was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.root().cancel.is_cancelled() || self.0.settings.force.is_cancelled()
    }

    /// Resolves when the request is cancelled: the client left, the deadline
    /// passed, or the server is forced down.
    #[must_use]
    pub fn cancelled(&self) -> Cancelled {
        Cancelled::new([
            Some(Watched::Scope(self.clone())),
            Some(Watched::Source(self.0.settings.force.clone())),
        ])
    }

    /// Resolves when the request is cancelled or the server starts to drain:
    /// the moment for a long-lived stream to end.
    #[must_use]
    pub fn draining(&self) -> Cancelled {
        Cancelled::new([
            Some(Watched::Scope(self.clone())),
            Some(Watched::Source(self.0.settings.drain.clone())),
        ])
    }

    /// What the requests of one server share.
    #[must_use]
    pub fn settings(&self) -> &ScopeSettings {
        &self.0.settings
    }

    pub(crate) fn prefers_problem(&self) -> bool {
        self.0.prefers_problem
    }

    fn cancel_cell(&self) -> &CancelCell {
        &self.root().cancel
    }
}

impl fmt::Debug for RequestScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestScope")
            .field("request_id", &self.decided_request_id())
            .field("route", &self.route().map(RouteMatch::pattern))
            .field("client", self.client())
            .finish_non_exhaustive()
    }
}

/// The correlation id of a request.
#[must_use]
pub fn request_id<B>(request: &http::Request<B>) -> Option<&RequestId> {
    RequestScope::of(request)?.request_id()
}

/// A path parameter, percent-decoded.
#[must_use]
pub fn param<'r, B>(request: &'r http::Request<B>, name: &str) -> Option<&'r str> {
    RequestScope::of(request)?.route()?.param(name)
}

/// All path parameters in the order of the pattern.
pub fn params<B>(request: &http::Request<B>) -> impl Iterator<Item = (&str, &str)> {
    RequestScope::of(request)
        .and_then(RequestScope::route)
        .into_iter()
        .flat_map(RouteMatch::params)
}

/// The pattern of the route that matched, for example `/users/{id}`.
#[must_use]
pub fn route_pattern<B>(request: &http::Request<B>) -> Option<&str> {
    Some(RequestScope::of(request)?.route()?.pattern())
}

/// The name of the route that matched.
#[must_use]
pub fn route_name<B>(request: &http::Request<B>) -> Option<&str> {
    RequestScope::of(request)?.route()?.name()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_its_own_route_and_shares_the_rest() {
        let outer = RequestScope::detached();
        outer
            .set_route(RouteMatch::for_test("/a/{x}", Some("a"), &[("x", "1")]))
            .unwrap();
        let inner = outer.child().child();
        assert!(inner.route().is_none());
        inner
            .set_route(RouteMatch::for_test("/b", None, &[]))
            .unwrap();
        assert_eq!(inner.route().unwrap().name(), None);
        assert_eq!(inner.route().unwrap().param("x"), None);
        inner
            .set_request_id(RequestId::parse("id").unwrap())
            .unwrap();
        assert_eq!(outer.request_id().unwrap().as_str(), "id");
        inner.cancel();
        assert!(outer.is_cancelled());
        assert_eq!(outer.route().unwrap().pattern(), "/a/{x}");
    }

    #[test]
    fn deadlines_only_move_closer() {
        let scope = RequestScope::detached();
        let at = |s| scope.started_at() + Duration::from_secs(s);
        assert_eq!(scope.deadline(), None);
        scope.tighten_deadline(at(5));
        scope.tighten_deadline(at(9));
        assert_eq!(scope.deadline(), Some(at(5)));
        scope.child().tighten_deadline(at(2));
        assert_eq!(scope.deadline(), Some(at(2)));
    }

    #[test]
    fn ids_are_generated_once_and_only_when_asked_for() {
        let calls = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&calls);
        let settings = ScopeSettings {
            generate_request_id: Some(Arc::new(move || {
                let n = counted.fetch_add(1, Ordering::SeqCst);
                RequestId::parse(format!("gen-{n}")).unwrap()
            })),
            ..ScopeSettings::default()
        };
        let scope = RequestScope::new(Arc::new(settings), ScopeInit::default());
        assert_eq!(scope.decided_request_id(), None);
        assert_eq!(calls.load(Ordering::SeqCst), 0);
        assert_eq!(scope.request_id().unwrap().as_str(), "gen-0");
        assert_eq!(scope.child().request_id().unwrap().as_str(), "gen-0");
        assert!(
            scope
                .set_request_id(RequestId::parse("x").unwrap())
                .is_err()
        );
    }

    #[test]
    fn the_last_trace_context_counts() {
        let scope = RequestScope::detached();
        assert_eq!(scope.trace(), None);
        for flags in 0..4 {
            scope.set_trace(TraceContext::default().with_flags(flags));
            assert_eq!(scope.trace().unwrap().flags(), flags);
        }
    }
}
