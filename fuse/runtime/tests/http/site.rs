//! A program that serves, in this process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use fuse_runtime::http::{ServeSummary, Stop};
use fuse_runtime::meta::{ProgramMeta, Route, RouteClass, Service, TypeDesc, Verb, well_known};
use fuse_runtime::telemetry::SpanSink;
use fuse_runtime::{Ctx, Outcome, Runtime, Span, Value};
use plumego_testkit::http1::{self, RawResponse};
use plumego_testkit::until;

use crate::support::{Setup, World};

/// What waits longer than this is stuck.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The service of a program, before it runs.
#[derive(Default)]
pub(crate) struct Site {
    setup: Setup,
    routes: Vec<Route>,
}

impl Site {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.setup = self.setup.env(name, value);
        self
    }

    /// Gives spans to somebody.
    pub(crate) fn spans(mut self, sink: Arc<dyn SpanSink>) -> Self {
        self.setup.spans = Some(sink);
        self
    }

    pub(crate) fn directory(mut self, directory: impl Into<PathBuf>) -> Self {
        self.setup.directory = Some(directory.into());
        self
    }

    pub(crate) fn get(
        self,
        pattern: &'static str,
        class: RouteClass,
        result: &'static TypeDesc,
        handler: impl Fn(&mut Ctx) -> Outcome<Value> + Send + Sync + 'static,
    ) -> Self {
        self.route(Verb::Get, pattern, class, None, result, move |ctx, _| {
            handler(ctx)
        })
    }

    /// A route `/slow` that waits at a gate.
    pub(crate) fn slow(self, gate: &Gate) -> Self {
        let gate = gate.clone();
        self.get(
            "/slow",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |_| {
                gate.pass();
                Ok(Value::Unit)
            },
        )
    }

    pub(crate) fn route(
        mut self,
        verb: Verb,
        pattern: &'static str,
        class: RouteClass,
        body: Option<&'static TypeDesc>,
        result: &'static TypeDesc,
        handler: impl Fn(&mut Ctx, &mut [Value]) -> Outcome<Value> + Send + Sync + 'static,
    ) -> Self {
        let function = self.setup.code.add(handler);
        self.routes.push(Route {
            verb,
            pattern,
            function,
            params: &[],
            body,
            result,
            class,
            span: Span {
                file: 0,
                line: 1,
                column: 1,
            },
        });
        self
    }

    /// The program, which does not serve yet.
    pub(crate) fn build(mut self) -> World {
        let service = Service {
            name: "Test",
            base: "/",
            doc: "",
            routes: Vec::leak(self.routes),
        };
        self.setup.meta = ProgramMeta {
            services: Vec::leak(vec![service]),
            ..self.setup.meta
        };
        self.setup.build()
    }

    /// Serves on a free port.
    pub(crate) fn start(self) -> Running {
        let world = self.build();
        let (stop, (tell, told)) = (Stop::default(), mpsc::channel());
        let (runtime, stopping) = (world.runtime.clone(), stop.clone());
        let serving = std::thread::spawn(move || {
            runtime.serve_until(0, &stopping, |address| tell.send(address).unwrap())
        });
        let address = told.recv_timeout(PATIENCE).expect("it serves");
        Running {
            world,
            address,
            stop,
            serving: Some(serving),
        }
    }
}

/// A program that serves until this is dropped.
pub(crate) struct Running {
    pub(crate) world: World,
    pub(crate) address: SocketAddr,
    pub(crate) stop: Stop,
    serving: Option<JoinHandle<Outcome<ServeSummary>>>,
}

impl Running {
    pub(crate) fn runtime(&self) -> &Runtime {
        &self.world.runtime
    }

    /// One request on a connection of its own.
    pub(crate) async fn send(&self, request: impl AsRef<[u8]>) -> RawResponse {
        let exchange = http1::exchange(self.address, request);
        tokio::time::timeout(PATIENCE, exchange)
            .await
            .expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> RawResponse {
        self.send(http1::get(path)).await
    }

    /// A request with headers.
    pub(crate) async fn get_with(&self, path: &str, headers: &str) -> RawResponse {
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
        self.send(request).await
    }

    /// The operator's address, once it is told.
    pub(crate) async fn admin(&self) -> SocketAddr {
        let told = || {
            let log = self.world.error.text();
            let (_, rest) = log.split_once("admin: addr=")?;
            rest.lines().next()?.parse().ok()
        };
        until("the address", || async { told().is_some() }).await;
        told().unwrap()
    }

    /// Waits until it has ended.
    pub(crate) fn ended(mut self) -> ServeSummary {
        let serving = self.serving.take().expect("it ends once");
        serving.join().expect("no panic").expect("no fault")
    }

    /// Ends it in order.
    pub(crate) fn end(self) -> ServeSummary {
        self.stop.request();
        self.ended()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.request();
        self.stop.request();
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

/// Where handlers wait until a test lets them go on.
#[derive(Clone, Default)]
pub(crate) struct Gate(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    open: bool,
    entered: usize,
    inside: usize,
    inside_max: usize,
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Waits until the gate is open; nothing else ends this.
    pub(crate) fn pass(&self) {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        state.entered += 1;
        state.inside += 1;
        state.inside_max = state.inside_max.max(state.inside);
        changed.notify_all();
        let (mut state, late) = changed
            .wait_timeout_while(state, PATIENCE, |state| !state.open)
            .unwrap();
        assert!(!late.timed_out(), "nobody opens the gate");
        state.inside -= 1;
    }

    pub(crate) fn open(&self) {
        self.0.0.lock().unwrap().open = true;
        self.0.1.notify_all();
    }

    /// Waits until so many have come.
    pub(crate) fn wait_for(&self, entered: usize) {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap();
        let (state, late) = changed
            .wait_timeout_while(state, PATIENCE, |state| state.entered < entered)
            .unwrap();
        drop(state);
        assert!(!late.timed_out(), "nobody comes to the gate");
    }

    pub(crate) fn entered(&self) -> usize {
        self.0.0.lock().unwrap().entered
    }

    /// How many were there at once, at most.
    pub(crate) fn inside_max(&self) -> usize {
        self.0.0.lock().unwrap().inside_max
    }
}
