//! From a prepared application to a clean end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use plumego_health::SharedGate;
use plumego_log::{Fields, LoggerExt};

use super::{BoundServer, Server, ServerHandle};
use crate::error::{CoreError, Operation};
use crate::lifecycle::{LifecycleContext, LifecycleGroup};
use crate::listen::BoundAddr;
use crate::signal::{Termination, Terminations};

type ShutdownFuture = Pin<Box<dyn Future<Output = ()> + Send>>;
type OnBound = Box<dyn FnOnce(&BoundAddr) + Send>;

/// How [`App::run_with`](crate::App::run_with) starts and stops.
#[non_exhaustive]
pub struct RunOptions {
    /// Replaces the signals: the server drains when it resolves.
    pub shutdown: Option<ShutdownFuture>,
    /// Components that start before the listener is bound and stop after the
    /// drain.
    pub lifecycle: Option<LifecycleGroup>,
    /// Longest start of the components; 30 s.
    pub start_timeout: Duration,
    /// Longest stop of the components; 15 s.
    pub stop_timeout: Duration,
    /// Driven in place of a gate of the server's own, for readiness handlers
    /// that were built before the server.
    pub gate: Option<SharedGate>,
    /// Called once with the address that was bound.
    pub on_bound: Option<OnBound>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            shutdown: None,
            lifecycle: None,
            start_timeout: Duration::from_secs(30),
            stop_timeout: Duration::from_secs(15),
            gate: None,
            on_bound: None,
        }
    }
}

impl RunOptions {
    /// Ends the server when `shutdown` resolves, in place of signals.
    #[must_use]
    pub fn with_shutdown(mut self, shutdown: impl Future<Output = ()> + Send + 'static) -> Self {
        self.shutdown = Some(Box::pin(shutdown));
        self
    }

    /// Starts and stops these components with the server.
    #[must_use]
    pub fn with_lifecycle(mut self, lifecycle: LifecycleGroup) -> Self {
        self.lifecycle = Some(lifecycle);
        self
    }

    /// Sets the longest start of the components.
    #[must_use]
    pub fn with_start_timeout(mut self, timeout: Duration) -> Self {
        self.start_timeout = timeout;
        self
    }

    /// Sets the longest stop of the components.
    #[must_use]
    pub fn with_stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Drives this gate: open while the server serves, closed with reason
    /// `draining` from the start of a shutdown on.
    #[must_use]
    pub fn with_gate(mut self, gate: SharedGate) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Tells where the server listens, once it does.
    #[must_use]
    pub fn with_on_bound(mut self, on_bound: impl FnOnce(&BoundAddr) + Send + 'static) -> Self {
        self.on_bound = Some(Box::new(on_bound));
        self
    }
}

impl fmt::Debug for RunOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunOptions")
            .field("shutdown", &self.shutdown.is_some())
            .field("lifecycle", &self.lifecycle.is_some())
            .field("start_timeout", &self.start_timeout)
            .field("stop_timeout", &self.stop_timeout)
            .finish_non_exhaustive()
    }
}

/// Runs a server to its end: components start, the listener binds, requests
/// are served until the shutdown, components stop in reverse.
pub(crate) async fn run(mut server: Server, options: RunOptions) -> Result<(), CoreError> {
    let RunOptions {
        shutdown,
        lifecycle,
        start_timeout,
        stop_timeout,
        gate,
        on_bound,
    } = options;
    if let Some(gate) = gate {
        server.drive_gate(gate);
    }
    let stop = match shutdown {
        Some(shutdown) => Stop::Future(shutdown),
        // Installed first, so that a signal while components start is not lost.
        None => Stop::Signals(
            Terminations::install().map_err(|cause| CoreError::new(Operation::Serve, cause))?,
        ),
    };
    let components = lifecycle.unwrap_or_default();
    start(&components, start_timeout).await?;
    let served = match server.bind().await {
        Ok(bound) => {
            if let Some(on_bound) = on_bound {
                on_bound(bound.local_addr());
            }
            serve_until(bound, stop).await
        }
        Err(error) => Err(error),
    };
    let stopped = components
        .stop(&LifecycleContext::within(stop_timeout))
        .await
        .map_err(|cause| CoreError::new(Operation::StopComponent, cause));
    match (served, stopped) {
        (Err(first), Err(later)) => Err(first.with_later(later)),
        (served, stopped) => served.and(stopped),
    }
}

async fn start(components: &LifecycleGroup, limit: Duration) -> Result<(), CoreError> {
    // The group bounds each start by the deadline and takes back what it
    // started when one fails.
    components
        .start(&LifecycleContext::within(limit))
        .await
        .map_err(|cause| CoreError::new(Operation::StartComponent, cause))
}

/// What ends a running server.
enum Stop {
    Signals(Terminations),
    Future(ShutdownFuture),
}

impl Stop {
    async fn asked(&mut self) -> Option<Termination> {
        match self {
            Self::Signals(signals) => Some(signals.next().await),
            Self::Future(shutdown) => {
                shutdown.await;
                None
            }
        }
    }

    /// A second request to end, which only signals can make.
    async fn insisted(&mut self) -> Termination {
        match self {
            Self::Signals(signals) => signals.next().await,
            Self::Future(_) => std::future::pending().await,
        }
    }
}

async fn serve_until(bound: BoundServer, mut stop: Stop) -> Result<(), CoreError> {
    let handle = bound.handle();
    let logger = Arc::clone(&bound.server.logger);
    let serving = bound.serve();
    tokio::pin!(serving);
    let signal = tokio::select! {
        served = &mut serving => return served,
        signal = stop.asked() => signal,
    };
    if let Some(signal) = signal {
        let fields = Fields::new().with("signal", signal.as_str());
        logger.info("termination requested", fields);
    }
    let ending = async { tokio::join!(serving, handle.shutdown(None)) };
    let (served, drained) = tokio::select! {
        ended = ending => ended,
        signal = stop.insisted() => abandon(&handle, signal).await,
    };
    served.and(drained.map(drop))
}

/// Cuts everything and ends the process the way the shell expects of one that
/// was killed by this signal. Nothing else would end it if a handler blocks a
/// thread.
#[expect(
    clippy::exit,
    reason = "the operator asked twice; blocked threads must not delay it"
)]
async fn abandon<R>(handle: &ServerHandle, signal: Termination) -> R {
    let _ = handle.shutdown(Some(Duration::ZERO)).await;
    std::process::exit(signal.exit_code())
}
