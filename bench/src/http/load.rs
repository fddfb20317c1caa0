//! A closed or paced load over keep-alive connections, on one thread.

use std::io;
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
    /// The status that every answer has to have.
    pub(crate) status: u16,
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
    ) -> io::Result<Vec<u64>> {
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
            connection.exchange(self.request, self.status).await?;
            latencies.push(sent.elapsed().as_nanos() as u64);
            due = due.zip(pace).map(|(at, pace)| at + pace);
        }
    }
}

fn summarise(mut latencies: Vec<u64>, cpu_ns: u64, elapsed: Duration) -> Measured {
    latencies.sort_unstable();
    let count = latencies.len().max(1);
    Measured {
        cpu_ns_per_request: cpu_ns as f64 / count as f64,
        requests_per_second: count as f64 / elapsed.as_secs_f64(),
        p50_ns: percentile(&latencies, 0.50),
        p99_ns: percentile(&latencies, 0.99),
    }
}

/// What a share of the sorted values does not exceed.
pub(crate) fn percentile(sorted: &[u64], share: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    let index = ((sorted.len() as f64 * share) as usize).min(last);
    sorted.get(index).copied().unwrap_or(0) as f64
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// The head of a response.
struct Head {
    status: u16,
    /// Bytes of head and body.
    length: usize,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: vec![0; 64 * 1024],
        })
    }

    /// Sends a request and reads its response; any other status is an error.
    async fn exchange(&mut self, request: &[u8], expected: u16) -> io::Result<()> {
        let (status, response) = self.ask(request).await?;
        if status == expected {
            return Ok(());
        }
        let text = String::from_utf8_lossy(response).into_owned();
        Err(io::Error::other(format!("unexpected answer: {text}")))
    }

    /// Sends a request and reads its response: the status, and all of it.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        let mut filled = 0;
        loop {
            if filled == self.buffer.len() {
                return Err(io::Error::other("the response is too long"));
            }
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            filled += read;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(Head { status, length }) = response_head(&self.buffer[..filled])?
                && filled >= length
            {
                return Ok((status, &self.buffer[..filled]));
            }
        }
    }
}

/// The head of the response at the start of `seen`, once it is there.
fn response_head(seen: &[u8]) -> io::Result<Option<Head>> {
    let Some(head) = memchr::memmem::find(seen, b"\r\n\r\n") else {
        return Ok(None);
    };
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.trim().parse::<usize>().ok();
    let status = seen
        .strip_prefix(b"HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    let status = status
        .and_then(number)
        .and_then(|status| u16::try_from(status).ok())
        .ok_or_else(|| io::Error::other("no status"))?;
    let lines = seen[..head].split(|b| *b == b'\n');
    let length = lines
        .filter_map(|line| line.split_at_checked(15))
        .find(|(name, _)| name.eq_ignore_ascii_case(b"content-length:"))
        .and_then(|(_, value)| number(value));
    let body = match (length, status) {
        (Some(length), _) => length,
        // RFC 9110 section 8.6: these have none.
        (None, 204 | 304) => 0,
        (None, _) => return Err(io::Error::other("no content-length")),
    };
    Ok(Some(Head {
        status,
        length: head + 4 + body,
    }))
}
