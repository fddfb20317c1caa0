//! Clients that are slow on purpose. Limits are short here; a test waits for
//! the server to act, however long that takes on a busy machine.

use std::time::Duration;

use plumego_contract::{Body, Request, Response};
use plumego_testkit::http1::{Incoming, RawClient, get};
use plumego_testkit::until;

use crate::harness::{basic, config, start};

const SHORT: Duration = Duration::from_millis(80);

#[tokio::test]
async fn a_head_that_does_not_end_gets_408() {
    let server = start(config().with_read_header_timeout(SHORT), basic).await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send("GET / HTTP/1.1\r\nhost: a\r\nx-slow: ")
        .await
        .unwrap();
    let response = client.response().await;
    assert_eq!(response.status, 408);
    assert_eq!(response.json()["error"]["code"], "timeout");
    assert!(client.closed().await);
    server.stop().await;
}

#[tokio::test]
async fn a_byte_now_and_then_does_not_buy_time() {
    let server = start(config().with_read_header_timeout(SHORT), basic).await;
    let mut client = RawClient::connect(server.address).await;
    let mut sent = 0;
    let request = get("/").replace(
        "host",
        "x-padding: 0123456789012345678901234567890123456789\r\nhost",
    );
    for byte in request.trim_end().as_bytes().iter().cycle() {
        if client.send([*byte]).await.is_err() {
            break;
        }
        sent += 1;
        assert!(sent < 100_000, "the server never gave up");
        tokio::task::yield_now().await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_second_head_has_its_own_timer() {
    let server = start(config().with_read_header_timeout(SHORT), basic).await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(client.exchange(get("/")).await.status, 200);
    client.send("GET /").await.unwrap();
    assert_eq!(client.response().await.status, 408);
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed_silently() {
    let server = start(config().with_read_header_timeout(SHORT), basic).await;
    let mut client = RawClient::connect(server.address).await;
    assert!(matches!(client.incoming().await, Incoming::Closed));
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_silently() {
    let server = start(config().with_idle_timeout(SHORT), basic).await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(client.exchange(get("/")).await.status, 200);
    assert!(matches!(client.incoming().await, Incoming::Closed));
    server.stop().await;
}

#[tokio::test]
async fn a_slow_body_fails_the_read_with_408() {
    let config = config()
        .with_read_header_timeout(SHORT)
        .with_read_timeout(SHORT * 2);
    let server = start(config, basic).await;
    let mut client = RawClient::connect(server.address).await;
    client
        .send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc")
        .await
        .unwrap();
    let response = client.response().await;
    assert_eq!(response.status, 408);
    assert_eq!(response.json()["error"]["code"], "timeout");
    server.stop().await;
}

#[tokio::test]
async fn a_handler_may_take_longer_than_every_limit() {
    let config = config()
        .with_read_header_timeout(SHORT)
        .with_read_timeout(SHORT)
        .with_write_timeout(SHORT)
        .with_idle_timeout(SHORT);
    let server = start(config, |app| {
        app.get("/slow", |_: Request| async {
            tokio::time::sleep(SHORT * 4).await;
            Response::new(Body::from_bytes("late"))
        })
        .unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(client.exchange(get("/slow")).await.text(), "late");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_reads_nothing_is_reset_and_logged_once() {
    let server = start(config().with_write_timeout(SHORT), |app| {
        app.get("/large", |_: Request| async {
            Response::new(Body::from_bytes(vec![b'x'; 32 << 20]))
        })
        .unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/large")).await.unwrap();
    let log = server.log.clone();
    let message = "connection reset: the peer reads nothing";
    until("the reset", || async {
        !log.with_message(message).is_empty()
    })
    .await;
    assert!(!client.closed().await, "a reset, not an orderly end");
    assert_eq!(server.log.with_message(message).len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_stream_outlives_the_write_limit_while_the_client_reads() {
    let server = start(config().with_write_timeout(SHORT), |app| {
        app.get("/ticks", |_: Request| async {
            let (mut sender, body) = Body::channel(1);
            tokio::spawn(async move {
                for _ in 0..6 {
                    tokio::time::sleep(SHORT).await;
                    if sender.send("tick ").await.is_err() {
                        return;
                    }
                }
            });
            Response::new(body)
        })
        .unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    assert_eq!(
        client.exchange(get("/ticks")).await.text(),
        "tick ".repeat(6)
    );
    server.stop().await;
}
