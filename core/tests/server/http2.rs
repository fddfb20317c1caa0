//! HTTP/2 as clients see it, and as attackers use it.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use plumego_contract::{Body, Json, Response};
use plumego_core::{AppConfig, Http2Policy};
use plumego_testkit::http1::{Incoming, RawClient, get};
use plumego_testkit::http2::{Http2Client, PREFACE, RawHttp2, kind};

use crate::harness::{OnDrop, basic, config, start};

fn prior_knowledge() -> AppConfig {
    let mut config = config();
    config.http2.policy = Http2Policy::AlpnAndPriorKnowledge;
    config
}

#[tokio::test]
async fn prior_knowledge_serves_both_protocols_on_one_port() {
    let server = start(prior_knowledge(), basic).await;
    let client = Http2Client::connect(server.address).await.unwrap();
    let response = client.get("http://test/").await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.body(), "\"hello\"");
    let mut old = RawClient::connect(server.address).await;
    assert_eq!(old.exchange(get("/")).await.text(), "\"hello\"");
    old.send("P").await.unwrap();
    assert_eq!(
        old.exchange(&get("/")[1..]).await.status,
        405,
        "the method is PET"
    );
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn without_the_policy_the_preface_is_refused() {
    let server = start(config(), basic).await;
    let mut client = RawClient::connect(server.address).await;
    client.send(PREFACE).await.unwrap();
    match client.incoming().await {
        Incoming::Response(response) => assert_eq!(response.status, 400),
        Incoming::Closed | Incoming::Broken(_) => {}
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_independent_and_a_panic_stays_in_its_own() {
    let server = start(prior_knowledge(), basic).await;
    let client = Http2Client::connect(server.address).await.unwrap();
    let mut tasks = Vec::new();
    for i in 0..60 {
        let client = client.clone();
        tasks.push(tokio::spawn(async move {
            let path = if i % 3 == 0 { "panic" } else { "" };
            let response = client.get(&format!("http://test/{path}")).await.unwrap();
            (i, response.status().as_u16())
        }));
    }
    for task in tasks {
        let (i, status) = task.await.unwrap();
        assert_eq!(status, if i % 3 == 0 { 500 } else { 200 });
    }
    assert_eq!(server.log.with_message("panic recovered").len(), 20);
    assert!(!server.log.contains("a secret"));
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn connection_headers_of_handlers_are_removed() {
    let server = start(prior_knowledge(), |app| {
        app.get("/old", |_: plumego_contract::Request| async {
            let mut response = Response::new(Body::from_bytes("x"));
            for name in ["connection", "keep-alive", "proxy-connection", "upgrade"] {
                response.headers_mut().insert(name, "x".parse().unwrap());
            }
            response
        })
        .unwrap();
    })
    .await;
    let client = Http2Client::connect(server.address).await.unwrap();
    let response = client.get("http://test/old").await.unwrap();
    for name in ["connection", "keep-alive", "proxy-connection", "upgrade"] {
        assert_eq!(response.headers().get(name), None, "{name}");
    }
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn bodies_trailers_and_head() {
    let server = start(prior_knowledge(), basic).await;
    let client = Http2Client::connect(server.address).await.unwrap();
    let body = Bytes::from(vec![b'z'; 300_000]);
    let request = Request::post("http://test/echo")
        .body(body.clone())
        .unwrap();
    assert_eq!(client.send(request).await.unwrap().body(), &body);
    let head = Request::head("http://test/").body(Bytes::new()).unwrap();
    let response = client.send(head).await.unwrap();
    assert_eq!(response.headers()["content-length"], "7");
    assert!(response.body().is_empty());
    let long = format!("http://test/{}", "x".repeat(9000));
    let refused = Request::head(&long).body(Bytes::new()).unwrap();
    let response = client.send(refused).await.unwrap();
    assert_eq!(response.status(), 414);
    assert!(response.body().is_empty(), "errors have no body either");
    drop(client);
    server.stop().await;
}

#[tokio::test]
async fn oversized_heads_and_targets_are_refused() {
    let server = start(prior_knowledge().with_max_header_bytes(8192), basic).await;
    let client = Http2Client::connect(server.address).await.unwrap();
    let long = format!("http://test/{}", "x".repeat(7000));
    assert_eq!(client.get(&long).await.unwrap().status(), 404);
    let mut many = Request::get("http://test/");
    for i in 0..120 {
        many = many.header(format!("x-{i}"), "1");
    }
    let response = client.send(many.body(Bytes::new()).unwrap()).await.unwrap();
    assert_eq!(response.status(), 431);
    let large = Request::get("http://test/")
        .header("x-large", "y".repeat(10_000))
        .body(Bytes::new())
        .unwrap();
    match client.send(large).await {
        Ok(response) => assert_eq!(response.status(), 431),
        Err(error) => assert!(error.is_reset() || error.is_go_away(), "{error}"),
    }
    server.stop().await;
}

#[tokio::test]
async fn a_reset_stream_ends_its_handler() {
    let dropped = Arc::new(tokio::sync::Notify::new());
    let entered = Arc::new(tokio::sync::Notify::new());
    let (on_drop, on_enter) = (Arc::clone(&dropped), Arc::clone(&entered));
    let server = start(prior_knowledge(), |app| {
        app.get("/", move |_: plumego_contract::Request| {
            let guard = OnDrop(Arc::clone(&on_drop));
            on_enter.notify_one();
            async move {
                let _guard = guard;
                std::future::pending::<Json<()>>().await
            }
        })
        .unwrap();
    })
    .await;
    let mut client = RawHttp2::connect(server.address).await.unwrap();
    client.get_root(1).await.unwrap();
    entered.notified().await;
    client
        .send(kind::RST_STREAM, 0, 1, &8_u32.to_be_bytes())
        .await
        .unwrap();
    dropped.notified().await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_resets_ends_the_connection_and_only_that() {
    const ENHANCE_YOUR_CALM: u32 = 0xb;
    let server = start(prior_knowledge(), basic).await;
    let mut client = RawHttp2::connect(server.address).await.unwrap();
    for i in 0..20_000_u32 {
        let stream = 2 * i + 1;
        let sent = client.get_root(stream).await.is_ok()
            && client
                .send(kind::RST_STREAM, 0, stream, &8_u32.to_be_bytes())
                .await
                .is_ok();
        if !sent {
            break;
        }
    }
    // The code may be lost when the socket is reset with input unread; that
    // the connection ended is what counts.
    if let Some(code) = client.goaway().await {
        assert_eq!(code, ENHANCE_YOUR_CALM);
    }
    let other = Http2Client::connect(server.address).await.unwrap();
    assert_eq!(other.get("http://test/").await.unwrap().status(), 200);
    drop(other);
    server.stop().await;
}

#[tokio::test]
async fn endless_continuations_are_cut() {
    let server = start(prior_knowledge(), basic).await;
    let mut client = RawHttp2::connect(server.address).await.unwrap();
    // HEADERS without END_HEADERS, then CONTINUATION without end. Each block is
    // one literal header field with a fresh name (RFC 7541 section 6.2.2).
    client
        .send(kind::HEADERS, 0x1, 1, &[0x82, 0x86, 0x84])
        .await
        .unwrap();
    let field = [&[0x00, 0x01, b'x', 0x7f, 0x81, 0x01][..], &[b'y'; 256]].concat();
    let mut frames = 0;
    while client.send(kind::CONTINUATION, 0, 1, &field).await.is_ok() {
        frames += 1;
        assert!(frames < 1_000_000, "the server never gave up");
    }
    server.stop().await;
}

#[tokio::test]
async fn an_idle_connection_gets_goaway() {
    let config = prior_knowledge().with_idle_timeout(std::time::Duration::from_millis(80));
    let server = start(config, basic).await;
    let mut client = RawHttp2::connect(server.address).await.unwrap();
    assert_eq!(client.goaway().await, Some(0));
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_makes_no_room_is_cut() {
    /// SETTINGS_INITIAL_WINDOW_SIZE, RFC 9113 section 6.5.2.
    const INITIAL_WINDOW_SIZE: u8 = 0x4;
    let config = prior_knowledge().with_write_timeout(std::time::Duration::from_millis(80));
    let server = start(config, |app| {
        app.get("/", |_: plumego_contract::Request| async {
            let (mut sender, body) = Body::channel(1);
            tokio::spawn(async move { while sender.send(vec![0; 4096]).await.is_ok() {} });
            Response::new(body)
        })
        .unwrap();
    })
    .await;
    let mut client = RawHttp2::connect(server.address).await.unwrap();
    let no_room = [0, INITIAL_WINDOW_SIZE, 0, 0, 0, 0];
    client.send(kind::SETTINGS, 0, 0, &no_room).await.unwrap();
    client.get_root(1).await.unwrap();
    while let Ok(Some(_)) = client.receive().await {}
    let message = "connection reset: the peer reads nothing";
    assert_eq!(server.log.with_message(message).len(), 1);
    server.stop().await;
}
