//! The reference service under a mixed load.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::program;
use crate::http::load::{CONNECTIONS, Connection, percentile};
use crate::http::process::{ServerProcess, pin_to_second_core};
use crate::http::{Plan, median, rounds};
use crate::report::{Gate, Row};

/// Requests per second over all clients.
const RATE: f64 = 1_000.0;

/// One of so many requests writes.
const WRITES_ONE_OF: usize = 5;

/// People whose notes these are.
const PEOPLE: usize = 8;

/// Most p99 of the mix, in milliseconds.
const P99_MS: f64 = 25.0;

/// Most that memory grows, as a ratio to what it was a tenth of the time in.
const GROWTH: f64 = 1.10;

pub(super) const MIXED: &str = "notes, 80 % reads, 64 clients";
pub(super) const SOAK: &str = "notes, soak";

/// The service with a database of its own.
pub(super) struct Notes {
    server: ServerProcess,
    people: Vec<Person>,
    _directory: tempfile::TempDir,
}

struct Person {
    token: String,
    note: String,
}

impl Notes {
    pub(super) fn start(variables: &[(&str, &str)]) -> Result<Self, String> {
        let directory = tempfile::tempdir().map_err(|e| e.to_string())?;
        let package = package();
        let arguments = ["--migrate", &package.to_string_lossy()];
        let server = program::start("notes", directory.path(), &arguments, variables)?;
        pin_to_second_core();
        let people = block_on(people(server.address))??;
        Ok(Self {
            server,
            people,
            _directory: directory,
        })
    }

    /// Routes one by one, as fast as they are answered.
    pub(super) fn routes(&self, plan: Plan) -> Result<Vec<Row>, String> {
        let person = &self.people[0];
        let routes = [
            ("notes, probe: cpu", "/healthz".to_owned()),
            (
                "notes, one note: cpu",
                format!("/api/public/notes/{}", person.note),
            ),
            ("notes, public list: cpu", "/api/public/notes".to_owned()),
            ("notes, page: cpu", "/".to_owned()),
        ];
        let mut rows = Vec::new();
        for (scenario, target) in routes {
            let request = get(&target, &person.token).into_bytes();
            let runs = rounds(request.leak(), &[&self.server], plan, None)?;
            let figure = |of: fn(&_) -> f64| median(&runs[0], of);
            let cpu_us = figure(|measured| measured.cpu_ns_per_request) / 1e3;
            let rate = figure(|measured| measured.requests_per_second);
            rows.push(Row::value(scenario, "interpreter", cpu_us, "us", None));
            rows.push(Row::value(scenario, "interpreter", rate, "per s", None));
        }
        Ok(rows)
    }

    /// Reads and writes by clients who ask at times of their own; a request that
    /// waits for its turn has begun to wait.
    pub(super) fn mixed(&self, duration: Duration) -> Result<Vec<Row>, String> {
        let mut waits = Vec::new();
        let early = self.mix(duration / 10, &mut Vec::new())?;
        let late = self.mix(duration, &mut waits)?;
        waits.sort_unstable();
        let failures = waits.iter().filter(|wait| **wait == u64::MAX).count();
        let ms = |share| percentile(&waits, share) / 1e6;
        let row = |value, unit, gate| Row::value(MIXED, "interpreter", value, unit, gate);
        Ok(vec![
            row(waits.len() as f64 / duration.as_secs_f64(), "per s", None),
            row(ms(0.50), "ms p50", None),
            row(ms(0.99), "ms p99", Some(Gate::AtMost(P99_MS))),
            row(failures as f64, "failures", Some(Gate::AtMost(0.0))),
            row(late / early, "x memory", Some(Gate::AtMost(GROWTH))),
        ])
    }

    /// Adds nanoseconds per request to `waits`, `u64::MAX` for a failure of the
    /// server; gives the memory at the end in KiB.
    fn mix(&self, duration: Duration, waits: &mut Vec<u64>) -> Result<f64, String> {
        let started = Instant::now();
        block_on(async {
            let mut clients = tokio::task::JoinSet::new();
            for index in 0..CONNECTIONS {
                let person = &self.people[index % PEOPLE];
                let client = Client {
                    connection: Connection::open(self.server.address).await?,
                    read: get(&format!("/api/public/notes/{}", person.note), &person.token),
                    list: get("/api/notes?limit=20", &person.token),
                    write: put(&person.note, &person.token),
                };
                clients.spawn(client.drive(index, started, duration));
            }
            while let Some(done) = clients.join_next().await {
                waits.extend(done.map_err(io::Error::other)??);
            }
            io::Result::Ok(())
        })?
        .map_err(|e| format!("the mix: {e}"))?;
        Ok(self.server.resident_kib()? as f64)
    }

    /// So many requests of two routes: nothing of them may stay.
    pub(super) fn soak(&self, requests: usize) -> Result<Vec<Row>, String> {
        let person = &self.people[0];
        let inline = get("/healthz", &person.token).into_bytes().leak();
        let page = get("/", &person.token).into_bytes().leak();
        self.repeat(inline, page, requests / 10)?;
        let before = self.at_rest()?;
        self.repeat(inline, page, requests)?;
        let after = self.at_rest()?;
        let row = |value, unit, gate| Row::value(SOAK, "interpreter", value, unit, gate);
        let memory = after.0 as f64 / before.0 as f64;
        let descriptors = after.1 as f64 - before.1 as f64;
        Ok(vec![
            row(requests as f64, "requests", None),
            row(before.0 as f64 / 1024.0, "MiB before", None),
            row(memory, "x memory", Some(Gate::AtMost(GROWTH))),
            row(descriptors, "descriptors", Some(Gate::AtMost(0.0))),
        ])
    }

    /// KiB of memory and descriptors once the connections are closed.
    fn at_rest(&self) -> Result<(u64, usize), String> {
        std::thread::sleep(Duration::from_secs(1));
        Ok((self.server.resident_kib()?, self.server.descriptors()?))
    }

    /// Nine of ten requests are of the first kind.
    fn repeat(
        &self,
        often: &'static [u8],
        seldom: &'static [u8],
        count: usize,
    ) -> Result<(), String> {
        const VISIT: usize = 1_000;
        let address = self.server.address;
        let asked = block_on(async move {
            let mut callers = tokio::task::JoinSet::new();
            for _ in 0..CONNECTIONS {
                callers.spawn(async move {
                    let mut left = count / CONNECTIONS;
                    while left > 0 {
                        let mut connection = Connection::open(address).await?;
                        for number in 0..left.min(VISIT) {
                            let request = if number % 10 == 9 { seldom } else { often };
                            let (status, _) = connection.ask(request).await?;
                            if status != 200 {
                                return Err(io::Error::other(format!("status {status}")));
                            }
                        }
                        left -= left.min(VISIT);
                    }
                    Ok(())
                });
            }
            while let Some(done) = callers.join_next().await {
                done.map_err(io::Error::other)??;
            }
            io::Result::Ok(())
        })?;
        asked.map_err(|e| format!("the soak: {e}"))
    }
}

struct Client {
    connection: Connection,
    read: String,
    list: String,
    write: String,
}

impl Client {
    async fn drive(
        mut self,
        index: usize,
        started: Instant,
        duration: Duration,
    ) -> io::Result<Vec<u64>> {
        let pace = Duration::from_secs_f64(CONNECTIONS as f64 / RATE);
        let mut due = started + pace.mul_f64(index as f64 / CONNECTIONS as f64);
        let mut waits = Vec::new();
        for number in index.. {
            if due >= started + duration {
                break;
            }
            tokio::time::sleep_until(due.into()).await;
            let request = match number % WRITES_ONE_OF {
                0 => &self.write,
                1 => &self.list,
                _ => &self.read,
            };
            let (status, _) = self.connection.ask(request.as_bytes()).await?;
            waits.push(match status {
                200 => u64::try_from(due.elapsed().as_nanos()).unwrap_or(u64::MAX),
                _ => u64::MAX,
            });
            due += pace;
        }
        Ok(waits)
    }
}

fn package() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../reference/notes")
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| e.to_string())?;
    Ok(runtime.block_on(work))
}

fn get(target: &str, token: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\r\n")
}

fn send(method: &str, target: &str, token: &str, document: &Value) -> String {
    let body = document.to_string();
    format!(
        "{method} {target} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn put(note: &str, token: &str) -> String {
    let document = json!({"title": "changed", "content": "by the bench"});
    send("PUT", &format!("/api/notes/{note}"), token, &document)
}

/// Makes accounts, sessions and a published note for each.
async fn people(address: SocketAddr) -> Result<Vec<Person>, String> {
    let mut connection = Connection::open(address).await.map_err(|e| e.to_string())?;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let mut ask = async |method, target: &str, token: &str, document: Value| {
            let request = send(method, target, token, &document);
            let asked = connection.ask(request.as_bytes()).await;
            let (status, response) = asked.map_err(|e| format!("{target}: {e}"))?;
            if !(200..300).contains(&status) {
                return Err(format!("{target}: {}", String::from_utf8_lossy(response)));
            }
            let body = memchr::memmem::find(response, b"\r\n\r\n").unwrap_or(0);
            serde_json::from_slice::<Value>(&response[body..]).map_err(|e| format!("{target}: {e}"))
        };
        let (name, password) = (format!("person{number}"), "a long password");
        let account = json!({
            "username": name, "email": format!("{name}@example.org"), "password": password,
        });
        ask("POST", "/api/auth/register", "", account).await?;
        let login = json!({"identifier": name, "password": password});
        let session = ask("POST", "/api/auth/login", "", login).await?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let token = text(&session["token"]);
        let note = json!({"title": "a note", "content": "of the bench"});
        let note = ask("POST", "/api/notes", &token, note).await?;
        let note = text(&note["id"]);
        let target = format!("/api/notes/{note}/visibility");
        ask("PUT", &target, &token, json!({"published": true})).await?;
        people.push(Person { token, note });
    }
    Ok(people)
}
