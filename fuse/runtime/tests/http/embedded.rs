//! The routes of a program as a service of tower, inside somebody else's server.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fuse_runtime::Value;
use fuse_runtime::http::FuseService;
use fuse_runtime::meta::{RouteClass, well_known};
use http_body_util::BodyExt as _;
use plumego_contract::{Body, Request};
use plumego_testkit::until;
use tower_service::Service as _;

use crate::site::{Gate, PATIENCE, Site};

fn request(path: &str) -> Request {
    http::Request::get(path).body(Body::empty()).unwrap()
}

/// Waits until it is ready, as whoever calls a service has to.
async fn ready(service: &mut FuseService) {
    poll_fn(|cx| service.poll_ready(cx)).await.unwrap();
}

async fn ask(service: &mut FuseService, path: &str) -> (u16, String) {
    ready(service).await;
    let response = service.call(request(path)).await.unwrap();
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// A route that waits at a gate on one thread, and one that counts.
fn site(gate: &Gate) -> (Site, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (gate, counting) = (gate.clone(), Arc::clone(&count));
    let site = Site::new()
        .env("FUSE_HTTP_BLOCKING_THREADS", "1")
        .get(
            "/slow",
            RouteClass::Blocking,
            &well_known::INT,
            move |ctx| {
                gate.pass();
                ctx.check()?;
                Ok(Value::Int(7))
            },
        )
        .get("/count", RouteClass::Inline, &well_known::INT, move |_| {
            let before = counting.fetch_add(1, Ordering::SeqCst);
            Ok(Value::Int(i64::try_from(before).unwrap()))
        });
    (site, count)
}

#[tokio::test]
async fn it_is_always_ready_and_never_fails() {
    let (site, count) = site(&Gate::new());
    let mut service = site.build().runtime.service().unwrap();
    for _ in 0..3 {
        ready(&mut service).await;
    }
    assert_eq!(count.load(Ordering::SeqCst), 0, "being ready runs nothing");
    assert_eq!(ask(&mut service, "/count").await, (200, "0".into()));
    assert_eq!(ask(&mut service, "/nowhere").await.0, 404);
    let response = service.call(request("/count")).await.unwrap();
    let headers = response.headers();
    assert!(headers.contains_key("x-request-id") && headers.contains_key("x-frame-options"));
}

#[tokio::test]
async fn clones_are_one_service() {
    let gate = Gate::new();
    let (site, _) = site(&gate);
    let mut service = site.build().runtime.service().unwrap();
    let mut other = service.clone();
    let slow = tokio::spawn(async move { ask(&mut other, "/slow").await });
    tokio::task::spawn_blocking({
        let gate = gate.clone();
        move || gate.wait_for(1)
    })
    .await
    .unwrap();
    // One that waits does not keep another from answering.
    for number in 0..3 {
        let answer = ask(&mut service, "/count").await;
        assert_eq!(answer, (200, number.to_string()));
    }
    drop(service);
    gate.open();
    let slow = tokio::time::timeout(PATIENCE, slow).await.unwrap();
    assert_eq!(slow.unwrap(), (200, "7".into()));
}

#[tokio::test]
async fn dropping_an_answer_gives_up_its_place() {
    let gate = Gate::new();
    let (site, _) = site(&gate);
    let mut service = site.build().runtime.service().unwrap();
    let mut running = Box::pin(service.call(request("/slow")));
    let mut queued = Box::pin(service.call(request("/slow")));
    let begun = gate.clone();
    poll_fn(|cx| {
        let _ = running.as_mut().poll(cx);
        let _ = queued.as_mut().poll(cx);
        std::task::Poll::Ready(())
    })
    .await;
    until("the handler", || async { begun.entered() == 1 }).await;
    drop(queued);
    drop(running);
    gate.open();
    // The thread is free again, and the one that was queued never began.
    assert_eq!(ask(&mut service, "/slow").await, (200, "7".into()));
    assert_eq!(gate.entered(), 2);
}
