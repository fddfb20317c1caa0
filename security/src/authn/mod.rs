//! Who is calling, and may they: principals and the two contracts that decide.
//!
//! An [`Authenticator`] looks at the head of a request and names the caller; an
//! [`Authorizer`] says whether that caller may do something. Both are injected
//! into the layers of `plumego-middleware`, which translate their errors. What
//! is no credential of a kind, what is a bad one, and what could not be checked
//! are three different answers.
//!
//! ```
//! use plumego_security::authn::{Authenticator, AuthnError, StaticTokens};
//! use plumego_security::secret::SecretString;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let tokens = StaticTokens::new([SecretString::from("s3cret")])?;
//!
//! let (mut head, ()) = http::Request::new(()).into_parts();
//! assert!(matches!(tokens.authenticate(&head).await, Err(AuthnError::Unauthenticated)));
//!
//! head.headers.insert("authorization", "Bearer s3cret".parse()?);
//! let caller = tokens.authenticate(&head).await?;
//! assert_eq!(caller.principal.subject, "static-token");
//! # Ok(()) }
//! ```

mod any_of;
mod bearer;
mod policy;
mod principal;
mod static_token;

use std::fmt;

use plumego_contract::BoxError;

pub use any_of::AnyOf;
pub use bearer::{AUTHORIZATION, BEARER_BYTES_MAX, BearerToken, SecretRef, X_TOKEN, bearer_token};
pub use policy::{Matching, PermissionAuthorizer, PermissionPolicy, RoleAuthorizer, RolePolicy};
pub use principal::{Principal, PrincipalExt};
pub use static_token::StaticTokens;

use crate::BoxFuture;

/// A caller that was recognised.
#[derive(Clone, Default)]
pub struct Authenticated {
    /// Who it is.
    pub principal: Principal,
    /// What else the authenticator learnt, such as verified claims. Whoever
    /// called merges it into the request; a failed attempt leaves nothing.
    pub extensions: http::Extensions,
}

impl Authenticated {
    /// A recognised caller of whom nothing else is known.
    #[must_use]
    pub fn new(principal: Principal) -> Self {
        Self {
            principal,
            extensions: http::Extensions::new(),
        }
    }
}

impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticated")
            .field("principal", &self.principal)
            .finish_non_exhaustive()
    }
}

/// Recognises the caller of a request.
///
/// Implementations read the head alone, never a query or a cookie for tokens,
/// and name no credential in errors. The future may be dropped at any point.
pub trait Authenticator: Send + Sync + 'static {
    /// Looks for credentials and checks them.
    ///
    /// # Errors
    /// [`AuthnError`], one variant per kind of answer.
    fn authenticate<'a>(
        &'a self,
        head: &'a http::request::Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>>;
}

/// Decides whether a caller may do something.
pub trait Authorizer: Send + Sync + 'static {
    /// Whether `who` may do `action` to `resource`; either may be empty when
    /// the policy does not look at it.
    ///
    /// # Errors
    /// [`AuthzError`], one variant per kind of answer; every error is a denial.
    fn authorize<'a>(
        &'a self,
        who: Option<&'a Principal>,
        action: &'a str,
        resource: &'a str,
    ) -> BoxFuture<'a, Result<(), AuthzError>>;
}

/// Why a caller was not recognised. None of the texts contains a credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthnError {
    /// No usable credential of the kind looked for. 401.
    #[error("authentication required")]
    Unauthenticated,
    /// A credential that does not hold. 401.
    #[error("invalid token")]
    InvalidToken {
        /// One word for logs and metrics; clients are not told.
        reason: &'static str,
    },
    /// A credential that held once. 401.
    #[error("token expired")]
    ExpiredToken,
    /// It could not be checked, because something behind the check failed. 503,
    /// never 401.
    #[error("authentication temporarily unavailable")]
    Unavailable(#[source] BoxError),
}

/// Why a caller may not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthzError {
    /// Nobody is known to be calling. 401.
    #[error("authentication required")]
    Unauthenticated,
    /// The caller is known and may not. 403.
    #[error("access forbidden")]
    Forbidden,
    /// It could not be decided, because something behind the policy failed. 503.
    #[error("authorization temporarily unavailable")]
    Unavailable(#[source] BoxError),
}

/// Tokens or a policy that cannot be used; a service must not start with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No token, or an empty one, which everybody could present.
    #[error("the list of tokens is empty or has an empty token: configure at least one token")]
    Empty,
    /// An empty role, permission or separator.
    #[error("{0} contains an empty text: remove it")]
    EmptyText(&'static str),
}
