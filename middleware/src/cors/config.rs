use std::time::Duration;

use super::error::{CorsConfigError, CorsConfigErrorKind};
use super::origin::{OriginRule, Origins};

const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const HEADERS: [&str; 5] = [
    "Accept",
    "Accept-Language",
    "Content-Language",
    "Content-Type",
    "Authorization",
];

/// Who may read answers from a page of another origin, and how.
///
/// Starts from [`strict`](Self::strict) or [`any_origin`](Self::any_origin).
/// Entries of all lists are trimmed and blank ones dropped. Defaults: methods
/// `GET, POST, PUT, PATCH, DELETE, OPTIONS`; request headers `Accept,
/// Accept-Language, Content-Language, Content-Type, Authorization`; no exposed
/// headers, no credentials, no max age, no private network access.
#[derive(Clone, Debug)]
pub struct CorsConfig {
    pub(super) origins: Origins,
    pub(super) methods: Vec<String>,
    pub(super) headers: Vec<String>,
    pub(super) exposed: Vec<String>,
    pub(super) credentials: bool,
    pub(super) max_age: Option<Duration>,
    pub(super) private_network: bool,
}

impl CorsConfig {
    /// Only these origins, written `scheme://host[:port]`; `https://*.host`
    /// stands for every name exactly one label below `host`, and `null` for
    /// opaque origins such as sandboxed frames.
    ///
    /// # Errors
    /// When the list has no usable entry, has `*`, or has an entry that is not
    /// an origin.
    pub fn strict<I>(origins: I) -> Result<Self, CorsConfigError>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut rules = Vec::new();
        for entry in trimmed(origins) {
            if entry == "*" {
                let kind = CorsConfigErrorKind::WildcardInStrict;
                return Err(CorsConfigError::of_entry(kind, &entry));
            }
            let rule = OriginRule::parse(&entry).ok_or_else(|| {
                CorsConfigError::of_entry(CorsConfigErrorKind::InvalidOrigin, &entry)
            })?;
            rules.push(rule);
        }
        if rules.is_empty() {
            let kind = CorsConfigErrorKind::OriginsRequired;
            return Err(CorsConfigError::new(kind));
        }
        Ok(Self::with_origins(Origins::listed(rules)))
    }

    /// Every origin, for public APIs that use no credentials.
    #[must_use]
    pub fn any_origin() -> Self {
        Self::with_origins(Origins::Any)
    }

    fn with_origins(origins: Origins) -> Self {
        Self {
            origins,
            methods: trimmed(METHODS),
            headers: trimmed(HEADERS),
            exposed: Vec::new(),
            credentials: false,
            max_age: None,
            private_network: false,
        }
    }

    /// Methods a preflight may ask for, compared without regard to case.
    #[must_use]
    pub fn with_methods<I>(mut self, methods: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.methods = trimmed(methods);
        self
    }

    /// Request headers a preflight may ask for. `*` allows all, unless
    /// credentials are allowed: then it is only a header of that name, as in
    /// browsers.
    #[must_use]
    pub fn with_headers<I>(mut self, headers: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.headers = trimmed(headers);
        self
    }

    /// Response headers that pages may read besides the safelisted ones.
    #[must_use]
    pub fn with_exposed_headers<I>(mut self, headers: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        self.exposed = trimmed(headers);
        self
    }

    /// Allows cookies and HTTP authentication. Refused with any origin.
    #[must_use]
    pub fn with_credentials(mut self, allowed: bool) -> Self {
        self.credentials = allowed;
        self
    }

    /// How long a browser may keep the answer to a preflight; whole seconds
    /// are sent, rounded down.
    #[must_use]
    pub fn with_max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Answers preflights by which a public page asks to reach a private
    /// network.
    #[must_use]
    pub fn with_private_network(mut self, allowed: bool) -> Self {
        self.private_network = allowed;
        self
    }
}

fn trimmed<I>(entries: I) -> Vec<String>
where
    I: IntoIterator,
    I::Item: AsRef<str>,
{
    let entries = entries.into_iter();
    entries
        .map(|entry| entry.as_ref().trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(origins: &[&str]) -> CorsConfigErrorKind {
        CorsConfig::strict(origins).unwrap_err().kind()
    }

    #[test]
    fn a_strict_list_needs_a_usable_origin() {
        assert_eq!(refused(&[]), CorsConfigErrorKind::OriginsRequired);
        assert_eq!(refused(&[" ", ""]), CorsConfigErrorKind::OriginsRequired);
        assert_eq!(
            refused(&["https://a.example", " * "]),
            CorsConfigErrorKind::WildcardInStrict
        );
        assert!(CorsConfig::strict(["", " https://a.example "]).is_ok());
    }

    #[test]
    fn the_entry_at_fault_is_named() {
        let error = CorsConfig::strict(["https://a.example", "b.example"]).unwrap_err();
        assert_eq!(error.kind(), CorsConfigErrorKind::InvalidOrigin);
        assert_eq!(error.entry(), Some("b.example"));
        assert!(error.to_string().contains("`b.example`"), "{error}");
    }
}
