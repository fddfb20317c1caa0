//! The compiled service over a real listener, as its users meet it.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic like the tests themselves"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use serde_json::{Value, json};
use ureq::http::{Request, Response};
use ureq::{Agent, Body};

/// A service that runs, on a port of its own, in a directory of its own.
struct Service {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
    agent: Agent,
    _directory: tempfile::TempDir,
}

impl Service {
    fn start(env: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut command = command(directory.path(), env);
        let mut child = command
            .env("APP_ADDR", "127.0.0.1:0")
            .env("APP_LOG_FORMAT", "json")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let listening = read_until(&mut stdout, "listening");
        let addr = listening["addr"].as_str().unwrap();
        Self {
            url: format!("http://{addr}"),
            child,
            stdout,
            agent: agent(),
            _directory: directory,
        }
    }

    fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], None)
    }

    fn json(&self, method: &str, target: &str, body: &Value) -> Answer {
        let headers = [("content-type", "application/json")];
        self.send(method, target, &headers, Some(body.to_string()))
    }

    fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap()),
            None => self.agent.run(request.body(()).unwrap()),
        };
        Answer::of(response.unwrap())
    }

    /// Asks the service to end, and reads the rest of its log.
    #[cfg(unix)]
    fn terminate(mut self) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", "TERM", &pid]).status();
        assert!(sent.unwrap().success());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn agent() -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .build()
        .into()
}

fn command(directory: &std::path::Path, env: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_production-service"));
    command
        .current_dir(directory)
        .env_clear()
        .envs(env.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Runs the service where it ends by itself.
fn run(env: &[(&str, &str)], args: &[&str]) -> Output {
    let directory = tempfile::tempdir().unwrap();
    command(directory.path(), env).args(args).output().unwrap()
}

fn read_until(log: &mut impl BufRead, message: &str) -> Value {
    let mut line = String::new();
    while log.read_line(&mut line).unwrap() > 0 {
        let record: Value = serde_json::from_str(&line).unwrap();
        if record["msg"] == message {
            return record;
        }
        line.clear();
    }
    panic!("the log ended without `{message}`");
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl Answer {
    fn of(mut response: Response<Body>) -> Self {
        let headers = response.headers().iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        Self {
            status: response.status().as_u16(),
            headers,
            body: response.body_mut().read_to_string().unwrap(),
        }
    }

    fn document(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn code(&self) -> String {
        self.document()["error"]["code"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn items_live_and_die() {
    let service = Service::start(&[]);
    let created = service.json(
        "POST",
        "/api/v1/items",
        &json!({"name": " pen ", "description": "blue"}),
    );
    assert_eq!(created.status, 201);
    let item = created.document()["data"].clone();
    assert_eq!(item["name"], "pen");
    let location = &created.headers["location"];
    assert_eq!(service.get(location).document()["data"], item);

    let replaced = service.json(
        "PUT",
        location,
        &json!({"name": "nib", "description": "red"}),
    );
    assert_eq!(replaced.document()["data"]["name"], "nib");
    let changed = service.json(
        "PATCH",
        location,
        &json!({"name": "", "description": "green"}),
    );
    assert_eq!(changed.status, 200);
    assert_eq!(changed.document()["data"]["name"], "nib");
    assert_eq!(changed.document()["data"]["description"], "green");
    assert_eq!(changed.document()["data"]["created_at"], item["created_at"]);

    let listed = service.get("/api/v1/items?limit=1").document();
    assert_eq!(listed["data"], json!([changed.document()["data"]]));
    assert_eq!(listed["meta"], json!({"total": 1, "limit": 1, "offset": 0}));

    let deleted = service.send("DELETE", location, &[], None);
    assert_eq!((deleted.status, deleted.body.as_str()), (204, ""));
    for gone in [
        service.get(location),
        service.send("DELETE", location, &[], None),
        service.json("PUT", location, &json!({"name": "a", "description": "b"})),
        service.json("PATCH", location, &json!({"name": "a"})),
    ] {
        assert_eq!((gone.status, gone.code().as_str()), (404, "not_found"));
        assert_eq!(gone.document()["error"]["details"]["id"], item["id"]);
    }
}

#[test]
fn the_service_says_what_it_is_and_how_it_is() {
    let service = Service::start(&[("APP_SERVICE_NAME", "shop")]);
    for target in ["/", "/healthz", "/health", "/api/info"] {
        let answer = service.get(target);
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.document()["data"]["service"], "shop", "{target}");
    }
    let ready = service.get("/readyz");
    assert_eq!(ready.headers["cache-control"], "no-store");
    let document = ready.document();
    assert_eq!(document["data"]["ready"], true);
    assert_eq!(document["data"]["components"], json!({"items": true}));
    assert_eq!(
        service.get("/api/v1/greet?name=%20Ada%20").document()["data"]["message"],
        "hello, Ada"
    );
    assert_eq!(service.get("/api/v1/greet?name=%20").status, 400);
}

#[test]
fn methods_follow_the_router() {
    let service = Service::start(&[]);
    let get = service.get("/api/v1/items");
    let head = service.send("HEAD", "/api/v1/items", &[("x-request-id", "h")], None);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(head.headers["content-type"], get.headers["content-type"]);
    assert_eq!(head.headers["x-request-id"], "h");
    let options = service.send("OPTIONS", "/api/v1/items", &[], None);
    assert_eq!(options.status, 204);
    assert_eq!(options.headers["allow"], "GET, HEAD, OPTIONS, POST");
    let refused = service.send("DELETE", "/api/v1/items", &[], None);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (405, "method_not_allowed")
    );
    assert_eq!(refused.headers["allow"], "GET, HEAD, OPTIONS, POST");
    assert_eq!(service.get("/nope").code(), "not_found");
}

#[test]
fn a_write_needs_the_key() {
    let service = Service::start(&[("APP_WRITE_KEY", "k3y")]);
    let body = || Some(r#"{"name":"a","description":"b"}"#.to_owned());
    let post = |key: &[(&str, &str)]| {
        let headers = [key, &[("content-type", "application/json")]].concat();
        service.send("POST", "/api/v1/items", &headers, body())
    };
    let refused = post(&[]);
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (401, "unauthorized")
    );
    assert!(refused.headers.contains_key("www-authenticate"));
    assert_eq!(post(&[("x-write-key", "key")]).status, 401);
    assert_eq!(post(&[("x-write-key", "k3y")]).status, 201);
    assert_eq!(service.get("/api/v1/items").status, 200);
}

#[test]
fn parallel_writers_lose_nothing() {
    let service = Service::start(&[("APP_RATE_BURST", "1000")]);
    std::thread::scope(|scope| {
        for writer in 0..64 {
            let service = &service;
            scope.spawn(move || {
                let item = json!({"name": format!("item {writer}"), "description": "x"});
                assert_eq!(service.json("POST", "/api/v1/items", &item).status, 201);
            });
        }
    });
    let listed = service.get("/api/v1/items?limit=100").document();
    assert_eq!(listed["meta"]["total"], 64);
    let items = listed["data"].as_array().unwrap();
    let ids: std::collections::BTreeSet<_> = items.iter().map(|item| item["id"].as_str()).collect();
    assert_eq!(ids.len(), 64);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_well() {
    let service = Service::start(&[]);
    assert_eq!(service.get("/").status, 200);
    let (code, log) = service.terminate();
    assert_eq!(code, Some(0));
    assert!(log.contains("shutdown finished"), "{log}");
    assert!(!log.contains("\"ERROR\""), "{log}");
}

#[test]
fn a_configuration_that_cannot_be_used_is_refused_whole() {
    let output = run(
        &[("APP_ADDR", "nowhere"), ("APP_WRITE_KEY", "hunter 2")],
        &["--nope"],
    );
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("has 3 problems"), "{said}");
    assert!(
        said.contains("APP_ADDR") && said.contains("--nope"),
        "{said}"
    );
    assert!(!said.contains("hunter"), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn production_does_not_start_with_what_it_starts_with_elsewhere() {
    let output = run(&[("APP_ENV", "production"), ("OPS_TOKEN", "hunter2")], &[]);
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("has 4 problems"), "{said}");
    for name in [
        "APP_WRITE_KEY",
        "APP_API_TOKEN",
        "OPS_TOKEN",
        "APP_CORS_ALLOWED_ORIGINS",
    ] {
        assert!(
            said.contains(&format!("{name} (APP_ENV=production)")),
            "{said}"
        );
    }
    assert!(
        said.contains("openssl rand -hex 32") && !said.contains("hunter"),
        "{said}"
    );
}

#[test]
fn profiles_come_from_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profiles.json");
    std::fs::write(&path, r#"{"acme":{"name":"Acme","plan":"gold"}}"#).unwrap();
    let path = path.to_str().unwrap();
    let env = [("APP_PROFILE_STORE_PATH", path), ("APP_API_TOKEN", "t0ken")];
    let service = Service::start(&env);
    let ask = |tenant| {
        let headers = [("authorization", "Bearer t0ken"), ("x-tenant-id", tenant)];
        service.send("GET", "/api/profile", &headers, None)
    };
    let found = ask("acme");
    assert_eq!(found.headers["cache-control"], "no-store");
    let profile = json!({"tenant_id": "acme", "name": "Acme", "plan": "gold"});
    assert_eq!(found.document()["data"], profile);
    assert_eq!(
        ask("tenant-a").code(),
        "not_found",
        "samples are for memory"
    );
}

#[test]
fn a_profile_file_that_is_corrupt_ends_the_start_and_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("profiles.json");
    std::fs::write(&path, "{").unwrap();
    let output = run(&[("APP_PROFILE_STORE_PATH", path.to_str().unwrap())], &[]);
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("profiles.json") && said.contains("backup"),
        "{said}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{");
}

#[test]
fn every_answer_has_the_headers_that_browsers_obey() {
    let service = Service::start(&[("APP_TRUSTED_PROXIES", "127.0.0.1")]);
    for (target, status) in [("/", 200), ("/nope", 404), ("/ops/metrics", 401)] {
        let https = [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "192.0.2.7"),
        ];
        let answer = service.send("GET", target, &https, None);
        assert_eq!(answer.status, status);
        for (name, part) in [
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'"),
            ("content-security-policy", "frame-ancestors 'none'"),
            ("content-security-policy", "base-uri 'none'"),
            ("content-security-policy", "object-src 'none'"),
            ("referrer-policy", "no-referrer"),
            (
                "strict-transport-security",
                "max-age=31536000; includeSubDomains",
            ),
            ("content-type", "application/json"),
        ] {
            let value = answer.headers.get(name).map(String::as_str);
            assert!(
                value.is_some_and(|value| value.contains(part)),
                "{target} {name}: {value:?}"
            );
        }
        let clear = service.get(target);
        assert!(!clear.headers.contains_key("strict-transport-security"));
    }
}

#[cfg(unix)]
#[test]
fn the_trace_of_a_client_is_in_the_log() {
    let service = Service::start(&[]);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}-b7ad6b7169203331-01");
    service.send("GET", "/api/info", &[("traceparent", &parent)], None);
    let (_, log) = service.terminate();
    assert!(log.contains(&format!("\"trace_id\":\"{trace}\"")), "{log}");
}

#[test]
fn a_certificate_that_is_not_there_is_a_configuration_problem() {
    let tls = [
        ("APP_ADDR", "127.0.0.1:0"),
        ("APP_TLS_ENABLED", "true"),
        ("APP_TLS_CERT_FILE", "gone.pem"),
        ("APP_TLS_KEY_FILE", "gone.key"),
    ];
    let output = run(&tls, &[]);
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("gone.pem"), "{said}");
}

#[test]
fn the_effective_configuration_can_be_printed() {
    let output = run(&[("APP_WRITE_KEY", "hunter2")], &["--print-config"]);
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("APP_WRITE_KEY=***") && !said.contains("hunter2"),
        "{said}"
    );
}

#[test]
fn a_tool_gets_a_description() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("routes.json");
    let describe = [
        ("PLUMEGO_DESCRIBE", "openapi"),
        ("PLUMEGO_DESCRIBE_OUT", out.to_str().unwrap()),
    ];
    assert!(run(&describe, &[]).status.success());
    let document: Value = serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap();
    assert_eq!(
        (&document["plumego_describe"], &document["kind"]),
        (&json!(1), &json!("routes"))
    );
}
