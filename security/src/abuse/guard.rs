use std::fmt;
use std::future::ready;
use std::sync::Arc;

use super::{AbuseError, Decision, Limiter};
use crate::BoxFuture;

/// A limiter that may be elsewhere, such as in a database that several
/// instances share.
pub trait AbuseGuard: Send + Sync + 'static {
    /// Takes tokens of a key. Dropping the future may or may not have taken
    /// them.
    ///
    /// # Errors
    /// [`AbuseError::Unavailable`] when there is no answer;
    /// [`AbuseError::InvalidKey`] and [`AbuseError::InvalidCost`].
    fn check<'a>(&'a self, key: &'a str, cost: u32) -> BoxFuture<'a, Result<Decision, AbuseError>>;
}

impl AbuseGuard for Limiter {
    fn check<'a>(&'a self, key: &'a str, cost: u32) -> BoxFuture<'a, Result<Decision, AbuseError>> {
        Box::pin(ready(self.check_n(key, cost)))
    }
}

/// What happens when a limiter does not answer.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum OnError {
    /// The request is refused with 503.
    #[default]
    FailClosed,
    /// The request goes on unchecked.
    FailOpen,
    /// This limiter decides.
    Local(Limiter),
}

/// A limiter with a plan for when it does not answer.
#[derive(Clone)]
pub struct Guarded {
    guard: Arc<dyn AbuseGuard>,
    on_error: OnError,
}

impl Guarded {
    /// Refuses requests as long as there is no answer.
    #[must_use]
    pub fn new(guard: Arc<dyn AbuseGuard>) -> Self {
        Self {
            guard,
            on_error: OnError::FailClosed,
        }
    }

    /// Says what happens when there is no answer.
    #[must_use]
    pub fn on_error(mut self, on_error: OnError) -> Self {
        self.on_error = on_error;
        self
    }
}

impl AbuseGuard for Guarded {
    fn check<'a>(&'a self, key: &'a str, cost: u32) -> BoxFuture<'a, Result<Decision, AbuseError>> {
        Box::pin(async move {
            match (self.guard.check(key, cost).await, &self.on_error) {
                (Err(AbuseError::Unavailable(_)), OnError::FailOpen) => Ok(Decision::unmeasured()),
                (Err(AbuseError::Unavailable(_)), OnError::Local(limiter)) => {
                    limiter.check_n(key, cost)
                }
                (answer, _) => answer,
            }
        })
    }
}

impl fmt::Debug for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guarded")
            .field("on_error", &self.on_error)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::AbuseConfig;
    use super::*;

    struct Down;

    impl AbuseGuard for Down {
        fn check<'a>(
            &'a self,
            key: &'a str,
            _: u32,
        ) -> BoxFuture<'a, Result<Decision, AbuseError>> {
            Box::pin(ready(Err(if key.is_empty() {
                AbuseError::InvalidKey
            } else {
                AbuseError::Unavailable("connection refused".into())
            })))
        }
    }

    #[tokio::test]
    async fn a_limiter_that_does_not_answer_is_replaced_as_configured() {
        let guarded = |on_error| Guarded::new(Arc::new(Down)).on_error(on_error);
        let closed = Guarded::new(Arc::new(Down));
        assert!(matches!(
            closed.check("a", 1).await,
            Err(AbuseError::Unavailable(_))
        ));
        let open = guarded(OnError::FailOpen).check("a", 1).await.unwrap();
        assert!(open.allowed && !open.is_measured());
        let local = Limiter::new(AbuseConfig::default().with_capacity(1)).unwrap();
        let local = guarded(OnError::Local(local));
        assert!(local.check("a", 1).await.unwrap().allowed);
        let second = local.check("a", 1).await.unwrap();
        assert!(!second.allowed && second.is_measured());
    }

    #[tokio::test]
    async fn requests_that_are_wrong_stay_wrong() {
        let open = Guarded::new(Arc::new(Down)).on_error(OnError::FailOpen);
        assert!(matches!(
            open.check("", 1).await,
            Err(AbuseError::InvalidKey)
        ));
    }
}
