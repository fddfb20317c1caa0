//! Headers that close holes in browsers, on every response.
//!
//! The policy is that of [`plumego_security::headers`], compiled once. It goes
//! on answers of layers inside too: errors, refusals, 204 and 304; only a
//! connection that leaves HTTP is left alone. Headers the handler set itself
//! stay, unless the policy is enforced.
//!
//! `Strict-Transport-Security` is sent only when the request came by HTTPS as
//! core decided it, so that a forged header cannot ask for it.
//!
//! ```
//! use plumego_middleware::securityheaders::SecurityHeadersLayer;
//! use plumego_middleware::stack::Stack;
//! use plumego_security::headers::HeaderPolicy;
//!
//! let baseline = SecurityHeadersLayer::default();
//! let strict = SecurityHeadersLayer::new(HeaderPolicy::strict())?;
//! let stack = Stack::new().push("securityheaders", strict);
//! # let _ = (baseline, stack);
//! # Ok::<(), plumego_security::headers::PolicyErrors>(())
//! ```
//!
//! With a nonce in the policy the handler finds a fresh
//! [`CspNonce`](plumego_security::headers::CspNonce) in the extensions of the
//! request.

mod layer;

pub use layer::SecurityHeadersLayer;
