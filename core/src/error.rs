//! What can go wrong while an application is built, served and stopped.

use std::collections::BTreeMap;
use std::fmt;

use plumego_contract::BoxError;

/// What was being done when a [`CoreError`] arose. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Configuration checks and loading of TLS material.
    PrepareServer,
    /// Registration of a route or a group.
    AddRoute,
    /// Registration of a layer.
    UseMiddleware,
    /// Opening the listener.
    BindServer,
    /// Accepting and serving connections.
    Serve,
    /// Draining.
    ShutdownApp,
    /// Start of attached components.
    StartComponent,
    /// Stop of attached components.
    StopComponent,
    /// Readiness of attached components.
    ReadyComponent,
}

impl Operation {
    /// The stable diagnostic name, such as `prepare_server`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PrepareServer => "prepare_server",
            Self::AddRoute => "add_route",
            Self::UseMiddleware => "use_middleware",
            Self::BindServer => "bind_server",
            Self::Serve => "serve",
            Self::ShutdownApp => "shutdown_app",
            Self::StartComponent => "start_component",
            Self::StopComponent => "stop_component",
            Self::ReadyComponent => "ready_component",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A failed operation of the kernel, with its parameters and its cause.
///
/// Branch on [`operation`](Self::operation) and on the causes behind
/// [`source`](std::error::Error::source), never on the text, which reads
/// `core <operation>[ key=value ...]: <cause>` with the keys sorted. Parameters
/// never hold header values, bodies or secrets.
///
/// ```
/// use plumego_core::{AppConfig, ConfigErrors, Operation};
///
/// let app = plumego_core::with_config(AppConfig::default().with_addr(""));
/// let failed = app.prepare().unwrap_err();
/// let error = &failed.source;
/// assert_eq!(error.operation(), Operation::PrepareServer);
/// assert_eq!(error.to_string(), "core prepare_server: server address cannot be empty");
/// let cause = std::error::Error::source(error).unwrap();
/// assert!(cause.is::<ConfigErrors>());
/// ```
#[derive(Debug)]
pub struct CoreError {
    operation: Operation,
    params: BTreeMap<&'static str, String>,
    source: BoxError,
    later: Vec<Self>,
}

impl CoreError {
    pub(crate) fn new(operation: Operation, source: impl Into<BoxError>) -> Self {
        Self {
            operation,
            params: BTreeMap::new(),
            source: source.into(),
            later: Vec::new(),
        }
    }

    pub(crate) fn with_param(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.params.insert(key, value.into());
        self
    }

    /// Keeps an error that came after this one, while unwinding.
    pub(crate) fn with_later(mut self, error: Self) -> Self {
        self.later.push(error);
        self
    }

    /// What was being done.
    #[must_use]
    pub fn operation(&self) -> Operation {
        self.operation
    }

    /// Parameters of the operation, such as `method` and `path` of a route.
    #[must_use]
    pub fn params(&self) -> &BTreeMap<&'static str, String> {
        &self.params
    }

    /// Errors that followed while what had been started was stopped again.
    #[must_use]
    pub fn later(&self) -> &[Self] {
        &self.later
    }
}

impl fmt::Display for CoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core {}", self.operation)?;
        for (key, value) in &self.params {
            write!(f, " {key}={value}")?;
        }
        write!(f, ": {}", self.source)
    }
}

impl std::error::Error for CoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;

    #[test]
    fn the_text_has_operation_sorted_parameters_and_cause() {
        let cause = io::Error::from(io::ErrorKind::AddrInUse);
        let text = cause.to_string();
        let error = CoreError::new(Operation::AddRoute, cause)
            .with_param("path", "/x")
            .with_param("method", "GET");
        assert_eq!(
            error.to_string(),
            format!("core add_route method=GET path=/x: {text}")
        );
        let source = error.source().unwrap().downcast_ref::<io::Error>();
        assert_eq!(source.unwrap().kind(), io::ErrorKind::AddrInUse);
    }

    #[test]
    fn later_errors_stay_beside_the_first() {
        let error = CoreError::new(Operation::Serve, "first")
            .with_later(CoreError::new(Operation::StopComponent, "second"));
        assert_eq!(error.to_string(), "core serve: first");
        assert_eq!(error.later()[0].to_string(), "core stop_component: second");
    }
}
