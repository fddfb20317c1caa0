//! What each layer does, as its user sees it.

mod accesslog;
mod compat;
mod httpmetrics;
mod recovery;
mod requestid;
mod stack;
mod support;
mod tracing;
