use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use http::{Method, StatusCode};
use plumego_contract::{Body, BoxHttpService, Request, Response, ResponseFuture};
use plumego_middleware::concurrencylimit::{
    ConcurrencyLimitConfig, ConcurrencyLimitLayer, UpgradePermit,
};
use plumego_testkit::InProcess;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::support::{
    Collected, around, forever, get, hello, panics, poll_body, poll_pending, request,
};

/// Answers when it is let go.
fn held(gate: &Arc<Semaphore>) -> impl plumego_contract::Handler + use<> {
    let gate = Arc::clone(gate);
    move |request: Request| {
        let gate = Arc::clone(&gate);
        async move {
            gate.acquire().await.unwrap().forget();
            hello(request).await
        }
    }
}

fn start(service: &BoxHttpService) -> ResponseFuture {
    let mut answer = service.handle(get("/"));
    poll_pending(&mut answer);
    answer
}

async fn finish(answer: ResponseFuture) -> (StatusCode, serde_json::Value) {
    let response = answer.await;
    let status = response.status();
    let body = response.into_body().collect_limited(10_000).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn without_a_queue_it_fails_at_once() {
    let layer = ConcurrencyLimitLayer::new(
        ConcurrencyLimitConfig::new(1).with_retry_after(Duration::from_millis(1500)),
    );
    let gate = Arc::new(Semaphore::new(0));
    let service = around(&layer, held(&gate));
    let running = start(&service);

    let response = InProcess::new(service.clone()).get("/").await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.envelope().error.code, "server_busy");
    assert_eq!(response.header("retry-after"), Some("2"));

    gate.add_permits(2);
    assert_eq!(finish(running).await.0, 200);
    assert_eq!(InProcess::new(service).get("/").await.status(), 200);
    assert_eq!(layer.occupancy(), 0);
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_run_in_the_order_in_which_they_came() {
    let layer = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(1).with_queue_depth(3));
    let gate = Arc::new(Semaphore::new(0));
    let order = Collected::default();
    let seen = order.clone();
    let handler = {
        let gate = Arc::clone(&gate);
        move |request: Request| {
            let gate = Arc::clone(&gate);
            seen.push(request.uri().path().to_owned());
            async move {
                gate.acquire().await.unwrap().forget();
                hello(request).await
            }
        }
    };
    let service = around(&layer, handler);
    let mut answers = Vec::new();
    for path in ["/1", "/2", "/3", "/4"] {
        let mut answer = service.handle(get(path));
        poll_pending(&mut answer);
        answers.push(answer);
    }
    assert_eq!(layer.occupancy(), 4);
    assert_eq!(order.take(), ["/1"]);
    assert!(
        service.handle(get("/5")).now_or_never().is_some(),
        "refused"
    );
    gate.add_permits(4);
    let tasks: Vec<_> = answers
        .into_iter()
        .map(|a| tokio::spawn(finish(a)))
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().0, 200);
    }
    assert_eq!(order.take(), ["/2", "/3", "/4"]);
    assert_eq!(layer.occupancy(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_too_long_says_how_full_it_is() {
    let config = ConcurrencyLimitConfig::new(1).with_queue_depth(1);
    for (timeout, waited) in [
        (Duration::from_millis(250), Duration::from_millis(250)),
        (Duration::ZERO, Duration::from_millis(100)),
    ] {
        let layer = ConcurrencyLimitLayer::new(config.clone().with_queue_timeout(timeout));
        let service = around(&layer, forever);
        let _running = start(&service);
        let before = Instant::now();
        let response = InProcess::new(service).get("/").await;
        assert_eq!(before.elapsed(), waited);
        assert_eq!(response.status(), 503);
        assert_eq!(response.header("retry-after"), Some("1"));
        let error = response.envelope().error;
        assert_eq!(error.code, "server_queue_timeout");
        assert_eq!(error.details["queue_occupancy"], 2);
        assert_eq!(error.details["queue_capacity"], 2);
        assert_eq!(layer.occupancy(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_the_queue_frees_its_place_and_runs_nothing() {
    let layer = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(1).with_queue_depth(1));
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let service = around(&layer, move |request: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        forever(request)
    });
    let running = start(&service);
    let waiting = start(&service);
    assert_eq!(layer.occupancy(), 2);
    drop(waiting);
    assert_eq!(layer.occupancy(), 1);
    let next = start(&service);
    drop(running);
    assert_eq!(layer.occupancy(), 1);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    drop(next);
    assert_eq!(layer.occupancy(), 0);
}

#[tokio::test]
async fn a_place_is_taken_until_the_body_ends_or_is_dropped() {
    let layer = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(1));
    let service = around(&layer, |_: Request| async {
        let (mut sender, body) = Body::channel(4);
        sender.try_send("part").unwrap();
        Response::new(body)
    });
    let mut response = service.handle(get("/")).await;
    assert!(poll_body(response.body_mut()).is_ready());
    assert_eq!(layer.occupancy(), 1);
    assert!(poll_body(response.body_mut()).is_ready(), "the end");
    assert_eq!(layer.occupancy(), 0);

    let response = service.handle(get("/")).await;
    assert_eq!(layer.occupancy(), 1);
    drop(response);
    assert_eq!(layer.occupancy(), 0);
}

#[tokio::test]
async fn a_panic_or_a_cancelled_call_frees_the_place() {
    let layer = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(1));
    async fn panicking(_: Request) -> Response {
        panic!("handler")
    }
    let service = around(&layer, panicking);
    assert_eq!(panics(&service, get("/")), "handler");
    assert_eq!(layer.occupancy(), 0);
    let service = around(&layer, forever);
    let running = start(&service);
    assert_eq!(layer.occupancy(), 1);
    drop(running);
    assert_eq!(layer.occupancy(), 0);
}

#[tokio::test]
async fn clones_and_services_share_the_limit() {
    let layer = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::new(1));
    let _running = start(&around(&layer, forever));
    let other = InProcess::new(around(&layer.clone(), hello));
    assert_eq!(other.get("/").await.status(), 503);
}

#[tokio::test]
async fn zero_disables_and_some_requests_are_exempt() {
    let off = ConcurrencyLimitLayer::new(ConcurrencyLimitConfig::default());
    let service = around(&off, forever);
    let _many: Vec<_> = (0..100).map(|_| start(&service)).collect();
    assert_eq!(off.occupancy(), 0);

    let config = ConcurrencyLimitConfig::new(1).with_exempt(|parts| match parts.uri.path() {
        "/panics" => panic!("rule"),
        path => path == "/healthz",
    });
    let layer = ConcurrencyLimitLayer::new(config);
    let _running = start(&around(&layer, forever));
    let client = InProcess::new(around(&layer, hello));
    assert_eq!(client.get("/healthz").await.status(), 200);
    assert_eq!(client.get("/").await.status(), 503);
    assert_eq!(client.get("/panics").await.status(), 503);
}

#[tokio::test]
async fn an_upgrade_keeps_its_place_only_when_asked_to() {
    for hold in [true, false] {
        let config = ConcurrencyLimitConfig::new(1).with_hold_upgrades(hold);
        let layer = ConcurrencyLimitLayer::new(config);
        let kept = Collected::default();
        let permits = kept.clone();
        let service = around(&layer, move |mut request: Request| {
            permits.push(UpgradePermit::take(&mut request));
            let status = match *request.method() {
                Method::CONNECT => StatusCode::OK,
                _ => StatusCode::SWITCHING_PROTOCOLS,
            };
            async move {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = status;
                response
            }
        });
        for method in [Method::GET, Method::CONNECT] {
            let mut asked = request(method, "/");
            let upgrade = "websocket".parse().unwrap();
            asked.headers_mut().insert("upgrade", upgrade);
            drop(service.handle(asked).await);
            assert_eq!(layer.occupancy(), usize::from(hold));
            let permits = kept.take();
            assert_eq!(permits[0].is_some(), hold);
            drop(permits);
            assert_eq!(layer.occupancy(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn never_more_run_than_allowed() {
    let config = ConcurrencyLimitConfig::new(3)
        .with_queue_depth(10_000)
        .with_queue_timeout(Duration::from_secs(60));
    let layer = ConcurrencyLimitLayer::new(config);
    let running = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (now, peak) = (Arc::clone(&running), Arc::clone(&most));
    let service = around(&layer, move |request: Request| {
        let now = Arc::clone(&now);
        peak.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        async move {
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            hello(request).await
        }
    });
    let tasks: Vec<_> = (0..2000)
        .map(|_| tokio::spawn(finish(service.handle(get("/")))))
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().0, 200);
    }
    assert!(most.load(Ordering::SeqCst) <= 3);
    assert_eq!(layer.occupancy(), 0);
}
