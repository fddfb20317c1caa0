//! The examples of packages and modules that `fuse explain` shows: the wrong
//! one is reported with its code, the right one is not reported at all.

mod support;

use std::path::Path;

use fuse_check::load::{MemorySource, load};
use fuse_check::package::{LockMode, NoGit, PackageGraph, Refresh, Request, resolve};
use fuse_syntax::{Code, Diagnostic};

/// The files of an example.
fn files(example: &str) -> MemorySource {
    let mut source = MemorySource::new();
    let mut name = "main.fuse".to_owned();
    let mut text = String::new();
    for line in example.lines().chain(["@file end"]) {
        match line.strip_prefix("@file ") {
            Some(next) => {
                if !text.is_empty() {
                    source.insert(format!("/app/{name}"), std::mem::take(&mut text));
                }
                next.clone_into(&mut name);
            }
            None => text += &format!("{line}\n"),
        }
    }
    source
}

/// What resolving and loading an example reports.
fn reported(example: &str) -> (String, Vec<Code>) {
    let source = files(example);
    let root = Path::new("/app");
    let version = semver::Version::new(1, 0, 0);
    let (graph, mut diagnostics) = if example.contains("@file fuse.toml") {
        let lock = LockMode::Update(Refresh::Nothing);
        let request = Request {
            root: Some(root),
            base: root,
            lock,
            command_version: &version,
        };
        let resolution = resolve(&request, &source, &NoGit);
        (resolution.graph, resolution.diagnostics)
    } else {
        (PackageGraph::anonymous(root, root), Vec::new())
    };
    let entry = graph
        .root()
        .manifest
        .as_ref()
        .map_or(Some("main.fuse"), |manifest| manifest.entry());
    let mut shown = graph.files();
    if let Some(entry) = entry.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) {
        let graph = load(&root.join(entry), &graph, &source);
        diagnostics.extend(graph.all_diagnostics().cloned());
        shown = graph.files;
    }
    let codes = diagnostics
        .iter()
        .map(|diagnostic| diagnostic.code)
        .collect();
    (support::report(&shown, &diagnostics), codes)
}

/// Whether an example is told with commands, because files alone cannot show
/// it.
fn is_session(example: &str) -> bool {
    example.starts_with("$ ")
}

/// The codes of this crate's packages and modules.
fn own_codes() -> impl Iterator<Item = Code> {
    let areas = [
        "FUSE_DEP_",
        "FUSE_LOCK_",
        "FUSE_MANIFEST_",
        "FUSE_WORKSPACE_",
        "FUSE_IMPORT_",
        "FUSE_ASSET_",
    ];
    Code::all().filter(move |code| areas.iter().any(|area| code.as_str().starts_with(area)))
}

#[test]
fn every_code_of_packages_and_modules_is_explained() {
    for code in own_codes() {
        let entry = code.entry();
        assert!(
            entry.explanation.len() > 40 && entry.explanation.ends_with('.'),
            "{code}"
        );
        assert!(
            !entry.title.ends_with('.') && !entry.title.contains('X'),
            "{code}: {}",
            entry.title
        );
    }
}

#[test]
fn wrong_examples_are_reported_with_their_code() {
    for code in own_codes().filter(|code| !is_session(code.entry().bad)) {
        let (report, codes) = reported(code.entry().bad);
        assert!(codes.contains(&code), "{code}: {report}");
    }
}

#[test]
fn right_examples_are_not_reported() {
    for code in own_codes().filter(|code| !is_session(code.entry().good)) {
        let (report, codes) = reported(code.entry().good);
        // The network is not there for an example with a repository.
        let fetched = codes
            .iter()
            .all(|code| *code == Code::DEP_GIT_COMMAND_FAILED);
        assert!(
            codes.is_empty() || fetched && code.entry().good.contains("git ="),
            "{code}: {report}"
        );
    }
}
