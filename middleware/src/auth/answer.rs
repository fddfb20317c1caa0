//! Answers to requests that may not go on.

use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use plumego_contract::{BoxError, Error, ErrorKind};
use plumego_security::authn::{AuthnError, AuthzError};

const DEFAULT_REALM: &str = "plumego";

/// The challenges of every 401 (RFC 6750 section 3).
#[derive(Clone, Debug)]
pub(super) struct Challenges {
    /// For a request without credentials.
    plain: HeaderValue,
    /// For a credential that does not hold.
    invalid_token: HeaderValue,
}

impl Default for Challenges {
    fn default() -> Self {
        Self::new(DEFAULT_REALM)
    }
}

impl Challenges {
    pub(super) fn new(realm: &str) -> Self {
        let realm = escape(realm);
        let (plain, invalid) = if realm.is_empty() {
            (
                "Bearer".to_owned(),
                "Bearer error=\"invalid_token\"".to_owned(),
            )
        } else {
            let plain = format!("Bearer realm=\"{realm}\"");
            let invalid = format!("{plain}, error=\"invalid_token\"");
            (plain, invalid)
        };
        // Control characters are gone, so that both are legal.
        let value = |text: String| {
            let value = HeaderValue::from_bytes(text.as_bytes());
            value.unwrap_or_else(|_| HeaderValue::from_static("Bearer"))
        };
        Self {
            plain: value(plain),
            invalid_token: value(invalid),
        }
    }

    pub(super) fn authn(&self, error: AuthnError) -> Error {
        match error {
            AuthnError::InvalidToken { .. } => self.bad_token("invalid token"),
            AuthnError::ExpiredToken => self.bad_token("token expired"),
            AuthnError::Unavailable(cause) => self.unavailable(cause),
            // `Unauthenticated`, and what is not known here.
            _ => self.required(),
        }
    }

    pub(super) fn authz(&self, error: AuthzError) -> Error {
        match error {
            AuthzError::Forbidden => Error::new(ErrorKind::Forbidden).message("access forbidden"),
            AuthzError::Unavailable(cause) => self.unavailable(cause),
            _ => self.required(),
        }
    }

    fn required(&self) -> Error {
        Error::new(ErrorKind::Unauthorized)
            .message("authentication required")
            .header(WWW_AUTHENTICATE, self.plain.clone())
    }

    fn bad_token(&self, message: &'static str) -> Error {
        Error::new(ErrorKind::Unauthorized)
            .message(message)
            .header(WWW_AUTHENTICATE, self.invalid_token.clone())
    }

    fn unavailable(&self, cause: BoxError) -> Error {
        match Error::find_in(&*cause) {
            Some(own) => self.challenged(own.clone()),
            None => Error::new(ErrorKind::Unavailable)
                .message("authentication temporarily unavailable")
                .wrap(cause),
        }
    }

    /// An error of the user, with a challenge if it is a 401 without one (RFC
    /// 9110 section 15.5.2).
    pub(super) fn challenged(&self, error: Error) -> Error {
        let is_401 = error.status() == StatusCode::UNAUTHORIZED;
        if is_401 && !error.headers().contains_key(WWW_AUTHENTICATE) {
            error.header(WWW_AUTHENTICATE, self.plain.clone())
        } else {
            error
        }
    }
}

/// Text for a quoted string (RFC 9110 section 5.6.4).
fn escape(realm: &str) -> String {
    let mut escaped = String::with_capacity(realm.len());
    for character in realm.chars().filter(|character| !character.is_control()) {
        if matches!(character, '"' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn realms_stay_in_their_quotes() {
        for (realm, plain) in [
            ("api", "Bearer realm=\"api\""),
            ("a\"b\\c", "Bearer realm=\"a\\\"b\\\\c\""),
            ("a\r\nX: y\u{85}", "Bearer realm=\"aX: y\""),
            ("\n", "Bearer"),
            ("", "Bearer"),
            ("ä", "Bearer realm=\"ä\""),
        ] {
            let challenges = Challenges::new(realm);
            assert_eq!(challenges.plain.as_bytes(), plain.as_bytes(), "{realm:?}");
            let invalid = String::from_utf8(challenges.invalid_token.as_bytes().to_vec());
            assert!(invalid.unwrap().ends_with("error=\"invalid_token\""));
        }
    }
}
