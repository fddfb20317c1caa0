//! HTTP/1.0 and 1.1 as a client sees it.

use std::sync::Arc;

use http::header::{CONNECTION, UPGRADE};
use plumego_contract::{Body, Json, Request, Response, Text, sync_fn};
use plumego_testkit::http1::{Incoming, RawClient, exchange, get};
use plumego_testkit::until;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{basic, config, start};

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_many_requests_in_order() {
    let server = start(config(), basic).await;
    let mut client = RawClient::connect(server.address).await;
    for _ in 0..3 {
        let response = client.exchange(get("/")).await;
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "\"hello\"")
        );
        assert!(response.header("date").is_some());
        assert_eq!(response.header("server"), None);
    }
    client
        .send(format!(
            "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\none{}{}",
            "POST /echo HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n",
            get("/")
        ))
        .await
        .unwrap();
    let mut bodies = Vec::new();
    for _ in 0..3 {
        bodies.push(client.response().await.text());
    }
    assert_eq!(bodies, ["one", "two", "\"hello\""]);
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn http_10_closes_unless_asked_to_keep_alive() {
    let server = start(config(), basic).await;
    let mut client = RawClient::connect(server.address).await;
    let response = client.exchange("GET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(response.status, 200);
    assert!(client.closed().await);
    let mut client = RawClient::connect(server.address).await;
    let keep = "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n";
    assert_eq!(client.exchange(keep).await.status, 200);
    assert_eq!(client.exchange(keep).await.status, 200);
    server.stop().await;
}

#[tokio::test]
async fn the_interim_response_comes_only_when_the_body_is_wanted() {
    let server = start(config(), |app| {
        basic(app);
        app.post("/refuse", sync_fn(|_| Json("no"))).unwrap();
    })
    .await;
    let head = |path| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\nexpect: 100-continue\r\n\r\n"
        )
    };
    let mut client = RawClient::connect(server.address).await;
    client.send(head("/echo")).await.unwrap();
    let interim = client.read_some().await.unwrap();
    assert!(interim.starts_with(b"HTTP/1.1 100 "));
    assert_eq!(client.exchange("ok").await.text(), "ok");
    let mut client = RawClient::connect(server.address).await;
    client.send(head("/refuse")).await.unwrap();
    let answer = client.read_some().await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 200 "),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    server.stop().await;
}

#[tokio::test]
async fn head_and_options() {
    let server = start(config(), basic).await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send("HEAD / HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let head = client.head_response().await;
    assert_eq!(
        (head.status, head.header("content-length")),
        (200, Some("7"))
    );
    let response = client
        .exchange("OPTIONS /echo HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(
        (response.status, response.header("allow")),
        (204, Some("OPTIONS, POST"))
    );
    let response = client
        .exchange("OPTIONS * HTTP/1.1\r\nhost: a\r\n\r\n")
        .await;
    assert_eq!(response.status, 204);
    let response = client.exchange("GET * HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(response.status, 400);
    server.stop().await;
}

#[tokio::test]
async fn limits_of_the_head_get_the_status_they_have() {
    let server = start(config(), basic).await;
    let long = "x".repeat(9 * 1024);
    let response = exchange(server.address, get(&format!("/{long}"))).await;
    assert_eq!(response.status, 414);
    let envelope = response.json();
    assert_eq!(envelope["error"]["code"], "uri_too_long");
    assert_eq!(
        envelope["request_id"].as_str(),
        response.header("x-request-id"),
        "errors before the layers carry the id too"
    );
    let many: String = (0..101).map(|i| format!("x-{i}: 1\r\n")).collect();
    let many = format!("GET / HTTP/1.1\r\nhost: a\r\n{many}\r\n");
    let large = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "y".repeat(70 * 1024)
    );
    for request in [many, large] {
        // Also on a connection that has served before.
        let mut client = RawClient::connect(server.address).await;
        assert_eq!(client.exchange(get("/")).await.status, 200);
        let response = client.exchange(request).await;
        assert_eq!(response.status, 431);
        assert_eq!(response.json()["error"]["code"], "headers_too_large");
        assert!(client.closed().await);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_small_head_limit_holds_too() {
    let server = start(config().with_max_header_bytes(4096), basic).await;
    let head = |n: usize| format!("GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n", "y".repeat(n));
    assert_eq!(exchange(server.address, head(3900)).await.status, 200);
    assert_eq!(exchange(server.address, head(4200)).await.status, 431);
    server.stop().await;
}

#[tokio::test]
async fn the_target_names_the_host_and_the_id_is_kept() {
    let server = start(config(), basic).await;
    let request = "GET http://target.test:81/client HTTP/1.1\r\nhost: other.test\r\n\
        x-request-id: abc-1\r\nx-forwarded-for: 9.9.9.9\r\n\r\n";
    let response = exchange(server.address, request).await;
    let reply = response.json();
    assert_eq!(reply["data"][0], "127.0.0.1");
    assert_eq!(reply["data"][1], "http");
    assert_eq!(reply["data"][2], "target.test:81");
    assert_eq!(reply["request_id"], "abc-1");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn upgraded_connections_are_counted_and_told_to_end() {
    let server = start(config(), |app| {
        app.get("/shout", shout).unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    let head = client
        .exchange("GET /shout HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: shout\r\n\r\n")
        .await;
    assert_eq!(head.status, 101);
    client.send("abc").await.unwrap();
    assert_eq!(client.read_some().await.unwrap(), b"ABC");
    let handle = server.handle.clone();
    until("one upgraded connection", || async {
        handle.connections().upgraded == 1
    })
    .await;
    assert_eq!(server.handle.connections().active, 0);
    server.stop().await;
    assert!(client.closed().await);
}

/// Upgrades to a protocol that answers in capitals until the server drains.
async fn shout(mut request: Request) -> Response {
    let drain = plumego_core::DrainSignal::of(&request);
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = hyper_util::rt::TokioIo::new(upgrade.await.unwrap());
        let mut buffer = [0; 64];
        loop {
            let read = tokio::select! {
                read = io.read(&mut buffer) => read.unwrap_or(0),
                () = drain.draining() => 0,
            };
            if read == 0 {
                let _ = io.shutdown().await;
                return;
            }
            let loud = buffer[..read].to_ascii_uppercase();
            io.write_all(&loud).await.unwrap();
        }
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
    response
        .headers_mut()
        .insert(CONNECTION, "upgrade".parse().unwrap());
    response
        .headers_mut()
        .insert(UPGRADE, "shout".parse().unwrap());
    response
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_handler() {
    let dropped = Arc::new(tokio::sync::Notify::new());
    let entered = Arc::new(tokio::sync::Notify::new());
    let (on_drop, on_enter) = (Arc::clone(&dropped), Arc::clone(&entered));
    let server = start(config(), |app| {
        app.get("/wait", move |_: Request| {
            let guard = crate::harness::OnDrop(Arc::clone(&on_drop));
            on_enter.notify_one();
            async move {
                let _guard = guard;
                std::future::pending::<Json<()>>().await
            }
        })
        .unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/wait")).await.unwrap();
    entered.notified().await;
    drop(client);
    dropped.notified().await;
    server.stop().await;
}

#[tokio::test]
async fn a_body_that_breaks_off_closes_the_connection_instead_of_ending_it() {
    let server = start(config(), |app| {
        app.get("/broken", |_: Request| async {
            let (mut sender, body) = Body::channel(1);
            tokio::spawn(async move {
                let _ = sender.send("part").await;
                sender.abort("source failed");
            });
            Response::new(body)
        })
        .unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/broken")).await.unwrap();
    assert!(matches!(client.incoming().await, Incoming::Broken(_)));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_survives_a_body_that_nobody_reads() {
    let server = start(config(), |app| {
        app.post("/refuse", sync_fn(|_| Text::new("no"))).unwrap();
    })
    .await;
    for _ in 0..20 {
        let mut client = RawClient::connect(server.address).await;
        let length = 600_000;
        let head = format!("POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        client.send(head).await.unwrap();
        // A close with input unread would reset the connection under the write
        // or under the response.
        for _ in 0..length / 10_000 {
            client.send(vec![b'x'; 10_000]).await.unwrap();
        }
        let response = client.response().await;
        assert_eq!((response.status, response.text().as_str()), (200, "no"));
        assert_eq!(response.header("content-length"), Some("2"));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_rest_of_a_body_does_not_cost_the_connection() {
    let server = start(config(), |app| {
        app.post("/refuse", sync_fn(|_| Text::new("no"))).unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    let head = "POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n";
    for _ in 0..50 {
        // The body comes after the handler has answered.
        client.send(head).await.unwrap();
        tokio::task::yield_now().await;
        let response = client.exchange("0123456789").await;
        assert_eq!(response.text(), "no");
        assert_eq!(response.header("connection"), None);
    }
    let head = "POST /refuse HTTP/1.1\r\nhost: a\r\ncontent-length: 100000\r\n\r\n";
    let response = client.exchange(head).await;
    assert_eq!(response.header("connection"), Some("close"));
    server.stop().await;
}
