//! What a scraper gets.

#![expect(clippy::unwrap_used, reason = "the setup of a test may fail it")]

mod support;

use std::io::Read;
use std::sync::Arc;

use flate2::read::GzDecoder;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use plumego_contract::{Body, Handler, Request};
use plumego_x_observability::{Exporter, PrometheusCollector, PrometheusExporter};
use support::Scrape;

async fn get(target: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let collector = Arc::new(PrometheusCollector::new("shop").unwrap());
    collector
        .registry()
        .gauge("level", "Level.", [])
        .unwrap()
        .set([], 2.5);
    let handler = PrometheusExporter::new(collector).handler();
    let mut request = http::Request::get(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request: Request = request.body(Body::empty()).unwrap();
    let (head, body) = handler.call(request).await.into_parts();
    let body = body.collect_limited(1 << 20).await.unwrap();
    (head.status, head.headers, body.to_vec())
}

#[tokio::test]
async fn text_is_the_answer_unless_something_else_is_preferred() {
    let (status, headers, body) = get("/metrics", &[("accept", "*/*")]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        headers[CONTENT_TYPE],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    assert!(!headers.contains_key(CONTENT_ENCODING));
    let scrape = Scrape::text(std::str::from_utf8(&body).unwrap());
    assert_eq!(scrape.get("level", &[]).number(), 2.5);

    let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
    let (_, headers, body) = get("/metrics", &[("accept", accept)]).await;
    let wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(headers[CONTENT_TYPE], wanted);
    let text = String::from_utf8(body).unwrap();
    assert!(text.ends_with("# EOF\n"));
    assert_eq!(Scrape::open(&text).get("level", &[]).number(), 2.5);
}

#[tokio::test]
async fn names_choose_metrics() {
    for target in [
        "/metrics?name[]=level&name[]=none",
        "/metrics?x=1&name%5B%5D=level",
    ] {
        let (_, _, body) = get(target, &[]).await;
        let text = String::from_utf8(body).unwrap();
        assert_eq!(
            text, "# HELP level Level.\n# TYPE level gauge\nlevel 2.5\n",
            "{target}"
        );
    }
}

#[tokio::test]
async fn an_answer_is_compressed_where_that_is_accepted() {
    let (_, plain, _) = get("/metrics", &[("accept-encoding", "gzip;q=0, br")]).await;
    assert!(!plain.contains_key(CONTENT_ENCODING));
    let (_, headers, body) = get("/metrics", &[("accept-encoding", "br, gzip")]).await;
    assert_eq!(headers[CONTENT_ENCODING], "gzip");
    assert_eq!(headers["vary"], "Accept, Accept-Encoding");
    let mut text = String::new();
    GzDecoder::new(&*body).read_to_string(&mut text).unwrap();
    assert_eq!(Scrape::text(&text).get("level", &[]).number(), 2.5);
}
