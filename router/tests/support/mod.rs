//! Requests in, answers out, without a server.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use http::{HeaderName, Method};
use plumego_contract::{
    Body, BoxHttpService, Handler, IntoResponse, Request, RequestScope, Response, Text, param,
    params, route_name, route_pattern, sync_fn,
};
use plumego_router::{Found, FrozenRouter, Route, Router};
use tower_layer::Layer;
use tower_service::Service;

/// Answers with the parameters, then method and pattern of the route.
pub(crate) fn echo() -> impl Handler {
    sync_fn(|request: Request| {
        let values: Vec<String> = params(&request).map(|(n, v)| format!("{n}={v}")).collect();
        let pattern = route_pattern(&request).unwrap_or("-").to_owned();
        let name = route_name(&request).unwrap_or("-").to_owned();
        Text::new(format!("{pattern} {name} [{}]", values.join(" ")))
    })
}

/// Answers with a fixed text.
pub(crate) fn says(text: &'static str) -> impl Handler {
    sync_fn(move |_: Request| Text::new(text))
}

/// A router with `METHOD /path` routes that [`echo`].
pub(crate) fn router(routes: &[&str]) -> Router {
    let mut router = Router::default();
    add(&mut router, routes);
    router
}

pub(crate) fn add(router: &mut Router, routes: &[&str]) {
    for route in routes {
        let (method, path) = route.split_once(' ').unwrap();
        router.add_route(Route::new(method, path, echo())).unwrap();
    }
}

pub(crate) fn request(method: &str, uri: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap();
    *request.uri_mut() = uri.parse().unwrap();
    request
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn allow(&self) -> Option<&str> {
        self.header(http::header::ALLOW)
    }

    pub(crate) fn code(&self) -> String {
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        document["error"]["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn message(&self) -> String {
        let document: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        document["error"]["message"].as_str().unwrap().to_owned()
    }
}

/// Drives a future that never waits for anything outside.
pub(crate) fn now<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the future waits");
}

pub(crate) fn send(router: &FrozenRouter, request: Request) -> Answer {
    now(async {
        let response = Service::call(&mut router.clone(), request).await.unwrap();
        answer(response).await
    })
}

pub(crate) async fn answer(response: Response) -> Answer {
    let (head, body) = response.into_parts();
    let body = body.collect_limited(1 << 20).await.unwrap();
    Answer {
        status: head.status.as_u16(),
        headers: head.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) fn ask(router: &FrozenRouter, method: &str, uri: &str) -> Answer {
    send(router, request(method, uri))
}

/// What a lookup finds, as text.
pub(crate) fn lookup(router: &FrozenRouter, method: &str, path: &str) -> String {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    match router.find(&method, path) {
        Found::Route(matched) => {
            let values: Vec<String> = matched.params().map(|(n, v)| format!("{n}={v}")).collect();
            let via = matched.route_method();
            format!("{via} {} [{}]", matched.pattern(), values.join(" "))
        }
        Found::MethodMismatch(allow) => format!("405 {allow}"),
        Found::Redirect(path) => format!("308 {path}"),
        Found::NotFound => "404".to_owned(),
        Found::BadPath => "400".to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A layer that puts its name before the body of the answer, with the pattern
/// and the parameter `id` as it sees them.
#[derive(Clone)]
pub(crate) struct Mark(pub(crate) &'static str);

impl Layer<BoxHttpService> for Mark {
    type Service = Marked;

    fn layer(&self, inner: BoxHttpService) -> Marked {
        Marked {
            name: self.0,
            inner,
        }
    }
}

#[derive(Clone)]
pub(crate) struct Marked {
    name: &'static str,
    inner: BoxHttpService,
}

impl Service<Request> for Marked {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let (name, inner) = (self.name, self.inner.clone());
        let scope = RequestScope::ensure(&mut request).clone();
        if request.headers().contains_key("x-stop") {
            return Box::pin(async move { Ok(Text::new(name).into_response(&scope)) });
        }
        let id = param(&request, "id").unwrap_or("-").to_owned();
        let pattern = route_pattern(&request).unwrap_or("-").to_owned();
        Box::pin(async move {
            let answer = answer(inner.handle(request).await).await;
            let text = format!("{name}({pattern},{id}) {}", answer.body);
            let mut response = Text::new(text).into_response(&scope);
            *response.status_mut() = answer.status.try_into().unwrap();
            Ok(response)
        })
    }
}
