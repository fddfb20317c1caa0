use std::fmt;
use std::future::ready;

use super::bearer::x_token;
use super::{
    Authenticated, Authenticator, AuthnError, BearerToken, ConfigError, Principal, bearer_token,
};
use crate::BoxFuture;
use crate::secret::{SecretString, TokenDigest};

/// Accepts any of a few tokens that the service was configured with; several
/// allow to change one without an outage.
///
/// A bearer token counts first; `X-Token` is looked at only when no bearer
/// token was meant. Absent, malformed and wrong are one answer,
/// [`AuthnError::Unauthenticated`]. Only digests are kept. The principal's
/// subject is `static-token`.
#[derive(Clone)]
pub struct StaticTokens {
    digests: Box<[TokenDigest]>,
}

impl StaticTokens {
    /// Accepts these tokens, without the white space around them.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for no token or an empty one.
    pub fn new(tokens: impl IntoIterator<Item = SecretString>) -> Result<Self, ConfigError> {
        let mut digests = Vec::new();
        for token in tokens {
            let token = token.trimmed();
            if token.is_empty() {
                return Err(ConfigError::Empty);
            }
            digests.push(TokenDigest::of(token.expose()));
        }
        Self::from_digests(digests)
    }

    /// Accepts the tokens with these digests, so that the configuration need
    /// not hold the tokens themselves.
    ///
    /// # Errors
    /// [`ConfigError::Empty`] for no digest, or that of the empty token.
    pub fn from_digests(
        digests: impl IntoIterator<Item = TokenDigest>,
    ) -> Result<Self, ConfigError> {
        let digests: Box<[_]> = digests.into_iter().collect();
        if digests.is_empty() || TokenDigest::of("").is_among(&digests) {
            return Err(ConfigError::Empty);
        }
        Ok(Self { digests })
    }

    fn accepts(&self, head: &http::request::Parts) -> bool {
        let token = match bearer_token(&head.headers) {
            BearerToken::Present(token) => Some(token),
            // A client that meant a bearer token is not given a second chance.
            BearerToken::Malformed => None,
            BearerToken::Absent => x_token(&head.headers),
        };
        token.is_some_and(|token| TokenDigest::of(token.expose()).is_among(&self.digests))
    }
}

impl Authenticator for StaticTokens {
    fn authenticate<'a>(
        &'a self,
        head: &'a http::request::Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        let outcome = if self.accepts(head) {
            Ok(Authenticated::new(Principal::new("static-token")))
        } else {
            Err(AuthnError::Unauthenticated)
        };
        Box::pin(ready(outcome))
    }
}

impl fmt::Debug for StaticTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticTokens")
            .field("tokens", &self.digests.len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn tokens(texts: &[&str]) -> Result<StaticTokens, ConfigError> {
        StaticTokens::new(texts.iter().map(|text| SecretString::from(*text)))
    }

    async fn accepted(tokens: &StaticTokens, headers: &[(&'static str, &'static str)]) -> bool {
        let (mut head, ()) = http::Request::new(()).into_parts();
        for (name, value) in headers {
            head.headers.append(*name, HeaderValue::from_static(value));
        }
        match tokens.authenticate(&head).await {
            Ok(caller) => {
                assert_eq!(caller.principal, Principal::new("static-token"));
                assert!(caller.extensions.is_empty());
                true
            }
            Err(AuthnError::Unauthenticated) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn any_of_the_tokens_opens() {
        let tokens = tokens(&[" old ", "new"]).unwrap();
        for value in ["Bearer old", "Bearer new", "bearer\tnew"] {
            assert!(accepted(&tokens, &[("authorization", value)]).await);
        }
        assert!(accepted(&tokens, &[("x-token", " new ")]).await);
        let other_scheme = [("authorization", "Basic YTpi"), ("x-token", "old")];
        assert!(accepted(&tokens, &other_scheme).await);
    }

    #[tokio::test]
    async fn absent_malformed_and_wrong_are_one_answer() {
        let tokens = tokens(&["s3cret"]).unwrap();
        for headers in [
            &[][..],
            &[("authorization", "Bearer wrong")],
            &[("authorization", "Bearer s3cre")],
            &[("authorization", "Bearer s3crets")],
            &[("authorization", "Bearer S3CRET")],
            &[("authorization", "s3cret")],
            &[("x-token", "")],
            &[("x-token", "wrong")],
            &[("x-token", "s3cret"), ("x-token", "s3cret")],
            &[("authorization", "Bearer"), ("x-token", "s3cret")],
            &[("authorization", "Bearer a b"), ("x-token", "s3cret")],
            &[("authorization", "Bearer wrong"), ("x-token", "s3cret")],
        ] {
            assert!(!accepted(&tokens, headers).await, "{headers:?}");
        }
    }

    #[test]
    fn a_service_cannot_start_open_or_closed_by_mistake() {
        for texts in [&[][..], &[""], &["  "], &["good", "\n"]] {
            assert_eq!(tokens(texts).unwrap_err(), ConfigError::Empty, "{texts:?}");
        }
        let empty = [TokenDigest::of("")];
        assert_eq!(
            StaticTokens::from_digests(empty).unwrap_err(),
            ConfigError::Empty
        );
        assert!(StaticTokens::from_digests([TokenDigest::of("a")]).is_ok());
    }

    #[test]
    fn neither_tokens_nor_digests_are_printed() {
        let shown = format!("{:?}", tokens(&["a", "b"]).unwrap());
        assert_eq!(shown, "StaticTokens { tokens: 2 }");
    }
}
