//! Checkers made from a function, a fixed answer, or a flag.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{BoxFuture, CheckOutcome, ComponentChecker, Criticality, HealthState};

/// A checker made from an async function.
///
/// The function returns a [`CheckOutcome`] or a `Result<(), BoxError>`.
///
/// ```
/// use plumego_health::{BoxError, ComponentChecker, Criticality, FnChecker};
///
/// let mail = FnChecker::new("mail", || async { Err::<(), BoxError>("not connected".into()) })
///     .with_criticality(Criticality::NonCritical);
/// assert_eq!(mail.name(), "mail");
/// ```
pub struct FnChecker<F> {
    name: String,
    check: F,
    criticality: Criticality,
    timeout: Option<Duration>,
    dependencies: Vec<&'static str>,
}

impl<F, Fut, R> FnChecker<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: Into<CheckOutcome>,
{
    /// A critical checker of that name, without a deadline of its own.
    #[must_use]
    pub fn new(name: impl Into<String>, check: F) -> Self {
        Self {
            name: name.into(),
            check,
            criticality: Criticality::Critical,
            timeout: None,
            dependencies: Vec::new(),
        }
    }

    /// Sets whether the process can serve without the component.
    #[must_use]
    pub fn with_criticality(mut self, criticality: Criticality) -> Self {
        self.criticality = criticality;
        self
    }

    /// Sets a deadline shorter than the runner's.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the names the component depends on.
    #[must_use]
    pub fn with_dependencies(mut self, names: &[&'static str]) -> Self {
        self.dependencies = names.to_vec();
        self
    }
}

impl<F, Fut, R> ComponentChecker for FnChecker<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = R> + Send + 'static,
    R: Into<CheckOutcome>,
{
    fn name(&self) -> &str {
        &self.name
    }

    fn check<'a>(&'a self) -> BoxFuture<'a, CheckOutcome> {
        // Called inside the future, so that a panic of the function itself is
        // the check's, not the caller's.
        Box::pin(async move { (self.check)().await.into() })
    }

    fn criticality(&self) -> Criticality {
        self.criticality
    }

    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    fn dependencies(&self) -> &[&str] {
        &self.dependencies
    }
}

impl<F> fmt::Debug for FnChecker<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FnChecker")
            .field("name", &self.name)
            .field("criticality", &self.criticality)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A checker that always gives the same answer; for tests.
#[derive(Clone, Debug)]
pub struct StaticChecker {
    name: String,
    state: HealthState,
    message: &'static str,
    criticality: Criticality,
}

impl StaticChecker {
    /// A critical component that is always in `state`.
    #[must_use]
    pub fn new(name: impl Into<String>, state: HealthState) -> Self {
        Self {
            name: name.into(),
            state,
            message: "",
            criticality: Criticality::Critical,
        }
    }

    /// Sets the public message.
    #[must_use]
    pub fn with_message(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }

    /// Sets whether the process can serve without the component.
    #[must_use]
    pub fn with_criticality(mut self, criticality: Criticality) -> Self {
        self.criticality = criticality;
        self
    }
}

impl ComponentChecker for StaticChecker {
    fn name(&self) -> &str {
        &self.name
    }

    fn check<'a>(&'a self) -> BoxFuture<'a, CheckOutcome> {
        Box::pin(std::future::ready(CheckOutcome::new(
            self.state,
            self.message,
        )))
    }

    fn criticality(&self) -> Criticality {
        self.criticality
    }
}

/// A checker that reads a flag: healthy while it is true.
///
/// This is how an application leaves the rotation for a while, since a
/// [`ReadinessGate`](crate::ReadinessGate) once closed stays closed.
#[derive(Clone, Debug)]
pub struct FlagChecker {
    name: String,
    flag: Arc<AtomicBool>,
    message: &'static str,
    criticality: Criticality,
}

impl FlagChecker {
    /// The public message while the flag is false.
    pub const DOWN_MESSAGE: &'static str = "not available";

    /// A critical component that is healthy while `flag` is true.
    #[must_use]
    pub fn new(name: impl Into<String>, flag: Arc<AtomicBool>) -> Self {
        Self {
            name: name.into(),
            flag,
            message: Self::DOWN_MESSAGE,
            criticality: Criticality::Critical,
        }
    }

    /// Sets the public message shown while the flag is false.
    #[must_use]
    pub fn with_message(mut self, message: &'static str) -> Self {
        self.message = message;
        self
    }

    /// Sets whether the process can serve without the component.
    #[must_use]
    pub fn with_criticality(mut self, criticality: Criticality) -> Self {
        self.criticality = criticality;
        self
    }
}

impl ComponentChecker for FlagChecker {
    fn name(&self) -> &str {
        &self.name
    }

    fn check<'a>(&'a self) -> BoxFuture<'a, CheckOutcome> {
        let outcome = if self.flag.load(Ordering::Acquire) {
            CheckOutcome::healthy()
        } else {
            CheckOutcome::unhealthy(self.message)
        };
        Box::pin(std::future::ready(outcome))
    }

    fn criticality(&self) -> Criticality {
        self.criticality
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BoxError;

    #[tokio::test]
    async fn a_function_decides() {
        let checker = FnChecker::new("db", || async { Ok::<(), BoxError>(()) })
            .with_timeout(Duration::from_millis(20))
            .with_dependencies(&["network"]);
        assert_eq!(checker.check().await.state, HealthState::Healthy);
        assert_eq!(checker.timeout(), Some(Duration::from_millis(20)));
        assert_eq!(checker.dependencies(), ["network"]);
        assert_eq!(checker.criticality(), Criticality::Critical);
        let degraded = FnChecker::new("db", || async { CheckOutcome::degraded("slow") });
        assert_eq!(degraded.check().await.public_message, "slow");
    }

    #[tokio::test]
    async fn a_flag_decides_each_time() {
        let flag = Arc::new(AtomicBool::new(false));
        let checker = FlagChecker::new("rotation", flag.clone()).with_message("out of rotation");
        let down = checker.check().await;
        assert_eq!(
            (down.state, down.public_message),
            (HealthState::Unhealthy, "out of rotation")
        );
        flag.store(true, Ordering::Release);
        assert_eq!(checker.check().await.state, HealthState::Healthy);
    }

    #[tokio::test]
    async fn a_fixed_answer() {
        let checker = StaticChecker::new("x", HealthState::Unknown)
            .with_message("not configured")
            .with_criticality(Criticality::NonCritical);
        let outcome = checker.check().await;
        assert_eq!(
            (outcome.state, outcome.public_message),
            (HealthState::Unknown, "not configured")
        );
        assert_eq!(checker.criticality(), Criticality::NonCritical);
    }
}
