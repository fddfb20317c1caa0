//! What a manifest may say, and what is reported when it says something else.

mod support;

use fuse_check::package::schema::{self, KeyType};
use fuse_check::package::{GitRef, GitSource, Manifest, Source, command_problem, read_manifest};
use fuse_syntax::{Code, FileId, Files, LintLevel};
use support::report;

fn read(text: &str) -> (Manifest, String) {
    let mut files = Files::new();
    let file = files.add("fuse.toml", text);
    let (manifest, diagnostics) = read_manifest(file, text);
    let report = report(&files, &diagnostics);
    (manifest, report)
}

/// The reports of several manifests, each after its text.
fn reports(texts: &[&str]) -> String {
    texts
        .iter()
        .map(|text| format!("--- {}\n{}", text.replace('\n', "\n    "), read(text).1))
        .collect()
}

#[test]
fn a_full_manifest_is_read() {
    let (manifest, report) = read(
        r#"
[package]
name = "notes-api"
version = "1.2.0-rc.1"
entry = "src/./main.fuse"
app = "Api"
backend = "ast"
fuse = ">=0.1"
description = "Notes"
license = "MIT OR Apache-2.0"
repository = "https://example.org/notes"
publish = false

[build]
openapi = "build/openapi.json"
native_bin = "build/notes"
embed_openapi = true
cpu = "v3"
target = "linux-x64"
symbols = true
strip = true

[serve]
static_dir = "public"
static_index = "home.html"
openapi_ui = false
openapi_path = "/api-docs"

[assets]
css = "assets/css/main.css"
watch = false
hash = true
out = "build/assets"
hooks = { before_build = "npm run css" }

[vite]
dev_url = "http://localhost:3001"
dist_dir = "web/dist"

[dependencies]
Money = "./libs/money"
Clock = { git = "https://example.org/clock.git", tag = "v1.2.0", subdir = "fuse" }

[dependencies.Audit]
path = "../audit"

[workspace]
members = ["services/*", "libs/**"]
exclude = ["libs/old"]

[lint]
FUSE_UNUSED_IMPORT = "deny"
FUSE_ROUTE_BLOCKING = "warn"

[test]
timeout_ms = 1_000
isolate_db = false
"#,
    );
    assert_eq!(report, "");
    assert_eq!(
        (manifest.name(), manifest.entry()),
        (Some("notes-api"), Some("src/main.fuse"))
    );
    assert_eq!(
        manifest.package.version.as_ref().unwrap().value.to_string(),
        "1.2.0-rc.1"
    );
    assert_eq!(manifest.package.publish, Some(false));
    let build = &manifest.build;
    assert_eq!(
        (build.embed_openapi, build.symbols, build.strip),
        (true, true, true)
    );
    assert_eq!(manifest.serve.openapi_ui, Some(false));
    let assets = &manifest.assets;
    assert_eq!((assets.watch, assets.hash), (false, true));
    assert_eq!(assets.before_build.as_ref().unwrap().value, "npm run css");
    assert_eq!(
        manifest
            .vite
            .as_ref()
            .unwrap()
            .dist_dir
            .as_ref()
            .unwrap()
            .value,
        "web/dist"
    );
    let workspace = manifest.workspace.as_ref().unwrap();
    assert_eq!(
        (
            workspace.members.as_ref().unwrap().len(),
            workspace.exclude.len()
        ),
        (2, 1)
    );
    assert_eq!(
        (manifest.test.timeout_ms, manifest.test.isolate_db),
        (1000, false)
    );
    assert_eq!(
        manifest.lint_level(Code::UNUSED_IMPORT),
        Some(LintLevel::Deny)
    );
    assert_eq!(manifest.lint_level(Code::UNREACHABLE), None);

    let dependencies: Vec<_> = manifest
        .dependencies
        .iter()
        .map(|d| (d.name.as_str(), d.source.clone()))
        .collect();
    let clock = GitSource {
        url: "https://example.org/clock.git".to_owned(),
        reference: GitRef::Tag("v1.2.0".to_owned()),
        subdir: Some("fuse".to_owned()),
    };
    let expected = [
        ("Money", Source::Path("./libs/money".to_owned())),
        ("Clock", Source::Git(clock)),
        ("Audit", Source::Path("../audit".to_owned())),
    ];
    assert_eq!(dependencies, expected);
}

/// A value of the key's type, and one of another type.
fn values(ty: KeyType) -> (&'static str, &'static str) {
    match ty {
        KeyType::Bool => ("true", "\"true\""),
        KeyType::PositiveInt => ("7", "\"7\""),
        KeyType::Globs => ("[\"a/*\"]", "\"a/*\""),
        KeyType::Version => ("\"1.0.0\"", "1"),
        KeyType::Requirement => ("\">=1\"", "1.5"),
        KeyType::ModulePath => ("\"src/main.fuse\"", "[\"src/main.fuse\"]"),
        KeyType::UrlPath => ("\"/x\"", "false"),
        KeyType::Url => ("\"https://a.example\"", "{ a = 1 }"),
        KeyType::OneOf(words) => (
            if words.contains(&"ast") {
                "\"ast\""
            } else if words.contains(&"v2") {
                "\"v2\""
            } else {
                "\"macos-arm64\""
            },
            "2",
        ),
        KeyType::Text | KeyType::Name | KeyType::Path | KeyType::SubDirectory => {
            ("\"abc\"", "1979-05-27")
        }
    }
}

#[test]
fn every_key_is_stored_and_refuses_another_type() {
    let empty = read("").0;
    for spec in schema::KEYS {
        let (right, wrong) = values(spec.ty);
        for name in [Some(spec.key), spec.alias].into_iter().flatten() {
            let text = format!("[{}]\n{name} = {right}\n", spec.section);
            let (manifest, report) = read(&text);
            assert_eq!(report, "", "{text}");
            let default = spec.default == right.trim_matches('"');
            assert!(manifest != empty || default, "`{text}` leaves no trace");
        }
        let text = format!("[{}]\n{} = {wrong}\n", spec.section, spec.key);
        let (_, report) = read(&text);
        let expected = format!(
            "error[FUSE_MANIFEST_PARSE_FAILED] fuse.toml:2:{}",
            spec.key.len() + 4
        );
        assert!(report.starts_with(&expected), "{text}: {report}");
        assert_eq!(report.lines().count(), 2, "{report}");
        assert!(
            report.contains(&format!("hint: write `{} = ", spec.key)),
            "{report}"
        );
        assert!(
            !spec.meaning.is_empty() && !spec.meaning.ends_with('.'),
            "{}",
            spec.key
        );
    }
}

#[test]
fn unknown_keys_are_warnings_with_the_nearest_key() {
    insta::assert_snapshot!(reports(&[
        "[package]\nnmae = \"a\"\nauthors = [\"me\"]",
        "[pakage]\nname = \"a\"",
        "name = \"a\"",
        "[assets.hook]\nbefore_build = \"x\"",
        "[assets.hooks]\nafter_build = \"x\"",
        "[lint]\nFUSE_UNUSED_IMPROT = \"deny\"",
    ]));
}

#[test]
fn malformed_toml_is_reported_with_line_and_column() {
    insta::assert_snapshot!(reports(&[
        "[package\nname = \"a\"",
        "[package]\nname = \"a\nentry = 1",
        "[package]\nname = \"a\"\nname = \"b\"",
        "[package]\nname = a",
        "[package]\né = \"a\" b",
        "package = 1",
        "lint = true\ndependencies = []",
    ]));
}

#[test]
fn well_formed_values_can_be_refused() {
    insta::assert_snapshot!(reports(&[
        "[package]\nname = \"1st\"",
        "[package]\nname = \"\"",
        "[package]\nversion = \"1.2\"",
        "[package]\nfuse = \"new\"",
        "[package]\nentry = \"../main.fuse\"",
        "[package]\nentry = \"/main.fuse\"",
        "[package]\nentry = \"C:/main.fuse\"",
        "[package]\nentry = \"src\\\\main.fuse\"",
        "[package]\nentry = \"main.rs\"",
        "[package]\nentry = \"a.fuse\"\nmain = \"b.fuse\"",
        "[package]\nbackend = \"jit\"",
        "[package]\nbackend = \"natve\"",
        "[package]\nrepository = \"example.org\"",
        "[serve]\nstatic_dir = \".\"",
        "[serve]\nstatic_dir = \"public/..\"",
        "[serve]\nstatic_dir = \"../public\"",
        "[serve]\nopenapi_path = \"docs\"",
        "[assets]\nout = \"\"",
        "[test]\ntimeout_ms = 0",
        "[test]\ntimeout_ms = -5",
        "[workspace]\nmembers = [\"../other\", 3]",
        "[lint]\nFUSE_UNUSED_IMPORT = \"error\"\nFUSE_TYPE_MISMATCH = \"allow\"\nFUSE_UNREACHABLE = 1",
    ]));
}

#[test]
fn sources_of_dependencies_are_checked() {
    insta::assert_snapshot!(reports(&[
        "[dependencies]\nA = 1",
        "[dependencies]\nA = \" \"",
        "[dependencies]\nA = { path = \"\" }",
        "[dependencies]\nA = \"/abs\"",
        "[dependencies]\nA = \"libs\\\\a\"",
        "[dependencies]\nmy-lib = \"./a\"",
        "[dependencies]\nA = {}",
        "[dependencies]\nA = { path = \"a\", git = \"https://x.example/a\" }",
        "[dependencies]\nA = { path = \"a\", tag = \"v1\" }",
        "[dependencies]\nA = { tag = \"v1\" }",
        "[dependencies]\nA = { subdir = \"x\" }",
        "[dependencies]\nA = { git = \"\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", tag = \"v1\", branch = \"main\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", subdir = \"\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", subdir = \"../b\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", tga = \"v1\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", tag = 1 }",
        "[dependencies]\nA = { git = \"https://x.example/a\", rev = \"main\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", version = \"1\" }",
        "[dependencies]\nA = { git = \"https://x.example/a\", tag = \"--upload-pack=x\" }",
        "[dependencies]\nA = { git = \"http://x.example/a\" }",
        "[dependencies]\nA = { git = \"ext::sh -c x\" }",
        "[dependencies]\nA = { git = \"../a\" }",
        "[dependencies]\nA = { git = \"--upload-pack=x\" }",
        "[dependencies]\nA = { git = \"git@example.org:a.git\" }",
        "[dependencies]\nA = { git = \"ssh://git@example.org/a.git\", rev = \"9F3C00\" }",
        "[dependencies]\nA = { git = \"file:///srv/a\", version = \"1.2.0\" }",
    ]));
}

#[test]
fn a_package_can_ask_for_a_newer_command() {
    let problem = |requirement: &str, version: &str| {
        let (manifest, _) = read(&format!("[package]\nfuse = \"{requirement}\""));
        command_problem(&manifest, &version.parse().unwrap()).map(|(_, message)| message)
    };
    assert_eq!(problem(">=1.2", "1.2.0"), None);
    assert_eq!(
        problem(">=1.2", "1.2.0-rc.1"),
        None,
        "a pre-release counts as its release"
    );
    assert_eq!(
        problem(">=1.2", "1.1.9").unwrap(),
        "this package needs `fuse` >=1.2, and this is 1.1.9"
    );
}

#[test]
fn every_text_is_answered() {
    proptest::proptest!(|(text in "(\\[?(package|dependencies|lint|[a-z]{0,3})\\]?\n|[a-zA-Z]{0,5} = (\"[ -~]{0,6}\"|[0-9]{0,3}|\\{[ -~]{0,8}\\})\n|[ -~é\n]{0,5}){0,5}")| {
        let (_, diagnostics) = read_manifest(FileId(0), &text);
        for diagnostic in diagnostics {
            let range = diagnostic.span.range().as_usize();
            proptest::prop_assert!(text.get(range).is_some(), "{:?} in {text:?}", diagnostic);
        }
    });
}
