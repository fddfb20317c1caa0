//! Answering scrapes.

use std::fmt;
use std::sync::Arc;

use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY};
use http::{HeaderMap, StatusCode};
use plumego_contract::{Body, BoxHttpService, Error, Request, RequestExt, Response};
use serde::Deserialize;

use crate::prometheus::{Format, PrometheusCollector};

/// Gives the handler that a scraper asks.
pub trait Exporter: Send + Sync {
    /// The handler, for a `GET` route. Who may ask is the application's to
    /// decide: a route that everybody reaches tells everybody which routes there
    /// are and how busy the service is.
    fn handler(&self) -> BoxHttpService;
}

/// Answers scrapes from a [`PrometheusCollector`].
///
/// The answer is the text format 0.0.4, or OpenMetrics 1.0.0 where the client
/// prefers that. `name[]=` in the query, once or more, asks for the metrics of
/// these names alone. With the feature `gzip` the answer is compressed for
/// clients that take it.
#[derive(Clone)]
pub struct PrometheusExporter(Arc<PrometheusCollector>);

impl PrometheusExporter {
    /// An exporter of a collector.
    #[must_use]
    pub fn new(collector: Arc<PrometheusCollector>) -> Self {
        Self(collector)
    }
}

impl fmt::Debug for PrometheusExporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PrometheusExporter").field(&self.0).finish()
    }
}

impl Exporter for PrometheusExporter {
    fn handler(&self) -> BoxHttpService {
        let collector = Arc::clone(&self.0);
        BoxHttpService::from_handler(move |request: Request| {
            let answer = answer(&collector, &request);
            async move { answer }
        })
    }
}

/// What the query of a scrape says.
#[derive(Default, Deserialize)]
struct Filter {
    #[serde(default, rename = "name[]")]
    names: Vec<String>,
}

fn answer(collector: &PrometheusCollector, request: &Request) -> Result<Response, Error> {
    let Filter { names } = request.query()?;
    let format = negotiate(request.headers());
    let wanted = |name: &str| names.is_empty() || names.iter().any(|wanted| wanted == name);
    let text = collector.render(format, wanted);
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(format.content_type()),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
    let bytes = encoded(text.into_bytes(), request.headers(), &mut headers);
    let mut response = Response::new(Body::from_bytes(bytes));
    *response.status_mut() = StatusCode::OK;
    *response.headers_mut() = headers;
    Ok(response)
}

/// The text, compressed if that is accepted.
#[cfg(feature = "gzip")]
fn encoded(text: Vec<u8>, accepted: &HeaderMap, headers: &mut HeaderMap) -> Vec<u8> {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use http::header::CONTENT_ENCODING;
    use plumego_middleware::compression::Algorithm;

    if Algorithm::accepted(accepted, &[Algorithm::Gzip]).is_none() {
        return text;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    let written = encoder.write_all(&text).and_then(|()| encoder.finish());
    match written {
        Ok(bytes) => {
            let gzip = HeaderValue::from_static(Algorithm::Gzip.as_str());
            headers.insert(CONTENT_ENCODING, gzip);
            bytes
        }
        // Writing to memory does not fail; the text as it is would be right too.
        Err(_) => text,
    }
}

#[cfg(not(feature = "gzip"))]
fn encoded(text: Vec<u8>, _: &HeaderMap, _: &mut HeaderMap) -> Vec<u8> {
    text
}

/// Which form a client prefers: OpenMetrics 1.0.0 if it names that, and no text
/// with a higher weight (RFC 9110 section 12.5.1).
fn negotiate(headers: &HeaderMap) -> Format {
    let (mut open, mut text) = (0, 0);
    let values = headers.get_all(ACCEPT).iter();
    let ranges = values.filter_map(|value| value.to_str().ok());
    for range in ranges.flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (mut weight, mut version) = (1000, None);
        for parameter in parts {
            match parameter.split_once('=') {
                Some((name, value)) if name.trim().eq_ignore_ascii_case("q") => {
                    weight = thousandths(value.trim());
                }
                Some((name, value)) if name.trim().eq_ignore_ascii_case("version") => {
                    version = Some(value.trim().trim_matches('"'));
                }
                _ => {}
            }
        }
        match media.as_str() {
            "application/openmetrics-text" if matches!(version, None | Some("1.0.0")) => {
                open = open.max(weight);
            }
            "text/plain" | "text/*" => text = text.max(weight),
            _ => {}
        }
    }
    if open > 0 && open >= text {
        Format::OpenMetrics
    } else {
        Format::Text
    }
}

/// A weight in thousandths; what is none is 0.
fn thousandths(text: &str) -> u32 {
    let weight: f32 = text.parse().unwrap_or(0.0);
    // At most 1000, and a fraction of a thousandth says nothing.
    (weight.clamp(0.0, 1.0) * 1000.0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_the_one_a_client_prefers() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().unwrap());
            negotiate(&headers)
        };
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.8,\
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        assert_eq!(of(prometheus), Format::OpenMetrics);
        assert_eq!(of("application/openmetrics-text"), Format::OpenMetrics);
        for text in [
            "*/*",
            "text/plain",
            "image/png",
            "",
            "application/openmetrics-text;version=0.0.1",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=0.3, text/plain",
            "application/openmetrics-text;q=NaN",
        ] {
            assert_eq!(of(text), Format::Text, "{text}");
        }
        assert_eq!(negotiate(&HeaderMap::new()), Format::Text);
    }
}
