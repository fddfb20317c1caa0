//! Forms of a server address.

use std::fmt;
use std::net::SocketAddrV6;
use std::path::PathBuf;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// `:port`: all interfaces, IPv4 and IPv6.
    Everywhere(u16),
    /// `[v6]:port`.
    V6(SocketAddrV6),
    /// `host:port`; a name is resolved when the server binds.
    Host(String, u16),
    /// `unix:/path`.
    Unix(PathBuf),
    /// `fd:N`: a descriptor this process was started with.
    Descriptor(i32),
    /// `systemd:`: the one descriptor the service manager passed.
    Systemd,
}

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AddressError(&'static str);

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for AddressError {}

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, AddressError> {
        if let Some(path) = text.strip_prefix("unix:") {
            return parse_unix(path);
        }
        if let Some(number) = text.strip_prefix("fd:") {
            return parse_descriptor(number);
        }
        if let Some(rest) = text.strip_prefix("systemd:") {
            return if rest.is_empty() {
                Ok(Self::Systemd)
            } else {
                Err(AddressError("nothing may follow systemd:"))
            };
        }
        if text.starts_with('[') {
            let address = text.parse().map(Self::V6);
            return address.map_err(|_| AddressError("expected [IPv6 address]:port"));
        }
        let (host, port) = text
            .rsplit_once(':')
            .ok_or(AddressError("expected host:port, with a port"))?;
        let port = parse_port(port)?;
        if host.is_empty() {
            return Ok(Self::Everywhere(port));
        }
        check_host(host)?;
        Ok(Self::Host(host.to_owned(), port))
    }
}

fn parse_unix(path: &str) -> Result<Address, AddressError> {
    if !path.starts_with('/') {
        return Err(AddressError("the path of a unix socket must be absolute"));
    }
    #[cfg(unix)]
    if std::os::unix::net::SocketAddr::from_pathname(path).is_err() {
        return Err(AddressError(
            "the path of a unix socket is too long or holds a NUL",
        ));
    }
    #[cfg(not(unix))]
    return Err(AddressError("this system has no unix sockets"));
    #[cfg(unix)]
    Ok(Address::Unix(PathBuf::from(path)))
}

fn parse_descriptor(number: &str) -> Result<Address, AddressError> {
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let number = number.parse().ok().filter(|_| digits);
    number
        .map(Address::Descriptor)
        .ok_or(AddressError("expected fd: and the number of a descriptor"))
}

fn parse_port(port: &str) -> Result<u16, AddressError> {
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let number = port.parse().ok().filter(|_| digits);
    number.ok_or(AddressError("the port is not a number from 0 to 65535"))
}

fn check_host(host: &str) -> Result<(), AddressError> {
    if host.contains(':') {
        return Err(AddressError("an IPv6 address needs brackets"));
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if host.len() > 253 || !host.bytes().all(allowed) {
        return Err(AddressError("the host is neither a name nor an IP address"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms() {
        let host = |host: &str, port| Address::Host(host.to_owned(), port);
        for (text, address) in [
            (":8080", Address::Everywhere(8080)),
            (":0", Address::Everywhere(0)),
            ("127.0.0.1:80", host("127.0.0.1", 80)),
            ("localhost:65535", host("localhost", 65535)),
            ("my_host-1.example:1", host("my_host-1.example", 1)),
            ("[::1]:443", Address::V6("[::1]:443".parse().unwrap())),
            ("unix:/run/app.sock", Address::Unix("/run/app.sock".into())),
            ("fd:3", Address::Descriptor(3)),
            ("systemd:", Address::Systemd),
        ] {
            assert_eq!(Address::parse(text), Ok(address), "{text}");
        }
    }

    #[test]
    fn refused() {
        let long = format!("unix:/{}", "x".repeat(200));
        for (text, why) in [
            ("localhost", "expected host:port, with a port"),
            (":http", "the port is not a number from 0 to 65535"),
            (":", "the port is not a number from 0 to 65535"),
            (":65536", "the port is not a number from 0 to 65535"),
            (":+80", "the port is not a number from 0 to 65535"),
            ("::1:80", "an IPv6 address needs brackets"),
            ("[::1]", "expected [IPv6 address]:port"),
            ("[127.0.0.1]:80", "expected [IPv6 address]:port"),
            ("my host:80", "the host is neither a name nor an IP address"),
            ("*:80", "the host is neither a name nor an IP address"),
            (
                "unix:app.sock",
                "the path of a unix socket must be absolute",
            ),
            (
                long.as_str(),
                "the path of a unix socket is too long or holds a NUL",
            ),
            ("fd:", "expected fd: and the number of a descriptor"),
            ("fd:-1", "expected fd: and the number of a descriptor"),
            ("fd:+1", "expected fd: and the number of a descriptor"),
            ("systemd:web", "nothing may follow systemd:"),
        ] {
            let refused = Address::parse(text).unwrap_err();
            assert_eq!(refused.to_string(), why, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".*") {
            let _ = Address::parse(&text);
        }
    }
}
