//! The canonical stack behind real connections, HTTP/1.1 and HTTP/2: every end
//! of a response is told from every other.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use plumego_contract::{Body, BoxHttpService, Request, Response};
use plumego_testkit::until;
use tokio::io::DuplexStream;

use crate::sinks::Sinks;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    Http1,
    Http2,
}

const BOTH: [Version; 2] = [Version::Http1, Version::Http2];

/// Answers in the way the path asks for.
async fn answers(mut request: Request) -> Response {
    match request.uri().path() {
        "/full" => Response::new(Body::from_bytes("hello")),
        "/empty" => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        }
        "/echo" => {
            let body = std::mem::take(request.body_mut());
            Response::new(Body::from_bytes(
                body.collect_limited(1 << 20).await.unwrap(),
            ))
        }
        "/declared" => {
            let mut response = Response::new(stream(["six", "666"], false));
            let length = http::HeaderValue::from_static("6");
            response.headers_mut().insert("content-length", length);
            response
        }
        "/stream" => Response::new(stream(["one ", "two"], false)),
        "/broken" => Response::new(stream(["one", ""], true)),
        "/endless" => Response::new(endless()),
        "/forever" => std::future::pending().await,
        "/panic" => panic!("on purpose"),
        other => panic!("no such path: {other}"),
    }
}

fn stream(parts: [&'static str; 2], broken: bool) -> Body {
    let (mut sender, body) = Body::channel(1);
    tokio::spawn(async move {
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            let _ = sender.send(part).await;
            tokio::task::yield_now().await;
        }
        if broken {
            sender.abort("disk on fire");
        }
    });
    body
}

fn endless() -> Body {
    let (mut sender, body) = Body::channel(1);
    tokio::spawn(async move { while sender.send(vec![0; 1024]).await.is_ok() {} });
    body
}

async fn serve(version: Version, io: DuplexStream, service: BoxHttpService) {
    let service = hyper::service::service_fn(move |request: http::Request<Incoming>| {
        let service = service.clone();
        async move { Ok::<_, Infallible>(service.handle(request.map(Body::new)).await) }
    });
    let io = TokioIo::new(io);
    // A connection that its client cuts ends with an error, which is expected.
    let _ = match version {
        Version::Http1 => {
            hyper::server::conn::http1::Builder::new()
                .serve_connection(io, service)
                .await
        }
        Version::Http2 => {
            hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                .serve_connection(io, service)
                .await
        }
    };
}

enum Client {
    Http1(hyper::client::conn::http1::SendRequest<Body>),
    Http2(hyper::client::conn::http2::SendRequest<Body>),
}

impl Client {
    async fn connect(version: Version, sinks: &Sinks) -> Self {
        let (near, far) = tokio::io::duplex(16 * 1024);
        tokio::spawn(serve(version, far, sinks.around(answers)));
        let io = TokioIo::new(near);
        match version {
            Version::Http1 => {
                let (sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
                tokio::spawn(connection);
                Self::Http1(sender)
            }
            Version::Http2 => {
                let (sender, connection) =
                    hyper::client::conn::http2::handshake(TokioExecutor::new(), io)
                        .await
                        .unwrap();
                tokio::spawn(connection);
                Self::Http2(sender)
            }
        }
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: &'static str,
    ) -> hyper::Result<http::Response<Incoming>> {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://test{path}"))
            .header("host", "test")
            .body(Body::from_bytes(body))
            .unwrap();
        match self {
            Self::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
            Self::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await
            }
        }
    }
}

async fn read(response: http::Response<Incoming>) -> Result<Bytes, String> {
    let body = Body::new(response.into_body());
    body.collect_limited(1 << 20)
        .await
        .map_err(|error| error.to_string())
}

/// Waits for the one record of a request.
async fn logged(sinks: &Sinks) -> (String, String, String) {
    until("the request is logged", || async {
        !sinks.logged().is_empty()
    })
    .await;
    let mut records = sinks.logged();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(sinks.in_flight(), 0);
    records.remove(0)
}

fn record(status: &str, outcome: &str, bytes: &str) -> (String, String, String) {
    (status.to_owned(), outcome.to_owned(), bytes.to_owned())
}

#[tokio::test]
async fn whole_responses_are_complete_with_all_their_bytes() {
    for version in BOTH {
        for (method, path, sent, status, bytes) in [
            (Method::GET, "/full", "", "200", "5"),
            (Method::HEAD, "/full", "", "200", "0"),
            (Method::GET, "/empty", "", "204", "0"),
            (Method::POST, "/echo", "echoed", "200", "6"),
            (Method::GET, "/declared", "", "200", "6"),
            (Method::GET, "/stream", "", "200", "7"),
            (Method::HEAD, "/stream", "", "200", "0"),
        ] {
            // Over HTTP/2 the server sends what it is given, so there it is the
            // router that gives no body for HEAD.
            if (version, &method) == (Version::Http2, &Method::HEAD) {
                continue;
            }
            let sinks = Sinks::default();
            let mut client = Client::connect(version, &sinks).await;
            let response = client.send(method.clone(), path, sent).await.unwrap();
            assert!(response.headers().contains_key("x-request-id"));
            let body = read(response).await;
            let body = body.unwrap_or_else(|e| panic!("{version:?} {method} {path}: {e}"));
            assert_eq!(body.len().to_string(), bytes, "{version:?} {method} {path}");
            let expected = record(status, "completed", bytes);
            assert_eq!(
                logged(&sinks).await,
                expected,
                "{version:?} {method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_panic_is_answered_and_the_connection_goes_on() {
    for version in BOTH {
        let sinks = Sinks::default();
        let mut client = Client::connect(version, &sinks).await;
        let response = client.send(Method::GET, "/panic", "").await.unwrap();
        assert_eq!(response.status(), 500);
        read(response).await.unwrap();
        let response = client.send(Method::GET, "/full", "").await.unwrap();
        assert_eq!(read(response).await.unwrap(), "hello");
    }
}

#[tokio::test]
async fn a_body_that_fails_reaches_neither_its_end_nor_the_log_as_complete() {
    for version in BOTH {
        let sinks = Sinks::default();
        let mut client = Client::connect(version, &sinks).await;
        let response = client.send(Method::GET, "/broken", "").await;
        if let Ok(response) = response {
            assert!(read(response).await.is_err(), "{version:?}");
        }
        assert_eq!(
            logged(&sinks).await,
            record("200", "aborted", "3"),
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_head_is_499() {
    for version in BOTH {
        let sinks = Sinks::default();
        let mut client = Client::connect(version, &sinks).await;
        tokio::select! {
            _ = client.send(Method::GET, "/forever", "") => panic!("an answer"),
            () = until("the request arrives", || async { sinks.in_flight() == 1 }) => {}
        }
        drop(client);
        assert_eq!(
            logged(&sinks).await,
            record("499", "client_gone", "0"),
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn a_client_that_leaves_during_the_body_is_gone() {
    for version in BOTH {
        let sinks = Sinks::default();
        let mut client = Client::connect(version, &sinks).await;
        let response = client.send(Method::GET, "/endless", "").await.unwrap();
        assert_eq!(sinks.logged(), []);
        drop(response);
        drop(client);
        let (status, outcome, bytes) = logged(&sinks).await;
        assert_eq!((&*status, &*outcome), ("200", "client_gone"), "{version:?}");
        assert!(bytes.parse::<u64>().unwrap() > 0, "{version:?}");
    }
}
