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
use crate::listen::{Listener, Peer, Stream};

const BACKOFF_FIRST: Duration = Duration::from_millis(10);
const BACKOFF_LAST: Duration = Duration::from_secs(1);

/// Where connections come from.
pub(super) trait Accept: Send {
    /// The next connection. Dropping the future loses none.
    fn accept(&mut self) -> impl Future<Output = io::Result<(Stream, Peer)>> + Send;
}

impl Accept for Listener {
    async fn accept(&mut self) -> io::Result<(Stream, Peer)> {
        Self::accept(self).await
    }
}

/// Accepts until `stop` is raised; then the listener is closed.
///
/// # Errors
/// An accept error that will not go away by itself.
pub(super) async fn accept_until(
    mut listener: impl Accept,
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
                Arc::clone(&protocols).spawn(stream, accepted);
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::net::SocketAddr;

    use plumego_testkit::RecordingLogger;
    use plumego_testkit::http1::{exchange, get};

    use super::*;
    use crate::server::Server;
    use crate::{App, AppConfig, AppDependencies};

    /// Fails as scripted, then accepts for real.
    struct Scripted {
        failures: VecDeque<io::Error>,
        listener: Listener,
    }

    impl Accept for Scripted {
        async fn accept(&mut self) -> io::Result<(Stream, Peer)> {
            match self.failures.pop_front() {
                Some(failure) => Err(failure),
                None => self.listener.accept().await,
            }
        }
    }

    fn server(log: &RecordingLogger) -> Server {
        let dependencies = AppDependencies {
            logger: Some(log.as_logger()),
        };
        let mut app = App::new(AppConfig::default(), dependencies);
        app.get("/", |_| async { plumego_contract::Json("hello") })
            .unwrap();
        app.prepare().map_err(|failed| failed.source).unwrap()
    }

    fn listener() -> (Listener, SocketAddr) {
        let socket = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        (socket.into(), address)
    }

    #[tokio::test]
    async fn shortages_and_lost_clients_are_waited_out() {
        let log = RecordingLogger::new();
        let (listener, address) = listener();
        let failures = [24, 23, 105, 103].map(io::Error::from_raw_os_error);
        let scripted = Scripted {
            failures: failures.into(),
            listener,
        };
        let protocols = Arc::new(server(&log).protocols());
        let stop = CancelSource::new();
        let stopped = stop.clone();
        let accepting =
            tokio::spawn(async move { accept_until(scripted, protocols, 10, &stopped).await });
        assert_eq!(exchange(address, get("/")).await.status, 200);
        assert_eq!(log.with_message("accept failed").len(), 4);
        stop.cancel();
        accepting.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn a_listener_that_is_gone_ends_the_server() {
        const EINVAL: i32 = 22;
        let (listener, _) = listener();
        let scripted = Scripted {
            failures: [io::Error::from_raw_os_error(EINVAL)].into(),
            listener,
        };
        let protocols = Arc::new(server(&RecordingLogger::new()).protocols());
        let ended = accept_until(scripted, protocols, 0, &CancelSource::new()).await;
        assert_eq!(ended.unwrap_err().raw_os_error(), Some(EINVAL));
    }
}
