use std::time::Duration;

use super::setters;

/// When HTTP/2 is spoken. The upgrade from HTTP/1.1 by header is never
/// supported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Http2Policy {
    /// Never: TLS offers `http/1.1` alone.
    Off,
    /// On TLS, by ALPN.
    #[default]
    Alpn,
    /// On TLS by ALPN, and in clear text for clients that start with the
    /// HTTP/2 preface.
    AlpnAndPriorKnowledge,
}

impl Http2Policy {
    /// `off`, `alpn` or `alpn_and_prior_knowledge`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Alpn => "alpn",
            Self::AlpnAndPriorKnowledge => "alpn_and_prior_knowledge",
        }
    }
}

/// HTTP/2 settings. The limit of a header list is that of a request head,
/// [`AppConfig::max_header_bytes`](crate::AppConfig::max_header_bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Http2Config {
    /// When HTTP/2 is spoken.
    pub policy: Http2Policy,
    /// Streams a client may have open on one connection. Default 256.
    pub max_concurrent_streams: u32,
    /// Flow-control window of a stream, in bytes. Default 1 MiB.
    pub initial_stream_window_bytes: u32,
    /// Flow-control window of a connection, in bytes. Default 2 MiB.
    pub initial_connection_window_bytes: u32,
    /// Largest frame that is received, in bytes: 16 384 (the default) to
    /// 16 777 215 (RFC 9113 section 6.5.2).
    pub max_frame_bytes: u32,
    /// How often a connection is pinged; zero means never. Default 20 s.
    pub keep_alive_interval: Duration,
    /// How long a ping may stay unanswered. Default 20 s.
    pub keep_alive_timeout: Duration,
    /// Streams reset by the client before the server looked at them, until the
    /// connection is closed with `ENHANCE_YOUR_CALM`. Default 20.
    pub max_pending_accept_resets: usize,
    /// Streams the server reset because of errors of the client, until the
    /// connection is closed with `ENHANCE_YOUR_CALM`. Default 1 024.
    pub max_local_error_resets: usize,
    /// Extended CONNECT (RFC 8441), for WebSocket over HTTP/2. Default true.
    pub extended_connect: bool,
}

impl Default for Http2Config {
    fn default() -> Self {
        Self {
            policy: Http2Policy::default(),
            max_concurrent_streams: 256,
            initial_stream_window_bytes: 1024 * 1024,
            initial_connection_window_bytes: 2 * 1024 * 1024,
            max_frame_bytes: 16 * 1024,
            keep_alive_interval: Duration::from_secs(20),
            keep_alive_timeout: Duration::from_secs(20),
            max_pending_accept_resets: 20,
            max_local_error_resets: 1024,
            extended_connect: true,
        }
    }
}

impl Http2Config {
    setters! {
        with_policy sets policy: Http2Policy;
        with_max_concurrent_streams sets max_concurrent_streams: u32;
        with_initial_stream_window_bytes sets initial_stream_window_bytes: u32;
        with_initial_connection_window_bytes sets initial_connection_window_bytes: u32;
        with_max_frame_bytes sets max_frame_bytes: u32;
        with_keep_alive_interval sets keep_alive_interval: Duration;
        with_keep_alive_timeout sets keep_alive_timeout: Duration;
        with_max_pending_accept_resets sets max_pending_accept_resets: usize;
        with_max_local_error_resets sets max_local_error_resets: usize;
        with_extended_connect sets extended_connect: bool;
    }
}
