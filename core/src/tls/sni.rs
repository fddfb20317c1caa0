//! Which certificate answers which server name.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::DnsName;

/// A server name of the configuration, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// One name.
    Exact(String),
    /// `*.` and this: one label in front of it.
    Wildcard(String),
}

impl Pattern {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        match text.strip_prefix("*.") {
            Some(parent) => {
                DnsName::try_from(parent).ok()?;
                Some(Self::Wildcard(parent.to_owned()))
            }
            None => {
                DnsName::try_from(text.as_str()).ok()?;
                Some(Self::Exact(text))
            }
        }
    }

    /// A name that the pattern covers, to check a certificate with.
    pub(super) fn sample(&self) -> String {
        match self {
            Self::Exact(name) => name.clone(),
            Self::Wildcard(parent) => format!("any.{parent}"),
        }
    }
}

/// Certificates by server name, with one for everybody else.
pub(super) struct Resolver {
    default: Arc<CertifiedKey>,
    exact: HashMap<String, Arc<CertifiedKey>>,
    wildcard: HashMap<String, Arc<CertifiedKey>>,
}

impl Resolver {
    pub(super) fn new(default: CertifiedKey) -> Self {
        Self {
            default: Arc::new(default),
            exact: HashMap::new(),
            wildcard: HashMap::new(),
        }
    }

    /// Adds a certificate; the first for a name stays.
    pub(super) fn add(&mut self, pattern: Pattern, certificate: CertifiedKey) {
        let (names, name) = match pattern {
            Pattern::Exact(name) => (&mut self.exact, name),
            Pattern::Wildcard(parent) => (&mut self.wildcard, parent),
        };
        names.entry(name).or_insert_with(|| Arc::new(certificate));
    }

    fn by_name(&self, name: &str) -> Option<&Arc<CertifiedKey>> {
        // The TLS library hands out names in lower case.
        let by_parent = || {
            let (_, parent) = name.split_once('.')?;
            self.wildcard.get(parent)
        };
        self.exact.get(name).or_else(by_parent)
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().and_then(|name| self.by_name(name));
        Some(Arc::clone(named.unwrap_or(&self.default)))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver")
            .field("exact", &self.exact.keys())
            .field("wildcard", &self.wildcard.keys())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let exact = |name: &str| Some(Pattern::Exact(name.to_owned()));
        assert_eq!(Pattern::parse("API.example.com"), exact("api.example.com"));
        assert_eq!(
            Pattern::parse("*.example.com"),
            Some(Pattern::Wildcard("example.com".to_owned()))
        );
        for bad in [
            "",
            "*",
            "*.",
            "a.*.com",
            "*.*.com",
            "a b",
            "192.0.2.1:80",
            "ü.de",
        ] {
            assert_eq!(Pattern::parse(bad), None, "{bad}");
        }
    }
}
