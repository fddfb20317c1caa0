//! `fuse explain CODE`: the long text of a diagnostic code.

use std::process::ExitCode;

use clap::Args;
use fuse_check::package::nearest;
use fuse_syntax::{Code, Entry, Level};

use super::Outcome;
use crate::arguments::Format;
use crate::failure::{Failure, code};
use crate::output::Output;

#[derive(Debug, Args)]
pub(crate) struct Flags {
    /// The code, such as FUSE_TYPE_MISMATCH
    #[arg(value_name = "CODE")]
    code: String,
}

pub(crate) fn run(flags: &Flags, output: &Output) -> Outcome {
    let name = flags.code.to_ascii_uppercase();
    let known = Code::from_name(&name).or_else(|| Code::from_name(&format!("FUSE_{name}")));
    let Some(found) = known else {
        let failure = Failure::new(
            code::INVALID_FLAG,
            format!("unknown diagnostic code `{}`", flags.code),
        );
        let all = || Code::all().map(Code::as_str);
        let near = nearest(&name, all()).or_else(|| nearest(&format!("FUSE_{name}"), all()));
        let hint = near.map_or_else(
            || "codes are printed in brackets, as `error[FUSE_TYPE_MISMATCH]`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return Err(failure.hint(hint).into());
    };
    let entry = found.entry();
    output.result(&match output.format {
        Format::Text => text(entry),
        Format::Json => json(entry),
    });
    Ok(ExitCode::SUCCESS)
}

/// The words for a level, and what can be done about it.
const fn level(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Allow => "warning, off by default",
    }
}

fn text(entry: &Entry) -> String {
    let mut text = format!("{} ({}): {}\n", entry.code, level(entry.level), entry.title);
    if !entry.explanation.is_empty() {
        text += &format!("\n{}\n", entry.explanation.trim_end());
    }
    for (head, program) in [("Wrong", entry.bad), ("Right", entry.good)] {
        if !program.is_empty() {
            text += &format!("\n{head}:\n\n{}\n", indented(program));
        }
    }
    if entry.level != Level::Error {
        let set = if entry.level == Level::Allow {
            "warn"
        } else {
            "allow"
        };
        text += &format!(
            "\nSet its level in fuse.toml:\n\n    [lint]\n    {} = \"{set}\"\n",
            entry.code
        );
    }
    text
}

/// An example, indented; each of its files has a head when there are several.
fn indented(program: &str) -> String {
    let line = |line: &str| match line.strip_prefix("@file ") {
        Some(name) => format!("    --- {name}"),
        None if line.is_empty() => String::new(),
        None => format!("    {line}"),
    };
    let lines: Vec<String> = program.trim_matches('\n').lines().map(line).collect();
    lines.join("\n")
}

fn json(entry: &Entry) -> String {
    let value = serde_json::json!({
        "code": entry.code.as_str(),
        "level": match entry.level {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Allow => "allow",
        },
        "title": entry.title,
        "explanation": entry.explanation,
        "wrong": entry.bad,
        "right": entry.good,
    });
    format!("{value}\n")
}
