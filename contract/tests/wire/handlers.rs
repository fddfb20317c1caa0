use std::convert::Infallible;

use plumego_contract::{
    Body, BoxHttpService, Error, ErrorKind, Handler, Reply, Request, RequestId, RequestScope,
    RouteMatch, param, params, request_id, route_name, route_pattern, sync_fn,
};
use tower_service::Service;

use super::Answer;

async fn show(request: Request) -> Result<Reply<String>, Error> {
    let id = param(&request, "id").ok_or_else(|| Error::new(ErrorKind::NotFound))?;
    let id = id.to_owned();
    // Others run in between.
    tokio::task::yield_now().await;
    assert_eq!(param(&request, "id"), Some(id.as_str()));
    Ok(Reply::ok(id))
}

fn scoped(id: &str) -> Request {
    let mut request = Request::new(Body::empty());
    let scope = RequestScope::ensure(&mut request);
    let route = RouteMatch::for_test("/users/{id}", Some("users.show"), &[("id", id)]);
    assert!(scope.set_route(route).is_ok());
    scope.set_request_id(RequestId::parse(id).unwrap()).unwrap();
    request
}

#[tokio::test]
async fn concurrent_requests_never_see_each_other() {
    let service = BoxHttpService::from_handler(show);
    let ids: Vec<_> = (0..64).map(|i| format!("id-{i}")).collect();
    let calls = ids.iter().map(|id| service.handle(scoped(id)));
    let responses = futures_util::future::join_all(calls).await;
    for (id, response) in ids.iter().zip(responses) {
        let answer = Answer::read(response).await;
        assert_eq!(answer.json()["data"], *id);
        assert_eq!(answer.json()["request_id"], *id);
    }
}

#[tokio::test]
async fn a_handler_without_a_scope_gets_one() {
    let mut service = BoxHttpService::from_handler(show);
    let response: Result<_, Infallible> =
        Service::call(&mut service, Request::new(Body::empty())).await;
    assert_eq!(Answer::read(response.unwrap()).await.status, 404);
}

#[tokio::test]
async fn errors_carry_the_id_of_the_request() {
    let handler = sync_fn(|_| Err::<(), _>(Error::new(ErrorKind::Gone)));
    let answer = Answer::read(handler.call(scoped("r7")).await).await;
    assert_eq!((answer.status, answer.header("x-request-id")), (410, "r7"));
    assert_eq!(answer.json()["request_id"], "r7");
}

#[test]
fn accessors() {
    let request = scoped("17");
    assert_eq!(params(&request).collect::<Vec<_>>(), [("id", "17")]);
    assert_eq!(route_pattern(&request), Some("/users/{id}"));
    assert_eq!(route_name(&request), Some("users.show"));
    assert_eq!(request_id(&request).map(RequestId::as_str), Some("17"));
    let bare = Request::new(Body::empty());
    assert_eq!(param(&bare, "id"), None);
    assert_eq!(params(&bare).count(), 0);
    assert_eq!(route_pattern(&bare), None);
    assert_eq!(route_name(&bare), None);
    assert_eq!(request_id(&bare), None);
}

#[tokio::test]
async fn the_outer_handle_sees_the_inner_route_after_the_call() {
    let mut request = Request::new(Body::empty());
    let outer = RequestScope::ensure(&mut request).clone();
    let handler = sync_fn(|request: Request| {
        let scope = RequestScope::of(&request).unwrap();
        let route = RouteMatch::for_test("/inner", None, &[]);
        assert!(scope.set_route(route).is_ok());
    });
    handler.call(request).await;
    assert_eq!(outer.route().unwrap().pattern(), "/inner");
}
