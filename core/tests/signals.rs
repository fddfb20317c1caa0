//! Signals as an operator sends them, to a process of its own.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use plumego_contract::{Json, Request};
use plumego_core::{AppConfig, RunOptions};

/// Set in the process that is the server.
const CHILD: &str = "PLUMEGO_SIGNAL_SERVER";

/// The server, when this program is started as one; nothing otherwise. The
/// route `/held` waits until a request to `/release` lets it go.
#[test]
fn server() {
    if std::env::var(CHILD).is_err() {
        return;
    }
    let wait = Arc::new(tokio::sync::Notify::new());
    let go = Arc::clone(&wait);
    let mut app = plumego_core::with_config(AppConfig::default().with_addr("127.0.0.1:0"));
    app.get("/held", move |_: Request| {
        let wait = Arc::clone(&wait);
        async move {
            println!("entered");
            wait.notified().await;
            Json("done")
        }
    })
    .unwrap();
    app.get("/release", move |_: Request| {
        let go = Arc::clone(&go);
        async move { go.notify_one() }
    })
    .unwrap();
    let options = RunOptions::default().with_on_bound(|address| println!("listening {address}"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ended = runtime.block_on(app.run_with(options));
    println!("ended {}", ended.is_ok());
}

struct Server {
    child: Child,
    output: BufReader<std::process::ChildStdout>,
    address: String,
}

impl Server {
    fn start() -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "server", "--nocapture"])
            .env(CHILD, "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self {
            child,
            output,
            address: String::new(),
        };
        server.address = server.line("listening ");
        server
    }

    /// The rest of the next line that starts like this.
    fn line(&mut self, start: &str) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(
                self.output.read_line(&mut line).unwrap() > 0,
                "no `{start}`"
            );
            // The test runner writes before and after us on the same line.
            if let Some((_, rest)) = line.split_once(start) {
                return rest.trim().to_owned();
            }
        }
    }

    fn get(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
        stream
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }
}

#[test]
fn one_signal_drains_and_ends_with_success() {
    let mut server = Server::start();
    let mut held = server.get("/held");
    server.line("entered");
    let mut release = server.get("/release");
    let mut start = [0; 12];
    // Kept open: the drain has to close it.
    release.read_exact(&mut start).unwrap();
    let mut answer = String::new();
    server.signal("TERM");
    held.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("\"done\""), "{answer}");
    assert_eq!(server.line("ended "), "true");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let mut server = Server::start();
        let mut held = server.get("/held");
        server.line("entered");
        let mut refused = false;
        server.signal("TERM");
        // The listener closes when the drain begins; only then is the next
        // signal the second one.
        while !refused {
            refused = TcpStream::connect(&server.address).is_err();
        }
        server.signal(name);
        assert_eq!(server.child.wait().unwrap().code(), Some(code), "{name}");
        let mut answer = String::new();
        assert!(held.read_to_string(&mut answer).is_err() || answer.is_empty());
    }
}
