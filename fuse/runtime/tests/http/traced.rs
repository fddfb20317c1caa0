//! Spans, for an application that embeds the runtime.

use std::collections::BTreeMap;
use std::sync::Arc;

use fuse_builtins::BuiltinId;
use fuse_runtime::builtin::{Call, call};
use fuse_runtime::meta::{RouteClass, well_known};
use fuse_runtime::telemetry::Span;
use fuse_runtime::{Fault, Value};
use plumego_testkit::until;

use crate::client::fetch;
use crate::site::Site;
use crate::support::{Spans, text};
use crate::upstream::Upstream;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn traced(spans: &Arc<Spans>, upstream: &Upstream) -> Site {
    let url = upstream.url("/up?token=secret");
    Site::new()
        .env("FUSE_DB_URL", "sqlite::memory:")
        .env("FUSE_HTTP_CLIENT_PROPAGATE", "1")
        .env("FUSE_REQUEST_LOG", "1")
        .spans(spans.clone())
        .get(
            "/jobs/{id}",
            RouteClass::Blocking,
            &well_known::UNIT,
            move |ctx| {
                let sql = "select 1 -- secret";
                let mut args = [
                    text(sql),
                    Value::Ref(fuse_runtime::heap::list_of(&well_known::LIST_VALUE, [])),
                ];
                call(
                    BuiltinId::DbExec,
                    &mut Call {
                        ctx,
                        args: &mut args,
                        result: &well_known::UNIT,
                        type_arg: None,
                        caller: None,
                    },
                )?;
                fetch(ctx, &url)?;
                Ok(Value::Unit)
            },
        )
        .get("/broken", RouteClass::Inline, &well_known::UNIT, |_| {
            Err(Fault::error("it broke"))
        })
}

async fn ended(spans: &Spans, count: usize) -> BTreeMap<String, Span> {
    until("the spans", || async { spans.all().len() >= count }).await;
    let named = spans.all().into_iter();
    named
        .map(|span| (format!("{:?} {}", span.kind, span.name), span))
        .collect()
}

#[tokio::test]
async fn what_a_request_causes_is_a_tree_of_spans() {
    let spans = Arc::new(Spans::default());
    let upstream = Upstream::always("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    let running = traced(&spans, &upstream).start();
    let given = format!("traceparent: 00-{TRACE}-b7ad6b7169203331-01\r\n");
    let answer = running.get_with("/jobs/7", &given).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let all = ended(&spans, 4).await;
    let server = &all["Server GET /jobs/{id}"];
    let handler = &all["Handler GET /jobs/{id}"];
    let db = &all["Db select"];
    let client = &all["HttpClient GET 127.0.0.1"];
    for span in [server, handler, db, client] {
        assert_eq!(span.trace_id.to_string(), TRACE);
        assert!(span.sampled && span.error.is_none(), "{span:?}");
        assert!(!format!("{span:?}").contains("secret"), "{span:?}");
    }
    let parent = |span: &Span| span.parent_span_id.unwrap();
    assert_eq!(parent(server).to_string(), "b7ad6b7169203331");
    assert_eq!(parent(handler), server.span_id);
    assert_eq!(parent(db), handler.span_id);
    assert_eq!(parent(client), handler.span_id);
    assert_eq!(server.status, Some(200));
    assert_eq!(client.status, Some(200));
    // The answer names the span; the server that was asked continues it.
    let id = server.span_id.to_string();
    assert_eq!(answer.header("x-span-id"), Some(&*id));
    let asked = upstream.seen()[0].to_ascii_lowercase();
    let sent = format!("traceparent: 00-{TRACE}-{}-01", client.span_id);
    assert!(asked.contains(&sent), "{sent} is not in {asked}");
    running.runtime().flush_logs();
    let log = running.world.error.text();
    let mut lines = log.lines();
    let line = lines
        .find(|line| line.contains("request completed"))
        .unwrap();
    assert!(line.contains(TRACE) && line.contains(&id), "{line}");
}

#[tokio::test]
async fn a_fault_is_told_by_its_kind() {
    let spans = Arc::new(Spans::default());
    let upstream = Upstream::new(|_, _| None);
    let running = traced(&spans, &upstream).start();
    assert_eq!(running.get("/broken").await.status, 500);
    let all = ended(&spans, 2).await;
    let handler = &all["Handler GET /broken"];
    assert_eq!(handler.error, Some(Fault::error("").code().as_str()));
    let server = &all["Server GET /broken"];
    assert_eq!(
        (server.status, server.error),
        (Some(500), Some("server_error"))
    );
    // Without a trace of the client's it is one of its own.
    assert_eq!(server.parent_span_id, None);
    assert_eq!(handler.trace_id, server.trace_id);
}

#[tokio::test]
async fn without_anybody_to_hear_there_are_none() {
    let running = Site::new()
        .get("/", RouteClass::Inline, &well_known::INT, |_| {
            Ok(Value::Int(1))
        })
        .start();
    assert_eq!(running.get("/").await.header("x-span-id"), None);
}
