//! What the operator's address shows of a program that serves.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use fuse_runtime::Value;
use fuse_runtime::meta::{RouteClass, well_known};
use plumego_testkit::http1::{self, RawClient};
use plumego_testkit::until;

use crate::site::{Gate, Site};

/// A route that waits at a gate, one that answers, and one that takes long.
fn site(gate: &Gate) -> Site {
    Site::new()
        .env("FUSE_ADMIN_ADDR", "127.0.0.1:0")
        .env("FUSE_DB_URL", "sqlite::memory:")
        .env("FUSE_HTTP_BLOCKING_THREADS", "1")
        .slow(gate)
        .get("/items/{id}", RouteClass::Inline, &well_known::INT, |_| {
            Ok(Value::Int(1))
        })
        .get("/long", RouteClass::Inline, &well_known::UNIT, |_| {
            let end = Instant::now() + Duration::from_millis(2);
            while Instant::now() < end {}
            Ok(Value::Unit)
        })
}

async fn metrics(admin: SocketAddr) -> String {
    let answer = http1::exchange(admin, http1::get("/metrics")).await;
    assert_eq!(answer.status, 200);
    answer.text()
}

/// The value of a series.
fn value(text: &str, series: &str) -> f64 {
    let mut lines = text.lines();
    let found = lines.find_map(|line| line.strip_prefix(series)?.trim().parse().ok());
    found.unwrap_or_else(|| panic!("no {series} in\n{text}"))
}

#[tokio::test]
async fn requests_are_counted_by_method_template_and_status() {
    let gate = Gate::new();
    let running = site(&gate).start();
    let admin = running.admin().await;
    for path in ["/items/1", "/items/2", "/nowhere"] {
        running.get(path).await;
    }
    let text = metrics(admin).await;
    let series = |path, status| {
        format!(
            "plumego_http_requests_total{{runtime=\"ast\",method=\"GET\",path=\"{path}\",status=\"{status}\"}}"
        )
    };
    assert_eq!(
        value(&text, &series("/items/{id}", 200)) as u64,
        2,
        "{text}"
    );
    assert_eq!(value(&text, &series("__unmatched__", 404)) as u64, 1);
    assert!(text.contains("plumego_http_request_duration_seconds_bucket{"));
    assert!(text.contains("le=\"0.0005\""), "{text}");
    assert!(!text.contains("/items/1"), "{text}");
}

#[tokio::test]
async fn the_state_of_the_program_is_shown() {
    let gate = Gate::new();
    let running = site(&gate).start();
    let admin = running.admin().await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let mut client = RawClient::connect(running.address).await;
        client.send(http1::get("/slow")).await.unwrap();
        waiting.push(client);
    }
    gate.wait_for(1);
    let queue = "fuse_http_blocking_queue_depth{runtime=\"ast\"}";
    until("two in the queue", || async {
        value(&metrics(admin).await, queue) as u64 == 2
    })
    .await;
    let text = metrics(admin).await;
    let in_flight = "plumego_http_requests_in_flight{runtime=\"ast\",method=\"GET\"}";
    assert_eq!(value(&text, in_flight) as u64, 3, "{text}");
    gate.open();
    for client in &mut waiting {
        assert_eq!(client.response().await.status, 200);
    }
    running.get("/long").await;
    // The health of the database is asked for through the same calls.
    http1::exchange(admin, http1::get("/readyz")).await;
    let text = metrics(admin).await;
    assert_eq!(value(&text, queue) as u64, 0);
    let slow = "fuse_inline_slow_total{runtime=\"ast\"}";
    assert!(value(&text, slow) >= 1.0, "{text}");
    let selects =
        "plumego_db_operations_total{runtime=\"ast\",operation=\"select\",outcome=\"ok\"}";
    assert!(value(&text, selects) >= 1.0, "{text}");
    for family in [
        "plumego_db_operation_duration_seconds_count{",
        "plumego_db_pool_open_connections{",
        "plumego_db_pool_in_use{",
        "plumego_db_pool_waits_total{",
        "plumego_uptime_seconds{",
        "fuse_heap_bytes{",
        "fuse_tasks_active{",
        "fuse_tasks_spawned_total{",
        "fuse_log_dropped_total{",
        "fuse_build_info{runtime=\"ast\",version=\"",
        "process_start_time_seconds",
    ] {
        let mut lines = text.lines();
        assert!(
            lines.any(|line| line.starts_with(family)),
            "{family} is not in\n{text}"
        );
    }
}

#[tokio::test]
async fn nobody_else_reads_it() {
    let gate = Gate::new();
    let running = site(&gate).start();
    let admin = running.admin().await;
    assert_eq!(running.get("/metrics").await.status, 404);
    let post = http1::exchange(admin, http1::post_json("/metrics", "1")).await;
    assert_eq!(post.status, 405);
    let asked = "GET /metrics?name[]=fuse_build_info HTTP/1.1\r\nhost: t\r\n\r\n";
    let one = http1::exchange(admin, asked).await.text();
    assert_eq!(one.lines().count(), 3, "{one}");
}
