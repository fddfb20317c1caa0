//! The examples that `fuse explain` shows, for every code: the wrong one is
//! reported with it, and the right one is its near miss, the same program
//! mended, which is not.

mod built;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::effects::effects;
use fuse_check::load::{MemorySource, SourceProvider as _, load};
use fuse_check::lower::lower;
use fuse_check::package::{LockMode, NoGit, PackageGraph, Refresh, Request, resolve};
use fuse_syntax::{Code, Diagnostic, Files, TextRenderer};

/// Codes that only the command reports; its own tests show them.
const OF_THE_COMMAND: [Code; 6] = [
    Code::INTERNAL,
    Code::LOCK_ENCODE_FAILED,
    Code::LOCK_WRITE_FAILED,
    Code::MANIFEST_ENTRY_MISSING,
    Code::WORKSPACE_NO_MANIFESTS,
    Code::WORKSPACE_PUBLISH_NOT_READY,
];

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

/// What is said about an example.
struct Said {
    files: Files,
    diagnostics: Vec<Diagnostic>,
}

impl Said {
    fn has(&self, code: Code) -> bool {
        self.diagnostics.iter().any(|one| one.code == code)
    }

    fn report(&self) -> String {
        support::report(&self.files, &self.diagnostics)
    }
}

/// Resolves the packages of an example, loads and checks its program, and
/// lowers it.
fn said(code: Code, source: &MemorySource, has_manifest: bool) -> Said {
    let root = Path::new("/app");
    let version = semver::Version::new(1, 0, 0);
    let (packages, mut diagnostics) = if has_manifest {
        let lock = LockMode::Update(Refresh::Nothing);
        let request = Request {
            root: Some(root),
            base: root,
            lock,
            command_version: &version,
        };
        let resolution = resolve(&request, source, &NoGit);
        (resolution.graph, resolution.diagnostics)
    } else {
        (PackageGraph::anonymous(root, root), Vec::new())
    };
    let manifest = packages.root().manifest.as_ref();
    let alone = match source.read(&root.join("src/main.fuse")) {
        Ok(_) => "src/main.fuse",
        Err(_) => "main.fuse",
    };
    let entry = manifest.map_or(Some(alone), |manifest| manifest.entry());
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let Some(entry) = entry.filter(|_| !failed) else {
        return Said {
            files: packages.files(),
            diagnostics,
        };
    };
    let graph = load(&root.join(entry), &packages, source);
    let options = AnalyzeOptions {
        strict_architecture: code.as_str().starts_with("FUSE_ARCH_"),
        ..AnalyzeOptions::default()
    };
    let analysis = analyze(&graph, &options);
    diagnostics.extend_from_slice(analysis.diagnostics());
    match lower(&graph, &analysis) {
        Ok(_) if code != Code::ROUTE_BLOCKING => {}
        Ok(program) => diagnostics.extend(effects(&program).blocking_routes(&program, &graph)),
        Err(more) => diagnostics.extend(more),
    }
    Said {
        files: graph.files,
        diagnostics,
    }
}

fn said_about(code: Code, example: &str) -> Said {
    let has_manifest = example.contains("@file fuse.toml");
    said(code, &files(example), has_manifest)
}

/// Whether an example is told: with commands, or in comments alone.
fn is_told(example: &str) -> bool {
    let comment = |line: &str| line.is_empty() || line.starts_with('#');
    example.starts_with("$ ") || example.lines().all(comment)
}

/// Codes whose examples are programs.
fn shown() -> impl Iterator<Item = Code> {
    let told = |code: &Code| is_told(code.entry().bad) || is_told(code.entry().good);
    Code::all().filter(move |code| !told(code))
}

#[test]
fn every_code_is_shown_built_or_left_to_the_command() {
    let mut found: Vec<Code> = shown().collect();
    found.extend(built::all().iter().map(|built| built.code));
    found.extend(OF_THE_COMMAND);
    found.sort();
    let mut all: Vec<Code> = Code::all().collect();
    all.sort();
    assert_eq!(found, all);
}

#[test]
fn wrong_examples_are_reported_with_their_code() {
    let mut wrong = String::new();
    for (code, said) in reported() {
        if !said.has(code) {
            wrong += &format!("{code}:\n{}\n", said.report());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What is said about the wrong program of every code.
fn reported() -> Vec<(Code, Said)> {
    let shown = shown().map(|code| (code, said_about(code, code.entry().bad)));
    let built = built::all()
        .into_iter()
        .map(|built| (built.code, built.wrong));
    shown.chain(built).collect()
}

#[test]
fn right_examples_are_not_reported() {
    let mut wrong = String::new();
    for code in shown() {
        let entry = code.entry();
        let said = said_about(code, entry.good);
        // The network is not there for an example with a repository.
        let fetched = |one: &Diagnostic| {
            one.code == Code::DEP_GIT_COMMAND_FAILED && entry.good.contains("git =")
        };
        if !said.diagnostics.iter().all(fetched) {
            wrong += &format!("{code}:\n{}\n", said.report());
        }
    }
    for built in built::all() {
        // Of a hundred errors none is one too many.
        if built.right.has(built.code)
            || !built.right.diagnostics.is_empty() && built.code != Code::TOO_MANY_ERRORS
        {
            wrong += &format!("{}:\n{}\n", built.code, built.right.report());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Words and single marks of a text.
fn words(text: &str) -> Vec<&str> {
    let boundary = |c: char| !c.is_alphanumeric() && c != '_';
    let words = text.split_inclusive(boundary).flat_map(|piece| {
        let word = piece.trim_end_matches(boundary);
        [word, piece[word.len()..].trim()]
    });
    words.filter(|word| !word.is_empty()).collect()
}

/// How many words of one text stand in the other, in their order.
fn kept(bad: &[&str], good: &[&str]) -> usize {
    let mut longest = vec![0; good.len() + 1];
    for word in bad {
        let mut before = 0;
        for (at, other) in good.iter().enumerate() {
            let above = longest[at + 1];
            longest[at + 1] = match word == other {
                true => before + 1,
                false => above.max(longest[at]),
            };
            before = above;
        }
    }
    longest[good.len()]
}

/// A right example is the wrong one, mended: most of it is still there.
#[test]
fn right_examples_are_near_misses() {
    let mut far = String::new();
    for code in shown() {
        let entry = code.entry();
        let (bad, good) = (words(entry.bad), words(entry.good));
        let percent = 100 * kept(&bad, &good) / bad.len().max(1);
        if percent < 50 {
            far += &format!("{code}: {percent} %\n");
        }
    }
    assert!(far.is_empty(), "{far}");
}

/// Every wrong program, as a terminal shows it.
#[test]
fn every_code_has_its_look() {
    let mut looks = String::new();
    for (code, said) in reported() {
        let first = said.diagnostics.iter().find(|one| one.code == code);
        let first = first.unwrap_or_else(|| panic!("{code} is not reported"));
        looks += &TextRenderer::default().render(first, &said.files);
        looks += "\n";
    }
    insta::assert_snapshot!(looks);
}
