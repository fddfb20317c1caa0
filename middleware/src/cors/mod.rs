//! Cross-origin resource sharing (the CORS protocol of the Fetch standard).
//!
//! A page of another origin may read answers only when the origin is listed;
//! preflights of listed origins are answered here, with 204, before any limit
//! or authentication. What is not allowed passes through without CORS headers
//! and is refused by the browser; no denial is made up. CORS headers set
//! further inside are replaced.
//!
//! There is no default policy: [`CorsConfig::strict`] lists origins,
//! [`CorsConfig::any_origin`] opens a public API that uses no credentials.
//!
//! ```
//! use std::time::Duration;
//! use plumego_middleware::cors::{CorsConfig, CorsLayer};
//!
//! let config = CorsConfig::strict(["https://app.example.com", "https://*.example.org"])?
//!     .with_credentials(true)
//!     .with_headers(["Content-Type", "Authorization", "X-Tenant"])
//!     .with_max_age(Duration::from_secs(600));
//! let layer = CorsLayer::new(config)?;
//! # let _ = layer;
//! # Ok::<(), plumego_middleware::cors::CorsConfigError>(())
//! ```

mod config;
mod error;
mod layer;
mod origin;
mod policy;

pub use config::CorsConfig;
pub use error::{CorsConfigError, CorsConfigErrorKind};
pub use layer::CorsLayer;
