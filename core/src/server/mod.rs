//! The server: a prepared application on a listener.

mod accept;
mod connection;
mod drain;
mod handle;
mod registry;
mod run;

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use plumego_health::SharedGate;
use plumego_log::{Fields, Logger, LoggerExt};

pub(crate) use connection::framing::ambiguous_requests;
pub use drain::{DrainDeadlineExceeded, DrainReport, DrainSignal};
pub use handle::ServerHandle;
pub use registry::ConnectionCounts;
pub use run::RunOptions;
pub(crate) use run::run;

use self::connection::service::ServiceContext;
use self::connection::timers::Limits;
use self::connection::{HeadAnswers, Protocols};
use self::drain::Drain;
use self::registry::Registry;
use crate::app::AppService;
use crate::client::ClientPolicy;
use crate::config::{AppConfig, Http2Policy};
use crate::error::{CoreError, Operation};
use crate::listen::{BoundAddr, Listener};
use crate::tls::TlsRuntime;

/// Smallest read buffer of the HTTP/1 implementation.
const HTTP1_BUFFER_MIN: usize = 8 * 1024;

/// A prepared application that is not listening yet.
pub struct Server {
    config: AppConfig,
    service: AppService,
    tls: Option<TlsRuntime>,
    logger: Arc<dyn Logger>,
    handle: ServerHandle,
}

impl Server {
    pub(crate) fn new(
        config: AppConfig,
        service: AppService,
        tls: Option<TlsRuntime>,
        logger: Arc<dyn Logger>,
    ) -> Self {
        let drain = Arc::new(Drain::new(
            Arc::new(Registry::default()),
            SharedGate::new(),
            Arc::clone(&logger),
            config.drain_delay,
            or_default(config.drain_interval, Duration::from_millis(500)),
        ));
        let handle = ServerHandle {
            drain,
            default_limit: nonzero(config.shutdown_timeout),
        };
        Self {
            config,
            service,
            tls,
            logger,
            handle,
        }
    }

    /// Drives this gate instead of an own one; before anybody has a handle.
    fn drive_gate(&mut self, gate: SharedGate) {
        if let Some(drain) = Arc::get_mut(&mut self.handle.drain) {
            drain.gate = gate;
        }
    }

    /// The application as a service; keeps working after a shutdown.
    #[must_use]
    pub fn service(&self) -> AppService {
        self.service.clone()
    }

    /// The configuration that was prepared.
    #[must_use]
    pub fn config(&self) -> &AppConfig {
        &self.config
    }

    /// TLS policy beyond what the configuration offers, before binding; the
    /// caller owns what it sets. `None` without TLS. A reload keeps such policy
    /// and replaces certificates, client authorities and tickets.
    pub fn tls_mut(&mut self) -> Option<&mut rustls::ServerConfig> {
        self.tls.as_mut().map(TlsRuntime::config_mut)
    }

    /// A handle to watch and end the server.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.handle.clone()
    }

    /// Binds the configured address.
    ///
    /// # Errors
    /// Operation `bind_server` with the address and the `io::Error`.
    pub async fn bind(self) -> Result<BoundServer, CoreError> {
        let listener = Listener::bind(&self.config.addr, &self.config.socket)
            .await
            .map_err(|cause| {
                CoreError::new(Operation::BindServer, cause).with_param("addr", &self.config.addr)
            })?;
        Ok(self.with_listener(listener))
    }

    /// Uses a listener that is bound already: TCP or unix.
    #[must_use]
    pub fn with_listener(self, listener: impl Into<Listener>) -> BoundServer {
        let listener = listener.into();
        BoundServer {
            address: listener.local_addr().clone(),
            listener,
            server: self,
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("config", &self.config)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

/// A server with a listener; connections queue until it serves.
#[derive(Debug)]
pub struct BoundServer {
    server: Server,
    listener: Listener,
    address: BoundAddr,
}

impl BoundServer {
    /// Where the server listens; the real port after `:0`.
    #[must_use]
    pub fn local_addr(&self) -> &BoundAddr {
        &self.address
    }

    /// A handle to watch and end the server.
    #[must_use]
    pub fn handle(&self) -> ServerHandle {
        self.server.handle()
    }

    /// Serves until a shutdown.
    ///
    /// # Errors
    /// Operation `serve` when the listener failed for good. A shutdown is no
    /// error, nor is one whose limit passed; the caller of
    /// [`ServerHandle::shutdown`] is told.
    pub async fn serve(self) -> Result<(), CoreError> {
        let handle = self.server.handle();
        let drain = Arc::clone(&handle.drain);
        if drain.is_started() {
            return Ok(());
        }
        drain.listener_opened();
        handle.gate().mark_ready();
        let protocols = Arc::new(self.server.protocols());
        self.server.log_start(&self.address);
        let accepting = accept::accept_until(
            self.listener,
            Arc::clone(&protocols),
            self.server.config.max_connections,
            &drain.stop_accepting,
        );
        let accepted = match &protocols.tls {
            None => accepting.await,
            Some(tls) => tokio::select! {
                accepted = accepting => accepted,
                never = tls.keep_fresh(&*self.server.logger) => match never {},
            },
        };
        drain.listener_closed();
        match accepted {
            Ok(()) => {
                drain.finished().await;
                Ok(())
            }
            Err(cause) => {
                let _ = handle.shutdown(None).await;
                Err(CoreError::new(Operation::Serve, cause))
            }
        }
    }
}

impl Server {
    fn log_start(&self, address: &BoundAddr) {
        let fields = Fields::new()
            .with("addr", address.to_string())
            .with("tls", self.tls.is_some())
            .with("http2", self.config.http2.policy.as_str())
            .with("routes", self.service.routes().len() as u64);
        self.logger.info("starting server", fields);
        if self.config.development {
            let fields = Fields::new().with("event", "insecure_default");
            self.logger.warn("development mode is on", fields);
        }
    }

    fn protocols(&self) -> Protocols {
        let config = &self.config;
        Protocols {
            context: Arc::new(self.context()),
            limits: Limits {
                head: nonzero(config.read_header_timeout),
                body: nonzero(config.read_timeout),
                write_stall: nonzero(config.write_timeout),
                idle: nonzero(config.idle_timeout),
            },
            http1: http1_builder(config),
            http2: http2_builder(config),
            tls: self.tls.clone(),
            prior_knowledge: config.http2.policy == Http2Policy::AlpnAndPriorKnowledge,
            head_answers: HeadAnswers::new(),
        }
    }

    fn context(&self) -> ServiceContext {
        let config = &self.config;
        let drain = &self.handle.drain;
        let settings = self
            .service
            .scope_settings()
            .clone()
            .with_shutdown(drain.drain.clone(), drain.force.clone());
        ServiceContext {
            application: self.service.clone(),
            settings: Arc::new(settings),
            clients: ClientPolicy::from_config(config),
            request_id: config.request_id.clone(),
            max_uri_bytes: or_default(config.max_uri_bytes, 8 * 1024),
            max_headers: or_default(config.max_headers, 100),
            logger: Arc::clone(&self.logger),
            registry: Arc::clone(&self.handle.drain.registry),
        }
    }
}

fn http1_builder(config: &AppConfig) -> http1::Builder {
    let head = or_default(config.max_header_bytes, 64 * 1024);
    let headers = or_default(config.max_headers, 100);
    let mut builder = http1::Builder::new();
    builder
        .max_header_size(head)
        .max_buf_size(head.max(HTTP1_BUFFER_MIN))
        .half_close(false);
    if headers != 100 {
        // 100 is the implementation's own limit, which it keeps on the stack.
        builder.max_headers(headers);
    }
    builder
}

fn http2_builder(config: &AppConfig) -> http2::Builder<TokioExecutor> {
    let http2 = &config.http2;
    let head = or_default(config.max_header_bytes, 64 * 1024);
    let mut builder = http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(http2.max_concurrent_streams)
        .initial_stream_window_size(http2.initial_stream_window_bytes)
        .initial_connection_window_size(http2.initial_connection_window_bytes)
        .adaptive_window(false)
        .max_frame_size(http2.max_frame_bytes)
        .max_header_list_size(u32::try_from(head).unwrap_or(u32::MAX))
        .keep_alive_interval(nonzero(http2.keep_alive_interval))
        .keep_alive_timeout(http2.keep_alive_timeout)
        .max_pending_accept_reset_streams(http2.max_pending_accept_resets)
        .max_local_error_reset_streams(http2.max_local_error_resets);
    if http2.extended_connect {
        builder.enable_connect_protocol();
    }
    builder
}

fn nonzero(duration: Duration) -> Option<Duration> {
    (!duration.is_zero()).then_some(duration)
}

fn or_default<T: Default + PartialEq>(value: T, default: T) -> T {
    if value == T::default() {
        default
    } else {
        value
    }
}
