use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CACHE_CONTROL, Entry as MapEntry, HeaderMap, HeaderName, HeaderValue};
use plumego_contract::Scheme;

use super::HeaderPolicy;
use crate::secret::{EntropyError, fill_random};

/// Bytes of randomness in a nonce; CSP asks for at least 128 bits.
const NONCE_BYTES: usize = 16;

/// What happens to a header the handler set itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ApplyMode {
    /// It stays.
    #[default]
    IfAbsent,
    /// The policy's takes its place.
    Enforce,
}

/// The request a response belongs to, as far as the policy depends on it.
#[derive(Clone, Copy, Debug)]
pub struct ApplyContext<'r> {
    /// As decided once per request, [`ClientInfo::scheme`].
    ///
    /// [`ClientInfo::scheme`]: plumego_contract::ClientInfo::scheme
    pub scheme: Scheme,
    /// What happens to headers the handler set.
    pub mode: ApplyMode,
    /// What [`CompiledPolicy::prepare`] drew for this request. Without it the
    /// policy is sent without nonces, and no script that needs one runs.
    pub nonce: Option<&'r CspNonce>,
}

impl ApplyContext<'_> {
    /// A request by this scheme, without a nonce; headers of the handler stay.
    #[must_use]
    pub fn new(scheme: Scheme) -> Self {
        Self {
            scheme,
            mode: ApplyMode::IfAbsent,
            nonce: None,
        }
    }
}

/// The nonce of one response, for the scripts and styles in its page.
#[derive(Clone, PartialEq, Eq)]
pub struct CspNonce(Arc<str>);

impl CspNonce {
    fn draw() -> Result<Self, EntropyError> {
        let mut random = [0; NONCE_BYTES];
        fill_random(&mut random)?;
        Ok(Self(STANDARD.encode(random).into()))
    }

    /// The value of the `nonce` attribute; base64.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for CspNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CspNonce([REDACTED])")
    }
}

/// A policy that was checked, with its values ready to be sent.
#[derive(Clone, Debug)]
pub struct CompiledPolicy {
    entries: Arc<[Entry]>,
    has_nonce: bool,
}

impl Default for CompiledPolicy {
    /// [`HeaderPolicy::baseline`], of which nothing can be wrong.
    fn default() -> Self {
        Self::new(HeaderPolicy::baseline().enumerated())
    }
}

/// One header.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    name: HeaderName,
    value: HeaderValue,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Fixed,
    HttpsOnly,
    /// The text around the nonces.
    Template(Vec<String>),
}

impl Entry {
    pub(super) fn fixed(name: HeaderName, value: HeaderValue) -> Self {
        Self {
            name,
            value: shared(value),
            kind: Kind::Fixed,
        }
    }

    pub(super) fn hsts(value: HeaderValue) -> Self {
        Self {
            name: http::header::STRICT_TRANSPORT_SECURITY,
            value: shared(value),
            kind: Kind::HttpsOnly,
        }
    }

    pub(super) fn with_nonce(
        name: HeaderName,
        template: Vec<String>,
        fallback: HeaderValue,
    ) -> Self {
        Self {
            name,
            value: shared(fallback),
            kind: Kind::Template(template),
        }
    }

    pub(super) fn name(&self) -> &HeaderName {
        &self.name
    }

    fn value(&self, cx: &ApplyContext<'_>) -> Option<HeaderValue> {
        match (&self.kind, cx.nonce) {
            (Kind::HttpsOnly, _) if cx.scheme != Scheme::Https => None,
            (Kind::Template(parts), Some(nonce)) => {
                let value = HeaderValue::from_str(&parts.join(nonce.as_str()));
                // Base64 is legal in a header, and so is the rest.
                Some(value.unwrap_or_else(|_| self.value.clone()))
            }
            _ => Some(self.value.clone()),
        }
    }
}

/// The first clone of a value allocates what the clones share.
fn shared(value: HeaderValue) -> HeaderValue {
    drop(value.clone());
    value
}

impl CompiledPolicy {
    pub(super) fn new(entries: Vec<Entry>) -> Self {
        let is_template = |entry: &Entry| matches!(entry.kind, Kind::Template(_));
        Self {
            has_nonce: entries.iter().any(is_template),
            entries: entries.into(),
        }
    }

    /// True when a nonce is drawn for each request.
    #[must_use]
    pub fn has_nonce(&self) -> bool {
        self.has_nonce
    }

    /// Draws the nonce of a request, if the policy has one, and puts it where
    /// the handler finds it. Gives it back for [`ApplyContext::nonce`].
    ///
    /// # Errors
    /// [`EntropyError::Unavailable`] without randomness.
    pub fn prepare(
        &self,
        extensions: &mut http::Extensions,
    ) -> Result<Option<CspNonce>, EntropyError> {
        if !self.has_nonce {
            return Ok(None);
        }
        let nonce = CspNonce::draw()?;
        extensions.insert(nonce.clone());
        Ok(Some(nonce))
    }

    /// Adds the headers, in the same order always. Nothing is allocated but
    /// what the map and a nonce need.
    ///
    /// With a nonce, caches that are shared may not keep the response:
    /// `Cache-Control: private` is added unless there is one.
    pub fn apply(&self, headers: &mut HeaderMap, cx: &ApplyContext<'_>) {
        for entry in &*self.entries {
            let Some(value) = entry.value(cx) else {
                continue;
            };
            match headers.entry(entry.name.clone()) {
                MapEntry::Occupied(mut own) => {
                    if cx.mode == ApplyMode::Enforce {
                        own.insert(value);
                    }
                }
                MapEntry::Vacant(place) => {
                    place.insert(value);
                }
            }
        }
        if self.has_nonce && !headers.contains_key(CACHE_CONTROL) {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
        }
    }
}
