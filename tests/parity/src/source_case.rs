//! Whole programs with what they print, as they stand in `cases/*.cases`.
//!
//! A case begins with `@case ID run stdout=A|B` or `@case ID fault CODE`, with
//! lines of output joined by `|`; a validation fault may name `path=` and
//! `field=`. `@file NAME` begins a file of a case with several. `⇥` stands for
//! a tab.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

use crate::backend::Backend;
use crate::normal;
use crate::process::{Started, Terminal};
use crate::program::fuse;

/// One program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCase {
    /// Its name, such as `T16`.
    pub id: String,
    expect: Outcome,
    /// Names and texts; the program is `main.fuse`.
    files: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Prints(String),
    Fails {
        code: String,
        /// The path of the first problem, and its code.
        field: Option<(String, String)>,
    },
}

/// All programs, in the order of their files' names.
///
/// # Errors
///
/// When a file cannot be read or is not of the form above.
pub fn load_sources() -> anyhow::Result<Vec<SourceCase>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut files: Vec<_> = directory
        .read_dir()?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "cases")
        })
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let text = std::fs::read_to_string(&path)?;
        cases.extend(parse(&text).with_context(|| format!("in {}", path.display()))?);
    }
    Ok(cases)
}

fn parse(text: &str) -> anyhow::Result<Vec<SourceCase>> {
    let text = text.replace('⇥', "\t");
    let mut cases: Vec<SourceCase> = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix("@case ") {
            cases.push(header_of(header)?);
            continue;
        }
        let Some(case) = cases.last_mut() else {
            bail!("text before the first case: {line}")
        };
        if let Some(name) = line.strip_prefix("@file ") {
            case.files.push((name.trim().to_owned(), String::new()));
            continue;
        }
        if case.files.is_empty() {
            case.files.push(("main.fuse".to_owned(), String::new()));
        }
        if let Some((_, file)) = case.files.last_mut() {
            file.push_str(line);
            file.push('\n');
        }
    }
    Ok(cases)
}

fn header_of(header: &str) -> anyhow::Result<SourceCase> {
    let (id, rest) = header.split_once(' ').context("a case needs a kind")?;
    let expect = if let Some(stdout) = rest.strip_prefix("run stdout=") {
        Outcome::Prints(format!("{}\n", stdout.replace('|', "\n")))
    } else if let Some(fault) = rest.strip_prefix("fault ") {
        let mut words = fault.split(' ');
        let code = words.next().unwrap_or_default().to_owned();
        let mut named = |name: &str| words.next().and_then(|word| word.strip_prefix(name));
        let field = named("path=")
            .map(str::to_owned)
            .zip(named("field=").map(str::to_owned));
        Outcome::Fails { code, field }
    } else {
        bail!("`{rest}` is neither `run stdout=...` nor `fault ...`");
    };
    Ok(SourceCase {
        id: id.to_owned(),
        expect,
        files: Vec::new(),
    })
}

/// Runs a program and compares what it prints, or how it fails.
///
/// # Errors
///
/// With the difference.
pub fn check_source(case: &SourceCase, backend: Backend) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    for (name, text) in &case.files {
        let path = directory.path().join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    let mut command = Command::new(fuse());
    command.current_dir(directory.path()).env_clear();
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.args(["run", "--backend", backend.label(), "main.fuse"]);
    // Programs are told the code of the fault, people which field is wrong.
    let fields = matches!(&case.expect, Outcome::Fails { field: Some(_), .. });
    if !fields {
        command.args(["--diagnostics", "json"]);
    }
    let finished = Started::spawn(&mut command, b"")?.finish()?;
    let stdout = String::from_utf8_lossy(&finished.stdout);
    let lines = normal::program_lines(&finished.stderr);
    let shown = || format!("parity: {} {}", case.id, backend.label());
    match &case.expect {
        Outcome::Prints(expected) => {
            ensure!(
                stdout == *expected && finished.terminal == Terminal::Exit(0),
                "{}: expected {expected:?}, found {stdout:?}, {:?}, {lines:#?}",
                shown(),
                finished.terminal
            );
        }
        Outcome::Fails { code, field } => {
            let (path, expected) = match field {
                Some((path, field)) => (path.as_str(), field.as_str()),
                None => ("program", code.as_str()),
            };
            let found = lines.iter().any(|line| {
                let line = line.strip_prefix("run error: ").unwrap_or(line);
                let tree: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
                let first = &tree["error"]["fields"][0];
                first["path"] == path && first["code"] == expected
            });
            ensure!(
                found && finished.terminal == Terminal::Exit(1),
                "{}: expected {expected} at {path}, found {stdout:?}, {:?}, {lines:#?}",
                shown(),
                finished.terminal
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_and_files_are_read() {
        let text = "@case L1 run stdout=a|b\napp \"t\":\n⇥x\n@case L2 fault c path=p field=f\n\
                    @file a.fuse\n1\n@file main.fuse\n2\n";
        let cases = parse(text).unwrap();
        assert_eq!(cases[0].expect, Outcome::Prints("a\nb\n".into()));
        assert_eq!(
            cases[0].files,
            [("main.fuse".into(), "app \"t\":\n\tx\n".into())]
        );
        assert_eq!(
            cases[1].expect,
            Outcome::Fails {
                code: "c".into(),
                field: Some(("p".into(), "f".into()))
            }
        );
        assert_eq!(cases[1].files.len(), 2);
        assert!(parse("@case X what\n").is_err());
        assert!(parse("loose\n").is_err());
    }
}
