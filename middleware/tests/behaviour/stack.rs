use plumego_contract::{
    BoxHttpService, Error, ErrorKind, HttpService, Request, ResponseFuture, handler_fn,
};
use plumego_middleware::requestid::RequestIdLayer;
use plumego_middleware::stack::{CANONICAL_ORDER, OrderWarning, Stack};
use plumego_testkit::InProcess;
use plumego_testkit::layers::OrderRecorder;
use tower_layer::layer_fn;

use crate::support::hello;

fn handler(order: &OrderRecorder) -> BoxHttpService {
    let order = order.clone();
    BoxHttpService::from_handler(handler_fn(move |request: Request| {
        order.push("handler");
        hello(request)
    }))
}

#[tokio::test]
async fn layers_run_in_the_order_in_which_they_were_pushed() {
    let order = OrderRecorder::new();
    let two = Stack::new()
        .push("a", order.layer("a"))
        .push("b", order.layer("b"));
    InProcess::new(two.build(handler(&order))).get("/").await;
    assert_eq!(order.take(), "a-in,b-in,handler,b-out,a-out");

    let names = ["a", "b", "c", "d", "e"];
    let five = names.iter().fold(Stack::new(), |stack, name| {
        stack.push(name, order.layer(name))
    });
    assert_eq!(five.names(), names);
    assert_eq!(five.len(), 5);
    InProcess::new(five.build(handler(&order))).get("/").await;
    assert_eq!(
        order.take(),
        "a-in,b-in,c-in,d-in,e-in,handler,e-out,d-out,c-out,b-out,a-out"
    );
}

#[tokio::test]
async fn an_early_answer_passes_the_layers_outside_and_none_inside() {
    let order = OrderRecorder::new();
    let recorded = order.clone();
    let blocker = layer_fn(move |_: BoxHttpService| {
        let order = recorded.clone();
        BoxHttpService::from_handler(move |_: Request| {
            order.push("blocker");
            async { Err::<(), _>(Error::new(ErrorKind::Forbidden)) }
        })
    });
    let service = Stack::new()
        .push("requestid", RequestIdLayer::default())
        .push("outer", order.layer("outer"))
        .push("blocker", blocker)
        .push("inner", order.layer("inner"))
        .build(handler(&order));
    let response = InProcess::new(service).get("/").await;
    assert_eq!(response.status(), 403);
    assert!(response.header("x-request-id").is_some());
    assert_eq!(order.take(), "outer-in,blocker,outer-out");
}

#[tokio::test]
async fn a_built_service_does_not_change() {
    let order = OrderRecorder::new();
    let stack = Stack::new().push("a", order.layer("a"));
    let first = stack.build(handler(&order));
    let second = stack.build(handler(&order));
    let longer = stack.push("b", order.layer("b"));
    for service in [first, second] {
        InProcess::new(service).get("/").await;
        assert_eq!(order.take(), "a-in,handler,a-out");
    }
    assert_eq!(longer.names(), ["a", "b"]);
}

#[tokio::test]
async fn an_empty_stack_passes_through() {
    let stack = Stack::new();
    assert!(stack.is_empty());
    let response = InProcess::new(stack.build(BoxHttpService::from_handler(hello)))
        .get("/")
        .await;
    assert_eq!(response.text(), "hello");
    assert_eq!(response.headers().len(), 0);
}

#[test]
fn lint_speaks_of_the_names_given() {
    let push = |names: &[&'static str]| {
        let identity = layer_fn(|inner: BoxHttpService| inner);
        names
            .iter()
            .fold(Stack::new(), |stack, name| stack.push(name, identity))
            .lint()
    };
    assert_eq!(push(&CANONICAL_ORDER), []);
    assert_eq!(
        push(&["accesslog", "accesslog"]),
        [OrderWarning::Duplicate { layer: "accesslog" }]
    );
    let warnings = push(&["recovery", "accesslog", "timeout", "bodylimit"]);
    let shown: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "push `accesslog` before `recovery`: the log does not show the 500 a recovered \
             request was answered with",
            "push `bodylimit` before `timeout`: requests that are refused for their size are \
             charged against the time of the handler",
        ]
    );
}

#[test]
fn a_built_service_is_a_service_that_can_be_shared() {
    fn is_service<S: HttpService>(_: &S) {}
    let service = Stack::new()
        .push("requestid", RequestIdLayer::default())
        .build(BoxHttpService::from_handler(hello));
    is_service(&service);
    let call: fn(&BoxHttpService, Request) -> ResponseFuture = BoxHttpService::handle;
    drop(call(&service.clone(), crate::support::get("/")));
}
