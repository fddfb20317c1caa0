//! Requests and their answers, on raw connections.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::Context as _;
use bytes::Bytes;
use plumego_testkit::http1::{RawClient, RawResponse};
use plumego_testkit::http2::Http2Client;

use crate::case::Exchange;
use crate::compare::Differences;
use crate::process::WAIT_MAX;

/// Makes all exchanges of a row, in order.
pub(crate) async fn all(
    exchanges: &[Exchange],
    address: SocketAddr,
    differences: &mut Differences<'_>,
) -> anyhow::Result<()> {
    let mut kept: Option<RawClient> = None;
    let mut tag = None;
    for (index, exchange) in exchanges.iter().enumerate() {
        let field = format!(
            "{} {} (request {})",
            exchange.method,
            exchange.target,
            index + 1
        );
        let answers = tokio::time::timeout(WAIT_MAX, async {
            if exchange.http == "2" {
                return http2(exchange, address).await;
            }
            let mut answers = Vec::new();
            for _ in 0..exchange.times {
                let mut client = match kept.take().filter(|_| exchange.reuse) {
                    Some(client) => client,
                    None => RawClient::connect(address).await,
                };
                client.send(request(exchange, tag.as_deref())).await?;
                let answer = if exchange.method == "HEAD" {
                    client.head_response().await
                } else {
                    client.response().await
                };
                if exchange.closes && !client.closed().await {
                    differences.add(&field, "the connection stays open");
                }
                answers.push(answer);
                kept = Some(client);
            }
            Ok(answers)
        })
        .await
        .with_context(|| format!("{field}: no answer"))??;
        for answer in &answers {
            tag = answer.header("etag").map(str::to_owned);
            compare(exchange, &field, answer, differences);
        }
    }
    Ok(())
}

async fn http2(exchange: &Exchange, address: SocketAddr) -> anyhow::Result<Vec<RawResponse>> {
    let client = Http2Client::connect(address).await?;
    let mut waiting = Vec::new();
    for _ in 0..exchange.times {
        let request = http::Request::builder()
            .method(exchange.method.as_str())
            .uri(format!("http://{address}{}", exchange.target))
            .body(Bytes::from(exchange.body.clone().unwrap_or_default()))?;
        waiting.push(client.send(request));
    }
    let mut answers = Vec::new();
    for answer in futures(waiting).await {
        let answer = answer?;
        answers.push(RawResponse {
            status: answer.status().as_u16(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| {
                    (
                        name.as_str().to_owned(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body: answer.into_body().to_vec(),
        });
    }
    Ok(answers)
}

/// Polls all to their ends, so that all are under way at once.
async fn futures<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut waiting: Vec<_> = futures
        .into_iter()
        .map(|future| (Box::pin(future), None))
        .collect();
    std::future::poll_fn(move |context| {
        let mut pending = false;
        for (future, output) in &mut waiting {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(
                waiting
                    .iter_mut()
                    .filter_map(|(_, output)| output.take())
                    .collect(),
            )
        }
    })
    .await
}

/// The bytes of a request.
fn request(exchange: &Exchange, tag: Option<&str>) -> Vec<u8> {
    let mut head = format!(
        "{} {} HTTP/1.1\r\nHost: localhost\r\n",
        exchange.method, exchange.target
    );
    for (name, value) in &exchange.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let (true, Some(tag)) = (exchange.if_none_match, tag) {
        let _ = write!(head, "If-None-Match: {tag}\r\n");
    }
    if let Some(count) = exchange.header_bytes {
        let _ = write!(head, "X-Large: {}\r\n", "x".repeat(count));
    }
    let body = match (&exchange.body, exchange.chunked_bytes) {
        (_, Some(count)) => {
            head.push_str("Transfer-Encoding: chunked\r\n");
            format!("{count:x}\r\n{}\r\n0\r\n\r\n", " ".repeat(count))
        }
        (Some(body), None) => {
            let has = |wanted: &str| {
                exchange
                    .headers
                    .iter()
                    .any(|(name, _)| name.eq_ignore_ascii_case(wanted))
            };
            if !has("content-length") && !has("transfer-encoding") {
                let _ = write!(head, "Content-Length: {}\r\n", body.len());
            }
            if !has("content-type") {
                head.push_str("Content-Type: application/json\r\n");
            }
            body.clone()
        }
        (None, None) => String::new(),
    };
    format!("{head}\r\n{body}").into_bytes()
}

fn compare(
    exchange: &Exchange,
    field: &str,
    answer: &RawResponse,
    differences: &mut Differences<'_>,
) {
    let body = answer.text();
    if answer.status != exchange.status {
        differences.add(
            field,
            &format!("status {} vs {}: {body}", exchange.status, answer.status),
        );
    }
    for (name, expected) in &exchange.expect_headers {
        let values: Vec<&str> = answer
            .headers
            .iter()
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
            .collect();
        let fits = |value: &&str| match expected.strip_suffix('*') {
            Some(prefix) => value.starts_with(prefix),
            None => *value == expected,
        };
        if !values.iter().any(fits) {
            differences.add(field, &format!("header {name}: {expected} vs {values:?}"));
        }
    }
    for name in &exchange.no_headers {
        if let Some(value) = answer.header(name) {
            differences.add(field, &format!("header {name} is there: {value}"));
        }
    }
    for unwanted in &exchange.no_values {
        if let Some((name, _)) = answer.headers.iter().find(|(_, value)| value == unwanted) {
            differences.add(field, &format!("header {name} is {unwanted}"));
        }
    }
    let id = answer.header("x-request-id").unwrap_or_default();
    if let Some(expected) = &exchange.expect_body {
        differences.texts(field, &expected.replace("$ID", id), &body);
    }
    for part in &exchange.body_contains {
        differences.contains(field, part, &body);
    }
    if !exchange.expect_members.is_empty() {
        let tree: serde_json::Value = serde_json::from_str(&body).unwrap_or_default();
        for (pointer, expected) in &exchange.expect_members {
            let found = tree.pointer(pointer);
            let fits = match expected.as_str() {
                Some("*") => found.is_some(),
                Some("$ID") => found.and_then(serde_json::Value::as_str) == Some(id),
                _ => found == Some(expected),
            };
            if !fits {
                differences.add(
                    field,
                    &format!("{pointer}: {expected} vs {found:?} in {body}"),
                );
            }
        }
    }
}
