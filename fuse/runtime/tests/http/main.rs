//! The HTTP host on real sockets: scheduling, limits, files, ends. The programs
//! are functions in Rust, so that tests decide when a handler goes on.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod client;
mod embedded;
mod ending;
mod fallback;
mod measured;
mod messages;
mod proxy;
mod scheduling;
mod site;
mod testing;
mod traced;
mod upstream;
mod wire;
