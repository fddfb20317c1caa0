use std::fmt;
use std::sync::Arc;

use plumego_contract::{BoxHttpService, HttpService};
use plumego_log::Logger;
use tower_layer::Layer;

use super::service::BodyLimit;

/// Refuses request bodies above a size.
#[derive(Clone)]
pub struct BodyLimitLayer {
    max_bytes: u64,
    logger: Option<Arc<dyn Logger>>,
}

impl BodyLimitLayer {
    /// At most this many bytes of body; zero disables the layer.
    #[must_use]
    pub fn new(max_bytes: u64) -> Self {
        Self {
            max_bytes,
            logger: None,
        }
    }

    /// Takes one record of level `Warn` for each body above the limit.
    #[must_use]
    pub fn logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.logger = Some(logger);
        self
    }
}

impl fmt::Debug for BodyLimitLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyLimitLayer")
            .field("max_bytes", &self.max_bytes)
            .field("logger", &self.logger.is_some())
            .finish()
    }
}

impl<S: HttpService> Layer<S> for BodyLimitLayer {
    type Service = BoxHttpService;

    fn layer(&self, inner: S) -> BoxHttpService {
        let inner = BoxHttpService::new(inner);
        if self.max_bytes == 0 {
            return inner;
        }
        let logger = self.logger.clone();
        BoxHttpService::from_handler(BodyLimit::new(inner, self.max_bytes, logger))
    }
}
