//! Conditional requests (RFC 9110 section 13): entity tags and the order in
//! which preconditions count.
//!
//! ```
//! use plumego_contract::conditional::{ETag, Outcome, evaluate};
//! use plumego_contract::{Body, Request};
//!
//! let mut request = Request::new(Body::empty());
//! request.headers_mut().insert("if-none-match", r#""v1""#.parse().unwrap());
//! let current = ETag::strong("v1").unwrap();
//! assert_eq!(evaluate(&request, Some(&current), None), Outcome::NotModified);
//! ```

use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{
    HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
};
use http::{Method, Request};

/// The version of a representation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ETag {
    weak: bool,
    opaque: Box<str>,
}

/// The text holds a byte that an entity tag cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidETag;

impl fmt::Display for InvalidETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entity tag is visible ASCII without quotes")
    }
}

impl std::error::Error for InvalidETag {}

impl ETag {
    /// A tag that changes with every byte of the representation. `opaque` is
    /// given without quotes.
    ///
    /// # Errors
    /// [`InvalidETag`] unless it is visible ASCII without quotes.
    pub fn strong(opaque: &str) -> Result<Self, InvalidETag> {
        Self::new(false, opaque)
    }

    /// A tag that changes with the meaning of the representation.
    ///
    /// # Errors
    /// As [`strong`](Self::strong).
    pub fn weak(opaque: &str) -> Result<Self, InvalidETag> {
        Self::new(true, opaque)
    }

    fn new(weak: bool, opaque: &str) -> Result<Self, InvalidETag> {
        let legal = opaque.bytes().all(|b| b.is_ascii_graphic() && b != b'"');
        if !legal {
            return Err(InvalidETag);
        }
        Ok(Self {
            weak,
            opaque: opaque.into(),
        })
    }

    /// Reads a tag as it stands in a header: `"v1"` or `W/"v1"`.
    ///
    /// # Errors
    /// [`InvalidETag`] for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidETag> {
        match split_tag(text.trim()) {
            Some((weak, opaque, "")) => Self::new(weak, opaque),
            _ => Err(InvalidETag),
        }
    }

    /// True for a weak tag.
    #[must_use]
    pub fn is_weak(&self) -> bool {
        self.weak
    }

    /// The tag as a header value.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        // Every constructor admits visible ASCII only.
        HeaderValue::from_str(&self.to_string()).unwrap_or(HeaderValue::from_static("\"\""))
    }

    fn is(&self, weak: bool, opaque: &str, comparison: Comparison) -> bool {
        let strong_enough = comparison == Comparison::Weak || !(self.weak || weak);
        strong_enough && *self.opaque == *opaque
    }
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.weak { "W/" } else { "" };
        write!(f, "{mark}\"{}\"", self.opaque)
    }
}

/// What a conditional request asks for, given the current representation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Answer as if the request were unconditional.
    Proceed,
    /// Answer 304 without a body.
    NotModified,
    /// Answer `412 precondition_failed`.
    PreconditionFailed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Strong,
    Weak,
}

/// Evaluates the preconditions of a request in the order of RFC 9110 section
/// 13.2.2. `If-Match` compares strongly, `If-None-Match` weakly. Dates count in
/// whole seconds; a date that cannot be read does not count.
///
/// With neither a tag nor a time there is no current representation, so that
/// `*` matches nothing: `If-None-Match: *` lets a `PUT` create it, `If-Match: *`
/// lets none replace it.
pub fn evaluate<B>(
    request: &Request<B>,
    etag: Option<&ETag>,
    last_modified: Option<SystemTime>,
) -> Outcome {
    let current = Current {
        exists: etag.is_some() || last_modified.is_some(),
        etag,
        modified: last_modified,
    };
    judge(request.method(), request.headers(), &current)
}

/// What preconditions are compared with.
pub(crate) struct Current<'r> {
    pub(crate) exists: bool,
    pub(crate) etag: Option<&'r ETag>,
    pub(crate) modified: Option<SystemTime>,
}

pub(crate) fn judge(method: &Method, headers: &HeaderMap, current: &Current<'_>) -> Outcome {
    let reads = method == Method::GET || method == Method::HEAD;
    let modified = current.modified.and_then(whole_seconds);
    if headers.contains_key(IF_MATCH) {
        if !any_tag(headers, &IF_MATCH, current, Comparison::Strong) {
            return Outcome::PreconditionFailed;
        }
    } else if let (Some(modified), Some(limit)) = (modified, date(headers, &IF_UNMODIFIED_SINCE))
        && modified > limit
    {
        return Outcome::PreconditionFailed;
    }
    if headers.contains_key(IF_NONE_MATCH) {
        if any_tag(headers, &IF_NONE_MATCH, current, Comparison::Weak) {
            return if reads {
                Outcome::NotModified
            } else {
                Outcome::PreconditionFailed
            };
        }
    } else if let (true, Some(modified), Some(since)) =
        (reads, modified, date(headers, &IF_MODIFIED_SINCE))
        && modified <= since
    {
        return Outcome::NotModified;
    }
    Outcome::Proceed
}

/// True when `If-Range` allows the ranges to be served (RFC 9110 section
/// 13.1.5): a strong tag that matches, or exactly the date of modification.
#[cfg(feature = "fs")]
pub(crate) fn if_range_holds(
    value: &HeaderValue,
    etag: Option<&ETag>,
    last_modified: Option<SystemTime>,
) -> bool {
    let Ok(text) = value.to_str() else {
        return false;
    };
    if let Some((weak, opaque, "")) = split_tag(text.trim()) {
        return etag.is_some_and(|own| own.is(weak, opaque, Comparison::Strong));
    }
    let date = httpdate::parse_http_date(text).ok();
    date.is_some() && date == last_modified.and_then(whole_seconds)
}

fn any_tag(
    headers: &HeaderMap,
    name: &HeaderName,
    current: &Current<'_>,
    comparison: Comparison,
) -> bool {
    let lists = headers.get_all(name).iter();
    lists.filter_map(|value| value.to_str().ok()).any(|list| {
        let list = list.trim();
        if list == "*" {
            return current.exists;
        }
        let mut rest = list;
        while let Some((weak, opaque, after)) = split_tag(rest) {
            if current
                .etag
                .is_some_and(|own| own.is(weak, opaque, comparison))
            {
                return true;
            }
            rest = after.trim_start_matches([' ', '\t', ',']);
        }
        false
    })
}

/// The first tag of a list and what follows it.
fn split_tag(text: &str) -> Option<(bool, &str, &str)> {
    let (weak, quoted) = match text.strip_prefix("W/") {
        Some(quoted) => (true, quoted),
        None => (false, text),
    };
    let (opaque, after) = quoted.strip_prefix('"')?.split_once('"')?;
    Some((weak, opaque, after))
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}

/// The time as an HTTP date can say it: whole seconds from 1970 to 9999.
pub(crate) fn whole_seconds(time: SystemTime) -> Option<SystemTime> {
    const YEAR_10000: u64 = 253_402_300_800;
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let seconds = since.as_secs();
    (seconds < YEAR_10000).then(|| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
}

/// An HTTP date; `None` outside the years 1970 to 9999.
pub(crate) fn http_date(time: SystemTime) -> Option<HeaderValue> {
    let text = httpdate::fmt_http_date(whole_seconds(time)?);
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Body;

    const MODIFIED: &str = "Tue, 01 Jul 2025 10:00:00 GMT";
    const EARLIER: &str = "Tue, 01 Jul 2025 09:59:59 GMT";
    const LATER: &str = "Tue, 01 Jul 2025 10:00:01 GMT";

    fn outcome(method: Method, headers: &[(&str, &str)], tag: &str) -> Outcome {
        let mut request = crate::Request::new(Body::empty());
        *request.method_mut() = method;
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        let modified = httpdate::parse_http_date(MODIFIED).unwrap() + Duration::from_millis(700);
        evaluate(&request, ETag::parse(tag).ok().as_ref(), Some(modified))
    }

    #[test]
    fn every_precondition_alone() {
        use Outcome::{NotModified, PreconditionFailed, Proceed};
        for (name, value, get, put) in [
            ("if-match", "*", Proceed, Proceed),
            ("if-match", "\"a\"", Proceed, Proceed),
            ("if-match", "\"b\", \"a\"", Proceed, Proceed),
            (
                "if-match",
                "W/\"a\"",
                PreconditionFailed,
                PreconditionFailed,
            ),
            ("if-match", "\"b\"", PreconditionFailed, PreconditionFailed),
            (
                "if-match",
                "nonsense",
                PreconditionFailed,
                PreconditionFailed,
            ),
            ("if-none-match", "*", NotModified, PreconditionFailed),
            (
                "if-none-match",
                "\"x,y\" , W/\"a\"",
                NotModified,
                PreconditionFailed,
            ),
            ("if-none-match", "\"b\"", Proceed, Proceed),
            ("if-none-match", "a", Proceed, Proceed),
            ("if-modified-since", MODIFIED, NotModified, Proceed),
            ("if-modified-since", LATER, NotModified, Proceed),
            ("if-modified-since", EARLIER, Proceed, Proceed),
            ("if-modified-since", "soon", Proceed, Proceed),
            ("if-unmodified-since", MODIFIED, Proceed, Proceed),
            ("if-unmodified-since", LATER, Proceed, Proceed),
            (
                "if-unmodified-since",
                EARLIER,
                PreconditionFailed,
                PreconditionFailed,
            ),
        ] {
            let headers = [(name, value)];
            assert_eq!(
                outcome(Method::GET, &headers, "\"a\""),
                get,
                "{name}: {value}"
            );
            assert_eq!(
                outcome(Method::HEAD, &headers, "\"a\""),
                get,
                "{name}: {value}"
            );
            assert_eq!(
                outcome(Method::PUT, &headers, "\"a\""),
                put,
                "{name}: {value}"
            );
        }
    }

    #[test]
    fn tags_count_more_than_dates() {
        let both = [("if-none-match", "\"b\""), ("if-modified-since", LATER)];
        assert_eq!(outcome(Method::GET, &both, "\"a\""), Outcome::Proceed);
        let both = [("if-match", "\"a\""), ("if-unmodified-since", EARLIER)];
        assert_eq!(outcome(Method::GET, &both, "\"a\""), Outcome::Proceed);
        let both = [("if-match", "\"a\""), ("if-none-match", "\"a\"")];
        assert_eq!(outcome(Method::GET, &both, "\"a\""), Outcome::NotModified);
        let lines = [("if-none-match", "\"b\""), ("if-none-match", "\"a\"")];
        assert_eq!(outcome(Method::GET, &lines, "\"a\""), Outcome::NotModified);
    }

    #[test]
    fn a_star_stands_for_any_representation_but_not_for_none() {
        let star = |method, name| {
            let mut request = crate::Request::new(Body::empty());
            *request.method_mut() = method;
            request.headers_mut().insert(name, "*".parse().unwrap());
            request
        };
        let create = star(Method::PUT, IF_NONE_MATCH);
        let replace = star(Method::PUT, IF_MATCH);
        assert_eq!(evaluate(&create, None, None), Outcome::Proceed);
        assert_eq!(evaluate(&replace, None, None), Outcome::PreconditionFailed);
        let known = [
            (ETag::strong("a").ok(), None),
            (None, Some(SystemTime::UNIX_EPOCH)),
        ];
        for (etag, modified) in known {
            let outcome = |request| evaluate(request, etag.as_ref(), modified);
            assert_eq!(outcome(&create), Outcome::PreconditionFailed);
            assert_eq!(outcome(&replace), Outcome::Proceed);
        }
    }

    #[test]
    fn a_weak_tag_never_matches_strongly() {
        let outcome_of = |name| outcome(Method::GET, &[(name, "W/\"a\"")], "W/\"a\"");
        assert_eq!(outcome_of("if-match"), Outcome::PreconditionFailed);
        assert_eq!(outcome_of("if-none-match"), Outcome::NotModified);
    }

    #[test]
    fn dates_outside_http_are_left_out() {
        assert!(http_date(SystemTime::UNIX_EPOCH - Duration::from_secs(1)).is_none());
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert!(http_date(far).is_none());
        assert_eq!(
            http_date(SystemTime::UNIX_EPOCH).unwrap(),
            "Thu, 01 Jan 1970 00:00:00 GMT"
        );
    }

    proptest! {
        #[test]
        fn tags_read_back(opaque in "[!#-~]{0,20}", weak in any::<bool>()) {
            let tag = ETag::new(weak, &opaque).unwrap();
            prop_assert_eq!(ETag::parse(tag.to_header().to_str().unwrap()), Ok(tag));
        }

        #[test]
        fn lists_never_panic(text in "[ -~]{0,40}") {
            let _ = outcome(Method::GET, &[("if-match", &text)], "\"a\"");
        }
    }
}
