//! A closed or paced load over keep-alive connections, on one thread.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::process::ServerProcess;

/// Connections in parallel.
pub(crate) const CONNECTIONS: usize = 64;

/// What to send, how long, how fast.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) request: &'static [u8],
    pub(crate) duration: Duration,
    /// Requests per second over all connections; `None` means as fast as the
    /// answers come.
    pub(crate) rate: Option<f64>,
}

/// One run against one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    pub(crate) cpu_ns_per_request: f64,
    pub(crate) requests_per_second: f64,
    pub(crate) p50_ns: f64,
    pub(crate) p99_ns: f64,
}

impl Load {
    pub(crate) fn run(self, server: &ServerProcess) -> Result<Measured, String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| e.to_string())?;
        runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..CONNECTIONS {
                let connection = Connection::open(self.address).await;
                connections.push(connection.map_err(|e| format!("{}: {e}", server.name))?);
            }
            let cpu = server.cpu_ns()?;
            let started = Instant::now();
            let tasks: Vec<_> = connections
                .into_iter()
                .enumerate()
                .map(|(index, connection)| tokio::spawn(self.drive(connection, index, started)))
                .collect();
            let mut latencies: Vec<u64> = Vec::new();
            for task in tasks {
                let answered = task.await.map_err(|e| e.to_string())?;
                latencies.extend(answered.map_err(|e| format!("{}: {e}", server.name))?);
            }
            let elapsed = started.elapsed();
            let spent = server.cpu_ns()? - cpu;
            Ok(summarise(latencies, spent, elapsed))
        })
    }

    async fn drive(
        self,
        mut connection: Connection,
        index: usize,
        started: Instant,
    ) -> std::io::Result<Vec<u64>> {
        let end = started + self.duration;
        let mut latencies = Vec::new();
        let pace = self
            .rate
            .map(|rate| Duration::from_secs_f64(CONNECTIONS as f64 / rate));
        // Spread over one interval, so that paced requests do not come in herds.
        let mut due = pace.map(|pace| started + pace.mul_f64(index as f64 / CONNECTIONS as f64));
        loop {
            let sent = match due {
                Some(at) => {
                    tokio::time::sleep_until(at.into()).await;
                    Instant::now()
                }
                None => Instant::now(),
            };
            if sent >= end {
                return Ok(latencies);
            }
            connection.exchange(self.request).await?;
            latencies.push(sent.elapsed().as_nanos() as u64);
            due = due.zip(pace).map(|(at, pace)| at + pace);
        }
    }
}

fn summarise(mut latencies: Vec<u64>, cpu_ns: u64, elapsed: Duration) -> Measured {
    latencies.sort_unstable();
    let count = latencies.len().max(1);
    let at = |share: f64| {
        let index = ((count as f64 * share) as usize).min(count - 1);
        latencies.get(index).copied().unwrap_or(0) as f64
    };
    Measured {
        cpu_ns_per_request: cpu_ns as f64 / count as f64,
        requests_per_second: count as f64 / elapsed.as_secs_f64(),
        p50_ns: at(0.50),
        p99_ns: at(0.99),
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 16 * 1024],
        })
    }

    /// Sends a request and reads its response; anything but 200 is an error.
    async fn exchange(&mut self, request: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            filled += read;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            let seen = &self.buffer[..filled];
            if response_length(seen)?.is_some_and(|whole| filled >= whole) {
                return Ok(());
            }
        }
    }
}

/// Bytes of the response at the start of `seen`, once its head is there.
fn response_length(seen: &[u8]) -> std::io::Result<Option<usize>> {
    let Some(head) = memchr::memmem::find(seen, b"\r\n\r\n") else {
        return Ok(None);
    };
    if !seen.starts_with(b"HTTP/1.1 200") {
        let text = String::from_utf8_lossy(&seen[..head]).into_owned();
        return Err(std::io::Error::other(format!("unexpected answer: {text}")));
    }
    let lines = seen[..head].split(|b| *b == b'\n');
    let length = lines
        .filter_map(|line| line.split_at_checked(15))
        .find(|(name, _)| name.eq_ignore_ascii_case(b"content-length:"))
        .and_then(|(_, value)| {
            std::str::from_utf8(value)
                .ok()?
                .trim()
                .parse::<usize>()
                .ok()
        })
        .ok_or_else(|| std::io::Error::other("no content-length"))?;
    Ok(Some(head + 4 + length))
}
