//! What was measured, for a scraper, in the text format of Prometheus
//! (exposition format 0.0.4).

use std::fmt::Write as _;
use std::sync::Arc;

use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use plumego_contract::{Body, Request, Response};
use plumego_metrics::{InstrumentStore, Labels, SeriesSnapshot, SeriesValue};

const TEXT_FORMAT: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// Shows series to whoever the guard around it let through.
#[derive(Debug)]
pub(crate) struct MetricsHandler {
    store: Arc<InstrumentStore>,
}

impl MetricsHandler {
    pub(crate) fn new(store: Arc<InstrumentStore>) -> Self {
        Self { store }
    }

    /// `GET /ops/metrics`
    pub(crate) async fn show(self: Arc<Self>, _: Request) -> Response {
        let mut response = Response::new(Body::from_bytes(text(&self.store.snapshot())));
        response.headers_mut().insert(CONTENT_TYPE, TEXT_FORMAT);
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    }
}

/// Series come sorted by name, so each family has one header.
fn text(series: &[SeriesSnapshot]) -> String {
    let mut text = String::new();
    let mut family = "";
    for row in series {
        let name = row.definition.name.as_str();
        if name != family {
            let kind = match row.value {
                SeriesValue::Counter(_) => "counter",
                SeriesValue::Gauge(_) => "gauge",
                SeriesValue::Histogram(_) => "histogram",
                _ => "untyped",
            };
            line(
                &mut text,
                format_args!("# HELP {name} {}", row.definition.help),
            );
            line(&mut text, format_args!("# TYPE {name} {kind}"));
            family = name;
        }
        sample(&mut text, name, row);
    }
    text
}

fn sample(text: &mut String, name: &str, row: &SeriesSnapshot) {
    match &row.value {
        SeriesValue::Counter(value) | SeriesValue::Gauge(value) => {
            line(
                text,
                format_args!("{name}{} {value}", labels(&row.labels, None)),
            );
        }
        SeriesValue::Histogram(histogram) => {
            let bounds = histogram
                .buckets
                .iter()
                .map(|(bound, count)| (bound.to_string(), *count));
            let all = [("+Inf".to_owned(), histogram.count)];
            for (bound, count) in bounds.chain(all) {
                let labels = labels(&row.labels, Some(&bound));
                line(text, format_args!("{name}_bucket{labels} {count}"));
            }
            let labels = labels(&row.labels, None);
            line(text, format_args!("{name}_sum{labels} {}", histogram.sum));
            line(
                text,
                format_args!("{name}_count{labels} {}", histogram.count),
            );
        }
        _ => {}
    }
}

fn labels(labels: &Labels, bound: Option<&str>) -> String {
    let pairs = labels.iter().chain(bound.map(|bound| ("le", bound)));
    let pairs: Vec<_> = pairs
        .map(|(key, value)| format!("{key}=\"{}\"", escape(value)))
        .collect();
    if pairs.is_empty() {
        String::new()
    } else {
        format!("{{{}}}", pairs.join(","))
    }
}

fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}
