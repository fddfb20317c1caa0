//! Servers as processes, and what the kernel says of them.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

/// A running server; ended when dropped.
pub(crate) struct ServerProcess {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl ServerProcess {
    /// Starts the server program beside this one and reads where it listens.
    pub(crate) fn start(name: &'static str) -> Result<Self, String> {
        Self::start_of("bench-http-server", name)
    }

    /// As [`start`](Self::start), of another program of the benchmarks.
    pub(crate) fn start_of(program: &str, name: &'static str) -> Result<Self, String> {
        let program = std::env::current_exe()
            .map_err(|e| format!("cannot find this program: {e}"))?
            .with_file_name(program);
        let mut child = Command::new(&program)
            .arg(name)
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(|e| format!("{name} said nothing: {e}"))?;
        }
        let address = line
            .trim()
            .parse()
            .map_err(|e| format!("{name} printed `{}`: {e}", line.trim()))?;
        Ok(Self {
            name,
            address,
            child,
        })
    }

    /// A server that was started already and listens there.
    pub(crate) fn adopt(name: &'static str, address: SocketAddr, child: Child) -> Self {
        Self {
            name,
            address,
            child,
        }
    }

    /// Memory that is not swapped out, in KiB (proc(5)).
    pub(crate) fn resident_kib(&self) -> Result<u64, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
            .ok_or_else(|| format!("{path} has no VmRSS"))
    }

    /// Open file descriptors.
    pub(crate) fn descriptors(&self) -> Result<usize, String> {
        let path = format!("/proc/{}/fd", self.child.id());
        let entries = std::fs::read_dir(&path).map_err(|e| format!("{path}: {e}"))?;
        Ok(entries.count())
    }

    /// Processor time of all threads so far, in nanoseconds.
    pub(crate) fn cpu_ns(&self) -> Result<u64, String> {
        let tasks = format!("/proc/{}/task", self.child.id());
        let entries = std::fs::read_dir(&tasks).map_err(|e| format!("{tasks}: {e}"))?;
        let mut total = 0;
        for entry in entries.flatten() {
            // First field: time on the processor, ns (proc(5), schedstat).
            let text = std::fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
            let own = text.split(' ').next().and_then(|n| n.parse::<u64>().ok());
            total += own.unwrap_or(0);
        }
        if total == 0 {
            return Err(format!("the kernel keeps no schedstat for {}", self.name));
        }
        Ok(total)
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Lets what is started from now on run on the servers' core alone, where there
/// are two.
pub(crate) fn pin_to_first_core() {
    pin_to(0);
}

/// Keeps the load away from the servers' core, where there are two.
pub(crate) fn pin_to_second_core() {
    pin_to(1);
}

fn pin_to(index: usize) {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if cores.len() > 1
        && let Some(core) = cores.get(index)
    {
        core_affinity::set_for_current(*core);
    }
}
