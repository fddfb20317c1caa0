//! Sockets a supervisor opened for this process.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use filedescriptor::FileDescriptor;
use socket2::{Domain, SockRef, Type};

use super::Listener;

/// The first descriptor of socket activation, `SD_LISTEN_FDS_START`.
const FIRST: i32 = 3;

/// Takes over a listening socket. Nothing else in the process may use the
/// descriptor afterwards: it is closed when the server stops listening.
pub(super) fn take(number: i32) -> io::Result<Listener> {
    let copy = FileDescriptor::dup(&number).map_err(|error| match error {
        filedescriptor::Error::Dup { source, .. } => source,
        other => io::Error::other(other),
    })?;
    let socket: OwnedFd = copy.as_fd().try_clone_to_owned()?;
    let listener = listener(number, socket)?;
    // Only now that it is known to be ours: the copy stays, the number is free.
    drop(FileDescriptor::new(number));
    Ok(listener)
}

fn listener(number: i32, socket: OwnedFd) -> io::Result<Listener> {
    let refuse = |what: &str| {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("descriptor {number} is no listening socket: {what}"),
        )
    };
    let view = SockRef::from(&socket);
    let kind = view.r#type().map_err(|_| refuse("not a socket"))?;
    if kind != Type::STREAM {
        return Err(refuse("not a stream socket"));
    }
    if !view.is_listener()? {
        return Err(refuse("it does not listen"));
    }
    let domain = view.local_addr()?.domain();
    match domain {
        Domain::IPV4 | Domain::IPV6 => Ok(std::net::TcpListener::from(socket).into()),
        Domain::UNIX => Ok(std::os::unix::net::UnixListener::from(socket).into()),
        _ => Err(refuse("neither TCP nor unix")),
    }
}

/// The one descriptor the service manager passed (`sd_listen_fds(3)`).
pub(super) fn systemd_descriptor() -> io::Result<i32> {
    // plumego:allow(source-rules/banned-path, reason = "sd_listen_fds(3) passes sockets by environment")
    let pid = std::env::var("LISTEN_PID").ok();
    // plumego:allow(source-rules/banned-path, reason = "sd_listen_fds(3) passes sockets by environment")
    let count = std::env::var("LISTEN_FDS").ok();
    passed(pid.as_deref(), count.as_deref(), std::process::id())
}

fn passed(pid: Option<&str>, count: Option<&str>, own: u32) -> io::Result<i32> {
    let none = || {
        let why = "the service manager passed no socket: LISTEN_FDS and LISTEN_PID say so";
        io::Error::new(io::ErrorKind::NotFound, why)
    };
    let pid: u32 = pid.and_then(|text| text.parse().ok()).ok_or_else(none)?;
    let count: u32 = count.and_then(|text| text.parse().ok()).ok_or_else(none)?;
    if pid != own || count == 0 {
        return Err(none());
    }
    if count > 1 {
        // To serve one and leave the others would let their clients hang.
        let why = format!("the service manager passed {count} sockets: choose one with fd:{FIRST}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(FIRST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_one_socket_for_exactly_this_process() {
        assert_eq!(passed(Some("7"), Some("1"), 7).unwrap(), 3);
        for (pid, count) in [
            (None, Some("1")),
            (Some("7"), None),
            (Some("8"), Some("1")),
            (Some("7"), Some("0")),
            (Some("7"), Some("many")),
            (Some("x"), Some("1")),
        ] {
            let error = passed(pid, count, 7).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{pid:?} {count:?}");
        }
        let several = passed(Some("7"), Some("2"), 7).unwrap_err();
        assert!(several.to_string().contains("fd:3"), "{several}");
    }
}
