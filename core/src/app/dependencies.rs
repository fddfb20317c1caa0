use std::fmt;
use std::sync::Arc;

use plumego_log::Logger;

/// What an application is given by its owner.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct AppDependencies {
    /// Where the kernel writes; it never starts, flushes or closes the logger.
    /// Without one, records are discarded.
    pub logger: Option<Arc<dyn Logger>>,
}

impl AppDependencies {
    /// Sets the logger.
    #[must_use]
    pub fn with_logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.logger = Some(logger);
        self
    }
}

impl fmt::Debug for AppDependencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppDependencies")
            .field("logger", &self.logger.is_some())
            .finish()
    }
}
