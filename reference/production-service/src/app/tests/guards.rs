//! Who is let in, how often, and what is told to whom.

use super::*;

const API: &str = "4pi-t0k3n-of-the-test";
const OPS: &str = "0ps-t0k3n-of-the-test";
const KEY: &str = "wr1te-k3y-of-the-test";

fn guarded() -> Config {
    Config {
        api_token: SecretString::from(API),
        ops_token: SecretString::from(OPS),
        write_key: SecretString::from(KEY),
        ..config::defaults()
    }
}

fn with(target: &str, headers: &[(&'static str, &str)]) -> Request {
    let mut request = get(target);
    for (name, value) in headers {
        let value = HeaderValue::from_str(value).unwrap();
        request.headers_mut().append(*name, value);
    }
    request
}

async fn text(response: Response) -> String {
    let body = response.into_body().collect_limited(1 << 20).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn only_the_right_token_sent_the_right_way_opens_a_route() {
    let bearer = |token: &str| format!("Bearer {token}");
    let (api, ops) = (bearer(API), bearer(OPS));
    let longer = bearer(&format!("{API}x"));
    let shorter = bearer(&API[1..]);
    let upper = bearer(&API.to_uppercase());
    for (what, headers, statuses) in [
        ("nothing", vec![], [401, 401]),
        (
            "the token of tenants",
            vec![("authorization", &*api)],
            [200, 401],
        ),
        (
            "the token of operators",
            vec![("authorization", &*ops)],
            [401, 200],
        ),
        (
            "another case of the scheme",
            vec![("authorization", &*api.replace("Bearer", "bEARER"))],
            [200, 401],
        ),
        (
            "a longer token",
            vec![("authorization", &*longer)],
            [401, 401],
        ),
        (
            "a shorter token",
            vec![("authorization", &*shorter)],
            [401, 401],
        ),
        ("another case", vec![("authorization", &*upper)], [401, 401]),
        ("no scheme", vec![("authorization", API)], [401, 401]),
        (
            "another scheme",
            vec![("authorization", &*format!("Basic {API}"))],
            [401, 401],
        ),
        (
            "an empty token",
            vec![("authorization", "Bearer ")],
            [401, 401],
        ),
        (
            "the token twice",
            vec![("authorization", &*api), ("authorization", &*api)],
            [401, 401],
        ),
        ("a header of its own", vec![("x-token", API)], [401, 401]),
        (
            "the write key",
            vec![("authorization", &*bearer(KEY))],
            [401, 401],
        ),
    ] {
        let service = Bench::new(&guarded()).into_service();
        for (target, status) in ["/api/profile", "/ops/metrics"].into_iter().zip(statuses) {
            let headers = [headers.as_slice(), &[("x-tenant-id", "tenant-a")]].concat();
            let response = service.handle(with(target, &headers)).await;
            assert_eq!(response.status(), status, "{what}: {target}");
            if status == 401 {
                assert!(
                    has(&response, &header::WWW_AUTHENTICATE),
                    "{what}: {target}"
                );
                assert_eq!(document(response).await["error"]["code"], "unauthorized");
            }
        }
    }
}

#[tokio::test]
async fn a_token_that_is_not_set_opens_nothing() {
    let service = Bench::new(&config::defaults()).into_service();
    for target in ["/api/profile", "/ops/metrics"] {
        for sent in ["", "Bearer ", "Bearer x", "Bearer undefined"] {
            let headers = [("authorization", sent), ("x-tenant-id", "tenant-a")];
            let response = service.handle(with(target, &headers)).await;
            assert_eq!(response.status(), 401, "{target} {sent:?}");
        }
    }
}

#[tokio::test]
async fn a_profile_is_that_of_the_one_tenant_that_is_named() {
    let bearer = format!("Bearer {API}");
    let service = Bench::new(&guarded()).into_service();
    let ask = async |tenants: &[&str]| {
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(tenants.iter().map(|tenant| ("x-tenant-id", *tenant)));
        let response = service.handle(with("/api/profile", &headers)).await;
        (response.status().as_u16(), document(response).await)
    };
    for tenant in ["tenant-a", "tenant-b"] {
        let (status, answer) = ask(&[tenant]).await;
        assert_eq!(
            (status, &answer["data"]["tenant_id"]),
            (200, &Value::from(tenant))
        );
    }
    for (tenants, status, code) in [
        (&[][..], 401, "tenant_required"),
        (&["tenant-c"], 404, "not_found"),
        (&["TENANT-A"], 404, "not_found"),
        (&[""], 400, "tenant_invalid_id"),
        (&["../tenant-a"], 400, "tenant_invalid_id"),
        (&["tenant-a,tenant-b"], 400, "tenant_invalid_id"),
        (&["tenant-a", "tenant-b"], 400, "tenant_invalid_id"),
        (&["tenant-a", "tenant-a"], 400, "tenant_invalid_id"),
    ] {
        let (found, answer) = ask(tenants).await;
        assert_eq!(
            (found, &answer["error"]["code"]),
            (status, &Value::from(code)),
            "{tenants:?}"
        );
    }
}

#[tokio::test]
async fn the_status_tells_the_policy_and_no_secret() {
    let config = Config {
        profile_store_path: Some("/srv/secret-place/profiles.json".into()),
        ..guarded()
    };
    let service = Bench::new(&config).into_service();
    let answer = document(service.handle(get("/api/status")).await).await;
    assert_eq!(answer["data"]["limits"]["burst"], 40);
    assert_eq!(answer["data"]["timeouts_ms"]["request"], 5000);
    assert_eq!(answer["data"]["guards"]["profile"], "credential");
    for secret in [API, OPS, KEY, "secret-place"] {
        assert!(!answer.to_string().contains(secret));
    }
    let open = Bench::new(&config::defaults()).into_service();
    let answer = document(open.handle(get("/api/status")).await).await;
    let guards = serde_json::json!({"writes": "open", "profile": "closed", "metrics": "closed"});
    assert_eq!(answer["data"]["guards"], guards);
}

#[tokio::test]
async fn a_request_is_measured_once_whatever_becomes_of_it() {
    let mut bench = Bench::new(&guarded());
    async fn panics(_: Request) -> Result<(), plumego_contract::Error> {
        panic!("on purpose")
    }
    bench.app().get("/panics", panics).unwrap();
    let service = bench.into_service();
    for target in ["/api/info", "/nope", "/panics", "/api/profile"] {
        document(service.handle(get(target)).await).await;
    }
    let bearer = format!("Bearer {OPS}");
    let scraped = service
        .handle(with("/ops/metrics", &[("authorization", &bearer)]))
        .await;
    assert_eq!(
        scraped.headers()[header::CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert_eq!(scraped.headers()[header::CACHE_CONTROL], "no-store");
    let scraped = text(scraped).await;
    for line in [
        "# TYPE http_requests_total counter",
        "http_requests_total{method=\"GET\",path=\"/api/info\",status=\"200\"} 1",
        "http_requests_total{method=\"GET\",path=\"__unmatched__\",status=\"404\"} 1",
        "http_requests_total{method=\"GET\",path=\"/panics\",status=\"500\"} 1",
        "http_requests_total{method=\"GET\",path=\"/api/profile\",status=\"401\"} 1",
        "# TYPE http_request_duration_seconds histogram",
        "http_request_duration_seconds_bucket{method=\"GET\",path=\"/api/info\",le=\"+Inf\"} 1",
        "http_request_duration_seconds_count{method=\"GET\",path=\"/api/info\"} 1",
    ] {
        assert!(
            scraped.lines().any(|found| found == line),
            "{line}\n{scraped}"
        );
    }
}

#[tokio::test]
async fn a_client_that_asks_too_often_waits_for_its_tokens() {
    let config = Config {
        rate_limit: 2.try_into().unwrap(),
        rate_burst: 3.try_into().unwrap(),
        ..guarded()
    };
    let bench = Bench::new(&config);
    let clock = bench.clock.clone();
    let service = bench.into_service();
    let status = async |target: &str| service.handle(get(target)).await.status().as_u16();
    for _ in 0..3 {
        assert_eq!(status("/api/info").await, 200);
    }
    let refused = service.handle(get("/api/info")).await;
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
    assert_eq!(document(refused).await["error"]["code"], "rate_limited");
    assert_eq!(status("/healthz").await, 200, "probes are not counted");

    clock.advance(Duration::from_millis(500));
    assert_eq!(status("/api/info").await, 200);
    assert_eq!(status("/api/info").await, 429);
}

#[tokio::test]
async fn pages_of_other_sites_cannot_write() {
    let config = Config {
        cors_allowed_origins: vec!["https://a.example".to_owned()],
        ..config::defaults()
    };
    let service = Bench::new(&config).into_service();
    for (origin, site, refused) in [
        ("https://a.example", "cross-site", false),
        ("https://b.example", "cross-site", true),
        ("https://b.example", "same-site", true),
        ("null", "cross-site", true),
    ] {
        let mut request = with(
            "/api/v1/items",
            &[("origin", origin), ("sec-fetch-site", site)],
        );
        *request.method_mut() = Method::POST;
        let status = service.handle(request).await.status();
        assert_eq!(
            status == StatusCode::FORBIDDEN,
            refused,
            "{origin} {site}: {status}"
        );
    }
}
