//! `gates` as a command: a workspace from outside, exit codes, and the gate
//! that builds.

use std::path::Path;
use std::process::{Command, Output};

const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"money\"]\nexclude = [\"outside\"]\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"decimal\"\nversion = \"1.0.0\"\n\n[[package]]\nname = \"money\"\nversion = \"1.0.0\"\ndependencies = [\n \"decimal\",\n]\n",
    ),
    (
        "outside/decimal/Cargo.toml",
        "[package]\nname = \"decimal\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
    ),
    ("outside/decimal/src/lib.rs", "pub struct Decimal;\n"),
    (
        "money/Cargo.toml",
        "[package]\nname = \"money\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n[lints.rust]\nunsafe_code = \"forbid\"\n\n[dependencies]\ndecimal = { path = \"../outside/decimal\" }\n",
    ),
    (
        "money/src/lib.rs",
        "//! Money.\n\n/// An amount.\npub fn amount() -> decimal::Decimal {\n    decimal::Decimal\n}\n",
    ),
    (
        "money/module.yaml",
        "name: money\npath: money\nlayer: stable\nstatus: ga\nowner: accounts\nrisk: low\nsummary: Money.\nstrict_boundary: kernel\nresponsibilities: [a]\nnon_goals: [b]\nallowed_imports: []\nforbidden_imports: [x]\ntest_commands: [cargo test -p money]\nreview_checklist: [c]\ndoc_paths: [money/src/lib.rs]\n",
    ),
    (
        "specs/repo.yaml",
        "version: 1\nrepo: { name: billing }\nlayers:\n  stable: { paths: [money] }\nstable_roots: [money]\n",
    ),
    (
        "specs/dependency-rules.yaml",
        "version: 1\nmodules:\n  money: { allow: [] }\npublic_dependencies:\n  - { scope: \"layer:stable\", allow: [std] }\n",
    ),
];

struct Workspace {
    dir: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Self {
        let workspace = Self {
            dir: tempfile::tempdir().expect("tests can make directories"),
        };
        for (path, text) in FILES {
            workspace.write(path, text);
        }
        workspace
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        let parent = path.parent().expect("a file is in a directory");
        std::fs::create_dir_all(parent).expect("tests can make directories");
        std::fs::write(path, text).expect("tests can write files");
    }

    fn gates(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["gates", "--workspace"])
            .arg(self.root())
            .args(args)
            .env("CARGO_TARGET_DIR", self.root().join("target"))
            .output()
            .expect("the task can be started")
    }
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_foreign_type_in_a_public_signature_fails_until_it_is_allowed_or_hidden() {
    let workspace = Workspace::new();
    let output = workspace.gates(&["public-dependency", "--ascii"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(
        said.contains("x money::amount shows decimal::Decimal (money/src/lib.rs:4:1)"),
        "{said}"
    );
    assert!(stdout(&output).ends_with("gates: FAIL (1 gate: public-dependency)\n"));

    let rules = "specs/dependency-rules.yaml";
    let (_, strict) = FILES
        .iter()
        .find(|(path, _)| *path == rules)
        .expect("it is listed");
    workspace.write(
        rules,
        &strict.replace("[std]", "[std, \"decimal::Decimal\"]"),
    );
    let output = workspace.gates(&["public-dependency"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    workspace.write(rules, strict);
    workspace.write(
        "money/src/lib.rs",
        "//! Money.\n\n/// An amount.\npub fn amount() -> u64 {\n    1\n}\n",
    );
    let output = workspace.gates(&["public-dependency"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn a_crate_that_does_not_build_is_an_error_and_never_a_pass() {
    let workspace = Workspace::new();
    workspace.write(
        "money/src/lib.rs",
        "//! Money.\npub fn amount() -> Missing {}\n",
    );
    let output = workspace.gates(&["public-dependency", "--json"]);
    assert_eq!(output.status.code(), Some(5), "{}", stderr(&output));
    let report = stdout(&output);
    assert!(report.contains("\"result\": \"error\""), "{report}");
    assert!(report.contains("Missing"), "{report}");
}

#[test]
fn quick_builds_nothing_and_says_what_it_left_out() {
    let workspace = Workspace::new();
    let output = workspace.gates(&["--quick"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("skipped public-dependency: deferred"));
    assert!(!workspace.root().join("target").exists());
}

#[test]
fn an_unformatted_file_is_named() {
    let workspace = Workspace::new();
    workspace.write(
        "money/src/lib.rs",
        "//! Money.\n\n/// A.\npub fn amount( ) {}\n",
    );
    let output = workspace.gates(&["fmt"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        stderr(&output).contains("money/src/lib.rs is not formatted"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn wrong_usage_and_a_missing_configuration_have_their_own_codes() {
    let workspace = Workspace::new();
    assert_eq!(workspace.gates(&["no-such-gate"]).status.code(), Some(4));
    assert_eq!(workspace.gates(&["--no-such-flag"]).status.code(), Some(4));
    std::fs::remove_file(workspace.root().join("specs/repo.yaml")).expect("it is there");
    let output = workspace.gates(&["spec-files"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(
        stderr(&output).contains("specs/repo.yaml"),
        "{}",
        stderr(&output)
    );
}
