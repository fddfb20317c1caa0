//! The phases of a shutdown.

use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Body, Json, Request, RequestScope, Response};
use plumego_core::{App, DrainDeadlineExceeded, Http2Policy, Operation};
use plumego_health::ReadinessGate;
use plumego_testkit::http1::{Incoming, RawClient, get};
use plumego_testkit::http2::Http2Client;
use plumego_testkit::until;
use tokio::sync::Notify;

use crate::harness::{Running, basic, config, start};

/// A route that waits until it is let go.
struct Held {
    entered: Arc<Notify>,
    release: Arc<Notify>,
}

impl Held {
    fn route(app: &mut App) -> Self {
        let (entered, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (enter, wait) = (Arc::clone(&entered), Arc::clone(&release));
        app.get("/held", move |_: Request| {
            let (enter, wait) = (Arc::clone(&enter), Arc::clone(&wait));
            async move {
                enter.notify_one();
                wait.notified().await;
                Json("done")
            }
        })
        .unwrap();
        Self { entered, release }
    }
}

async fn start_held(config: plumego_core::AppConfig) -> (Running, Held) {
    let mut held = None;
    let server = start(config, |app| {
        basic(app);
        held = Some(Held::route(app));
    })
    .await;
    (server, held.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_close_at_once() {
    let server = start(config(), basic).await;
    let mut used = RawClient::connect(server.address).await;
    used.exchange(get("/")).await;
    let mut fresh = RawClient::connect(server.address).await;
    let handle = server.handle.clone();
    until("both connections", || async {
        handle.connections().open == 2
    })
    .await;
    let report = server.stop().await;
    assert_eq!((report.drained, report.aborted), (2, 0));
    assert!(matches!(used.incoming().await, Incoming::Closed));
    assert!(matches!(fresh.incoming().await, Incoming::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_answered_and_the_connection_closed() {
    let (server, held) = start_held(config()).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/held")).await.unwrap();
    held.entered.notified().await;
    let handle = server.handle.clone();
    let gate = handle.gate();
    assert_eq!(gate.state(), ReadinessGate::Open);
    let stopping = tokio::spawn(server.stop());
    until("the drain", || async { handle.is_draining() }).await;
    held.release.notify_one();
    let response = client.response().await;
    assert_eq!(response.text(), "\"done\"");
    assert!(client.closed().await);
    let report = stopping.await.unwrap();
    assert_eq!(report.aborted, 0);
    let ReadinessGate::Closed { reason } = gate.state() else {
        panic!("still open")
    };
    assert_eq!(reason, "draining");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_cuts_what_hangs_and_says_so() {
    let (server, held) = start_held(config()).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/held")).await.unwrap();
    held.entered.notified().await;
    let error = server
        .handle
        .shutdown(Some(Duration::from_millis(50)))
        .await
        .unwrap_err();
    assert_eq!(error.operation(), Operation::ShutdownApp);
    let source = std::error::Error::source(&error).unwrap();
    let cut = source.downcast_ref::<DrainDeadlineExceeded>().unwrap();
    assert_eq!((cut.report.drained, cut.report.aborted), (0, 1));
    assert!(
        error
            .to_string()
            .starts_with("core shutdown_app: deadline exceeded")
    );
    assert!(!matches!(client.incoming().await, Incoming::Response(_)));
    assert_eq!(server.handle.connections().open, 0);
    server
        .served()
        .await
        .expect("a shutdown is no failure of serve");
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_join_and_the_strictest_limit_wins() {
    let (server, held) = start_held(config()).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/held")).await.unwrap();
    held.entered.notified().await;
    let handle = server.handle.clone();
    // Dropped at once: the drain goes on without it.
    let first = tokio::spawn({
        let handle = handle.clone();
        async move { handle.shutdown(Some(Duration::from_secs(600))).await }
    });
    until("the drain", || async { handle.is_draining() }).await;
    first.abort();
    let patient = tokio::spawn({
        let handle = handle.clone();
        async move { handle.shutdown(Some(Duration::from_secs(500))).await }
    });
    let strict = handle.shutdown(Some(Duration::from_millis(50))).await;
    assert!(strict.is_err());
    assert!(patient.await.unwrap().is_err(), "one drain, one outcome");
    assert!(
        handle.shutdown(None).await.is_err(),
        "a later call is told the same"
    );
    server.served().await.unwrap();
}

#[tokio::test]
async fn a_shutdown_before_serving_wins() {
    let mut app = plumego_core::with_config(config());
    basic(&mut app);
    let server = app.prepare().map_err(|e| e.source).unwrap();
    let (handle, service) = (server.handle(), server.service());
    let bound = server.bind().await.unwrap();
    assert_eq!(handle.shutdown(None).await.unwrap().drained, 0);
    bound.serve().await.unwrap();
    let client = plumego_testkit::InProcess::new(service);
    assert_eq!(client.get("/").await.status(), 200, "the service works on");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delay_keeps_accepting_while_readiness_is_off() {
    let server = start(config().with_drain_delay(Duration::from_secs(600)), basic).await;
    let handle = server.handle.clone();
    let stopping = tokio::spawn({
        let handle = handle.clone();
        async move { handle.shutdown(Some(Duration::from_secs(900))).await }
    });
    until("the gate", || async {
        handle.gate().state() != ReadinessGate::Open
    })
    .await;
    let mut late = RawClient::connect(server.address).await;
    assert_eq!(late.exchange(get("/")).await.status, 200);
    // A stricter limit ends the delay.
    let _ = handle.shutdown(Some(Duration::from_millis(20))).await;
    let _ = stopping.await.unwrap();
    server.served().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_told_and_waited_for() {
    let server = start(config(), |app| {
        app.get("/feed", |request: Request| async move {
            let scope = RequestScope::of(&request).expect("a server").clone();
            let (mut sender, body) = Body::channel(4);
            tokio::spawn(async move {
                sender.send("first ").await.unwrap();
                scope.draining().await;
                sender.send("last").await.unwrap();
            });
            Response::new(body)
        })
        .unwrap();
    })
    .await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/feed")).await.unwrap();
    assert_eq!(client.response_head().await.status, 200);
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"first ");
    let stopping = tokio::spawn(server.stop());
    assert_eq!(client.chunk().await.unwrap().unwrap(), b"last");
    assert_eq!(client.chunk().await.unwrap(), None);
    assert_eq!(stopping.await.unwrap().aborted, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_streams_finish_after_goaway() {
    let mut config = config();
    config.http2.policy = Http2Policy::AlpnAndPriorKnowledge;
    let (server, held) = start_held(config).await;
    let client = Http2Client::connect(server.address).await.unwrap();
    let open = tokio::spawn({
        let client = client.clone();
        async move { client.get("http://test/held").await }
    });
    held.entered.notified().await;
    let handle = server.handle.clone();
    let stopping = tokio::spawn(server.stop());
    until("the drain", || async { handle.is_draining() }).await;
    held.release.notify_one();
    assert_eq!(open.await.unwrap().unwrap().body(), "\"done\"");
    assert_eq!(stopping.await.unwrap().aborted, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_logged_while_connections_are_open() {
    let config = config().with_drain_interval(Duration::from_millis(10));
    let (server, held) = start_held(config).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(get("/held")).await.unwrap();
    held.entered.notified().await;
    let log = server.log.clone();
    let stopping = tokio::spawn(server.stop());
    let message = "draining open connections";
    until("progress", || async {
        log.with_message(message).len() >= 2
    })
    .await;
    assert_eq!(
        log.with_message(message)[0].field("open_connections"),
        Some("1")
    );
    held.release.notify_one();
    stopping.await.unwrap();
    for message in ["starting server", "shutdown started", "shutdown finished"] {
        assert_eq!(log.with_message(message).len(), 1, "{message}");
    }
}
