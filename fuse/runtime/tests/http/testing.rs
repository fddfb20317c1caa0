//! `testing`: requests of a test to its own program, through all layers.

use fuse_builtins::BuiltinId;
use fuse_runtime::builtin::{Call, call};
use fuse_runtime::heap::map_of;
use fuse_runtime::meta::{RouteClass, Verb, well_known};
use fuse_runtime::{Ctx, Interrupt, Outcome, Unit, Value, display};

use crate::site::Site;
use crate::support::text;

fn site() -> Site {
    Site::new()
        .get("/quick", RouteClass::Inline, &well_known::INT, |_| {
            Ok(Value::Int(1))
        })
        .get("/slow", RouteClass::Blocking, &well_known::INT, |_| {
            Ok(Value::Int(2))
        })
        .route(
            Verb::Post,
            "/echo",
            RouteClass::Blocking,
            Some(&well_known::STRING),
            &well_known::STRING,
            |_, args| Ok(args[0].take()),
        )
}

fn request(
    ctx: &mut Ctx,
    method: &str,
    path: &str,
    body: Value,
    headers: &[(&str, &str)],
) -> Outcome<(i64, String, String)> {
    let headers = headers
        .iter()
        .map(|(name, value)| (text(name), text(value)));
    let headers = Value::Ref(map_of(&well_known::MAP_STRING, headers));
    let mut args = [text(method), text(path), body, headers];
    let response = call(
        BuiltinId::TestingRequest,
        &mut Call {
            ctx,
            args: &mut args,
            result: &well_known::TESTING_RESPONSE,
            type_arg: None,
            caller: None,
        },
    )?;
    let response = response.as_obj().unwrap();
    let shown = |index| display::to_string(response.field(index));
    Ok((shown(0).parse().unwrap(), shown(1), shown(2)))
}

#[test]
fn routes_answer_through_all_layers() {
    let world = site().build();
    let mut ctx = Ctx::new(world.runtime.clone(), Unit::Test, Interrupt::default());
    let (status, headers, body) = request(&mut ctx, "get", "/quick", Value::Null, &[]).unwrap();
    assert_eq!((status, &*body), (200, "1"));
    for expected in [
        "content-type: application/json",
        "x-content-type-options: nosniff",
        "x-request-id: req-",
    ] {
        assert!(headers.contains(expected), "{headers}");
    }
    let ids = [("X-Request-ID", "mine")];
    let (status, headers, body) = request(&mut ctx, "GET", "/slow", Value::Null, &ids).unwrap();
    assert_eq!((status, &*body), (200, "2"));
    assert!(headers.contains("x-request-id: mine"), "{headers}");
    let (status, _, body) = request(&mut ctx, "GET", "/nope", Value::Null, &ids).unwrap();
    assert_eq!(status, 404);
    let envelope = "{\"error\":{\"code\":\"not_found\",\"message\":\"not found\",\
                    \"category\":\"client_error\"},\"request_id\":\"mine\"}";
    assert_eq!(body, envelope);
}

#[test]
fn bodies_are_json_unless_something_else_is_said() {
    let world = site().build();
    let mut ctx = Ctx::new(world.runtime.clone(), Unit::Test, Interrupt::default());
    let plain = [("Content-Type", "text/plain")];
    for (headers, expected) in [(&[][..], "\"\\\"a\\\"\""), (&plain[..], "\"a\"")] {
        let answer = request(&mut ctx, "POST", "/echo", text("a"), headers).unwrap();
        assert_eq!((answer.0, &*answer.2), (200, expected));
    }
}

#[test]
fn requests_that_nobody_could_send_are_faults() {
    let world = site().build();
    let mut ctx = Ctx::new(world.runtime.clone(), Unit::Test, Interrupt::default());
    for (method, path, headers, message) in [
        ("GE T", "/quick", &[][..], "invalid request method"),
        ("GET", "quick", &[], "invalid request path"),
        ("GET", "/a b", &[], "invalid request path"),
        ("GET", "/quick", &[("a b", "c")], "invalid request header"),
        ("GET", "/quick", &[("a", "c\nd")], "invalid request header"),
    ] {
        let fault = request(&mut ctx, method, path, Value::Null, headers).unwrap_err();
        assert_eq!(fault.message(), message, "{method} {path}");
    }
}

#[test]
fn differences_show_both_values() {
    let world = site().build();
    let equal = |a, b| world.call(BuiltinId::TestingEqual, &well_known::UNIT, None, [a, b]);
    assert!(equal(Value::Int(1), Value::Int(1)).is_ok());
    let fault = equal(text("a"), text("b")).unwrap_err();
    assert_eq!(fault.message(), "assert failed: a is not b");
}
