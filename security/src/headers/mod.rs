//! Response headers that close holes in browsers, as one policy.
//!
//! A [`HeaderPolicy`] is described in types, compiled once, and applied to
//! every response, errors included. A policy that does not compile names all
//! of its problems and can never be applied in part.
//!
//! ```
//! use http::HeaderMap;
//! use plumego_contract::Scheme;
//! use plumego_security::headers::{ApplyContext, Csp, HeaderPolicy, Src};
//!
//! let csp = Csp::builder()
//!     .default_src([Src::SelfOrigin])
//!     .script_src([Src::SelfOrigin, Src::host("https://cdn.example.net")?])
//!     .build()?;
//! let policy = HeaderPolicy { csp: Some(csp), ..HeaderPolicy::baseline() }.compile()?;
//!
//! let mut headers = HeaderMap::new();
//! policy.apply(&mut headers, &ApplyContext::new(Scheme::Https));
//! assert_eq!(headers["x-content-type-options"], "nosniff");
//! assert_eq!(
//!     headers["content-security-policy"],
//!     "default-src 'self'; script-src 'self' https://cdn.example.net",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Scripts in a page get a nonce by [`Src::Nonce`]: [`CompiledPolicy::prepare`]
//! puts a fresh [`CspNonce`] into the request, for the template and for the
//! header.

mod compiled;
mod csp;
mod hsts;
mod permissions;
mod policy;
#[cfg(test)]
mod tests;
mod values;

pub use compiled::{ApplyContext, ApplyMode, CompiledPolicy, CspNonce};
pub use csp::{Csp, CspBuilder, CspErrors, CspProblem, HashAlgorithm, InvalidSource, Src};
pub use hsts::Hsts;
pub use permissions::{Allowlist, PermissionsPolicy};
pub use policy::{HeaderPolicy, PolicyErrors, PolicyProblem};
pub use values::{Coep, Coop, Corp, FrameOptions, ReferrerPolicy, UnknownValue};

/// Text in an error, with what cannot be seen made visible.
fn visible(text: &str) -> String {
    let escaped = |c: char| match c {
        '\'' | '"' => c.to_string(),
        other => other.escape_debug().to_string(),
    };
    text.chars().map(escaped).collect()
}
