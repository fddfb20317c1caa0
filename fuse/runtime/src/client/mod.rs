//! `http`: requests to other servers.
//!
//! One client per program, made when it is used first: a pool of connections, a
//! thread that drives them, and what environment variables say about names,
//! proxies and roots. A call waits on its own thread, within its time limit and
//! the deadline of the request that it is made for.

mod builtins;
mod connect;
mod exchange;
mod failure;
mod names;
mod observe;
mod phase;
mod settings;
mod transport;

pub(crate) use settings::Settings;
pub(crate) use transport::Client;

/// The functions of namespace `http`.
pub(crate) mod http_builtins {
    pub(crate) use super::builtins::{delete, get, patch, post, put, request, request_bytes};
}
