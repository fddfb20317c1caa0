//! The servers that `bench http` measures: `bench-http-server NAME` prints
//! where it listens and serves on one core with one worker until it is killed.
//!
//! All of them do the same work: the same routes, the same decoding, the same
//! documents. Only what each adds of its own differs.

mod actix;
mod axum;
mod documents;
mod hyper;
mod plumego;

use std::io::Write as _;
use std::net::TcpListener;

fn main() -> std::io::Result<()> {
    if let Some(core) = core_affinity::get_core_ids().unwrap_or_default().first() {
        core_affinity::set_for_current(*core);
    }
    let listener = TcpListener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let mut output = std::io::stdout();
    writeln!(output, "{}", listener.local_addr()?)?;
    output.flush()?;
    match std::env::args().nth(1).as_deref() {
        Some("plumego") => on_one_thread(plumego::serve(listener)),
        Some("hyper") => on_one_thread(hyper::serve(listener)),
        Some("axum") => on_one_thread(axum::serve(listener)),
        Some("actix-web") => actix::serve(listener),
        _ => Err(std::io::Error::other("usage: bench-http-server NAME")),
    }
}

fn on_one_thread(server: impl Future<Output = std::io::Result<()>>) -> std::io::Result<()> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(server)
}
