//! The service as a process.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::Context as _;
use fuse_parity::{Finished, Started, fuse};
use tempfile::TempDir;

use crate::client::Client;

/// How often a port is chosen anew when somebody else takes it first.
const ATTEMPTS_MAX: usize = 10;

/// The directory of the service.
#[must_use]
pub fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../reference/notes")
}

/// The `fuse` command in a directory, with nothing of this process's
/// environment. A database that it needs is a file there.
#[must_use]
pub fn command(directory: &Path) -> Command {
    let mut command = Command::new(fuse());
    command
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", directory);
    command
}

/// What a process uses.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Open file descriptors.
    pub descriptors: usize,
    /// Threads.
    pub threads: usize,
    /// Memory that is not swapped out, in KiB.
    pub resident_kib: u64,
}

/// The running service. Dropping it kills it.
#[derive(Debug)]
pub struct Notes {
    started: Started,
    address: SocketAddr,
    directory: Arc<TempDir>,
}

impl Notes {
    /// Starts the service with a database of its own.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(&[])
    }

    /// The same, with variables of the environment.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start_with(variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let directory = Arc::new(tempfile::tempdir()?);
        Self::start_in(directory, variables)
    }

    /// Starts the service in a directory that may hold its database already.
    ///
    /// # Errors
    ///
    /// When it does not start.
    pub fn start_in(directory: Arc<TempDir>, variables: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut attempts = 0;
        loop {
            let mut command = command(directory.path());
            command
                .args(["run", "--migrate"])
                .arg(package())
                .env("APP_PORT", free_port()?.to_string())
                .envs(variables.iter().copied());
            let mut started = Started::spawn(&mut command, b"")?;
            match started.wait_for_line(address) {
                Ok(address) => {
                    return Ok(Self {
                        started,
                        address,
                        directory,
                    });
                }
                Err(error) => {
                    attempts += 1;
                    let taken = format!("{error:#}").contains("failed to bind");
                    if !taken || attempts == ATTEMPTS_MAX {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Somebody who asks it.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// Its working directory, which holds `notes.db`.
    #[must_use]
    pub fn directory(&self) -> Arc<TempDir> {
        Arc::clone(&self.directory)
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.path().join("notes.db")
    }

    /// What it uses now, as Linux tells (proc(5)).
    ///
    /// # Errors
    ///
    /// When it is gone, or the system has no `/proc`.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        let process = PathBuf::from(format!("/proc/{}", self.started.id()));
        let count = |directory: &str| -> anyhow::Result<usize> {
            Ok(std::fs::read_dir(process.join(directory))?.count())
        };
        let status = std::fs::read_to_string(process.join("status"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let resident = resident.and_then(|rest| rest.split_whitespace().next());
        Ok(Usage {
            descriptors: count("fd")?,
            threads: count("task")?,
            resident_kib: resident.context("no VmRSS")?.parse()?,
        })
    }

    /// Tells it to end and waits until it has.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub fn stop(self, signal: &str) -> anyhow::Result<Finished> {
        self.started.signal(signal)?;
        self.started.finish()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// When that is not possible.
    pub fn signal(&self, signal: &str) -> anyhow::Result<()> {
        self.started.signal(signal)
    }

    /// Waits until it has ended.
    ///
    /// # Errors
    ///
    /// When it does not end.
    pub fn finish(self) -> anyhow::Result<Finished> {
        self.started.finish()
    }
}

/// A port that is free now. Somebody else may take it before the service does.
fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?.port())
}

/// `addr=` of the line that says where the service listens.
fn address(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("serve: runtime=")?.1;
    let address = rest.split_once("addr=")?.1;
    address.split(' ').next()?.parse().ok()
}
