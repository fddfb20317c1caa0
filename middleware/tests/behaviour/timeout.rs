use std::time::Duration;

use plumego_contract::{Body, Request, RequestScope, Response};
use plumego_middleware::timeout::{BodyIdle, TimeoutConfig, TimeoutLayer};
use plumego_testkit::InProcess;
use tokio::time::{Instant, sleep};

use crate::support::{Collected, around, forever, get, hello, panics, poll_pending};

const SECOND: Duration = Duration::from_secs(1);

fn limit(timeout: Duration) -> TimeoutLayer {
    TimeoutLayer::new(TimeoutConfig::new(timeout))
}

/// Answers after one second.
async fn slow(request: Request) -> Response {
    sleep(SECOND).await;
    hello(request).await
}

#[tokio::test(start_paused = true)]
async fn what_takes_too_long_is_dropped_and_answered() {
    struct Dropped(Collected<&'static str>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.0.push("dropped");
        }
    }
    let events = Collected::default();
    let seen = events.clone();
    let service = around(&limit(SECOND), move |_: Request| {
        let guard = Dropped(seen.clone());
        async move {
            let _guard = guard;
            std::future::pending::<Response>().await
        }
    });
    let before = Instant::now();
    let response = InProcess::new(service).get("/").await;
    assert_eq!(before.elapsed(), SECOND);
    assert_eq!(response.status(), 504);
    let error = response.envelope().error;
    assert_eq!(error.code, "deadline_exceeded");
    assert_eq!(error.message, "request timed out");
    assert_eq!(events.take(), ["dropped"]);
}

#[tokio::test(start_paused = true)]
async fn work_that_moved_to_another_task_is_told() {
    let events = Collected::default();
    let seen = events.clone();
    let service = around(&limit(SECOND), move |mut request: Request| {
        let scope = RequestScope::ensure(&mut request).clone();
        let seen = seen.clone();
        tokio::spawn(async move {
            scope.cancelled().await;
            seen.push(Instant::now());
        });
        forever(request)
    });
    let start = Instant::now();
    assert_eq!(InProcess::new(service).get("/").await.status(), 504);
    tokio::task::yield_now().await;
    assert_eq!(events.take(), [start + SECOND]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_at_the_deadline_counts() {
    let client = InProcess::new(around(&limit(SECOND), slow));
    assert_eq!(client.get("/").await.status(), 200);
    let client = InProcess::new(around(&limit(SECOND - Duration::from_millis(1)), slow));
    assert_eq!(client.get("/").await.status(), 504);
}

#[tokio::test(start_paused = true)]
async fn the_body_may_take_longer() {
    async fn drips(_: Request) -> Response {
        let (mut sender, body) = Body::channel(1);
        tokio::spawn(async move {
            for _ in 0..10 {
                sleep(SECOND).await;
                sender.send("x").await.unwrap();
            }
        });
        Response::new(body)
    }
    let client = InProcess::new(around(&limit(SECOND), drips));
    assert_eq!(client.get("/").await.text(), "xxxxxxxxxx");
    let idle = TimeoutConfig::new(SECOND).with_body_idle(SECOND * 2);
    let client = InProcess::new(around(&TimeoutLayer::new(idle), drips));
    assert_eq!(client.get("/").await.text(), "xxxxxxxxxx");
}

#[tokio::test(start_paused = true)]
async fn a_silent_body_is_aborted_when_that_is_limited() {
    let events = Collected::default();
    let seen = events.clone();
    let config = TimeoutConfig::new(SECOND).with_body_idle(SECOND * 3);
    let service = around(&TimeoutLayer::new(config), move |mut request: Request| {
        let scope = RequestScope::ensure(&mut request).clone();
        let seen = seen.clone();
        async move {
            let (mut sender, body) = Body::channel(1);
            tokio::spawn(async move {
                sleep(SECOND * 2).await;
                sender.send("x").await.unwrap();
                scope.cancelled().await;
                seen.push(sender.is_closed());
            });
            Response::new(body)
        }
    });
    let start = Instant::now();
    let mut body = service.handle(get("/")).await.into_body();
    let mut frame = async || {
        std::future::poll_fn(|cx| http_body::Body::poll_frame(std::pin::Pin::new(&mut body), cx))
            .await
    };
    assert!(frame().await.unwrap().is_ok());
    let error = frame().await.unwrap().unwrap_err();
    let idle = error.downcast_ref::<BodyIdle>().unwrap();
    assert_eq!(idle.idle, SECOND * 3);
    assert_eq!(start.elapsed(), SECOND * 5);
    assert!(frame().await.is_none());
    tokio::task::yield_now().await;
    assert_eq!(events.take(), [true]);
}

#[tokio::test(start_paused = true)]
async fn silence_counts_only_while_more_is_asked_for() {
    let (mut sender, body) = Body::channel(1);
    let body = std::sync::Mutex::new(Some(body));
    let config = TimeoutConfig::new(SECOND).with_body_idle(SECOND);
    let service = around(&TimeoutLayer::new(config), move |_: Request| {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(body) }
    });
    let body = service.handle(get("/")).await.into_body();
    sender.send("x").await.unwrap();
    sleep(SECOND * 60).await;
    drop(sender);
    assert_eq!(body.collect_limited(10).await.unwrap(), "x");
}

#[tokio::test(start_paused = true)]
async fn nested_timeouts_only_shorten() {
    for (outer, inner) in [(1, 5), (5, 1)] {
        let deadlines = Collected::default();
        let seen = deadlines.clone();
        let service = around(&limit(SECOND * inner), move |request: Request| {
            seen.push(RequestScope::of(&request).unwrap().deadline().unwrap());
            forever(request)
        });
        let client = InProcess::new(around(&limit(SECOND * outer), service));
        let start = Instant::now();
        assert_eq!(client.get("/").await.status(), 504);
        assert_eq!(start.elapsed(), SECOND);
        assert_eq!(deadlines.take(), [(start + SECOND).into_std()]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_earlier_deadline_of_the_scope_is_kept() {
    let mut request = get("/");
    let start = Instant::now();
    let deadline = (start + SECOND * 2).into_std();
    RequestScope::ensure(&mut request).tighten_deadline(deadline);
    let response = around(&limit(SECOND * 9), forever).handle(request).await;
    assert_eq!(response.status(), 504);
    assert_eq!(start.elapsed(), SECOND * 2);
}

#[tokio::test]
async fn what_is_over_already_is_not_started() {
    let calls = Collected::default();
    let seen = calls.clone();
    let service = around(&limit(SECOND), move |request: Request| {
        seen.push("called");
        hello(request)
    });
    let mut cancelled = get("/");
    RequestScope::ensure(&mut cancelled).cancel();
    let mut late = get("/");
    let scope = RequestScope::ensure(&mut late);
    scope.tighten_deadline(scope.started_at());
    for request in [cancelled, late] {
        assert_eq!(service.handle(request).await.status(), 504);
    }
    assert_eq!(calls.take(), [""; 0]);
    assert_eq!(service.handle(get("/")).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn zero_and_the_default_are_transparent() {
    for config in [
        TimeoutConfig::default(),
        TimeoutConfig::new(Duration::ZERO).with_body_idle(SECOND),
    ] {
        let client = InProcess::new(around(&TimeoutLayer::new(config), slow));
        assert_eq!(client.get("/").await.status(), 200);
    }
    let longest = around(&limit(Duration::MAX), slow);
    assert_eq!(InProcess::new(longest).get("/").await.status(), 200);
}

#[tokio::test]
async fn a_panic_passes() {
    async fn panicking(_: Request) -> Response {
        panic!("handler")
    }
    assert_eq!(
        panics(&around(&limit(SECOND), panicking), get("/")),
        "handler"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_leaves_at_the_deadline_does_no_harm() {
    let service = around(&limit(SECOND), forever);
    let mut answer = service.handle(get("/"));
    poll_pending(&mut answer);
    tokio::time::advance(SECOND).await;
    drop(answer);
}
