//! The server on real sockets.

mod drain;
mod harness;
mod http1;
mod http2;
mod smuggling;
mod timers;
mod tls;
