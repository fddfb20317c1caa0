use super::verify::JwtManager;
use super::{JwtError, TokenClaims, TokenClaimsExt, TokenType};
use crate::BoxFuture;
use crate::authn::{
    Authenticated, Authenticator, AuthnError, BearerToken, Principal, bearer_token,
};

/// Recognises the subject of a bearer token; made by
/// [`JwtManager::authenticator`].
///
/// The principal has subject and tenant of the identity, the roles, and the
/// permissions as scopes; its claims are `token_id`, `token_type` and `key_id`.
/// The verified [`TokenClaims`] travel in the extensions.
#[derive(Clone, Debug)]
pub struct JwtAuthenticator {
    manager: JwtManager,
    token_type: TokenType,
}

impl JwtAuthenticator {
    pub(super) fn new(manager: JwtManager, token_type: TokenType) -> Self {
        Self {
            manager,
            token_type,
        }
    }
}

impl Authenticator for JwtAuthenticator {
    fn authenticate<'a>(
        &'a self,
        head: &'a http::request::Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        Box::pin(async move {
            let token = match bearer_token(&head.headers) {
                BearerToken::Absent => return Err(AuthnError::Unauthenticated),
                BearerToken::Malformed => {
                    return Err(AuthnError::InvalidToken { reason: "bearer" });
                }
                BearerToken::Present(token) => token.expose(),
            };
            let verified = self.manager.verify(token, self.token_type.into()).await;
            verified.map(recognised).map_err(refused)
        })
    }
}

fn recognised(claims: TokenClaims) -> Authenticated {
    let facts = [
        ("token_id", claims.token_id.as_str()),
        ("token_type", claims.token_type.as_str()),
        ("key_id", claims.key_id.as_str()),
    ];
    let facts = facts.into_iter().filter(|(_, text)| !text.is_empty());
    let principal = Principal {
        subject: claims.identity.subject.clone(),
        tenant_id: claims.identity.tenant_id.clone(),
        roles: claims.authorization.roles.clone(),
        scopes: claims.authorization.permissions.clone(),
        claims: facts
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .collect(),
    };
    let mut caller = Authenticated::new(principal);
    caller.extensions.set_token_claims(claims);
    caller
}

/// Credentials that do not hold are one thing, checks that cannot be made are
/// another.
fn refused(error: JwtError) -> AuthnError {
    let reason = match error {
        JwtError::Expired => return AuthnError::ExpiredToken,
        JwtError::NotYetValid => "not_yet_valid",
        JwtError::InvalidIssuer => "issuer",
        JwtError::InvalidAudience => "audience",
        JwtError::UnknownKey => "unknown_key",
        JwtError::MissingSubject => "subject",
        JwtError::InvalidToken(reason) => reason.as_str(),
        other => return AuthnError::Unavailable(other.into()),
    };
    AuthnError::InvalidToken { reason }
}
