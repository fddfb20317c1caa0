//! Transport layers around any service.

mod body_end;
mod call;
mod callback;
mod error;
mod headers;
mod panic_site;

pub mod accesslog;
pub mod bodylimit;
pub mod compat;
#[cfg(feature = "compression")]
pub mod compression;
pub mod concurrencylimit;
pub mod cors;
pub mod debug;
pub mod httpmetrics;
pub mod recovery;
pub mod requestid;
pub mod singleflight;
pub mod stack;
pub mod telemetry;
pub mod timeout;
pub mod tracing;

pub use error::{ConfigError, ConfigErrorKind};
