use std::fmt;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use plumego_contract::BoxError;
use plumego_health::BoxFuture;

use super::error::{ComponentFailure, LifecycleError};
use super::phase::{self, Ended};
use super::{Component, Lifecycle, LifecycleContext};
use crate::error::Operation;

/// Least time a component gets to stop, however late it is.
const STOP_SHARE_MIN: Duration = Duration::from_secs(1);
/// Time for undoing a failed start that came without a deadline.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(15);
/// Longest readiness probe of one component.
const READY_LIMIT: Duration = Duration::from_secs(2);

/// Components that start in order and stop in reverse. Add what others depend
/// on first.
///
/// Not a registry and not a container: it holds what was added and constructs
/// nothing. A group is a [`Lifecycle`] itself and may be part of another.
///
/// ```
/// use std::sync::Arc;
/// use plumego_core::{Component, LifecycleContext, LifecycleGroup};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// let group = LifecycleGroup::new()
///     .add("pool", Arc::new(Component::new("pool").on_launch(|| { /* connect */ })))
///     .add_component(Component::new("consumer").on_close(|| { /* hang up */ }));
/// let cx = LifecycleContext::new();
/// group.start(&cx).await?;
/// group.ready().await?;
/// group.stop(&cx).await?;
/// # Ok::<(), plumego_core::LifecycleError>(()) }).unwrap();
/// ```
#[derive(Default)]
pub struct LifecycleGroup {
    members: Vec<Member>,
    phase: AtomicU8,
    /// Held while components start or stop, so that the two never overlap.
    transition: tokio::sync::Mutex<()>,
    /// How many members, from the first on, have to be stopped.
    running: Mutex<usize>,
}

struct Member {
    name: String,
    component: Arc<dyn Lifecycle>,
}

const NEW: u8 = 0;
const STARTING: u8 = 1;
const STARTED: u8 = 2;
const STOPPING: u8 = 3;

impl LifecycleGroup {
    /// A group without components.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a component after those that are there. The name appears in errors.
    #[must_use]
    pub fn add(mut self, name: impl Into<String>, component: Arc<dyn Lifecycle>) -> Self {
        self.members.push(Member {
            name: name.into(),
            component,
        });
        self
    }

    /// Adds a component under its own name.
    #[must_use]
    pub fn add_component(self, component: Component) -> Self {
        self.add(component.name().to_owned(), Arc::new(component))
    }

    /// Starts the components in order. When one fails, times out or panics,
    /// those before it are stopped in reverse and nothing stays running.
    ///
    /// # Errors
    /// The failure with those of the rollback; or that the group was started
    /// before.
    pub async fn start(&self, cx: &LifecycleContext) -> Result<(), LifecycleError> {
        let claimed =
            self.phase
                .compare_exchange(NEW, STARTING, Ordering::AcqRel, Ordering::Acquire);
        if claimed.is_err() {
            return Err(LifecycleError::group(
                Operation::StartComponent,
                "already started",
            ));
        }
        let _transition = self.transition.lock().await;
        for (position, member) in self.members.iter().enumerate() {
            // Counted before it runs: when this future is dropped half-way, a
            // later stop reaches what the component had begun.
            self.set_running(position + 1);
            let ended = phase::run(member.start(cx), cx.remaining()).await;
            let (error, kept) = match ended {
                Ended::Done => continue,
                Ended::Failed(error) => (error, position),
                Ended::TimedOut(error) => (error, position + 1),
            };
            self.set_running(kept);
            self.enter(STOPPING);
            let rollback = self.stop_running(&rollback_context(cx)).await;
            let failure = ComponentFailure::new(Operation::StartComponent, &member.name, error);
            return Err(LifecycleError::start(failure, rollback));
        }
        // A stop that is waiting already must keep its phase.
        let _ = self
            .phase
            .compare_exchange(STARTING, STARTED, Ordering::AcqRel, Ordering::Acquire);
        Ok(())
    }

    /// Stops every started component in reverse order, also when one fails.
    /// Each gets an equal share of the time that remains, but at least one
    /// second; one that takes longer is given up. Waits for a running start;
    /// does nothing before a start or after a stop.
    ///
    /// # Errors
    /// All failures together.
    pub async fn stop(&self, cx: &LifecycleContext) -> Result<(), LifecycleError> {
        let begun = self
            .phase
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |phase| {
                (phase != NEW).then_some(STOPPING)
            });
        if begun.is_err() {
            return Ok(());
        }
        let _transition = self.transition.lock().await;
        LifecycleError::all(Operation::StopComponent, self.stop_running(cx).await)
    }

    /// Asks every component, concurrently and at most two seconds each. Does
    /// not wait for a running start or stop.
    ///
    /// # Errors
    /// All components that are not ready; or that the group is `starting` or
    /// `stopping`.
    pub async fn ready(&self) -> Result<(), LifecycleError> {
        let not_ready = match self.phase.load(Ordering::Acquire) {
            STARTED => None,
            NEW | STARTING => Some("not ready: starting"),
            _ => Some("not ready: stopping"),
        };
        if let Some(what) = not_ready {
            return Err(LifecycleError::group(Operation::ReadyComponent, what));
        }
        let probes = self.members.iter().map(|member| async move {
            let ended = phase::run(member.ready(), Some(READY_LIMIT)).await;
            let error = ended.into_error()?;
            Some(ComponentFailure::new(
                Operation::ReadyComponent,
                &member.name,
                error,
            ))
        });
        let failures = join_all(probes).await.into_iter().flatten().collect();
        LifecycleError::all(Operation::ReadyComponent, failures)
    }

    async fn stop_running(&self, cx: &LifecycleContext) -> Vec<ComponentFailure> {
        let mut failures = Vec::new();
        let mut left = *self.lock_running();
        while let Some(member) = left.checked_sub(1).and_then(|last| self.members.get(last)) {
            let share = cx.share(left, STOP_SHARE_MIN);
            let ended = phase::run(member.stop(&share), share.remaining()).await;
            if let Some(error) = ended.into_error() {
                failures.push(ComponentFailure::new(
                    Operation::StopComponent,
                    &member.name,
                    error,
                ));
            }
            left -= 1;
            self.set_running(left);
        }
        failures
    }

    fn enter(&self, phase: u8) {
        self.phase.store(phase, Ordering::Release);
    }

    fn set_running(&self, count: usize) {
        *self.lock_running() = count;
    }

    fn lock_running(&self) -> std::sync::MutexGuard<'_, usize> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Member {
    // The component is called inside the future, so that a panic before its
    // own future exists is caught too.
    async fn start(&self, cx: &LifecycleContext) -> Result<(), BoxError> {
        self.component.start(cx).await
    }

    async fn stop(&self, cx: &LifecycleContext) -> Result<(), BoxError> {
        self.component.stop(cx).await
    }

    async fn ready(&self) -> Result<(), BoxError> {
        self.component.ready().await
    }
}

/// A rollback is bounded even when the start was not.
fn rollback_context(cx: &LifecycleContext) -> LifecycleContext {
    match cx.deadline() {
        Some(_) => *cx,
        None => LifecycleContext::within(ROLLBACK_LIMIT),
    }
}

impl Lifecycle for LifecycleGroup {
    fn start<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.start(cx).await.map_err(Into::into) })
    }

    fn stop<'a>(&'a self, cx: &'a LifecycleContext) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.stop(cx).await.map_err(Into::into) })
    }

    fn ready<'a>(&'a self) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move { self.ready().await.map_err(Into::into) })
    }
}

impl fmt::Debug for LifecycleGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.members.iter().map(|member| &member.name);
        f.debug_list().entries(names).finish()
    }
}

#[cfg(test)]
mod tests;
