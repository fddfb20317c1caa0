use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::Method;
use http::header::HeaderName;
use http_body::Body as _;
use plumego_contract::{BoxHttpService, Handler, HttpService, Request, ResponseFuture};
use tokio::runtime::Handle;
use tower_layer::Layer;

use super::config::{OnCoalesced, OnError, OnUnshareable, SingleFlightConfig};
use super::flights::{Flights, Joined};
use super::key::KeyMaker;
use super::leader::lead;
use super::waiter::wait;
use crate::wire::{accepts_event_stream, asks_for_upgrade};
use crate::{ConfigError, ConfigErrorKind};

/// Marks copies, when that is configured.
pub const X_COALESCED: HeaderName = HeaderName::from_static("x-coalesced");

/// Longest timeout that is told apart from none; a hundred years.
const TIMEOUT_MAX: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Lets identical requests that are under way share one call. Clones share
/// what is under way; services wrapped by separate calls of `layer` never share
/// a response. Needs a tokio runtime with time; without one requests run alone.
#[derive(Clone)]
pub struct SingleFlightLayer {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    flights: Arc<Flights>,
    methods: Vec<Method>,
    key: KeyMaker,
    pub(super) timeout: Duration,
    max_response_bytes: u64,
    pub(super) on_unshareable: OnUnshareable,
    pub(super) add_coalesced_header: bool,
    pub(super) on_coalesced: Option<OnCoalesced>,
    pub(super) on_error: Option<OnError>,
    services: AtomicU64,
}

/// Reads what a [`SingleFlightLayer`] is doing.
#[derive(Clone)]
pub struct SingleFlight {
    flights: Arc<Flights>,
}

/// What is under way at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlightStats {
    /// Calls that further requests can join.
    pub in_flight: usize,
    /// Requests that wait for the response of another.
    pub waiters: usize,
}

impl SingleFlight {
    /// What is under way now.
    #[must_use]
    pub fn stats(&self) -> FlightStats {
        let (in_flight, waiters) = self.flights.in_flight();
        FlightStats { in_flight, waiters }
    }
}

impl fmt::Debug for SingleFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SingleFlight").field(&self.stats()).finish()
    }
}

impl SingleFlightLayer {
    /// A layer that works as configured, and the handle to watch it.
    ///
    /// # Errors
    /// [`ConfigErrorKind::Invalid`] for a method that is not safe, a name that
    /// is no header name, or a timeout of zero.
    pub fn new(config: SingleFlightConfig) -> Result<(Self, SingleFlight), ConfigError> {
        let invalid = |option, remedy| {
            ConfigError::new(ConfigErrorKind::Invalid, "singleflight", option, remedy)
        };
        if config.timeout.is_zero() {
            return Err(invalid("timeout", "must be above zero"));
        }
        let flights = Arc::new(Flights::default());
        let shared = Shared {
            flights: Arc::clone(&flights),
            methods: safe_methods(&config.methods).ok_or_else(|| {
                invalid(
                    "methods",
                    "has one that is not safe: list of GET, HEAD, OPTIONS and TRACE",
                )
            })?,
            key: KeyMaker::new(config.key)?,
            timeout: config.timeout.min(TIMEOUT_MAX),
            max_response_bytes: config.max_response_bytes,
            on_unshareable: config.on_unshareable,
            add_coalesced_header: config.add_coalesced_header,
            on_coalesced: config.on_coalesced,
            on_error: config.on_error,
            services: AtomicU64::new(0),
        };
        let layer = Self {
            shared: Arc::new(shared),
        };
        Ok((layer, SingleFlight { flights }))
    }
}

/// `None` when one of them is not safe (RFC 9110 section 9.2.1).
fn safe_methods(names: &[String]) -> Option<Vec<Method>> {
    let names = names.iter().map(|name| name.trim().to_ascii_uppercase());
    names
        .filter(|name| !name.is_empty())
        .map(|name| {
            let method = Method::from_bytes(name.as_bytes()).ok()?;
            method.is_safe().then_some(method)
        })
        .collect()
}

impl fmt::Debug for SingleFlightLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SingleFlightLayer")
            .field("methods", &self.shared.methods)
            .finish_non_exhaustive()
    }
}

impl<S: HttpService> Layer<S> for SingleFlightLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Coalescing {
            inner: BoxHttpService::new(inner),
            service: self.shared.services.fetch_add(1, Ordering::Relaxed),
            shared: Arc::clone(&self.shared),
        })
    }
}

struct Coalescing {
    inner: BoxHttpService,
    service: u64,
    shared: Arc<Shared>,
}

impl Handler for Coalescing {
    fn call(&self, request: Request) -> ResponseFuture {
        let shared = &self.shared;
        if !shared.may_coalesce(&request) {
            return self.inner.handle(request);
        }
        let Ok(runtime) = Handle::try_current() else {
            return self.inner.handle(request);
        };
        let (parts, body) = request.into_parts();
        let key = shared.key.key(self.service, &parts);
        let request = Request::from_parts(parts, body);
        let Some(key) = key else {
            return self.inner.handle(request);
        };
        match Flights::join(&shared.flights, key) {
            Joined::Leader(participant) => ResponseFuture::boxed(lead(
                &runtime,
                &self.inner,
                request,
                participant,
                shared.max_response_bytes,
            )),
            Joined::Waiter(participant) => {
                let inner = self.inner.clone();
                ResponseFuture::boxed(wait(Arc::clone(shared), inner, request, participant))
            }
        }
    }
}

impl Shared {
    fn may_coalesce(&self, request: &Request) -> bool {
        self.methods.contains(request.method())
            && request.body().is_end_stream()
            && !asks_for_upgrade(request)
            && !accepts_event_stream(request.headers())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_methods_are_taken() {
        let names = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(ToString::to_string).collect();
            safe_methods(&names)
        };
        assert_eq!(
            names(&[" get ", "", "Options"]),
            Some(vec![Method::GET, Method::OPTIONS])
        );
        for unsafe_method in ["POST", "DELETE", "PURGE", "G T"] {
            assert_eq!(names(&["GET", unsafe_method]), None);
        }
    }

    #[test]
    fn a_timeout_of_zero_is_refused() {
        let config = SingleFlightConfig::default().with_timeout(Duration::ZERO);
        let error = SingleFlightLayer::new(config).unwrap_err();
        assert_eq!(error.option(), "timeout");
    }
}
