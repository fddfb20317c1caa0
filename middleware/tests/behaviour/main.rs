//! What each layer does, as its user sees it.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where; helpers outside of test functions too"
)]

mod accesslog;
mod compat;
mod httpmetrics;
mod recovery;
mod requestid;
mod stack;
mod support;
mod tracing;
