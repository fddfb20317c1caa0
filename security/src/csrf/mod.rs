//! Requests that another site makes a browser send: a decision for routes that
//! cookies authenticate, and tokens for forms.
//!
//! [`CrossOriginGuard`] decides by what browsers say about a request; nothing
//! has to be put into pages. [`CsrfTokens`] makes the tokens that forms carry
//! where that is not enough.
//!
//! ```
//! use plumego_security::csrf::{CrossOriginConfig, CrossOriginGuard};
//!
//! let guard = CrossOriginGuard::new(CrossOriginConfig {
//!     trusted_origins: vec!["https://accounts.example.com".into()],
//!     cookie_names: vec!["session".into()],
//!     ..CrossOriginConfig::default()
//! })?;
//!
//! let forged = http::Request::post("/transfer").header("sec-fetch-site", "cross-site");
//! let (head, ()) = forged.body(())?.into_parts();
//! assert!(guard.check(&head).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod guard;
mod token;

pub use guard::{
    Bypass, CrossOriginConfig, CrossOriginDenied, CrossOriginGuard, InvalidCrossOriginConfig,
};
pub use token::{CsrfTokenError, CsrfTokens, TOKEN_LIFETIME};
