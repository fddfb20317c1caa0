//! What parts of the language cost under the interpreter.

use std::process::{Command, Stdio};

use super::program;
use crate::http::load::Load;
use crate::http::process::{ServerProcess, pin_to_second_core};
use crate::http::{Plan, median};
use crate::report::{Gate, Row};

/// A body of one size that is right, or wrong at its end.
const DECODING: &str = r#"requires network

type Item:
  name: String(1..40)
  tags: List<String(1..10)>
  count: Int(0..1000)

service Items at "/":
  post "/items" body Item -> Int:
    return body.count

app "items":
  serve(0)
"#;

const SPAWNING: &str = "requires time

fn one() -> Int:
  let task = spawn:
    1
  return await task

fn main(n: Int):
  let start = time.monotonic_ms()
  var i = 0
  while i < n:
    one()
    i += 1
  print(time.monotonic_ms() - start)
";

/// Tasks of one run.
const TASKS: u32 = 200_000;

/// Most microseconds of starting and awaiting a task that does nothing.
const SPAWN_US: f64 = 3.0;

/// Most processor time of a refused request, as a ratio to one that is taken.
const REFUSAL: f64 = 2.0;

pub(super) const SPAWN: &str = "spawn and await";
pub(super) const REFUSED: &str = "body that is refused: cpu";

/// A request that ends in this number.
fn request(count: &str) -> &'static [u8] {
    let tags = vec!["\"tag\""; 20].join(",");
    let body = format!(r#"{{"name":"a thing","tags":[{tags}],"count":{count}}}"#);
    let request = format!(
        "POST /items HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    request.into_bytes().leak()
}

pub(super) fn refused(plan: Plan) -> Result<Vec<Row>, String> {
    let directory = tempfile::tempdir().map_err(|e| e.to_string())?;
    std::fs::write(directory.path().join("main.fuse"), DECODING).map_err(|e| e.to_string())?;
    let server = program::start("fuse", directory.path(), &["main.fuse"], &[])?;
    pin_to_second_core();
    let (taken, refused) = (request("1000"), request("1001"));
    let (mut right, mut wrong) = (Vec::new(), Vec::new());
    for _ in 0..=plan.rounds {
        right.push(run(&server, plan, taken, 200)?);
        wrong.push(run(&server, plan, refused, 400)?);
    }
    let cpu = |runs: &[_]| median(runs, |measured| measured.cpu_ns_per_request);
    // The first round warms up.
    Ok(vec![Row::ratio(
        REFUSED,
        ("refused", cpu(&wrong[1..])),
        ("taken", cpu(&right[1..])),
        Some(Gate::AtMost(REFUSAL)),
    )])
}

fn run(
    server: &ServerProcess,
    plan: Plan,
    request: &'static [u8],
    status: u16,
) -> Result<crate::http::load::Measured, String> {
    let load = Load {
        address: server.address,
        request,
        status,
        duration: plan.round,
        rate: None,
    };
    load.run(server)
}

pub(super) fn spawn(plan: Plan) -> Result<Vec<Row>, String> {
    let directory = tempfile::tempdir().map_err(|e| e.to_string())?;
    let source = directory.path().join("main.fuse");
    std::fs::write(&source, SPAWNING).map_err(|e| e.to_string())?;
    let mut all = Vec::new();
    for _ in 0..plan.rounds {
        let run = Command::new(program::command()?)
            .arg("run")
            .arg(&source)
            .args(["--", &format!("--n={TASKS}")])
            .stderr(Stdio::null())
            .output()
            .map_err(|e| e.to_string())?;
        let said = String::from_utf8_lossy(&run.stdout);
        let ms: f64 = said
            .lines()
            .next()
            .and_then(|line| line.parse().ok())
            .ok_or_else(|| format!("the tasks said `{said}`"))?;
        all.push(ms * 1e3 / f64::from(TASKS));
    }
    all.sort_by(f64::total_cmp);
    let median = all.get(all.len() / 2).copied().unwrap_or(f64::NAN);
    let gate = Some(Gate::AtMost(SPAWN_US));
    Ok(vec![Row::value(SPAWN, "interpreter", median, "us", gate)])
}
