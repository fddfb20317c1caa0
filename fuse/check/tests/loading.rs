//! What imports lead to, and what is reported when they lead nowhere.

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fuse_check::load::{
    AssetContent, ImportTarget, JsonValue, LoadedModule, MemorySource, ModuleGraph, Overlay,
    ParseCache, SourceProvider, load, load_roots,
};
use fuse_check::package::{
    LockMode, NoGit, Package, PackageGraph, PackageId, Refresh, Request, resolve,
};
use fuse_syntax::Diagnostic;

const APP: &str = "app \"t\":\n  print(1)\n";

/// A program without a manifest, in `/app`.
fn lone(files: &[(&str, &str)]) -> MemorySource {
    files
        .iter()
        .fold(MemorySource::new(), |source, (path, text)| {
            source.file(format!("/app/{path}"), text)
        })
}

/// The same with an empty manifest, so that the package has a border.
fn package(files: &[(&str, &str)]) -> MemorySource {
    lone(files).file("/app/fuse.toml", "[package]\nname = \"app\"\n")
}

fn packages(src: &dyn SourceProvider) -> PackageGraph {
    let root = Path::new("/app");
    if src.canonical(&root.join("fuse.toml")).is_err() {
        return PackageGraph::anonymous(root, root);
    }
    let version = semver::Version::new(1, 0, 0);
    let lock = LockMode::Update(Refresh::Nothing);
    let request = Request {
        root: Some(root),
        base: root,
        lock,
        command_version: &version,
    };
    let resolution = resolve(&request, src, &NoGit);
    assert!(!resolution.has_errors(), "{:?}", resolution.diagnostics);
    resolution.graph
}

fn graph(src: &dyn SourceProvider) -> ModuleGraph {
    load(Path::new("/app/main.fuse"), &packages(src), src)
}

fn report(graph: &ModuleGraph) -> String {
    let all: Vec<Diagnostic> = graph.all_diagnostics().cloned().collect();
    support::report(&graph.files, &all)
}

/// The report of one import in `main.fuse`, beside some files.
fn import_report(line: &str) -> String {
    let src = package(&[
        ("main.fuse", &format!("{line}\n\n{APP}")),
        ("util.fuse", "fn go() -> Int:\n  return 1\n"),
        ("sub/deep.fuse", "fn deep() -> Int:\n  return 1\n"),
        ("note.md", "# Hi\n"),
        ("data.json", "{\"n\": 1}\n"),
        ("Notes.txt", "text\n"),
    ])
    .file("/outside.fuse", "");
    format!("--- {line}\n{}", report(&graph(&src)))
}

#[test]
fn every_form_reaches_its_target() {
    let src = package(&[
        (
            "main.fuse",
            "import util\nimport Other from \"./sub/deep\"\nimport Thing as Deep from \"sub/deep.fuse\"\nimport { go, } from \"root:util\"\nimport Note from \"./note.md\"\nimport Data from \"root:data.json\"\nimport { NotFound } from std.Error\nimport Errors from \"std.Error\"\nimport Same from util\n\napp \"t\":\n  print(1)\n",
        ),
        ("util.fuse", "fn go() -> Int:\n  return 1\n"),
        ("sub/deep.fuse", "import near\nimport Up from \"../util\"\n"),
        ("sub/near.fuse", ""),
        ("note.md", "# Hi\n"),
        ("data.json", "{\"z\": 1, \"a\": [2.5]}\n"),
    ]);
    let graph = graph(&src);
    assert_eq!(report(&graph), "");
    let names: Vec<&str> = graph.modules.iter().map(LoadedModule::name).collect();
    assert_eq!(
        names,
        ["main", "util", "sub/deep", "sub/near"],
        "depth first, in import order"
    );

    let [main, util, deep, near] = [0, 1, 2, 3].map(|index| graph.modules[index].id);
    let targets = |index: usize| {
        graph.modules[index]
            .imports
            .iter()
            .map(|import| import.target)
            .collect::<Vec<_>>()
    };
    let (note, data) = (graph.assets[0].id, graph.assets[1].id);
    let expected = [
        ImportTarget::Module(util),
        ImportTarget::Module(deep),
        ImportTarget::Module(deep),
        ImportTarget::Module(util),
        ImportTarget::Asset(note),
        ImportTarget::Asset(data),
        ImportTarget::StdError,
        ImportTarget::StdError,
        ImportTarget::Module(util),
    ];
    assert_eq!(targets(main.index()), expected);
    assert_eq!(
        targets(deep.index()),
        [ImportTarget::Module(near), ImportTarget::Module(util)]
    );

    let AssetContent::Text(text) = &graph.asset(note).content else {
        panic!("not a text")
    };
    assert_eq!(&**text, "# Hi\n");
    let AssetContent::Json(JsonValue::Map(map)) = &graph.asset(data).content else {
        panic!("not a map")
    };
    assert_eq!(
        map.keys().collect::<Vec<_>>(),
        ["z", "a"],
        "as the document orders them"
    );
    assert_eq!(
        (
            graph.asset(data).relative.as_str(),
            graph.asset(data).package
        ),
        ("data.json", PackageId::ROOT)
    );
}

#[test]
fn paths_that_lead_nowhere_are_reported_at_the_path() {
    let lines = [
        "import Gone",
        "import Gone from \"./gone\"",
        "import Gone from \"sub/gone.fuse\"",
        "import Deep from \"./deep\"",
        "import Util from \"sub/util\"",
        "import Util from \"./Util\"",
        "import Util",
        "import X from \"\"",
        "import X from \"./sub/\"",
        "import X from \"..\"",
        "import X from \"sub\\\\deep\"",
        "import X from \"./notes.txt\"",
        "import X from \"./util.FSE\"",
        "import X from util.go",
        "import X from \"root:\"",
        "import X from \"dep:\"",
        "import X from \"dep:Lib\"",
        "import X from \"dep:/lib\"",
        "import X from \"dep:Lib/\"",
        "import X from \"dep:Lib/main\"",
        "import X from \"root:../outside\"",
        "import X from \"../outside\"",
        "import X from \"sub/../../outside\"",
        "import X from \"/outside\"",
        "import X from \"C:/outside\"",
        "import X from \"\\\\\\\\host\\\\outside\"",
        "import X from \"root:/outside\"",
        "import X from \"./gone.md\"",
        "import X from \"./Note.md\"",
        "import X from \"./sub/data.json\"",
    ];
    insta::assert_snapshot!(lines.map(import_report).concat());
}

#[test]
fn assets_are_imported_as_one_name() {
    let lines = [
        "import { n } from \"./data.json\"",
        "import { a, b } from \"./note.md\"",
        "import Data as D from \"./data.json\"",
        "import { n } from \"./gone.json\"",
    ];
    insta::assert_snapshot!(lines.map(import_report).concat());
}

#[test]
fn names_are_bound_once_and_declared() {
    let lines = [
        "import { stop } from \"./util\"",
        "import { goo, go } from \"./util\"",
        "import { Missing } from std.Error",
        "import { NotFuond } from std.Error",
        "import { go } from \"./util\"\nimport { go } from \"sub/deep\"",
        "import util\nimport Other as util from \"sub/deep\"",
        "import { go, go } from \"./util\"",
        "import Note from \"./note.md\"\nimport Note from \"./data.json\"",
        "import { x } from \"./main\"",
    ];
    insta::assert_snapshot!(lines.map(import_report).concat());
}

#[test]
fn a_damaged_target_hides_no_name() {
    let src = lone(&[
        (
            "main.fuse",
            &format!("import {{ go, gone }} from \"./util\"\n\n{APP}"),
        ),
        ("util.fuse", "fn go( -> Int:\n  return 1\n"),
    ]);
    let report = report(&graph(&src));
    assert!(report.contains("util.fuse:1:"), "{report}");
    assert!(!report.contains("FUSE_IMPORT_UNKNOWN"), "{report}");
}

#[test]
fn exported_kinds_are_importable_and_others_are_not() {
    let src = lone(&[
        (
            "main.fuse",
            &format!("import {{ T, D, E, I, f, C, S, K, a, m, std }} from \"./all\"\n\n{APP}"),
        ),
        (
            "all.fuse",
            "import Other from \"./main\"\n\ntype T:\n  a: Int\n  m: Int\n\ntype D = T without a\n\nenum E:\n  A\n\ninterface I:\n  fn show(self) -> String\n\nfn f() -> Int:\n  return 1\n\ncomponent C:\n  return div()\n\nservice S at \"/\":\n  get \"/\" -> Int:\n    return 1\n\nconfig K:\n  x: Int = 1\n\napp \"a\":\n  print(1)\n\nmigration m:\n  print(1)\n",
        ),
    ]);
    let report = report(&graph(&src));
    let unknown: Vec<&str> = report
        .lines()
        .filter_map(|line| {
            line.split("has no export ")
                .nth(1)
                .filter(|_| line.contains("FUSE_IMPORT_UNKNOWN"))
        })
        .collect();
    assert_eq!(unknown, ["`a`", "`m`", "`std`"], "{report}");
}

#[test]
fn without_a_manifest_relative_paths_may_leave_the_directory() {
    let src = lone(&[(
        "main.fuse",
        &format!(
            "import Lib from \"../lib/money\"\nimport Out from \"root:../lib/money\"\n\n{APP}"
        ),
    )])
    .file("/lib/money.fuse", "import round\n")
    .file("/lib/round.fuse", "");
    let graph = graph(&src);
    let names: Vec<&str> = graph
        .modules
        .iter()
        .map(|module| module.relative.as_str())
        .collect();
    assert_eq!(names, ["main.fuse", "/lib/money.fuse", "/lib/round.fuse"]);
    insta::assert_snapshot!(report(&graph), @r#"
    error[FUSE_IMPORT_ROOT_ESCAPE] main.fuse:2:17-2:36 import path leaves the package
      hint: only files of the package can be imported; another package is a dependency
    "#);
}

#[test]
fn a_package_inside_another_is_reached_as_dependency_only() {
    let manifest = "[package]\nname = \"app\"\n[dependencies]\nMoney = \"./libs/money\"\n";
    let src = lone(&[
        (
            "main.fuse",
            &format!(
                "import Direct from \"./libs/money/src/main\"\nimport {{ add }} from \"dep:Money/src/main\"\nimport Data from \"dep:Money/rates.json\"\nimport Up from \"dep:Money/../../main\"\nimport Mony from \"dep:Mony/src/main\"\n\n{APP}"
            ),
        ),
        ("fuse.toml", manifest),
        ("libs/money/fuse.toml", "[package]\nname = \"money\"\n"),
        (
            "libs/money/src/main.fuse",
            "import Helper from \"root:src/round\"\nimport Out from \"root:../../main\"\nimport App from \"dep:App/main\"\n\nfn add() -> Int:\n  return 1\n",
        ),
        ("libs/money/src/round.fuse", ""),
        ("libs/money/rates.json", "[]"),
    ]);
    let graph = graph(&src);
    insta::assert_snapshot!(report(&graph));
    let owners: BTreeMap<&str, u32> = graph
        .modules
        .iter()
        .map(|module| (module.relative.as_str(), module.package.0))
        .collect();
    assert_eq!(
        owners,
        BTreeMap::from([
            ("main.fuse", 0),
            ("src/main.fuse", 1),
            ("src/round.fuse", 1)
        ])
    );
    assert_eq!(
        (graph.assets[0].relative.as_str(), graph.assets[0].package.0),
        ("rates.json", 1)
    );
}

#[test]
fn links_are_followed_inside_the_package_only() {
    let src = package(&[
        ("main.fuse", &format!("import Inside from \"./inside\"\nimport Outside from \"./outside\"\nimport Dir from \"./dir/secret\"\nimport Loop from \"./loop\"\n\n{APP}")),
        ("real.fuse", ""),
    ])
    .link("/app/inside.fuse", "/app/real.fuse")
    .link("/app/outside.fuse", "/etc/secret.fuse")
    .link("/app/dir", "/etc")
    .link("/app/loop.fuse", "/app/loop.fuse")
    .file("/etc/secret.fuse", "");
    let graph = graph(&src);
    let paths: Vec<PathBuf> = graph
        .modules
        .iter()
        .map(|module| module.path.clone())
        .collect();
    assert_eq!(
        paths,
        [Path::new("/app/main.fuse"), Path::new("/app/real.fuse")]
    );
    insta::assert_snapshot!(report(&graph));
}

#[test]
fn the_case_of_file_names_counts_on_every_file_system() {
    let src = package(&[
        ("main.fuse", &format!("import Util from \"./Util\"\nimport Deep from \"./SUB/deep\"\nimport Note from \"./note.md\"\nimport Right from \"./util\"\n\n{APP}")),
        ("util.fuse", ""),
        ("sub/deep.fuse", ""),
        ("NOTE.md", ""),
    ])
    .ignoring_case();
    let graph = graph(&src);
    assert_eq!(graph.modules.len(), 2);
    insta::assert_snapshot!(report(&graph));
}

#[test]
fn circles_inside_a_package_are_legal_and_others_are_not() {
    let legal = lone(&[
        (
            "main.fuse",
            &format!("import b\n\nfn one() -> Int:\n  return 1\n\n{APP}"),
        ),
        ("b.fuse", "import c\n"),
        ("c.fuse", "import Main from \"./main\"\n"),
    ]);
    assert_eq!(report(&graph(&legal)), "");

    let itself = lone(&[
        ("main.fuse", &format!("import b\n\n{APP}")),
        ("b.fuse", "import Me from \"./b\"\n"),
    ]);
    insta::assert_snapshot!(report(&graph(&itself)), @r#"
    error[FUSE_IMPORT_CYCLE] b.fuse:1:16-1:21 circular import: b → b
    "#);

    // Packages that depend on each other are refused before anything is
    // loaded; a graph made by hand shows that the loader refuses them too.
    let files = lone(&[("main.fuse", "import Lib from \"dep:Lib/lib\"\n")])
        .file("/lib/lib.fuse", "import Main from \"dep:App/main\"\n");
    let package = |root: &str, name: &str, to: u32| Package {
        name: None,
        root: root.into(),
        manifest: None,
        dependencies: BTreeMap::from([(name.to_owned(), PackageId(to))]),
    };
    let packages = PackageGraph::new(
        vec![package("/app", "Lib", 1), package("/lib", "App", 0)],
        Path::new("/"),
        Vec::new(),
    );
    let graph = load(Path::new("/app/main.fuse"), &packages, &files);
    insta::assert_snapshot!(report(&graph), @r#"
    error[FUSE_IMPORT_CYCLE] lib/lib.fuse:1:18-1:32 circular import: main → lib → main
    "#);
}

#[test]
fn assets_are_checked_where_they_are_wrong() {
    let src = package(&[
        ("main.fuse", &format!("import A from \"./a.json\"\nimport B from \"./b.json\"\nimport C from \"./c.md\"\nimport D from \"./d.md\"\nimport Again from \"./a.json\"\n\n{APP}")),
        ("a.json", "{\n  \"n\": 1,\n  \"n\": 2\n}\n"),
        ("b.json", "{\"n\": }"),
    ])
    .file("/app/c.md", b"fine\n\xff\n")
    .unreadable("/app/d.md", std::io::ErrorKind::PermissionDenied);
    let graph = graph(&src);
    insta::assert_snapshot!(report(&graph));
    assert!(
        matches!(graph.modules[0].imports[4].target, ImportTarget::Asset(_)),
        "known, but invalid"
    );
}

#[test]
fn assets_may_be_so_large_and_no_larger() {
    let at = "a".repeat(16 << 20);
    let past = format!("{at}a");
    let src = package(&[
        (
            "main.fuse",
            &format!("import A from \"./a.md\"\nimport B from \"./b.md\"\n\n{APP}"),
        ),
        ("a.md", &at),
        ("b.md", &past),
    ]);
    let graph = graph(&src);
    insta::assert_snapshot!(report(&graph), @"error[FUSE_ASSET_READ] main.fuse:2:15-2:23 cannot read asset: file too large");
}

#[test]
fn files_that_are_no_text_and_files_that_are_too_large() {
    let src = package(&[
        ("main.fuse", &format!("import b\nimport c\n\n{APP}")),
        ("c.fuse", &"#".repeat((16 << 20) + 1)),
    ])
    .file("/app/b.fuse", b"fn go() -> Int:\n  return \xff\n");
    let graph = graph(&src);
    insta::assert_snapshot!(report(&graph), @r"
    error[FUSE_LEX_ENCODING] b.fuse:2:10-2:10 file is not valid UTF-8
      hint: save the file as UTF-8
    error[FUSE_IMPORT_MODULE_READ] main.fuse:2:8-2:9 cannot read module `c.fuse`: file too large
    ");
}

#[test]
fn an_entry_that_is_not_there() {
    let lone = graph(&MemorySource::new());
    assert!(lone.entry().is_none());
    insta::assert_snapshot!(report(&lone), @"error[FUSE_IMPORT_MODULE_READ] main.fuse:1:1-1:1 cannot read module `main.fuse`: no such file");
    let named = MemorySource::new().file("/app/fuse.toml", "[package]\nentry = \"main.fuse\"\n");
    insta::assert_snapshot!(report(&graph(&named)), @r#"
    error[FUSE_MANIFEST_ENTRY_NOT_FOUND] fuse.toml:2:9-2:20 entry `main.fuse` not found
      hint: the path is relative to the directory of fuse.toml
    "#);
}

#[test]
fn unsaved_text_is_seen_instead_of_the_disk() {
    let disk = package(&[
        (
            "main.fuse",
            &format!("import New from \"./new\"\nimport Note from \"./note.md\"\n\n{APP}"),
        ),
        ("note.md", "old"),
    ]);
    let mut overlay = Overlay::new(disk);
    assert!(report(&graph(&overlay)).contains("cannot read module `new.fuse`"));
    overlay.set(
        Path::new("/app/new.fuse"),
        "fn fresh() -> Int:\n  return 1\n",
    );
    overlay.set(Path::new("/app/note.md"), "new");
    let with = graph(&overlay);
    assert_eq!(report(&with), "");
    assert_eq!(&*with.modules[1].text, "fn fresh() -> Int:\n  return 1\n");
    let AssetContent::Text(text) = &with.assets[0].content else {
        panic!("not a text")
    };
    assert_eq!(&**text, "new");
    overlay.clear(Path::new("/app/new.fuse"));
    assert!(report(&graph(&overlay)).contains("cannot read module `new.fuse`"));
}

#[test]
fn only_changed_modules_are_parsed_again() {
    let mut src = package(&[
        ("main.fuse", &format!("import a\nimport b\n\n{APP}")),
        ("a.fuse", ""),
        ("b.fuse", "fn x() -> Int:\n  return 1\n"),
    ]);
    let packages = packages(&src);
    let mut cache = ParseCache::new();
    let roots = [PathBuf::from("/app/main.fuse")];
    let first = load_roots(&roots, &packages, &src, &mut cache);
    src.insert("/app/b.fuse", "fn y() -> Int:\n  return 2\n");
    let second = load_roots(&roots, &packages, &src, &mut cache);
    let same = |index: usize| {
        std::sync::Arc::ptr_eq(&first.modules[index].parsed, &second.modules[index].parsed)
    };
    assert_eq!([same(0), same(1), same(2)], [true, true, false]);
    assert_eq!(cache.len(), 3, "what is no longer used is dropped");
    assert_ne!(first.modules[2].hash, second.modules[2].hash);
}

#[test]
fn further_roots_are_loaded_after_the_entry() {
    let src = package(&[
        ("main.fuse", &format!("import a\n\n{APP}")),
        ("a.fuse", ""),
        ("tests/t.fuse", "import A from \"root:a\"\nimport b\n"),
        ("tests/b.fuse", ""),
    ]);
    let roots = ["/app/main.fuse", "/app/tests/b.fuse", "/app/tests/t.fuse"].map(PathBuf::from);
    let graph = load_roots(&roots, &packages(&src), &src, &mut ParseCache::new());
    assert_eq!(report(&graph), "");
    let names: Vec<&str> = graph.modules.iter().map(LoadedModule::name).collect();
    assert_eq!(names, ["main", "a", "tests/b", "tests/t"]);
}

#[test]
fn long_chains_of_imports_do_not_overflow_the_stack() {
    let mut src = package(&[("main.fuse", &format!("import M from \"./m0\"\n\n{APP}"))]);
    for i in 0..20_000 {
        src.insert(
            format!("/app/m{i}.fuse"),
            format!("import N from \"./m{}\"\n", i + 1),
        );
    }
    src.insert("/app/m20000.fuse", "");
    assert_eq!(graph(&src).modules.len(), 20_002);
}

#[test]
fn what_is_missing_is_known() {
    let src = package(&[(
        "main.fuse",
        &format!("import gone\nimport Note from \"./gone.md\"\n\n{APP}"),
    )]);
    assert_eq!(
        graph(&src).missing,
        [Path::new("/app/gone.fuse"), Path::new("/app/gone.md")]
    );
}
