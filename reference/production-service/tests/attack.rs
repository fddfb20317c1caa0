//! A script of attacks against the compiled service in strict mode, over raw
//! sockets. Each has the refusal it must get; afterwards all answers and the
//! whole log, at its most talkative, are searched for every secret.

#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic like the tests themselves"
)]

#[path = "attack/target.rs"]
mod target;

use target::{API_TOKEN, Connection, GUESS, OPS_TOKEN, ORIGIN, Target, WRITE_KEY};

const ITEM: &str = r#"{"name":"a","description":"b"}"#;

/// A write with these header lines and this body.
fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /api/v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// The header lines of a write that is let in.
fn may_write() -> String {
    format!("X-Write-Key: {WRITE_KEY}\r\nContent-Type: application/json\r\n")
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}\r\n")
}

#[test]
fn headers_cannot_be_injected() {
    let target = Target::start(&[]);
    for lines in [
        "X-A: 1\r\n Set-Cookie: own=1\r\n",
        "X-A: 1\rSet-Cookie: own=1\r\n",
        "X-A: 1\0\r\n",
        "X-A : 1\r\n",
        ": 1\r\n",
        "X A: 1\r\n",
        "X-A\r\n",
    ] {
        let answers = target.attack(format!("GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert!(
            matches!(statuses[..], [400] | []),
            "{lines:?}: {statuses:?}"
        );
    }
    // What is decoded or echoed stays where it belongs.
    for (path, headers, status) in [
        ("/%0d%0aSet-Cookie:%20own=1", "", 404),
        ("/api/v1/items/a%0d%0aSet-Cookie:%20own=1", "", 404),
        ("/api/v1/greet?name=%0d%0aSet-Cookie:%20own=1", "", 200),
        ("/api/info", "X-Request-ID: a \"><script>\r\n", 200),
        (
            "/api/info",
            "Origin: https://app.plumego.test%0d%0aSet-Cookie: own=1\r\n",
            200,
        ),
        (
            "/api/info",
            "X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\n",
            200,
        ),
    ] {
        let answer = target.get(path, headers);
        assert_eq!(answer.status, status, "{path} {headers:?}");
        let head = answer.head.to_ascii_lowercase();
        for smuggled in ["set-cookie", "<script>", "evil.example"] {
            assert!(!head.contains(smuggled), "{path} {headers:?}: {head}");
        }
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let evil = may_write().replace(
        "X-Write-Key",
        "X-Forwarded-Host: evil.example\r\nX-Write-Key",
    );
    let created = target.one(post(&evil, ITEM).replace("Host: a", "Host: evil.example"));
    let location = created.header("location").unwrap();
    assert!(location.starts_with("/api/v1/items/"), "{location}");
    target.finish();
}

#[test]
fn the_log_cannot_be_forged() {
    let target = Target::start(&[]);
    let forged = r#""},{"level":"ERROR","msg":"forged"#;
    target.get(
        "/%0a%7B%22msg%22:%22forged%22%7D",
        &format!("User-Agent: {forged}\r\n"),
    );
    target.get(
        &format!("/api/profile?token={API_TOKEN}&access_token={GUESS}1"),
        "",
    );
    let records = target.finish();
    assert!(records.iter().all(|record| record["msg"] != "forged"));
    let seen = records.iter().find(|record| record["user_agent"] == forged);
    assert!(
        seen.is_some(),
        "the agent is logged as it is, in its own field"
    );
}

#[test]
fn paths_lead_nowhere_else() {
    let target = Target::start(&[("APP_PROFILE_STORE_PATH", "profiles.json")]);
    for path in [
        "/../../../../etc/passwd",
        "/api/v1/items/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2f..%2fetc%2fpasswd",
        "/api/v1/items/..%2f..%2fprofiles.json",
        "/api/v1/items/%2e%2e%2f%2e%2e%2fprofiles.json",
        "/api/v1/items/%252e%252e%252fprofiles.json",
        "/%252e%252e%252f%252e%252e%252fetc%252fpasswd",
        "/..%c0%af..%c0%afetc/passwd",
        "/..%5c..%5cetc%5cpasswd",
        "/profiles.json",
        "/.env",
        "/ops/../ops/metrics",
        "/api/%2e%2e/ops/metrics",
        "/api/%252e%252e/ops/metrics",
        "//ops/metrics",
        "/ops//metrics",
        "/ops/./metrics",
        "/ops/metrics/",
        "/ops/metrics%00",
        "/ops/metrics;x=1",
        "/OPS/METRICS",
        "/ops%2fmetrics",
        "http://evil.example/ops/metrics",
    ] {
        let answers = target.attack(format!(
            "GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ));
        assert_eq!(answers.len(), 1, "{path}");
        let answer = &answers[0];
        assert!(
            matches!(answer.status, 400 | 401 | 404),
            "{path}: {answer:?}"
        );
        for content in ["root:", "http_requests_total", "tenant-a"] {
            assert!(!answer.body.contains(content), "{path}: {answer:?}");
        }
    }
    for tenant in [
        "../tenant-a",
        "..",
        "tenant-a/../tenant-b",
        "%2e%2e",
        "tenant-a%00",
    ] {
        let headers = format!("{}X-Tenant-ID: {tenant}\r\n", bearer(API_TOKEN));
        let answer = target.get("/api/profile", &headers);
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "tenant_invalid_id"),
            "{tenant}"
        );
    }
    target.finish();
}

#[test]
fn one_request_is_never_two() {
    let target = Target::start(&[]);
    let second = format!(
        "GET /ops/metrics HTTP/1.1\r\nHost: a\r\n{}\r\n",
        bearer(OPS_TOKEN)
    );
    let chunked = format!("{:x}\r\n{ITEM}\r\n0\r\n\r\n{second}", ITEM.len());
    let length = ITEM.len();
    for (what, lines, body) in [
        (
            "both framings",
            format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
            chunked.clone(),
        ),
        (
            "both, the other way",
            format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
            chunked.clone(),
        ),
        (
            "two lengths",
            format!("Content-Length: {length}\r\nContent-Length: 0\r\n"),
            format!("{ITEM}{second}"),
        ),
        (
            "a list of lengths",
            format!("Content-Length: {length}, 0\r\n"),
            format!("{ITEM}{second}"),
        ),
        (
            "a signed length",
            format!("Content-Length: +{length}\r\n"),
            format!("{ITEM}{second}"),
        ),
        (
            "a length in hexadecimal",
            format!("Content-Length: 0x{length:x}\r\n"),
            format!("{ITEM}{second}"),
        ),
        (
            "a blank before the colon",
            format!("Content-Length : {length}\r\n"),
            format!("{ITEM}{second}"),
        ),
        (
            "an unknown coding",
            "Transfer-Encoding: xchunked\r\n".to_owned(),
            chunked.clone(),
        ),
        (
            "a coding after chunked",
            "Transfer-Encoding: chunked, identity\r\n".to_owned(),
            chunked.clone(),
        ),
        (
            "a tab for a blank",
            "Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n".to_owned(),
            chunked.clone(),
        ),
        (
            "a folded coding",
            "Transfer-Encoding:\r\n chunked\r\n".to_owned(),
            chunked.clone(),
        ),
        (
            "a vertical tab",
            "Transfer-Encoding: \x0bchunked\r\n".to_owned(),
            chunked.clone(),
        ),
        (
            "a size that is none",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("zz\r\n{ITEM}\r\n0\r\n\r\n{second}"),
        ),
        (
            "a size that overflows",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            format!("fffffffffffffffff\r\n{second}"),
        ),
        (
            "a bare line feed",
            "Transfer-Encoding: chunked\r\n".to_owned(),
            chunked.replacen("\r\n", "\n", 1),
        ),
    ] {
        let head = format!(
            "POST /api/v1/items HTTP/1.1\r\nHost: a\r\n{}{lines}",
            may_write()
        );
        let answers = target.attack(format!("{head}\r\n{body}"));
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert!(matches!(statuses[..], [400] | []), "{what}: {statuses:?}");
    }
    let listed = target.get("/api/v1/items", "");
    assert!(
        listed.body.contains("\"total\":0"),
        "nothing was written: {listed:?}"
    );
    target.finish();
}

#[test]
fn pages_of_other_sites_get_nothing_done() {
    let target = Target::start(&[]);
    for origin in [
        "Origin: https://evil.example\r\n",
        "Origin: null\r\n",
        "Origin: https://app.plumego.test.evil.example\r\n",
        "Origin: http://app.plumego.test\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "Sec-Fetch-Site: same-site\r\n",
        "Origin: https://app.plumego.test\r\nOrigin: https://evil.example\r\n",
    ] {
        let answer = target.one(post(&format!("{}{origin}", may_write()), ITEM));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (403, "forbidden"),
            "{origin}"
        );
        let preflight = format!(
            "OPTIONS /api/v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{origin}\
             Access-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: x-write-key\r\n\r\n"
        );
        let allowed = target.one(preflight);
        let allowed = allowed.header("access-control-allow-origin");
        assert!(
            allowed.is_none_or(|allowed| allowed == ORIGIN),
            "{origin}: {allowed:?}"
        );
    }
    // What a form can send without a preflight is not understood.
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ] {
        let headers = format!("X-Write-Key: {WRITE_KEY}\r\nContent-Type: {media}\r\n");
        assert_eq!(target.one(post(&headers, ITEM)).status, 415, "{media}");
    }
    let own = format!(
        "{}Origin: {ORIGIN}\r\nSec-Fetch-Site: cross-site\r\n",
        may_write()
    );
    assert_eq!(target.one(post(&own, ITEM)).status, 201);
    target.finish();
}

#[test]
fn a_wrong_credential_opens_nothing() {
    let target = Target::start(&[]);
    let tenant = "X-Tenant-ID: tenant-a\r\n";
    for headers in [
        String::new(),
        bearer(&format!("{GUESS}1")),
        bearer(OPS_TOKEN),
        bearer(&API_TOKEN[1..]),
        bearer(&format!("{API_TOKEN}0")),
        bearer(&API_TOKEN.to_uppercase()),
        bearer(&"x".repeat(20_000)),
        format!("{}{}", bearer(API_TOKEN), bearer(API_TOKEN)),
        format!("Authorization: Basic {API_TOKEN}\r\n"),
        format!("X-Token: {API_TOKEN}\r\n"),
        format!("Cookie: token={API_TOKEN}\r\n"),
        format!(
            "X-Original-URL: /api/info\r\nX-HTTP-Method-Override: OPTIONS\r\n{}",
            bearer(GUESS)
        ),
    ] {
        let answer = target.get("/api/profile", &format!("{headers}{tenant}"));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (401, "unauthorized"),
            "{headers}"
        );
    }
    for key in [
        "",
        "X-Write-Key: \r\n",
        &format!("X-Write-Key: {GUESS}\r\n"),
    ] {
        let answer = target.one(post(
            &format!("{key}Content-Type: application/json\r\n"),
            ITEM,
        ));
        assert_eq!(answer.status, 401, "{key}");
    }
    for method in ["TRACE", "CONNECT", "PROPFIND", "DELETE"] {
        let answers = target.attack(format!(
            "{method} /ops/metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        ));
        let refused = answers
            .iter()
            .all(|answer| matches!(answer.status, 400 | 401 | 405 | 501));
        assert!(refused, "{method}: {answers:?}");
    }
    let right = format!("{}{tenant}", bearer(API_TOKEN));
    assert_eq!(target.get("/api/profile", &right).status, 200);
    assert_eq!(target.get("/ops/metrics", &bearer(OPS_TOKEN)).status, 200);
    target.finish();
}

/// Guesses until the service has had enough; every guess before is refused.
fn guess(target: &Target, headers: impl Fn(usize) -> String) {
    for number in 0..10_000 {
        let guess = bearer(&format!("{GUESS}{number}"));
        let answer = target.get("/api/profile", &format!("{guess}{}", headers(number)));
        if answer.status == 429 {
            assert_eq!(answer.code(), "rate_limited");
            let wait = answer.header("retry-after").unwrap();
            assert!(wait.parse::<u32>().unwrap() >= 1, "{wait}");
            return;
        }
        assert_eq!(answer.status, 401);
    }
    panic!("it lets itself be asked for ever");
}

const FEW: [(&str, &str); 2] = [("APP_RATE_LIMIT", "1"), ("APP_RATE_BURST", "8")];

#[test]
fn guessing_ends_in_a_wait_whatever_address_is_claimed() {
    let target = Target::start(&FEW);
    guess(&target, |number| {
        let (high, low) = (number / 250, number % 250);
        format!(
            "X-Forwarded-For: 203.{high}.113.{low}\r\nX-Real-IP: 198.51.{high}.{low}\r\n\
             Forwarded: for=192.0.{high}.{low}\r\nCF-Connecting-IP: 203.0.{high}.{low}\r\n\
             True-Client-IP: 203.1.{high}.{low}\r\n"
        )
    });
    let records = wait_and_finish(target);
    let clients = records
        .iter()
        .filter(|record| record["msg"] == "request completed" && record["path"] == "/api/profile");
    assert!(clients.clone().count() > 8);
    for record in clients {
        assert_eq!(record["client_ip"], "127.0.0.1", "{record}");
    }
}

#[test]
fn behind_a_trusted_proxy_the_last_hop_counts_and_others_are_not_punished() {
    let env = [FEW.as_slice(), &[("APP_TRUSTED_PROXIES", "127.0.0.1")]].concat();
    let target = Target::start(&env);
    guess(&target, |number| {
        format!(
            "X-Forwarded-For: 198.51.{}.{}, 203.0.113.1\r\n",
            number / 250,
            number % 250
        )
    });
    let other = target.get("/api/info", "X-Forwarded-For: 203.0.113.2\r\n");
    assert_eq!(other.status, 200);
    let records = target.finish();
    let refused = records
        .iter()
        .find(|record| record["status"] == 429)
        .unwrap();
    assert_eq!(refused["client_ip"], "203.0.113.1");
}

/// Asks until the bucket has a token again, so that the last request is served.
fn wait_and_finish(target: Target) -> Vec<serde_json::Value> {
    while target.get("/api/info", "").status == 429 {}
    // That token may have been the last: probes are not counted.
    target.finish_on("/healthz")
}

#[test]
fn what_is_too_large_is_refused() {
    let target = Target::start(&[("APP_BODY_LIMIT_BYTES", "65536")]);
    let long = "x".repeat(9 * 1024);
    assert_eq!(target.get(&format!("/{long}"), "").status, 414);
    assert_eq!(
        target.get(&format!("/api/v1/greet?name={long}"), "").status,
        414
    );
    let value = "x".repeat(70 * 1024);
    assert_eq!(target.get("/", &format!("X-A: {value}\r\n")).status, 431);
    let many: String = (0..120)
        .map(|number| format!("X-{number}: 1\r\n"))
        .collect();
    assert_eq!(target.get("/", &many).status, 431);

    let body = "x".repeat(65_537);
    let declared = target.one(post(&may_write(), &body));
    assert_eq!(
        (declared.status, declared.code().as_str()),
        (413, "payload_too_large")
    );
    let head = "POST /api/v1/items HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    for (length, statuses) in [
        ("65537", &[413][..]),
        ("99999999999", &[413]),
        ("18446744073709551615", &[400, 413, 431]),
        ("18446744073709551616", &[400, 413, 431]),
    ] {
        let boast = format!("{head}{}Content-Length: {length}\r\n\r\n", may_write());
        let status = target.one(boast).status;
        assert!(statuses.contains(&status), "{length}: {status}");
    }
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000)).repeat(17);
    let chunked = format!(
        "{head}{}Transfer-Encoding: chunked\r\n\r\n{chunk}0\r\n\r\n",
        may_write()
    );
    assert_eq!(target.one(chunked).status, 413);

    // Small enough to be read, and still too much.
    for body in [
        "[".repeat(60_000),
        "{\"a\":".repeat(10_000),
        format!("{{\"name\":\"{}\"}}", "n".repeat(60_000)),
    ] {
        let answer = target.one(post(&may_write(), &body));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "validation_error")
        );
    }
    let tenant = format!("{}X-Tenant-ID: {}\r\n", bearer(API_TOKEN), "t".repeat(256));
    assert_eq!(target.get("/api/profile", &tenant).status, 400);
    let id = "i".repeat(200);
    let answer = target.get("/api/info", &format!("X-Request-ID: {id}\r\n"));
    assert!(answer.status == 200 && !answer.head.contains(&id));
    assert_eq!(target.get("/api/v1/items?limit=1000000", "").status, 400);
    assert_eq!(target.get("/api/v1/items?limit=1&limit=2", "").status, 400);
    target.finish();
}

#[test]
fn what_is_too_slow_is_cut() {
    let target = Target::start(&[
        ("APP_READ_HEADER_TIMEOUT", "300ms"),
        ("APP_READ_TIMEOUT", "600ms"),
        ("APP_IDLE_TIMEOUT", "300ms"),
    ]);
    let status = |said| target.note(said).first().map(|answer| answer.status);

    assert!(
        target.attack("").is_empty(),
        "silence is answered by silence"
    );
    assert_eq!(target.one("GET / HTTP/1.1\r\nHost: a\r\nX-").status, 408);
    let mut dripping = Connection::open(target.addr);
    dripping.send(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: ");
    assert!(matches!(status(dripping.drip(b'a')), Some(408) | None));

    let head = format!("POST /api/v1/items HTTP/1.1\r\nHost: a\r\n{}", may_write());
    assert_eq!(
        target
            .one(format!("{head}Content-Length: 100\r\n\r\n{{"))
            .status,
        408
    );
    assert_eq!(
        target
            .one(format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{"))
            .status,
        408
    );
    let mut dripping = Connection::open(target.addr);
    dripping.send(format!("{head}Content-Length: 60000\r\n\r\n").as_bytes());
    assert!(matches!(status(dripping.drip(b' ')), Some(408) | None));

    let idle = target.one("GET /api/info HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(
        idle.status, 200,
        "and the connection is closed after a while"
    );
    target.finish();
}
