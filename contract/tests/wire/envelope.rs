use std::sync::Arc;

use plumego_contract::{
    EnvelopeView, Error, ErrorEnvelope, ErrorFormat, ErrorKind, ErrorRendering, FieldError,
    FieldPath, RequestId, RequestScope, ScopeInit, ScopeSettings, encode_error, encode_problem,
    prefers_problem_json, write_error,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, reporting, schema, scope_with, with_id};

fn full(error: &Error) -> String {
    String::from_utf8(encode_error(error, EnvelopeView::Full, None)).unwrap()
}

fn rich() -> Error {
    Error::new(ErrorKind::Validation)
        .message("2 fields are invalid")
        .fields([
            FieldError::new(
                FieldPath::root("body").name("email"),
                "invalid_format",
                "not an e-mail address",
            )
            .pointer("/email"),
            FieldError::new(
                FieldPath::root("body").name("tags").index(2),
                "too_long",
                "at most 32 characters",
            )
            .param("max", 32),
        ])
        .detail("z", 1)
        .detail("a", json!({"y": 1, "x": [2]}))
}

#[test]
fn every_member_in_order() {
    let id = RequestId::parse("0197c1d2").unwrap();
    let bytes = encode_error(&rich(), EnvelopeView::Full, Some(&id));
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        concat!(
            r#"{"error":{"code":"validation_error","message":"2 fields are invalid","#,
            r#""category":"validation_error","fields":["#,
            r#"{"path":"body.email","code":"invalid_format","message":"not an e-mail address","#,
            r#""pointer":"/email"},"#,
            r#"{"path":"body.tags[2]","code":"too_long","message":"at most 32 characters","#,
            r#""params":{"max":32}}],"#,
            r#""details":{"a":{"x":[2],"y":1},"z":1}},"request_id":"0197c1d2"}"#
        )
    );
}

#[test]
fn absent_members_are_left_out() {
    assert_eq!(
        full(&Error::new(ErrorKind::NotFound)),
        r#"{"error":{"code":"not_found","message":"not found","category":"client_error"}}"#
    );
    assert_eq!(
        full(&Error::new(ErrorKind::Required)),
        concat!(
            r#"{"error":{"code":"validation_error","message":"required value missing","#,
            r#""category":"validation_error","fields":[]}}"#
        )
    );
}

#[test]
fn the_compact_view() {
    let id = RequestId::parse("x").unwrap();
    let bytes = encode_error(&rich().detail("k", 1), EnvelopeView::Compact, Some(&id));
    let document: Value = serde_json::from_slice(&bytes).unwrap();
    let members: Vec<_> = document["error"].as_object().unwrap().keys().collect();
    assert_eq!(members, ["code", "fields", "message"]);
    assert_eq!(document.as_object().unwrap().len(), 1);
    let bytes = encode_error(&Error::new(ErrorKind::Gone), EnvelopeView::Compact, None);
    assert_eq!(bytes, br#"{"error":{"code":"gone","message":"gone"}}"#);
}

#[test]
fn problem_documents() {
    let id = RequestId::parse("r1").unwrap();
    let error = Error::new(ErrorKind::InvalidFormat)
        .message("no")
        .detail("k", 1);
    let bytes = encode_problem(&error, "urn:plumego:error:", Some(&id));
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        concat!(
            r#"{"type":"urn:plumego:error:validation_error","title":"validation failed","#,
            r#""status":400,"detail":"no","instance":"urn:request:r1","#,
            r#""code":"validation_error","category":"validation_error","fields":[],"#,
            r#""details":{"k":1},"request_id":"r1"}"#
        )
    );
    let bytes = encode_problem(&Error::from_status(418), "urn:x:", None);
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        concat!(
            r#"{"type":"about:blank","title":"I'm a teapot","status":418,"#,
            r#""detail":"I'm a teapot","code":"invalid_request","category":"client_error"}"#
        )
    );
}

#[tokio::test]
async fn headers_of_an_error() {
    let scope = with_id(RequestScope::detached(), "r1");
    let error = Error::new(ErrorKind::MethodNotAllowed)
        .header(http::header::ALLOW, "GET, HEAD".parse().unwrap());
    let answer = Answer::read(write_error(&scope, &error)).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(
        answer.header("content-length"),
        answer.body.len().to_string()
    );
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("x-request-id"), "r1");
    assert_eq!(answer.header("allow"), "GET, HEAD");
    assert_eq!(answer.header("vary"), "");
    assert_eq!(answer.json()["request_id"], "r1");

    let cached = Error::new(ErrorKind::Gone)
        .header(http::header::CACHE_CONTROL, "max-age=60".parse().unwrap());
    let answer = Answer::of(cached).await;
    assert_eq!(answer.header("cache-control"), "max-age=60");
    assert_eq!(answer.header("x-request-id"), "");
}

#[tokio::test]
async fn formats() {
    let problem = scope_with(ErrorRendering::default().with_format(ErrorFormat::ProblemJson));
    let answer = Answer::read(write_error(&problem, &Error::new(ErrorKind::Gone))).await;
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.json()["type"], "urn:plumego:error:gone");

    for prefers_problem in [true, false] {
        let mut settings = ScopeSettings::default();
        settings.rendering = ErrorRendering::default()
            .with_format(ErrorFormat::Negotiate)
            .with_problem_type_base("https://errors.example/");
        let mut init = ScopeInit::default();
        init.prefers_problem = prefers_problem;
        let scope = RequestScope::new(Arc::new(settings), init);
        let answer = Answer::read(write_error(&scope, &Error::new(ErrorKind::Gone))).await;
        assert_eq!(answer.header("vary"), "accept");
        let kind = answer.json()["type"].clone();
        let expected = prefers_problem.then_some("https://errors.example/gone");
        assert_eq!(kind.as_str(), expected);
    }
}

#[test]
fn negotiation() {
    for (accept, problem) in [
        (&[][..], false),
        (&["*/*"], false),
        (&["application/problem+json"], true),
        (&["application/json, application/problem+json"], false),
        (&["application/json;q=0.9, application/problem+json"], true),
        (
            &["application/json;q=0.9", "Application/Problem+JSON; q=1.0"],
            true,
        ),
        (&["application/*, application/problem+json;q=0.5"], false),
        (&["application/problem+json;q=nonsense"], false),
    ] {
        let mut headers = http::HeaderMap::new();
        for value in accept {
            headers.append(http::header::ACCEPT, value.parse().unwrap());
        }
        assert_eq!(prefers_problem_json(&headers), problem, "{accept:?}");
    }
}

#[tokio::test]
async fn causes_stay_inside() {
    for kind in ErrorKind::ALL {
        let (scope, causes) = reporting();
        let error = Error::new(*kind).wrap("secret");
        let answer = Answer::read(write_error(&scope, &error)).await;
        assert!(!answer.body.contains("secret"), "{kind:?}");
        let told = causes.lock().unwrap().len();
        assert_eq!(told, usize::from(answer.status >= 500), "{kind:?}");
    }
    let open = scope_with(ErrorRendering::default().with_expose_internal(true));
    let answer = Answer::read(write_error(&open, &Error::internal("first"))).await;
    assert_eq!(answer.json()["error"]["details"]["cause"], json!(["first"]));
    let client = Error::new(ErrorKind::Conflict).wrap("secret");
    let answer = Answer::read(write_error(&open, &client)).await;
    assert!(!answer.body.contains("secret"));
}

#[tokio::test]
async fn an_id_of_its_own_counts_more_than_that_of_the_request() {
    let scope = with_id(RequestScope::detached(), "outer");
    let error = Error::new(ErrorKind::Gone).request_id(RequestId::parse("own").unwrap());
    let answer = Answer::read(write_error(&scope, &error)).await;
    assert_eq!(answer.header("x-request-id"), "own");
    assert_eq!(answer.json()["request_id"], "own");
}

#[test]
fn details_belong_to_the_error() {
    let mut list = json!([1]);
    let error = Error::new(ErrorKind::Gone).detail("list", list.clone());
    list[0] = json!(2);
    let copy = error.clone().detail("more", true).detail("", "dropped");
    assert_eq!(error.details_map()["list"], json!([1]));
    assert_eq!(error.details_map().len(), 1);
    assert_eq!(copy.details_map().len(), 2);
}

#[test]
fn readers_are_lenient() {
    let document = br#"{"x":1,"error":{"message":"m","new":[],"code":"c"}}"#;
    let envelope = ErrorEnvelope::decode(document).unwrap();
    assert_eq!(
        (envelope.error.code.as_str(), envelope.error.fields),
        ("c", None)
    );
    for bad in [
        "",
        "[]",
        r#"{"error":{"code":"c"}}"#,
        r#"{"error":{"message":"m"}}"#,
    ] {
        assert!(ErrorEnvelope::decode(bad.as_bytes()).is_err(), "{bad}");
    }
}

fn any_error() -> impl Strategy<Value = Error> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::Null),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    let field = (".{0,12}", "[a-z]{1,5}", ".{0,12}", value.clone());
    (
        proptest::sample::select(ErrorKind::ALL),
        "(?s).{0,2000}",
        proptest::collection::vec(field, 0..120),
        proptest::collection::vec((".{0,8}", value), 0..4),
        proptest::option::of("[!-~]{1,128}"),
    )
        .prop_map(|(kind, message, fields, details, id)| {
            let fields = fields.into_iter().map(|(name, code, message, param)| {
                let path = FieldPath::root("body").name(&name);
                FieldError::new(path, code, message).param("p", param)
            });
            let error = Error::new(kind)
                .message(message)
                .fields(fields)
                .details(details);
            match id {
                Some(id) => error.request_id(RequestId::parse(id).unwrap()),
                None => error,
            }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_envelope_fits_the_schema_and_reads_back(error in any_error()) {
        let bytes = encode_error(&error, EnvelopeView::Full, error.request_id_ref());
        let document: Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert_eq!(schema::violation(&document), None);
        let envelope = ErrorEnvelope::decode(&bytes).unwrap();
        let again = serde_json::to_vec(&envelope).unwrap();
        prop_assert_eq!(ErrorEnvelope::decode(&again).unwrap(), envelope.clone());
        prop_assert_eq!(envelope.error.code, error.code_str());
        prop_assert_eq!(envelope.error.message, error.message_str());
        prop_assert!(envelope.error.fields.unwrap_or_default().len() <= 100);
    }

    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let _ = ErrorEnvelope::decode(&bytes);
    }
}
