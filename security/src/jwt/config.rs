use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plumego_log::Logger;

use super::{Algorithm, JwtError};

/// Longest tolerance between clocks.
const SKEW_MAX: Duration = Duration::from_secs(5 * 60);
const SECOND: Duration = Duration::from_secs(1);

/// Who issues tokens, and whether that is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerCheck {
    /// This issuer is put into tokens and demanded of them.
    Exactly(String),
    /// Tokens have no issuer, and any is accepted.
    Disabled,
}

/// Whom tokens are for, and whether that is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AudienceCheck {
    /// These are put into tokens, and one of them is demanded.
    AnyOf(Vec<String>),
    /// Tokens have no audience, and any is accepted.
    Disabled,
}

/// What happens to issuing while the store of keys fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RotationFailure {
    /// Tokens are refused as soon as keys should have been read or rotated.
    #[default]
    FailClosed,
    /// The current key goes on for at most so long past that.
    Grace(Duration),
}

/// How tokens are issued and verified.
#[derive(Clone)]
#[non_exhaustive]
pub struct JwtConfig {
    /// Default: `plumego`.
    pub issuer: IssuerCheck,
    /// Default: `plumego-client`.
    pub audience: AudienceCheck,
    /// How long access tokens last. Default: 15 minutes.
    pub access_ttl: Duration,
    /// How long refresh tokens last; at least as long as access tokens.
    /// Default: 7 days.
    pub refresh_ttl: Duration,
    /// How long a key signs; zero rotates on request alone. Default: 24 hours.
    pub rotation_interval: Duration,
    /// What new keys sign by. A key in use keeps its own until it is rotated.
    /// Default: HS256.
    pub algorithm: Algorithm,
    /// How far clocks may differ, at most 5 minutes. Default: 5 seconds.
    pub clock_skew: Duration,
    /// How long a key is known before it signs, so that verifiers that read
    /// keys now and then have it in time. Default: zero.
    pub activation_delay: Duration,
    /// How old the keys in memory may be before they are read again. Default:
    /// 60 seconds.
    pub reload_interval: Duration,
    /// Shortest time between two readings that unknown keys cause. Default: 10
    /// seconds.
    pub unknown_key_reload_gap: Duration,
    /// What happens while the store fails.
    pub rotation_failure: RotationFailure,
    /// Whether a token may last no longer than tokens of its type do. Default:
    /// yes.
    pub check_lifetime: bool,
    /// Whether keys in a store that does not protect them are worth a warning.
    /// Default: no.
    pub production: bool,
    /// Takes warnings. Default: nobody.
    pub logger: Option<Arc<dyn Logger>>,
}

impl Default for JwtConfig {
    fn default() -> Self {
        Self {
            issuer: IssuerCheck::Exactly("plumego".to_owned()),
            audience: AudienceCheck::AnyOf(vec!["plumego-client".to_owned()]),
            access_ttl: Duration::from_secs(15 * 60),
            refresh_ttl: Duration::from_secs(7 * 24 * 60 * 60),
            rotation_interval: Duration::from_secs(24 * 60 * 60),
            algorithm: Algorithm::Hs256,
            clock_skew: Duration::from_secs(5),
            activation_delay: Duration::ZERO,
            reload_interval: Duration::from_secs(60),
            unknown_key_reload_gap: Duration::from_secs(10),
            rotation_failure: RotationFailure::FailClosed,
            check_lifetime: true,
            production: false,
            logger: None,
        }
    }
}

macro_rules! setters {
    ($($setter:ident $field:ident: $type:ty;)*) => {
        $(
            #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
            #[must_use]
            pub fn $setter(mut self, $field: $type) -> Self {
                self.$field = $field;
                self
            }
        )*
    };
}

impl JwtConfig {
    /// Sets the issuer that is demanded.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = IssuerCheck::Exactly(issuer.into());
        self
    }

    /// Sets the audiences of which one is demanded.
    #[must_use]
    pub fn with_audience(mut self, audience: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.audience = AudienceCheck::AnyOf(audience.into_iter().map(Into::into).collect());
        self
    }

    /// Sets [`logger`](Self::logger).
    #[must_use]
    pub fn with_logger(mut self, logger: Arc<dyn Logger>) -> Self {
        self.logger = Some(logger);
        self
    }

    setters! {
        with_access_ttl access_ttl: Duration;
        with_refresh_ttl refresh_ttl: Duration;
        with_rotation_interval rotation_interval: Duration;
        with_algorithm algorithm: Algorithm;
        with_clock_skew clock_skew: Duration;
        with_activation_delay activation_delay: Duration;
        with_reload_interval reload_interval: Duration;
        with_unknown_key_reload_gap unknown_key_reload_gap: Duration;
        with_rotation_failure rotation_failure: RotationFailure;
        with_check_lifetime check_lifetime: bool;
        with_production production: bool;
    }

    /// Checks all of it.
    ///
    /// # Errors
    /// [`JwtError::Config`] with the first field that is wrong.
    pub fn validate(&self) -> Result<(), JwtError> {
        let wrong = |remedy: &str| Err(JwtError::Config(remedy.to_owned()));
        if matches!(&self.issuer, IssuerCheck::Exactly(issuer) if issuer.is_empty()) {
            return wrong("`issuer` is empty: name one, or say `IssuerCheck::Disabled`");
        }
        if let AudienceCheck::AnyOf(list) = &self.audience
            && (list.is_empty() || list.iter().any(String::is_empty))
        {
            return wrong("`audience` is empty: name one, or say `AudienceCheck::Disabled`");
        }
        // Times in tokens are whole seconds.
        if self.access_ttl < SECOND {
            return wrong("`access_ttl` is below one second");
        }
        if self.refresh_ttl < self.access_ttl {
            return wrong("`refresh_ttl` is below `access_ttl`");
        }
        if !self.algorithm.is_issuing() {
            return wrong("`algorithm` only verifies: use HS256, EdDSA or ES256");
        }
        if self.clock_skew > SKEW_MAX {
            return wrong("`clock_skew` is above five minutes");
        }
        let rotates = !self.rotation_interval.is_zero();
        if rotates && self.rotation_interval < SECOND {
            return wrong("`rotation_interval` is below one second; zero switches it off");
        }
        if !self.activation_delay.is_zero() && self.activation_delay >= self.rotation_interval {
            return wrong("`activation_delay` is not below `rotation_interval`");
        }
        if self.reload_interval < SECOND {
            return wrong("`reload_interval` is below one second");
        }
        if self.unknown_key_reload_gap < SECOND {
            return wrong("`unknown_key_reload_gap` is below one second");
        }
        Ok(())
    }
}

impl fmt::Debug for JwtConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtConfig")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("access_ttl", &self.access_ttl)
            .field("refresh_ttl", &self.refresh_ttl)
            .field("rotation_interval", &self.rotation_interval)
            .field("algorithm", &self.algorithm)
            .field("clock_skew", &self.clock_skew)
            .field("activation_delay", &self.activation_delay)
            .field("reload_interval", &self.reload_interval)
            .field("unknown_key_reload_gap", &self.unknown_key_reload_gap)
            .field("rotation_failure", &self.rotation_failure)
            .field("check_lifetime", &self.check_lifetime)
            .field("production", &self.production)
            .field("logger", &self.logger.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_that_would_not_protect_are_refused() {
        let seconds = Duration::from_secs;
        let config = JwtConfig::default;
        config().validate().unwrap();
        for good in [
            JwtConfig {
                issuer: IssuerCheck::Disabled,
                audience: AudienceCheck::Disabled,
                ..config()
            },
            config().with_rotation_interval(Duration::ZERO),
            config().with_refresh_ttl(config().access_ttl),
            config().with_clock_skew(seconds(300)),
            config().with_algorithm(Algorithm::EdDsa),
            config().with_algorithm(Algorithm::Es256),
            config().with_activation_delay(seconds(86_399)),
        ] {
            good.validate().unwrap();
        }
        for wrong in [
            config().with_issuer(""),
            config().with_audience([""; 0]),
            config().with_audience(["a", ""]),
            config().with_access_ttl(Duration::ZERO),
            config().with_access_ttl(Duration::from_millis(999)),
            config().with_refresh_ttl(seconds(899)),
            config().with_algorithm(Algorithm::Rs256),
            config().with_algorithm(Algorithm::Ps256),
            config().with_clock_skew(seconds(301)),
            config().with_rotation_interval(Duration::from_millis(1)),
            config().with_activation_delay(seconds(86_400)),
            config()
                .with_rotation_interval(Duration::ZERO)
                .with_activation_delay(seconds(1)),
            config().with_reload_interval(Duration::ZERO),
            config().with_unknown_key_reload_gap(Duration::ZERO),
        ] {
            assert!(
                matches!(wrong.validate(), Err(JwtError::Config(_))),
                "{wrong:?}"
            );
        }
    }
}
