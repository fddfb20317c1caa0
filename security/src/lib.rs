//! Primitives that decide: who is calling, what they may do, which tokens hold,
//! how passwords are kept, what browsers are told, which input and which
//! addresses may pass, and who sends too much.
//!
//! Everything here fails closed: an error, a missing setting, an empty policy
//! or an unknown state is a denial. Secrets have types that print nothing and
//! are wiped, and are compared in one place, in constant time. Time and
//! randomness come in by contract: a [`Clock`](plumego_contract::Clock) that
//! tests can turn, and the operating system's generator or none.
//!
//! The crate decides and never wires: layers are in `plumego-middleware`.
//! Sessions, tenants, storage engines and HTTP clients are not here either.
//!
//! ```
//! use plumego_security::authn::{Authorizer, PermissionAuthorizer, Principal};
//! use plumego_security::secret::{TokenDigest, random_token};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // What a client keeps, and what the server keeps of it.
//! let token = random_token(32)?;
//! let stored = TokenDigest::of(token.expose());
//! assert_eq!(TokenDigest::of(token.expose()), stored);
//!
//! let ada = Principal::new("ada").with_scopes(["items:read"]);
//! let policy = PermissionAuthorizer::default();
//! assert!(policy.authorize(Some(&ada), "items", "read").await.is_ok());
//! assert!(policy.authorize(Some(&ada), "items", "write").await.is_err());
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! `jwt` (default): tokens, on aws-lc; `jwt-rust-crypto` instead needs no C
//! compiler. `seal`: signing keys encrypted at rest. `kv-keystore`: signing keys
//! in a key/value store of `plumego-store`. `password` (default):
//! hashing and policy. `bcrypt`: hashes of older systems
//! verify, so that a login can upgrade them. `password-strength`: an estimate of
//! how hard a password is to guess. `sanitize-html`: HTML from outside, reduced
//! to what is allowed. `conformance`: suites for implementations of the contracts.

pub mod abuse;
pub mod authn;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod csrf;
pub mod headers;
pub mod input;
#[cfg(feature = "jwt-core")]
pub mod jwt;
#[cfg(feature = "password")]
pub mod password;
pub mod secret;
pub mod ssrf;

#[cfg(all(
    feature = "jwt-core",
    not(any(feature = "jwt", feature = "jwt-rust-crypto"))
))]
compile_error!("tokens need cryptography: enable the feature `jwt` or `jwt-rust-crypto`");

use std::pin::Pin;

/// A future that may borrow and may cross threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
