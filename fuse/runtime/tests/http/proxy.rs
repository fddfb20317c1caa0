//! The development server of a front end behind the program.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use fuse_runtime::Value;
use fuse_runtime::meta::{RouteClass, well_known};
use plumego_testkit::http1::{self, Incoming, RawClient, RawResponse};
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

/// The same, with pages that load themselves again.
fn reloading(url: &str) -> Site {
    before(url).env("FUSE_DEV_RELOAD_WS_URL", "ws://127.0.0.1:1/__reload")
}

/// The address of a server that says these bytes to everybody, and leaves.
fn raw(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    url
}

fn is_bad_gateway(answer: &RawResponse) -> bool {
    answer.status == 502 && answer.json()["error"]["code"] == "bad_gateway"
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
    for sent in [
        // What the server thinks of names is left to the server.
        "host: localhost\r\n",
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
    // What a directory of files does not give away, it does not give away.
    for path in ["/b.txt", "/.vite/deps/a.js", "/a.key", "/a.txt/b", "/"] {
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
    // Bound and not listening: nobody else gets the port, and nobody answers.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let running = before(&url).start();
    let answer = running.get("/a").await;
    assert!(is_bad_gateway(&answer), "{}", answer.text());
    let message = answer.json()["error"]["message"].to_string();
    assert!(message.contains(&url), "{message}");
    for start in ["", "HTTP/1.1 2", "nonsense\r\n\r\n"] {
        let running = before(&raw(start)).start();
        let answer = running.get("/a").await;
        assert!(is_bad_gateway(&answer), "{start:?}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off() {
    for start in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n123\r\n",
    ] {
        let running = before(&raw(start)).start();
        let mut client = RawClient::connect(running.address).await;
        client.send(http1::get("/a")).await.unwrap();
        let incoming = tokio::time::timeout(PATIENCE, client.incoming());
        let incoming = incoming.await.unwrap();
        assert!(matches!(incoming, Incoming::Broken(_)), "{incoming:?}");
    }
    // A page is not begun before it is there as a whole.
    let half = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 9\r\n\r\n<p>";
    let running = reloading(&raw(half)).start();
    let answer = running.get("/a").await;
    assert!(is_bad_gateway(&answer), "{}", answer.text());
}

#[tokio::test]
async fn bodies_pass_while_they_are_made() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = mpsc::channel();
    let (go, waiting) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for end in ["half\r\n", "more\r\n", "0\r\n\r\n"] {
            let mut heard = Vec::new();
            while !heard.ends_with(end.as_bytes()) {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                heard.extend(byte);
            }
            tell.send(end).unwrap();
        }
        let start = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n";
        stream.write_all(start).unwrap();
        waiting.recv_timeout(PATIENCE).unwrap();
        stream.write_all(b"3\r\ntwo\r\n0\r\n\r\n").unwrap();
    });
    let running = before(&url).start();
    let mut client = RawClient::connect(running.address).await;
    let head = "POST /up HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    client.send(format!("{head}4\r\nhalf\r\n")).await.unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "half\r\n");
    client.send("4\r\nmore\r\n0\r\n\r\n").await.unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "more\r\n");
    assert_eq!(client.response_head().await.status, 200);
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"one");
    go.send(()).unwrap();
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"two");
    assert_eq!(client.chunk().await.unwrap(), None);
}

#[tokio::test]
async fn pages_load_themselves_again() {
    let page = "<html><body>hi</body></html>";
    let upstream = Upstream::always(answer(
        "content-type: text/html\r\netag: \"1\"\r\naccept-ranges: bytes\r\n",
        page,
    ));
    let running = reloading(&upstream.url("")).start();
    let got = running.get_with("/", "accept-encoding: gzip\r\n").await;
    let seen = upstream.seen()[0].to_ascii_lowercase();
    assert!(seen.contains("accept-encoding: identity\r\n"), "{seen}");
    let text = got.text();
    assert!(
        text.starts_with("<html><body>hi<script data-fuse-live-reload>"),
        "{text}"
    );
    assert!(text.ends_with("</script></body></html>"), "{text}");
    assert_eq!(got.header("content-length"), Some(&*text.len().to_string()));
    // They would say that a page with another script is the same one.
    assert_eq!(
        (got.header("etag"), got.header("accept-ranges")),
        (None, None)
    );
    let part = running.get_with("/", "hx-request: true\r\n").await;
    assert_eq!((&*part.text(), part.header("etag")), (page, Some("\"1\"")));
}

#[tokio::test]
async fn what_is_no_whole_page_stays_as_it_is() {
    let upstream = Upstream::new(|_, head| {
        let html = "content-type: text/html\r\n";
        let path = head.split(' ').nth(1).unwrap();
        Some(match path {
            "/packed" => answer(&format!("{html}content-encoding: gzip\r\n"), "packed"),
            "/script" => answer("content-type: text/javascript\r\n", "</body>"),
            "/same" => b"HTTP/1.1 304 Same\r\netag: \"1\"\r\n\r\n".to_vec(),
            "/part" => format!("HTTP/1.1 206 Part\r\n{html}content-length: 3\r\n\r\n<p>").into(),
            "/head" => format!("HTTP/1.1 200 OK\r\n{html}content-length: 3\r\n\r\n").into(),
            // Nobody says how long it is before it is over.
            _ => {
                let page = "<p>".repeat(2 * 1024 * 1024);
                let start = format!("HTTP/1.1 200 OK\r\n{html}transfer-encoding: chunked\r\n\r\n");
                format!("{start}{:x}\r\n{page}\r\n0\r\n\r\n", page.len()).into()
            }
        })
    });
    let running = reloading(&upstream.url("")).start();
    for (path, status, body) in [
        ("/packed", 200, "packed"),
        ("/script", 200, "</body>"),
        ("/same", 304, ""),
        ("/part", 206, "<p>"),
    ] {
        let got = running.get(path).await;
        assert_eq!((got.status, &*got.text()), (status, body), "{path}");
    }
    let long = running.get("/long").await;
    assert_eq!((long.status, long.body.len()), (200, 6 * 1024 * 1024));
    let mut client = RawClient::connect(running.address).await;
    client
        .send("HEAD /head HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let head = client.head_response().await;
    assert_eq!(head.header("content-length"), Some("3"));
}

#[tokio::test]
async fn only_web_sockets_change_the_protocol() {
    let switched = "HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n";
    for asked in ["h2c", "websocket"] {
        let upstream = Upstream::always(switched);
        let running = before(&upstream.url("")).start();
        let headers = format!("connection: upgrade\r\nupgrade: {asked}\r\n");
        let got = running.get_with("/a", &headers).await;
        assert!(is_bad_gateway(&got), "{asked}: {}", got.text());
        let seen = upstream.seen()[0].to_ascii_lowercase();
        assert_eq!(seen.contains("upgrade"), asked == "websocket", "{seen}");
    }
    let upstream = Upstream::always("HTTP/1.1 426 No\r\ncontent-length: 4\r\n\r\nnope");
    let running = before(&upstream.url("")).start();
    let headers = "connection: upgrade\r\nupgrade: websocket\r\n";
    let refused = running.get_with("/a", headers).await;
    assert_eq!((refused.status, &*refused.text()), (426, "nope"));
    let tunnel = "CONNECT other.test:443 HTTP/1.1\r\nhost: other.test:443\r\n\r\n";
    assert!(running.send(tunnel).await.status >= 400);
    assert_eq!(upstream.seen().len(), 1);
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
