use std::fmt;
use std::future::{Future, ready};
use std::sync::Arc;

use plumego_contract::BoxError;
use plumego_health::BoxFuture;

use super::{Lifecycle, LifecycleContext, ReadyChecker, Starter, Stopper};

/// A [`Lifecycle`] made from functions. Every phase is optional; one that is
/// missing succeeds at once.
///
/// ```
/// use plumego_contract::BoxError;
/// use plumego_core::Component;
///
/// let indexer = Component::new("indexer")
///     .on_start(|_cx| async { Ok::<(), BoxError>(()) })
///     .on_close(|| { /* drop the sender, the worker ends */ })
///     .on_ready(|| async { Err("warming up".into()) });
/// assert_eq!(indexer.name(), "indexer");
/// ```
#[derive(Clone)]
pub struct Component {
    name: String,
    starter: Option<Arc<dyn Starter>>,
    stopper: Option<Arc<dyn Stopper>>,
    checker: Option<Arc<dyn ReadyChecker>>,
}

impl Component {
    /// A component that does nothing yet. The name appears in errors.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            starter: None,
            stopper: None,
            checker: None,
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts with this function.
    #[must_use]
    pub fn on_start<F, Fut>(self, start: F) -> Self
    where
        F: Fn(LifecycleContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.with_starter(Arc::new(WithContext(start)))
    }

    /// Starts with a function that cannot fail and does not wait.
    #[must_use]
    pub fn on_launch<F>(self, launch: F) -> Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.with_starter(Arc::new(AtOnce(launch)))
    }

    /// Starts with the phase of another type.
    #[must_use]
    pub fn with_starter(mut self, starter: Arc<dyn Starter>) -> Self {
        self.starter = Some(starter);
        self
    }

    /// Stops with this function.
    #[must_use]
    pub fn on_stop<F, Fut>(self, stop: F) -> Self
    where
        F: Fn(LifecycleContext) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.with_stopper(Arc::new(WithContext(stop)))
    }

    /// Stops with a function that does not ask for the deadline.
    #[must_use]
    pub fn on_shutdown<F, Fut>(self, stop: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.with_stopper(Arc::new(WithoutContext(stop)))
    }

    /// Stops with a function that cannot fail and does not wait.
    #[must_use]
    pub fn on_close<F>(self, close: F) -> Self
    where
        F: Fn() + Send + Sync + 'static,
    {
        self.with_stopper(Arc::new(AtOnce(close)))
    }

    /// Stops with the phase of another type.
    #[must_use]
    pub fn with_stopper(mut self, stopper: Arc<dyn Stopper>) -> Self {
        self.stopper = Some(stopper);
        self
    }

    /// Tells readiness with this function.
    #[must_use]
    pub fn on_ready<F, Fut>(self, check: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        self.with_ready_checker(Arc::new(WithoutContext(check)))
    }

    /// Tells readiness with the phase of another type.
    #[must_use]
    pub fn with_ready_checker(mut self, checker: Arc<dyn ReadyChecker>) -> Self {
        self.checker = Some(checker);
        self
    }
}

impl Lifecycle for Component {
    fn start<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        match &self.starter {
            Some(starter) => starter.start(cx),
            None => Box::pin(ready(Ok(()))),
        }
    }

    fn stop<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        match &self.stopper {
            Some(stopper) => stopper.stop(cx),
            None => Box::pin(ready(Ok(()))),
        }
    }

    fn ready<'a>(&'a self) -> BoxFuture<'a, Result<(), BoxError>> {
        match &self.checker {
            Some(checker) => checker.ready(),
            None => Box::pin(ready(Ok(()))),
        }
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("name", &self.name)
            .field("start", &self.starter.is_some())
            .field("stop", &self.stopper.is_some())
            .field("ready", &self.checker.is_some())
            .finish()
    }
}

struct WithContext<F>(F);
struct WithoutContext<F>(F);
struct AtOnce<F>(F);

impl<F, Fut> Starter for WithContext<F>
where
    F: Fn(LifecycleContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn start<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { (self.0)(*cx).await })
    }
}

impl<F, Fut> Stopper for WithContext<F>
where
    F: Fn(LifecycleContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn stop<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { (self.0)(*cx).await })
    }
}

impl<F, Fut> Stopper for WithoutContext<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn stop<'a>(&'a self, _: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { (self.0)().await })
    }
}

impl<F, Fut> ReadyChecker for WithoutContext<F>
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    fn ready<'a>(&'a self) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { (self.0)().await })
    }
}

impl<F: Fn() + Send + Sync + 'static> Starter for AtOnce<F> {
    fn start<'a>(&'a self, _: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            (self.0)();
            Ok(())
        })
    }
}

impl<F: Fn() + Send + Sync + 'static> Stopper for AtOnce<F> {
    fn stop<'a>(&'a self, _: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            (self.0)();
            Ok(())
        })
    }
}
