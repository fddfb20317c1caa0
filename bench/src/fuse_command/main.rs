//! The `fuse` command as `bench fuse-front` measures it: `bench-fuse ...` does
//! what `fuse ...` does, with the same allocator, and prints at its end what
//! the process has cost.

use std::io::Write as _;
use std::process::ExitCode;

use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let status = fuse::run(std::env::args_os().collect());
    match report() {
        Ok(()) => status,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Prints processor time of all threads in nanoseconds, start of the process
/// included, and the most memory it had in KiB.
fn report() -> std::io::Result<()> {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let cpu_ns = time.tv_sec * 1_000_000_000 + time.tv_nsec;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    // `VmHWM:     1234 kB` (proc(5)).
    let peak_kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.split_whitespace().next())
        .unwrap_or("0");
    writeln!(std::io::stdout(), "{cpu_ns} {peak_kib}")
}
