//! When TLS material is read again.

use std::convert::Infallible;
use std::future::pending;
use std::time::Duration;

use plumego_log::{Fields, Logger, LoggerExt};
use tokio::time::Instant;

use super::runtime::TlsRuntime;
use crate::config::TlsReload;
use crate::signal;

/// Reloads for as long as the server serves.
pub(super) async fn keep_fresh(tls: &TlsRuntime, logger: &dyn Logger) -> Infallible {
    match tls.source.reload {
        TlsReload::Off => pending().await,
        TlsReload::OnSighup => on_hangup(tls, logger).await,
        TlsReload::Every(pause) => every(pause, tls, logger).await,
    }
}

async fn on_hangup(tls: &TlsRuntime, logger: &dyn Logger) -> Infallible {
    let mut hangups = match signal::hangup() {
        Ok(hangups) => hangups,
        Err(error) => {
            let fields = Fields::new().with("error", error.to_string());
            logger.error("tls reload is not available", fields);
            return pending().await;
        }
    };
    loop {
        hangups.next().await;
        attempt(tls, logger).await;
    }
}

async fn every(pause: Duration, tls: &TlsRuntime, logger: &dyn Logger) -> Infallible {
    // Longer pauses than the clock can tell mean never.
    while let Some(next) = Instant::now().checked_add(pause) {
        tokio::time::sleep_until(next).await;
        attempt(tls, logger).await;
    }
    pending().await
}

async fn attempt(tls: &TlsRuntime, logger: &dyn Logger) {
    let tls = tls.clone();
    // Files are read off the runtime's workers.
    let outcome = match tokio::task::spawn_blocking(move || tls.reload()).await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match outcome {
        Ok(()) => logger.info("tls certificates reloaded", Fields::new()),
        Err(error) => {
            let fields = Fields::new().with("error", error);
            logger.error("tls reload failed, the old certificates stay", fields);
        }
    }
}
