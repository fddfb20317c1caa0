use std::sync::Arc;

use http::StatusCode;
use http::header::{HeaderValue, ORIGIN};
use plumego_contract::{BoxHttpService, Handler, HttpService, Request, Response, ResponseFuture};
use tower_layer::Layer;

use super::config::CorsConfig;
use super::error::CorsConfigError;
use super::policy::{Policy, Verdict, is_preflight, strip};
use crate::call;
use crate::headers::add_vary;

/// Answers preflights and lets pages of allowed origins read answers.
#[derive(Clone, Debug)]
pub struct CorsLayer {
    policy: Arc<Policy>,
}

impl CorsLayer {
    /// A layer that works as configured.
    ///
    /// # Errors
    /// Credentials with any origin; a method or header name that is not a
    /// token.
    pub fn new(config: CorsConfig) -> Result<Self, CorsConfigError> {
        Ok(Self {
            policy: Arc::new(Policy::new(config)?),
        })
    }
}

impl<S: HttpService> Layer<S> for CorsLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Cors {
            inner: BoxHttpService::new(inner),
            policy: Arc::clone(&self.policy),
        })
    }
}

struct Cors {
    inner: BoxHttpService,
    policy: Arc<Policy>,
}

impl Handler for Cors {
    fn call(&self, request: Request) -> ResponseFuture {
        match self.policy.judge(request.headers()) {
            None => self.pass(request),
            Some(Verdict::Refused) => self.refuse(request),
            Some(Verdict::Allowed(origin)) if is_preflight(&request) => {
                match self.policy.preflight(request.headers(), origin) {
                    Some(answer) => ResponseFuture::ready(answer),
                    None => self.refuse(request),
                }
            }
            Some(Verdict::Allowed(origin)) => self.allow(request, origin),
        }
    }
}

impl Cors {
    /// Not a cross-origin request.
    fn pass(&self, request: Request) -> ResponseFuture {
        let answer = self.inner.handle(request);
        if !self.policy.depends_on_origin() {
            return answer;
        }
        call::then(answer, |response| {
            edit(response, |response| {
                add_vary(response.headers_mut(), &[ORIGIN]);
            })
        })
    }

    fn allow(&self, request: Request, origin: HeaderValue) -> ResponseFuture {
        let policy = Arc::clone(&self.policy);
        call::then(self.inner.handle(request), move |response| {
            edit(response, |response| {
                policy.allow(response.headers_mut(), origin);
                policy.expose(response.headers_mut());
            })
        })
    }

    /// The browser will refuse the answer, as nothing allows it.
    fn refuse(&self, request: Request) -> ResponseFuture {
        let varies = self.policy.depends_on_origin();
        call::then(self.inner.handle(request), move |response| {
            edit(response, |response| {
                strip(response.headers_mut());
                if varies {
                    add_vary(response.headers_mut(), &[ORIGIN]);
                }
            })
        })
    }
}

/// A connection that leaves HTTP is no business of CORS.
fn edit(mut response: Response, change: impl FnOnce(&mut Response)) -> Response {
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        change(&mut response);
    }
    response
}
