//! The suite against services that do not keep the contract: a case that passes
//! there says nothing.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic like the tests themselves"
)]

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

use service_contract::{Outcome, Success, Target, run};

/// A service that gives the same answer to everything.
fn start(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || respond(stream.unwrap(), answer));
        }
    });
    url
}

fn respond(stream: TcpStream, answer: &str) {
    let mut reader = BufReader::new(&stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).unwrap_or(0) > 2 {
        line.clear();
    }
    // A client that is gone needs no answer.
    let _ = (&stream).write_all(answer.as_bytes());
    let _ = stream.shutdown(std::net::Shutdown::Write);
    // Closing with unread bytes would reset the connection.
    let _ = std::io::copy(&mut reader, &mut std::io::sink());
}

fn passed(url: &str, success: Success) -> Vec<&'static str> {
    let target = Target::new(url).with_success(success).with_write_key("k3y");
    let results = run(&target).unwrap();
    results
        .filter(|result| result.outcome == Outcome::Passed)
        .map(|result| result.name)
        .collect()
}

#[test]
fn no_case_is_content_with_an_empty_success() {
    let url = start(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\
         X-Content-Type-Options: nosniff\r\nX-Request-ID: r-1\r\nConnection: close\r\n\r\n{}",
    );
    for success in [Success::Bare, Success::Reply] {
        assert_eq!(passed(&url, success), [""; 0]);
    }
}

#[test]
fn no_case_is_content_with_a_failure() {
    let url = start(
        "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n\
         Content-Length: 2\r\nX-Request-ID: r-1\r\nConnection: close\r\n\r\n{}",
    );
    assert_eq!(passed(&url, Success::Bare), [""; 0]);
}
