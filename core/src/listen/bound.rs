use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

/// Where a server listens; written as `127.0.0.1:8080`, `[::]:8080` or
/// `unix:/run/app.sock`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BoundAddr {
    /// An IP address and a port, never zero.
    Tcp(SocketAddr),
    /// The file of a unix socket; none for a socket without a name.
    Unix(Option<PathBuf>),
}

impl BoundAddr {
    pub(super) fn of_tcp(socket: &std::net::TcpListener) -> Self {
        // A socket that cannot tell, which no system is known to have, is
        // reported as bound to nothing.
        let unknown = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
        Self::Tcp(socket.local_addr().unwrap_or(unknown))
    }

    #[cfg(unix)]
    pub(super) fn of_unix(socket: &std::os::unix::net::UnixListener) -> Self {
        let address = socket.local_addr().ok();
        let path = address.as_ref().and_then(|address| address.as_pathname());
        Self::Unix(path.map(Path::to_owned))
    }

    /// The port; `None` for a unix socket.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.socket_addr().map(|address| address.port())
    }

    /// Address and port; `None` for a unix socket.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The file of a unix socket.
    #[must_use]
    pub fn unix_path(&self) -> Option<&Path> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(path) => path.as_deref(),
        }
    }
}

impl fmt::Display for BoundAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix:"),
        }
    }
}
