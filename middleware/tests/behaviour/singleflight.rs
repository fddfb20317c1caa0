use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use http_body::{Body as _, Frame};
use plumego_contract::{
    Body, BodySender, BoxHttpService, ClientInfo, Handler, Request, RequestId, RequestScope,
    Response, ResponseFuture, ScopeInit, ScopeSettings,
};
use plumego_log::Level;
use plumego_middleware::recovery::{RecoveryConfig, RecoveryLayer};
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::singleflight::{
    FlightError, FlightStats, OnUnshareable, SingleFlight, SingleFlightConfig, SingleFlightLayer,
};
use plumego_middleware::stack::Stack;
use plumego_testkit::{RecordingLogger, until};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::support::{Collected, around, get, request};

/// What a handler answers.
type Answer = fn() -> Response;

/// Calls wait until they are let go.
#[derive(Clone)]
struct Held {
    calls: Arc<AtomicUsize>,
    gate: Arc<Semaphore>,
    answer: fn() -> Response,
}

impl Held {
    fn new(answer: fn() -> Response) -> Self {
        Self {
            calls: Arc::default(),
            gate: Arc::new(Semaphore::new(0)),
            answer,
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Lets every call go from now on.
    fn open(&self) {
        self.gate.add_permits(1_000_000);
    }
}

impl Handler for Held {
    fn call(&self, _: Request) -> ResponseFuture {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let (gate, answer) = (Arc::clone(&self.gate), self.answer);
        ResponseFuture::boxed(async move {
            gate.acquire().await.unwrap().forget();
            answer()
        })
    }
}

struct Rig {
    service: BoxHttpService,
    flights: SingleFlight,
    held: Held,
}

fn rig(answer: fn() -> Response) -> Rig {
    rig_with(SingleFlightConfig::default(), answer)
}

fn rig_with(config: SingleFlightConfig, answer: fn() -> Response) -> Rig {
    let (layer, flights) = SingleFlightLayer::new(config).unwrap();
    let held = Held::new(answer);
    let service = around(&layer, held.clone());
    Rig {
        service,
        flights,
        held,
    }
}

type Answered = JoinHandle<(StatusCode, HeaderMap, Result<bytes::Bytes, String>)>;

impl Rig {
    fn send(&self, request: Request) -> Answered {
        let answer = self.service.handle(request);
        tokio::spawn(async move {
            let (parts, body) = answer.await.into_parts();
            let body = body.collect_limited(1 << 20).await;
            (parts.status, parts.headers, body.map_err(|e| e.to_string()))
        })
    }

    fn stats(&self) -> (usize, usize) {
        let FlightStats {
            in_flight, waiters, ..
        } = self.flights.stats();
        (in_flight, waiters)
    }

    /// One that leads and some that wait, with the call under way.
    async fn crowd(&self, waiters: usize) -> (Answered, Vec<Answered>) {
        let leader = self.send(get("/a"));
        let waiting = (0..waiters).map(|_| self.send(get("/a"))).collect();
        until("the call is under way", || async {
            self.held.calls() == 1 && self.stats() == (1, waiters)
        })
        .await;
        (leader, waiting)
    }
}

fn hello() -> Response {
    let mut response = Response::new(Body::from_bytes("hello"));
    for (name, value) in [
        ("x-multi", "1"),
        ("x-multi", "2"),
        ("cache-control", "max-age=9"),
        ("x-ratelimit-remaining", "41"),
        ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("connection", "close"),
    ] {
        response.headers_mut().append(name, value.parse().unwrap());
    }
    response
}

#[tokio::test]
async fn many_requests_make_one_call() {
    let hits = Collected::default();
    let seen = hits.clone();
    let config = SingleFlightConfig::default()
        .with_coalesced_header(true)
        .with_on_coalesced(move |digest| seen.push(digest.to_string()));
    let rig = rig_with(config, hello);
    let (leader, waiters) = rig.crowd(9).await;
    rig.held.open();
    let (status, headers, body) = leader.await.unwrap();
    assert_eq!((status, body.unwrap()), (StatusCode::OK, "hello".into()));
    assert!(!headers.contains_key("x-coalesced"));
    assert_eq!(headers["x-ratelimit-remaining"], "41");
    for waiter in waiters {
        let (status, headers, body) = waiter.await.unwrap();
        assert_eq!((status, body.unwrap()), (StatusCode::OK, "hello".into()));
        assert_eq!(headers["x-coalesced"], "true");
        let multi: Vec<_> = headers.get_all("x-multi").iter().collect();
        assert_eq!(multi, ["1", "2"]);
        for own in ["x-ratelimit-remaining", "date", "connection"] {
            assert!(!headers.contains_key(own), "{own}");
        }
    }
    assert_eq!(rig.held.calls(), 1);
    assert_eq!(rig.stats(), (0, 0));
    let hits = hits.take();
    assert_eq!(hits.len(), 9);
    assert!(hits.iter().all(|digest| digest == &hits[0]));

    // Nothing outlives the flight.
    assert_eq!(rig.send(get("/a")).await.unwrap().0, 200);
    assert_eq!(rig.held.calls(), 2);
}

#[tokio::test]
async fn requests_that_differ_are_not_merged() {
    let rig = rig(hello);
    let with = |name: &'static str, value: &'static str| {
        let mut request = get("/a");
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let host = |host: &'static str| {
        let mut request = get("/a");
        let mut init = ScopeInit::default();
        init.client = ClientInfo::default().with_host(host.parse().unwrap());
        let scope = RequestScope::new(Arc::new(ScopeSettings::default()), init);
        request.extensions_mut().insert(scope);
        request
    };
    let requests = [
        get("/a"),
        get("/b"),
        get("/a?q"),
        request(Method::HEAD, "/a"),
        with("accept", "text/html"),
        with("accept-encoding", "gzip"),
        with("accept-language", "de"),
        with("authorization", "Bearer a"),
        with("authorization", "Bearer b"),
        with("cookie", "a=1"),
        with("range", "bytes=0-1"),
        with("if-none-match", "\"a\""),
        host("one.example"),
        host("two.example"),
    ];
    let count = requests.len();
    let answers: Vec<_> = requests.map(|request| rig.send(request)).into();
    until("all are called", || async { rig.held.calls() == count }).await;
    assert_eq!(rig.stats(), (count, 0));
    rig.held.open();
    for answer in answers {
        assert_eq!(answer.await.unwrap().0, 200);
    }
    assert_eq!(rig.stats(), (0, 0));
}

#[tokio::test]
async fn services_of_one_layer_do_not_share_responses() {
    let (layer, _) = SingleFlightLayer::new(SingleFlightConfig::default()).unwrap();
    let (one, two) = (Held::new(hello), Held::new(hello));
    let mut first = around(&layer, one.clone()).handle(get("/a"));
    let mut second = around(&layer, two.clone()).handle(get("/a"));
    tokio::select! {
        _ = &mut first => panic!("an answer"),
        _ = &mut second => panic!("an answer"),
        () = until("both are called", || async { one.calls() + two.calls() == 2 }) => {}
    }
}

#[tokio::test]
async fn what_cannot_be_shared_is_not_even_tried() {
    let keyless = SingleFlightConfig::default().with_key(|_| Some(" ".to_owned()));
    let rig = rig_with(keyless, hello);
    let _answers = [rig.send(get("/a")), rig.send(get("/a"))];
    until("both are called", || async { rig.held.calls() == 2 }).await;
    assert_eq!(rig.stats(), (0, 0));

    let rig = rig_with(SingleFlightConfig::default(), hello);
    let mut body = get("/a");
    *body.body_mut() = Body::from_bytes("x");
    let mut upgrade = get("/a");
    let websocket = "websocket".parse().unwrap();
    upgrade.headers_mut().insert("upgrade", websocket);
    let mut events = get("/a");
    let event_stream = "text/event-stream".parse().unwrap();
    events.headers_mut().insert("accept", event_stream);
    let post = request(Method::POST, "/a");
    let requests = [body, upgrade, events, post];
    let count = requests.len();
    let _answers: Vec<_> = requests.map(|request| rig.send(request)).into();
    until("all are called", || async { rig.held.calls() == count }).await;
    assert_eq!(rig.stats(), (0, 0));
}

#[tokio::test]
async fn copies_carry_the_id_of_their_own_request() {
    let rig = rig(|| {
        let mut response = hello();
        let id = "of-the-leader".parse().unwrap();
        response.headers_mut().insert("x-request-id", id);
        response
    });
    let with_id = |id: &str| {
        let mut request = get("/a");
        let scope = RequestScope::ensure(&mut request);
        scope.set_request_id(RequestId::parse(id).unwrap()).unwrap();
        request
    };
    let leader = rig.send(with_id("one"));
    let waiter = rig.send(with_id("two"));
    until("one waits", || async { rig.stats() == (1, 1) }).await;
    rig.held.open();
    assert_eq!(leader.await.unwrap().1["x-request-id"], "of-the-leader");
    assert_eq!(waiter.await.unwrap().1["x-request-id"], "two");
}

#[tokio::test]
async fn head_gets_no_body_but_its_length() {
    let rig = rig(hello);
    let _leader = rig.send(request(Method::HEAD, "/a"));
    let waiter = rig.send(request(Method::HEAD, "/a"));
    until("one waits", || async { rig.stats() == (1, 1) }).await;
    rig.held.open();
    let (_, headers, body) = waiter.await.unwrap();
    assert_eq!(headers["content-length"], "5");
    assert_eq!(body.unwrap(), "");
}

fn with(name: &'static str, value: &'static str) -> Response {
    let mut response = hello();
    response.headers_mut().insert(name, value.parse().unwrap());
    response
}

fn stream(parts: &[&'static str]) -> (BodySender, Body) {
    let (mut sender, body) = Body::channel(parts.len());
    for part in parts {
        sender.try_send(*part).unwrap();
    }
    (sender, body)
}

/// Responses that belong to one request, with the limit at eight bytes.
const UNSHAREABLE: [(&str, Answer); 10] = [
    ("cookie", || with("set-cookie", "a=1")),
    ("private", || with("cache-control", "Private")),
    ("no-store", || with("cache-control", "max-age=0, no-store")),
    ("events", || with("content-type", "text/event-stream")),
    ("large", || Response::new(Body::from_bytes("123456789"))),
    ("declared large", || {
        let mut response = Response::new(stream(&[""]).1);
        response.headers_mut().insert("content-length", 9.into());
        response
    }),
    ("large stream", || {
        Response::new(stream(&["12345", "6789"]).1)
    }),
    ("broken", || {
        let (sender, body) = stream(&["12"]);
        sender.abort("disk on fire");
        Response::new(body)
    }),
    ("informational", || {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        response
    }),
    ("endless and large", || {
        let (mut sender, body) = stream(&["12345"]);
        tokio::spawn(async move {
            tokio::task::yield_now().await;
            let _ = sender.send("6789").await;
        });
        Response::new(body)
    }),
];

#[tokio::test]
async fn those_who_wait_for_what_is_not_shared_run_alone() {
    for (name, answer) in UNSHAREABLE {
        let config = SingleFlightConfig::default().with_max_response_bytes(8);
        let rig = rig_with(config, answer);
        let (leader, waiters) = rig.crowd(3).await;
        rig.held.open();
        let leader = leader.await.unwrap();
        assert_eq!(leader.2.is_err(), name == "broken", "{name}");
        for waiter in waiters {
            let waiter = waiter.await.unwrap();
            assert_eq!(waiter.0, leader.0, "{name}");
            assert_eq!(waiter.2.ok(), leader.2.clone().ok(), "{name}");
        }
        assert_eq!(rig.held.calls(), 4, "{name}");
        assert_eq!(rig.stats(), (0, 0), "{name}");
    }
}

#[tokio::test]
async fn or_they_fail_when_that_is_wanted() {
    for (name, answer) in UNSHAREABLE {
        let errors = Collected::default();
        let seen = errors.clone();
        let config = SingleFlightConfig::default()
            .with_max_response_bytes(8)
            .with_on_unshareable(OnUnshareable::Fail)
            .with_on_error(move |_, reason| seen.push(reason));
        let rig = rig_with(config, answer);
        let (leader, waiters) = rig.crowd(2).await;
        rig.held.open();
        let _ = leader.await.unwrap();
        for waiter in waiters {
            let (status, _, body) = waiter.await.unwrap();
            assert_eq!(status, 502, "{name}");
            let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
            assert!(body.contains("\"upstream_failed\""), "{body}");
            assert!(body.contains("upstream request failed"), "{body}");
        }
        assert_eq!(errors.take(), [FlightError::Unshareable; 2], "{name}");
        assert_eq!(rig.held.calls(), 1, "{name}");
    }
}

#[tokio::test]
async fn sixteen_at_most_run_alone() {
    let rig = rig(|| with("set-cookie", "a=1"));
    let (leader, waiters) = rig.crowd(40).await;
    rig.held.gate.add_permits(1);
    let _ = leader.await.unwrap();
    until("sixteen run", || async { rig.held.calls() == 17 }).await;
    tokio::task::yield_now().await;
    assert_eq!(rig.held.calls(), 17);
    rig.held.open();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0, 200);
    }
    assert_eq!(rig.held.calls(), 41);
}

struct Panics(Arc<Semaphore>);

impl Handler for Panics {
    fn call(&self, _: Request) -> ResponseFuture {
        let gate = Arc::clone(&self.0);
        ResponseFuture::boxed(async move {
            gate.acquire().await.unwrap().forget();
            panic!("handler")
        })
    }
}

#[tokio::test]
async fn a_panic_of_the_leader_is_recovered_and_fails_the_others() {
    let errors = Collected::default();
    let seen = errors.clone();
    let config = SingleFlightConfig::default().with_on_error(move |_, reason| seen.push(reason));
    let (layer, flights) = SingleFlightLayer::new(config).unwrap();
    let gate = Arc::new(Semaphore::new(0));
    let logger = RecordingLogger::new();
    let service = Stack::new()
        .push("requestid", RequestIdLayer::default())
        .push(
            "recovery",
            RecoveryLayer::new(RecoveryConfig::new(logger.as_logger())),
        )
        .push("singleflight", layer)
        .build(BoxHttpService::from_handler(Panics(Arc::clone(&gate))));
    let leader = tokio::spawn(service.handle(get("/a")));
    until("a leader", || async { flights.stats().in_flight == 1 }).await;
    let waiter = tokio::spawn(service.handle(get("/a")));
    until("a waiter", || async { flights.stats().waiters == 1 }).await;
    gate.add_permits(1);
    assert_eq!(leader.await.unwrap().status(), 500);
    assert_eq!(waiter.await.unwrap().status(), 502);
    assert_eq!(errors.take(), [FlightError::LeaderFailed]);
    assert_eq!(flights.stats(), FlightStats::default());
    let entries = logger.with_message("panic recovered");
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].level, Level::Error);
    let location = entries[0].field("location").unwrap();
    assert!(location.contains("singleflight.rs:"), "{location}");
}

#[tokio::test]
async fn a_body_that_panics_panics_for_its_leader_alone() {
    struct Bomb;
    impl http_body::Body for Bomb {
        type Data = bytes::Bytes;
        type Error = plumego_contract::BoxError;
        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Frame<bytes::Bytes>, Self::Error>>> {
            panic!("body")
        }
    }
    let rig = rig(|| Response::new(Body::new(Bomb)));
    let (leader, waiters) = rig.crowd(1).await;
    rig.held.open();
    assert!(leader.await.unwrap_err().is_panic());
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().0, 502);
    }
}

#[tokio::test]
async fn those_who_wait_are_served_when_the_leader_leaves() {
    let rig = rig(hello);
    let (leader, waiters) = rig.crowd(2).await;
    leader.abort();
    until("the leader left", || async { leader.is_finished() }).await;
    rig.held.open();
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().2.unwrap(), "hello");
    }
    assert_eq!(rig.held.calls(), 1);
}

#[tokio::test]
async fn and_the_scope_of_the_leader_does_not_stop_the_call() {
    let (layer, _) = SingleFlightLayer::new(SingleFlightConfig::default()).unwrap();
    let scopes = Collected::default();
    let seen = scopes.clone();
    let service = around(&layer, move |request: Request| {
        seen.push(RequestScope::of(&request).unwrap().clone());
        std::future::pending::<Response>()
    });
    let mut leading = get("/a");
    let outer = RequestScope::ensure(&mut leading).clone();
    let id = RequestId::parse("one").unwrap();
    outer.set_request_id(id.clone()).unwrap();
    let leader = tokio::spawn(service.handle(leading));
    let waiter = tokio::spawn(service.handle(get("/a")));
    let mut inner = Vec::new();
    until("the call is under way", || {
        inner.extend(scopes.take());
        let started = !inner.is_empty();
        async move { started }
    })
    .await;
    assert_eq!(inner[0].request_id(), Some(&id));
    outer.cancel();
    leader.abort();
    until("the leader left", || async { leader.is_finished() }).await;
    assert!(!inner[0].is_cancelled());
    waiter.abort();
    until("the call is stopped", || async { inner[0].is_cancelled() }).await;
}

#[tokio::test]
async fn a_call_that_nobody_wants_is_stopped() {
    struct Stopped(Arc<AtomicUsize>);
    impl Drop for Stopped {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let (layer, flights) = SingleFlightLayer::new(SingleFlightConfig::default()).unwrap();
    let stopped = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&stopped);
    let service = around(&layer, move |_: Request| {
        let guard = Stopped(Arc::clone(&counted));
        async move {
            let _guard = guard;
            std::future::pending::<Response>().await
        }
    });
    let leader = tokio::spawn(service.handle(get("/a")));
    let waiter = tokio::spawn(service.handle(get("/a")));
    until("one waits", || async { flights.stats().waiters == 1 }).await;
    waiter.abort();
    until("it left", || async { flights.stats().waiters == 0 }).await;
    assert_eq!(stopped.load(Ordering::SeqCst), 0);
    leader.abort();
    until("the call is stopped", || async {
        stopped.load(Ordering::SeqCst) == 1
    })
    .await;
    assert_eq!(flights.stats(), FlightStats::default());
}

#[tokio::test(start_paused = true)]
async fn a_wait_is_limited_and_leaks_nothing() {
    let errors = Collected::default();
    let seen = errors.clone();
    let config = SingleFlightConfig::default()
        .with_timeout(Duration::from_secs(3))
        .with_on_error(move |_, reason| {
            seen.push(reason);
            panic!("hook")
        });
    let rig = rig_with(config, hello);
    let (leader, waiters) = rig.crowd(1).await;
    for waiter in waiters {
        let (status, _, body) = waiter.await.unwrap();
        assert_eq!(status, 504);
        let body = String::from_utf8(body.unwrap().to_vec()).unwrap();
        assert!(body.contains("\"deadline_exceeded\""), "{body}");
        assert!(body.contains("upstream request timeout"), "{body}");
    }
    assert_eq!(errors.take(), [FlightError::Timeout]);
    assert_eq!(rig.stats(), (1, 0));
    rig.held.open();
    assert_eq!(leader.await.unwrap().0, 200);
    assert_eq!(rig.send(get("/a")).await.unwrap().0, 200);
    assert_eq!(rig.held.calls(), 2);
    assert_eq!(rig.stats(), (0, 0));
}

async fn next_data(body: &mut Body) -> bytes::Bytes {
    let frame = poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await;
    frame.unwrap().unwrap().into_data().unwrap()
}

#[tokio::test]
async fn the_leader_gets_its_response_as_it_streams() {
    let (layer, flights) = SingleFlightLayer::new(SingleFlightConfig::default()).unwrap();
    let (mut sender, body) = Body::channel(1);
    let body = std::sync::Mutex::new(Some(body));
    let service = around(&layer, move |_: Request| {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(body) }
    });
    let mut leader = service.handle(get("/a")).await.into_body();
    let waiter = tokio::spawn(service.handle(get("/a")));
    until("one waits", || async { flights.stats().waiters == 1 }).await;
    sender.send("one ").await.unwrap();
    assert_eq!(next_data(&mut leader).await, "one ");
    assert!(!waiter.is_finished());
    sender.send("two").await.unwrap();
    let mut trailers = HeaderMap::new();
    trailers.insert("x-sum", "7".parse().unwrap());
    sender.send_trailers(trailers.clone()).await.unwrap();
    drop(sender);
    assert_eq!(next_data(&mut leader).await, "two");
    let mut copy = waiter.await.unwrap().into_body();
    assert_eq!(next_data(&mut copy).await, "one two");
    for mut body in [leader, copy] {
        let last = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        assert_eq!(last.unwrap().unwrap().into_trailers().unwrap(), trailers);
        let end = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
        assert!(end.is_none());
    }
}

#[tokio::test]
async fn a_long_body_keeps_its_pace_for_the_leader() {
    let config = SingleFlightConfig::default().with_max_response_bytes(8);
    let (layer, _) = SingleFlightLayer::new(config).unwrap();
    let (mut sender, body) = Body::channel(1);
    let body = std::sync::Mutex::new(Some(body));
    let service = around(&layer, move |_: Request| {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(body) }
    });
    let mut leader = service.handle(get("/a")).await.into_body();
    for part in ["12345", "6789a", "bcdef"] {
        sender.send(part).await.unwrap();
        assert_eq!(next_data(&mut leader).await, part);
    }
    // The producer is no further ahead than its own channel allows.
    sender.try_send("x").unwrap();
    sender.try_send("y").unwrap_err();
    drop(leader);
    assert!(sender.send("z").await.is_err());
}

#[tokio::test]
async fn what_outer_layers_do_to_the_response_of_the_leader_is_its_own() {
    let rig = rig(hello);
    let leader = rig.service.handle(get("/a"));
    let leader = tokio::spawn(async move {
        let mut response = leader.await;
        let changed = "changed".parse().unwrap();
        response.headers_mut().insert("x-multi", changed);
    });
    let waiter = rig.send(get("/a"));
    until("one waits", || async { rig.stats() == (1, 1) }).await;
    rig.held.open();
    leader.await.unwrap();
    assert_eq!(waiter.await.unwrap().1["x-multi"], "1");
}

#[tokio::test]
async fn hooks_that_panic_change_nothing() {
    let config = SingleFlightConfig::default().with_on_coalesced(|_| panic!("hook"));
    let rig = rig_with(config, hello);
    let (leader, waiters) = rig.crowd(2).await;
    rig.held.open();
    assert_eq!(leader.await.unwrap().0, 200);
    for waiter in waiters {
        assert_eq!(waiter.await.unwrap().2.unwrap(), "hello");
    }
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    for (config, option) in [
        (
            SingleFlightConfig::default().with_methods(["POST"]),
            "methods",
        ),
        (
            SingleFlightConfig::default().with_header_key(["a b"]),
            "key",
        ),
        (
            SingleFlightConfig::default().with_timeout(Duration::ZERO),
            "timeout",
        ),
    ] {
        let error = SingleFlightLayer::new(config).unwrap_err();
        assert_eq!((error.layer(), error.option()), ("singleflight", option));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thousands_come_and_go_without_a_trace() {
    let (layer, flights) = SingleFlightLayer::new(SingleFlightConfig::default()).unwrap();
    let service = around(&layer, |request: Request| async move {
        tokio::task::yield_now().await;
        Response::new(Body::from_bytes(request.uri().path().to_owned()))
    });
    let tasks: Vec<_> = (0..5000)
        .map(|i| {
            let path = format!("/{}", i % 7);
            let answer = service.handle(get(&path));
            let task = tokio::spawn(async move {
                let body = answer.await.into_body();
                assert_eq!(body.collect_limited(100).await.unwrap(), path);
            });
            if i % 5 == 0 {
                task.abort();
            }
            task
        })
        .collect();
    for task in tasks {
        if let Err(error) = task.await {
            assert!(error.is_cancelled(), "{error}");
        }
    }
    until("all are gone", || async {
        flights.stats() == FlightStats::default()
    })
    .await;
}
