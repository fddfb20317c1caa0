use std::collections::BTreeMap;

use http::StatusCode;
use plumego_contract::{
    Binary, Html, IntoResponse, Json, Reply, RequestScope, SetCookie, SuccessEnvelope,
    SuccessStatus, Text, html, raw_json, write_response,
};
use serde_json::{Value, json};

use super::{Answer, reporting, with_id};

#[test]
fn success_statuses_and_no_others() {
    for status in 0..1000_u16 {
        let accepted = SuccessStatus::try_from(status).is_ok();
        assert_eq!(accepted, (200..300).contains(&status), "{status}");
    }
    for status in [100, 199, 300, 304, 404, 500] {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::CONTINUE);
        assert!(SuccessStatus::try_from(status).is_err());
    }
}

#[tokio::test]
async fn every_status_writes_the_envelope() {
    for status in (200..300_u16).filter(|s| ![204, 205].contains(s)) {
        let reply = Reply::with_status(SuccessStatus::try_from(status).unwrap(), 1);
        let answer = Answer::of(reply).await;
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (status, r#"{"data":1}"#)
        );
    }
}

#[tokio::test]
async fn payloads_that_look_like_nothing_are_sent() {
    for payload in [json!(null), json!(0), json!(""), json!(false), json!([])] {
        let answer = Answer::of(Reply::ok(&payload)).await;
        assert_eq!(answer.body, format!(r#"{{"data":{payload}}}"#));
        let answer = Answer::of(Json(&payload)).await;
        assert_eq!(answer.body, payload.to_string());
    }
}

#[tokio::test]
async fn members_in_order() {
    let scope = with_id(RequestScope::detached(), "r1");
    let reply = Reply::created(json!({"b": 1}))
        .meta("total", 41)
        .meta_object(BTreeMap::from([("limit", 20)]));
    let answer = Answer::read(reply.into_response(&scope)).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.body,
        r#"{"data":{"b":1},"meta":{"limit":20,"total":41},"request_id":"r1"}"#
    );
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    let read = SuccessEnvelope::<Value>::decode(answer.body.as_bytes()).unwrap();
    assert_eq!(read.request_id.as_deref(), Some("r1"));
    assert_eq!(read.data, Some(json!({"b": 1})));
    assert_eq!(Answer::of(Reply::empty(SuccessStatus::OK)).await.body, "{}");
    let empty_meta = Reply::ok(1).meta_object(json!({}));
    assert_eq!(Answer::of(empty_meta).await.body, r#"{"data":1}"#);
}

#[tokio::test]
async fn statuses_without_a_body() {
    for reply in [
        Reply::no_content(),
        Reply::empty(SuccessStatus::RESET_CONTENT),
    ] {
        let reply = reply.header("x-a".parse().unwrap(), "1".parse().unwrap());
        let answer = Answer::of(reply).await;
        assert!([204, 205].contains(&answer.status));
        assert_eq!(answer.body, "");
        assert_eq!(answer.header("content-type"), "");
        assert_eq!(answer.header("content-length"), "");
        assert_eq!(answer.header("x-a"), "1");
    }
    assert_eq!(Answer::of(()).await.status, 204);
}

#[tokio::test]
async fn what_cannot_be_encoded_is_an_error_and_reported() {
    // Keys of a JSON object are text.
    let odd = BTreeMap::from([(vec![1], 2)]);
    let (scope, causes) = reporting();
    let answers = [
        Reply::ok(&odd).into_response(&scope),
        Reply::ok(1).meta_object(&odd).into_response(&scope),
        Reply::ok(1).meta_object(17).into_response(&scope),
        Json(&odd).into_response(&scope),
    ];
    for answer in answers {
        let answer = Answer::read(answer).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json()["error"]["code"], "internal_error");
        assert!(!answer.body.contains("data"));
    }
    assert_eq!(causes.lock().unwrap().len(), 4);
    assert!(write_response(&scope, SuccessStatus::OK, Some(&odd), None::<&()>).is_err());
    assert!(raw_json(StatusCode::SERVICE_UNAVAILABLE, &odd).is_err());
    // A failed document leaves nothing behind for the next one.
    assert_eq!(Answer::of(Json(1)).await.body, "1");
}

#[tokio::test]
async fn locations() {
    let reply = Reply::created_at("/users/17", 1).unwrap();
    assert_eq!(Answer::of(reply).await.header("location"), "/users/17");
    for bad in ["", "/a b", "/é", "/a\r\nx: y"] {
        assert!(Reply::created_at(bad, 1).is_err(), "{bad:?}");
    }
}

#[tokio::test]
async fn cookies_keep_their_order_and_broken_ones_are_failures() {
    let reply = Reply::ok(1)
        .cookie(SetCookie::new("a", "1"))
        .cookie(SetCookie::removal("b"));
    let answer = Answer::of(reply).await;
    let set: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(set.len(), 2);
    assert!(set[0].to_str().unwrap().starts_with("a=1; "));
    assert!(set[1].to_str().unwrap().starts_with("b=; "));

    let (scope, causes) = reporting();
    let broken = Reply::ok(1).cookie(SetCookie::new("a b", "secret"));
    let answer = Answer::read(broken.into_response(&scope)).await;
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("set-cookie"), "");
    assert_eq!(causes.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn text_html_and_bytes() {
    let page = Html::new(format!("<p>{}</p>", html::escape("<&\"'>")));
    let jpeg = Binary::new("image/jpeg".parse().unwrap(), vec![b'x'; 3]);
    for (answer, content_type, body) in [
        (
            Answer::of(Text::new("é")).await,
            "text/plain; charset=utf-8",
            "é",
        ),
        (
            Answer::of(page).await,
            "text/html; charset=utf-8",
            "<p>&lt;&amp;&quot;&#39;&gt;</p>",
        ),
        (Answer::of(jpeg).await, "image/jpeg", "xxx"),
    ] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.body, body);
    }
}
