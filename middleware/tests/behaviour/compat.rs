use std::future::pending;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use plumego_contract::{
    Body, BoxHttpService, ErrorRendering, Request, RequestScope, Response, ScopeInit, ScopeSettings,
};
use plumego_middleware::compat;
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::stack::Stack;
use plumego_testkit::{InProcess, TestResponse};
use tower::buffer::Buffer;
use tower::load_shed::LoadShed;
use tower::timeout::TimeoutLayer;
use tower_layer::{Layer, layer_fn};
use tower_service::Service;

use crate::support::{forever, hello};

fn fitted<L>(layer: L, inner: BoxHttpService) -> InProcess
where
    compat::CompatLayer<L>: Layer<BoxHttpService, Service = BoxHttpService>,
{
    InProcess::new(compat::layer(layer).layer(inner))
}

fn assert_refused(response: &TestResponse, status: u16, code: &str) {
    assert_eq!(response.status(), status);
    assert_eq!(response.envelope().error.code, code);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_tower_is_a_deadline() {
    let layer = TimeoutLayer::new(Duration::from_secs(1));
    let client = fitted(layer.clone(), BoxHttpService::from_handler(forever));
    let response = client.get("/").await;
    assert_refused(&response, 504, "deadline_exceeded");
    assert_eq!(response.envelope().error.message, "request timed out");
    let client = fitted(layer, BoxHttpService::from_handler(hello));
    assert_eq!(client.get("/").await.text(), "hello");
}

/// Never ready.
#[derive(Clone)]
struct Busy;

impl Service<Request> for Busy {
    type Response = Response;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Response, std::io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request) -> Self::Future {
        unreachable!("never ready")
    }
}

#[tokio::test]
async fn a_shed_load_is_busy() {
    let layer = layer_fn(|_: BoxHttpService| LoadShed::new(Busy));
    let response = fitted(layer, BoxHttpService::from_handler(hello))
        .get("/")
        .await;
    assert_refused(&response, 503, "server_busy");
    assert_eq!(response.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_closed_buffer_is_unavailable() {
    let layer = layer_fn(|inner: BoxHttpService| {
        let (buffer, worker) = Buffer::pair(inner, 1);
        drop(worker);
        buffer
    });
    let response = fitted(layer, BoxHttpService::from_handler(hello))
        .get("/")
        .await;
    assert_refused(&response, 503, "service_unavailable");
}

/// Fails, and counts how often it was asked whether it is ready.
#[derive(Clone, Default)]
struct Fails {
    asked: bool,
}

impl Service<Request> for Fails {
    type Response = http::Response<String>;
    type Error = std::io::Error;
    type Future = std::future::Ready<Result<Self::Response, std::io::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.asked = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        assert!(self.asked, "called without being ready");
        std::future::ready(match request.uri().path() {
            "/ok" => Ok(http::Response::new("theirs".to_owned())),
            _ => Err(std::io::Error::other("secret cause")),
        })
    }
}

#[tokio::test]
async fn any_other_failure_is_internal_and_reported() {
    let reported = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&reported);
    let mut settings = ScopeSettings::default();
    settings.rendering = ErrorRendering::default().with_report(Arc::new(move |error, _| {
        let cause = std::error::Error::source(error).map(ToString::to_string);
        sink.lock().unwrap().push(cause.unwrap());
    }));
    let scope = RequestScope::new(Arc::new(settings), ScopeInit::default());
    let client = fitted(
        layer_fn(|_: BoxHttpService| Fails::default()),
        BoxHttpService::from_handler(hello),
    );
    let request = client.request(http::Method::GET, "/").extension(scope);
    let response = request.send().await;
    assert_refused(&response, 500, "internal_error");
    assert!(!response.text().contains("secret"));
    assert_eq!(*reported.lock().unwrap(), ["secret cause"]);
    assert_eq!(client.get("/ok").await.text(), "theirs");
}

#[tokio::test]
async fn a_stack_works_among_layers_of_others() {
    let stack = Stack::new().push("requestid", RequestIdLayer::default());
    let inner = tower::service_fn(|request: Request| async move {
        let body = request.into_body().collect_limited(100).await.unwrap();
        match &body[..] {
            b"fail" => Err(std::io::Error::other("theirs")),
            _ => Ok(Response::new(http_body_of(&body))),
        }
    });
    let mut service = tower::timeout::Timeout::new(
        compat::into_tower(stack).layer(inner),
        Duration::from_secs(60),
    );
    let mut answers = Vec::new();
    for body in ["hello", "fail"] {
        let response = service
            .call(http::Request::new(body.to_owned()))
            .await
            .unwrap();
        assert!(response.headers().contains_key("x-request-id"));
        let status = response.status().as_u16();
        let body = response.into_body().collect_limited(1000).await.unwrap();
        answers.push((status, body.len()));
    }
    assert_eq!(answers[0], (200, 5));
    assert_eq!(answers[1].0, 500);
}

fn http_body_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_call_that_is_dropped_drops_the_foreign_call() {
    struct Signal(Arc<Mutex<bool>>);
    impl Drop for Signal {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = true;
        }
    }
    let dropped = Arc::new(Mutex::new(false));
    let flag = Arc::clone(&dropped);
    let handler = move |_: Request| {
        let signal = Signal(Arc::clone(&flag));
        async move {
            pending::<()>().await;
            drop(signal);
            Response::new(Body::empty())
        }
    };
    let layer = compat::layer(TimeoutLayer::new(Duration::from_secs(60)));
    let service = layer.layer(BoxHttpService::from_handler(handler));
    let mut answer = service.handle(crate::support::get("/"));
    crate::support::poll_pending(&mut answer);
    assert!(!*dropped.lock().unwrap());
    drop(answer);
    assert!(*dropped.lock().unwrap());
}
