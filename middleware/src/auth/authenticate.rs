use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, CACHE_CONTROL, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use plumego_contract::{
    BoxHttpService, Error, Handler, HttpService, Request, RequestScope, Response, ResponseFuture,
    write_error,
};
use plumego_security::authn::{Authenticated, Authenticator, AuthnError, PrincipalExt, X_TOKEN};
use tower_layer::Layer;

use super::DEFAULT_TIMEOUT;
use super::answer::Challenges;
use super::bounded::bounded;
use crate::callback::guarded;

type OnError = Arc<dyn Fn(&Parts, &AuthnError) -> Option<Error> + Send + Sync>;

/// Lets requests through whose caller this authenticator recognises.
#[must_use]
pub fn authenticate(authenticator: Arc<dyn Authenticator>) -> AuthenticateLayer {
    AuthenticateLayer {
        authenticator,
        rules: Arc::new(Rules {
            challenges: Challenges::default(),
            timeout: DEFAULT_TIMEOUT,
            on_error: None,
        }),
    }
}

/// Attaches the principal of a request, or refuses it; made by
/// [`authenticate`]. Waits need a tokio runtime with time.
#[derive(Clone)]
pub struct AuthenticateLayer {
    authenticator: Arc<dyn Authenticator>,
    rules: Arc<Rules>,
}

#[derive(Clone)]
struct Rules {
    challenges: Challenges,
    timeout: Duration,
    on_error: Option<OnError>,
}

impl AuthenticateLayer {
    /// The realm in challenges; empty leaves it out. Default: `plumego`.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        Arc::make_mut(&mut self.rules).challenges = Challenges::new(realm);
        self
    }

    /// How long the authenticator may take. Default: [`DEFAULT_TIMEOUT`].
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.rules).timeout = timeout;
        self
    }

    /// Answers with what this gives in place of the canonical error. It must
    /// not block; a panic gives nothing.
    #[must_use]
    pub fn on_error(
        mut self,
        on_error: impl Fn(&Parts, &AuthnError) -> Option<Error> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.rules).on_error = Some(Arc::new(on_error));
        self
    }
}

impl fmt::Debug for AuthenticateLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthenticateLayer")
            .field("challenges", &self.rules.challenges)
            .field("timeout", &self.rules.timeout)
            .field("on_error", &self.rules.on_error.is_some())
            .finish_non_exhaustive()
    }
}

impl<S: HttpService> Layer<S> for AuthenticateLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Authenticate {
            inner: BoxHttpService::new(inner),
            layer: self.clone(),
        })
    }
}

struct Authenticate {
    inner: BoxHttpService,
    layer: AuthenticateLayer,
}

impl Handler for Authenticate {
    fn call(&self, request: Request) -> ResponseFuture {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        ResponseFuture::boxed(async move {
            let (mut head, body) = request.into_parts();
            match recognise(&layer, &head).await {
                Ok(caller) => {
                    head.extensions.extend(caller.extensions);
                    head.set_principal(caller.principal);
                    let response = inner.handle(Request::from_parts(head, body)).await;
                    keep_private(response)
                }
                Err(error) => {
                    let carried = carries_credentials(&head.headers);
                    let error = layer.rules.answer(&head, error);
                    let mut request = Request::from_parts(head, body);
                    let response = write_error(RequestScope::ensure(&mut request), &error);
                    if carried {
                        keep_private(response)
                    } else {
                        response
                    }
                }
            }
        })
    }
}

async fn recognise(layer: &AuthenticateLayer, head: &Parts) -> Result<Authenticated, AuthnError> {
    let decide = || layer.authenticator.authenticate(head);
    match bounded(layer.rules.timeout, decide).await {
        Ok(Ok(caller)) if caller.principal.subject.is_empty() => Err(AuthnError::Unauthenticated),
        Ok(outcome) => outcome,
        Err(undecided) => Err(AuthnError::Unavailable(undecided.into())),
    }
}

impl Rules {
    fn answer(&self, head: &Parts, error: AuthnError) -> Error {
        let ask = |on_error: &OnError| guarded(|| on_error(head, &error)).flatten();
        match self.on_error.as_ref().and_then(ask) {
            Some(own) => self.challenges.challenged(own),
            None => self.challenges.authn(error),
        }
    }
}

fn carries_credentials(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(X_TOKEN)
}

/// Keeps what is for one caller out of caches that several share.
fn keep_private(mut response: Response) -> Response {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS
        && !response.headers().contains_key(CACHE_CONTROL)
    {
        let private = HeaderValue::from_static("private");
        response.headers_mut().insert(CACHE_CONTROL, private);
    }
    response
}
