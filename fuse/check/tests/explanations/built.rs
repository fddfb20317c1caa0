//! Programs for the codes that no files can show: each as it is reported, and
//! as it is not.

use std::io::ErrorKind;
use std::path::Path;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, load};
use fuse_check::package::{
    Checkout, GitError, GitProvider, GitSource, Lock, LockMode, PackageGraph, Refresh, Request,
    resolve, verify_lock,
};
use fuse_syntax::{Code, Files};

use crate::Said;

/// One repository, with one commit.
struct Git {
    failure: Option<GitError>,
    integrity: &'static str,
}

const GIT: Git = Git {
    failure: None,
    integrity: "sha256-one",
};

impl GitProvider for Git {
    fn resolve(&self, _: &GitSource) -> Result<String, GitError> {
        match &self.failure {
            Some(failure) => Err(failure.clone()),
            None => Ok("a".repeat(40)),
        }
    }

    fn checkout(
        &self,
        _: &str,
        _: &GitSource,
        _: &str,
        _: Option<&str>,
    ) -> Result<Checkout, GitError> {
        Ok(Checkout {
            root: "/git/money".into(),
            integrity: self.integrity.to_owned(),
        })
    }
}

/// A package that needs a repository.
fn package(dependency: &str) -> MemorySource {
    MemorySource::new()
        .file(
            "/app/fuse.toml",
            format!("[package]\nname = \"app\"\n\n[dependencies]\n{dependency}\n"),
        )
        .file("/app/money/fuse.toml", "[package]\nname = \"Money\"\n")
        .file("/git/money/fuse.toml", "[package]\nname = \"Money\"\n")
        .file("/git/money/lib/fuse.toml", "[package]\nname = \"Money\"\n")
}

const BY_GIT: &str = "Money = { git = \"https://example.org/money.git\", tag = \"v1\" }";
const BY_PATH: &str = "Money = { path = \"./money\" }";

fn update() -> LockMode {
    LockMode::Update(Refresh::Nothing)
}

fn resolved_at(root: Option<&Path>, files: &MemorySource, git: &Git, lock: LockMode) -> Said {
    let version = semver::Version::new(1, 0, 0);
    let request = Request {
        root,
        base: Path::new("/app"),
        lock,
        command_version: &version,
    };
    let resolution = resolve(&request, files, git);
    Said {
        files: resolution.graph.files(),
        diagnostics: resolution.diagnostics,
    }
}

fn resolved(files: &MemorySource, git: &Git, lock: LockMode) -> Said {
    resolved_at(Some(Path::new("/app")), files, git, lock)
}

/// The lock file of a package.
fn lock_text(files: &MemorySource) -> String {
    let version = semver::Version::new(1, 0, 0);
    let request = Request {
        root: Some(Path::new("/app")),
        base: Path::new("/app"),
        lock: update(),
        command_version: &version,
    };
    let text = resolve(&request, files, &GIT).lock_text;
    text.expect("the package has dependencies and no lock file")
}

fn locked(files: MemorySource) -> MemorySource {
    let text = lock_text(&files);
    files.file("/app/fuse.lock", text)
}

/// A lock file held against what is there.
fn verified(files: &MemorySource, lock: &str) -> Said {
    let mut set = Files::new();
    let file = set.add("fuse.lock", lock);
    let (lock, spans) = Lock::parse_with_spans(file, lock).expect("it was rendered");
    let diagnostics = verify_lock(&lock, &spans, Path::new("/app"), files, &GIT);
    Said {
        files: set,
        diagnostics,
    }
}

fn checked(files: &MemorySource) -> Said {
    let root = Path::new("/app");
    let packages = PackageGraph::anonymous(root, root);
    let graph = load(&root.join("main.fuse"), &packages, files);
    let analysis = analyze(&graph, &AnalyzeOptions::default());
    Said {
        diagnostics: analysis.diagnostics().to_vec(),
        files: graph.files,
    }
}

fn module(text: impl AsRef<[u8]>) -> MemorySource {
    MemorySource::new().file("/app/main.fuse", text)
}

/// A code, what is reported with it, and its near miss.
pub(crate) struct Built {
    pub(crate) code: Code,
    pub(crate) wrong: Said,
    pub(crate) right: Said,
}

fn built(code: Code, wrong: Said, right: Said) -> Built {
    Built { code, wrong, right }
}

pub(crate) fn all() -> Vec<Built> {
    let mut all = failures_of_git();
    all.extend(lock_entries());
    all.extend(lock_files());
    all.extend(unreadable());
    all.extend(sizes());
    all
}

fn failures_of_git() -> Vec<Built> {
    let said = || "no space left".to_owned();
    let cache = GitError::CacheDir {
        path: "/cache".to_owned(),
        reason: said(),
    };
    let failures = [
        (Code::DEP_GIT_REF_RESOLVE_FAILED, GitError::Ref),
        (Code::DEP_GIT_COMMAND_FAILED, GitError::Command(said())),
        (Code::DEP_GIT_COMMAND_START_FAILED, GitError::Start(said())),
        (Code::DEP_CHECKOUT_NOT_GIT, GitError::NotGit),
        (Code::DEP_CACHE_DIR_CREATE_FAILED, cache),
        (
            Code::DEP_CHECKOUT_DIR_CREATE_FAILED,
            GitError::CheckoutDir(said()),
        ),
    ];
    let files = package(BY_GIT);
    let cases = failures.into_iter().map(|(code, failure)| {
        let git = Git {
            failure: Some(failure),
            ..GIT
        };
        let right = resolved(&files, &GIT, update());
        built(code, resolved(&files, &git, update()), right)
    });
    let mut cases: Vec<Built> = cases.collect();
    let in_subdir = |subdir: &str| {
        let dependency = BY_GIT.replace(" }", &format!(", subdir = \"{subdir}\" }}"));
        resolved(&package(&dependency), &GIT, update())
    };
    cases.push(built(
        Code::DEP_SUBDIR_NOT_FOUND,
        in_subdir("gone"),
        in_subdir("lib"),
    ));
    cases.push(built(
        Code::DEP_MANIFEST_DIR_REQUIRED,
        resolved_at(None, &package(BY_PATH), &GIT, update()),
        resolved(&package(BY_PATH), &GIT, update()),
    ));
    cases
}

fn lock_entries() -> Vec<Built> {
    let entry = |text: &str| {
        let lock = format!("version = 2\n\n[dependencies.Money]\n{text}");
        let files = package(BY_PATH).file("/app/fuse.lock", lock);
        resolved(&files, &GIT, update())
    };
    let git = "source = \"git\"\ngit = \"https://example.org/money.git\"\nrequested = \"tag:v1\"\n";
    let rev = format!("rev = \"{}\"\n", "a".repeat(40));
    let whole = || entry(&format!("{git}{rev}"));
    let no_url = format!("source = \"git\"\nrequested = \"tag:v1\"\n{rev}");
    let mut cases = vec![
        built(Code::LOCK_ENTRY_MISSING_GIT, entry(&no_url), whole()),
        built(Code::LOCK_ENTRY_MISSING_REV, entry(git), whole()),
        built(
            Code::LOCK_ENTRY_UNKNOWN_SOURCE,
            entry("source = \"http\"\npath = \"./money\"\n"),
            entry("source = \"path\"\npath = \"./money\"\n"),
        ),
    ];
    let by_path = lock_text(&package(BY_PATH));
    cases.push(built(
        Code::LOCK_ENTRY_PATH_NOT_FOUND,
        verified(&package(BY_PATH), &by_path.replace("money\"", "coins\"")),
        verified(&package(BY_PATH), &by_path),
    ));
    let in_subdir = package(&BY_GIT.replace(" }", ", subdir = \"lib\" }"));
    let by_git = lock_text(&in_subdir);
    cases.push(built(
        Code::LOCK_ENTRY_SUBDIR_NOT_FOUND,
        verified(&in_subdir, &by_git.replace("\"lib\"", "\"gone\"")),
        verified(&in_subdir, &by_git),
    ));
    cases
}

fn lock_files() -> Vec<Built> {
    let other = Git {
        integrity: "sha256-other",
        ..GIT
    };
    let current = locked(package(BY_GIT));
    let mut stale = package(BY_GIT);
    stale.insert("/app/fuse.lock", lock_text(&package(BY_PATH)));
    vec![
        built(
            Code::LOCK_OUT_OF_DATE,
            resolved(&stale, &GIT, LockMode::Check),
            resolved(&current, &GIT, LockMode::Check),
        ),
        built(
            Code::LOCK_FROZEN,
            resolved(&stale, &GIT, LockMode::Frozen),
            resolved(&current, &GIT, LockMode::Frozen),
        ),
        built(
            Code::LOCK_INTEGRITY,
            resolved(&current, &other, update()),
            resolved(&current, &GIT, update()),
        ),
    ]
}

fn unreadable() -> Vec<Built> {
    let denied = ErrorKind::PermissionDenied;
    let program = "import Notice from \"./notice.md\"\n\napp \"t\":\n  print(Notice)\n";
    let with_asset = |asset: &[u8]| module(program).file("/app/notice.md", asset);
    let locked = || locked(package(BY_PATH));
    vec![
        built(
            Code::MANIFEST_READ_FAILED,
            resolved(
                &package(BY_PATH).unreadable("/app/fuse.toml", denied),
                &GIT,
                update(),
            ),
            resolved(&package(BY_PATH), &GIT, update()),
        ),
        built(
            Code::LOCK_READ_FAILED,
            resolved(
                &locked().unreadable("/app/fuse.lock", denied),
                &GIT,
                update(),
            ),
            resolved(&locked(), &GIT, update()),
        ),
        built(
            Code::ASSET_READ,
            checked(&module(program).unreadable("/app/notice.md", denied)),
            checked(&with_asset(b"Notice")),
        ),
        built(
            Code::ASSET_UTF8,
            checked(&with_asset(b"Caf\xE9")),
            checked(&with_asset("Café".as_bytes())),
        ),
        built(
            Code::LEX_ENCODING,
            checked(&module(b"app \"caf\xE9\":\n  print(1)\n")),
            checked(&module("app \"café\":\n  print(1)\n")),
        ),
    ]
}

fn sizes() -> Vec<Built> {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        checked(&module(format!("app \"t\":\n  print({open}1{close})\n")))
    };
    let errors = |count: usize| {
        let lines = "  print(missing)\n".repeat(count);
        checked(&module(format!("app \"t\":\n{lines}")))
    };
    vec![
        built(Code::PARSE_NESTING, nested(253), nested(252)),
        built(Code::TOO_MANY_ERRORS, errors(101), errors(100)),
    ]
}
