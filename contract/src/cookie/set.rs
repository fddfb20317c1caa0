use std::borrow::Cow;
use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderValue, SET_COOKIE};

use super::{is_name, is_value};
use crate::conditional::http_date;

/// Longest name and value together, in bytes.
const PAIR_BYTES_MAX: usize = 4096;

/// Which requests from other sites carry a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum SameSite {
    /// None.
    Strict,
    /// Navigation by `GET` alone.
    #[default]
    Lax,
    /// All; browsers then require `Secure`.
    None,
}

/// A cookie to set. Unless told otherwise it is sent to every path of this
/// host, by HTTPS only, hidden from scripts, not sent along with requests other
/// sites start except navigation, and gone when the browser closes.
///
/// ```
/// use plumego_contract::SetCookie;
///
/// let cookie = SetCookie::new("id", "17").build().unwrap();
/// assert_eq!(cookie, "id=17; Path=/; HttpOnly; Secure; SameSite=Lax");
/// assert!(SetCookie::new("__Host-id", "17").domain("a.example").build().is_err());
/// ```
#[derive(Clone, Debug)]
#[must_use = "a cookie does nothing unless it is added to a reply"]
pub struct SetCookie {
    name: Cow<'static, str>,
    value: Cow<'static, str>,
    path: Cow<'static, str>,
    domain: Option<Cow<'static, str>>,
    max_age: Option<Duration>,
    expires: Option<SystemTime>,
    http_only: bool,
    secure: bool,
    same_site: SameSite,
    partitioned: bool,
}

impl SetCookie {
    /// A cookie with secure defaults.
    pub fn new(name: impl Into<Cow<'static, str>>, value: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            path: Cow::Borrowed("/"),
            domain: None,
            max_age: None,
            expires: None,
            http_only: true,
            secure: true,
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }

    /// Has the browser forget a cookie. Path and domain must be those it was
    /// set with.
    pub fn removal(name: impl Into<Cow<'static, str>>) -> Self {
        Self::new(name, "")
            .max_age(Duration::ZERO)
            .expires(SystemTime::UNIX_EPOCH)
    }

    /// Sets the lifetime, in whole seconds.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Sets the end of its life, for browsers that do not know `Max-Age`.
    pub fn expires(mut self, at: SystemTime) -> Self {
        self.expires = Some(at);
        self
    }

    /// Has the cookie sent to this domain and all below it.
    pub fn domain(mut self, domain: impl Into<Cow<'static, str>>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Has the cookie sent to this path and all below it.
    pub fn path(mut self, path: impl Into<Cow<'static, str>>) -> Self {
        self.path = path.into();
        self
    }

    /// Sets which requests from other sites carry the cookie.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Sets whether scripts cannot read the cookie.
    pub fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Sets whether the cookie is sent by HTTPS only.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// Keeps the cookie apart for each site that embeds this one; needs
    /// `Secure`.
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self
    }

    /// The value of a `Set-Cookie` header.
    ///
    /// # Errors
    /// [`InvalidCookie`] for an illegal byte, a pair over 4 096 bytes, a time
    /// no HTTP date can say, or attributes browsers refuse together.
    pub fn build(&self) -> Result<HeaderValue, InvalidCookie> {
        self.check()?;
        let mut text = format!("{}={}; Path={}", self.name, self.value, self.path);
        if let Some(domain) = &self.domain {
            text.push_str("; Domain=");
            text.push_str(domain);
        }
        if let Some(age) = self.max_age {
            // Writing to text cannot fail.
            let _ = write!(text, "; Max-Age={}", age.as_secs());
        }
        if let Some(at) = self.expires {
            let date = http_date(at).ok_or(InvalidCookie::Expires)?;
            text.push_str("; Expires=");
            text.push_str(date.to_str().map_err(|_| InvalidCookie::Expires)?);
        }
        for (on, attribute) in [(self.http_only, "; HttpOnly"), (self.secure, "; Secure")] {
            if on {
                text.push_str(attribute);
            }
        }
        text.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        if self.partitioned {
            text.push_str("; Partitioned");
        }
        HeaderValue::from_str(&text).map_err(|_| InvalidCookie::Value)
    }

    /// Adds the cookie to the headers of a response, after those that are there.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn append_to(&self, headers: &mut HeaderMap) -> Result<(), InvalidCookie> {
        headers.append(SET_COOKIE, self.build()?);
        Ok(())
    }

    fn check(&self) -> Result<(), InvalidCookie> {
        let attribute = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b';');
        if !is_name(&self.name) {
            return Err(InvalidCookie::Name);
        }
        if !is_value(&self.value) {
            return Err(InvalidCookie::Value);
        }
        if self.name.len() + self.value.len() > PAIR_BYTES_MAX {
            return Err(InvalidCookie::TooLong);
        }
        if !self.path.starts_with('/') || !attribute(&self.path) {
            return Err(InvalidCookie::Path);
        }
        if !self.domain.as_deref().is_none_or(is_domain) {
            return Err(InvalidCookie::Domain);
        }
        if !self.secure && (self.same_site == SameSite::None || self.partitioned) {
            return Err(InvalidCookie::NotSecure);
        }
        self.check_prefix()
    }

    /// Browsers refuse a cookie whose name promises what its attributes do not
    /// keep; they compare the prefix without regard to case.
    fn check_prefix(&self) -> Result<(), InvalidCookie> {
        let starts = |prefix: &str| {
            let head = self.name.get(..prefix.len());
            head.is_some_and(|head| head.eq_ignore_ascii_case(prefix))
        };
        let host = starts("__Host-") && (self.domain.is_some() || self.path != "/");
        let secure = (starts("__Host-") || starts("__Secure-")) && !self.secure;
        if host || secure {
            return Err(InvalidCookie::Prefix);
        }
        Ok(())
    }
}

fn is_domain(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b == b'.' || b == b'-';
    !text.is_empty() && text.bytes().all(legal)
}

/// Why a cookie cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidCookie {
    /// The name is empty or holds an illegal byte.
    Name,
    /// The value holds an illegal byte; encode it, for example in base64.
    Value,
    /// Name and value together exceed 4 096 bytes.
    TooLong,
    /// The path does not start with `/` or holds an illegal byte.
    Path,
    /// The domain is empty or holds an illegal byte.
    Domain,
    /// The time is outside the years 1970 to 9999.
    Expires,
    /// `SameSite=None` and `Partitioned` need `Secure`.
    NotSecure,
    /// `__Secure-` needs `Secure`; `__Host-` needs `Secure`, `Path=/` and no
    /// domain.
    Prefix,
}

impl fmt::Display for InvalidCookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => "the cookie name is empty or holds an illegal byte",
            Self::Value => "the cookie value holds an illegal byte; encode it",
            Self::TooLong => "cookie name and value together exceed 4096 bytes",
            Self::Path => "the cookie path must start with `/` and be visible ASCII",
            Self::Domain => "the cookie domain is empty or holds an illegal byte",
            Self::Expires => "the cookie expires outside the years 1970 to 9999",
            Self::NotSecure => "`SameSite=None` and `Partitioned` cookies must be `Secure`",
            Self::Prefix => {
                "the prefix of the cookie name needs `Secure`, and `__Host-` also `Path=/` and no domain"
            }
        })
    }
}

impl std::error::Error for InvalidCookie {}

/// A failure of this service: it built a cookie it cannot send.
impl From<InvalidCookie> for crate::Error {
    fn from(error: InvalidCookie) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_attribute_in_order() {
        let cookie = SetCookie::new("a", "b")
            .path("/x")
            .domain("a.example")
            .max_age(Duration::from_millis(90_900))
            .expires(SystemTime::UNIX_EPOCH)
            .same_site(SameSite::None)
            .partitioned();
        assert_eq!(
            cookie.build().unwrap(),
            "a=b; Path=/x; Domain=a.example; Max-Age=90; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
             HttpOnly; Secure; SameSite=None; Partitioned"
        );
        let bare = SetCookie::new("a", "")
            .http_only(false)
            .secure(false)
            .same_site(SameSite::Strict);
        assert_eq!(bare.build().unwrap(), "a=; Path=/; SameSite=Strict");
    }

    #[test]
    fn removal_matches_path_and_domain() {
        let removal = SetCookie::removal("a").path("/x").domain("b");
        assert_eq!(
            removal.build().unwrap(),
            "a=; Path=/x; Domain=b; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; \
             HttpOnly; Secure; SameSite=Lax"
        );
    }

    #[test]
    fn what_browsers_refuse_is_refused() {
        use InvalidCookie as Bad;
        let new = |name: &'static str| SetCookie::new(name, "1");
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        for (cookie, reason) in [
            (new(""), Bad::Name),
            (new("a b"), Bad::Name),
            (new("a=b"), Bad::Name),
            (new("é"), Bad::Name),
            (SetCookie::new("a", "b;c"), Bad::Value),
            (SetCookie::new("a", "b c"), Bad::Value),
            (SetCookie::new("a", "b\r\nSet-Cookie: x=y"), Bad::Value),
            (SetCookie::new("a", "\"b"), Bad::Value),
            (SetCookie::new("a", "x".repeat(4096)), Bad::TooLong),
            (new("a").path("x"), Bad::Path),
            (new("a").path("/;Domain=b"), Bad::Path),
            (new("a").domain("b;c"), Bad::Domain),
            (new("a").expires(far), Bad::Expires),
            (
                new("a").same_site(SameSite::None).secure(false),
                Bad::NotSecure,
            ),
            (new("a").partitioned().secure(false), Bad::NotSecure),
            (new("__Secure-a").secure(false), Bad::Prefix),
            (new("__host-a").secure(false), Bad::Prefix),
            (new("__Host-a").path("/x"), Bad::Prefix),
            (new("__Host-a").domain("b"), Bad::Prefix),
        ] {
            assert_eq!(cookie.build(), Err(reason), "{cookie:?}");
        }
        assert!(SetCookie::new("a", "x".repeat(4095)).build().is_ok());
        assert!(new("__Host-a").build().is_ok());
    }

    #[test]
    fn several_cookies_keep_their_order() {
        let mut headers = HeaderMap::new();
        for name in ["a", "b", "a"] {
            SetCookie::new(name, "1").append_to(&mut headers).unwrap();
        }
        let set: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(set.len(), 3);
        assert!(set[0].to_str().unwrap().starts_with("a=1"));
        assert!(set[1].to_str().unwrap().starts_with("b=1"));
    }

    proptest! {
        #[test]
        fn nothing_breaks_out_of_its_place(value in ".{0,20}", path in ".{0,20}", domain in ".{0,20}") {
            let cookie = SetCookie::new("a", value).path(path).domain(domain);
            if let Ok(built) = cookie.build() {
                prop_assert_eq!(built.to_str().unwrap().matches("; ").count(), 5);
            }
        }
    }
}
