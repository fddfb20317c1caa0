use super::setters;

/// Options of the listening socket and of accepted connections.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SocketConfig {
    /// Connections that may wait to be accepted; the system may set a lower
    /// bound. Default 1 024.
    pub backlog: u32,
    /// Small writes are sent at once (`TCP_NODELAY`). Default true.
    pub nodelay: bool,
    /// Several processes may listen on the port (`SO_REUSEPORT`, Unix only).
    /// Default false.
    pub reuse_port: bool,
    /// Permissions of a unix socket's file. Default `0o600`.
    pub unix_mode: u32,
}

impl Default for SocketConfig {
    fn default() -> Self {
        Self {
            backlog: 1024,
            nodelay: true,
            reuse_port: false,
            unix_mode: 0o600,
        }
    }
}

impl SocketConfig {
    setters! {
        with_backlog sets backlog: u32;
        with_nodelay sets nodelay: bool;
        with_reuse_port sets reuse_port: bool;
        with_unix_mode sets unix_mode: u32;
    }
}
