//! The development server of a front end behind the program.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use fuse_runtime::Value;
use fuse_runtime::meta::{RouteClass, well_known};
use plumego_testkit::http1::{self, Incoming, RawClient};
use tungstenite::Message;

use crate::site::{PATIENCE, Running, Site};
use crate::upstream::Upstream;

/// A program with one route, in development, in front of a server.
fn before(url: &str) -> Site {
    Site::new()
        .env("FUSE_DEV_MODE", "1")
        .env("FUSE_VITE_PROXY_URL", url)
        .get("/own", RouteClass::Inline, &well_known::INT, |_| {
            Ok(Value::Int(1))
        })
}

fn answer(head: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

#[tokio::test]
async fn what_nothing_else_answers_is_passed_on() {
    let upstream = Upstream::new(|_, head| {
        let line = head.lines().next().unwrap_or_default();
        Some(answer(
            "x-from: vite\r\nkeep-alive: timeout=1\r\nx-request-id: theirs\r\n",
            line,
        ))
    });
    let running = before(&upstream.url("")).start();
    assert_eq!(running.get("/own").await.text(), "1");
    let passed = running
        .get_with(
            "/src/a%20b.js?t=1&u",
            "x-request-id: mine\r\nconnection: x-hop\r\nx-hop: 1\r\nte: trailers\r\ncookie: a=b\r\n",
        )
        .await;
    assert_eq!(passed.status, 200);
    assert_eq!(passed.text(), "GET /src/a%20b.js?t=1&u HTTP/1.1");
    assert_eq!(passed.header("x-from"), Some("vite"));
    assert_eq!(passed.header("x-request-id"), Some("mine"));
    assert_eq!(passed.header("keep-alive"), None);
    let seen = upstream.seen()[0].to_ascii_lowercase();
    let host = format!("host: {}\r\n", upstream.address);
    for sent in [
        host.as_str(),
        "x-forwarded-host: localhost\r\n",
        "x-forwarded-proto: http\r\n",
        "x-forwarded-for: 127.0.0.1\r\n",
        "x-request-id: mine\r\n",
        "cookie: a=b\r\n",
    ] {
        assert!(seen.contains(sent), "{sent} is not in {seen}");
    }
    for kept_back in ["x-hop", "\r\nte:", "\r\nconnection:"] {
        assert!(!seen.contains(kept_back), "{kept_back} is in {seen}");
    }
    let sent = running.send(http1::post_json("/api", "{\"a\":1}")).await;
    assert_eq!(sent.text(), "POST /api HTTP/1.1");
    assert!(upstream.seen()[1].ends_with("\r\n\r\n{\"a\":1}"));
}

#[tokio::test]
async fn files_come_first() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.txt"), "a file").unwrap();
    let upstream = Upstream::always(answer("", "proxied"));
    let running = before(&upstream.url("/"))
        .env("FUSE_STATIC_DIR", &dir.path().to_string_lossy())
        .start();
    assert_eq!(running.get("/a.txt").await.text(), "a file");
    for path in ["/b.txt", "/.hidden", "/a.txt/b"] {
        assert_eq!(running.get(path).await.text(), "proxied", "{path}");
    }
    let sent = running.send(http1::post_json("/a.txt", "1")).await;
    assert_eq!(sent.text(), "proxied");
}

#[tokio::test]
async fn bodies_are_streamed_both_ways() {
    let large: String = "0123456789abcdef".repeat(512 * 1024);
    let upstream = Upstream::always(answer("", &large));
    let running = before(&upstream.url("")).start();
    let sent: String = "x".repeat(700 * 1024);
    let got = running.send(http1::post_json("/up", &sent)).await;
    assert_eq!(got.body.len(), large.len());
    assert!(got.text() == large);
    assert!(upstream.seen()[0].ends_with(&sent));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_bad_gateway() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let running = before(&format!("http://{address}")).start();
    let answer = running.get("/a").await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.json()["error"]["code"], "bad_gateway");
    let gone = Upstream::new(|_, _| None);
    let running = before(&gone.url("")).start();
    assert_eq!(running.get("/a").await.status, 502);
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let _ = stream.read(&mut head).unwrap();
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123")
            .unwrap();
    });
    let running = before(&url).start();
    let mut client = RawClient::connect(running.address).await;
    client.send(http1::get("/a")).await.unwrap();
    let incoming = tokio::time::timeout(PATIENCE, client.incoming());
    let incoming = incoming.await.unwrap();
    assert!(matches!(incoming, Incoming::Broken(_)), "{incoming:?}");
}

#[tokio::test]
async fn pages_load_themselves_again() {
    let page = "<html><body>hi</body></html>";
    let upstream = Upstream::new(move |_, head| {
        assert!(!head.to_ascii_lowercase().contains("accept-encoding"));
        Some(answer("content-type: text/html\r\n", page))
    });
    let running = before(&upstream.url(""))
        .env("FUSE_DEV_RELOAD_WS_URL", "ws://127.0.0.1:1/__reload")
        .start();
    let got = running.get_with("/", "accept-encoding: gzip\r\n").await;
    let text = got.text();
    assert!(
        text.starts_with("<html><body>hi<script data-fuse-live-reload>"),
        "{text}"
    );
    assert!(text.ends_with("</script></body></html>"), "{text}");
    assert_eq!(got.header("content-length"), Some(&*text.len().to_string()));
    let part = running.get_with("/", "hx-request: true\r\n").await;
    assert_eq!(part.text(), page);
}

/// A WebSocket server that answers each text with itself, loud, until it is told
/// to end.
fn loud() -> (String, mpsc::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut socket = tungstenite::accept(stream).unwrap();
        while let Ok(message) = socket.read() {
            if let Message::Text(text) = message {
                let loud = text.to_uppercase();
                socket.send(Message::text(loud)).unwrap();
            }
        }
        let _ = tell.send(());
    });
    (url, ended)
}

fn talk(running: &Running) -> Vec<String> {
    let stream = std::net::TcpStream::connect(running.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let url = format!("ws://{}/hmr?token=1", running.address);
    let (mut socket, response) = tungstenite::client(url, stream).unwrap();
    assert_eq!(response.status(), 101);
    let mut answers = Vec::new();
    for text in ["one", "two", &"long ".repeat(50_000)] {
        socket.send(Message::text(text)).unwrap();
        answers.push(socket.read().unwrap().into_text().unwrap().to_string());
    }
    socket.close(None).unwrap();
    while socket.read().is_ok() {}
    answers
}

#[test]
fn web_sockets_are_passed_through() {
    let (url, ended) = loud();
    let running = before(&url).start();
    let answers = talk(&running);
    assert_eq!(answers[..2], ["ONE", "TWO"]);
    assert_eq!(answers[2].len(), 250_000);
    ended.recv_timeout(PATIENCE).unwrap();
    assert_eq!(running.end().aborted, 0);
}

#[test]
fn a_web_socket_does_not_keep_the_program_from_ending() {
    let (url, ended) = loud();
    let running = before(&url).start();
    let stream = std::net::TcpStream::connect(running.address).unwrap();
    let url = format!("ws://{}/hmr", running.address);
    let (mut socket, _) = tungstenite::client(url, stream).unwrap();
    socket.send(Message::text("here")).unwrap();
    assert_eq!(socket.read().unwrap().into_text().unwrap().as_str(), "HERE");
    running.end();
    ended.recv_timeout(PATIENCE).unwrap();
}
