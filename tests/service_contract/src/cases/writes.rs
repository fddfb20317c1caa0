//! What is refused when items are created, replaced or changed.

use super::{Case, Check, ITEMS, item_target, with_item};
use crate::client::{Ask, Service};
use crate::document::Item;

pub(super) const CASES: &[Case] = &[
    Case::new("an empty body is refused", empty),
    Case::new("a body that is not JSON is refused", not_json),
    Case::new("a body that is not UTF-8 is refused", not_utf8),
    Case::new("JSON that is not an object is refused", not_an_object),
    Case::new("every unknown field is named", unknown_fields),
    Case::new("a field that is given twice is refused", repeated_field),
    Case::new("a field of another type is refused", other_type),
    Case::new("a document that is nested too deep is refused", too_deep),
    Case::new(
        "all missing and blank fields are named in one answer",
        missing_fields,
    ),
    Case::new("PATCH needs at least one field", nothing_to_change),
    Case::new("fields that are too long are named in one answer", too_long),
    Case::new("another media type is refused", media_type),
    Case::new("a coded body is refused", coded),
    Case::new(
        "a body over the limit is refused before it is read",
        over_the_limit,
    ),
    Case::new("a body of exactly the limit is read", at_the_limit),
    Case::new("a refused write changes nothing", changes_nothing),
];

/// Longest body, in bytes.
const BODY_BYTES_MAX: usize = 1_048_576;

/// The three ways to write, to an item that exists where one is needed.
fn each_way(service: &Service, check: impl Fn(Ask) -> Check) -> Check {
    check(Ask::new("POST", ITEMS))?;
    with_item(service, |item| {
        check(Ask::new("PUT", item_target(&item.id)))?;
        check(Ask::new("PATCH", item_target(&item.id)))
    })
}

/// Every one of these bodies is refused for these problems, by every way.
fn refused(service: &Service, bodies: &[&[u8]], problems: &[(&str, &str)]) -> Check {
    each_way(service, |ask| {
        for body in bodies {
            service.send(ask.clone().json(*body))?.invalid(problems)?;
        }
        Ok(())
    })
}

fn empty(service: &Service) -> Check {
    let problems = [("body", "missing_field")];
    refused(service, &[b"", b" ", b"\r\n\t "], &problems)?;
    // Nothing has no media type either.
    let key = key_line(service);
    let lines = [
        "POST /api/v1/items HTTP/1.1",
        "Host: HOST",
        "Content-Length: 0",
        &key,
        "Connection: close",
    ];
    service.send_lines(&lines)?.invalid(&problems)?;
    Ok(())
}

/// The header of the write key; one that says nothing where there is no key.
fn key_line(service: &Service) -> String {
    let key = service.write_key.as_deref().unwrap_or("-");
    format!("X-Write-Key: {key}")
}

fn not_json(service: &Service) -> Check {
    let bodies: [&[u8]; 8] = [
        b"{",
        b"nope",
        b"{\"name\":\"a\",\"description\":\"b\"",
        b"{\"name\":\"a\",\"description\":\"b\",}",
        b"{\"name\":\"a\",\"description\":\"b\"}}",
        b"{\"name\":\"a\",\"description\":\"b\"} {}",
        b"{'name':'a','description':'b'}",
        b"{\"name\":\"a\x01\",\"description\":\"b\"}",
    ];
    refused(service, &bodies, &[("body", "invalid_json")])
}

fn not_utf8(service: &Service) -> Check {
    let body = b"{\"name\":\"\xff\",\"description\":\"b\"}";
    refused(service, &[body], &[("body", "invalid_encoding")])
}

fn not_an_object(service: &Service) -> Check {
    let bodies: [&[u8]; 5] = [b"[]", b"[\"a\",\"b\"]", b"\"text\"", b"7", b"true"];
    refused(service, &bodies, &[("body", "type_mismatch")])
}

fn unknown_fields(service: &Service) -> Check {
    let body = br#"{"name":"a","colour":"red","description":"b","size":1}"#;
    let problems = [
        ("body.colour", "unknown_field"),
        ("body.size", "unknown_field"),
    ];
    refused(service, &[body], &problems)?;
    let odd = br#"{"name":"a","description":"b","a.b":1}"#;
    refused(service, &[odd], &[(r#"body["a.b"]"#, "unknown_field")])
}

fn repeated_field(service: &Service) -> Check {
    let body = br#"{"name":"a","description":"b","name":"c"}"#;
    refused(service, &[body], &[("body.name", "duplicate_field")])
}

fn other_type(service: &Service) -> Check {
    let name = br#"{"name":1,"description":"b"}"#;
    refused(service, &[name], &[("body.name", "type_mismatch")])?;
    let both = br#"{"name":["a"],"description":{}}"#;
    let problems = [
        ("body.name", "type_mismatch"),
        ("body.description", "type_mismatch"),
    ];
    refused(service, &[both], &problems)
}

fn too_deep(service: &Service) -> Check {
    let body = format!("{{\"name\":{}{}}}", "[".repeat(64), "]".repeat(64));
    refused(service, &[body.as_bytes()], &[("body", "too_deep")])
}

fn missing_fields(service: &Service) -> Check {
    let (name, description) = (
        ("body.name", "missing_field"),
        ("body.description", "missing_field"),
    );
    let check = |ask: Ask, body: &str, problems: &[(&str, &str)]| {
        service.send(ask.json(body))?.invalid(problems)?;
        Ok(())
    };
    with_item(service, |item| {
        for ask in [
            Ask::new("POST", ITEMS),
            Ask::new("PUT", item_target(&item.id)),
        ] {
            let both = [name, description];
            check(ask.clone(), "{}", &both)?;
            check(ask.clone(), r#"{"name":" \t","description":""}"#, &both)?;
            check(ask.clone(), r#"{"description":null,"name":null}"#, &both)?;
            check(ask.clone(), r#"{"name":"a"}"#, &[description])?;
            check(ask, r#"{"description":"b","name":"\u2003"}"#, &[name])?;
        }
        Ok(())
    })
}

fn nothing_to_change(service: &Service) -> Check {
    with_item(service, |item| {
        for body in ["{}", r#"{"name":""}"#, r#"{"name":" ","description":null}"#] {
            let ask = Ask::new("PATCH", item_target(&item.id)).json(body);
            service.send(ask)?.invalid(&[("body", "missing_field")])?;
        }
        Ok(())
    })
}

fn too_long(service: &Service) -> Check {
    let name = "n".repeat(201);
    let description = "d".repeat(2_001);
    let body = format!(r#"{{"name":"{name}","description":"{description}"}}"#);
    let problems = [("body.name", "too_long"), ("body.description", "too_long")];
    refused(service, &[body.as_bytes()], &problems)?;
    let body = format!(r#"{{"name":"a","description":"{description}"}}"#);
    refused(service, &[body.as_bytes()], &problems[1..])
}

fn media_type(service: &Service) -> Check {
    each_way(service, |ask| {
        for other in [
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json; charset=latin1",
            "application/jsonp",
        ] {
            let ask = ask
                .clone()
                .typed(other, r#"{"name":"a","description":"b"}"#);
            service.send(ask)?.error(415, "unsupported_media_type")?;
        }
        Ok(())
    })
}

fn coded(service: &Service) -> Check {
    each_way(service, |ask| {
        let ask = ask.json(r#"{"name":"a","description":"b"}"#);
        let answer = service.send(ask.header("content-encoding", "gzip"))?;
        answer.error(415, "unsupported_media_type")?;
        Ok(())
    })
}

fn over_the_limit(service: &Service) -> Check {
    let length = format!("Content-Length: {}", BODY_BYTES_MAX + 1);
    let key = key_line(service);
    // The body is never sent: whoever wants to read it waits in vain.
    let answer = service.send_lines(&[
        "POST /api/v1/items HTTP/1.1",
        "Host: HOST",
        "Content-Type: application/json",
        &length,
        &key,
    ])?;
    let details = answer.error(413, "payload_too_large")?.details;
    let limit = details.and_then(|details| details.get("max_bytes")?.as_u64());
    answer.require(
        limit == Some(BODY_BYTES_MAX as u64),
        "the limit in `details.max_bytes` expected",
    )?;
    Ok(())
}

fn at_the_limit(service: &Service) -> Check {
    let frame = r#"{"name":"a","description":""}"#.len();
    let description = "d".repeat(BODY_BYTES_MAX - frame);
    let body = format!(r#"{{"name":"a","description":"{description}"}}"#);
    let answer = service.send(Ask::new("POST", ITEMS).json(body))?;
    answer.invalid(&[("body.description", "too_long")])?;
    Ok(())
}

fn changes_nothing(service: &Service) -> Check {
    with_item(service, |item| {
        for method in ["PUT", "PATCH"] {
            let ask = Ask::new(method, item_target(&item.id));
            let ask = ask.json(r#"{"name":"other","description":1}"#);
            service.send(ask)?.status(400)?;
        }
        let answer = service.get(&item_target(&item.id))?;
        let now = answer.data::<Item>(200)?;
        answer.require(now == *item, format_args!("{item:?} expected"))?;
        Ok(())
    })
}
