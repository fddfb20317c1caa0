//! Layers for tests and the conformance cases that every layer must pass.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http::Method;
use plumego_contract::{
    Body, BoxHttpService, Error, ErrorKind, HttpService, Json, Request, Response,
};
use tower_layer::Layer;
use tower_service::Service;

use crate::InProcess;

/// Records the order in which layers see a request and its response.
#[derive(Clone, Debug, Default)]
pub struct OrderRecorder(Arc<Mutex<Vec<String>>>);

impl OrderRecorder {
    /// An empty record.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A layer that writes `<name>-in` and `<name>-out`.
    #[must_use]
    pub fn layer(&self, name: &'static str) -> RecordLayer {
        RecordLayer {
            name,
            order: self.clone(),
        }
    }

    /// Adds an entry by hand, for example from a handler.
    pub fn push(&self, entry: impl Into<String>) {
        self.lock().push(entry.into());
    }

    /// Everything recorded, joined by commas; clears the record.
    #[must_use]
    pub fn take(&self) -> String {
        std::mem::take(&mut *self.lock()).join(",")
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// See [`OrderRecorder::layer`].
#[derive(Clone, Debug)]
pub struct RecordLayer {
    name: &'static str,
    order: OrderRecorder,
}

impl<S> Layer<S> for RecordLayer {
    type Service = RecordService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        RecordService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of a [`RecordLayer`].
#[derive(Clone, Debug)]
pub struct RecordService<S> {
    inner: S,
    layer: RecordLayer,
}

type Answer = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

impl<S: HttpService> Service<Request> for RecordService<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answer {
        let layer = self.layer.clone();
        layer.order.push(format!("{}-in", layer.name));
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await;
            layer.order.push(format!("{}-out", layer.name));
            response
        })
    }
}

/// Runs the cases that hold for every layer on ordinary traffic: the result is
/// a cloneable service that calls the inner one exactly once per request, hands
/// status, headers and body through, hands errors through, and lets a panic
/// pass or answers it with an envelope.
///
/// # Panics
/// When a case fails, naming it.
pub async fn check_layer<L>(name: &str, layer: L)
where
    L: Layer<BoxHttpService>,
    L::Service: HttpService,
{
    let calls = Arc::new(AtomicUsize::new(0));
    let service = BoxHttpService::new(layer.layer(target(Arc::clone(&calls))));
    let client = InProcess::new(service.clone());
    passes_success(name, &client, &calls).await;
    passes_errors(name, &client).await;
    passes_streams(name, &client).await;
    survives_panics(name, client.clone()).await;
    serves_many(name, &client, &calls).await;
}

/// The service the cases run against.
fn target(calls: Arc<AtomicUsize>) -> BoxHttpService {
    BoxHttpService::from_handler(move |request: Request| {
        calls.fetch_add(1, Ordering::SeqCst);
        async move {
            match request.uri().path() {
                "/error" => Err(Error::new(ErrorKind::Conflict).detail("why", "taken")),
                "/panic" => panic!("on purpose"),
                "/stream" => Ok(stream().await),
                _ => Ok(answer_ok(&request)),
            }
        }
    })
}

fn answer_ok(request: &Request) -> Response {
    let scope = plumego_contract::RequestScope::detached();
    let mut response = plumego_contract::IntoResponse::into_response(
        Json(request.uri().path().to_owned()),
        &scope,
    );
    let mark = http::HeaderValue::from_static("kept");
    response.headers_mut().insert("x-handler", mark);
    response
}

async fn stream() -> Response {
    let (mut sender, body) = Body::channel(1);
    tokio::spawn(async move {
        for part in ["one ", "two ", "three"] {
            if sender.send(part).await.is_err() {
                return;
            }
        }
    });
    Response::new(body)
}

async fn passes_success(name: &str, client: &InProcess, calls: &AtomicUsize) {
    let before = calls.load(Ordering::SeqCst);
    let response = client.get("/ok").await;
    assert_eq!(response.status(), 200, "{name}: status of a success");
    assert_eq!(
        response.json::<String>(),
        "/ok",
        "{name}: body of a success"
    );
    assert_eq!(
        response.header("x-handler"),
        Some("kept"),
        "{name}: headers"
    );
    let after = calls.load(Ordering::SeqCst);
    assert_eq!(after - before, 1, "{name}: calls of the inner service");
}

async fn passes_errors(name: &str, client: &InProcess) {
    let response = client.get("/error").await;
    assert_eq!(response.status(), 409, "{name}: status of an error");
    let envelope = response.envelope();
    assert_eq!(envelope.error.code, "conflict", "{name}: code of an error");
    assert_eq!(envelope.error.details["why"], "taken", "{name}: details");
}

async fn passes_streams(name: &str, client: &InProcess) {
    let response = client.get("/stream").await;
    assert_eq!(response.text(), "one two three", "{name}: streamed body");
}

async fn survives_panics(name: &str, client: InProcess) {
    let panicked = client.clone();
    let caught = tokio::spawn(AssertUnwindSafe(async move {
        panicked.request(Method::GET, "/panic").send().await
    }));
    if let Ok(response) = caught.await {
        assert_eq!(response.status(), 500, "{name}: an answered panic");
        assert_eq!(response.envelope().error.code, "internal_error", "{name}");
    }
    assert_eq!(
        client.get("/ok").await.status(),
        200,
        "{name}: after a panic"
    );
}

async fn serves_many(name: &str, client: &InProcess, calls: &AtomicUsize) {
    let before = calls.load(Ordering::SeqCst);
    let mut tasks = Vec::new();
    for i in 0..64 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let path = format!("/ok/{i}");
            (client.get(&path).await.json::<String>(), path)
        }));
    }
    for task in tasks {
        let (answer, path) = task.await.expect("no panic");
        assert_eq!(answer, path, "{name}: concurrent requests");
    }
    let after = calls.load(Ordering::SeqCst);
    assert_eq!(after - before, 64, "{name}: calls of the inner service");
}
