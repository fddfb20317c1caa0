use std::fmt;
use std::sync::{Arc, OnceLock};

use super::cancel::CancelSource;
use super::request_id::RequestId;
use crate::envelope::ErrorRendering;

/// What the requests of one server share: how errors are rendered, where ids
/// come from, and the signals of its shutdown.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ScopeSettings {
    /// How errors are rendered and reported.
    pub rendering: ErrorRendering,
    /// Makes the id of a request that brought none; called at most once per
    /// request, when the id is first asked for. Without it such a request has
    /// no id until a layer sets one.
    pub generate_request_id: Option<Arc<dyn Fn() -> RequestId + Send + Sync>>,
    /// Raised when draining starts: long-lived streams should end.
    pub drain: CancelSource,
    /// Raised when the drain limit was hit: all work should stop now.
    pub force: CancelSource,
}

impl ScopeSettings {
    /// The same settings with the shutdown signals of a server.
    #[must_use]
    pub fn with_shutdown(mut self, drain: CancelSource, force: CancelSource) -> Self {
        self.drain = drain;
        self.force = force;
        self
    }

    /// The settings of a scope that no server made.
    pub(super) fn detached() -> &'static Arc<Self> {
        static DETACHED: OnceLock<Arc<ScopeSettings>> = OnceLock::new();
        DETACHED.get_or_init(Arc::default)
    }
}

impl fmt::Debug for ScopeSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScopeSettings")
            .field("rendering", &self.rendering)
            .field("drain", &self.drain)
            .field("force", &self.force)
            .finish_non_exhaustive()
    }
}
