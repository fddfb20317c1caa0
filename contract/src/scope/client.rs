use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::HeaderValue;

/// `http` or `https`, as the client sees the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Scheme {
    /// Clear text, or unknown.
    #[default]
    Http,
    /// TLS to this process, or a trusted proxy that says so.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// Facts of the TLS session a request arrived on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// Protocol version, `TLSv1.2` or `TLSv1.3`.
    pub version: String,
    /// Protocol agreed by ALPN, such as `h2`.
    pub alpn: Option<String>,
    /// Server name the client asked for (SNI).
    pub server_name: Option<String>,
    /// The client's leaf certificate, DER, when it sent one that was accepted.
    pub client_cert_der: Option<Bytes>,
}

/// What does not change between the requests of one connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// The socket's other end; none for unix sockets and in-process calls.
    pub peer: Option<SocketAddr>,
    /// The TLS session, if any.
    pub tls: Option<TlsInfo>,
}

/// Who sent a request, decided once per request and used by every layer.
///
/// Forwarding headers are never consulted outside this decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientInfo {
    /// None where no connection is known, so that nothing is made for it.
    connection: Option<Arc<ConnectionInfo>>,
    ip: Option<IpAddr>,
    scheme: Scheme,
    host: Option<HeaderValue>,
}

impl ClientInfo {
    /// The direct client of a connection: address of the socket, `https` on
    /// TLS.
    #[must_use]
    pub fn direct(connection: Arc<ConnectionInfo>) -> Self {
        Self {
            ip: connection.peer.map(|peer| peer.ip().to_canonical()),
            scheme: if connection.tls.is_some() {
                Scheme::Https
            } else {
                Scheme::Http
            },
            connection: Some(connection),
            host: None,
        }
    }

    /// Replaces the address, after the evaluation of trusted proxies.
    #[must_use]
    pub fn with_ip(mut self, ip: IpAddr) -> Self {
        self.ip = Some(ip.to_canonical());
        self
    }

    /// Replaces the scheme, after the evaluation of trusted proxies.
    #[must_use]
    pub fn with_scheme(mut self, scheme: Scheme) -> Self {
        self.scheme = scheme;
        self
    }

    /// Sets the host the client asked for, with its port if given.
    #[must_use]
    pub fn with_host(mut self, host: HeaderValue) -> Self {
        self.host = Some(host);
        self
    }

    /// The socket's other end.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.connection.as_ref()?.peer
    }

    /// The client's address: the peer, or what trusted proxies report.
    /// IPv4-mapped IPv6 is reduced to IPv4.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host the client asked for, with its port if given.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        self.host.as_ref()?.to_str().ok()
    }

    /// The TLS session, if any.
    #[must_use]
    pub fn tls(&self) -> Option<&TlsInfo> {
        self.connection.as_ref()?.tls.as_ref()
    }
}
