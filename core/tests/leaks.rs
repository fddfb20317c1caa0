//! Whatever fails, the server keeps serving and gives back what it took.
//!
//! A program of its own, because it counts the descriptors of the process; its
//! tests take turns for the same reason.

#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

#[allow(dead_code, reason = "shared with the tests of the server")]
#[path = "server/harness.rs"]
mod harness;

use std::time::Duration;

use plumego_contract::{Body, Request, Response};
use plumego_testkit::http1::{Incoming, RawClient, exchange, get};
use plumego_testkit::until;
use tokio::sync::Mutex;

use harness::{Running, basic, config, start};

static TURN: Mutex<()> = Mutex::const_new(());

/// Tasks of the runtime and descriptors of the process.
fn usage() -> (usize, usize) {
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let descriptors = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    (tasks, descriptors)
}

async fn returns_to(before: (usize, usize), server: &Running) {
    until("the server to give everything back", || async {
        let (tasks, descriptors) = usage();
        server.handle.connections().open == 0 && tasks <= before.0 && descriptors <= before.1
    })
    .await;
}

struct PanickingBody;

impl http_body::Body for PanickingBody {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        panic!("a secret in a body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn panics_in_handler_and_body_cost_one_request() {
    let _turn = TURN.lock().await;
    let server = start(config(), |app| {
        basic(app);
        app.get("/body", |_: Request| async {
            Response::new(Body::new(PanickingBody))
        })
        .unwrap();
    })
    .await;
    exchange(server.address, get("/")).await;
    until("the first connection to end", || async {
        server.handle.connections().open == 0
    })
    .await;
    let before = usage();
    for _ in 0..10 {
        let response = exchange(server.address, get("/panic")).await;
        assert_eq!(response.status, 500);
        let envelope = response.json();
        assert_eq!(envelope["error"]["code"], "internal_error");
        assert_eq!(envelope["error"]["message"], "internal server error");
        let mut client = RawClient::connect(server.address).await;
        client.send(get("/body")).await.unwrap();
        assert!(matches!(
            client.incoming().await,
            Incoming::Broken(_) | Incoming::Closed
        ));
    }
    returns_to(before, &server).await;
    assert_eq!(exchange(server.address, get("/")).await.status, 200);
    assert_eq!(server.log.with_message("panic recovered").len(), 10);
    assert_eq!(server.log.with_message("panic in response body").len(), 10);
    assert!(!server.log.contains("a secret"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_leave_at_every_stage_leave_nothing_behind() {
    let _turn = TURN.lock().await;
    let server = start(config(), |app| {
        basic(app);
        app.get("/slow", |_: Request| async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Response::new(Body::empty())
        })
        .unwrap();
        app.get("/endless", |_: Request| async {
            let (mut sender, body) = Body::channel(2);
            tokio::spawn(async move { while sender.send(vec![0; 4096]).await.is_ok() {} });
            Response::new(body)
        })
        .unwrap();
    })
    .await;
    exchange(server.address, get("/")).await;
    until("the first connection to end", || async {
        server.handle.connections().open == 0
    })
    .await;
    let before = usage();
    let stages = [
        String::new(),
        "GET / HT".to_owned(),
        "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nabc".to_owned(),
        get("/"),
        get("/slow"),
        get("/endless"),
        format!("{}GET", get("/")),
    ];
    for _ in 0..5 {
        for stage in &stages {
            let mut client = RawClient::connect(server.address).await;
            client.send(stage).await.unwrap();
            if stage.contains("endless") {
                assert_eq!(client.response_head().await.status, 200);
            }
            drop(client);
        }
    }
    returns_to(before, &server).await;
    assert_eq!(exchange(server.address, get("/")).await.status, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_connection_limit_others_wait_their_turn() {
    let _turn = TURN.lock().await;
    let server = start(config().with_max_connections(2), basic).await;
    let mut first = RawClient::connect(server.address).await;
    let mut second = RawClient::connect(server.address).await;
    assert_eq!(first.exchange(get("/")).await.status, 200);
    assert_eq!(second.exchange(get("/")).await.status, 200);
    let mut third = RawClient::connect(server.address).await;
    third.send(get("/")).await.unwrap();
    assert_eq!(server.handle.connections().open, 2);
    drop(first);
    assert_eq!(third.response().await.status, 200);
    drop((second, third));
    server.stop().await;
}
