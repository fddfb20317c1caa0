//! Inline routes beside a pool that is full.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::program;
use crate::http::load::Load;
use crate::http::process::pin_to_second_core;
use crate::http::{Plan, median};
use crate::report::{Gate, Row};

/// One route that answers at once, and one that sleeps on a thread of the pool.
const PROGRAM: &str = r#"requires network
requires time

service Mixed at "/":
  get "/healthz" -> Int:
    return 1

  get "/slow" -> Int:
    time.sleep(2000)
    return 1

app "mixed":
  serve(0)
"#;

const QUICK: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: bench\r\n\r\n";
const SLOW: &[u8] = b"GET /slow HTTP/1.1\r\nhost: bench\r\n\r\n";

/// Requests for the slow route at once: twice as many as the pool has threads.
const SLOW_AT_ONCE: usize = 64;

/// Requests per second for the quick route.
const RATE: f64 = 2_000.0;

/// Most p99 beside a full pool, as a ratio to p99 with nothing else to do.
const GATE: f64 = 2.0;

pub(super) const SCENARIO: &str = "inline route beside a full pool: p99";

pub(super) fn rows(plan: Plan) -> Result<Vec<Row>, String> {
    let directory = tempfile::tempdir().map_err(|e| e.to_string())?;
    std::fs::write(directory.path().join("main.fuse"), PROGRAM).map_err(|e| e.to_string())?;
    let server = program::start("fuse", directory.path(), &["main.fuse"], &[])?;
    pin_to_second_core();
    let load = Load {
        address: server.address,
        request: QUICK,
        status: 200,
        duration: plan.round,
        rate: Some(RATE),
    };
    load.run(&server)?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds {
        alone.push(load.run(&server)?);
        let full = FullPool::of(server.address)?;
        beside.push(load.run(&server)?);
        full.end()?;
    }
    let p99 = |runs: &[_]| median(runs, |measured| measured.p99_ns);
    Ok(vec![Row::ratio(
        SCENARIO,
        ("full pool", p99(&beside)),
        ("idle pool", p99(&alone)),
        Some(Gate::AtMost(GATE)),
    )])
}

/// Callers of the slow route who ask again as soon as they are answered.
struct FullPool {
    done: Arc<AtomicBool>,
    callers: JoinHandle<std::io::Result<()>>,
}

impl FullPool {
    /// Returns when the pool has more to do than threads.
    fn of(address: SocketAddr) -> Result<Self, String> {
        let connections = (0..SLOW_AT_ONCE).map(|_| {
            let mut connection = TcpStream::connect(address)?;
            connection.write_all(SLOW)?;
            Ok(connection)
        });
        let connections = connections.collect::<std::io::Result<Vec<_>>>();
        let connections = connections.map_err(|e| format!("the slow callers: {e}"))?;
        // They have been sent; the server takes them in within this time.
        std::thread::sleep(Duration::from_millis(100));
        let done = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&done);
        let callers = std::thread::spawn(move || ask_again(connections, &told));
        Ok(Self { done, callers })
    }

    fn end(self) -> Result<(), String> {
        self.done.store(true, Ordering::Relaxed);
        let callers = self.callers.join();
        let ended = callers.map_err(|_| "the slow callers panicked".to_owned())?;
        ended.map_err(|e| format!("the slow callers: {e}"))
    }
}

fn ask_again(mut connections: Vec<TcpStream>, done: &AtomicBool) -> std::io::Result<()> {
    let mut answer = [0; 4096];
    loop {
        for connection in &mut connections {
            // The answer is short and comes as one piece.
            if connection.read(&mut answer)? == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if !done.load(Ordering::Relaxed) {
                connection.write_all(SLOW)?;
            }
        }
        if done.load(Ordering::Relaxed) {
            return Ok(());
        }
    }
}
