//! `Content-Type` as far as bindings need it (RFC 9110 section 8.3).

use http::header::{CONTENT_TYPE, HeaderMap};

/// The declared media type of a body.
pub(super) enum Declared<'h> {
    Missing,
    /// Given twice, or not readable.
    Broken,
    Type {
        /// `type/subtype`, as written.
        essence: &'h str,
        parameters: &'h str,
    },
}

impl<'h> Declared<'h> {
    pub(super) fn of(headers: &'h HeaderMap) -> Self {
        let mut values = headers.get_all(CONTENT_TYPE).iter();
        let Some(value) = values.next() else {
            return Self::Missing;
        };
        let text = value.to_str().ok().filter(|_| values.next().is_none());
        let Some(text) = text else {
            return Self::Broken;
        };
        let (essence, parameters) = text.split_once(';').unwrap_or((text, ""));
        Self::Type {
            essence: essence.trim(),
            parameters,
        }
    }

    /// True for this media type, in UTF-8 or without a charset.
    pub(super) fn is(&self, wanted: &str) -> bool {
        self.matches(|essence| essence.eq_ignore_ascii_case(wanted))
    }

    /// True for `application/json` and every `+json`, in UTF-8 or without a
    /// charset.
    pub(super) fn is_json(&self) -> bool {
        self.matches(|essence| {
            let Some((_, subtype)) = essence.split_once('/') else {
                return false;
            };
            let suffix = subtype.len().checked_sub("+json".len());
            essence.eq_ignore_ascii_case("application/json")
                || suffix
                    .and_then(|at| subtype.get(at..).filter(|_| at > 0))
                    .is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
        })
    }

    fn matches(&self, accept: impl FnOnce(&str) -> bool) -> bool {
        match self {
            Self::Type {
                essence,
                parameters,
            } => {
                let charset = parameter(parameters, "charset");
                let utf8 = charset.is_none_or(|c| {
                    c.eq_ignore_ascii_case("utf-8") || c.eq_ignore_ascii_case("utf8")
                });
                utf8 && accept(essence)
            }
            Self::Missing | Self::Broken => false,
        }
    }
}

/// The value of a parameter without its quotes. Quoted pairs are not undone:
/// no charset or boundary needs one.
pub(super) fn parameter<'p>(parameters: &'p str, name: &str) -> Option<&'p str> {
    let mut rest = parameters;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        // What has no `=` is no parameter, and does not hide the next one.
        let key = key.rsplit(';').next().unwrap_or(key).trim();
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim_end(), &after[end..])
            }
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, value.parse().unwrap())])
    }

    #[test]
    fn json_types() {
        for good in [
            "application/json",
            "Application/JSON ; charset=UTF-8",
            "application/problem+json",
            "application/json;charset=\"utf-8\"",
            "application/json; v=\"a;b\"; charset=utf-8",
        ] {
            assert!(Declared::of(&declared(good)).is_json(), "{good}");
        }
        for bad in [
            "",
            "text/json",
            "application/+json",
            "application/jsonp",
            "json",
            "application/json; charset=latin1",
            "application/json; x; charset=latin1",
        ] {
            assert!(!Declared::of(&declared(bad)).is_json(), "{bad}");
        }
    }

    #[test]
    fn two_types_are_none() {
        let mut headers = declared("application/json");
        headers.append(CONTENT_TYPE, "application/json".parse().unwrap());
        assert!(!Declared::of(&headers).is_json());
    }
}
