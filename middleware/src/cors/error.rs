use std::fmt;

/// What is wrong with a CORS configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CorsConfigErrorKind {
    /// A strict policy without a usable origin.
    OriginsRequired,
    /// `*` in the list of a strict policy.
    WildcardInStrict,
    /// An entry that is not `scheme://host[:port]`, `scheme://*.host[:port]`
    /// or `null`.
    InvalidOrigin,
    /// Any origin together with credentials, which would let every site act
    /// for the user.
    CredentialsWithWildcard,
    /// A method that is not a token, or `*`.
    InvalidMethod,
    /// A header name that is not a token.
    InvalidHeader,
}

/// A CORS configuration that is refused. `Display` says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorsConfigError {
    kind: CorsConfigErrorKind,
    entry: Option<String>,
}

impl CorsConfigError {
    pub(super) fn new(kind: CorsConfigErrorKind) -> Self {
        Self { kind, entry: None }
    }

    pub(super) fn of_entry(kind: CorsConfigErrorKind, entry: &str) -> Self {
        let entry = Some(entry.to_owned());
        Self { kind, entry }
    }

    /// What is wrong, for branching.
    #[must_use]
    pub fn kind(&self) -> CorsConfigErrorKind {
        self.kind
    }

    /// The list entry at fault, if it is one.
    #[must_use]
    pub fn entry(&self) -> Option<&str> {
        self.entry.as_deref()
    }
}

impl fmt::Display for CorsConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("middleware cors: ")?;
        if let Some(entry) = &self.entry {
            write!(f, "`{}` ", entry.escape_debug())?;
        }
        f.write_str(match self.kind {
            CorsConfigErrorKind::OriginsRequired => {
                "no usable origin: list at least one, or choose `any_origin`"
            }
            CorsConfigErrorKind::WildcardInStrict => {
                "cannot be in a list of origins: choose `any_origin` for a public API"
            }
            CorsConfigErrorKind::InvalidOrigin => {
                "is not an origin: write `scheme://host[:port]` in ASCII, without a path"
            }
            CorsConfigErrorKind::CredentialsWithWildcard => {
                "any origin with credentials is refused: list the origins that may use them"
            }
            CorsConfigErrorKind::InvalidMethod => {
                "is not a method: list methods by name, such as `PUT`"
            }
            CorsConfigErrorKind::InvalidHeader => {
                "is not a header name: list names such as `X-Tenant`, or `*`"
            }
        })
    }
}

impl std::error::Error for CorsConfigError {}
