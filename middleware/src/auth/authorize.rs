use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use plumego_contract::{
    BoxHttpService, Error, Handler, HttpService, Request, RequestScope, ResponseFuture, write_error,
};
use plumego_security::authn::{Authorizer, AuthzError, PrincipalExt};
use tower_layer::Layer;

use super::DEFAULT_TIMEOUT;
use super::answer::Challenges;
use super::bounded::bounded;
use crate::callback::guarded;

type OnError = Arc<dyn Fn(&Parts, &AuthzError) -> Option<Error> + Send + Sync>;
type Subject = Arc<dyn Fn(&Parts) -> (String, String) + Send + Sync>;
type Words = (Cow<'static, str>, Cow<'static, str>);

/// Lets requests through whose principal may do `action` to `resource`.
#[must_use]
pub fn authorize(
    authorizer: Arc<dyn Authorizer>,
    action: &'static str,
    resource: &'static str,
) -> AuthorizeLayer {
    AuthorizeLayer::new(authorizer, Asked::Fixed(action, resource))
}

/// Lets requests through whose principal may do what `asked` reads from them,
/// action and resource. It must not block; a panic denies.
#[must_use]
pub fn authorize_with(
    authorizer: Arc<dyn Authorizer>,
    asked: impl Fn(&Parts) -> (String, String) + Send + Sync + 'static,
) -> AuthorizeLayer {
    AuthorizeLayer::new(authorizer, Asked::FromRequest(Arc::new(asked)))
}

/// Refuses requests whose principal may not; made by [`authorize`] and
/// [`authorize_with`]. Waits need a tokio runtime with time.
#[derive(Clone)]
pub struct AuthorizeLayer {
    authorizer: Arc<dyn Authorizer>,
    rules: Arc<Rules>,
}

#[derive(Clone)]
struct Rules {
    asked: Asked,
    challenges: Challenges,
    timeout: Duration,
    on_error: Option<OnError>,
}

/// What the authorizer is asked.
#[derive(Clone)]
enum Asked {
    Fixed(&'static str, &'static str),
    FromRequest(Subject),
}

impl Asked {
    fn words(&self, head: &Parts) -> Option<Words> {
        match self {
            Self::Fixed(action, resource) => {
                Some((Cow::Borrowed(*action), Cow::Borrowed(*resource)))
            }
            Self::FromRequest(read) => {
                let (action, resource) = guarded(|| read(head))?;
                Some((action.into(), resource.into()))
            }
        }
    }
}

impl AuthorizeLayer {
    fn new(authorizer: Arc<dyn Authorizer>, asked: Asked) -> Self {
        Self {
            authorizer,
            rules: Arc::new(Rules {
                asked,
                challenges: Challenges::default(),
                timeout: DEFAULT_TIMEOUT,
                on_error: None,
            }),
        }
    }

    /// The realm in challenges; empty leaves it out. Default: `plumego`.
    #[must_use]
    pub fn realm(mut self, realm: &str) -> Self {
        Arc::make_mut(&mut self.rules).challenges = Challenges::new(realm);
        self
    }

    /// How long the authorizer may take. Default: [`DEFAULT_TIMEOUT`].
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
        on_error: impl Fn(&Parts, &AuthzError) -> Option<Error> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.rules).on_error = Some(Arc::new(on_error));
        self
    }
}

impl fmt::Debug for AuthorizeLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asked = match &self.rules.asked {
            Asked::Fixed(action, resource) => Some((*action, *resource)),
            Asked::FromRequest(_) => None,
        };
        f.debug_struct("AuthorizeLayer")
            .field("asked", &asked)
            .field("challenges", &self.rules.challenges)
            .field("timeout", &self.rules.timeout)
            .field("on_error", &self.rules.on_error.is_some())
            .finish_non_exhaustive()
    }
}

impl<S: HttpService> Layer<S> for AuthorizeLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Authorize {
            inner: BoxHttpService::new(inner),
            layer: self.clone(),
        })
    }
}

struct Authorize {
    inner: BoxHttpService,
    layer: AuthorizeLayer,
}

impl Handler for Authorize {
    fn call(&self, request: Request) -> ResponseFuture {
        let (inner, layer) = (self.inner.clone(), self.layer.clone());
        ResponseFuture::boxed(async move {
            let (head, body) = request.into_parts();
            match allows(&layer, &head).await {
                Ok(()) => inner.handle(Request::from_parts(head, body)).await,
                Err(error) => {
                    let error = layer.rules.answer(&head, error);
                    let mut request = Request::from_parts(head, body);
                    write_error(RequestScope::ensure(&mut request), &error)
                }
            }
        })
    }
}

async fn allows(layer: &AuthorizeLayer, head: &Parts) -> Result<(), AuthzError> {
    let unavailable = |cause: &'static str| AuthzError::Unavailable(cause.into());
    let Some((action, resource)) = layer.rules.asked.words(head) else {
        return Err(unavailable("reading action and resource panicked"));
    };
    let who = head.principal();
    let decide = || layer.authorizer.authorize(who, &action, &resource);
    match bounded(layer.rules.timeout, decide).await {
        // An authorizer that lets nobody in particular through is mistaken.
        Ok(Ok(())) if who.is_none() => Err(AuthzError::Unauthenticated),
        Ok(outcome) => outcome,
        Err(undecided) => Err(AuthzError::Unavailable(undecided.into())),
    }
}

impl Rules {
    fn answer(&self, head: &Parts, error: AuthzError) -> Error {
        let ask = |on_error: &OnError| guarded(|| on_error(head, &error)).flatten();
        match self.on_error.as_ref().and_then(ask) {
            Some(own) => self.challenges.challenged(own),
            None => self.challenges.authz(error),
        }
    }
}
