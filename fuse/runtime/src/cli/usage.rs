//! The pages of `--help` and `--version`.

use crate::meta::{Kind, Main, Param, ProgramMeta};

/// How a program is used: every flag with its type and default.
#[must_use]
pub fn usage(meta: &ProgramMeta, main: &Main) -> String {
    let name = if meta.name.is_empty() {
        "program"
    } else {
        meta.name
    };
    let mut page = format!("Usage: {name} [flags]\n");
    let doc = main.doc.trim();
    if !doc.is_empty() {
        page.push('\n');
        page.push_str(doc);
        page.push('\n');
    }
    page.push_str("\nFlags:\n");
    let mut rows: Vec<(String, String)> = main.params.iter().map(row).collect();
    for (flag, text) in [
        ("help", "Show this page"),
        ("version", "Show name and version"),
    ] {
        if main.params.iter().all(|param| param.name != flag) {
            rows.push((format!("--{flag}"), text.to_owned()));
        }
    }
    let width = rows
        .iter()
        .map(|(flag, _)| flag.chars().count())
        .max()
        .unwrap_or(0);
    for (flag, text) in rows {
        let gap = " ".repeat(width - flag.chars().count());
        page.push_str(format!("  {flag}{gap}  {text}").trim_end());
        page.push('\n');
    }
    page
}

fn row(param: &Param) -> (String, String) {
    let ty = if param.type_text.is_empty() {
        param.ty.to_string()
    } else {
        param.type_text.to_owned()
    };
    let flag = match param.ty.kind {
        Kind::Bool => format!("--{name}, --no-{name}", name = param.name),
        _ => format!("--{}", param.name),
    };
    let text = match (param.default, param.default_text) {
        (None, _) => format!("{ty}, required"),
        (Some(_), "") => format!("{ty}, optional"),
        (Some(_), text) => format!("{ty}, default {text}"),
    };
    (flag, text)
}

/// Name and version of a program.
#[must_use]
pub fn version(meta: &ProgramMeta) -> String {
    let name = if meta.name.is_empty() {
        "program"
    } else {
        meta.name
    };
    let version = if meta.version.is_empty() {
        "0.0.0"
    } else {
        meta.version
    };
    format!("{name} {version}\n")
}
