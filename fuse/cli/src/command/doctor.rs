//! `fuse doctor`: whether this installation can do its work.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Args;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::Outcome;
use crate::arguments::Format;
use crate::failure::reason;
use crate::git::user_cache_directory;
use crate::output::Output;
use crate::version;

#[derive(Debug, Args)]
pub(crate) struct Flags {}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Ok,
    /// Something is missing that only some commands need.
    Warning,
    /// Something is damaged.
    Failed,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    name: String,
    status: Status,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Finding {
    fn new(name: impl Into<String>, status: Status, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            status,
            detail: detail.into(),
            hint: None,
        }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[derive(Serialize)]
struct Report<'a> {
    kind: &'static str,
    version: &'a str,
    commit: &'a str,
    target: &'a str,
    ok: bool,
    findings: &'a [Finding],
}

pub(crate) fn run(_: &Flags, output: &Output) -> Outcome {
    let mut findings = runner_targets();
    findings.extend([git(), cache_directory(), ports(), file_watching()]);
    let ok = findings
        .iter()
        .all(|finding| finding.status != Status::Failed);
    output.result(&match output.format {
        Format::Json => json(&findings, ok),
        Format::Text => text(&findings),
    });
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn json(findings: &[Finding], ok: bool) -> String {
    let report = Report {
        kind: "doctor",
        version: version::VERSION,
        commit: version::COMMIT,
        target: version::TARGET,
        ok,
        findings,
    };
    // Texts and booleans always serialize.
    serde_json::to_string(&report).unwrap_or_default() + "\n"
}

fn text(findings: &[Finding]) -> String {
    let mut text = version::line();
    let width = findings
        .iter()
        .map(|finding| finding.name.len())
        .max()
        .unwrap_or(0);
    for Finding {
        name,
        status,
        detail,
        hint,
    } in findings
    {
        let word = match status {
            Status::Ok => "ok",
            Status::Warning => "warning",
            Status::Failed => "FAILED",
        };
        text += &format!("{name:width$}  {word:7}  {detail}\n");
        if let Some(hint) = hint {
            text += &format!("{:width$}           hint: {hint}\n", "");
        }
    }
    text
}

/// The directory of the runner templates: `lib/fuse/targets` beside the
/// directory of the command.
fn targets_directory() -> Option<PathBuf> {
    let executable = std::env::current_exe().and_then(fs::canonicalize).ok()?;
    Some(executable.parent()?.parent()?.join("lib/fuse/targets"))
}

fn runner_targets() -> Vec<Finding> {
    let installed = targets_directory().and_then(|directory| {
        let mut targets: Vec<PathBuf> = fs::read_dir(directory)
            .ok()?
            .flatten()
            .map(|entry| entry.path())
            .collect();
        targets.sort();
        Some(targets)
    });
    let findings: Vec<Finding> = installed
        .unwrap_or_default()
        .iter()
        .map(|target| runner(target))
        .collect();
    if !findings.is_empty() {
        return findings;
    }
    let finding = Finding::new("runner targets", Status::Warning, "none installed");
    vec![finding.hint(
        "`fuse build --release` needs one; unpack the release archive with its `lib` directory",
    )]
}

/// Whether a runner template is what its description says.
fn runner(target: &Path) -> Finding {
    let triple = target
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let name = format!("runner {triple}");
    let reinstall = "install the target again; the file was damaged or replaced";
    let described = fs::read(target.join("runner.json"))
        .map_err(|problem| reason(&problem))
        .and_then(|text| {
            serde_json::from_slice::<serde_json::Value>(&text)
                .map_err(|problem| problem.to_string())
        });
    let described = match described {
        Ok(described) => described,
        Err(why) => {
            return Finding::new(
                name,
                Status::Failed,
                format!("cannot read runner.json: {why}"),
            )
            .hint(reinstall);
        }
    };
    let Some(expected) = described.get("sha256").and_then(serde_json::Value::as_str) else {
        return Finding::new(name, Status::Failed, "runner.json names no `sha256`").hint(reinstall);
    };
    let runner = if triple.contains("windows") {
        "runner.exe"
    } else {
        "runner"
    };
    match fs::read(target.join(runner)) {
        Err(problem) => Finding::new(
            name,
            Status::Failed,
            format!("cannot read {runner}: {}", reason(&problem)),
        )
        .hint(reinstall),
        Ok(bytes) => {
            let digest = Sha256::digest(&bytes);
            let actual: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            if actual == expected {
                Finding::new(name, Status::Ok, format!("sha256 {}", &actual[..16]))
            } else {
                Finding::new(
                    name,
                    Status::Failed,
                    format!("sha256 is {actual}, expected {expected}"),
                )
                .hint(reinstall)
            }
        }
    }
}

fn git() -> Finding {
    let found = Command::new("git")
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    match found {
        Ok(output) if output.status.success() => Finding::new(
            "git",
            Status::Ok,
            String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        ),
        _ => Finding::new("git", Status::Warning, "not found")
            .hint("dependencies with `git` need it; install git"),
    }
}

fn cache_directory() -> Finding {
    let name = "cache directory";
    let Some(directory) = user_cache_directory() else {
        return Finding::new(
            name,
            Status::Warning,
            "no home directory; each package keeps its own",
        )
        .hint("set FUSE_CACHE_DIR to share fetched repositories");
    };
    let probe = directory.join(format!(".doctor.{}", std::process::id()));
    let written = fs::create_dir_all(&directory).and_then(|()| fs::write(&probe, b""));
    // Only a probe; nothing is lost when it stays.
    let _ = fs::remove_file(&probe);
    match written {
        Ok(()) => Finding::new(name, Status::Ok, directory.display().to_string()),
        Err(problem) => {
            let detail = format!(
                "cannot write `{}`: {}",
                directory.display(),
                reason(&problem)
            );
            Finding::new(name, Status::Failed, detail)
                .hint("set FUSE_CACHE_DIR to a directory that can be written")
        }
    }
}

fn ports() -> Finding {
    match TcpListener::bind(("127.0.0.1", 0)) {
        Ok(_) => Finding::new("ports", Status::Ok, "a loopback port can be opened"),
        Err(problem) => {
            let detail = format!("no loopback port can be opened: {}", reason(&problem));
            Finding::new("ports", Status::Failed, detail)
                .hint("services and `fuse dev` need one; look at the firewall")
        }
    }
}

/// On Linux the system bounds how many directories can be watched.
fn file_watching() -> Finding {
    const ENOUGH: u64 = 8192;
    let name = "file watching";
    if !cfg!(target_os = "linux") {
        return Finding::new(name, Status::Ok, "events of the platform");
    }
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok();
    match limit.and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(limit) if limit < ENOUGH => Finding::new(
            name,
            Status::Warning,
            format!("only {limit} files can be watched"),
        )
        .hint("raise fs.inotify.max_user_watches; until then large trees are polled"),
        Some(limit) => Finding::new(name, Status::Ok, format!("inotify, up to {limit} files")),
        None => Finding::new(name, Status::Warning, "no inotify here; files are polled"),
    }
}
