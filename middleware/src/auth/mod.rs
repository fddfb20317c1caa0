//! Who is calling, and may they: [`plumego_security::authn`] as layers for
//! groups of routes.
//!
//! [`authenticate`] asks an authenticator and attaches the principal it
//! recognises; [`authorize`] asks an authorizer whether that principal may.
//! Whatever else happens, an error, a panic or a wait that is too long, the
//! handler does not run:
//!
//! | Outcome | Answer |
//! |---|---|
//! | no usable credential, nobody recognised | `401 unauthorized`, `authentication required` |
//! | a bad or expired credential | `401 unauthorized`, `invalid token` or `token expired` |
//! | not allowed | `403 forbidden`, `access forbidden` |
//! | it could not be checked | `503 service_unavailable`, `authentication temporarily unavailable` |
//!
//! Every 401 carries `WWW-Authenticate`. Responses to requests with
//! credentials are kept out of shared caches, unless the handler says
//! otherwise.
//!
//! ```
//! use std::sync::Arc;
//!
//! use plumego_contract::{BoxHttpService, Error, Reply, Request};
//! use plumego_middleware::auth::{authenticate, authorize};
//! use plumego_middleware::stack::Stack;
//! use plumego_security::authn::{PermissionAuthorizer, PrincipalExt, StaticTokens};
//! use plumego_security::secret::SecretString;
//!
//! async fn who(request: Request) -> Result<Reply<String>, Error> {
//!     let subject = request.principal().map(|principal| principal.subject.clone());
//!     Ok(Reply::ok(subject.unwrap_or_default()))
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = Arc::new(StaticTokens::new([SecretString::from("s3cret")])?);
//! let group = Stack::new()
//!     .push("auth", authenticate(tokens).realm("api"))
//!     .push("authorize", authorize(Arc::new(PermissionAuthorizer::default()), "items", "read"));
//! let service = group.build(BoxHttpService::from_handler(who));
//! # let answer = service.handle(Request::new(plumego_contract::Body::empty()));
//! # let response = futures_util::FutureExt::now_or_never(answer).unwrap();
//! # assert_eq!(response.status(), 401);
//! # Ok(())
//! # }
//! ```

mod answer;
mod authenticate;
mod authorize;
mod bounded;

use std::time::Duration;

pub use authenticate::{AuthenticateLayer, authenticate};
pub use authorize::{AuthorizeLayer, authorize, authorize_with};

/// How long an authenticator or an authorizer may take unless told otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);
