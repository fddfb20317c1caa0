//! The accept loop: never blocked by one connection, never ended by a
//! transient error.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::CancelSource;
use plumego_log::{Fields, LoggerExt};
use tokio::sync::Semaphore;

use super::connection::timers::ConnectionState;
use super::connection::{Accepted, Protocols};
use crate::listen::Listener;

const BACKOFF_FIRST: Duration = Duration::from_millis(10);
const BACKOFF_LAST: Duration = Duration::from_secs(1);

/// Accepts until `stop` is raised; then the listener is closed.
///
/// # Errors
/// An accept error that will not go away by itself.
pub(super) async fn accept_until(
    mut listener: Listener,
    protocols: Arc<Protocols>,
    max_connections: usize,
    stop: &CancelSource,
) -> io::Result<()> {
    let places = (max_connections > 0)
        .then(|| Arc::new(Semaphore::new(max_connections.min(Semaphore::MAX_PERMITS))));
    let mut backoff = BACKOFF_FIRST;
    loop {
        let permit = match &places {
            None => None,
            Some(places) => tokio::select! {
                permit = Arc::clone(places).acquire_owned() => permit.ok(),
                () = stop.cancelled() => return Ok(()),
            },
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => return Ok(()),
        };
        match accepted {
            Ok((stream, peer)) => {
                backoff = BACKOFF_FIRST;
                let state = Arc::new(ConnectionState::new(protocols.limits));
                let guard = protocols.context.registry.admit(&state, permit);
                let accepted = Accepted { peer, state, guard };
                let protocols = Arc::clone(&protocols);
                tokio::spawn(async move { protocols.serve(stream, accepted).await });
            }
            Err(error) if is_transient(&error) => {
                let fields = Fields::new()
                    .with("error", error.to_string())
                    .with("retry_after", backoff);
                protocols.context.logger.warn("accept failed", fields);
                tokio::select! {
                    () = tokio::time::sleep(backoff) => {}
                    () = stop.cancelled() => return Ok(()),
                }
                backoff = (backoff * 2).min(BACKOFF_LAST);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Errors of the client or of a shortage that passes: a reset before the
/// accept, no descriptors, no buffers.
fn is_transient(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOMEM: i32 = 12;
    const EPROTO: i32 = 71;
    const ENOBUFS: i32 = 105;
    let by_kind = matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::Interrupted
            | io::ErrorKind::WouldBlock
            | io::ErrorKind::OutOfMemory
    );
    by_kind
        || matches!(
            error.raw_os_error(),
            Some(ENFILE | EMFILE | ENOMEM | EPROTO | ENOBUFS)
        )
}
