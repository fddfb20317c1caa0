//! The pages of the reference, from the tables.

use std::fmt::Write as _;
use std::process::Command;

use fuse_builtins::{
    BUILTINS, Builtin, CONSTANTS, Capability, FaultCode, Home, MEMBERS, NORMAL_TAGS, RECORDS,
    Receiver, TYPES, VOID_TAGS,
};
use fuse_check::package::schema;
use fuse_syntax::{Code, Level};

use crate::operators;

/// Every page: its file name and its text.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    vec![
        ("types.md", types()),
        ("operators.md", operators::page()),
        ("functions.md", functions()),
        ("members.md", members()),
        ("diagnostics.md", diagnostics()),
        ("faults.md", faults()),
        ("manifest.md", manifest()),
        ("commands.md", commands()),
    ]
}

/// The head of a page that is not written by hand.
pub(crate) fn head(title: &str, about: &str) -> String {
    format!("<!-- Made by `cargo xtask docs fuse`; edits are lost. -->\n\n# {title}\n\n{about}\n")
}

/// Text in a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Code in a cell of a table; nothing for no text.
pub(crate) fn code(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!("`{}`", cell(text))
    }
}

fn line(text: &mut String, row: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{row}");
}

fn types() -> String {
    let mut page = head(
        "Types",
        "The built-in types, and the records that exist without a declaration. A type followed by `?` may be\nnull; `T!A!B` is a result that is a `T` or an error of one of the domains `A` and `B`.",
    );
    page += "\n| Type | Arguments |\n| --- | --- |\n";
    for (name, arguments) in TYPES {
        line(&mut page, format_args!("| `{name}` | {arguments} |"));
    }
    page += "\n## Records\n";
    for record in &RECORDS {
        line(
            &mut page,
            format_args!(
                "\n### `{}`\n\n| Field | Type | Default |\n| --- | --- | --- |",
                record.name
            ),
        );
        for field in record.fields {
            let default = field
                .default
                .map_or_else(String::new, |default| default.to_string());
            line(
                &mut page,
                format_args!(
                    "| `{}` | {} | {} |",
                    field.name,
                    code(&field.ty.to_string()),
                    code(&default)
                ),
            );
        }
    }
    let tags = |tags: &[&str]| {
        tags.iter()
            .map(|tag| format!("`{tag}`"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    line(
        &mut page,
        format_args!(
            "\n## HTML tags\n\nCalls of these names make elements.\n\n{}\n",
            tags(NORMAL_TAGS)
        ),
    );
    line(
        &mut page,
        format_args!("These have no children:\n\n{}", tags(VOID_TAGS)),
    );
    page
}

fn capability(capability: Option<Capability>) -> String {
    capability.map_or_else(String::new, |capability| format!("`{}`", capability.name()))
}

fn faults_of(faults: &[FaultCode]) -> String {
    faults
        .iter()
        .map(|fault| format!("`{}`", fault.as_str()))
        .collect::<Vec<_>>()
        .join(", ")
}

fn functions() -> String {
    let mut page = head(
        "Built-in functions",
        "What a module can call without importing it. A capability is declared at the top of the module, as\n`requires db`. Faults are those a function raises itself.",
    );
    let mut homes: Vec<Home> = Vec::new();
    for builtin in &BUILTINS {
        if !homes.contains(&builtin.home) {
            homes.push(builtin.home);
        }
    }
    for home in homes {
        let title = home
            .name()
            .map_or_else(|| "Everywhere".to_owned(), |name| format!("`{name}`"));
        line(
            &mut page,
            format_args!(
                "\n## {title}\n\n| Function | Does | Capability | Faults |\n| --- | --- | --- | --- |"
            ),
        );
        for builtin in BUILTINS.iter().filter(|builtin| builtin.home == home) {
            let Builtin { doc, .. } = builtin;
            let (needs, faults) = (capability(builtin.capability), faults_of(builtin.faults));
            line(
                &mut page,
                format_args!(
                    "| {} | {} | {needs} | {faults} |",
                    code(&builtin.to_string()),
                    cell(doc)
                ),
            );
        }
        for constant in CONSTANTS.iter().filter(|constant| constant.home == home) {
            let name = format!("{}.{}", home.name().unwrap_or_default(), constant.name);
            line(
                &mut page,
                format_args!("| `{name}: Float` | {} | | |", cell(constant.doc)),
            );
        }
    }
    page
}

fn members() -> String {
    let mut page = head(
        "Members of built-in types",
        "Methods of values. Those marked *changes* change the variable, field or element they are called on.",
    );
    for receiver in Receiver::ALL {
        line(
            &mut page,
            format_args!(
                "\n## `{}`\n\n| Member | Does | Faults |\n| --- | --- | --- |",
                receiver.name()
            ),
        );
        for member in MEMBERS.iter().filter(|member| member.receiver == receiver) {
            let changes = if member.place { " *changes*" } else { "" };
            let faults = faults_of(member.faults);
            line(
                &mut page,
                format_args!(
                    "| {} | {}{changes} | {faults} |",
                    code(&member.to_string()),
                    cell(member.doc)
                ),
            );
        }
    }
    page
}

fn diagnostics() -> String {
    let mut page = head(
        "Diagnostic codes",
        "Everything the compiler reports. `fuse explain CODE` says more, with a wrong and a right example. The\nlevel of a warning is set in `[lint]` of the manifest.",
    );
    page += "\n| Code | Level | About |\n| --- | --- | --- |\n";
    for code in Code::all() {
        let level = match code.default_level() {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Allow => "allow",
        };
        line(
            &mut page,
            format_args!("| `{code}` | {level} | {} |", cell(code.title())),
        );
    }
    page
}

fn faults() -> String {
    let mut page = head(
        "Fault codes",
        "What can go wrong while a program runs. A fault ends the request, test, task or run it happens in, and\ncannot be caught; it says where it happened.",
    );
    page += "\n| Code | Raised by |\n| --- | --- |\n";
    for fault in FaultCode::ALL {
        let functions = BUILTINS
            .iter()
            .filter(|builtin| builtin.faults.contains(fault))
            .map(Builtin::path);
        let members = MEMBERS
            .iter()
            .filter(|member| member.faults.contains(fault))
            .map(|member| format!("{}.{}", member.receiver.name(), member.name));
        let mut raised: Vec<String> = functions
            .chain(members)
            .map(|name| format!("`{name}`"))
            .collect();
        raised.dedup();
        line(
            &mut page,
            format_args!("| `{}` | {} |", fault.as_str(), raised.join(" ")),
        );
    }
    page
}

fn manifest() -> String {
    let mut page = head(
        "The manifest",
        "A package is a directory with a `fuse.toml`. All paths are relative to it, use `/`, and stay inside\nit, except those of dependencies.",
    );
    for section in schema::sections().filter(|section| !schema::OPEN_SECTIONS.contains(section)) {
        line(
            &mut page,
            format_args!(
                "\n## `[{section}]`\n\n| Key | Value | Default | Meaning |\n| --- | --- | --- | --- |"
            ),
        );
        for spec in schema::KEYS.iter().filter(|spec| spec.section == section) {
            let alias = spec
                .alias
                .map_or_else(String::new, |alias| format!(" (or `{alias}`)"));
            let default = code(spec.default);
            line(
                &mut page,
                format_args!(
                    "| `{}`{alias} | {} | {default} | {} |",
                    spec.key,
                    spec.ty.display(),
                    spec.meaning
                ),
            );
        }
    }
    page += "
## `[dependencies]`

The key is the name that modules import by, as `dep:Name/path`. The value is a path, or a table with
`path` or `git`; with `git` go at most one of `rev`, `tag`, `branch` and `version`, and `subdir`. A
`version` is looked up as the tag `v<version>`, then `<version>`.

## `[lint]`

The key is the code of a warning, the value `\"allow\"`, `\"warn\"` or `\"deny\"`.
";
    page
}

fn commands() -> String {
    let mut page = head(
        "Commands",
        "What `fuse --help` and `fuse <command> --help` print.",
    );
    let top = help(&[]);
    page += &format!("\n## `fuse`\n\n```text\n{top}```\n");
    for command in listed(&top) {
        let text = help(&[&command]);
        page += &format!("\n## `fuse {command}`\n\n```text\n{text}```\n");
        for inner in listed(&text) {
            page += &format!(
                "\n### `fuse {command} {inner}`\n\n```text\n{}```\n",
                help(&[&command, &inner])
            );
        }
    }
    page
}

fn help(command: &[&str]) -> String {
    let mut fuse = Command::new(env!("CARGO_BIN_EXE_fuse"));
    let output = fuse
        .args(command)
        .arg("-h")
        .output()
        .expect("the command can be run");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The commands that a help text lists.
fn listed(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.split_whitespace().next());
    names.map(str::to_owned).collect()
}
