use std::fmt;

use serde::Serialize;

/// How far an application has come, for tools. The transitions themselves are
/// types: [`App`](crate::App), [`AppService`](crate::AppService),
/// [`Server`](crate::Server).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PreparationState {
    /// Routes and layers may be added.
    Mutable,
    /// Frozen; requests can be answered in process.
    HandlerPrepared,
    /// Frozen and checked; a listener can be bound.
    ServerPrepared,
}

impl PreparationState {
    /// `mutable`, `handler_prepared` or `server_prepared`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mutable => "mutable",
            Self::HandlerPrepared => "handler_prepared",
            Self::ServerPrepared => "server_prepared",
        }
    }
}

impl fmt::Display for PreparationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
