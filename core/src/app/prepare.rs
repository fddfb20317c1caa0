//! The step from an application to a server.

use std::fmt;

use plumego_contract::BoxError;

use crate::config::AppConfig;
use crate::error::{CoreError, Operation};
use crate::tls::TlsRuntime;

/// A failed preparation, with what was to be prepared: it is as it was.
///
/// ```
/// use plumego_core::AppConfig;
///
/// let app = plumego_core::with_config(AppConfig::default().with_addr("nowhere"));
/// let failed = app.prepare().unwrap_err();
/// let mut app = failed.state;
/// app.get("/late", |_| async {})?;
/// # Ok::<(), plumego_core::CoreError>(())
/// ```
#[derive(Debug)]
pub struct PrepareError<S> {
    /// What went wrong.
    pub source: CoreError,
    /// The application, or the service that still works.
    pub state: S,
}

impl<S> fmt::Display for PrepareError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl<S: fmt::Debug> std::error::Error for PrepareError<S> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The text is already that of the source, so the chain goes on behind
        // it.
        std::error::Error::source(&self.source)
    }
}

impl<S> From<PrepareError<S>> for CoreError {
    fn from(error: PrepareError<S>) -> Self {
        error.source
    }
}

/// Checks everything that only a server needs.
pub(super) fn check(config: &AppConfig) -> Result<Option<TlsRuntime>, CoreError> {
    let failed = |cause: BoxError| CoreError::new(Operation::PrepareServer, cause);
    config
        .validate()
        .map_err(|problems| failed(problems.into()))?;
    let tls = config.tls.as_ref();
    tls.map(|tls| TlsRuntime::load(tls, config.http2.policy))
        .transpose()
        .map_err(|error| failed(error.into()))
}
