//! Components that start before the server and stop after it.

mod component;
mod context;
mod error;
mod group;
mod phase;

use plumego_contract::BoxError;
use plumego_health::BoxFuture;

pub use component::Component;
pub use context::LifecycleContext;
pub use error::{ComponentFailure, LifecycleError};
pub use group::LifecycleGroup;

/// Something with a beginning and an end: a queue consumer, a pool, an indexer.
///
/// Implement it for a type of your own, build one from functions with
/// [`Component`], or combine several with [`LifecycleGroup`].
pub trait Lifecycle: Send + Sync + 'static {
    /// Launches the background work and returns; does not wait until it is
    /// warm. Called at most once.
    fn start<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Returns when the work has ended, or when the deadline passed. Must be
    /// safe after a failed or partial start.
    fn stop<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>>;

    /// Whether the component can do its work at this moment. Called any number
    /// of times, also concurrently; one without the notion is always ready.
    fn ready<'a>(&'a self) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The start of a [`Lifecycle`] alone.
pub trait Starter: Send + Sync + 'static {
    /// See [`Lifecycle::start`].
    fn start<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The stop of a [`Lifecycle`] alone.
pub trait Stopper: Send + Sync + 'static {
    /// See [`Lifecycle::stop`].
    fn stop<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// The readiness of a [`Lifecycle`] alone.
pub trait ReadyChecker: Send + Sync + 'static {
    /// See [`Lifecycle::ready`].
    fn ready<'a>(&'a self) -> BoxFuture<'a, Result<(), BoxError>>;
}
