//! Listening: address forms, sockets, accepted connections.

mod address;
mod bound;
#[cfg(unix)]
mod inherited;
mod stream;
mod tcp;
#[cfg(unix)]
mod unix;

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

pub(crate) use address::Address;
pub use bound::BoundAddr;
pub(crate) use stream::Stream;

use crate::config::SocketConfig;

/// A bound socket that waits to be served, TCP or unix.
///
/// Made from a listener of the standard library, for servers that get their
/// socket from elsewhere:
///
/// ```
/// use plumego_core::Listener;
///
/// let socket = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let listener = Listener::from(socket);
/// assert_ne!(listener.local_addr().port(), Some(0));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Listener {
    socket: Socket,
    address: BoundAddr,
    nodelay: bool,
    #[cfg(unix)]
    _file: Option<unix::SocketFile>,
}

/// A socket joins the runtime when it is first used: a `Listener` can be made
/// outside of one.
#[derive(Debug)]
enum Socket {
    IdleTcp(std::net::TcpListener),
    Tcp(TcpListener),
    #[cfg(unix)]
    IdleUnix(std::os::unix::net::UnixListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    #[cfg_attr(not(unix), expect(dead_code, reason = "this system has none"))]
    Unix,
}

impl Listener {
    /// Binds an address in one of its forms.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for a text that is no address.
    pub(crate) async fn bind(addr: &str, options: &SocketConfig) -> io::Result<Self> {
        let address =
            Address::parse(addr).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        let mut listener = match address {
            Address::Everywhere(port) => tcp::bind_everywhere(port, options)?.into(),
            Address::V6(address) => tcp::bind_first([address.into()], options)?.into(),
            Address::Host(host, port) => {
                let found = tokio::net::lookup_host((host.as_str(), port)).await?;
                tcp::bind_first(found, options)?.into()
            }
            #[cfg(unix)]
            Address::Unix(path) => Self::bind_unix(&path, options).await?,
            #[cfg(unix)]
            Address::Descriptor(number) => inherited::take(number)?,
            #[cfg(unix)]
            Address::Systemd => inherited::take(inherited::systemd_descriptor()?)?,
            #[cfg(not(unix))]
            Address::Unix(_) | Address::Descriptor(_) | Address::Systemd => {
                return Err(io::ErrorKind::Unsupported.into());
            }
        };
        listener.nodelay = options.nodelay;
        Ok(listener)
    }

    #[cfg(unix)]
    async fn bind_unix(path: &std::path::Path, options: &SocketConfig) -> io::Result<Self> {
        let (socket, file) = unix::bind(path, options).await?;
        let mut listener = Self::from(socket);
        listener._file = Some(file);
        Ok(listener)
    }

    /// Where the socket is bound; the real port when zero was asked for.
    #[must_use]
    pub fn local_addr(&self) -> &BoundAddr {
        &self.address
    }

    /// The next connection. Dropping the future loses none.
    pub(crate) async fn accept(&mut self) -> io::Result<(Stream, Peer)> {
        self.join_runtime()?;
        match &self.socket {
            Socket::Tcp(socket) => {
                let (stream, peer) = socket.accept().await?;
                if self.nodelay {
                    // Fails only when the peer is gone, which the first read
                    // will tell.
                    let _ = stream.set_nodelay(true);
                }
                let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
                Ok((Stream::Tcp(stream), Peer::Tcp(peer)))
            }
            #[cfg(unix)]
            Socket::Unix(socket) => {
                let (stream, _) = socket.accept().await?;
                Ok((Stream::Unix(stream), Peer::Unix))
            }
            Socket::IdleTcp(_) => Err(not_joined()),
            #[cfg(unix)]
            Socket::IdleUnix(_) => Err(not_joined()),
        }
    }

    fn join_runtime(&mut self) -> io::Result<()> {
        match &self.socket {
            Socket::IdleTcp(socket) => {
                let socket = socket.try_clone()?;
                socket.set_nonblocking(true)?;
                self.socket = Socket::Tcp(TcpListener::from_std(socket)?);
            }
            #[cfg(unix)]
            Socket::IdleUnix(socket) => {
                let socket = socket.try_clone()?;
                socket.set_nonblocking(true)?;
                self.socket = Socket::Unix(UnixListener::from_std(socket)?);
            }
            _ => {}
        }
        Ok(())
    }
}

fn not_joined() -> io::Error {
    io::Error::other("the listener did not join the runtime")
}

impl From<std::net::TcpListener> for Listener {
    fn from(socket: std::net::TcpListener) -> Self {
        Self {
            address: BoundAddr::of_tcp(&socket),
            socket: Socket::IdleTcp(socket),
            nodelay: true,
            #[cfg(unix)]
            _file: None,
        }
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for Listener {
    fn from(socket: std::os::unix::net::UnixListener) -> Self {
        Self {
            address: BoundAddr::of_unix(&socket),
            socket: Socket::IdleUnix(socket),
            nodelay: false,
            _file: None,
        }
    }
}

#[cfg(test)]
mod tests;
