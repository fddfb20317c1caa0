//! The metrics of HTTP requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use plumego_metrics::{
    HttpObservation, LABEL_METHOD, LABEL_PATH, LABEL_STATUS, METHOD_OTHER, method_label,
};

use super::cell::{HistogramCell, Value};
use super::series::{Entry, Guard, SeriesMap, Shape};
use super::snapshot::{FamilySnapshot, Kind, Sample};

/// Methods that requests in flight are counted by, sorted.
const METHODS: [&str; 10] = [
    "CONNECT",
    "DELETE",
    "GET",
    "HEAD",
    "OPTIONS",
    METHOD_OTHER,
    "PATCH",
    "POST",
    "PUT",
    "TRACE",
];
/// All others.
const OTHER: usize = 5;

const NANOS_PER_SECOND: f64 = 1e9;

/// One finished request, as its labels have it.
pub(super) struct Finished<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) status: &'a str,
    pub(super) duration: Duration,
    /// Bytes of both bodies, if they were counted.
    pub(super) bytes: Option<(u64, u64)>,
}

impl<'a> Finished<'a> {
    pub(super) fn of(observation: &'a HttpObservation<'a>) -> Self {
        Self {
            method: method_label(observation.method),
            path: observation.route.label(),
            status: observation.status.as_str(),
            duration: observation.duration,
            bytes: Some((observation.request_bytes, observation.response_bytes)),
        }
    }
}

/// Requests of one method, path and status.
#[derive(Debug)]
struct Requests {
    /// Counts them as well.
    seconds: HistogramCell,
    min_ns: AtomicU64,
    max_ns: AtomicU64,
    sizes: Arc<Entry<Sizes>>,
}

/// Bodies of one method and path.
#[derive(Debug)]
struct Sizes {
    request: HistogramCell,
    response: HistogramCell,
}

/// The metrics of HTTP requests.
#[derive(Debug)]
pub(super) struct HttpFamilies {
    namespace: String,
    seconds: Arc<[f64]>,
    bytes: Arc<[f64]>,
    requests: SeriesMap<Requests>,
    /// Found through what was admitted above, so never more than that.
    sizes: SeriesMap<Sizes>,
    in_flight: [AtomicI64; METHODS.len()],
}

impl HttpFamilies {
    pub(super) fn new(
        namespace: &str,
        guard: &Arc<Guard>,
        seconds: Arc<[f64]>,
        bytes: Arc<[f64]>,
    ) -> Self {
        let name = |what| format!("{namespace}_http_{what}");
        let sizes = Arc::new(Guard::new(guard.policy));
        Self {
            requests: SeriesMap::new(Arc::clone(guard), &name("requests_total"), Shape::Values),
            sizes: SeriesMap::new(sizes, &name("request_size_bytes"), Shape::Values),
            namespace: namespace.to_owned(),
            seconds,
            bytes,
            in_flight: Default::default(),
        }
    }

    /// Names that nobody else can have.
    pub(super) fn names(&self) -> [String; 8] {
        [
            "requests_total",
            "requests_total_all",
            "request_duration_seconds",
            "request_duration_seconds_min",
            "request_duration_seconds_max",
            "requests_in_flight",
            "request_size_bytes",
            "response_size_bytes",
        ]
        .map(|what| self.name(what))
    }

    fn name(&self, what: &str) -> String {
        format!("{}_http_{what}", self.namespace)
    }

    pub(super) fn observe(&self, finished: &Finished<'_>) {
        let labels = [finished.method, finished.path, finished.status];
        let requests = self.requests.get(labels, |labels| Requests {
            seconds: HistogramCell::new(Arc::clone(&self.seconds)),
            min_ns: AtomicU64::new(u64::MAX),
            max_ns: AtomicU64::new(0),
            sizes: self.sizes_of(labels[0], labels[1]),
        });
        let requests = &requests.value;
        let nanos = u64::try_from(finished.duration.as_nanos()).unwrap_or(u64::MAX);
        requests.seconds.observe(finished.duration.as_secs_f64());
        requests.min_ns.fetch_min(nanos, Ordering::Relaxed);
        requests.max_ns.fetch_max(nanos, Ordering::Relaxed);
        if let Some((request, response)) = finished.bytes {
            let sizes = &requests.sizes.value;
            sizes.request.observe(request as f64);
            sizes.response.observe(response as f64);
        }
    }

    fn sizes_of(&self, method: &str, path: &str) -> Arc<Entry<Sizes>> {
        self.sizes.get([method, path], |_| Sizes {
            request: HistogramCell::new(Arc::clone(&self.bytes)),
            response: HistogramCell::new(Arc::clone(&self.bytes)),
        })
    }

    /// Takes note that requests of a method began or are over.
    pub(super) fn change_in_flight(&self, method: &str, by: i64) {
        let known = METHODS.iter().position(|known| *known == method);
        self.in_flight[known.unwrap_or(OTHER)].fetch_add(by, Ordering::Relaxed);
    }

    pub(super) fn series(&self) -> usize {
        self.requests.len()
    }

    /// Distinct label sets that were folded.
    pub(super) fn folded(&self) -> (String, u64) {
        (self.name("requests_total"), self.requests.folded())
    }

    /// Forgets what was observed; what is in flight goes on.
    pub(super) fn clear(&self) {
        self.requests.clear();
        self.sizes.clear();
    }

    pub(super) fn snapshot(&self, wanted: impl Fn(&str) -> bool) -> Vec<FamilySnapshot> {
        let requests = self.requests.entries();
        let sizes = self.sizes.entries();
        let in_flight = METHODS.iter().zip(&self.in_flight);
        let in_flight: Vec<_> = in_flight
            .map(|(method, count)| Sample {
                labels: vec![(LABEL_METHOD.to_owned(), (*method).to_owned())],
                created: None,
                value: Value::Number(count.load(Ordering::Relaxed) as f64),
            })
            .collect();
        let of_requests = |value: fn(&Requests) -> Value| -> Vec<Sample> {
            requests.iter().map(|entry| sample(entry, value)).collect()
        };
        let of_sizes = |value: fn(&Sizes) -> Value| -> Vec<Sample> {
            sizes.iter().map(|entry| sample(entry, value)).collect()
        };
        let all = requests
            .iter()
            .map(|entry| entry.value.seconds.value().count);
        let all = all.fold(0_u64, u64::saturating_add) as f64;
        let family = |what, help: &str, kind, unit, samples| FamilySnapshot {
            name: self.name(what),
            help: help.to_owned(),
            kind,
            unit,
            samples,
        };
        let mut families = vec![
            family(
                "requests_total",
                "Requests that are over.",
                Kind::Counter,
                None,
                of_requests(|requests| Value::Number(requests.seconds.value().count as f64)),
            ),
            family(
                "requests_total_all",
                "Requests that are over, of all kinds together.",
                Kind::Counter,
                None,
                vec![Sample::plain(all)],
            ),
            family(
                "request_duration_seconds",
                "Time from the first byte of a request to the last of its response.",
                Kind::Histogram,
                Some("seconds"),
                of_requests(|requests| Value::Histogram(requests.seconds.value())),
            ),
            family(
                "request_duration_seconds_min",
                "Time of the fastest request so far.",
                Kind::Gauge,
                None,
                of_requests(|requests| seconds(&requests.min_ns)),
            ),
            family(
                "request_duration_seconds_max",
                "Time of the slowest request so far.",
                Kind::Gauge,
                None,
                of_requests(|requests| seconds(&requests.max_ns)),
            ),
            family(
                "requests_in_flight",
                "Requests that began and are not over.",
                Kind::Gauge,
                None,
                in_flight,
            ),
            family(
                "request_size_bytes",
                "Bytes of request bodies that were read.",
                Kind::Histogram,
                Some("bytes"),
                of_sizes(|sizes| Value::Histogram(sizes.request.value())),
            ),
            family(
                "response_size_bytes",
                "Bytes of response bodies that were sent.",
                Kind::Histogram,
                Some("bytes"),
                of_sizes(|sizes| Value::Histogram(sizes.response.value())),
            ),
        ];
        families.retain(|family| wanted(&family.name));
        families
    }
}

fn seconds(nanos: &AtomicU64) -> Value {
    Value::Number(nanos.load(Ordering::Relaxed) as f64 / NANOS_PER_SECOND)
}

fn sample<V>(entry: &Entry<V>, value: fn(&V) -> Value) -> Sample {
    let names = [LABEL_METHOD, LABEL_PATH, LABEL_STATUS];
    let pairs = names.iter().zip(&entry.texts);
    Sample {
        labels: pairs
            .map(|(name, value)| ((*name).to_owned(), value.to_string()))
            .collect(),
        created: Some(entry.created),
        value: value(&entry.value),
    }
}
