use bytes::Bytes;
use plumego_contract::bind::{
    BodyAlreadyBound, EmptyBody, FormOptions, JsonContentType, JsonOptions,
};
use plumego_contract::{
    Body, BodyLimitExceeded, BoxError, Error, IntoResponse, ReadTimeout, Request, RequestExt,
    RequestScope, RouteMatch,
};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, reporting, request};

const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A body of unknown length.
fn chunked(chunks: Vec<Result<&'static str, BoxError>>) -> Body {
    let chunks = chunks.into_iter().map(|chunk| chunk.map(Bytes::from));
    Body::from_stream(futures_util::stream::iter(chunks))
}

fn full(text: impl Into<Bytes>) -> Body {
    Body::from_bytes(text)
}

/// Status, code, and paths with codes of the entries.
fn told(error: &Error) -> (u16, String, Vec<String>) {
    let fields = error.field_errors().iter();
    let fields = fields.map(|f| format!("{} {}", f.path(), f.code()));
    (
        error.status().as_u16(),
        error.code_str().to_owned(),
        fields.collect(),
    )
}

async fn json_error(mut request: Request, options: &JsonOptions) -> (u16, String, Vec<String>) {
    told(&request.json_with::<Value>(options).await.unwrap_err())
}

fn says(status: u16, code: &str, fields: &[&str]) -> (u16, String, Vec<String>) {
    let fields = fields.iter().map(ToString::to_string);
    (status, code.to_owned(), fields.collect())
}

#[tokio::test]
async fn a_body_binds_whole_and_in_chunks() {
    for body in [
        full(r#"{"a":[1,2]}"#),
        chunked(vec![Ok("{\"a\""), Ok(":[1"), Ok(",2]}")]),
    ] {
        let value: Value = request(&[JSON], body).json().await.unwrap();
        assert_eq!(value["a"][1], 2);
    }
}

#[tokio::test]
async fn media_types() {
    use JsonContentType::{AllowMissing, Any, RequireJson};
    for (declared, rule, accepted) in [
        (Some("application/json"), RequireJson, true),
        (
            Some("application/vnd.api+json; charset=utf-8"),
            RequireJson,
            true,
        ),
        (Some("text/plain"), RequireJson, false),
        (Some("application/json; charset=latin1"), RequireJson, false),
        (None, RequireJson, false),
        (None, AllowMissing, true),
        (Some("text/plain"), AllowMissing, false),
        (Some("text/plain"), Any, true),
        (None, Any, true),
    ] {
        let options = JsonOptions::default().with_content_type(rule);
        let headers: Vec<_> = declared.map(|d| ("content-type", d)).into_iter().collect();
        let result = request(&headers, full("1")).json_with::<u8>(&options).await;
        assert_eq!(result.is_ok(), accepted, "{declared:?} {rule:?}");
        if let Err(error) = result {
            assert_eq!(told(&error), says(415, "unsupported_media_type", &[]));
            assert_eq!(error.headers()["accept"], "application/json");
        }
    }
}

#[tokio::test]
async fn content_codings() {
    let identity = request(&[JSON, ("content-encoding", "Identity")], full("1"));
    let mut identity = identity;
    assert_eq!(identity.json::<u8>().await.unwrap(), 1);
    for coding in ["gzip", "br", "identity, gzip"] {
        let mut coded = request(&[JSON, ("content-encoding", coding)], full("1"));
        let error = coded.json::<u8>().await.unwrap_err();
        assert_eq!(error.status(), 415);
        assert_eq!(error.headers()["accept-encoding"], "identity");
    }
}

#[tokio::test]
async fn json_is_bounded() {
    let options = JsonOptions::default().with_max_bytes(4);
    for (body, fits) in [
        (full("1234"), true),
        (full("12345"), false),
        (chunked(vec![Ok("12"), Ok("34")]), true),
        (chunked(vec![Ok("12"), Ok("345")]), false),
    ] {
        let result = request(&[JSON], body).json_with::<u32>(&options).await;
        assert_eq!(result.is_ok(), fits);
        if let Err(error) = result {
            assert_eq!(told(&error), says(413, "payload_too_large", &[]));
            assert_eq!(error.details_map()["max_bytes"], 4);
        }
    }
    // The declared length is enough to refuse; nothing is read.
    let declared = request(
        &[JSON, ("content-length", "5")],
        chunked(vec![Err("must not be read".into())]),
    );
    assert_eq!(json_error(declared, &options).await.0, 413);
    let default = request(&[JSON], full(" ".repeat(1024 * 1024) + "1"));
    assert_eq!(json_error(default, &JsonOptions::default()).await.0, 413);
}

#[tokio::test]
async fn a_limit_further_out_counts_when_it_is_smaller() {
    let limit = BodyLimitExceeded::new(3, 4);
    let body = chunked(vec![Ok("12"), Err(limit.into())]);
    let error = request(&[JSON], body).json::<u32>().await.unwrap_err();
    assert_eq!(error.status(), 413);
    assert_eq!(error.details_map()["max_bytes"], 3);
}

#[tokio::test]
async fn transfers_that_fail() {
    for (cause, expected) in [
        (
            BoxError::from("reset"),
            says(400, "request_body_incomplete", &[]),
        ),
        (ReadTimeout.into(), says(408, "timeout", &[])),
        (
            Error::from_status(422).into(),
            says(422, "invalid_request", &[]),
        ),
    ] {
        let body = chunked(vec![Ok("{\"a\":"), Err(cause)]);
        let error = json_error(request(&[JSON], body), &JsonOptions::default()).await;
        assert_eq!(error, expected);
    }
}

#[tokio::test]
async fn empty_bodies() {
    let missing = says(400, "validation_error", &["body missing_field"]);
    let options = JsonOptions::default();
    for (headers, body) in [
        (&[JSON][..], Body::empty()),
        (&[], Body::empty()),
        (&[JSON], full("  \n")),
        (&[JSON], chunked(vec![])),
    ] {
        assert_eq!(json_error(request(headers, body), &options).await, missing);
    }
    let options = options.with_empty(EmptyBody::AsNull);
    let mut empty = request(&[], Body::empty());
    assert_eq!(empty.json_with::<Option<u8>>(&options).await.unwrap(), None);
}

#[tokio::test]
async fn a_body_is_bound_once() {
    let (scope, causes) = reporting();
    let mut request = request(&[JSON], full("1"));
    assert_eq!(request.json::<u8>().await.unwrap(), 1);
    let again = [
        request.json::<u8>().await.unwrap_err(),
        request.form::<Value>().await.unwrap_err(),
        request.bytes(9).await.unwrap_err(),
        request.text(9).await.unwrap_err(),
    ];
    for error in again {
        let answer = Answer::read(error.into_response(&scope)).await;
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json()["error"]["code"], "internal_error");
    }
    let told = causes.lock().unwrap().clone();
    assert_eq!(told, vec![BodyAlreadyBound.to_string(); 4]);
}

#[tokio::test]
async fn an_empty_body_is_bound_once_as_well() {
    let mut request = request(&[], Body::empty());
    assert_eq!(request.bytes(9).await.unwrap(), "");
    assert_eq!(request.bytes(9).await.unwrap_err().status(), 500);
}

#[derive(Debug, Deserialize, PartialEq)]
struct Login {
    user: String,
    remember: Option<bool>,
    attempts: Option<u8>,
}

#[tokio::test]
async fn forms() {
    let mut good = request(&[FORM], full("user=a+b%26c&remember=1&x=y"));
    let login: Login = good.form().await.unwrap();
    assert_eq!(login.user, "a b&c");
    assert_eq!(login.remember, Some(true));

    let mut bad = request(&[FORM], full("remember=maybe&attempts=999&attempts=1&y=%f"));
    let error = bad.form::<Login>().await.unwrap_err();
    assert_eq!(
        told(&error),
        says(
            400,
            "validation_error",
            &[
                "form.user missing_field",
                "form.remember type_mismatch",
                "form.attempts duplicate_field",
                "form.y invalid_encoding",
            ]
        )
    );

    for headers in [&[JSON][..], &[]] {
        let error = request(headers, full("user=a"))
            .form::<Login>()
            .await
            .unwrap_err();
        assert_eq!(told(&error), says(415, "unsupported_media_type", &[]));
        assert_eq!(error.headers()["accept"], FORM.1);
    }
}

#[tokio::test]
async fn forms_are_bounded() {
    let pairs = |n: usize| full(vec!["x=1"; n].join("&") + "&user=a");
    assert!(request(&[FORM], pairs(999)).form::<Login>().await.is_ok());
    let error = request(&[FORM], pairs(1000))
        .form::<Login>()
        .await
        .unwrap_err();
    assert_eq!(
        told(&error),
        says(400, "validation_error", &["form too_many"])
    );
    let long = |n: usize| full(format!("user={}", "a".repeat(n - 5)));
    assert!(
        request(&[FORM], long(256 * 1024))
            .form::<Login>()
            .await
            .is_ok()
    );
    let error = request(&[FORM], long(256 * 1024 + 1))
        .form::<Login>()
        .await
        .unwrap_err();
    assert_eq!(told(&error), says(413, "payload_too_large", &[]));
    let options = FormOptions::default().with_max_pairs(1);
    let mut two = request(&[FORM], full("user=a&x=1"));
    assert!(two.form_with::<Login>(&options).await.is_err());
}

#[tokio::test]
async fn bytes_and_text() {
    let mut exact = request(&[], full("1234"));
    assert_eq!(exact.bytes(4).await.unwrap(), "1234");
    let error = request(&[], full("12345")).bytes(4).await.unwrap_err();
    assert_eq!(told(&error), says(413, "payload_too_large", &[]));
    assert_eq!(request(&[], full("é")).text(4).await.unwrap(), "é");
    let error = request(&[], full(&b"\xff"[..])).text(4).await.unwrap_err();
    assert_eq!(
        told(&error),
        says(400, "validation_error", &["body invalid_encoding"])
    );
}

fn routed(params: &[(&str, &str)]) -> Request {
    let mut request = request(&[], Body::empty());
    let scope = RequestScope::ensure(&mut request);
    let route = RouteMatch::for_test("/x", None, params);
    assert!(scope.set_route(route).is_ok());
    request
}

#[test]
fn path_parameters() {
    let request = routed(&[("id", "17"), ("name", "a b"), ("bad", "x")]);
    assert_eq!(request.param::<u64>("id").unwrap(), 17);
    assert_eq!(request.param::<String>("name").unwrap(), "a b");
    let error = request.param::<u64>("bad").unwrap_err();
    assert_eq!(
        told(&error),
        says(400, "validation_error", &["path.bad type_mismatch"])
    );

    #[derive(Deserialize)]
    struct Params {
        id: u64,
        name: String,
    }
    let params: Params = request.path().unwrap();
    assert_eq!((params.id, params.name.as_str()), (17, "a b"));

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    struct Wrong {
        name: u8,
        bad: i8,
    }
    let error = request.path::<Wrong>().unwrap_err();
    assert_eq!(
        told(&error),
        says(
            400,
            "validation_error",
            &["path.name type_mismatch", "path.bad type_mismatch"]
        )
    );
}

#[test]
fn a_parameter_the_route_does_not_have_is_a_mistake_in_the_program() {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only binding is tested")]
    struct Params {
        id: u64,
        slug: String,
    }
    let error = routed(&[("id", "17")]).path::<Params>().unwrap_err();
    assert_eq!(told(&error), says(500, "internal_error", &[]));
    assert!(std::error::Error::source(&error).is_some());

    let single = std::panic::catch_unwind(|| routed(&[]).param::<u8>("id").unwrap_err());
    assert_eq!(single.is_err(), cfg!(debug_assertions));
    if let Ok(error) = single {
        assert_eq!(told(&error), says(500, "internal_error", &[]));
    }
}

#[test]
fn headers() {
    let name = http::HeaderName::from_static("x-count");
    let read = |values: &[&str]| {
        let mut request = request(&[], Body::empty());
        for value in values {
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            request.headers_mut().append(&name, value);
        }
        request.header::<u8>(&name)
    };
    assert_eq!(read(&[]).unwrap(), None);
    assert_eq!(read(&["7"]).unwrap(), Some(7));
    for (values, code) in [
        (&["x"][..], "type_mismatch"),
        (&["7", "7"], "duplicate_field"),
        (&["é"], "invalid_encoding"),
    ] {
        let expected = format!("header.x-count {code}");
        let error = read(values).unwrap_err();
        assert_eq!(told(&error), says(400, "validation_error", &[&expected]));
    }
}

#[test]
fn futures_of_bindings_can_move_between_threads() {
    fn is_send(_: impl Send) {}
    #[derive(Deserialize)]
    struct Local {
        #[serde(skip)]
        _marker: std::marker::PhantomData<std::rc::Rc<u8>>,
    }
    let mut request = request(&[JSON], full("1"));
    is_send(request.json::<Local>());
    is_send(async move {
        let one = request.json::<u8>().await;
        let two = request.header::<u8>(&http::header::AGE);
        (one, two, request)
    });
}
