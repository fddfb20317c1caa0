//! Methods a route can be registered for.

use std::convert::Infallible;
use std::fmt;

use http::Method;

/// The reserved method name that registers a fallback for every method that
/// has no route of its own at the same path.
pub const METHOD_ANY: &str = "ANY";

/// The method of a route: one exact method, or the [`METHOD_ANY`] fallback.
///
/// Built from text (`"GET"`, `"MKCOL"`, `"ANY"`) or from an [`http::Method`].
/// Text must be a method token of RFC 9110 section 9.1 and is case-sensitive.
///
/// ```
/// use plumego_router::RouteMethod;
///
/// assert_eq!(RouteMethod::try_from("MKCOL")?.as_str(), "MKCOL");
/// assert!(RouteMethod::try_from("ANY")?.is_any());
/// assert!(RouteMethod::try_from("GET POST").is_err());
/// # Ok::<(), plumego_router::InvalidMethod>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RouteMethod(Option<Method>);

impl RouteMethod {
    /// The fallback for methods without a route of their own.
    pub const ANY: Self = Self(None);

    /// The method as it is registered and printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_ref().map_or(METHOD_ANY, Method::as_str)
    }

    /// Whether this is the [`METHOD_ANY`] fallback.
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.0.is_none()
    }

    /// The exact method, `None` for the fallback.
    #[must_use]
    pub const fn exact(&self) -> Option<&Method> {
        self.0.as_ref()
    }
}

impl From<Method> for RouteMethod {
    fn from(method: Method) -> Self {
        Self((method.as_str() != METHOD_ANY).then_some(method))
    }
}

impl From<&Method> for RouteMethod {
    fn from(method: &Method) -> Self {
        method.clone().into()
    }
}

impl TryFrom<&str> for RouteMethod {
    type Error = InvalidMethod;

    fn try_from(text: &str) -> Result<Self, InvalidMethod> {
        let invalid = || InvalidMethod(text.to_owned());
        if text.is_empty() || !text.bytes().all(is_token_byte) {
            return Err(invalid());
        }
        let method = Method::from_bytes(text.as_bytes()).map_err(|_| invalid())?;
        Ok(method.into())
    }
}

impl TryFrom<String> for RouteMethod {
    type Error = InvalidMethod;

    fn try_from(text: String) -> Result<Self, InvalidMethod> {
        text.as_str().try_into()
    }
}

impl PartialOrd for RouteMethod {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for RouteMethod {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Display for RouteMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for RouteMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is not a method token; registering such a route fails.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a method token: use letters, digits and !#$%&'*+-.^_`|~")]
pub struct InvalidMethod(String);

impl InvalidMethod {
    /// The rejected text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl From<Infallible> for InvalidMethod {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

/// `tchar` of RFC 9110 section 5.6.2.
const fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_accepted_as_written() {
        for text in ["GET", "get", "MKCOL", "VERSION-CONTROL", "M-SEARCH", "X!y"] {
            assert_eq!(RouteMethod::try_from(text).unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_else_is_rejected_with_its_text() {
        let bad = [
            "", " GET", "GET ", "GE T", "GET\n", "GET/", "A,B", "A:B", "(A)", "A@B", "GÉT",
        ];
        for text in bad {
            assert_eq!(RouteMethod::try_from(text).unwrap_err().text(), text);
        }
    }

    #[test]
    fn any_is_the_fallback_however_it_is_spelled_in_code() {
        let extension = Method::from_bytes(b"ANY").unwrap();
        assert_eq!(RouteMethod::from(extension), RouteMethod::ANY);
        assert_eq!(RouteMethod::try_from(METHOD_ANY).unwrap(), RouteMethod::ANY);
        assert_eq!(RouteMethod::try_from("any").unwrap().as_str(), "any");
    }
}
