//! The servers that `bench fuse-host` measures: `bench-fuse-server NAME` prints
//! where it listens and serves on one core with one worker until it is killed.
//!
//! All of them answer `GET /api/ping` with `null`, behind the same layers with
//! the same settings.

mod fuse;
mod toolkit;

use std::io::Write as _;
use std::net::SocketAddr;

fn main() -> std::io::Result<()> {
    // One core, from which every runtime takes that it has one worker.
    if let Some(core) = core_affinity::get_core_ids().unwrap_or_default().first() {
        core_affinity::set_for_current(*core);
    }
    match std::env::args().nth(1).as_deref() {
        Some("toolkit") => toolkit::serve(),
        Some("fuse-host") => fuse::serve_empty(),
        Some("fuse-interp") => fuse::serve_interpreted(),
        _ => Err(std::io::Error::other("usage: bench-fuse-server NAME")),
    }
}

/// Says where the server listens.
fn tell(address: SocketAddr) -> std::io::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{address}")?;
    output.flush()
}
