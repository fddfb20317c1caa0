use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;
use plumego_contract::{
    BoxHttpService, Handler, HttpService, Request, RequestScope, Response, ResponseFuture,
};
use tower_layer::Layer;

use super::capture::{Captured, capture};
use super::config::DebugConfig;
use super::envelope::{Asked, rewrite};
use crate::wire::{accepts_event_stream, asks_for_upgrade, media_type};
use crate::{ConfigError, ConfigErrorKind};

/// Turns bare errors into envelopes with context.
#[derive(Clone, Debug)]
pub struct DebugLayer {
    config: Arc<DebugConfig>,
}

impl DebugLayer {
    /// A layer that works as configured.
    ///
    /// # Errors
    /// [`ConfigErrorKind::Refused`] in a release build, unless
    /// [`DebugConfig::allow_in_release`] is set.
    pub fn new(config: DebugConfig) -> Result<Self, ConfigError> {
        Self::in_build(config, !cfg!(debug_assertions))
    }

    fn in_build(config: DebugConfig, release: bool) -> Result<Self, ConfigError> {
        if release && !config.allow_in_release {
            return Err(ConfigError::new(
                ConfigErrorKind::Refused,
                "debug",
                "allow_in_release",
                "is off and this is a release build: leave the layer out, or allow it expressly",
            ));
        }
        Ok(Self {
            config: Arc::new(config),
        })
    }
}

impl<S: HttpService> Layer<S> for DebugLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        BoxHttpService::from_handler(Debugging {
            inner: BoxHttpService::new(inner),
            config: Arc::clone(&self.config),
        })
    }
}

struct Debugging {
    inner: BoxHttpService,
    config: Arc<DebugConfig>,
}

impl Handler for Debugging {
    fn call(&self, mut request: Request) -> ResponseFuture {
        // The answer to HEAD has no body that could tell what GET would send.
        if asks_for_upgrade(&request)
            || accepts_event_stream(request.headers())
            || request.method() == Method::HEAD
        {
            return self.inner.handle(request);
        }
        let asked = Asked {
            method: request.method().clone(),
            uri: request.uri().clone(),
            scope: RequestScope::ensure(&mut request).clone(),
        };
        let config = Arc::clone(&self.config);
        let answer = self.inner.handle(request);
        ResponseFuture::boxed(async move {
            let response = answer.await;
            if !is_bare_error(&response) {
                return response;
            }
            let (parts, body) = response.into_parts();
            match capture(body, config.max_body_bytes).await {
                Captured::Whole(body) => rewrite(&asked, &config, parts, &body),
                Captured::Unread(body) => Response::from_parts(parts, body),
            }
        })
    }
}

fn is_bare_error(response: &Response) -> bool {
    if response.status().as_u16() < 400 {
        return false;
    }
    let plain = media_type(response.headers()).eq_ignore_ascii_case("text/plain");
    let untyped = !response.headers().contains_key(CONTENT_TYPE);
    plain || (untyped && response.body().exact_len() == Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_builds_need_an_express_permission() {
        let config = DebugConfig::default();
        assert!(DebugLayer::in_build(config.clone(), false).is_ok());
        let error = DebugLayer::in_build(config.clone(), true).unwrap_err();
        assert_eq!(error.kind(), ConfigErrorKind::Refused);
        assert_eq!(error.option(), "allow_in_release");
        assert!(DebugLayer::in_build(config.with_allow_in_release(true), true).is_ok());
    }
}
