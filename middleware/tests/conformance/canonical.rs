//! The canonical stack: one measurement, one record, one span per request, and
//! one id everywhere.

use std::time::Duration;

use plumego_contract::{Body, Error, ErrorKind, Json, Request, Response, code};
use plumego_testkit::InProcess;

use crate::sinks::Sinks;

/// Answers with the error that the path asks for.
async fn errors(request: Request) -> Result<Json<&'static str>, Error> {
    Err(match request.uri().path() {
        "/404" => Error::new(ErrorKind::NotFound),
        "/413" => Error::new(ErrorKind::PayloadTooLarge),
        "/429" => Error::new(ErrorKind::RateLimited).retry_after(Duration::from_secs(1)),
        "/503" => Error::coded(&code::SERVER_BUSY),
        "/504" => Error::coded(&code::DEADLINE_EXCEEDED),
        "/500" => panic!("on purpose"),
        _ => return Ok(Json("fine")),
    })
}

#[tokio::test]
async fn one_of_each_signal_and_one_id_per_request() {
    for status in [200_u16, 404, 413, 429, 500, 503, 504] {
        let sinks = Sinks::default();
        let client = InProcess::new(sinks.around(errors));
        let response = client.get(&format!("/{status}")).await;
        assert_eq!(response.status(), status);

        let id = response.header("x-request-id").unwrap().to_owned();
        if status >= 400 {
            assert_eq!(
                response.envelope().request_id.as_deref(),
                Some(&*id),
                "{status}"
            );
        }
        let records = sinks.logger.with_message("request completed");
        assert_eq!(records.len(), 1, "{status}");
        assert_eq!(records[0].field("request_id"), Some(&*id));
        assert_eq!(records[0].field("status"), Some(&*status.to_string()));
        assert_eq!(records[0].field("span_id"), Some("0808080808080808"));
        assert_eq!(response.header("x-span-id"), Some("0808080808080808"));
        assert_eq!(sinks.spans(), [(status, "completed".to_owned(), id)]);
        let bytes = response.bytes().len() as u64;
        assert_eq!(sinks.measured(), [(status, bytes)]);
        assert_eq!(sinks.in_flight(), 0);
    }
}

#[tokio::test]
async fn status_headers_and_body_of_the_handler_survive() {
    let sinks = Sinks::default();
    let handler = |_: Request| async {
        let mut response = Response::new(Body::from_bytes("payload"));
        *response.status_mut() = http::StatusCode::IM_A_TEAPOT;
        for value in ["a=1", "b=2"] {
            let value = http::HeaderValue::from_static(value);
            response.headers_mut().append("set-cookie", value);
        }
        response
    };
    let response = InProcess::new(sinks.around(handler)).get("/").await;
    assert_eq!(response.status(), 418);
    assert_eq!(response.text(), "payload");
    assert_eq!(response.headers().get_all("set-cookie").iter().count(), 2);
}

#[tokio::test]
async fn trailers_survive() {
    let sinks = Sinks::default();
    let handler = |_: Request| async {
        let (mut sender, body) = Body::channel(4);
        tokio::spawn(async move {
            let mut trailers = http::HeaderMap::new();
            trailers.insert("x-checksum", http::HeaderValue::from_static("42"));
            let _ = sender.send("data").await;
            let _ = sender.send_trailers(trailers).await;
        });
        Response::new(body)
    };
    let mut response = sinks
        .around(handler)
        .handle(Request::new(Body::empty()))
        .await;
    let mut trailers = None;
    while let Some(frame) = next_frame(response.body_mut()).await {
        trailers = frame.into_trailers().ok();
    }
    assert_eq!(trailers.unwrap()["x-checksum"], "42");
    assert_eq!(sinks.measured(), [(200, 4)]);
}

async fn next_frame(body: &mut Body) -> Option<http_body::Frame<bytes::Bytes>> {
    let frame =
        std::future::poll_fn(|cx| http_body::Body::poll_frame(std::pin::Pin::new(&mut *body), cx));
    frame.await.map(Result::unwrap)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_requests_at_once_leave_nothing_behind() {
    let sinks = Sinks::default();
    let client = InProcess::new(sinks.around(errors));
    let paths = ["/200", "/404", "/503", "/504"];
    let tasks: Vec<_> = (0..10_000)
        .map(|i| {
            let client = client.clone();
            tokio::spawn(async move { client.get(paths[i % paths.len()]).await.status() })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(sinks.in_flight(), 0);
    assert_eq!(sinks.measured().len(), 10_000);
    assert_eq!(sinks.spans().len(), 10_000);
    assert_eq!(sinks.logged().len(), 10_000);
}
