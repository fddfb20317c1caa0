//! The configuration of an application: a plain value with defaults.

mod http2;
mod socket;
mod tls;
mod validate;

use std::time::Duration;

use plumego_contract::ErrorRendering;
use plumego_middleware::requestid::RequestIdConfig;
use plumego_router::RouterConfig;

pub use http2::{Http2Config, Http2Policy};
pub use socket::SocketConfig;
pub use tls::{ClientAuth, SniCertificate, TlsConfig, TlsReload, TlsVersion};
pub use validate::ConfigErrors;

/// Which header of a trusted proxy names the clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardingHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Everything an application can be told; start from the default and change
/// what differs.
///
/// Durations of zero switch the limit off, sizes of zero mean the default,
/// unless a field says otherwise. Nothing is read from the environment or from
/// files. [`prepare`](crate::App::prepare) checks the whole value.
///
/// ```
/// use std::time::Duration;
/// use plumego_core::AppConfig;
///
/// let config = AppConfig::default()
///     .with_addr("127.0.0.1:0")
///     .with_read_timeout(Duration::from_secs(10));
/// assert!(config.validate().is_ok());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct AppConfig {
    /// Where to listen: `:port` (all interfaces, IPv4 and IPv6), `host:port`,
    /// `[v6]:port`, `unix:/path`, `fd:N` or `systemd:`. Default `:8080`.
    pub addr: String,
    /// TLS; none by default, which serves clear text.
    pub tls: Option<TlsConfig>,
    /// Matching policy.
    pub router: RouterConfig,
    /// Longest time for a request head, and for the TLS handshake. Default 5 s.
    pub read_header_timeout: Duration,
    /// Longest time from the first byte of a head to the end of the request
    /// body. Default 30 s.
    pub read_timeout: Duration,
    /// Longest time without any byte of a response accepted by the peer; a long
    /// response that moves on is not cut. Default 30 s.
    pub write_timeout: Duration,
    /// Longest gap between two requests of a connection. Default 60 s.
    pub idle_timeout: Duration,
    /// Size of a request head, in bytes; at least 4 KiB, default 64 KiB.
    pub max_header_bytes: usize,
    /// Number of header lines. Default 100.
    pub max_headers: usize,
    /// Size of a request target, in bytes. Default 8 KiB.
    pub max_uri_bytes: usize,
    /// HTTP/2.
    pub http2: Http2Config,
    /// Open connections; at the bound the server stops accepting until one
    /// closes. Zero means no bound. Default 10 000.
    pub max_connections: usize,
    /// How long a server that shuts down goes on accepting, so that load
    /// balancers notice. Default zero.
    pub drain_delay: Duration,
    /// How often the progress of a drain is logged; zero means the default of
    /// 500 ms.
    pub drain_interval: Duration,
    /// Longest drain; zero means no limit. Default 30 s.
    pub shutdown_timeout: Duration,
    /// Peers whose forwarding headers are believed: IP addresses, networks in
    /// CIDR form, and the word `unix` for peers of a unix socket. Empty by
    /// default: nobody is believed.
    pub trusted_proxies: Vec<String>,
    /// Which header of a trusted proxy names the clients.
    pub forwarding_header: ForwardingHeader,
    /// Where request ids come from.
    pub request_id: RequestIdConfig,
    /// How errors are rendered. The report hook is replaced by one that writes
    /// to the application's logger.
    pub errors: ErrorRendering,
    /// Permits what must not happen in production, such as showing causes of
    /// errors to clients. Logged as a warning at start. Default false.
    pub development: bool,
    /// Options of the listening socket.
    pub socket: SocketConfig,
}

impl Default for AppConfig {
    fn default() -> Self {
        Self {
            addr: ":8080".to_owned(),
            tls: None,
            router: RouterConfig::default(),
            read_header_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_secs(60),
            max_header_bytes: 64 * 1024,
            max_headers: 100,
            max_uri_bytes: 8 * 1024,
            http2: Http2Config::default(),
            max_connections: 10_000,
            drain_delay: Duration::ZERO,
            drain_interval: Duration::from_millis(500),
            shutdown_timeout: Duration::from_secs(30),
            trusted_proxies: Vec::new(),
            forwarding_header: ForwardingHeader::default(),
            request_id: RequestIdConfig::default(),
            errors: ErrorRendering::default(),
            development: false,
            socket: SocketConfig::default(),
        }
    }
}

/// Setters that replace one field each; the field says what it means.
macro_rules! setters {
    ($($setter:ident sets $field:ident: $kind:ty;)*) => {$(
        #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
        #[must_use]
        pub fn $setter(mut self, $field: $kind) -> Self {
            self.$field = $field;
            self
        }
    )*};
}

pub(crate) use setters;

impl AppConfig {
    /// Sets [`addr`](Self::addr).
    #[must_use]
    pub fn with_addr(mut self, addr: impl Into<String>) -> Self {
        self.addr = addr.into();
        self
    }

    /// Switches TLS on.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsConfig) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets [`trusted_proxies`](Self::trusted_proxies).
    #[must_use]
    pub fn with_trusted_proxies<I>(mut self, proxies: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.trusted_proxies = proxies.into_iter().map(Into::into).collect();
        self
    }

    setters! {
        with_router sets router: RouterConfig;
        with_read_header_timeout sets read_header_timeout: Duration;
        with_read_timeout sets read_timeout: Duration;
        with_write_timeout sets write_timeout: Duration;
        with_idle_timeout sets idle_timeout: Duration;
        with_max_header_bytes sets max_header_bytes: usize;
        with_max_headers sets max_headers: usize;
        with_max_uri_bytes sets max_uri_bytes: usize;
        with_http2 sets http2: Http2Config;
        with_max_connections sets max_connections: usize;
        with_drain_delay sets drain_delay: Duration;
        with_drain_interval sets drain_interval: Duration;
        with_shutdown_timeout sets shutdown_timeout: Duration;
        with_forwarding_header sets forwarding_header: ForwardingHeader;
        with_request_id sets request_id: RequestIdConfig;
        with_errors sets errors: ErrorRendering;
        with_development sets development: bool;
        with_socket sets socket: SocketConfig;
    }

    /// Checks every field; needs no files and no network.
    ///
    /// # Errors
    /// All problems at once.
    pub fn validate(&self) -> Result<(), ConfigErrors> {
        validate::validate(self)
    }
}
