//! The server on real sockets.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod drain;
mod harness;
mod http1;
mod http2;
mod smuggling;
mod timers;
mod tls;
