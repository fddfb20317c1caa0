//! From manifests to the graph of packages and the lock file.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use fuse_check::load::MemorySource;
use fuse_check::package::{
    Checkout, GitError, GitProvider, GitRef, GitSource, LocalCheckouts, LockMode, PackageId,
    Refresh, Request, Resolution, resolve,
};

/// Repositories whose checkouts are directories of the memory source.
#[derive(Default)]
struct FakeGit {
    /// URL and reference to commit.
    refs: BTreeMap<(String, String), String>,
    /// Commits whose checkout has another hash than the one of the lock file.
    edited: BTreeSet<String>,
    offline: bool,
    failure: Option<GitError>,
    calls: Mutex<Vec<String>>,
}

impl FakeGit {
    fn with(refs: &[(&str, &str, char)]) -> Self {
        let refs = refs.iter().map(|(url, requested, commit)| {
            (((*url).to_owned(), (*requested).to_owned()), rev(*commit))
        });
        Self {
            refs: refs.collect(),
            ..Self::default()
        }
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(
            &mut *self
                .calls
                .lock()
                .expect("no test panics while it holds this"),
        )
    }
}

fn rev(commit: char) -> String {
    commit.to_string().repeat(40)
}

impl GitProvider for FakeGit {
    fn resolve(&self, source: &GitSource) -> Result<String, GitError> {
        self.calls
            .lock()
            .expect("no test panics while it holds this")
            .push(format!("resolve {}", source.reference.requested()));
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.offline {
            return Err(GitError::Offline);
        }
        let key = (source.url.clone(), source.reference.requested());
        self.refs.get(&key).cloned().ok_or(GitError::Ref)
    }

    fn checkout(
        &self,
        name: &str,
        _: &GitSource,
        rev: &str,
        expected: Option<&str>,
    ) -> Result<Checkout, GitError> {
        self.calls
            .lock()
            .expect("no test panics while it holds this")
            .push(format!("checkout {name} {}", &rev[..1]));
        let edited = expected.is_some() && self.edited.contains(rev);
        let integrity = format!(
            "sha256-{}{}",
            &rev[..4],
            if edited { "-edited" } else { "" }
        );
        Ok(Checkout {
            root: format!("/git/{}", &rev[..1]).into(),
            integrity,
        })
    }
}

fn run(files: &MemorySource, git: &FakeGit, lock: LockMode) -> Resolution {
    let version = semver::Version::new(1, 0, 0);
    let root = Path::new("/app");
    let request = Request {
        root: Some(root),
        base: root,
        lock,
        command_version: &version,
    };
    resolve(&request, files, git)
}

fn update() -> LockMode {
    LockMode::Update(Refresh::Nothing)
}

fn report(resolution: &Resolution) -> String {
    support::report(&resolution.graph.files(), &resolution.diagnostics)
}

/// A manifest that depends on what `dependencies` says.
fn manifest(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\n[dependencies]\n{dependencies}\n")
}

const MONEY: &str = "https://example.org/money.git";
const CLOCK: &str = "https://example.org/clock.git";

fn app(dependencies: &str) -> MemorySource {
    MemorySource::new().file("/app/fuse.toml", manifest("app", dependencies))
}

#[test]
fn a_package_without_dependencies_has_no_lock_file() {
    let files = MemorySource::new().file("/app/fuse.toml", "[package]\nname = \"app\"\n");
    for lock in [update(), LockMode::Check, LockMode::Frozen] {
        let resolution = run(&files, &FakeGit::default(), lock);
        assert_eq!(
            (report(&resolution).as_str(), resolution.lock_text),
            ("", None)
        );
        assert_eq!(resolution.graph.len(), 1);
    }
}

#[test]
fn paths_and_commits_are_pinned_in_one_sorted_table() {
    let files = app(&format!("Money = \"libs/../libs/money\"\nClock = {{ git = \"{CLOCK}\", tag = \"v1\", subdir = \"fuse\" }}\nAudit = \"../audit\""))
        .file("/app/libs/money/fuse.toml", manifest("money", "Round = \"./round\""))
        .file("/app/libs/money/round/fuse.toml", "")
        .file("/audit/fuse.toml", manifest("audit", "Money = \"../app/libs/money\""))
        .file("/git/c/fuse/fuse.toml", manifest("clock", "Zones = \"../zones\""))
        .file("/git/c/zones/fuse.toml", "");
    let git = FakeGit::with(&[(CLOCK, "tag:v1", 'c')]);
    let resolution = run(&files, &git, update());
    assert_eq!(report(&resolution), "");
    insta::assert_snapshot!(resolution.lock_text.as_deref().unwrap());

    let graph = &resolution.graph;
    let names: Vec<_> = graph
        .iter()
        .map(|(_, package)| package.root.display().to_string())
        .collect();
    assert_eq!(
        names,
        [
            "/app",
            "/app/libs/money",
            "/app/libs/money/round",
            "/git/c/fuse",
            "/git/c/zones",
            "/audit"
        ]
    );
    let audit = graph.package(graph.root().dependencies["Audit"]);
    assert_eq!(
        audit.dependencies["Money"],
        graph.root().dependencies["Money"],
        "one source is one package"
    );

    // Written again, it is the same; nothing is fetched for what is locked.
    let locked = files.file("/app/fuse.lock", resolution.lock_text.as_deref().unwrap());
    git.calls();
    for lock in [update(), LockMode::Check, LockMode::Frozen] {
        let again = run(&locked, &git, lock);
        assert_eq!((report(&again).as_str(), &again.lock_text), ("", &None));
        assert!(again.difference.is_empty());
        assert_eq!(git.calls(), ["checkout Clock c"]);
    }
}

#[test]
fn a_locked_commit_stays_until_it_is_refreshed() {
    let files = app(&format!(
        "Money = {{ git = \"{MONEY}\", branch = \"main\" }}\nClock = {{ git = \"{CLOCK}\" }}"
    ))
    .file("/git/a/fuse.toml", "")
    .file("/git/b/fuse.toml", "")
    .file("/git/c/fuse.toml", "");
    let before = FakeGit::with(&[(MONEY, "branch:main", 'a'), (CLOCK, "default", 'c')]);
    let lock = run(&files, &before, update()).lock_text.unwrap();
    let files = files.file("/app/fuse.lock", lock);

    let moved = FakeGit::with(&[(MONEY, "branch:main", 'b'), (CLOCK, "default", 'c')]);
    for lock in [update(), LockMode::Check, LockMode::Frozen] {
        let resolution = run(&files, &moved, lock);
        assert_eq!(
            (report(&resolution).as_str(), resolution.lock_text),
            ("", None)
        );
    }
    moved.calls();
    let names = Refresh::Names(BTreeSet::from(["Clock".to_owned()]));
    assert_eq!(run(&files, &moved, LockMode::Update(names)).lock_text, None);
    assert_eq!(
        moved.calls(),
        ["checkout Money a", "resolve default", "checkout Clock c"]
    );
    let resolution = run(&files, &moved, LockMode::Update(Refresh::Everything));
    assert_eq!(resolution.difference.update, ["Money"]);
    assert!(resolution.lock_text.unwrap().contains(&rev('b')));
}

#[test]
fn differences_are_named_when_the_lock_file_may_not_change() {
    let lock = format!(
        "version = 2\n\n[dependencies.Gone]\nsource = \"path\"\npath = \"./gone\"\nrequested = \"path\"\n\n[dependencies.Money]\nsource = \"git\"\ngit = \"{MONEY}\"\nrequested = \"tag:v1\"\nrev = \"{}\"\n",
        rev('a')
    );
    let files = app(&format!(
        "Money = {{ git = \"{MONEY}\", tag = \"v2\" }}\nLocal = \"./local\""
    ))
    .file("/app/local/fuse.toml", "")
    .file("/git/a/fuse.toml", "")
    .file("/git/b/fuse.toml", "");
    let git = FakeGit::with(&[(MONEY, "tag:v2", 'b')]);
    let locked = files.clone().file("/app/fuse.lock", lock);
    let mut reports = String::new();
    for (files, lock) in [
        (&locked, LockMode::Check),
        (&locked, LockMode::Frozen),
        (&files, LockMode::Check),
        (&files, LockMode::Frozen),
    ] {
        let resolution = run(files, &git, lock);
        reports += &report(&resolution);
        assert_eq!(resolution.lock_text, None);
    }
    assert_eq!(
        git.calls(),
        Vec::<String>::new(),
        "neither mode asks git about what is not locked"
    );
    insta::assert_snapshot!(reports);

    let resolution = run(&locked, &git, update());
    assert_eq!(report(&resolution), "");
    assert_eq!(
        resolution.difference.to_string(),
        "add Local; remove Gone; update Money"
    );
}

#[test]
fn a_lock_file_of_version_one_is_rewritten() {
    let files = app("Money = \"./money\"")
        .file("/app/money/fuse.toml", "")
        .file(
            "/app/fuse.lock",
            "version = 1\n[dependencies.Money]\nsource = \"path\"\npath = \"/home/me/app/money\"\n",
        );
    let resolution = run(&files, &FakeGit::default(), update());
    assert_eq!(report(&resolution), "");
    insta::assert_snapshot!(resolution.lock_text.unwrap(), @r#"
    version = 2

    [dependencies.Money]
    source = "path"
    path = "./money"
    requested = "path"
    "#);
}

#[test]
fn names_with_two_sources_and_circles_are_refused() {
    let conflict = app("A = \"./a\"\nB = \"./b\"")
        .file("/app/a/fuse.toml", manifest("a", "Money = \"../money\""))
        .file(
            "/app/b/fuse.toml",
            manifest(
                "b",
                &format!("Money = {{ git = \"{MONEY}\", tag = \"v1\" }}"),
            ),
        )
        .file("/app/money/fuse.toml", "");
    let two_tags = app(&format!(
        "A = \"./a\"\nMoney = {{ git = \"{MONEY}\", tag = \"v1\" }}"
    ))
    .file(
        "/app/a/fuse.toml",
        manifest(
            "a",
            &format!("Money = {{ git = \"{MONEY}/\", tag = \"v2\" }}"),
        ),
    )
    .file("/git/a/fuse.toml", "")
    .file("/git/b/fuse.toml", "");
    let circle = app("A = \"./a\"")
        .file("/app/a/fuse.toml", manifest("a", "B = \"../b\""))
        .file("/app/b/fuse.toml", manifest("b", "A = \"../a\""));
    let itself = app("A = \"./a\"").file("/app/a/fuse.toml", manifest("a", "App = \"..\""));
    let alone = app("App = \".\"");
    let through_git = app(&format!(
        "A = {{ git = \"{MONEY}\", tag = \"v1\", subdir = \"a\" }}"
    ))
    .file("/git/a/a/fuse.toml", manifest("a", "B = \"../b\""))
    .file("/git/a/b/fuse.toml", manifest("b", "A = \"../a\""));
    let git = FakeGit::with(&[
        (MONEY, "tag:v1", 'a'),
        ("https://example.org/money.git/", "tag:v2", 'b'),
    ]);
    let reports: Vec<String> = [conflict, two_tags, circle, itself, alone, through_git]
        .iter()
        .map(|files| report(&run(files, &git, update())))
        .collect();
    insta::assert_snapshot!(reports.join("---\n"));
}

#[test]
fn one_repository_in_two_spellings_is_one_package() {
    let files = app(&format!(
        "A = \"./a\"\nMoney = {{ git = \"{MONEY}\", tag = \"v1\" }}"
    ))
    .file(
        "/app/a/fuse.toml",
        manifest(
            "a",
            "Money = { git = \"https://example.org/money\", tag = \"v1\" }",
        ),
    )
    .file("/git/a/fuse.toml", "");
    let git = FakeGit::with(&[
        (MONEY, "tag:v1", 'a'),
        ("https://example.org/money", "tag:v1", 'a'),
    ]);
    let resolution = run(&files, &git, update());
    assert_eq!(report(&resolution), "");
    assert_eq!(resolution.graph.len(), 3);
}

#[test]
fn what_a_dependency_lacks_is_reported_where_it_is_required() {
    let cases = [
        app("A = \"./a\""),
        app("A = \"./a\"").file("/app/a/main.fuse", ""),
        app("A = \"./a\"").file("/app/a/fuse.toml", "[package]\nname = 1\nversion = \"x\""),
        app("A = \"./a\"").file(
            "/app/a/fuse.toml",
            manifest("a", "B = { path = \"\" }\n[typo]"),
        ),
        app("A = \"./a\"").file("/app/a/fuse.toml", "[package]\nfuse = \">=2\""),
        app("A = \"./a\"").file("/app/a/fuse.toml", b"[package]\nname = \"\xff\""),
        app(&format!(
            "A = {{ git = \"{MONEY}\", tag = \"v1\", subdir = \"gone\" }}"
        ))
        .file("/git/a/fuse.toml", ""),
        app(&format!("A = {{ git = \"{MONEY}\", tag = \"v1\" }}"))
            .file("/git/a/fuse.toml", manifest("a", "B = \"../b\""))
            .file("/git/b/fuse.toml", ""),
        app(&format!("A = {{ git = \"{MONEY}\", tag = \"v1\" }}"))
            .file("/git/a/fuse.toml", manifest("a", "B = \"./link\""))
            .file("/git/b/fuse.toml", "")
            .link("/git/a/link", "/git/b"),
        app(&format!("A = {{ git = \"{MONEY}\", tag = \"v9\" }}")),
    ];
    let git = FakeGit::with(&[(MONEY, "tag:v1", 'a')]);
    let reports: Vec<String> = cases
        .iter()
        .map(|files| report(&run(files, &git, update())))
        .collect();
    insta::assert_snapshot!(reports.join("---\n"));
}

#[test]
fn failures_of_git_have_their_codes() {
    let failures = [
        GitError::Start("no such file".to_owned()),
        GitError::Command("timed out after 120 s".to_owned()),
        GitError::NotGit,
        GitError::Offline,
        GitError::CacheDir {
            path: "/cache".to_owned(),
            reason: "permission denied".to_owned(),
        },
        GitError::CheckoutDir("permission denied".to_owned()),
    ];
    let files = app("A = { git = \"https://me:secret@example.org/a.git\" }");
    let mut reports = String::new();
    for failure in failures {
        let git = FakeGit {
            failure: Some(failure),
            ..FakeGit::default()
        };
        reports += &report(&run(&files, &git, update()));
    }
    assert!(!reports.contains("secret"));
    insta::assert_snapshot!(reports);
}

#[test]
fn an_edited_checkout_is_refused() {
    let files =
        app(&format!("A = {{ git = \"{MONEY}\", tag = \"v1\" }}")).file("/git/a/fuse.toml", "");
    let mut git = FakeGit::with(&[(MONEY, "tag:v1", 'a')]);
    let lock = run(&files, &git, update()).lock_text.unwrap();
    git.edited.insert(rev('a'));
    let resolution = run(&files.file("/app/fuse.lock", lock), &git, update());
    insta::assert_snapshot!(report(&resolution), @r"
    error[FUSE_LOCK_INTEGRITY] fuse.toml:4:1-4:2 checkout of `A` was changed
      hint: delete `/git/a` to fetch it again; changes belong into the repository
    ");
}

#[test]
fn offline_needs_what_is_locked_only() {
    let files =
        app(&format!("A = {{ git = \"{MONEY}\", tag = \"v1\" }}")).file("/git/a/fuse.toml", "");
    let lock = run(&files, &FakeGit::with(&[(MONEY, "tag:v1", 'a')]), update())
        .lock_text
        .unwrap();
    let git = FakeGit {
        offline: true,
        ..FakeGit::default()
    };
    let cold = run(&files, &git, update());
    assert!(report(&cold).starts_with(
        "error[FUSE_DEP_GIT_COMMAND_FAILED] fuse.toml:4:1-4:2 git failed for `A`: not in the cache"
    ));
    let warm = run(&files.file("/app/fuse.lock", lock), &git, update());
    assert_eq!(report(&warm), "");
}

#[test]
fn an_editor_sees_the_checkouts_that_are_there() {
    let files = app(&format!("A = {{ git = \"{MONEY}\", tag = \"v1\" }}"))
        .file("/git/a/fuse.toml", "")
        .file(format!("/app/.fuse/deps/A/{}/fuse.toml", rev('a')), "");
    let lock = run(&files, &FakeGit::with(&[(MONEY, "tag:v1", 'a')]), update())
        .lock_text
        .unwrap();
    let version = semver::Version::new(1, 0, 0);
    let root = Path::new("/app");
    let request = Request {
        root: Some(root),
        base: root,
        lock: update(),
        command_version: &version,
    };
    let deps = root.join(".fuse/deps");
    let unlocked = resolve(
        &request,
        &files,
        &LocalCheckouts {
            deps: &deps,
            files: &files,
        },
    );
    assert!(report(&unlocked).contains("not in the cache"));
    let locked = files.file("/app/fuse.lock", lock);
    let resolution = resolve(
        &request,
        &locked,
        &LocalCheckouts {
            deps: &deps,
            files: &locked,
        },
    );
    assert_eq!(
        (report(&resolution).as_str(), &resolution.lock_text),
        ("", &None)
    );
    assert_eq!(resolution.graph.len(), 2);
}

#[test]
fn lock_files_are_read_strictly() {
    let texts = [
        "version = 2\n<<<<<<< ours\n[dependencies.A]\n=======\n>>>>>>> theirs\n",
        "version = 2\n[dependencies.A\n",
        "version = 3\n",
        "version = \"2\"\n",
        "",
        "version = 2\ndependencies = 1\n",
        "version = 2\n[dependencies]\nA = 1\n",
        "version = 2\n[dependencies.A]\nsource = \"path\"\n[dependencies.B]\nsource = \"git\"\n[dependencies.C]\nsource = \"http\"\n[dependencies.D]\npath = \"./d\"\n",
        "version = 2\n[dependencies.A]\nsource = \"git\"\ngit = \"https://x.example/a\"\nrev = \"HEAD\"\n",
        "version = 2\n[dependencies.A]\nsource = 1\n",
    ];
    let mut reports = String::new();
    for text in texts {
        let files = app("").file("/app/fuse.lock", text);
        reports += &format!(
            "--- {}\n{}",
            text.replace('\n', "\n    "),
            report(&run(&files, &FakeGit::default(), update()))
        );
    }
    let unreadable = app("").unreadable("/app/fuse.lock", std::io::ErrorKind::PermissionDenied);
    reports += &report(&run(&unreadable, &FakeGit::default(), update()));
    insta::assert_snapshot!(reports);
}

#[test]
fn a_manifest_that_cannot_be_read_is_reported() {
    let gone = report(&run(&MemorySource::new(), &FakeGit::default(), update()));
    insta::assert_snapshot!(gone, @r"
    error[FUSE_MANIFEST_READ_FAILED] fuse.toml:1:1-1:1 cannot read fuse.toml: no such file
      hint: make the file readable, or name another with --manifest-path
    ");
}

#[test]
fn dependencies_need_a_directory() {
    let files = MemorySource::new().file("/buffer/fuse.toml", manifest("a", "B = \"./b\""));
    let version = semver::Version::new(1, 0, 0);
    let request = Request {
        root: None,
        base: Path::new("/buffer"),
        lock: update(),
        command_version: &version,
    };
    let resolution = resolve(&request, &files, &FakeGit::default());
    assert!(
        report(&resolution).starts_with("error[FUSE_DEP_MANIFEST_DIR_REQUIRED] fuse.toml:4:1-4:2")
    );
}

#[test]
fn the_lock_file_does_not_depend_on_the_machine() {
    let files = |root: &str| {
        MemorySource::new()
            .file(
                format!("{root}/fuse.toml"),
                manifest("app", "A = \"./a\"\nB = \"../b\""),
            )
            .file(
                format!("{root}/a/fuse.toml"),
                manifest("a", "C = \"../../b/c\""),
            )
            .file(format!("{root}/../b/fuse.toml").replace("app/../", ""), "")
            .file(
                format!("{root}/../b/c/fuse.toml").replace("app/../", ""),
                "",
            )
    };
    let version = semver::Version::new(1, 0, 0);
    let lock = |root: &str| {
        let request = Request {
            root: Some(Path::new(root)),
            base: Path::new("/"),
            lock: update(),
            command_version: &version,
        };
        let resolution = resolve(&request, &files(root), &FakeGit::default());
        assert_eq!(report(&resolution), "");
        resolution.lock_text.unwrap()
    };
    let here = lock("/home/me/app");
    assert_eq!(here, lock("/srv/ci/job 7/app"));
    assert!(here.contains("path = \"../b/c\""), "{here}");
}

#[test]
fn fifty_packages_are_resolved() {
    let all: String = (0..50).map(|i| format!("P{i} = \"./p{i}\"\n")).collect();
    let mut files = app(&all);
    for i in 0..50 {
        let rest: String = (i + 1..50)
            .map(|j| format!("P{j} = \"../p{j}\"\n"))
            .collect();
        files.insert(
            format!("/app/p{i}/fuse.toml"),
            manifest(&format!("p{i}"), &rest),
        );
    }
    let resolution = run(&files, &FakeGit::default(), update());
    assert_eq!(report(&resolution), "");
    assert_eq!(resolution.graph.len(), 51);
    assert_eq!(
        resolution.graph.package(PackageId(50)).name.as_deref(),
        Some("p49")
    );
}

#[test]
fn references_survive_the_lock_file() {
    for reference in [
        GitRef::Default,
        GitRef::Rev("abc123".to_owned()),
        GitRef::Tag("v1:x".to_owned()),
        GitRef::Branch("main".to_owned()),
        GitRef::Version("1.2.0".to_owned()),
    ] {
        assert_eq!(GitRef::parse(&reference.requested()), Some(reference));
    }
    assert_eq!(GitRef::parse("commit:1"), None);
}
