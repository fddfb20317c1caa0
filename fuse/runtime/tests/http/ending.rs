//! How serving ends.

use std::time::Duration;

use fuse_runtime::http::Stop;
use fuse_runtime::meta::{RouteClass, well_known};
use fuse_runtime::{FaultCode, Value};
use plumego_testkit::http1::{self, Incoming, RawClient};
use plumego_testkit::{until, wait_for_status};

use crate::site::{Gate, Site};

#[tokio::test]
async fn what_runs_comes_to_its_end() {
    let gate = Gate::new();
    let held = gate.clone();
    let running = Site::new()
        .get("/slow", RouteClass::Blocking, &well_known::INT, move |_| {
            held.pass();
            Ok(Value::Int(7))
        })
        .start();
    let mut client = RawClient::connect(running.address).await;
    client.send(http1::get("/slow")).await.unwrap();
    gate.wait_for(1);
    running.stop.request();
    gate.open();
    let answer = client.response().await;
    assert_eq!((answer.status, &*answer.text()), (200, "7"));
    assert!(client.closed().await);
    let world_error = running.world.error.clone();
    let runtime = running.runtime().clone();
    let summary = running.ended();
    assert_eq!((summary.handled, summary.aborted), (1, 0));
    runtime.flush_logs();
    let log = world_error.text();
    let last = "shutdown: runtime=ast signal=unknown handled_requests=1";
    assert!(log.trim_end().ends_with(last), "{log}");
}

#[tokio::test]
async fn a_second_request_to_end_ends_at_once() {
    let gate = Gate::new();
    let held = gate.clone();
    let running = Site::new()
        .get(
            "/stuck",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |_| {
                held.pass();
                Ok(Value::Unit)
            },
        )
        .start();
    let mut client = RawClient::connect(running.address).await;
    client.send(http1::get("/stuck")).await.unwrap();
    gate.wait_for(1);
    running.stop.request();
    running.stop.request();
    let summary = running.ended();
    assert_eq!(summary.aborted, 1);
    assert!(!matches!(client.incoming().await, Incoming::Response(answer) if answer.status == 200));
    gate.open();
}

#[tokio::test]
async fn handlers_are_interrupted_when_the_grace_is_over() {
    let gate = Gate::new();
    gate.open();
    let told = gate.clone();
    let (tell, seen) = std::sync::mpsc::channel();
    let running = Site::new()
        .env("FUSE_SHUTDOWN_GRACE_MS", "20")
        .get(
            "/patient",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |ctx| {
                told.pass();
                let ended = ctx.interrupt().wait(Duration::from_secs(3600));
                let code = ended.as_ref().unwrap_err().code();
                tell.send(code).unwrap();
                ended.map(|()| Value::Unit)
            },
        )
        .start();
    let mut client = RawClient::connect(running.address).await;
    client.send(http1::get("/patient")).await.unwrap();
    gate.wait_for(1);
    running.end();
    let code = seen.recv_timeout(crate::site::PATIENCE).unwrap();
    assert_eq!(code, FaultCode::Cancelled);
}

#[tokio::test]
async fn a_client_that_leaves_stops_its_handler() {
    let gate = Gate::new();
    gate.open();
    let told = gate.clone();
    let (tell, seen) = std::sync::mpsc::channel();
    let running = Site::new()
        .get(
            "/patient",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |ctx| {
                told.pass();
                let ended = ctx.interrupt().wait(Duration::from_secs(3600));
                tell.send(ended.as_ref().unwrap_err().code()).unwrap();
                ended.map(|()| Value::Unit)
            },
        )
        .start();
    let mut client = RawClient::connect(running.address).await;
    client.send(http1::get("/patient")).await.unwrap();
    gate.wait_for(1);
    drop(client);
    let code = seen.recv_timeout(crate::site::PATIENCE).unwrap();
    assert_eq!(code, FaultCode::Cancelled);
    drop(running);
}

#[tokio::test]
async fn a_program_serves_once_at_a_time() {
    let site = || {
        Site::new().get("/", RouteClass::Inline, &well_known::UNIT, |_| {
            Ok(Value::Unit)
        })
    };
    let running = site().start();
    let runtime = running.runtime().clone();
    // Where it is called from must not be a thread that drives tasks.
    let again = |stop: Stop| {
        let runtime = runtime.clone();
        let serving = std::thread::spawn(move || runtime.serve_until(0, &stop, |_| {}));
        serving.join().expect("no panic")
    };
    let fault = again(Stop::default()).unwrap_err();
    assert_eq!(fault.message(), "server already running");
    assert_eq!(running.get("/").await.status, 200);
    running.end();
    // When it has ended, it can serve again.
    let stop = Stop::default();
    stop.request();
    assert!(again(stop).is_ok());
}

/// Where the health of a program is told, once its log says so.
#[tokio::test]
async fn health_is_told_apart_from_the_services() {
    let gate = Gate::new();
    let running = Site::new()
        .env("FUSE_ADMIN_ADDR", "127.0.0.1:0")
        .env("FUSE_DB_URL", "sqlite::memory:")
        .slow(&gate)
        .start();
    let admin = running.admin().await;
    let live = http1::exchange(admin, http1::get("/healthz")).await;
    assert_eq!(
        (live.status, live.header("cache-control")),
        (200, Some("no-store"))
    );
    assert_eq!(live.json()["data"]["status"], "ok");
    wait_for_status(admin, "/readyz", 200).await;
    let ready = http1::exchange(admin, http1::get("/readyz")).await;
    assert_eq!(ready.json()["data"]["components"]["database"], true);
    assert_eq!(running.get("/readyz").await.status, 404, "not for clients");

    // While what runs comes to its end, nothing new is wanted.
    let mut client = RawClient::connect(running.address).await;
    client.send(http1::get("/slow")).await.unwrap();
    gate.wait_for(1);
    running.stop.request();
    wait_for_status(admin, "/readyz", 503).await;
    let draining = http1::exchange(admin, http1::get("/readyz")).await;
    assert_eq!(draining.json()["error"]["details"]["reason"], "draining");
    assert_eq!(
        http1::exchange(admin, http1::get("/healthz")).await.status,
        200
    );
    gate.open();
    assert_eq!(client.response().await.status, 200);
    assert_eq!(running.ended().aborted, 0);
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_named() {
    let running = Site::new()
        .env("FUSE_ADMIN_ADDR", "127.0.0.1:0")
        .env("FUSE_DB_URL", "sqlite:/nowhere/at/all.db")
        .get("/", RouteClass::Inline, &well_known::UNIT, |_| {
            Ok(Value::Unit)
        })
        .start();
    let admin = running.admin().await;
    // Until it serves it is not ready either, for another reason.
    until("the gate", || async {
        let ready = http1::exchange(admin, http1::get("/readyz")).await;
        ready.json()["error"]["details"]["reason"] != "starting"
    })
    .await;
    let ready = http1::exchange(admin, http1::get("/readyz")).await;
    assert_eq!(ready.status, 503);
    let error = &ready.json()["error"];
    assert_eq!(error["code"], "component_unhealthy");
    assert_eq!(error["details"]["components"][0], "database");
    assert!(!ready.text().contains("nowhere"), "{}", ready.text());
}
