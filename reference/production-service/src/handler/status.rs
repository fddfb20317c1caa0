//! The policy the service runs under, without anything secret.

use std::sync::Arc;

use plumego_contract::{Reply, Request};
use serde::Serialize;

/// Limits, timeouts and labels, as they were configured. It has no field that
/// could hold a secret: of those it says only whether they are set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Policy {
    pub(crate) service: String,
    pub(crate) environment: String,
    pub(crate) strict: bool,
    pub(crate) limits: Limits,
    pub(crate) timeouts_ms: Timeouts,
    pub(crate) guards: Guards,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Limits {
    pub(crate) body_bytes: u64,
    pub(crate) requests_per_second: u32,
    pub(crate) burst: u32,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Timeouts {
    pub(crate) read_header: u64,
    pub(crate) read: u64,
    pub(crate) write: u64,
    pub(crate) idle: u64,
    pub(crate) request: u64,
    pub(crate) shutdown: u64,
}

/// Whether each route that needs a credential can be opened by one.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Guards {
    pub(crate) writes: Guard,
    pub(crate) profile: Guard,
    pub(crate) metrics: Guard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Guard {
    /// Everybody is let in.
    Open,
    /// Whoever has the credential is let in.
    Credential,
    /// Nobody is let in.
    Closed,
}

/// Answers with the policy.
#[derive(Debug)]
pub(crate) struct StatusHandler {
    policy: Policy,
}

impl StatusHandler {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { policy }
    }

    /// `GET /api/status`
    pub(crate) async fn show(self: Arc<Self>, _: Request) -> Reply<Policy> {
        Reply::ok(self.policy.clone())
    }
}
