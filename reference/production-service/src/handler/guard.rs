//! Who may call the routes of a group: the holder of its one bearer token.

use std::future::ready;
use std::sync::Arc;

use http::request::Parts;
use plumego_middleware::auth::{AuthenticateLayer, authenticate};
use plumego_security::BoxFuture;
use plumego_security::authn::{
    Authenticated, Authenticator, AuthnError, BearerToken, Principal, bearer_token,
};
use plumego_security::secret::{SecretString, ct_eq};

/// Recognises the holder of one token, sent as `Authorization: Bearer` and in
/// no other way. Without a token it recognises nobody: an unset variable closes
/// a route, it never opens one.
#[derive(Debug)]
struct OneToken {
    subject: &'static str,
    token: SecretString,
}

impl OneToken {
    fn accepts(&self, head: &Parts) -> bool {
        match bearer_token(&head.headers) {
            BearerToken::Present(sent) if !self.token.is_empty() => {
                ct_eq(sent.expose().as_bytes(), self.token.expose().as_bytes())
            }
            _ => false,
        }
    }
}

impl Authenticator for OneToken {
    fn authenticate<'a>(
        &'a self,
        head: &'a Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        let outcome = if self.accepts(head) {
            Ok(Authenticated::new(Principal::new(self.subject)))
        } else {
            Err(AuthnError::Unauthenticated)
        };
        Box::pin(ready(outcome))
    }
}

/// Guards the routes that serve tenants.
pub(crate) fn api_guard(token: SecretString) -> AuthenticateLayer {
    guard("api", token)
}

/// Guards the routes of operators.
pub(crate) fn ops_guard(token: SecretString) -> AuthenticateLayer {
    guard("ops", token)
}

fn guard(name: &'static str, token: SecretString) -> AuthenticateLayer {
    authenticate(Arc::new(OneToken {
        subject: name,
        token,
    }))
    .realm(name)
}
