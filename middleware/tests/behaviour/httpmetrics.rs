use std::sync::Arc;

use http::Method;
use plumego_contract::{
    Body, BoxHttpService, Error, ErrorKind, Handler, Request, RequestScope, Response, RouteMatch,
};
use plumego_metrics::{HttpObservation, HttpObserver};
use plumego_middleware::httpmetrics::HttpMetricsLayer;
use plumego_testkit::InProcess;

use crate::support::{Collected, around, forever, get, hello, panics, poll_body, poll_pending};

/// Method, route label, status, bytes in, bytes out.
type Seen = (String, String, u16, u64, u64);

#[derive(Clone, Default)]
struct Observations(Collected<Seen>);

impl HttpObserver for Observations {
    fn observe_http(&self, seen: &HttpObservation<'_>) {
        self.0.push((
            seen.method.to_string(),
            seen.route.label().to_owned(),
            seen.status.as_u16(),
            seen.request_bytes,
            seen.response_bytes,
        ));
    }
}

fn measured(handler: impl Handler) -> (BoxHttpService, Collected<Seen>, Collected<i64>) {
    let observations = Observations::default();
    let in_flight = Collected::default();
    let gauge = in_flight.clone();
    let layer = HttpMetricsLayer::new(Arc::new(observations.clone()))
        .in_flight(move |change| gauge.push(change));
    (around(&layer, handler), observations.0, in_flight)
}

fn seen(route: &str, status: u16, bytes_in: u64, bytes_out: u64) -> [Seen; 1] {
    [(
        "GET".to_owned(),
        route.to_owned(),
        status,
        bytes_in,
        bytes_out,
    )]
}

#[tokio::test]
async fn a_request_is_measured_under_its_route() {
    async fn routed(request: Request) -> Response {
        let scope = RequestScope::of(&request).unwrap();
        let route = RouteMatch::for_test("/users/{id}", None, &[("id", "17")]);
        scope.set_route(route).unwrap();
        hello(request).await
    }
    let (service, observed, in_flight) = measured(routed);
    InProcess::new(service).get("/users/17").await;
    assert_eq!(observed.take(), seen("/users/{id}", 200, 0, 5));
    assert_eq!(in_flight.take(), [1, -1]);
}

#[tokio::test]
async fn a_request_without_a_route_does_not_show_its_path() {
    async fn missing(_: Request) -> Result<(), Error> {
        Err(Error::new(ErrorKind::NotFound))
    }
    let (service, observed, _) = measured(missing);
    let response = InProcess::new(service).get("/secret/path").await;
    let length = response.bytes().len() as u64;
    assert_eq!(observed.take(), seen("__unmatched__", 404, 0, length));
}

#[tokio::test]
async fn only_bytes_that_were_read_count() {
    async fn reads_one_frame(mut request: Request) -> Response {
        assert!(poll_body(request.body_mut()).is_ready());
        hello(request).await
    }
    let (service, observed, _) = measured(reads_one_frame);
    let (mut sender, body) = Body::channel(4);
    sender.send("first").await.unwrap();
    sender.send("second").await.unwrap();
    let client = InProcess::new(service);
    client.request(Method::GET, "/").stream(body).send().await;
    assert_eq!(observed.take(), seen("__unmatched__", 200, 5, 5));
}

#[tokio::test]
async fn nested_layers_count_the_same_request_bytes() {
    async fn reads_all(mut request: Request) -> Response {
        let body = std::mem::take(request.body_mut());
        body.collect_limited(100).await.unwrap();
        hello(request).await
    }
    let (inner, inner_seen, _) = measured(reads_all);
    let outer = Observations::default();
    let layer = HttpMetricsLayer::new(Arc::new(outer.clone()));
    let client = InProcess::new(around(&layer, inner));
    client
        .request(Method::GET, "/")
        .body("ten bytes.")
        .send()
        .await;
    assert_eq!(inner_seen.take(), seen("__unmatched__", 200, 10, 5));
    assert_eq!(outer.0.take(), seen("__unmatched__", 200, 10, 5));
}

#[tokio::test]
async fn a_stream_is_measured_and_in_flight_until_its_end() {
    let (mut sender, body) = Body::channel(4);
    let body = std::sync::Mutex::new(Some(body));
    let (service, observed, in_flight) = measured(move |_: Request| {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(body) }
    });
    let mut response = service.handle(get("/")).await;
    sender.send("abc").await.unwrap();
    assert!(poll_body(response.body_mut()).is_ready());
    assert_eq!(in_flight.take(), [1]);
    drop(sender);
    assert!(poll_body(response.body_mut()).is_ready());
    assert_eq!(in_flight.take(), [-1]);
    assert_eq!(observed.take(), seen("__unmatched__", 200, 0, 3));
}

#[tokio::test]
async fn every_other_end_is_measured_once_too() {
    let (service, observed, in_flight) = measured(forever);
    let mut answer = service.handle(get("/"));
    poll_pending(&mut answer);
    drop(answer);
    assert_eq!(observed.take(), seen("__unmatched__", 499, 0, 0));
    assert_eq!(in_flight.take(), [1, -1]);

    async fn panicking(_: Request) -> Response {
        panic!("handler")
    }
    let (service, observed, in_flight) = measured(panicking);
    assert_eq!(panics(&service, get("/")), "handler");
    assert_eq!(observed.take(), seen("__unmatched__", 500, 0, 0));
    assert_eq!(in_flight.take(), [1, -1]);
}

struct Panics;

impl HttpObserver for Panics {
    fn observe_http(&self, _: &HttpObservation<'_>) {
        panic!("observer")
    }
}

#[tokio::test]
async fn callbacks_that_panic_change_nothing() {
    let in_flight = Collected::default();
    let gauge = in_flight.clone();
    let layer = HttpMetricsLayer::new(Arc::new(Panics)).in_flight(move |change| {
        gauge.push(change);
        panic!("gauge")
    });
    let response = InProcess::new(around(&layer, hello)).get("/").await;
    assert_eq!(response.text(), "hello");
    assert_eq!(in_flight.take(), [1, -1]);
}

#[tokio::test]
async fn a_disabled_layer_does_nothing() {
    let layer = HttpMetricsLayer::disabled().in_flight(|_| panic!("not called"));
    let response = InProcess::new(around(&layer, hello)).get("/").await;
    assert_eq!(response.text(), "hello");
    assert_eq!(response.header("x-request-id"), None);
}

#[tokio::test]
async fn requests_in_flight_are_told_by_method() {
    let changes = Collected::default();
    let told = changes.clone();
    let layer = HttpMetricsLayer::new(Arc::new(Observations::default()))
        .in_flight_by_method(move |method, by| told.push((method, by)));
    let service = around(&layer, hello);
    for method in ["POST", "BREW"] {
        let request = http::Request::builder().method(method).uri("/");
        service.call(request.body(Body::empty()).unwrap()).await;
    }
    let told = [("POST", 1), ("POST", -1), ("OTHER", 1), ("OTHER", -1)];
    assert_eq!(changes.take(), told);
}
