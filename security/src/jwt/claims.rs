use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::secret::SecretString;

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenType {
    /// Sent with requests; short-lived.
    Access,
    /// Exchanged for another pair; long-lived.
    Refresh,
}

impl TokenType {
    /// `access` or `refresh`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// Which tokens a verification accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExpectedType {
    /// Access tokens alone.
    Access,
    /// Refresh tokens alone.
    Refresh,
    /// Both.
    Any,
}

impl ExpectedType {
    pub(super) fn accepts(self, token_type: TokenType) -> bool {
        match self {
            Self::Access => token_type == TokenType::Access,
            Self::Refresh => token_type == TokenType::Refresh,
            Self::Any => true,
        }
    }
}

impl From<TokenType> for ExpectedType {
    fn from(token_type: TokenType) -> Self {
        match token_type {
            TokenType::Access => Self::Access,
            TokenType::Refresh => Self::Refresh,
        }
    }
}

/// Whom a token is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// Stable identifier; not empty.
    pub subject: String,
    /// A number of the caller, who raises it to refuse older tokens. It is
    /// carried and not looked at.
    pub version: i64,
    /// The tenant.
    pub tenant_id: Option<String>,
}

impl Identity {
    /// An identity of version 0 without a tenant.
    #[must_use]
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            ..Self::default()
        }
    }
}

/// What the subject may do, as of issuing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authorization {
    /// Roles.
    pub roles: Vec<String>,
    /// Permissions.
    pub permissions: Vec<String>,
}

/// What a token that holds says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenClaims {
    /// `jti`: the id of the token.
    pub token_id: String,
    /// `token_type`: what the token is for.
    pub token_type: TokenType,
    /// `sub`, `ver` and `tenant_id`: whom it is about.
    pub identity: Identity,
    /// `roles` and `permissions`: what the subject may do.
    pub authorization: Authorization,
    /// `iss`: who issued it; empty when nobody is named.
    pub issuer: String,
    /// `aud`: whom it is for.
    pub audience: Vec<String>,
    /// `iat`, in Unix seconds.
    pub issued_at: i64,
    /// `nbf`, in Unix seconds.
    pub not_before: i64,
    /// `exp`, in Unix seconds.
    pub expires_at: i64,
    /// `kid`: the key it was signed with.
    pub key_id: String,
    /// `ext`: claims of the caller.
    pub ext: Map<String, Value>,
}

/// Options of one token.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct IssueOptions {
    /// A lifetime below that of the type, in whole seconds.
    pub ttl: Option<Duration>,
    /// Claims of the caller: at most 32 members and 4 KiB of JSON, with names
    /// that are not those of a token.
    pub ext: Map<String, Value>,
}

impl IssueOptions {
    /// Sets [`ttl`](Self::ttl).
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets [`ext`](Self::ext).
    #[must_use]
    pub fn with_ext(mut self, ext: Map<String, Value>) -> Self {
        self.ext = ext;
        self
    }
}

/// A token that was issued.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct IssuedToken {
    /// The token itself.
    pub token: SecretString,
    /// Its id.
    pub token_id: String,
    /// When it ends, in Unix seconds.
    pub expires_at: i64,
    /// The key it is signed with.
    pub key_id: String,
}

/// What a login answers. Serialises as `access_token`, `refresh_token`,
/// `expires_in` and `token_type` (RFC 6749 section 5.1); `Debug` shows neither
/// token.
#[derive(Clone)]
#[non_exhaustive]
pub struct TokenPair {
    /// For requests.
    pub access_token: SecretString,
    /// For another pair.
    pub refresh_token: SecretString,
    /// How long the access token lasts, in seconds.
    pub expires_in: u64,
}

impl TokenPair {
    /// How the access token is sent: `Bearer`.
    pub const TOKEN_TYPE: &'static str = "Bearer";
}

impl Serialize for TokenPair {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut pair = serializer.serialize_struct("TokenPair", 4)?;
        pair.serialize_field("access_token", self.access_token.expose())?;
        pair.serialize_field("refresh_token", self.refresh_token.expose())?;
        pair.serialize_field("expires_in", &self.expires_in)?;
        pair.serialize_field("token_type", Self::TOKEN_TYPE)?;
        pair.end()
    }
}

impl fmt::Debug for TokenPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenPair")
            .field("access_token", &self.access_token)
            .field("refresh_token", &self.refresh_token)
            .field("expires_in", &self.expires_in)
            .finish()
    }
}

/// Where verified claims are kept in a request; private, so that they are set
/// through the trait alone.
#[derive(Clone)]
struct Attached(Arc<TokenClaims>);

/// The verified claims of a request.
pub trait TokenClaimsExt {
    /// Attaches claims in place of earlier ones.
    fn set_token_claims(&mut self, claims: TokenClaims);

    /// The claims, if some were attached.
    fn token_claims(&self) -> Option<&TokenClaims>;

    /// The claims in a form that outlives the request.
    fn token_claims_arc(&self) -> Option<Arc<TokenClaims>>;
}

impl TokenClaimsExt for http::Extensions {
    fn set_token_claims(&mut self, claims: TokenClaims) {
        self.insert(Attached(Arc::new(claims)));
    }

    fn token_claims(&self) -> Option<&TokenClaims> {
        self.get::<Attached>().map(|attached| &*attached.0)
    }

    fn token_claims_arc(&self) -> Option<Arc<TokenClaims>> {
        self.get::<Attached>().map(|attached| attached.0.clone())
    }
}

impl TokenClaimsExt for http::request::Parts {
    fn set_token_claims(&mut self, claims: TokenClaims) {
        self.extensions.set_token_claims(claims);
    }

    fn token_claims(&self) -> Option<&TokenClaims> {
        self.extensions.token_claims()
    }

    fn token_claims_arc(&self) -> Option<Arc<TokenClaims>> {
        self.extensions.token_claims_arc()
    }
}

impl<B> TokenClaimsExt for http::Request<B> {
    fn set_token_claims(&mut self, claims: TokenClaims) {
        self.extensions_mut().set_token_claims(claims);
    }

    fn token_claims(&self) -> Option<&TokenClaims> {
        self.extensions().token_claims()
    }

    fn token_claims_arc(&self) -> Option<Arc<TokenClaims>> {
        self.extensions().token_claims_arc()
    }
}
