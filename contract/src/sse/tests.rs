use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::stream;
use tokio::time::{Instant, advance};

use super::*;
use crate::scope::{ScopeInit, ScopeSettings};

async fn next(body: &mut Body) -> Option<String> {
    let frame = poll_fn(|cx| http_body::Body::poll_frame(Pin::new(body), cx)).await?;
    let data = frame.unwrap().into_data().unwrap();
    Some(String::from_utf8(data.into()).unwrap())
}

fn poll_now<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()))
}

fn body(sse: Sse, scope: &RequestScope) -> Body {
    sse.into_response(scope).into_body()
}

fn drainable() -> (RequestScope, CancelSource) {
    let drain = CancelSource::new();
    let settings = ScopeSettings {
        drain: drain.clone(),
        ..ScopeSettings::default()
    };
    (
        RequestScope::new(Arc::new(settings), ScopeInit::default()),
        drain,
    )
}

fn event(data: &str) -> Event {
    Event::new().data(data)
}

#[tokio::test]
async fn headers() {
    let (_sender, sse) = Sse::channel(CAPACITY);
    let response = sse.into_response(&RequestScope::detached());
    let headers = response.headers();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert!(!headers.contains_key("connection"));
    assert!(!headers.contains_key("content-length"));
}

#[tokio::test(start_paused = true)]
async fn silence_is_broken_every_fifteen_seconds() {
    let (mut sender, sse) = Sse::channel(CAPACITY);
    let mut body = body(sse, &RequestScope::detached());
    let start = Instant::now();
    for round in 1..=2 {
        assert_eq!(next(&mut body).await.unwrap(), ": keep-alive\n\n");
        assert_eq!(start.elapsed().as_secs(), 15 * round);
    }
    advance(Duration::from_secs(10)).await;
    sender.send(event("x")).await.unwrap();
    assert_eq!(next(&mut body).await.unwrap(), "data: x\n\n");
    let sent = Instant::now();
    assert_eq!(next(&mut body).await.unwrap(), ": keep-alive\n\n");
    assert_eq!(sent.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn keep_alive_can_be_changed_and_turned_off() {
    let (_sender, sse) = Sse::channel(1);
    let mut body_of_two = body(
        sse.keep_alive(Duration::from_secs(2)),
        &RequestScope::detached(),
    );
    let start = Instant::now();
    next(&mut body_of_two).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 2);

    let (_sender, sse) = Sse::channel(1);
    let mut silent = body(sse.keep_alive(Duration::ZERO), &RequestScope::detached());
    let day = Duration::from_secs(86_400);
    assert!(tokio::time::timeout(day, next(&mut silent)).await.is_err());
}

#[tokio::test]
async fn a_full_channel_holds_the_sender_back_and_keeps_order() {
    let (mut sender, sse) = Sse::channel(2);
    let mut body = body(sse, &RequestScope::detached());
    sender.send(event("1")).await.unwrap();
    sender.try_send(&event("2")).unwrap();
    assert_eq!(sender.try_send(&event("lost")), Err(SendError::Full));
    let mut waiting = Box::pin(sender.send(event("3")));
    assert!(poll_now(waiting.as_mut()).is_pending());
    assert_eq!(next(&mut body).await.unwrap(), "data: 1\n\n");
    assert!(poll_now(waiting.as_mut()).is_ready());
    drop(waiting);
    drop(sender);
    assert_eq!(next(&mut body).await.unwrap(), "data: 2\n\n");
    assert_eq!(next(&mut body).await.unwrap(), "data: 3\n\n");
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_client_that_leaves_stops_the_producer_and_gets_nothing() {
    let (mut sender, sse) = Sse::channel(CAPACITY);
    let body = body(sse, &RequestScope::detached());
    let mut cancelled = Box::pin(sender.cancelled());
    assert!(poll_now(cancelled.as_mut()).is_pending());
    drop(body);
    cancelled.await;
    assert!(sender.is_closed());
    assert_eq!(sender.send(event("x")).await, Err(SendError::Closed));
    assert_eq!(sender.try_send(&event("x")), Err(SendError::Closed));
}

#[tokio::test]
async fn a_reply_that_is_never_sent_stops_the_producer() {
    let (sender, sse) = Sse::channel(CAPACITY);
    drop(sse);
    sender.cancelled().await;
    assert!(sender.is_closed());
}

#[tokio::test]
async fn draining_tells_the_sender_who_may_say_goodbye() {
    let (scope, drain) = drainable();
    let (mut sender, sse) = Sse::channel(CAPACITY);
    let mut cancelled = Box::pin(sender.cancelled());
    assert!(poll_now(cancelled.as_mut()).is_pending());
    let mut body = body(sse, &scope);
    assert!(poll_now(cancelled.as_mut()).is_pending());
    drain.cancel();
    cancelled.await;
    sender.send(event("bye")).await.unwrap();
    drop(sender);
    assert_eq!(next(&mut body).await.unwrap(), "data: bye\n\n");
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn draining_ends_a_stream_that_has_nothing_to_say() {
    let (scope, drain) = drainable();
    let events = stream::iter([Ok::<_, BoxError>(event("1"))]);
    let events = futures_util::StreamExt::chain(events, stream::pending());
    let mut body = body(Sse::stream(events), &scope);
    drain.cancel();
    assert_eq!(next(&mut body).await.unwrap(), "data: 1\n\n");
    assert_eq!(next(&mut body).await, None);
}

#[tokio::test]
async fn a_failing_stream_sends_one_error_event_and_is_reported() {
    let reports = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&reports);
    let mut settings = ScopeSettings::default();
    settings.rendering.report = Some(Arc::new(move |error, _| {
        let cause = std::error::Error::source(error).unwrap().to_string();
        assert_eq!(cause, "secret");
        counted.fetch_add(1, Ordering::SeqCst);
    }));
    let scope = RequestScope::new(Arc::new(settings), ScopeInit::default());
    let items = [
        Ok(event("1")),
        Err(BoxError::from("secret")),
        Ok(event("2")),
    ];
    let mut body = body(Sse::stream(stream::iter(items)), &scope);
    assert_eq!(next(&mut body).await.unwrap(), "data: 1\n\n");
    assert_eq!(
        next(&mut body).await.unwrap(),
        "event: error\ndata: stream handler failed\n\n"
    );
    assert_eq!(next(&mut body).await, None);
    assert_eq!(reports.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_stream_that_ends_sends_nothing_more() {
    let items = [Ok::<_, BoxError>(event("1"))];
    let mut body = body(Sse::stream(stream::iter(items)), &RequestScope::detached());
    assert!(next(&mut body).await.is_some());
    assert_eq!(next(&mut body).await, None);
}

#[test]
fn resuming() {
    let mut request = Request::new(Body::empty());
    assert_eq!(last_event_id(&request), None);
    let id = HeaderValue::from_bytes("é-7".as_bytes()).unwrap();
    request.headers_mut().insert(LAST_EVENT_ID, id);
    assert_eq!(last_event_id(&request), Some("é-7"));
}
