use http::StatusCode;
use plumego_contract::{
    BoxHttpService, ClientInfo, Handler, HttpService, Request, RequestScope, ResponseFuture,
};
use plumego_security::headers::{
    ApplyContext, ApplyMode, CompiledPolicy, HeaderPolicy, PolicyErrors,
};
use tower_layer::Layer;

use crate::call;

/// Puts the headers of a policy on every response. The default is the policy
/// [`HeaderPolicy::baseline`].
#[derive(Clone, Debug)]
pub struct SecurityHeadersLayer {
    policy: CompiledPolicy,
    mode: ApplyMode,
}

impl SecurityHeadersLayer {
    /// A layer for this policy.
    ///
    /// # Errors
    /// [`PolicyErrors`] with everything that is wrong with the policy.
    pub fn new(policy: HeaderPolicy) -> Result<Self, PolicyErrors> {
        Ok(Self::compiled(policy.compile()?))
    }

    /// A layer for a policy that was compiled before.
    #[must_use]
    pub fn compiled(policy: CompiledPolicy) -> Self {
        Self {
            policy,
            mode: ApplyMode::IfAbsent,
        }
    }

    /// What happens to headers the handler set itself. Default: they stay.
    #[must_use]
    pub fn mode(mut self, mode: ApplyMode) -> Self {
        self.mode = mode;
        self
    }
}

impl Default for SecurityHeadersLayer {
    fn default() -> Self {
        Self::compiled(CompiledPolicy::default())
    }
}

impl<S: HttpService> Layer<S> for SecurityHeadersLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(SecurityHeaders {
            inner: BoxHttpService::new(inner),
            layer: self.clone(),
        })
    }
}

struct SecurityHeaders {
    inner: BoxHttpService,
    layer: SecurityHeadersLayer,
}

impl Handler for SecurityHeaders {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let client = RequestScope::of(&request).map(RequestScope::client);
        let scheme = client.map(ClientInfo::scheme).unwrap_or_default();
        let policy = self.layer.policy.clone();
        let mode = self.layer.mode;
        // Without randomness the policy is sent without nonces, and no script
        // that needs one runs.
        let nonce = policy.prepare(request.extensions_mut()).unwrap_or(None);
        call::then(self.inner.handle(request), move |mut response| {
            if response.status() != StatusCode::SWITCHING_PROTOCOLS {
                let mut cx = ApplyContext::new(scheme);
                cx.mode = mode;
                cx.nonce = nonce.as_ref();
                policy.apply(response.headers_mut(), &cx);
            }
            response
        })
    }
}
