//! The whole application in process, with collaborators that can be watched.

mod guards;
mod running;

use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use http::header::{self, HeaderName, HeaderValue};
use http::{Method, StatusCode};
use plumego_contract::ManualClock;
use plumego_contract::{Body, Request, Response, X_REQUEST_ID};
use plumego_core::AppService;
use plumego_health::{HealthState, StaticChecker};
use plumego_log::LogFormat;
use plumego_metrics::{BaseCollector, HttpObservation, StatsReader};
use serde_json::Value;

use super::*;
use plumego_security::secret::SecretString;

use crate::config;

const ROUTES: [(&str, &str); 16] = [
    ("DELETE", "/api/v1/items/{id}"),
    ("GET", "/"),
    ("GET", "/api/hello"),
    ("GET", "/api/info"),
    ("GET", "/api/profile"),
    ("GET", "/api/status"),
    ("GET", "/api/v1/greet"),
    ("GET", "/api/v1/items"),
    ("GET", "/api/v1/items/{id}"),
    ("GET", "/health"),
    ("GET", "/healthz"),
    ("GET", "/ops/metrics"),
    ("GET", "/readyz"),
    ("PATCH", "/api/v1/items/{id}"),
    ("POST", "/api/v1/items"),
    ("PUT", "/api/v1/items/{id}"),
];

/// A log that can be read back.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn logger(&self) -> Arc<dyn Logger> {
        let builder = LogBuilder::new().format(LogFormat::Json);
        builder.output(self.clone()).build().unwrap().logger
    }

    fn records(&self) -> Vec<Value> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = log.split(|byte| *byte == b'\n');
        lines
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    fn with_message(&self, message: &str) -> Vec<Value> {
        let mut records = self.records();
        records.retain(|record| record["msg"] == message);
        records
    }
}

/// An application with everything that can be watched.
struct Bench {
    lines: Lines,
    metrics: Arc<BaseCollector>,
    clock: ManualClock,
    service: Service,
}

/// Counts twice: for the scraper, and where the test can look.
struct Both(measure::HttpMeter, Arc<BaseCollector>);

impl HttpObserver for Both {
    fn observe_http(&self, seen: &HttpObservation<'_>) {
        self.0.observe_http(seen);
        self.1.observe_http(seen);
    }
}

impl Bench {
    fn new(config: &Config) -> Self {
        Self::with_checkers(config, Vec::new())
    }

    fn with_checkers(config: &Config, checkers: Vec<Arc<dyn ComponentChecker>>) -> Self {
        let lines = Lines::default();
        let metrics = Arc::new(BaseCollector::default());
        let clock = ManualClock::new(now());
        let (meter, measured) = measure::HttpMeter::new().unwrap();
        let collaborators = Collaborators {
            logger: lines.logger(),
            metrics: Arc::new(Both(meter, metrics.clone())),
            measured,
            clock: Arc::new(clock.clone()),
            items: Arc::new(MemoryItems::default()),
            profiles: Arc::new(sample_profiles()),
            checkers,
        };
        Self {
            service: build(config, collaborators).unwrap(),
            lines,
            metrics,
            clock,
        }
    }

    fn app(&mut self) -> &mut App {
        &mut self.service.app
    }

    fn into_service(self) -> AppService {
        self.service.gate.mark_ready();
        self.service.app.into_service()
    }
}

fn request(method: Method, target: &str, headers: &[(HeaderName, &'static str)]) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = target.parse().unwrap();
    for (name, value) in headers {
        let value = HeaderValue::from_static(value);
        request.headers_mut().append(name, value);
    }
    request
}

fn get(target: &str) -> Request {
    request(Method::GET, target, &[])
}

fn has(response: &Response, name: &HeaderName) -> bool {
    response.headers().contains_key(name)
}

/// Reads a response to its end, which is when it is logged and counted.
async fn document(response: Response) -> Value {
    let body = response.into_body().collect_limited(1 << 20).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn the_route_table_is_the_canonical_one_and_hello_lists_it() {
    let service = Bench::new(&config::defaults()).into_service();
    let table: Vec<_> = service
        .routes()
        .iter()
        .map(|route| (route.method.to_string(), route.path.clone()))
        .collect();
    let canonical = ROUTES.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(table, canonical);

    let hello = document(service.handle(get("/api/hello")).await).await;
    let endpoints = hello["data"]["endpoints"].as_array().unwrap();
    let mut listed: Vec<_> = endpoints
        .iter()
        .map(|endpoint| {
            let text = |key: &str| endpoint[key].as_str().unwrap().to_owned();
            (text("method"), text("path"))
        })
        .collect();
    listed.sort();
    assert_eq!(listed, table);
}

#[test]
fn the_layers_are_in_the_order_of_the_toolkit() {
    let logger = plumego_log::discard();
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let metrics = Arc::new(BaseCollector::default());
    let stack = stack::build(&config::defaults(), &logger, metrics, &clock).unwrap();
    assert_eq!(
        stack.names(),
        [
            "requestid",
            "accesslog",
            "httpmetrics",
            "securityheaders",
            "cors",
            "recovery",
            "abuseguard",
            "bodylimit",
            "timeout"
        ]
    );
    assert_eq!(stack.lint(), []);
}

#[tokio::test]
async fn a_panic_is_answered_readable_for_browsers_logged_and_counted_once() {
    let mut bench = Bench::new(&config::defaults());
    async fn panics(_: Request) -> Result<(), plumego_contract::Error> {
        panic!("s3cret")
    }
    bench.app().get("/panics", panics).unwrap();
    let (lines, metrics) = (bench.lines.clone(), bench.metrics.clone());
    let service = bench.into_service();

    let origin = [(header::ORIGIN, "https://a.example")];
    let response = service
        .handle(request(Method::GET, "/panics", &origin))
        .await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(has(&response, &header::ACCESS_CONTROL_ALLOW_ORIGIN));
    let id = response.headers()[X_REQUEST_ID]
        .to_str()
        .unwrap()
        .to_owned();
    let document = document(response).await;
    assert_eq!(document["error"]["code"], "internal_error");
    assert_eq!(document["request_id"], id.as_str());

    let access = lines.with_message("request completed");
    assert_eq!(access.len(), 1);
    assert_eq!(access[0]["status"], 500);
    assert_eq!(access[0]["request_id"], id.as_str());
    let recovered = lines.with_message("panic recovered");
    assert_eq!(recovered.len(), 1);
    assert_eq!(recovered[0]["request_id"], id.as_str());
    assert!(!format!("{:?}", lines.records()).contains("s3cret"));
    assert_eq!(metrics.stats().total_records, 1);
}

#[tokio::test]
async fn layers_outside_see_what_layers_inside_answer() {
    let config = Config {
        body_limit_bytes: 8,
        cors_allowed_origins: vec!["https://a.example".to_owned()],
        ..config::defaults()
    };
    let bench = Bench::new(&config);
    let (lines, metrics) = (bench.lines.clone(), bench.metrics.clone());
    let service = bench.into_service();
    let headers = [
        (header::ORIGIN, "https://a.example"),
        (header::CONTENT_LENGTH, "9"),
    ];
    let response = service
        .handle(request(Method::POST, "/api/v1/items", &headers))
        .await;
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert!(has(&response, &X_REQUEST_ID));
    assert!(has(&response, &header::ACCESS_CONTROL_ALLOW_ORIGIN));
    let document = document(response).await;
    assert_eq!(document["error"]["details"]["max_bytes"], 8);
    assert_eq!(lines.with_message("request completed")[0]["status"], 413);
    assert_eq!(metrics.stats().client_error_records, 1);
}

#[tokio::test]
async fn a_body_without_a_declared_length_is_limited_too() {
    let config = Config {
        body_limit_bytes: 8,
        ..config::defaults()
    };
    let service = Bench::new(&config).into_service();
    let (mut sender, body) = Body::channel(1);
    let mut create = request(
        Method::POST,
        "/api/v1/items",
        &[(header::CONTENT_TYPE, "application/json")],
    );
    *create.body_mut() = body;
    let sending = async move {
        // The receiver goes away once it has seen enough.
        while sender.send("{\"name\":").await.is_ok() {}
    };
    let (response, ()) = tokio::join!(service.handle(create), sending);
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_takes_too_long_is_answered_for() {
    let mut bench = Bench::new(&config::defaults());
    bench
        .app()
        .get("/never", |_| {
            std::future::pending::<plumego_contract::Json<()>>()
        })
        .unwrap();
    let response = bench.into_service().handle(get("/never")).await;
    assert_eq!(response.status(), StatusCode::GATEWAY_TIMEOUT);
    let document = document(response).await;
    assert_eq!(document["error"]["code"], "deadline_exceeded");
}

#[tokio::test]
async fn any_origin_may_read_by_default_and_only_named_ones_otherwise() {
    let preflight = |origin| {
        let headers = [
            (header::ORIGIN, origin),
            (header::ACCESS_CONTROL_REQUEST_METHOD, "POST"),
            (header::ACCESS_CONTROL_REQUEST_HEADERS, "x-write-key"),
        ];
        request(Method::OPTIONS, "/api/v1/items", &headers)
    };
    let allowed = |response: &Response| {
        let value = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        value.map(|value| value.to_str().unwrap().to_owned())
    };

    let open = Bench::new(&config::defaults()).into_service();
    let response = open.handle(preflight("https://any.example")).await;
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
    assert_eq!(allowed(&response).as_deref(), Some("*"));
    assert!(!has(&response, &header::ACCESS_CONTROL_ALLOW_CREDENTIALS));

    let config = Config {
        cors_allowed_origins: vec!["https://a.example".to_owned()],
        ..config::defaults()
    };
    let strict = Bench::new(&config).into_service();
    let response = strict.handle(preflight("https://a.example")).await;
    assert_eq!(allowed(&response).as_deref(), Some("https://a.example"));
    let response = strict.handle(preflight("https://b.example")).await;
    assert_eq!(allowed(&response), None);
    let origin = [(header::ORIGIN, "https://b.example")];
    let response = strict.handle(request(Method::GET, "/nope", &origin)).await;
    assert_eq!(
        (response.status().as_u16(), allowed(&response)),
        (404, None)
    );
}

#[tokio::test]
async fn readiness_names_the_component_that_failed_and_keeps_its_cause() {
    let broken = FnChecker::new("database", || async {
        Err::<(), BoxError>("postgres://app:hunter2@db is down".into())
    });
    let checkers: Vec<Arc<dyn ComponentChecker>> = vec![
        Arc::new(broken),
        Arc::new(StaticChecker::new("items", HealthState::Healthy)),
    ];
    let service = Bench::with_checkers(&config::defaults(), checkers).into_service();

    let response = service.handle(get("/readyz")).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let document = document(response).await;
    assert_eq!(document["error"]["code"], "component_unhealthy");
    let components = &document["error"]["details"]["components"];
    assert_eq!(*components, serde_json::json!(["database"]));
    assert!(!document.to_string().contains("hunter2"));

    let alive = service.handle(get("/healthz")).await;
    assert_eq!(alive.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_standard_checker_lists_items() {
    let collaborators = Collaborators::standard(plumego_log::discard(), sample_profiles()).unwrap();
    let service = build(&config::defaults(), collaborators).unwrap();
    service.gate.mark_ready();
    let response = service.app.into_service().handle(get("/readyz")).await;
    let document = document(response).await;
    assert_eq!(
        document["data"]["components"],
        serde_json::json!({"items": true})
    );
}

#[tokio::test]
async fn probes_are_not_logged_and_other_requests_are() {
    let bench = Bench::new(&config::defaults());
    let lines = bench.lines.clone();
    let service = bench.into_service();
    for target in ["/health", "/healthz", "/readyz", "/api/info"] {
        document(service.handle(get(target)).await).await;
    }
    let access = lines.with_message("request completed");
    assert_eq!(access.len(), 1);
    assert_eq!(access[0]["path"], "/api/info");
}

#[test]
fn insecure_defaults_are_said_once_each_and_only_while_they_hold() {
    let warned = |config: &Config| {
        let lines = Lines::default();
        warn(config, &*lines.logger());
        let records = lines.records();
        assert!(records.iter().all(|record| record["level"] == "WARN"));
        records
            .iter()
            .filter(|record| record["event"] == "insecure_default")
            .map(|record| record["setting"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let mut config = config::defaults();
    assert_eq!(
        warned(&config),
        [
            "APP_WRITE_KEY",
            "APP_CORS_ALLOWED_ORIGINS",
            "APP_API_TOKEN",
            "OPS_TOKEN"
        ]
    );
    config.write_key = SecretString::from("k3y");
    config.api_token = SecretString::from("t0ken");
    config.ops_token = SecretString::from("0ps");
    assert_eq!(warned(&config), ["APP_CORS_ALLOWED_ORIGINS"]);
    config.cors_allowed_origins = vec!["https://a.example".to_owned()];
    assert!(warned(&config).is_empty());
    config.environment = "production".to_owned();
    assert_eq!(
        warned(&config),
        ["APP_PROFILE_STORE_PATH", "APP_TLS_ENABLED"]
    );
    config.trusted_proxies = vec!["10.0.0.0/8".to_owned()];
    config.profile_store_path = Some("profiles.json".into());
    assert!(warned(&config).is_empty());
}

#[tokio::test]
async fn exactly_the_guarded_routes_refuse_a_stranger() {
    let config = Config {
        write_key: SecretString::from("k3y"),
        ..config::defaults()
    };
    let service = Bench::new(&config).into_service();
    for (method, path) in ROUTES {
        let target = path
            .replace("{id}", "17")
            .replace("greet", "greet?name=Ada");
        let method: Method = method.parse().unwrap();
        let is_guarded = method != Method::GET || matches!(path, "/api/profile" | "/ops/metrics");
        let status = service.handle(request(method, &target, &[])).await.status();
        assert_eq!(status == StatusCode::UNAUTHORIZED, is_guarded, "{path}");
    }
}

#[tokio::test]
async fn causes_are_shown_only_while_debugging() {
    for (debug, shown) in [(false, false), (true, true)] {
        let config = Config {
            debug,
            ..config::defaults()
        };
        let mut bench = Bench::new(&config);
        async fn fails(_: Request) -> Result<(), plumego_contract::Error> {
            Err(plumego_contract::Error::internal("disk is gone"))
        }
        bench.app().get("/fails", fails).unwrap();
        let lines = bench.lines.clone();
        let answer = document(bench.into_service().handle(get("/fails")).await).await;
        assert_eq!(answer.to_string().contains("disk is gone"), shown);
        let logged = lines.with_message("request failed");
        assert_eq!(logged[0]["request_id"], answer["request_id"]);
    }
}

#[test]
fn a_description_is_written_and_nothing_is_opened() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("out.json");
    let read = |kind| {
        let description = config::Description {
            kind,
            out: out.clone(),
        };
        describe(&config::defaults(), &description).unwrap();
        serde_json::from_slice::<Value>(&std::fs::read(&out).unwrap()).unwrap()
    };
    let routes = read(config::DescriptionKind::Routes);
    assert_eq!(routes["plumego_describe"], 1);
    assert_eq!(routes["kind"], "routes");
    assert_eq!(routes["data"].as_array().unwrap().len(), ROUTES.len());
    let config = read(config::DescriptionKind::Config);
    assert_eq!(config["kind"], "config");
    let variables = config["data"].as_array().unwrap();
    let key = variables.iter().find(|row| row["env"] == "APP_WRITE_KEY");
    assert_eq!(key.unwrap()["secret"], true);
}
