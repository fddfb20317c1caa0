//! Neither a lookup nor a dispatch allocates.

mod support;

use http::Method;
use plumego_contract::RequestScope;
use plumego_router::Found;
use support::{request, router};

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

#[test]
fn no_path_without_escapes_costs_an_allocation() {
    let sixteen: String = (0..16).map(|i| format!("/{{p{i}}}")).collect();
    let frozen = router(&[
        "GET /about",
        "GET /users/{id}",
        "GET /users/{id}/posts/{post}",
        "GET /static/{*path}",
        "PUT /static/{*path}",
        "POST /users/new",
        &format!("GET {sixteen}"),
    ])
    .freeze();
    let deep: String = (0..16).map(|i| format!("/v{i}")).collect();
    for (method, path) in [
        (Method::GET, "/about"),
        (Method::GET, "/users/7"),
        (Method::HEAD, "/users/7"),
        (Method::GET, "/users/new"),
        (Method::GET, "/users/7/posts/8"),
        (Method::GET, "/static/css/main.css"),
        (Method::PUT, "/static/css/main.css"),
        (Method::GET, deep.as_str()),
        (Method::GET, "/nowhere/at/all"),
        (Method::DELETE, "/users/7"),
    ] {
        let found = allocations(|| {
            if let Found::Route(matched) = frozen.find(&method, path) {
                assert!(matched.params().all(|(_, value)| !value.is_empty()));
            }
        });
        assert_eq!(found, 0, "find {method} {path}");
        let mut request = request(method.as_str(), path);
        RequestScope::ensure(&mut request);
        // The first copy of a target that was parsed from text makes it shared.
        let _shared = request.uri().clone();
        let dispatched = allocations(|| {
            let _ = frozen.dispatch(&mut request).is_route();
        });
        assert_eq!(dispatched, 0, "dispatch {method} {path}");
    }
}
