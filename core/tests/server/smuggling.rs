//! Requests that two implementations could read differently.

use plumego_testkit::http1::{Incoming, RawClient};

use crate::harness::{basic, config, start};

/// Each must be refused with 400 or by closing, and must not be followed by a
/// second response on the same connection.
const CORPUS: &[(&str, &str)] = &[
    (
        "content-length before transfer-encoding",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    (
        "transfer-encoding before content-length",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    (
        "two different lengths",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    ),
    (
        "a list of different lengths",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 4\r\n\r\nabcd",
    ),
    (
        "a signed length",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
    ),
    (
        "a length that overflows",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
    ),
    (
        "an unknown last coding",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    ),
    (
        "a coding in HTTP/1.0",
        "POST /echo HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ),
    (
        "obs-fold",
        "GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n  folded\r\n\r\n",
    ),
    (
        "a blank before the colon",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
    ),
    (
        "a bare line feed after a chunk size",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    ),
    (
        "a chunk size that is no number",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
    ),
    (
        "a chunk size that overflows",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
    ),
    (
        "a chunk without its end",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    ),
    ("no host", "GET / HTTP/1.1\r\n\r\n"),
    ("two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
    (
        "the same host twice",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    ),
    (
        "a NUL in a value",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    ),
    (
        "a carriage return in a value",
        "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    ),
    (
        "a blank in the target",
        "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
    ),
    ("an unknown version", "GET / HTTP/3.7\r\nHost: a\r\n\r\n"),
    ("no request at all", "\x16\x03\x01\x02\0\x01\0\x01"),
];

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_requests_are_refused_and_the_connection_ends() {
    let server = start(config(), basic).await;
    for (what, request) in CORPUS {
        let mut client = RawClient::connect(server.address).await;
        client.send(request).await.unwrap();
        let answer = client.incoming().await;
        match &answer {
            Incoming::Response(response) => {
                assert_eq!(response.status, 400, "{what}: {response:?}");
            }
            Incoming::Closed | Incoming::Broken(_) => {}
        }
        let second = client.incoming().await;
        assert!(
            !matches!(second, Incoming::Response(_)),
            "{what}: answered twice"
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_refusal_of_two_lengths_is_an_envelope() {
    let server = start(config(), basic).await;
    let (_, request) = CORPUS[1];
    let mut client = RawClient::connect(server.address).await;
    let response = client.exchange(request).await;
    assert_eq!(response.json()["error"]["code"], "bad_request");
    assert_eq!(response.header("connection"), Some("close"));
    server.stop().await;
}

#[tokio::test]
async fn equal_lengths_and_unusual_spelling_are_served() {
    let server = start(config(), basic).await;
    for request in [
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        "POST /echo HTTP/1.1\r\nHOST:a\r\ntransfer-ENCODING: Chunked\r\n\r\n3;ext=1\r\nabc\r\n0\r\nTrailer: x\r\n\r\n",
        "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    ] {
        let mut client = RawClient::connect(server.address).await;
        let response = client.exchange(request).await;
        assert_eq!(
            (response.status, response.text().as_str()),
            (200, "abc"),
            "{request}"
        );
    }
    server.stop().await;
}
