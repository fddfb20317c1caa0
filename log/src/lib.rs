//! Structured logging: the contract that code logs through, and the loggers behind it.
//!
//! A logger is a value, built once by [`LogBuilder`] and passed down as
//! `Arc<dyn Logger>`. Records carry a level, a constant message and typed
//! [`Fields`]; every record is redacted by a [`Redactor`] and held to fixed
//! bounds before an [`Encoder`] makes one line of it, in text or JSON. Logging
//! never fails, panics or blocks its caller on anything but the output itself.
//!
//! The crate refuses to be global: there is no registered logger, no reading of
//! environment variables or flags, and no look into ambient request context; a
//! record holds what the call passed. It ships no logs and draws no metrics.
//!
//! # Example
//!
//! ```
//! use std::{sync::Arc, time::Duration};
//! use plumego_log::{BuiltLogger, Fields, Level, LogBuilder, LogFormat, Logger, LoggerExt, info};
//!
//! struct Items {
//!     logger: Arc<dyn Logger>,
//! }
//!
//! impl Items {
//!     fn store(&self, id: u64, password: &str) {
//!         // Fields are evaluated only when the level is enabled; the password is masked.
//!         info!(self.logger, "item stored", id, password, took = Duration::from_millis(3));
//!     }
//! }
//!
//! let BuiltLogger { logger, level, guard } =
//!     LogBuilder::new().format(LogFormat::Json).directives("info,noisy=warn").build()?;
//! let items = Items { logger: logger.with_fields(Fields::new().with("component", "items")) };
//! items.store(17, "hunter2");
//!
//! level.set(Level::Error);
//! logger.info("not written any more", Fields::new());
//!
//! let report = guard.shutdown(Duration::from_secs(1));
//! assert_eq!((report.written, report.dropped), (1, 0));
//! # Ok::<(), plumego_log::LogConfigError>(())
//! ```

mod base;
#[cfg(feature = "tracing")]
mod bridge;
mod builder;
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod discard;
mod encode;
mod fields;
mod filter;
mod guard;
mod level;
mod limits;
mod logger;
mod macros;
pub mod names;
mod prepare;
mod record;
mod redact;
mod sample;
mod serialize;
mod sink;
mod text;
mod value;

#[cfg(feature = "tracing")]
pub use bridge::{BridgeLoopError, LoggerLayer, TracingLogger};
pub use builder::{BuiltLogger, LogBuilder};
pub use config::{Color, Delivery, LogConfigError, LogConfigErrorKind, LogFormat, Overflow};
pub use discard::discard;
pub use encode::{EncodeRecord, Encoder, JsonEncoder, TextEncoder};
pub use fields::{Fields, FieldsIntoIter, Key};
pub use filter::{Filter, FilterError, LevelHandle};
pub use guard::{LogGuard, ShutdownReport};
pub use level::{Level, ParseLevelError};
pub use logger::{FlushError, LogStats, Logger, LoggerExt, StructuredLogger};
pub use record::{CallSite, Record};
pub use redact::Redactor;
pub use sample::Sampling;
pub use sink::file::{FileConfig, FileSink, RotationInterval, SyncPolicy};
pub use text::Text;
pub use value::{ErrorChain, FieldValue, Sensitive};
