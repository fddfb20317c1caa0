use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use plumego_contract::{Body, IntoResponse, RequestScope, Response};
use serde_json::{Value, json};

use super::*;
use crate::domain::{ItemPage, MemoryItems, StoreError};

const SECRET_CAUSE: &str = "disk /dev/sda1 is gone";

/// A store that is not there any more.
#[derive(Debug)]
struct BrokenItems;

fn broken<T>() -> Result<T, StoreError> {
    Err(StoreError::new(SECRET_CAUSE))
}

impl ItemService for BrokenItems {
    async fn create(&self, _: ItemDraft) -> Result<Item, StoreError> {
        broken()
    }

    async fn get(&self, _: &str) -> Result<Option<Item>, StoreError> {
        broken()
    }

    async fn list(&self, _: Page) -> Result<ItemPage, StoreError> {
        broken()
    }

    async fn update(&self, _: &str, _: ItemDraft) -> Result<Option<Item>, StoreError> {
        broken()
    }

    async fn patch(&self, _: &str, _: ItemChange) -> Result<Option<Item>, StoreError> {
        broken()
    }

    async fn delete(&self, _: &str) -> Result<Option<()>, StoreError> {
        broken()
    }
}

fn handler<S: ItemService>(service: S) -> Arc<ItemHandler<S>> {
    Arc::new(ItemHandler::new(Arc::new(service), 1024 * 1024))
}

fn with_body(body: &str) -> Request {
    let mut request = Request::new(Body::from_bytes(body.to_owned()));
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(CONTENT_TYPE, json);
    request
}

fn listing(query: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = format!("/api/v1/items?{query}").parse().unwrap();
    request
}

fn response(answer: impl IntoResponse) -> Response {
    answer.into_response(&RequestScope::detached())
}

async fn document(response: Response) -> Value {
    let body = response.into_body().collect_limited(1 << 20).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

/// Path and code of each field problem.
fn fields(error: &Error) -> Vec<(&str, &str)> {
    let problems = error.field_errors().iter();
    problems
        .map(|problem| (problem.path().as_str(), problem.code()))
        .collect()
}

#[tokio::test]
async fn a_created_item_is_returned_with_its_location() {
    let body = r#"{"name":" pen ","description":"blue"}"#;
    let created = response(
        handler(MemoryItems::default())
            .create(with_body(body))
            .await,
    );
    assert_eq!(created.status(), StatusCode::CREATED);
    let location = created.headers()[LOCATION].to_str().unwrap().to_owned();
    let data = &document(created).await["data"];
    assert_eq!(data["name"], "pen");
    assert_eq!(data["created_at"], data["updated_at"]);
    assert_eq!(
        location,
        format!("/api/v1/items/{}", data["id"].as_str().unwrap())
    );
}

#[tokio::test]
async fn bodies_that_are_refused_say_why() {
    let long = format!(r#"{{"name":"{}","description":"x"}}"#, "n".repeat(201));
    for (body, expected) in [
        ("", &[("body", "missing_field")][..]),
        (" \n", &[("body", "missing_field")]),
        ("{", &[("body", "invalid_json")]),
        (
            r#"{"name":"a","description":"b"} x"#,
            &[("body", "invalid_json")],
        ),
        (r#"["a","b"]"#, &[("body", "type_mismatch")]),
        ("7", &[("body", "type_mismatch")]),
        (
            r#"{"name":"a","description":"b","x":1,"y":2}"#,
            &[("body.x", "unknown_field"), ("body.y", "unknown_field")],
        ),
        (
            "{}",
            &[
                ("body.name", "missing_field"),
                ("body.description", "missing_field"),
            ],
        ),
        (
            r#"{"name":"  ","description":null}"#,
            &[
                ("body.name", "missing_field"),
                ("body.description", "missing_field"),
            ],
        ),
        (
            r#"{"name":1,"description":"b"}"#,
            &[("body.name", "type_mismatch")],
        ),
        (&long, &[("body.name", "too_long")]),
    ] {
        let refused = handler(MemoryItems::default())
            .create(with_body(body))
            .await;
        let error = refused.unwrap_err();
        assert_eq!(error.status(), StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(error.code_str(), "validation_error", "{body}");
        assert_eq!(fields(&error), expected, "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_json_by_its_type_is_not_read() {
    let mut request = with_body("{}");
    let text = HeaderValue::from_static("text/plain");
    request.headers_mut().insert(CONTENT_TYPE, text);
    let refused = handler(MemoryItems::default()).create(request).await;
    assert_eq!(refused.unwrap_err().status(), 415);
}

#[tokio::test]
async fn pages_are_bounded_and_never_moved() {
    for (query, expected) in [
        ("limit=0", &[("query.limit", "out_of_range")][..]),
        ("limit=101", &[("query.limit", "out_of_range")]),
        ("limit=-1", &[("query.limit", "out_of_range")]),
        ("limit=ten", &[("query.limit", "type_mismatch")]),
        (
            "limit=99999999999999999999",
            &[("query.limit", "out_of_range")],
        ),
        ("offset=-1", &[("query.offset", "out_of_range")]),
        ("offset=1.5", &[("query.offset", "type_mismatch")]),
        (
            "limit=0&offset=-1",
            &[
                ("query.limit", "out_of_range"),
                ("query.offset", "out_of_range"),
            ],
        ),
    ] {
        let refused = handler(MemoryItems::default()).list(listing(query)).await;
        assert_eq!(fields(&refused.unwrap_err()), expected, "{query}");
    }
    for (query, limit, offset) in [
        ("", 20, 0),
        ("limit=", 20, 0),
        ("limit=100&offset=7", 100, 7),
    ] {
        let listed = handler(MemoryItems::default()).list(listing(query)).await;
        let document = document(response(listed)).await;
        let meta = json!({"total": 0, "limit": limit, "offset": offset});
        assert_eq!(document, json!({"data": [], "meta": meta}), "{query}");
    }
}

#[tokio::test]
async fn a_failing_store_is_an_internal_error_without_its_cause() {
    let items = handler(BrokenItems);
    let body = r#"{"name":"a","description":"b"}"#;
    let answers = [
        response(Arc::clone(&items).list(listing("")).await),
        response(items.create(with_body(body)).await),
    ];
    for answer in answers {
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let document = document(answer).await;
        assert_eq!(document["error"]["code"], "internal_error");
        assert!(!document.to_string().contains(SECRET_CAUSE));
    }
}

#[test]
fn an_id_is_echoed_in_part_only() {
    let error = not_found(&"é".repeat(100));
    assert_eq!(error.details_map()["id"], "é".repeat(32));
}
