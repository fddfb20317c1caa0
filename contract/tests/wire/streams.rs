use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream;
use http_body::Body as _;
use plumego_contract::{Body, BoxError, IntoResponse, RequestScope, Stream};
use serde_json::json;

use super::{Answer, reporting};

async fn next(body: &mut Body) -> Option<Result<Bytes, BoxError>> {
    let frame = std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await?;
    Some(frame.map(|frame| frame.into_data().unwrap_or_default()))
}

#[tokio::test]
async fn chunks_and_lines() {
    let chunks = stream::iter([Ok::<_, BoxError>(Bytes::from("a")), Ok(Bytes::from("b"))]);
    let answer = Answer::of(Stream::bytes("text/csv".parse().unwrap(), chunks)).await;
    assert_eq!(answer.header("content-type"), "text/csv");
    assert_eq!(answer.header("content-length"), "");
    assert_eq!((answer.status, answer.body.as_str()), (200, "ab"));

    let values = stream::iter([Ok::<_, BoxError>(json!({"a": "x\ny"})), Ok(json!(null))]);
    let answer = Answer::of(Stream::json_lines(values)).await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    assert_eq!(answer.body, "{\"a\":\"x\\ny\"}\nnull\n");
}

#[tokio::test]
async fn a_failure_breaks_the_transfer_off_and_is_reported() {
    let (scope, causes) = reporting();
    let items = [Ok(1), Err(BoxError::from("secret")), Ok(2)];
    let mut body = Stream::json_lines(stream::iter(items))
        .into_response(&scope)
        .into_body();
    assert_eq!(next(&mut body).await.unwrap().unwrap(), "1\n");
    let error = next(&mut body).await.unwrap().unwrap_err();
    assert!(!error.to_string().contains("secret"));
    assert!(next(&mut body).await.is_none());
    assert_eq!(*causes.lock().unwrap(), ["secret"]);
}

#[tokio::test]
async fn a_value_that_cannot_be_encoded_is_a_failure() {
    let (scope, causes) = reporting();
    let odd = std::collections::BTreeMap::from([(vec![1], 1)]);
    let values = stream::iter([Ok::<_, BoxError>(odd)]);
    let mut body = Stream::json_lines(values).into_response(&scope).into_body();
    assert!(next(&mut body).await.unwrap().is_err());
    assert_eq!(causes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn the_producer_is_asked_only_when_data_is_wanted() {
    let made = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&made);
    let numbers = stream::iter(0..).map(move |n| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok::<u32, BoxError>(n)
    });
    let response = Stream::json_lines(numbers).into_response(&RequestScope::detached());
    let mut body = response.into_body();
    assert_eq!(made.load(Ordering::SeqCst), 0);
    for wanted in 1..=3 {
        next(&mut body).await.unwrap().unwrap();
        assert_eq!(made.load(Ordering::SeqCst), wanted);
    }
}

#[tokio::test]
async fn dropping_the_body_stops_the_producer() {
    let (mut sender, body) = Body::channel(1);
    sender.send("a").await.unwrap();
    drop(body);
    assert!(sender.send("b").await.is_err());
    assert!(sender.is_closed());

    let (sender, mut body) = Body::channel(1);
    sender.abort("broken");
    assert!(next(&mut body).await.unwrap().is_err());
    assert!(next(&mut body).await.is_none());
}
