use std::sync::Arc;

use http::header::ACCEPT_ENCODING;
use plumego_contract::{BoxHttpService, Handler, HttpService, Request, ResponseFuture};
use tower_layer::Layer;

use super::config::CompressionConfig;
use super::eligible::{Eligibility, canonical_patterns, judge, request_may_gain};
use super::encode::encode;
use super::negotiate::choose;
use crate::call;
use crate::callback::guarded;
use crate::headers::add_vary;

/// Compresses response bodies.
#[derive(Clone, Debug)]
pub struct CompressionLayer {
    config: Arc<CompressionConfig>,
}

impl CompressionLayer {
    /// A layer that works as configured.
    #[must_use]
    pub fn new(mut config: CompressionConfig) -> Self {
        canonical_patterns(&mut config.extra_skip_types);
        Self {
            config: Arc::new(config),
        }
    }
}

impl Default for CompressionLayer {
    fn default() -> Self {
        Self::new(CompressionConfig::default())
    }
}

impl<S: HttpService> Layer<S> for CompressionLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        if self.config.algorithms.is_empty() {
            return inner;
        }
        BoxHttpService::from_handler(Compressing {
            inner,
            config: Arc::clone(&self.config),
        })
    }
}

struct Compressing {
    inner: BoxHttpService,
    config: Arc<CompressionConfig>,
}

impl Handler for Compressing {
    fn call(&self, request: Request) -> ResponseFuture {
        if !request_may_gain(&request) {
            return self.inner.handle(request);
        }
        let (request, skipped) = self.skips(request);
        if skipped {
            return self.inner.handle(request);
        }
        let coding = choose(request.headers(), &self.config.algorithms);
        let method = request.method().clone();
        let config = Arc::clone(&self.config);
        call::then(self.inner.handle(request), move |mut response| {
            let eligibility = judge(&method, &response, &config);
            if eligibility == Eligibility::Unfit {
                return response;
            }
            add_vary(response.headers_mut(), &[ACCEPT_ENCODING]);
            match coding {
                Some(coding) if eligibility == Eligibility::Fit => {
                    encode(response, coding, config.level(coding))
                }
                _ => response,
            }
        })
    }
}

impl Compressing {
    fn skips(&self, request: Request) -> (Request, bool) {
        let Some(skip) = &self.config.skip_when else {
            return (request, false);
        };
        let (parts, body) = request.into_parts();
        // A rule that panics protects something; better too much.
        let skipped = guarded(|| skip(&parts)).unwrap_or(true);
        (Request::from_parts(parts, body), skipped)
    }
}
