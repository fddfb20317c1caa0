//! What each layer does, as its user sees it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where; helpers outside of test functions too"
)]

mod abuseguard;
mod accesslog;
mod auth;
mod bodylimit;
mod compat;
#[cfg(feature = "compression")]
mod compression;
mod concurrencylimit;
mod cors;
mod csrf;
mod debug;
mod httpmetrics;
mod recovery;
mod requestid;
mod securityheaders;
mod singleflight;
mod stack;
mod support;
mod timeout;
mod tracing;
