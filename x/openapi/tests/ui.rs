//! The page, through a router.

use http::header::{ALLOW, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use http::{Method, StatusCode};
use plumego_contract::{Body, Request, Response};
use plumego_x_openapi::{Generator, Info, OpenApiUi, to_json};

fn ask(ui: &OpenApiUi, method: Method, path: &str, tag: Option<&http::HeaderValue>) -> Response {
    let pages = ui.pages();
    let (_, page) = pages
        .iter()
        .find(|(there, _)| there == path)
        .expect("a page at that path");
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    if let Some(tag) = tag {
        request.headers_mut().insert(IF_NONE_MATCH, tag.clone());
    }
    page.answer(&request)
}

fn ui() -> OpenApiUi {
    let document = Generator::new(Info::new("<Notes> & \"more\"", "1"))
        .generate_from([])
        .expect("a readable page");
    OpenApiUi::new(&document).path("/docs/")
}

async fn text(response: Response) -> String {
    let bytes = response
        .into_body()
        .collect_limited(1 << 20)
        .await
        .expect("a readable page");
    String::from_utf8(bytes.to_vec()).expect("a readable page")
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let response = ask(&ui(), Method::GET, "/docs", None);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
    let policy = response.headers()[CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    let page = text(response).await;
    assert!(
        page.contains("&lt;Notes&gt; &amp; &quot;more&quot;"),
        "{page}"
    );
    assert!(!page.contains("://"), "{page}");
    for asset in ["/docs/viewer.js", "/docs/viewer.css"] {
        assert!(page.contains(asset), "{page}");
        let body = text(ask(&ui(), Method::GET, asset, None)).await;
        assert!(!body.contains("://"), "{asset} names another host");
    }
}

#[tokio::test]
async fn the_document_is_served_byte_for_byte() {
    let document = Generator::default().generate_from([]).unwrap();
    let json = text(ask(
        &OpenApiUi::new(&document),
        Method::GET,
        "/docs/openapi.json",
        None,
    ))
    .await;
    assert_eq!(json.into_bytes(), to_json(&document));
    let raw = OpenApiUi::from_json("t", &b"{}"[..]).path("/");
    assert_eq!(
        text(ask(&raw, Method::GET, "/openapi.json", None)).await,
        "{}"
    );
    assert!(raw.pages().iter().all(|(path, _)| !path.ends_with(".yaml")));
}

#[test]
fn an_unchanged_page_is_not_sent_again() {
    let first = ask(&ui(), Method::GET, "/docs", None);
    let again = ask(&ui(), Method::GET, "/docs", Some(&first.headers()[ETAG]));
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let other = http::HeaderValue::from_static("\"other\"");
    assert_eq!(
        ask(&ui(), Method::GET, "/docs", Some(&other)).status(),
        StatusCode::OK
    );
}

#[test]
fn pages_are_only_read() {
    let response = ask(&ui(), Method::POST, "/docs", None);
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(response.headers()[ALLOW], "GET, HEAD");
}

#[tokio::test]
async fn trying_operations_is_a_choice() {
    let on = text(ask(&ui().try_it(true), Method::GET, "/docs", None)).await;
    let off = text(ask(&ui().try_it(false), Method::GET, "/docs", None)).await;
    assert!(on.contains(r#"data-try="on""#) && off.contains(r#"data-try="off""#));
}
