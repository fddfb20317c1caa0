use std::fmt;
use std::sync::Arc;

use super::{Authenticated, Authenticator, AuthnError};
use crate::BoxFuture;

/// Tries several kinds of credentials in order.
///
/// An authenticator that finds no credential of its kind
/// ([`AuthnError::Unauthenticated`]) lets the next one look; any other error
/// ends the search, so that a bad credential never falls through to a weaker
/// scheme. Without authenticators nobody is recognised.
#[derive(Clone, Default)]
pub struct AnyOf(Vec<Arc<dyn Authenticator>>);

impl AnyOf {
    /// Tries these, the first one first.
    #[must_use]
    pub fn new(authenticators: Vec<Arc<dyn Authenticator>>) -> Self {
        Self(authenticators)
    }
}

impl Authenticator for AnyOf {
    fn authenticate<'a>(
        &'a self,
        head: &'a http::request::Parts,
    ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
        Box::pin(async move {
            for authenticator in &self.0 {
                match authenticator.authenticate(head).await {
                    Err(AuthnError::Unauthenticated) => {}
                    found => return found,
                }
            }
            Err(AuthnError::Unauthenticated)
        })
    }
}

impl fmt::Debug for AnyOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyOf({} authenticators)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use std::future::ready;
    use std::sync::Mutex;

    use super::super::Principal;
    use super::*;

    /// Answers as its name says, and writes the name down.
    struct Scripted(&'static str, Arc<Mutex<Vec<&'static str>>>);

    impl Authenticator for Scripted {
        fn authenticate<'a>(
            &'a self,
            _: &'a http::request::Parts,
        ) -> BoxFuture<'a, Result<Authenticated, AuthnError>> {
            self.1.lock().unwrap().push(self.0);
            Box::pin(ready(match self.0 {
                "absent" => Err(AuthnError::Unauthenticated),
                "invalid" => Err(AuthnError::InvalidToken { reason: "test" }),
                "expired" => Err(AuthnError::ExpiredToken),
                "down" => Err(AuthnError::Unavailable("down".into())),
                name => Ok(Authenticated::new(Principal::new(name))),
            }))
        }
    }

    async fn tried(names: &[&'static str]) -> (String, Vec<&'static str>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let each = names.iter().map(|name| {
            let scripted: Arc<dyn Authenticator> = Arc::new(Scripted(name, Arc::clone(&asked)));
            scripted
        });
        let any = AnyOf::new(each.collect());
        let (head, ()) = http::Request::new(()).into_parts();
        let outcome = match any.authenticate(&head).await {
            Ok(caller) => caller.principal.subject,
            Err(error) => error.to_string(),
        };
        let asked = asked.lock().unwrap().clone();
        (outcome, asked)
    }

    #[tokio::test]
    async fn only_an_absent_credential_moves_on() {
        let required = "authentication required".to_owned();
        assert_eq!(tried(&[]).await, (required.clone(), vec![]));
        let both = vec!["absent", "absent"];
        assert_eq!(tried(&["absent", "absent"]).await, (required, both));
        let found = ("ada".to_owned(), vec!["absent", "ada"]);
        assert_eq!(tried(&["absent", "ada", "bob"]).await, found);
        for (name, text) in [
            ("invalid", "invalid token"),
            ("expired", "token expired"),
            ("down", "authentication temporarily unavailable"),
        ] {
            let stopped = (text.to_owned(), vec![name]);
            assert_eq!(tried(&[name, "ada"]).await, stopped);
        }
    }
}
