//! Suites that implementations of the contracts of this crate must pass.
//!
//! The tests of an implementation describe it by the fixture of its contract,
//! call `run`, and assert the report. A case that a fixture cannot stage is
//! reported as not applicable, and the test has to name it, so that nothing is
//! left out unseen. Reports serialise to JSON.
//!
//! ```
//! use std::sync::Arc;
//! use plumego_security::authn::{Authorizer, PermissionAuthorizer};
//! use plumego_security::conformance::authorizer::{self, AuthorizerFixture};
//!
//! struct Permissions;
//!
//! impl AuthorizerFixture for Permissions {
//!     fn authorizer(&self) -> Arc<dyn Authorizer> {
//!         Arc::new(PermissionAuthorizer::default())
//!     }
//!     fn empty(&self, _allow_empty: bool) -> Option<Arc<dyn Authorizer>> { None }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() {
//! let report = authorizer::run("permissions", &Permissions).await;
//! report.assert_passed_except(&["AZ-02", "AZ-03", "AZ-04"]);
//! # }
//! ```

#[macro_use]
mod report;

pub mod abuse_guard;
pub mod authenticator;
pub mod authorizer;
pub mod header_policy;
#[cfg(feature = "jwt-core")]
pub mod jwt_manager;
#[cfg(feature = "jwt-core")]
pub mod key_store;
#[cfg(feature = "password")]
pub mod password_hasher;

pub use report::{CaseResult, Report, Verdict};
