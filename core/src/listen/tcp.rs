//! TCP sockets with the options of the configuration.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, Type};

use crate::config::SocketConfig;

/// All interfaces: one IPv6 socket that takes IPv4 too, or IPv4 alone where the
/// system has no IPv6.
pub(super) fn bind_everywhere(port: u16, options: &SocketConfig) -> io::Result<TcpListener> {
    let dual = bind(
        SocketAddr::from((Ipv6Addr::UNSPECIFIED, port)),
        options,
        true,
    );
    match dual {
        Err(error) if is_missing_family(&error) => bind(
            SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
            options,
            false,
        ),
        bound => bound,
    }
}

/// The first address that can be bound; otherwise the error of the first.
pub(super) fn bind_first(
    addresses: impl IntoIterator<Item = SocketAddr>,
    options: &SocketConfig,
) -> io::Result<TcpListener> {
    let mut failure = None;
    for address in addresses {
        match bind(address, options, false) {
            Ok(socket) => return Ok(socket),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure
        .unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the name has no addresses")))
}

fn bind(address: SocketAddr, options: &SocketConfig, dual: bool) -> io::Result<TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!dual)?;
    }
    // A restart must not wait for connections of the last run to time out.
    // On Windows the option means something else: that others may take over.
    #[cfg(unix)]
    {
        socket.set_reuse_address(true)?;
        if options.reuse_port {
            socket.set_reuse_port(true)?;
        }
    }
    socket.bind(&address.into())?;
    socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// The system has no IPv6, or none that can be bound.
fn is_missing_family(error: &io::Error) -> bool {
    const EAFNOSUPPORT: i32 = if cfg!(target_os = "linux") { 97 } else { 47 };
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.kind() == io::ErrorKind::Unsupported
        || error.raw_os_error() == Some(EAFNOSUPPORT)
}
