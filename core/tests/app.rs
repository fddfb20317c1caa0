//! From registration to a prepared server: what may fail, and what is kept.

use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Method, StatusCode};
use plumego_contract::{
    Body, BoxHttpService, Error, ErrorRendering, Handler, HttpService, Json, Reply, Request,
    RequestId, X_REQUEST_ID, request_id, sync_fn,
};
use plumego_core::{
    App, AppConfig, AppDependencies, AppService, ConfigErrors, Operation, PreparationState,
    TlsConfig,
};
use plumego_log::{Fields, FlushError, Level, Logger, Record};
use plumego_middleware::requestid::RequestIdConfig;
use plumego_middleware::stack::Stack;
use plumego_router::{RegisterError, RegisterErrorKind, Route, RouteInfo, RouteRegistrar};
use plumego_testkit::layers::OrderRecorder;
use plumego_testkit::{InProcess, RecordingLogger};

async fn hello(_: Request) -> Json<&'static str> {
    Json("hello")
}

fn logged(config: AppConfig) -> (App, RecordingLogger) {
    let log = RecordingLogger::new();
    let dependencies = AppDependencies::default().with_logger(log.as_logger());
    (App::new(config, dependencies), log)
}

fn nowhere() -> AppConfig {
    AppConfig::default().with_addr("nowhere")
}

async fn status(service: &AppService, path: &str) -> StatusCode {
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = path.parse().expect("a path of this file");
    service.handle(request).await.status()
}

#[tokio::test]
async fn a_failed_preparation_gives_the_application_back() {
    let mut app = plumego_core::with_config(nowhere());
    app.get("/a", hello).unwrap();
    let failed = app.prepare().unwrap_err();
    assert_eq!(failed.source.operation(), Operation::PrepareServer);
    assert_eq!(
        failed.to_string(),
        "core prepare_server: server address \"nowhere\" is invalid: \
         expected host:port, with a port"
    );
    assert!(failed.source.source().unwrap().is::<ConfigErrors>());
    let mut app = failed.state;
    assert_eq!(app.preparation_state(), PreparationState::Mutable);
    app.get("/b", hello).unwrap();
    let service = app.into_service();
    assert_eq!(status(&service, "/a").await, 200);
    assert_eq!(status(&service, "/b").await, 200);
}

#[tokio::test]
async fn a_service_needs_no_address_and_survives_a_failed_preparation() {
    let mut app = plumego_core::with_config(nowhere());
    app.get("/", hello).unwrap();
    let service = app.into_service();
    assert_eq!(
        service.preparation_state(),
        PreparationState::HandlerPrepared
    );
    assert_eq!(status(&service, "/").await, 200);
    let kept = service.clone();
    let service = service.prepare().unwrap_err().state;
    assert_eq!(status(&service, "/").await, 200);
    assert_eq!(status(&kept, "/").await, 200);
}

#[tokio::test]
async fn the_service_of_a_server_is_the_same_application() {
    let mut app = plumego_core::new();
    app.get("/", hello).unwrap();
    let server = app.prepare().unwrap();
    assert_eq!(status(&server.service(), "/").await, 200);
    assert_eq!(server.config().addr, ":8080");
}

#[test]
fn unusable_tls_files_fail_the_preparation_with_their_cause() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.pem");
    let config = AppConfig::default().with_tls(TlsConfig::new(&missing, &missing));
    let failed = plumego_core::with_config(config).prepare().unwrap_err();
    let text = failed.source.to_string();
    let start = format!(
        "core prepare_server: load tls certificate: {}: cannot be read: ",
        missing.display()
    );
    assert!(text.starts_with(&start), "{text}");
    let mut cause = failed.source.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return assert_eq!(error.kind(), io::ErrorKind::NotFound);
        }
        cause = error.source();
    }
    panic!("no io::Error behind {failed:?}");
}

#[test]
fn refused_routes_name_method_path_and_cause() {
    let mut app = plumego_core::new();
    app.get("/users/{id}", hello).unwrap();
    let error = app.get("/users/{name}", hello).unwrap_err();
    assert_eq!(error.operation(), Operation::AddRoute);
    assert_eq!(error.params()["method"], "GET");
    assert_eq!(error.params()["path"], "/users/{name}");
    assert!(
        error
            .to_string()
            .starts_with("core add_route method=GET path=/users/{name}: "),
        "{error}"
    );
    let cause = error.source().unwrap().downcast_ref::<RegisterError>();
    assert_eq!(cause.unwrap().kind(), RegisterErrorKind::ShapeConflict);
    let error = app.group("no-slash").unwrap_err();
    assert!(!error.params().contains_key("method"));
    assert_eq!(error.params()["path"], "no-slash");
    assert_eq!(app.routes().len(), 1);
}

#[tokio::test]
async fn verbs_groups_and_registrars_reach_the_router() {
    /// As an extension attaches its routes.
    fn attach(registrar: &mut dyn RouteRegistrar) {
        registrar
            .add_route(Route::new("GET", "/attached", hello))
            .unwrap();
    }

    let mut app = plumego_core::new();
    app.get("/r", hello).unwrap();
    app.post("/r", hello).unwrap();
    app.put("/r", hello).unwrap();
    app.patch("/r", hello).unwrap();
    app.delete("/r", hello).unwrap();
    app.any("/any", hello).unwrap();
    let order = OrderRecorder::new();
    {
        let mut group = app.group("/api").unwrap();
        group.get("/x", hello).unwrap();
        group.layer(order.layer("group"));
        group.fallback(sync_fn(|_| {
            Reply::empty(StatusCode::ACCEPTED.try_into().unwrap())
        }));
        let mut inner = group.group("/v1").unwrap();
        assert_eq!(inner.prefix(), "/api/v1");
        attach(&mut inner);
    }
    attach(&mut app);
    let client = InProcess::new(app.into_service());
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        assert_eq!(client.request(method, "/r").send().await.status(), 200);
    }
    for path in ["/any", "/attached", "/api/x", "/api/v1/attached"] {
        assert_eq!(client.get(path).await.status(), 200, "{path}");
    }
    assert_eq!(client.get("/api/unknown").await.status(), 202);
    assert_eq!(
        order.take(),
        "group-in,group-out,group-in,group-out,group-in,group-out"
    );
}

#[tokio::test]
async fn layers_run_in_the_order_of_registration_around_the_router() {
    let order = OrderRecorder::new();
    let (mut app, _) = logged(AppConfig::default());
    let at = order.clone();
    app.get("/", move |_: Request| {
        at.push("handler");
        async { Json(()) }
    })
    .unwrap();
    app.layer("a", order.layer("a"))
        .layers(
            Stack::new()
                .push("b", order.layer("b"))
                .push("c", order.layer("c")),
        )
        .layer("d", order.layer("d"));
    let client = InProcess::new(app.into_service());
    assert_eq!(client.get("/").await.status(), 200);
    assert_eq!(
        order.take(),
        "a-in,b-in,c-in,d-in,handler,d-out,c-out,b-out,a-out"
    );
    assert_eq!(client.get("/missing").await.status(), 404);
    assert_eq!(order.take(), "a-in,b-in,c-in,d-in,d-out,c-out,b-out,a-out");
}

#[test]
fn preparation_warns_of_what_is_seldom_meant() {
    let order = OrderRecorder::new();
    let (mut app, log) = logged(AppConfig::default());
    app.layer("recovery", order.layer("recovery"))
        .layers(Stack::new().push("accesslog", order.layer("accesslog")));
    app.prepare().unwrap();
    let warnings: Vec<_> = log
        .entries()
        .into_iter()
        .filter(|entry| entry.level == Level::Warn)
        .collect();
    assert_eq!(warnings.len(), 2, "{warnings:?}");
    assert_eq!(warnings[0].message, "order of layers");
    let text = warnings[0].field("warning").unwrap();
    assert!(
        text.contains("accesslog") && text.contains("recovery"),
        "{text}"
    );
    assert_eq!(warnings[1].message, "no routes registered");

    let (mut app, log) = logged(AppConfig::default());
    app.get("/", hello).unwrap();
    app.prepare().unwrap();
    assert!(log.entries().is_empty(), "{:?}", log.entries());
}

#[test]
fn routes_and_urls_are_readable_in_every_state() {
    fn check(routes: &[RouteInfo], url: &str) {
        let paths: Vec<_> = routes.iter().map(|route| route.path.as_str()).collect();
        assert_eq!(paths, ["/", "/items/{id}"]);
        assert_eq!(url, "/items/17");
    }

    let params = [("id", "17")];
    let mut app = plumego_core::new();
    app.get("/", hello).unwrap();
    app.add_route(Route::new("GET", "/items/{id}", hello).name("items.show"))
        .unwrap();
    check(&app.routes(), &app.url("items.show", &params).unwrap());
    assert!(app.url("unknown", &[]).is_err());
    let service = app.into_service();
    check(
        service.routes(),
        &service.url("items.show", &params).unwrap(),
    );
    let server = service.prepare().unwrap();
    let service = server.service();
    check(
        service.routes(),
        &service.url("items.show", &params).unwrap(),
    );
    for (state, text) in [
        (PreparationState::Mutable, "mutable"),
        (PreparationState::HandlerPrepared, "handler_prepared"),
        (PreparationState::ServerPrepared, "server_prepared"),
    ] {
        assert_eq!(serde_json::to_value(state).unwrap(), text);
        assert_eq!(state.to_string(), text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clones_of_a_service_are_used_at_once() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let mut app = plumego_core::new();
    let count = move |_: Request| {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Json(()) }
    };
    app.get("/", count).unwrap();
    let service = app.into_service();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move {
                for _ in 0..50 {
                    assert_eq!(status(&service, "/").await, 200);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(calls.load(Ordering::SeqCst), 400);
}

#[tokio::test]
async fn in_process_requests_are_treated_as_configured() {
    let ids = RequestIdConfig::default().with_generator(|| RequestId::parse("made").ok());
    let config = AppConfig::default()
        .with_request_id(ids)
        .with_development(true)
        .with_errors(ErrorRendering::default().with_expose_internal(true));
    let (mut app, log) = logged(config);
    app.get("/fail", |_: Request| async {
        Err::<(), _>(Error::internal("disk full"))
    })
    .unwrap();
    app.get("/id", |request: Request| async move {
        Json(request_id(&request).map(ToString::to_string))
    })
    .unwrap();
    let client = InProcess::new(app.into_service());

    let failed = client.get("/fail").await;
    assert_eq!(failed.status(), 500);
    assert_eq!(failed.header(X_REQUEST_ID.as_str()), Some("made"));
    assert!(failed.text().contains("disk full"));
    let report = &log.with_message("request failed")[0];
    assert_eq!(report.level, Level::Error);
    assert_eq!(report.field("error"), Some("disk full"));
    assert_eq!(report.field("request_id"), Some("made"));
    assert_eq!(report.field("route"), Some("/fail"));

    let brought = client
        .request(Method::GET, "/id")
        .header("x-request-id", "mine")
        .send()
        .await;
    assert_eq!(brought.json::<String>(), "mine");
}

#[test]
fn without_a_logger_records_are_discarded() {
    let app = plumego_core::new();
    assert!(!app.logger().enabled(Level::Fatal, ""));
    app.prepare().unwrap();
}

/// A logger that counts what only its owner may ask of it.
#[derive(Default)]
struct Owned {
    lifecycle_calls: AtomicUsize,
}

impl Logger for Owned {
    fn enabled(&self, _: Level, _: &str) -> bool {
        true
    }

    fn log(&self, _: &Record<'_>) {}

    fn with_fields(&self, _: Fields) -> Arc<dyn Logger> {
        plumego_log::discard()
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        self.lifecycle_calls.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

#[tokio::test]
async fn the_logger_is_never_flushed_or_closed() {
    let logger = Arc::new(Owned::default());
    let dependencies = AppDependencies::default().with_logger(logger.clone());
    let config = AppConfig::default().with_addr("127.0.0.1:0");
    let app = App::new(config, dependencies);
    let options = plumego_core::RunOptions::default().with_shutdown(async {});
    app.run_with(options).await.unwrap();
    assert_eq!(logger.lifecycle_calls.load(Ordering::SeqCst), 0);
}

#[test]
fn a_service_fits_where_services_and_handlers_go() {
    fn is_service(_: impl HttpService) {}
    fn is_handler(_: impl Handler) {}
    is_service(plumego_core::new().into_service());
    is_handler(plumego_core::new().into_service());
    let _ = BoxHttpService::new(plumego_core::new().into_service());
}
