//! Input of every kind.

use notes_service::{Answer, Ask, Client, Notes};
use serde_json::json;

use crate::people::{person, write};

fn post(client: &Client, body: impl Into<Vec<u8>>) -> Answer {
    let ask = Ask::new("POST", "/api/notes").typed("application/json", body);
    client.send(ask).unwrap()
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    for (body, failure) in [
        ("", "400 validation_error body:missing_field"),
        (" \n", "400 validation_error body:missing_field"),
        ("{", "400 validation_error body:invalid_json"),
        ("[1,]", "400 validation_error body:invalid_json"),
        ("{} x", "400 validation_error body:invalid_json"),
        ("[]", "400 validation_error body:type_mismatch"),
        ("null", "400 validation_error body:missing_field"),
        (
            "{\"title\":\"a\",\"title\":\"b\",\"content\":\"c\"}",
            "400 validation_error body.title:duplicate_field",
        ),
        (
            "{\"title\":\"\\ud800\",\"content\":\"c\"}",
            "400 validation_error body:invalid_json",
        ),
    ] {
        assert_eq!(post(&ada, body).failure(), failure, "{body}");
    }
    let deep = "[".repeat(100);
    assert_eq!(
        post(&ada, deep).failure(),
        "400 validation_error body:too_deep"
    );
    let broken = b"{\"title\":\"\xff\",\"content\":\"c\"}".to_vec();
    assert_eq!(
        post(&ada, broken).failure(),
        "400 validation_error body:invalid_encoding"
    );
    let place = post(&ada, "{\n  \"title\": ?}").json();
    assert_eq!(place["error"]["details"]["line"], 2);
    assert_eq!(place["error"]["details"]["column"], 12);
}

#[test]
fn types_and_sizes_of_bodies_are_limited() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    let body = r#"{"title":"a","content":"b"}"#;
    for kind in ["text/plain", "application/json; charset=latin1", "json"] {
        let ask = Ask::new("POST", "/api/notes").typed(kind, body);
        let answer = ada.send(ask).unwrap();
        assert_eq!(answer.failure(), "415 unsupported_media_type", "{kind}");
    }
    let zipped = Ask::new("POST", "/api/notes")
        .typed("application/json", body)
        .header("content-encoding", "gzip");
    assert_eq!(ada.send(zipped).unwrap().status, 415);
    let large = json!({"title": "a", "content": "b".repeat(1024 * 1024)});
    let answer = ada.json("POST", "/api/notes", &large).unwrap();
    assert_eq!(answer.failure(), "413 payload_too_large");
    // And the next request is served.
    assert_eq!(ada.get("/api/notes").unwrap().status, 200);
}

#[test]
fn text_comes_back_as_it_was_sent() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    for text in [
        "\u{0} \u{7f} \" \\ / \u{2028}",
        "'; drop table notes; --",
        "<script>alert(1)</script>",
        "\u{1f469}\u{200d}\u{1f680} e\u{301} \u{202e}",
    ] {
        let body = json!({"title": text, "content": text});
        let written = ada.json("POST", "/api/notes", &body).unwrap();
        assert_eq!(written.status, 201, "{}", written.body);
        let read = ada.get(&format!("/api/notes/{}", written.text("id")));
        let read = read.unwrap();
        assert_eq!(read.text("title"), text);
        assert_eq!(read.text("content"), text);
    }
}

#[test]
fn identifiers_are_only_that() {
    let notes = Notes::start().unwrap();
    let ada = person(&notes, "ada");
    write(&ada, "first");
    for id in [
        "'%20or%20'1'='1",
        "%00",
        "..%2f..%2fetc",
        "%F0%9F%98%80",
        &"x".repeat(2000),
    ] {
        let status = ada.get(&format!("/api/notes/{id}")).unwrap().status;
        assert!(matches!(status, 400 | 404), "{id}: {status}");
    }
    assert_eq!(
        ada.get("/api/notes/%ff").unwrap().failure(),
        "400 invalid_request_target"
    );
}

#[test]
fn tokens_are_only_that() {
    let notes = Notes::start().unwrap();
    for token in ["x", "' or '1'='1", &"t".repeat(4000), ".."] {
        let answer = notes.client().with_token(token).get("/api/me").unwrap();
        assert_eq!(answer.failure(), "401 unauthorized", "{token}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    for cookie in ["sid=", "sid=\"\"", "sid", "sid=a=b;;", "other=1"] {
        let client = notes.client().with("cookie", cookie);
        assert_eq!(client.get("/api/me").unwrap().status, 401, "{cookie}");
    }
}
