//! Ten thousand idle connections within their memory bound; a program of its
//! own, because it measures the memory of the process.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "server/harness.rs"]
mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use plumego_testkit::until;

use harness::{basic, config, start};

const CONNECTIONS: usize = 10_000;
const BYTES_PER_CONNECTION_MAX: usize = 24 * 1024;
const CHILD: &str = "PLUMEGO_IDLE_CLIENT";

/// The clients live in a process of their own, so that only the server's
/// memory is measured and its descriptors suffice. This test is that process
/// when the variable is set, and does nothing otherwise.
#[test]
fn idle_clients() {
    let Ok(address) = std::env::var(CHILD) else {
        return;
    };
    raise_descriptor_limit();
    let request = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
    let clients: Vec<TcpStream> = (0..CONNECTIONS)
        .map(|_| {
            let mut client = TcpStream::connect(&address).expect("a listening server");
            client.write_all(request).expect("an open connection");
            let mut start = [0; 12];
            client.read_exact(&mut start).expect("a response");
            assert_eq!(&start, b"HTTP/1.1 200");
            client
        })
        .collect();
    println!("ready {}", clients.len());
    let mut line = String::new();
    let _ = std::io::stdin().read_line(&mut line);
}

/// Each side needs a descriptor per connection.
fn raise_descriptor_limit() {
    let limit = rlimit::increase_nofile_limit(CONNECTIONS as u64 + 200).expect("a limit");
    assert!(
        limit > CONNECTIONS as u64 + 100,
        "the hard limit of descriptors is {limit}"
    );
}

fn spawn_clients(address: std::net::SocketAddr) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "idle_clients", "--nocapture"])
        .env(CHILD, address.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program again")
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("procfs");
    let line = status
        .lines()
        .find(|l| l.starts_with("VmRSS:"))
        .expect("a figure");
    let kib: usize = line
        .split_whitespace()
        .nth(1)
        .and_then(|n| n.parse().ok())
        .expect("a number");
    kib * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_stay_within_their_memory_bound() {
    raise_descriptor_limit();
    let server = start(config(), basic).await;
    let before = resident_bytes();
    let mut clients = spawn_clients(server.address);
    let mut output = BufReader::new(clients.stdout.take().expect("piped"));
    tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert!(
                output.read_line(&mut line).expect("a pipe") > 0,
                "the clients failed"
            );
        }
    })
    .await
    .unwrap();
    assert_eq!(server.handle.connections().open, CONNECTIONS);
    let each = resident_bytes().saturating_sub(before) / CONNECTIONS;
    assert!(
        each <= BYTES_PER_CONNECTION_MAX,
        "{each} bytes per idle connection"
    );
    drop(clients.stdin.take());
    clients.wait().expect("the clients end");
    let handle = server.handle.clone();
    until("all to be closed", || async {
        handle.connections().open == 0
    })
    .await;
    server.stop().await;
}
