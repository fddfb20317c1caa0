use std::borrow::Cow;
use std::fmt;

/// What is wrong with a layer's configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConfigErrorKind {
    /// An option that has no default was not given.
    Missing,
    /// The value of an option is not usable.
    Invalid,
    /// The combination is refused because it would be unsafe.
    Refused,
}

/// A layer that cannot be built as configured.
///
/// Names the layer, the option and what to do; never contains the value of an
/// option that may be secret.
///
/// ```
/// use plumego_middleware::accesslog::{AccessLogConfig, AccessLogLayer};
/// use plumego_middleware::ConfigErrorKind;
///
/// let error = AccessLogLayer::new(AccessLogConfig::default()).unwrap_err();
/// assert_eq!(error.kind(), ConfigErrorKind::Missing);
/// assert_eq!((error.layer(), error.option()), ("accesslog", "sink"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    kind: ConfigErrorKind,
    layer: &'static str,
    option: &'static str,
    remedy: Cow<'static, str>,
}

impl ConfigError {
    /// `remedy` says what is wrong and what to do, as the end of a sentence:
    /// "must be above zero", "is missing: give a logger or a function".
    pub(crate) fn new(
        kind: ConfigErrorKind,
        layer: &'static str,
        option: &'static str,
        remedy: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            kind,
            layer,
            option,
            remedy: remedy.into(),
        }
    }

    /// What is wrong, for branching.
    #[must_use]
    pub fn kind(&self) -> ConfigErrorKind {
        self.kind
    }

    /// The package the layer belongs to, such as `accesslog`.
    #[must_use]
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// The option at fault.
    #[must_use]
    pub fn option(&self) -> &'static str {
        self.option
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "middleware {}: option `{}` {}",
            self.layer, self.option, self.remedy
        )
    }
}

impl std::error::Error for ConfigError {}
