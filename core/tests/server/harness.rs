//! A server on a free port of loopback, with everything it logged.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use plumego_contract::{Body, CollectError, Error, ErrorKind, Json, Reply, Request};
use plumego_core::{
    App, AppConfig, AppDependencies, BoundAddr, CoreError, DrainReport, ServerHandle,
};
use plumego_testkit::RecordingLogger;
use tokio::task::JoinHandle;

/// A server under test.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) handle: ServerHandle,
    pub(crate) log: RecordingLogger,
    task: JoinHandle<Result<(), CoreError>>,
}

/// Defaults on a free port, without the pauses of production.
pub(crate) fn config() -> AppConfig {
    AppConfig::default()
        .with_addr("127.0.0.1:0")
        .with_shutdown_timeout(Duration::from_secs(10))
}

/// Starts a server with these routes.
pub(crate) async fn start(config: AppConfig, routes: impl FnOnce(&mut App)) -> Running {
    let log = RecordingLogger::new();
    let mut deps = AppDependencies::default();
    deps.logger = Some(log.as_logger());
    let mut app = App::new(config, deps);
    routes(&mut app);
    let server = app
        .prepare()
        .map_err(|e| e.source)
        .expect("a valid application");
    let handle = server.handle();
    let bound = server.bind().await.expect("a free port");
    let address = match bound.local_addr() {
        BoundAddr::Tcp(address) => *address,
        other => panic!("expected a TCP address, got {other}"),
    };
    let task = tokio::spawn(bound.serve());
    Running {
        address,
        handle,
        log,
        task,
    }
}

impl Running {
    /// Ends the server and checks that nothing stays behind.
    pub(crate) async fn stop(self) -> DrainReport {
        let report = self.handle.shutdown(None).await.expect("a clean drain");
        self.task.await.expect("no panic").expect("a clean end");
        assert_eq!(self.handle.connections().open, 0);
        report
    }

    /// The result of `serve`.
    pub(crate) async fn served(self) -> Result<(), CoreError> {
        self.task.await.expect("no panic")
    }
}

/// Routes that most tests use.
pub(crate) fn basic(app: &mut App) {
    app.get("/", hello).expect("a legal route");
    app.get("/client", client).expect("a legal route");
    app.post("/echo", echo).expect("a legal route");
    app.get("/panic", panics).expect("a legal route");
}

async fn hello(_: Request) -> Json<&'static str> {
    Json("hello")
}

async fn client(request: Request) -> Reply<Vec<String>> {
    let scope = plumego_contract::RequestScope::of(&request)
        .expect("a server")
        .clone();
    let client = scope.client();
    Reply::ok(vec![
        client.ip().map(|ip| ip.to_string()).unwrap_or_default(),
        client.scheme().as_str().to_owned(),
        client.host().unwrap_or_default().to_owned(),
    ])
}

async fn echo(request: Request) -> Result<plumego_contract::Response, Error> {
    let body = request.into_body().collect_limited(1 << 20).await;
    let body = body.map_err(|error| match error {
        CollectError::Timeout => Error::new(ErrorKind::Timeout),
        CollectError::TooLarge(_) => Error::new(ErrorKind::PayloadTooLarge),
        other => Error::new(ErrorKind::BadRequest).wrap(other),
    })?;
    Ok(plumego_contract::Response::new(Body::from_bytes(body)))
}

async fn panics(_: Request) -> Json<()> {
    panic!("a secret in a panic")
}

/// Raised when the future that holds it is dropped.
pub(crate) struct OnDrop(pub(crate) Arc<tokio::sync::Notify>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}
