//! Refusal of requests that another site made a browser send, for groups of
//! routes that cookies authenticate.
//!
//! The decision is that of
//! [`CrossOriginGuard`](plumego_security::csrf::CrossOriginGuard); a request it
//! denies gets `403 forbidden` and does not reach the handler.
//!
//! ```
//! use plumego_middleware::csrf::CsrfLayer;
//! use plumego_security::csrf::{CrossOriginConfig, CrossOriginGuard};
//!
//! let layer = CsrfLayer::new(CrossOriginGuard::new(CrossOriginConfig {
//!     cookie_names: vec!["session".into()],
//!     ..CrossOriginConfig::default()
//! })?);
//! # let _ = layer;
//! # Ok::<(), plumego_security::csrf::InvalidCrossOriginConfig>(())
//! ```

mod layer;

pub use layer::CsrfLayer;
