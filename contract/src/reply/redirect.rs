use http::StatusCode;
use http::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};

use crate::cookie::SetCookie;
use crate::respond::{IntoResponse, InvalidLocation, location_value, write_error};
use crate::scope::RequestScope;
use crate::{Body, Error, Response};

/// Sends the client elsewhere.
///
/// ```
/// use plumego_contract::Redirect;
///
/// assert!(Redirect::see_other("/orders/17").is_ok());
/// // Where the target comes from a client, only own paths are let through.
/// assert!(Redirect::local("/account?tab=1").is_ok());
/// assert!(Redirect::local("//evil.example").is_err());
/// ```
#[derive(Clone, Debug)]
#[must_use = "a reply does nothing unless it is returned"]
pub struct Redirect {
    status: StatusCode,
    headers: HeaderMap,
    failure: Option<String>,
}

impl Redirect {
    /// 303: continue there with `GET`; the answer to a form.
    ///
    /// # Errors
    /// [`InvalidLocation`] unless the target is non-empty visible ASCII.
    pub fn see_other(target: &str) -> Result<Self, InvalidLocation> {
        Self::new(StatusCode::SEE_OTHER, target)
    }

    /// 302: found there for now; clients may change the method to `GET`.
    ///
    /// # Errors
    /// As [`see_other`](Self::see_other).
    pub fn found(target: &str) -> Result<Self, InvalidLocation> {
        Self::new(StatusCode::FOUND, target)
    }

    /// 307: there for now, with the same method and body.
    ///
    /// # Errors
    /// As [`see_other`](Self::see_other).
    pub fn temporary(target: &str) -> Result<Self, InvalidLocation> {
        Self::new(StatusCode::TEMPORARY_REDIRECT, target)
    }

    /// 308: there for good, with the same method and body.
    ///
    /// # Errors
    /// As [`see_other`](Self::see_other).
    pub fn permanent(target: &str) -> Result<Self, InvalidLocation> {
        Self::new(StatusCode::PERMANENT_REDIRECT, target)
    }

    /// 301: there for good; clients may change the method to `GET`.
    ///
    /// # Errors
    /// As [`see_other`](Self::see_other).
    pub fn moved(target: &str) -> Result<Self, InvalidLocation> {
        Self::new(StatusCode::MOVED_PERMANENTLY, target)
    }

    /// 303 to a path of this service, for targets that a client names. The path
    /// starts with one `/` that is not followed by `/` or `\`, and holds no
    /// control characters: browsers read anything else as another host.
    ///
    /// # Errors
    /// [`InvalidLocation`] for any other target.
    pub fn local(path: &str) -> Result<Self, InvalidLocation> {
        let own = path.starts_with('/') && !path[1..].starts_with(['/', '\\']);
        if !own || path.chars().any(char::is_control) {
            return Err(InvalidLocation);
        }
        Self::see_other(path)
    }

    fn new(status: StatusCode, target: &str) -> Result<Self, InvalidLocation> {
        let location = location_value(target)?;
        Ok(Self {
            status,
            headers: HeaderMap::from_iter([(LOCATION, location)]),
            failure: None,
        })
    }

    /// Adds a response header.
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Sets a cookie, for example after a login. A cookie that cannot be built
    /// makes the reply a `500 internal_error`.
    pub fn cookie(mut self, cookie: SetCookie) -> Self {
        if let Err(error) = cookie.append_to(&mut self.headers) {
            self.failure = Some(error.to_string());
        }
        self
    }
}

impl IntoResponse for Redirect {
    fn into_response(self, scope: &RequestScope) -> Response {
        if let Some(failure) = self.failure {
            return write_error(scope, &Error::internal(failure));
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses() {
        for (redirect, status) in [
            (Redirect::moved("https://a.example/"), 301),
            (Redirect::found("/a"), 302),
            (Redirect::see_other("/a"), 303),
            (Redirect::temporary("/a"), 307),
            (Redirect::permanent("/a"), 308),
            (Redirect::local("/a"), 303),
        ] {
            let response = redirect.unwrap().into_response(&RequestScope::detached());
            assert_eq!(response.status(), status);
            assert!(response.headers().contains_key(LOCATION));
        }
    }

    #[test]
    fn only_own_paths_are_local() {
        for good in ["/", "/a", "/a//b", "/a?next=//b", "/%2F/x", "/a\\b"] {
            assert!(Redirect::local(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "a",
            "//a",
            "/\\a",
            "\\/a",
            "https://a",
            "/\t/a",
            "/a\r\nx: y",
            " /a",
            "/é",
        ] {
            assert!(Redirect::local(bad).is_err(), "{bad}");
        }
    }
}
