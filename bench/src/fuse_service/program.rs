//! A Fuse program that serves, as a process.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::http::process::{ServerProcess, pin_to_first_core};

/// The `fuse` command of the benchmarks.
pub(super) fn command() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
    Ok(own.with_file_name("bench-fuse"))
}

/// Starts `fuse run` with these arguments in a directory, on the servers' core,
/// and waits until it says where it listens.
pub(super) fn start(
    name: &'static str,
    directory: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Result<ServerProcess, String> {
    let program = command()?;
    // A process inherits where it may run.
    pin_to_first_core();
    let mut child = Command::new(&program)
        .arg("run")
        .args(arguments)
        .current_dir(directory)
        .env("APP_PORT", free_port()?.to_string())
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot start {}: {e}", program.display()))?;
    let log = child.stderr.take().ok_or("no standard error")?;
    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let mut said = Vec::new();
    let address = lines.by_ref().find_map(|line| {
        let found = address(&line);
        said.push(line);
        found
    });
    let Some(address) = address else {
        let _ = child.wait();
        return Err(format!("{name} does not serve:\n{}", said.join("\n")));
    };
    // What it says later is read, so that it never waits for that.
    std::thread::spawn(move || lines.for_each(drop));
    Ok(ServerProcess::adopt(name, address, child))
}

/// A port that is free now, for a program that asks for its own.
fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = listener.and_then(|listener| listener.local_addr());
    Ok(address.map_err(|e| format!("no port is free: {e}"))?.port())
}

/// `addr=` of the line that says that the program serves.
fn address(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("serve: runtime=")?;
    let (_, address) = rest.split_once("addr=")?;
    address.split(' ').next()?.parse().ok()
}
