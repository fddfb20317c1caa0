//! Programs that serve, and locks that others hold.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::backend::Backend;
use crate::case::{Case, Lock};
use crate::compare::Differences;
use crate::exchange;
use crate::process::{Finished, Started};

/// Starts a program, waits until it serves, makes the exchanges of the row and
/// ends it.
pub(crate) fn serve(
    case: &Case,
    _backend: Backend,
    command: &mut Command,
    differences: &mut Differences<'_>,
) -> anyhow::Result<Finished> {
    let mut started = Started::spawn(command, case.stdin.as_bytes())?;
    let address = started.wait_for_line(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(exchange::all(&case.requests, address, differences))?;
    if case.signal != "none" {
        started.signal(&case.signal)?;
    }
    started.finish()
}

/// `addr=` of a line that says where a program listens.
fn address(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("serve: runtime=")?.1;
    let address = rest.split_once("addr=")?.1;
    address.split(' ').next()?.parse().ok()
}

/// A write lock on a database, held by another process: this is what a busy
/// neighbour looks like to the program.
pub(crate) struct Held {
    holder: std::process::Child,
    milliseconds: u64,
}

/// Takes the lock, and returns when it is held.
pub(crate) fn hold(work: &Path, lock: &Lock) -> anyhow::Result<Held> {
    use std::io::{BufRead as _, BufReader};
    const HOLDER: &str = "import sqlite3, sys\n\
        c = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        c.execute('pragma journal_mode=wal')\n\
        c.execute('begin immediate')\n\
        print('held', flush=True)\n\
        sys.stdin.readline()\n\
        c.execute('rollback')\n";
    let mut holder = Command::new("python3")
        .args(["-c", HOLDER])
        .arg(work.join(&lock.file))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start python3, which holds the lock")?;
    let output = holder.stdout.take().context("no output of the holder")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line)?;
    if line.trim() != "held" {
        bail!("the lock was not taken");
    }
    Ok(Held {
        holder,
        milliseconds: lock.milliseconds,
    })
}

impl Held {
    /// Gives the lock back after its time, while the program runs.
    pub(crate) fn release_later(mut self, _program: &Started) -> anyhow::Result<()> {
        // The row is about a lock that is held for a while: time is its input,
        // and nothing is concluded from how long anything takes.
        std::thread::sleep(Duration::from_millis(self.milliseconds));
        drop(self.holder.stdin.take());
        self.holder.wait()?;
        Ok(())
    }
}
