//! A row against what it shows.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};

use crate::backend::Backend;
use crate::case::{Case, Expect};
use crate::normal;
use crate::process::{Finished, Started, Terminal};
use crate::program::fuse;
use crate::serving;

/// Runs a row on a backend and compares everything it shows.
///
/// # Errors
///
/// With every difference, each naming the row, the backend and the field.
pub fn check(case: &Case, backend: Backend) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let work = directory.path();
    for (name, text) in &case.files {
        let path = work.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    place_program(case, work)?;
    for args in &case.before {
        let line = Line {
            name: case.before_command.as_ref().unwrap_or(&case.command),
            args,
            ..Line::of(case)
        };
        Started::spawn(&mut line.command(case, backend, work), b"")?.finish()?;
    }
    let mut differences = Differences::new(case, backend);
    let taken = case
        .port_taken
        .then(|| std::net::TcpListener::bind("127.0.0.1:0"))
        .transpose()?;
    let port = taken
        .as_ref()
        .map(std::net::TcpListener::local_addr)
        .transpose()?;
    let mut run = Line::of(case).command(case, backend, work);
    if let Some(address) = port {
        run.env("PORT", address.port().to_string());
    }
    let finished = if case.requests.is_empty() && case.signal != "SIGINT" {
        let lock = case
            .lock
            .as_ref()
            .map(|lock| serving::hold(work, lock))
            .transpose()?;
        let started = match case.stdout_lines {
            Some(lines) => Started::spawn_read(&mut run, case.stdin.as_bytes(), lines)?,
            None => Started::spawn(&mut run, case.stdin.as_bytes())?,
        };
        if let Some(lock) = lock {
            lock.release_later(&started)?;
        }
        started.finish()?
    } else {
        serving::serve(case, backend, &mut run, &mut differences)?
    };
    outcome(case.expect_on(backend), &finished, &mut differences);
    if let Some(after) = &case.after {
        let line = Line {
            name: after.command.as_ref().unwrap_or(&case.command),
            flags: &after.flags,
            args: &after.args,
        };
        let finished = Started::spawn(&mut line.command(case, backend, work), b"")?.finish()?;
        let stdout = normal::times(&text(&finished.stdout));
        differences.texts("stdout afterwards", &after.stdout, &stdout);
    }
    differences.into_result()
}

/// What a command line says.
struct Line<'c> {
    name: &'c str,
    flags: &'c [String],
    args: &'c [String],
}

impl<'c> Line<'c> {
    fn of(case: &'c Case) -> Self {
        Self {
            name: &case.command,
            flags: &case.flags,
            args: &case.args,
        }
    }

    /// Nothing is in the environment but what the row says.
    fn command(&self, case: &Case, backend: Backend, work: &Path) -> Command {
        let mut command = Command::new(fuse());
        command.current_dir(work).env_clear();
        for name in ["PATH", "HOME"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.envs(&case.env).arg(self.name).args(self.flags);
        if matches!(self.name, "run" | "test") {
            command.args(["--backend", backend.label()]);
        }
        command.arg("main.fuse");
        if !self.args.is_empty() {
            command.arg("--").args(self.args);
        }
        command
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn outcome(expect: &Expect, finished: &Finished, differences: &mut Differences<'_>) {
    let stdout = text(&finished.stdout);
    if expect.stdout_contains.is_empty() {
        differences.texts("stdout", &expect.stdout, &stdout);
    }
    for part in &expect.stdout_contains {
        differences.contains("stdout", part, &stdout);
    }
    let lines = normal::program_lines(&finished.stderr);
    let failure = lines.iter().find_map(|line| normal::failure(line));
    let fails =
        expect.error.is_some() || expect.error_prefix.is_some() || expect.error_contains.is_some();
    if let Some(error) = &expect.error {
        differences.texts("error", error, failure.as_deref().unwrap_or("(none)"));
    }
    if let Some(prefix) = &expect.error_prefix {
        differences.begins("error", prefix, failure.as_deref().unwrap_or("(none)"));
    }
    if let Some(part) = &expect.error_contains {
        differences.contains("error", part, failure.as_deref().unwrap_or("(none)"));
    }
    standard_error(expect, &lines, differences);
    let status = expect.exit.unwrap_or(i32::from(fails));
    if finished.terminal != Terminal::Exit(status) {
        differences.add("exit", &format!("exit {status} vs {:?}", finished.terminal));
        differences.add("stderr", &format!("{:#?}", finished.stderr));
    }
}

fn standard_error(expect: &Expect, lines: &[String], differences: &mut Differences<'_>) {
    let shown = lines.join("\n");
    if let Some(envelope) = &expect.envelope {
        differences.texts("envelope", envelope, &shown);
    }
    if let Some(prefix) = &expect.envelope_prefix {
        differences.begins("envelope", prefix, &shown);
    }
    if let Some(expected) = &expect.stderr {
        differences.texts("stderr", &expected.join("\n"), &shown);
    }
    for part in &expect.stderr_contains {
        differences.contains("stderr", part, &shown);
    }
    if let Some(last) = &expect.stderr_last {
        differences.contains(
            "last line of stderr",
            last,
            lines.last().map_or("", String::as_str),
        );
    }
    if let Some(objects) = &expect.stderr_json {
        if lines.len() != objects.lines {
            differences.add(
                "stderr",
                &format!("{} lines vs {}", objects.lines, lines.len()),
            );
        }
        for line in lines {
            let object: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
            if let Some(absent) = objects
                .members
                .iter()
                .find(|name| object.get(name).is_none())
            {
                differences.add("stderr", &format!("no member {absent} in {line}"));
            }
        }
    }
    if let Some(members) = &expect.stderr_object {
        let found = lines.iter().any(|line| {
            let start = line.find('{').unwrap_or(line.len());
            let object: serde_json::Value =
                serde_json::from_str(&line[start..]).unwrap_or_default();
            members.iter().all(|(name, value)| match object.get(name) {
                Some(_) if value == "*" => true,
                there => there == Some(value),
            })
        });
        if !found {
            differences.add("stderr", &format!("no line has {members:?} in {shown}"));
        }
    }
    let silent = expect.envelope.is_none()
        && expect.envelope_prefix.is_none()
        && expect.stderr.is_none()
        && expect.stderr_contains.is_empty()
        && expect.stderr_last.is_none()
        && expect.stderr_json.is_none()
        && expect.stderr_object.is_none();
    if silent {
        let rest: Vec<&String> = lines
            .iter()
            .filter(|line| normal::failure(line).is_none() && !is_lifecycle(line))
            .collect();
        if !rest.is_empty() {
            differences.add("stderr", &format!("nothing vs {rest:#?}"));
        }
    }
}

/// Lines that every program that serves writes.
fn is_lifecycle(line: &str) -> bool {
    ["serve: runtime=", "shutdown: runtime="]
        .iter()
        .any(|part| line.contains(part))
}

/// What is not as it should be.
#[derive(Debug)]
pub(crate) struct Differences<'c> {
    case: &'c Case,
    backend: Backend,
    text: String,
}

impl<'c> Differences<'c> {
    fn new(case: &'c Case, backend: Backend) -> Self {
        Self {
            case,
            backend,
            text: String::new(),
        }
    }

    pub(crate) fn add(&mut self, field: &str, difference: &str) {
        let (id, backend) = (&self.case.id, self.backend.label());
        let _ = writeln!(self.text, "parity: {id} {backend}: {field}: {difference}");
    }

    pub(crate) fn texts(&mut self, field: &str, expected: &str, found: &str) {
        if expected != found {
            let at = expected
                .bytes()
                .zip(found.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            self.add(
                field,
                &format!("differs at byte {at}\n  expected {expected:?}\n  found    {found:?}"),
            );
        }
    }

    pub(crate) fn begins(&mut self, field: &str, prefix: &str, found: &str) {
        if !found.starts_with(prefix) {
            self.add(
                field,
                &format!("does not begin so\n  expected {prefix:?}\n  found    {found:?}"),
            );
        }
    }

    pub(crate) fn contains(&mut self, field: &str, part: &str, found: &str) {
        if !found.contains(part) {
            self.add(
                field,
                &format!("lacks a part\n  expected {part:?}\n  found    {found:?}"),
            );
        }
    }

    fn into_result(self) -> anyhow::Result<()> {
        ensure!(self.text.is_empty(), "{}", self.text.trim_end());
        Ok(())
    }
}

/// Puts the program of a case into the directory it works in.
fn place_program(case: &Case, work: &Path) -> anyhow::Result<()> {
    let there = work.join("main.fuse");
    let Some(main) = case.program() else {
        ensure!(there.exists(), "{} has no program", case.id);
        return Ok(());
    };
    std::fs::copy(&main, there)
        .with_context(|| format!("{} has no program at {}", case.id, main.display()))
        .map(drop)
}
