use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use plumego_contract::{
    BoxHttpService, ClientInfo, Handler, HttpService, Request, RequestScope, ResponseFuture,
};
use plumego_security::abuse::{
    AbuseConfig, AbuseError, AbuseGuard, Decision, Guarded, IpKey, Limiter,
};
use tower_layer::Layer;

use super::answer::Answers;
use super::config::AbuseGuardConfig;
use crate::call;
use crate::callback::guarded;

/// The bucket of requests whose client has no address, such as those over a
/// unix socket.
const WITHOUT_ADDRESS: &str = "without address";

/// Limits requests per client. Clones share the limiter.
#[derive(Clone)]
pub struct AbuseGuardLayer {
    guard: Guard,
    config: Arc<AbuseGuardConfig>,
}

#[derive(Clone)]
enum Guard {
    /// Answers at once; no future is boxed.
    Local(Limiter),
    Shared(Arc<Guarded>),
}

impl AbuseGuardLayer {
    /// A layer that asks this limiter, which stays the caller's.
    #[must_use]
    pub fn new(guard: Arc<dyn AbuseGuard>, config: AbuseGuardConfig) -> Self {
        let guarded = Guarded::new(guard).on_error(config.on_error.clone());
        Self {
            guard: Guard::Shared(Arc::new(guarded)),
            config: Arc::new(config),
        }
    }

    /// A layer with a limiter of its own, in memory.
    ///
    /// # Errors
    /// [`AbuseError::InvalidConfig`] for limits that are none.
    pub fn local(limits: AbuseConfig, config: AbuseGuardConfig) -> Result<Self, AbuseError> {
        Ok(Self {
            guard: Guard::Local(Limiter::new(limits)?),
            config: Arc::new(config),
        })
    }

    /// The limiter in memory, for its metrics; none for one that is elsewhere.
    #[must_use]
    pub fn limiter(&self) -> Option<&Limiter> {
        match &self.guard {
            Guard::Local(limiter) => Some(limiter),
            Guard::Shared(_) => None,
        }
    }
}

impl fmt::Debug for AbuseGuardLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AbuseGuardLayer")
            .field("limiter", &self.limiter())
            .field("config", &self.config)
            .finish()
    }
}

impl<S: HttpService> Layer<S> for AbuseGuardLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Service {
            inner: BoxHttpService::new(inner),
            guard: self.guard.clone(),
            config: Arc::clone(&self.config),
        })
    }
}

struct Service {
    inner: BoxHttpService,
    guard: Guard,
    config: Arc<AbuseGuardConfig>,
}

impl Handler for Service {
    fn call(&self, request: Request) -> ResponseFuture {
        let (head, body) = request.into_parts();
        let ask = self.ask(&head);
        let request = Request::from_parts(head, body);
        let Some(ask) = ask else {
            return self.inner.handle(request);
        };
        let answers = Answers::new(&self.config);
        match &self.guard {
            Guard::Local(limiter) => {
                let verdict = limiter.check_n(ask.key.as_str(), ask.cost);
                proceed(&self.inner, request, verdict, answers)
            }
            Guard::Shared(guard) => {
                let (inner, guard) = (self.inner.clone(), Arc::clone(guard));
                ResponseFuture::boxed(async move {
                    let verdict = guard.check(ask.key.as_str(), ask.cost).await;
                    proceed(&inner, request, verdict, answers).await
                })
            }
        }
    }
}

/// What the limiter is asked about a request.
struct Ask {
    key: Key,
    cost: u32,
}

enum Key {
    Address(IpKey),
    Own(String),
    None,
}

impl Key {
    fn as_str(&self) -> &str {
        match self {
            Self::Address(key) => key.as_str(),
            Self::Own(key) => key,
            Self::None => WITHOUT_ADDRESS,
        }
    }
}

impl Service {
    /// `None` for a request that is not checked.
    fn ask(&self, head: &Parts) -> Option<Ask> {
        let config = &*self.config;
        if let Some(skip) = &config.skip
            && guarded(|| skip(head)).unwrap_or(false)
        {
            return None;
        }
        let client = head
            .extensions
            .get::<RequestScope>()
            .map(RequestScope::client);
        let key = match &config.key {
            None => client
                .and_then(ClientInfo::ip)
                .map(IpKey::new)
                .map(Key::Address),
            Some(key) => own_key(guarded(|| key(head)).flatten()),
        };
        let by_peer = || {
            let peer = client.and_then(ClientInfo::peer)?;
            Some(Key::Address(IpKey::new(peer.ip())))
        };
        let cost = config.cost.as_ref();
        Some(Ask {
            key: key.or_else(by_peer).unwrap_or(Key::None),
            cost: cost.and_then(|cost| guarded(|| cost(head))).unwrap_or(1),
        })
    }
}

fn own_key(key: Option<String>) -> Option<Key> {
    let key = key.filter(|key| !key.trim().is_empty())?;
    Some(Key::Own(key))
}

fn proceed(
    inner: &BoxHttpService,
    mut request: Request,
    verdict: Result<Decision, AbuseError>,
    answers: Answers,
) -> ResponseFuture {
    match verdict {
        Ok(decision) if decision.allowed => {
            let answer = inner.handle(request);
            if !(answers.tells_clients() && decision.is_measured()) {
                return answer;
            }
            call::then(answer, move |response| answers.mark(response, &decision))
        }
        Ok(decision) => ResponseFuture::ready(answers.refuse(&mut request, &decision)),
        Err(error) => ResponseFuture::ready(answers.fail(&mut request, error)),
    }
}
