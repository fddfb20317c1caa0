use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use plumego_contract::{Clock, SystemClock};
use serde_json::{Map, Value};

use super::backend::Verifier;
use super::json::Strict;
use super::jwks::{Jwks, JwksError};
use super::verify::{seconds, unix_seconds};
use super::wire::{Compact, Header, decode};
use super::{Algorithm, InvalidReason, JwtError};

const SKEW_MAX: Duration = Duration::from_secs(5 * 60);

/// What tokens of somebody else must be like.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExternalProfile {
    /// The algorithms that are accepted; none of them symmetric.
    pub algorithms: Vec<Algorithm>,
    /// Who must have issued them.
    pub issuer: String,
    /// Whom they must be for: one of these.
    pub audience: Vec<String>,
    /// `typ` in headers, without regard to case. An empty text accepts headers
    /// without it. Default: `JWT` and `at+jwt`.
    pub types: Vec<String>,
    /// How far clocks may differ, at most 5 minutes. Default: 5 seconds.
    pub clock_skew: Duration,
    /// Claims that must be there besides `iss`, `aud`, `sub` and `exp`.
    pub required_claims: Vec<String>,
}

impl ExternalProfile {
    /// Tokens of this issuer, for one of these audiences, by these algorithms.
    #[must_use]
    pub fn new(
        issuer: impl Into<String>,
        audience: impl IntoIterator<Item = impl Into<String>>,
        algorithms: impl IntoIterator<Item = Algorithm>,
    ) -> Self {
        Self {
            algorithms: algorithms.into_iter().collect(),
            issuer: issuer.into(),
            audience: audience.into_iter().map(Into::into).collect(),
            types: vec!["JWT".to_owned(), "at+jwt".to_owned()],
            clock_skew: Duration::from_secs(5),
            required_claims: Vec::new(),
        }
    }

    /// Sets [`types`](Self::types).
    #[must_use]
    pub fn with_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`clock_skew`](Self::clock_skew).
    #[must_use]
    pub fn with_clock_skew(mut self, skew: Duration) -> Self {
        self.clock_skew = skew;
        self
    }

    /// Sets [`required_claims`](Self::required_claims).
    #[must_use]
    pub fn with_required_claims(
        mut self,
        claims: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.required_claims = claims.into_iter().map(Into::into).collect();
        self
    }

    fn validate(&self) -> Result<(), JwtError> {
        let wrong = |remedy: &str| Err(JwtError::Config(remedy.to_owned()));
        if self.algorithms.is_empty() {
            return wrong("`algorithms` is empty: list those the issuer uses");
        }
        if self.algorithms.iter().any(|own| !own.is_asymmetric()) {
            return wrong("`algorithms` has a symmetric one: a published key cannot be its secret");
        }
        if self.issuer.is_empty() {
            return wrong("`issuer` is empty");
        }
        if self.audience.is_empty() || self.audience.iter().any(String::is_empty) {
            return wrong("`audience` is empty");
        }
        if self.types.is_empty() {
            return wrong("`types` is empty: list those the issuer uses");
        }
        if self.clock_skew > SKEW_MAX {
            return wrong("`clock_skew` is above five minutes");
        }
        Ok(())
    }
}

/// What a token of somebody else says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExternalClaims {
    /// `sub`.
    pub subject: String,
    /// `iss`.
    pub issuer: String,
    /// `aud`.
    pub audience: Vec<String>,
    /// `exp`, in Unix seconds.
    pub expires_at: i64,
    /// The id of the key, if the token names one.
    pub key_id: Option<String>,
    /// All claims, those above included.
    pub claims: Map<String, Value>,
}

/// Verifies tokens of somebody else, such as an OpenID provider, by the keys
/// they publish. Nothing is fetched here: the application hands keys over, and
/// hands over others with [`replace`](Self::replace). Clones share the keys.
///
/// ```
/// use plumego_security::jwt::{Algorithm, ExternalProfile, ExternalVerifier, Jwks};
///
/// let profile = ExternalProfile::new("https://id.example.com", ["my-api"], [Algorithm::EdDsa]);
/// let published = Jwks::parse(br#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"a",
///     "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#)?;
/// let verifier = ExternalVerifier::new(published, profile)?;
/// assert!(verifier.verify("eyJhbGciOiJub25lIn0.e30.").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ExternalVerifier {
    keys: Arc<ArcSwap<Keys>>,
    profile: Arc<ExternalProfile>,
    clock: Arc<dyn Clock>,
}

/// Keys that the profile has a use for.
struct Keys {
    by_id: HashMap<String, Arc<Verifier>>,
    without_id: Vec<Arc<Verifier>>,
}

impl Keys {
    fn read(jwks: &Jwks, allowed: &[Algorithm]) -> Result<Self, JwksError> {
        let mut keys = Self {
            by_id: HashMap::new(),
            without_id: Vec::new(),
        };
        for jwk in jwks.keys() {
            let Some(verifier) = jwk.verifier(allowed)? else {
                continue;
            };
            let verifier = Arc::new(verifier);
            match &jwk.kid {
                Some(kid) => drop(keys.by_id.insert(kid.clone(), verifier)),
                None => keys.without_id.push(verifier),
            }
        }
        Ok(keys)
    }

    /// The key a token names; one that names none means the only one there is.
    fn find(&self, kid: Option<&str>) -> Option<&Arc<Verifier>> {
        match kid {
            Some(kid) => self.by_id.get(kid),
            None => {
                let mut all = self.by_id.values().chain(&self.without_id);
                all.next().filter(|_| all.next().is_none())
            }
        }
    }
}

impl ExternalVerifier {
    /// Verifies by these keys.
    ///
    /// # Errors
    /// [`JwtError::Config`] for a profile that would not protect, or keys that
    /// are refused.
    pub fn new(jwks: Jwks, profile: ExternalProfile) -> Result<Self, JwtError> {
        profile.validate()?;
        let keys = Keys::read(&jwks, &profile.algorithms).map_err(refused)?;
        Ok(Self {
            keys: Arc::new(ArcSwap::from_pointee(keys)),
            profile: Arc::new(profile),
            clock: Arc::new(SystemClock),
        })
    }

    /// Time is read here.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Verifies by these keys from now on.
    ///
    /// # Errors
    /// [`JwtError::Config`] for keys that are refused; those before stay.
    pub fn replace(&self, jwks: Jwks) -> Result<(), JwtError> {
        let keys = Keys::read(&jwks, &self.profile.algorithms).map_err(refused)?;
        self.keys.store(Arc::new(keys));
        Ok(())
    }

    /// Checks a token.
    ///
    /// # Errors
    /// The first check that fails: its form, its key and signature, and then
    /// its claims.
    pub fn verify(&self, token: &str) -> Result<ExternalClaims, JwtError> {
        let parts = Compact::split(token)?;
        let header = Header::read(parts.header)?;
        let algorithm = header.algorithm.as_deref().ok_or(InvalidReason::Header)?;
        if !self.accepts_type(header.token_type.as_deref().unwrap_or_default()) {
            return Err(InvalidReason::Header.into());
        }
        let keys = self.keys.load();
        let key = keys.find(header.key_id.as_deref());
        let key = key.ok_or(JwtError::UnknownKey)?;
        if key.algorithm().as_str() != algorithm {
            return Err(InvalidReason::Algorithm.into());
        }
        if !key.holds(parts.signed.as_bytes(), &decode(parts.signature)?) {
            return Err(InvalidReason::Signature.into());
        }
        let payload = decode(parts.payload)?;
        match serde_json::from_slice(&payload) {
            Ok(Strict(Value::Object(claims))) => self.check(claims, header.key_id),
            _ => Err(InvalidReason::Payload.into()),
        }
    }

    fn accepts_type(&self, own: &str) -> bool {
        let own = match own.split_at_checked("application/".len()) {
            Some((prefix, rest)) if prefix.eq_ignore_ascii_case("application/") => rest,
            _ => own,
        };
        self.profile
            .types
            .iter()
            .any(|known| known.eq_ignore_ascii_case(own))
    }

    fn check(
        &self,
        claims: Map<String, Value>,
        key_id: Option<String>,
    ) -> Result<ExternalClaims, JwtError> {
        let profile = &*self.profile;
        if claims.get("iss").and_then(Value::as_str) != Some(&*profile.issuer) {
            return Err(JwtError::InvalidIssuer);
        }
        let audience = match claims.get("aud") {
            Some(Value::String(only)) => vec![only.clone()],
            Some(Value::Array(list)) => {
                let texts = list.iter().map(|item| item.as_str().map(str::to_owned));
                texts
                    .collect::<Option<_>>()
                    .ok_or(JwtError::InvalidAudience)?
            }
            _ => return Err(JwtError::InvalidAudience),
        };
        if !audience.iter().any(|own| profile.audience.contains(own)) {
            return Err(JwtError::InvalidAudience);
        }
        let expires_at = self.check_times(&claims)?;
        let subject = claims
            .get("sub")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if subject.is_empty() {
            return Err(JwtError::MissingSubject);
        }
        if !profile
            .required_claims
            .iter()
            .all(|name| claims.contains_key(name))
        {
            return Err(InvalidReason::MissingClaim.into());
        }
        Ok(ExternalClaims {
            subject: subject.to_owned(),
            issuer: profile.issuer.clone(),
            audience,
            expires_at,
            key_id,
            claims,
        })
    }

    /// `exp` must be there; `nbf` and `iat` count when they are. RFC 7519
    /// allows fractions of seconds, which are cut off against the token.
    fn check_times(&self, claims: &Map<String, Value>) -> Result<i64, JwtError> {
        let (now, skew) = (unix_seconds(&*self.clock), seconds(self.profile.clock_skew));
        let time = |name: &str| match claims.get(name) {
            None => Ok(None),
            Some(value) => match numeric_date(value) {
                Some(seconds) if seconds > 0 => Ok(Some(seconds)),
                _ => Err(JwtError::InvalidToken(InvalidReason::Times)),
            },
        };
        let expires_at = time("exp")?.ok_or(InvalidReason::Times)?;
        let (issued_at, not_before) = (time("iat")?, time("nbf")?);
        if issued_at.is_some_and(|at| at > now.saturating_add(skew)) {
            return Err(InvalidReason::Times.into());
        }
        if now >= expires_at.saturating_add(skew) {
            return Err(JwtError::Expired);
        }
        if not_before.is_some_and(|at| now < at.saturating_sub(skew)) {
            return Err(JwtError::NotYetValid);
        }
        if issued_at.is_some_and(|at| expires_at <= at) {
            return Err(InvalidReason::Times.into());
        }
        Ok(expires_at)
    }
}

fn numeric_date(value: &Value) -> Option<i64> {
    /// Where every whole number is exact.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = value.as_i64();
    whole.or_else(|| {
        let seconds = value.as_f64().filter(|seconds| seconds.abs() < EXACT)?;
        Some(seconds.floor() as i64)
    })
}

fn refused(error: JwksError) -> JwtError {
    JwtError::Config(error.to_string())
}

impl fmt::Debug for ExternalVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.load();
        f.debug_struct("ExternalVerifier")
            .field("keys", &(keys.by_id.len() + keys.without_id.len()))
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}
