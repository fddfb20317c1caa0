use std::time::Duration;

use http::Method;
use plumego_contract::{Body, Error, ErrorKind, Request, Response};
use plumego_middleware::cors::{CorsConfig, CorsConfigErrorKind, CorsLayer};
use plumego_testkit::{InProcess, TestRequest, TestResponse};

use crate::support::around;

const APP: &str = "https://app.example";

/// Answers with CORS headers of its own, which must not survive.
async fn careless(_: Request) -> Response {
    let mut response = Response::new(Body::from_bytes("handled"));
    for (name, value) in [
        ("access-control-allow-origin", "https://evil.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "x-secret"),
        ("vary", "Accept"),
    ] {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

fn client(config: CorsConfig) -> InProcess {
    InProcess::new(around(&CorsLayer::new(config).unwrap(), careless))
}

fn strict() -> CorsConfig {
    CorsConfig::strict([APP, "https://*.example.org"]).unwrap()
}

fn preflight(client: &InProcess, origin: &str, method: &str) -> TestRequest {
    client
        .request(Method::OPTIONS, "/")
        .header("origin", origin)
        .header("access-control-request-method", method)
}

fn cors_headers(response: &TestResponse) -> Vec<String> {
    let mut names: Vec<_> = response
        .headers()
        .keys()
        .map(ToString::to_string)
        .filter(|name| name.starts_with("access-control-"))
        .collect();
    names.sort();
    names
}

fn vary(response: &TestResponse) -> String {
    let values = response.headers().get_all("vary").iter();
    let values: Vec<_> = values.map(|value| value.to_str().unwrap()).collect();
    values.join(", ").to_ascii_lowercase()
}

#[tokio::test]
async fn an_allowed_origin_may_read_the_answer() {
    let config = strict()
        .with_credentials(true)
        .with_exposed_headers(["X-Total", "ETag"]);
    let client = client(config);
    for origin in [APP, "https://tenant.example.org"] {
        let request = client.request(Method::GET, "/").header("origin", origin);
        let response = request.send().await;
        assert_eq!(response.text(), "handled");
        assert_eq!(response.header("access-control-allow-origin"), Some(origin));
        assert_eq!(
            response.header("access-control-allow-credentials"),
            Some("true")
        );
        assert_eq!(
            response.header("access-control-expose-headers"),
            Some("X-Total, ETag")
        );
        assert_eq!(vary(&response), "accept, origin");
    }
}

#[tokio::test]
async fn any_origin_is_a_star_without_credentials() {
    let client = client(CorsConfig::any_origin());
    let request = client.request(Method::GET, "/").header("origin", APP);
    let response = request.send().await;
    assert_eq!(response.header("access-control-allow-origin"), Some("*"));
    assert_eq!(cors_headers(&response), ["access-control-allow-origin"]);
}

#[tokio::test]
async fn other_origins_pass_without_cors_headers() {
    let client = client(strict());
    for origin in [
        "https://evil.example",
        "null",
        "https://a.b.example.org",
        "",
    ] {
        let request = client.request(Method::GET, "/").header("origin", origin);
        let response = request.send().await;
        assert_eq!(response.status(), 200, "{origin}");
        assert_eq!(response.text(), "handled");
        assert!(cors_headers(&response).is_empty(), "{origin}");
        assert_eq!(vary(&response), "accept, origin");
    }
    let twice = client
        .request(Method::GET, "/")
        .header("origin", APP)
        .header("origin", APP);
    assert!(cors_headers(&twice.send().await).is_empty());
}

#[tokio::test]
async fn caches_are_told_even_when_no_origin_is_sent() {
    let response = client(strict()).get("/").await;
    assert_eq!(vary(&response), "accept, origin");
    let response = client(CorsConfig::any_origin()).get("/").await;
    assert_eq!(vary(&response), "accept");
}

#[tokio::test]
async fn a_preflight_is_answered_here() {
    let config = strict()
        .with_credentials(true)
        .with_max_age(Duration::from_millis(90_900));
    let client = client(config);
    let asked = preflight(&client, APP, "patch")
        .header("access-control-request-headers", " content-type ,, X-none");
    let refused = asked.send().await;
    assert_eq!(refused.text(), "handled");
    assert!(cors_headers(&refused).is_empty());

    let asked = preflight(&client, APP, "patch").header(
        "access-control-request-headers",
        " content-type ,,authorization ",
    );
    let response = asked.send().await;
    assert_eq!(response.status(), 204);
    assert!(response.bytes().is_empty());
    for (name, value) in [
        ("access-control-allow-origin", APP),
        ("access-control-allow-credentials", "true"),
        (
            "access-control-allow-methods",
            "GET, POST, PUT, PATCH, DELETE, OPTIONS",
        ),
        (
            "access-control-allow-headers",
            "content-type, authorization",
        ),
        ("access-control-max-age", "90"),
    ] {
        assert_eq!(response.header(name), Some(value), "{name}");
    }
    assert_eq!(
        vary(&response),
        "origin, access-control-request-method, access-control-request-headers"
    );
}

#[tokio::test]
async fn a_preflight_that_asks_for_no_header_gets_the_list() {
    let client = client(CorsConfig::any_origin().with_headers(["X-One", "X-Two"]));
    let response = preflight(&client, APP, "GET").send().await;
    assert_eq!(response.status(), 204);
    assert_eq!(
        response.header("access-control-allow-headers"),
        Some("X-One, X-Two")
    );
    assert_eq!(response.header("access-control-max-age"), None);
}

#[tokio::test]
async fn a_preflight_that_asks_for_too_much_passes_without_cors_headers() {
    let client = client(strict());
    let too_much = [
        preflight(&client, "https://evil.example", "GET"),
        preflight(&client, APP, "PURGE"),
        preflight(&client, APP, "GET").header("access-control-request-headers", "x-none"),
        preflight(&client, APP, "GET").header("access-control-request-headers", " , "),
    ];
    for request in too_much {
        let text = format!("{request:?}");
        let response = request.send().await;
        assert_eq!(response.text(), "handled", "{text}");
        assert!(cors_headers(&response).is_empty(), "{text}");
    }
}

#[tokio::test]
async fn options_without_a_preflight_is_an_ordinary_request() {
    let client = client(strict());
    let request = client.request(Method::OPTIONS, "/").header("origin", APP);
    let response = request.send().await;
    assert_eq!(response.text(), "handled");
    assert_eq!(response.header("access-control-allow-origin"), Some(APP));
}

#[tokio::test]
async fn a_star_allows_every_header_unless_there_are_credentials() {
    let open = client(strict().with_headers(["*"]));
    let asked = |client: &InProcess, names: &str| {
        preflight(client, APP, "GET").header("access-control-request-headers", names)
    };
    let response = asked(&open, "x-a ,X-B").send().await;
    assert_eq!(
        response.header("access-control-allow-headers"),
        Some("x-a, X-B")
    );
    assert!(cors_headers(&asked(&open, "").send().await).is_empty());

    let guarded = client(strict().with_headers(["*"]).with_credentials(true));
    assert!(cors_headers(&asked(&guarded, "x-a").send().await).is_empty());
    assert_eq!(asked(&guarded, "*").send().await.status(), 204);
}

#[tokio::test]
async fn private_networks_are_opened_only_expressly() {
    for (open, expected) in [(true, Some("true")), (false, None)] {
        let client = client(strict().with_private_network(open));
        let response = preflight(&client, APP, "GET")
            .header("access-control-request-private-network", "true")
            .send()
            .await;
        assert_eq!(response.status(), 204);
        let answer = response.header("access-control-allow-private-network");
        assert_eq!(answer, expected);
        let plain = preflight(&client, APP, "GET").send().await;
        assert_eq!(plain.header("access-control-allow-private-network"), None);
    }
}

#[tokio::test]
async fn errors_stay_readable() {
    async fn missing(_: Request) -> Result<(), Error> {
        Err(Error::new(ErrorKind::NotFound))
    }
    let layer = CorsLayer::new(strict()).unwrap();
    let client = InProcess::new(around(&layer, missing));
    let request = client.request(Method::GET, "/").header("origin", APP);
    let response = request.send().await;
    assert_eq!(response.status(), 404);
    assert_eq!(response.header("access-control-allow-origin"), Some(APP));
}

#[tokio::test]
async fn upgrades_are_untouched() {
    async fn switch(_: Request) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::SWITCHING_PROTOCOLS;
        response
    }
    let client = InProcess::new(around(&CorsLayer::new(strict()).unwrap(), switch));
    let request = client.request(Method::GET, "/").header("origin", APP);
    assert!(request.send().await.headers().is_empty());
}

#[test]
fn credentials_need_listed_origins() {
    let config = CorsConfig::any_origin().with_credentials(true);
    let error = CorsLayer::new(config).unwrap_err();
    assert_eq!(error.kind(), CorsConfigErrorKind::CredentialsWithWildcard);
}
