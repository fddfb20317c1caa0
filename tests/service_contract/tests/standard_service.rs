//! The suite against the reference service, as it was compiled.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests may panic like the tests themselves"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use plumego_testkit::Program;
use service_contract::{Outcome, Target, run};

/// The reference service, with the crates below it.
const STANDARD_SERVICE: Program = Program {
    package: "standard-service",
    name: "standard-service",
    sources: &[
        "Cargo.lock",
        "contract",
        "core",
        "health",
        "log",
        "metrics",
        "middleware",
        "reference/standard-service",
        "router",
    ],
};

/// The running reference service. It ends with the test.
struct Running {
    child: Child,
    url: String,
    /// Stays open, so that the service can go on writing its log.
    _log: BufReader<ChildStdout>,
}

impl Running {
    fn start(write_key: &str) -> Self {
        let mut child = Command::new(STANDARD_SERVICE.path())
            .env_clear()
            .env("APP_ADDR", "127.0.0.1:0")
            .env("APP_LOG_FORMAT", "json")
            // One line is all that is wanted: the log is not read any further.
            .env("APP_LOG_LEVEL", "error,standard_service=info")
            .env("APP_WRITE_KEY", write_key)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stdout.take().unwrap());
        let addr = listening(&mut log);
        Self {
            child,
            url: format!("http://{addr}"),
            _log: log,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listening(log: &mut impl BufRead) -> String {
    let mut line = String::new();
    while log.read_line(&mut line).unwrap() > 0 {
        let record: serde_json::Value = serde_json::from_str(&line).unwrap();
        if record["msg"] == "listening" {
            return record["addr"].as_str().unwrap().to_owned();
        }
        line.clear();
    }
    panic!("the service ended before it listened");
}

/// Runs every case and gives the names of those that were skipped.
fn passes(target: &Target) -> Vec<&'static str> {
    let (mut skipped, mut failures) = (Vec::new(), Vec::new());
    for result in run(target).unwrap() {
        match result.outcome {
            Outcome::Passed => {}
            Outcome::Skipped(_) => skipped.push(result.name),
            Outcome::Failed(why) => failures.push(format!("{}\n    {why}", result.name)),
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    skipped
}

#[test]
fn the_reference_service_keeps_the_contract() {
    let service = Running::start("");
    let skipped = passes(&Target::new(&service.url));
    assert_eq!(skipped.len(), 4, "{skipped:?}");
}

#[test]
fn the_guarded_reference_service_keeps_the_contract() {
    let service = Running::start("k3y");
    let target = Target::new(&service.url).with_write_key("k3y");
    assert!(passes(&target).is_empty());
}
