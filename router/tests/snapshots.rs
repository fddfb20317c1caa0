//! What a router says about its routes.

mod support;

use std::io::{self, Write};

use plumego_router::{FrozenRouter, Route, Router};
use serde_json::json;
use support::{ask, echo, router};

#[test]
fn snapshots_are_sorted_and_hold_what_was_said() {
    let mut router = router(&["POST /b", "GET /b", "ANY /a", "GET /a/{*rest}"]);
    router
        .add_route(
            Route::new("GET", "/a", echo())
                .name("a")
                .tags(["x", "y"])
                .tags(["x"])
                .summary("All of a")
                .deprecated(true),
        )
        .unwrap();
    let expected = json!([
        {"method": "ANY", "path": "/a", "meta": {}},
        {"method": "GET", "path": "/a", "meta": {
            "name": "a", "tags": ["x", "y", "x"], "summary": "All of a", "deprecated": true,
        }},
        {"method": "GET", "path": "/a/{*rest}", "meta": {}},
        {"method": "GET", "path": "/b", "meta": {}},
        {"method": "POST", "path": "/b", "meta": {}},
    ]);
    assert_eq!(serde_json::to_value(router.routes()).unwrap(), expected);
    let frozen = router.freeze();
    assert_eq!(serde_json::to_value(frozen.routes()).unwrap(), expected);
    let first = serde_json::to_string(&frozen.routes()[0]).unwrap();
    assert_eq!(first, r#"{"method":"ANY","path":"/a","meta":{}}"#);
    let named = serde_json::to_value(frozen.named_routes()).unwrap();
    assert_eq!(
        named,
        json!({"a": {"method": "GET", "pattern": "/a", "params": []}})
    );
}

#[test]
fn an_empty_router_has_no_routes() {
    assert!(Router::default().routes().is_empty());
    let frozen = Router::default().freeze();
    assert!(frozen.routes().is_empty());
    assert_eq!(ask(&frozen, "GET", "/").status, 404);
}

#[test]
fn the_printed_table_is_aligned() {
    let frozen = router(&["GET /", "DELETE /users/{id}", "ANY /f/{*p}", "PROPFIND /x"]).freeze();
    let mut out = Vec::new();
    frozen.print(&mut out).unwrap();
    let expected = "Registered Routes:\n\
        ANY    /f/{*p}   [wildcard]\n\
        DELETE /users/{id}\n\
        GET    /\n\
        PROPFIND /x\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_writer_may_use_the_router_while_it_is_printed() {
    struct Reentrant(FrozenRouter, usize);

    impl Write for Reentrant {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            assert_eq!(ask(&self.0, "GET", "/x").status, 200);
            self.1 += 1;
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    let frozen = router(&["GET /x"]).freeze();
    let mut writer = Reentrant(frozen.clone(), 0);
    frozen.print(&mut writer).unwrap();
    assert!(writer.1 > 0);
}

#[test]
fn a_failing_writer_fails_the_printing() {
    let mut full = [0_u8; 4];
    let error = router(&["GET /x"]).freeze().print(&mut full.as_mut_slice());
    assert_eq!(error.unwrap_err().kind(), io::ErrorKind::WriteZero);
}
