//! `fuse deps add` and `fuse deps remove`: edit the manifest, keeping its
//! layout and comments.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use fuse_check::load::Overlay;
use fuse_check::package::{LockMode, MANIFEST_NAME, Refresh, is_dependency_name, nearest};
use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::{PackageFlags, report};
use crate::command::Outcome;
use crate::disk::Disk;
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::project::Project;
use crate::write::replace_file;

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("source").required(true).args(["path", "git"])))]
#[command(group(clap::ArgGroup::new("reference").args(["rev", "tag", "branch", "version"])))]
pub(super) struct AddFlags {
    #[command(flatten)]
    package: PackageFlags,

    /// The name modules import it by
    #[arg(value_name = "NAME")]
    name: String,

    /// The directory of the package, relative to the working directory
    #[arg(long, value_name = "DIR")]
    path: Option<PathBuf>,

    /// The repository of the package
    #[arg(long, value_name = "URL")]
    git: Option<String>,

    /// A commit id
    #[arg(long, requires = "git", conflicts_with = "path")]
    rev: Option<String>,

    /// A tag
    #[arg(long, requires = "git", conflicts_with = "path")]
    tag: Option<String>,

    /// The head of a branch
    #[arg(long, requires = "git", conflicts_with = "path")]
    branch: Option<String>,

    /// A version: the tag `v<VERSION>` or `<VERSION>`
    #[arg(long, requires = "git", conflicts_with = "path")]
    version: Option<String>,

    /// The directory of the package in the repository
    #[arg(long, value_name = "DIR", requires = "git", conflicts_with = "path")]
    subdir: Option<String>,

    /// Use no network
    #[arg(long)]
    offline: bool,
}

#[derive(Debug, Args)]
pub(super) struct RemoveFlags {
    #[command(flatten)]
    package: PackageFlags,

    /// The name of the dependency
    #[arg(value_name = "NAME")]
    name: String,
}

pub(super) fn add(flags: &AddFlags, output: &Output) -> Outcome {
    let project = flags.package.select()?;
    let name = &flags.name;
    if !is_dependency_name(name) {
        let failure = Failure::new(
            code::INVALID_FLAG,
            format!("`{name}` cannot be the name of a dependency"),
        );
        return Err(failure
            .hint("start with a letter, then letters, digits and `_`")
            .into());
    }
    let mut document = document(&project)?;
    let table = dependencies(&mut document)?;
    if table.contains_key(name) {
        let failure = Failure::new(
            code::INVALID_FLAG,
            format!("fuse.toml has a dependency `{name}` already"),
        );
        return Err(failure
            .hint(format!("remove it with `fuse deps remove {name}` first"))
            .into());
    }
    table.insert(name, Item::Value(source(flags, &project)?));
    apply(&project, &document, flags.offline, output)?;
    output.info(&format!("[deps] added {name}"));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn remove(flags: &RemoveFlags, output: &Output) -> Outcome {
    let project = flags.package.select()?;
    let name = &flags.name;
    let mut document = document(&project)?;
    let table = dependencies(&mut document)?;
    if table.remove(name).is_none() {
        let known: Vec<String> = table.iter().map(|(name, _)| name.to_owned()).collect();
        let failure = Failure::new(
            code::INVALID_FLAG,
            format!("fuse.toml has no dependency `{name}`"),
        );
        let hint = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if known.is_empty() => "it has none at all".to_owned(),
            None => format!("dependencies are {}", known.join(", ")),
        };
        return Err(failure.hint(hint).into());
    }
    if table.is_empty() {
        document.remove("dependencies");
    }
    apply(&project, &document, true, output)?;
    output.info(&format!("[deps] removed {name}"));
    Ok(ExitCode::SUCCESS)
}

fn manifest_path(project: &Project) -> PathBuf {
    project.root.join(MANIFEST_NAME)
}

fn document(project: &Project) -> Result<DocumentMut, Failure> {
    let path = manifest_path(project);
    let text = std::fs::read_to_string(&path).map_err(|problem| Failure::read(&path, &problem))?;
    text.parse().map_err(|problem: toml_edit::TomlError| {
        let why = problem.message().trim().replace('\n', ", ");
        Failure::new(code::FILE_READ, format!("cannot edit fuse.toml: {why}"))
            .hint("`fuse check` shows where")
    })
}

/// The table of dependencies, made when there is none.
fn dependencies(document: &mut DocumentMut) -> Result<&mut dyn TableLike, Failure> {
    let item = document
        .entry("dependencies")
        .or_insert_with(|| Item::Table(Table::new()));
    item.as_table_like_mut().ok_or_else(|| {
        Failure::new(
            code::FILE_READ,
            "cannot edit fuse.toml: `dependencies` is not a table",
        )
    })
}

/// The value of the new dependency.
fn source(flags: &AddFlags, project: &Project) -> Result<Value, Failure> {
    if let Some(path) = &flags.path {
        return Ok(Value::from(relative(path, project)?));
    }
    let mut table = InlineTable::new();
    let rows = [
        ("git", &flags.git),
        ("rev", &flags.rev),
        ("tag", &flags.tag),
        ("branch", &flags.branch),
        ("version", &flags.version),
        ("subdir", &flags.subdir),
    ];
    for (key, value) in rows {
        if let Some(value) = value {
            table.insert(key, Value::from(value.as_str()));
        }
    }
    Ok(Value::InlineTable(table))
}

/// A directory given relative to the working directory, relative to the package, with `/`.
fn relative(path: &Path, project: &Project) -> Result<String, Failure> {
    let found = std::fs::canonicalize(path).map_err(|problem| Failure::read(path, &problem))?;
    let shared = project
        .root
        .ancestors()
        .find(|ancestor| found.starts_with(ancestor));
    let Some(shared) = shared else {
        return Err(Failure::new(
            code::INVALID_FLAG,
            format!("`{}` is on another drive", path.display()),
        ));
    };
    let up = project
        .root
        .strip_prefix(shared)
        .map_or(0, |below| below.components().count());
    let down = found.strip_prefix(shared).unwrap_or(&found);
    let mut parts: Vec<String> = vec!["..".to_owned(); up];
    parts.extend(
        down.components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned()),
    );
    let text = parts.join("/");
    Ok(if up == 0 { format!("./{text}") } else { text })
}

/// Writes the manifest and the lock file, if the packages can be resolved.
fn apply(
    project: &Project,
    document: &DocumentMut,
    offline: bool,
    output: &Output,
) -> Result<(), crate::failure::Ended> {
    let path = manifest_path(project);
    let text = document.to_string();
    let mut files = Overlay::new(Disk);
    files.set(&path, &text);
    let resolution =
        project.resolve_in(&files, LockMode::Update(Refresh::Nothing), offline, output);
    report(&resolution, output)?;
    replace_file(&path, text.as_bytes()).map_err(|problem| Failure::write(&path, &problem))?;
    project.write_lock(&resolution)?;
    Ok(())
}
