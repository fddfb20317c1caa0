//! Where handlers run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fuse_runtime::meta::{RouteClass, well_known};
use fuse_runtime::{Outcome, Value};
use plumego_testkit::http1::{self, RawClient};
use plumego_testkit::http2::Http2Client;
use plumego_testkit::until;

use crate::site::{Gate, Site};
use crate::support::text;

fn quick(_: &mut fuse_runtime::Ctx) -> Outcome<Value> {
    Ok(Value::Int(1))
}

/// A route that waits at a gate, and one that never waits.
fn site(gate: &Gate) -> Site {
    Site::new()
        .slow(gate)
        .get("/quick", RouteClass::Inline, &well_known::INT, quick)
}

/// Sends a request and does not wait for the answer.
async fn begin(address: std::net::SocketAddr, path: &str) -> RawClient {
    let mut client = RawClient::connect(address).await;
    client.send(http1::get(path)).await.unwrap();
    client
}

#[tokio::test]
async fn handlers_that_wait_leave_those_alone_that_do_not() {
    let gate = Gate::new();
    let running = site(&gate).env("FUSE_HTTP_BLOCKING_THREADS", "2").start();
    let mut waiting = Vec::new();
    for _ in 0..5 {
        waiting.push(begin(running.address, "/slow").await);
    }
    // The pool is full, and stays so until the gate opens.
    gate.wait_for(2);
    let mut client = RawClient::connect(running.address).await;
    for _ in 0..50 {
        let answer = client.exchange(http1::get("/quick")).await;
        assert_eq!((answer.status, &*answer.text()), (200, "1"));
    }
    assert_eq!(gate.entered(), 2);
    gate.open();
    for client in &mut waiting {
        assert_eq!(client.response().await.status, 200);
    }
    assert_eq!((gate.entered(), gate.inside_max()), (5, 2));
}

#[tokio::test]
async fn nothing_runs_inline_when_that_is_forbidden() {
    let gate = Gate::new();
    let running = site(&gate)
        .env("FUSE_HTTP_BLOCKING_THREADS", "1")
        .env("FUSE_HTTP_INLINE", "never")
        .start();
    let mut slow = begin(running.address, "/slow").await;
    gate.wait_for(1);
    let mut quick = begin(running.address, "/quick").await;
    gate.open();
    assert_eq!(slow.response().await.status, 200);
    assert_eq!(quick.response().await.status, 200);
}

#[tokio::test]
async fn who_gives_up_while_queueing_is_never_run() {
    let gate = Gate::new();
    let run = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&run);
    let running = site(&gate)
        .env("FUSE_HTTP_BLOCKING_THREADS", "1")
        .env("FUSE_HTTP_HANDLER_TIMEOUT_MS", "1000")
        .get(
            "/queued",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |_| {
                told.store(true, Ordering::SeqCst);
                Ok(Value::Unit)
            },
        )
        .start();
    let mut first = begin(running.address, "/slow").await;
    gate.wait_for(1);
    let mut second = begin(running.address, "/queued").await;
    for late in [&mut first, &mut second] {
        let answer = late.response().await;
        assert_eq!(answer.status, 504);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "deadline_exceeded");
        assert_eq!(error["message"], "request timed out");
    }
    gate.open();
    // Whoever queued before this one would be run before it.
    until("a free thread", || async {
        running.get("/slow").await.status == 200
    })
    .await;
    assert!(!run.load(Ordering::SeqCst), "it ran although nobody waited");
}

#[tokio::test]
async fn the_deadline_ends_loops_that_run_inline() {
    let running = Site::new()
        .env("FUSE_HTTP_HANDLER_TIMEOUT_MS", "50")
        .get("/loop", RouteClass::Inline, &well_known::UNIT, |ctx| {
            loop {
                ctx.check()?;
                std::thread::yield_now();
            }
        })
        .start();
    let answer = running.get("/loop").await;
    assert_eq!(answer.status, 504);
    assert_eq!(answer.json()["error"]["code"], "deadline_exceeded");
}

#[tokio::test]
async fn a_handler_that_keeps_a_worker_is_told_of_once() {
    let running = Site::new()
        .env("FUSE_LOG", "debug")
        .get("/long", RouteClass::Inline, &well_known::STRING, |_| {
            let began = std::time::Instant::now();
            while began.elapsed() < std::time::Duration::from_millis(2) {}
            Ok(text("done"))
        })
        .start();
    for _ in 0..3 {
        assert_eq!(running.get("/long").await.status, 200);
    }
    running.runtime().flush_logs();
    let log = running.world.error.text();
    assert_eq!(log.matches("GET /long took over 1 ms").count(), 1, "{log}");
}

#[tokio::test]
async fn more_requests_than_may_be_in_flight_are_refused() {
    let gate = Gate::new();
    let running = site(&gate).env("FUSE_HTTP_MAX_IN_FLIGHT", "1").start();
    let mut slow = begin(running.address, "/slow").await;
    gate.wait_for(1);
    let answer = running.get("/quick").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.json()["error"]["code"], "server_busy");
    assert_eq!(answer.header("retry-after"), Some("1"));
    gate.open();
    assert_eq!(slow.response().await.status, 200);
}

#[tokio::test]
async fn handlers_that_wait_do_not_hold_up_others_on_their_connection() {
    let gate = Gate::new();
    let running = site(&gate).start();
    let client = Http2Client::connect(running.address).await.unwrap();
    let request = |path: &str| {
        http::Request::builder()
            .uri(format!("http://{}{path}", running.address))
            .body(bytes::Bytes::new())
            .unwrap()
    };
    let slow = tokio::spawn({
        let (client, request) = (client.clone(), request("/slow"));
        async move { client.send(request).await }
    });
    tokio::task::spawn_blocking({
        let gate = gate.clone();
        move || gate.wait_for(1)
    })
    .await
    .unwrap();
    for _ in 0..20 {
        let answer = client.send(request("/quick")).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), &**answer.body()),
            (200, &b"1"[..])
        );
    }
    gate.open();
    assert_eq!(slow.await.unwrap().unwrap().status(), 200);
}
