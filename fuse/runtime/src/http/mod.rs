//! The HTTP host: routes of a program behind the toolkit's server.
//!
//! The toolkit matches paths, keeps limits, renders errors and drains; this
//! module reads what a route is given, calls it, and writes what it returns.
//!
//! A handler runs on a thread whose stack holds the deepest nesting of calls. What
//! it reads of the request and says about the response is part of its unit of
//! work, so that a task of it, which may outlive neither, does not see them.

mod admin;
mod blocking;
mod docs;
mod embed;
mod etag;
mod exchange;
mod fallback;
mod files;
mod gzip;
mod handler;
mod input;
mod kernel_log;
mod observe;
mod output;
mod pairs;
mod proxy;
mod reload;
mod request;
mod response;
mod serve;
mod service;
mod settings;
mod testing;
mod threads;
mod watch;

pub(crate) use exchange::UnitState;

/// The functions of namespace `request`.
pub(crate) mod request_builtins {
    pub(crate) use super::request::{
        bearer, body_bytes, cookie, header, id, method, path, query, query_all, query_as,
        remote_addr,
    };
}

/// The functions of namespace `response`.
pub(crate) mod response_builtins {
    pub(crate) use super::response::{cookie, delete_cookie, header, redirect, status};
}

/// The functions of namespace `testing`.
pub(crate) mod testing_builtins {
    pub(crate) use super::testing::{equal, request, response_json};
}

pub use embed::{Answer, FuseService};
pub(crate) use serve::serve;
pub use serve::{ServeSummary, Stop};
