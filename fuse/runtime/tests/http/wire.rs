//! Clients that are slow, many, greedy or wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fuse_runtime::Value;
use fuse_runtime::meta::{RouteClass, Verb, well_known};
use plumego_testkit::http1::{self, RawClient};
use plumego_testkit::http2::Http2Client;

use crate::site::{PATIENCE, Running, Site};

/// Adds one for every request that reaches it.
fn counting(class: RouteClass) -> (Site, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let (asked, sent) = (Arc::clone(&count), Arc::clone(&count));
    let site = Site::new()
        .get("/count", class, &well_known::INT, move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(Value::Int(1))
        })
        .route(
            Verb::Post,
            "/count",
            class,
            Some(&well_known::INT),
            &well_known::INT,
            move |_, args| {
                sent.fetch_add(1, Ordering::Relaxed);
                Ok(std::mem::replace(&mut args[0], Value::Unit))
            },
        );
    (site, count)
}

/// Whether somebody who behaves is answered.
async fn serves(running: &Running) -> bool {
    running.get("/count").await.status == 200
}

#[tokio::test]
async fn heads_that_do_not_end_are_given_up() {
    let (site, count) = counting(RouteClass::Inline);
    let running = site.env("FUSE_HTTP_HEADER_TIMEOUT_MS", "150").start();
    let mut slow = Vec::new();
    for _ in 0..50 {
        let mut client = RawClient::connect(running.address).await;
        client.send("GET /count HTTP/1.1\r\nhost: t").await.unwrap();
        slow.push(client);
    }
    assert!(serves(&running).await);
    for client in &mut slow {
        // Every one is closed, whether told why or not.
        let ending = async {
            client.incoming().await;
            client.closed().await
        };
        assert!(tokio::time::timeout(PATIENCE, ending).await.unwrap());
    }
    assert!(serves(&running).await);
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn bodies_that_do_not_come_are_given_up() {
    for class in [RouteClass::Inline, RouteClass::Blocking] {
        let (site, count) = counting(class);
        let running = site
            .env("FUSE_HTTP_HEADER_TIMEOUT_MS", "150")
            .env("FUSE_HTTP_READ_TIMEOUT_MS", "150")
            .start();
        let mut slow = RawClient::connect(running.address).await;
        slow.send("POST /count HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\n1")
            .await
            .unwrap();
        assert!(serves(&running).await);
        let answer = tokio::time::timeout(PATIENCE, slow.response())
            .await
            .unwrap();
        assert_eq!(answer.status, 408, "{}", answer.text());
        assert_eq!(answer.json()["error"]["code"], "timeout");
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }
}

#[tokio::test]
async fn bodies_that_break_off_are_refused() {
    let (site, count) = counting(RouteClass::Inline);
    let running = site.start();
    let mut client = RawClient::connect(running.address).await;
    client
        .send("POST /count HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\n1")
        .await
        .unwrap();
    client.finish().await.unwrap();
    let answer = client.response().await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(answer.json()["error"]["code"], "request_body_incomplete");
    assert_eq!(count.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn what_is_no_http_gets_a_bare_400() {
    let (site, count) = counting(RouteClass::Inline);
    let running = site.start();
    for request in [
        "nonsense\r\n\r\n",
        "GET /count\r\n\r\n",
        "GET /count HTTP/9.9\r\nhost: t\r\n\r\n",
        "GET  /count HTTP/1.1\r\nhost: t\r\n\r\n",
        "GET /count HTTP/1.1\r\nho st: t\r\n\r\n",
        "GET /count HTTP/1.1\r\nhost: t\r\na: b\rc\r\n\r\n",
        "GET /count HTTP/1.1\r\nhost: t\r\na: b\0c\r\n\r\n",
        "GET /count HTTP/1.1\r\n\r\n",
        "GET /count HTTP/1.1\r\nhost: t\r\nhost: u\r\n\r\n",
        "POST /count HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12",
        "POST /count HTTP/1.1\r\nhost: t\r\ncontent-length: -1\r\n\r\n1",
        "POST /count HTTP/1.1\r\nhost: t\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n1",
        "POST /count HTTP/1.1\r\nhost: t\r\ntransfer-encoding: cow\r\n\r\n1",
        "POST /count HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n1\r\n0\r\n\r\n",
    ] {
        let mut client = RawClient::connect(running.address).await;
        client.send(request).await.unwrap();
        let answer = tokio::time::timeout(PATIENCE, client.response())
            .await
            .unwrap_or_else(|_| panic!("no answer to {request:?}"));
        assert!(
            (400..506).contains(&answer.status),
            "{request:?}: {answer:?}"
        );
        assert_ne!(answer.status, 500, "{request:?}");
        assert!(client.closed().await, "{request:?}");
    }
    assert_eq!(count.load(Ordering::Relaxed), 0);
    assert!(serves(&running).await);
    let errors = running.world.error.text();
    assert!(!errors.contains("ERROR"), "{errors}");
}

#[tokio::test]
async fn heads_and_targets_have_limits() {
    let (site, _) = counting(RouteClass::Inline);
    let running = site.start();
    let long = "a".repeat(9 * 1024);
    let target = running.get(&format!("/{long}")).await;
    assert_eq!(target.status, 414);
    assert_eq!(target.json()["error"]["code"], "uri_too_long");
    let filler: String = (0..8).map(|i| format!("x-{i}: {long}\r\n")).collect();
    let head = running.get_with("/count", &filler).await;
    assert_eq!(head.status, 431);
    assert_eq!(head.json()["error"]["code"], "headers_too_large");
    let many: String = (0..101).map(|i| format!("x-{i}: 1\r\n")).collect();
    let many = running.get_with("/count", &many).await;
    assert_eq!(many.status, 431);
    assert_eq!(many.json()["error"]["code"], "headers_too_large");
    let fits: String = (0..99).map(|i| format!("x-{i}: 1\r\n")).collect();
    assert_eq!(running.get_with("/count", &fits).await.status, 200);
}

#[tokio::test]
async fn bodies_have_a_limit_however_they_come() {
    let (site, count) = counting(RouteClass::Inline);
    let running = site.env("FUSE_HTTP_MAX_BODY_BYTES", "8").start();
    let fits = running.send(http1::post_json("/count", "12345678")).await;
    assert_eq!((fits.status, &*fits.text()), (200, "12345678"));
    let told = running.send(http1::post_json("/count", "123456789")).await;
    let mut client = RawClient::connect(running.address).await;
    client
        .send(
            "POST /count HTTP/1.1\r\nhost: t\r\ntransfer-encoding: chunked\r\n\r\n\
             5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n",
        )
        .await
        .unwrap();
    let streamed = client.response().await;
    for answer in [told, streamed] {
        assert_eq!(answer.status, 413);
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "payload_too_large");
        assert_eq!(error["details"]["max_bytes"], 8);
    }
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    for class in [RouteClass::Inline, RouteClass::Blocking] {
        let (site, count) = counting(class);
        let running = site.start();
        let mut client = RawClient::connect(running.address).await;
        let all: String = (10..60)
            .map(|number| http1::post_json("/count", &number.to_string()))
            .collect();
        client.send(all).await.unwrap();
        for number in 10..60 {
            let answer = client.response().await;
            assert_eq!((answer.status, answer.text()), (200, number.to_string()));
        }
        assert_eq!(count.load(Ordering::Relaxed), 50);
    }
}

/// Streams of one connection that may be open at once.
const STREAMS: usize = 250;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_are_each_answered_once() {
    for class in [RouteClass::Inline, RouteClass::Blocking] {
        let (site, count) = counting(class);
        let running = site.start();
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..1_000 / STREAMS {
            let client = Arc::new(Http2Client::connect(running.address).await.unwrap());
            for _ in 0..STREAMS {
                let client = Arc::clone(&client);
                asking.spawn(async move {
                    let answer = client.get("http://t/count").await.unwrap();
                    (answer.status().as_u16(), answer.into_body())
                });
            }
        }
        while let Some(answer) = asking.join_next().await {
            let (status, body) = answer.unwrap();
            assert_eq!((status, &*body), (200, &b"1"[..]));
        }
        assert_eq!(count.load(Ordering::Relaxed), 1_000);
        assert_eq!(running.end().handled, 1_000);
    }
}

#[tokio::test]
async fn one_connection_serves_as_long_as_it_is_kept() {
    let (site, count) = counting(RouteClass::Inline);
    let running = site.start();
    let mut client = RawClient::connect(running.address).await;
    for _ in 0..500 {
        assert_eq!(client.exchange(http1::get("/count")).await.status, 200);
    }
    let last = "GET /count HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n";
    assert_eq!(client.exchange(last).await.status, 200);
    assert!(client.closed().await);
    assert_eq!(count.load(Ordering::Relaxed), 501);
}

#[tokio::test]
async fn a_connection_without_requests_is_closed() {
    let (site, _) = counting(RouteClass::Inline);
    let running = site.env("FUSE_HTTP_IDLE_TIMEOUT_MS", "100").start();
    let mut client = RawClient::connect(running.address).await;
    assert_eq!(client.exchange(http1::get("/count")).await.status, 200);
    let closed = tokio::time::timeout(PATIENCE, client.closed());
    assert!(closed.await.unwrap());
}
