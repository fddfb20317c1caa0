//! `fuse deps`: the manifest, the lock file, the graph.

use crate::support::{GOOD, World, manifest, package, transcript};

/// A package with two dependencies, one of which has one.
fn graph() -> World {
    let world = World::with(&[
        (
            "app/fuse.toml",
            &(manifest("app") + "[dependencies]\nMoney = \"./libs/money\"\nAudit = \"../audit\"\n"),
        ),
        ("app/main.fuse", GOOD),
        (
            "app/libs/money/fuse.toml",
            &(manifest("money") + "[dependencies]\nRound = \"../round\"\n"),
        ),
        ("app/libs/money/main.fuse", ""),
        ("app/libs/round/fuse.toml", &manifest("round")),
        ("app/libs/round/main.fuse", ""),
        (
            "audit/fuse.toml",
            &(manifest("audit") + "[dependencies]\nMoney = \"../app/libs/money\"\n"),
        ),
        ("audit/main.fuse", ""),
    ]);
    assert_eq!(world.run_in("app", "deps lock").status, Some(0));
    world
}

#[test]
fn the_lock_file_is_written_and_checked() {
    let world = package();
    world.write("lib/fuse.toml", manifest("lib"));
    let mut runs = vec![world.run("deps lock"), world.run("deps lock --check")];
    world.write(
        "fuse.toml",
        manifest("app") + "[dependencies]\nLib = \"./lib\"\n",
    );
    runs.push(world.run("deps lock --check"));
    runs.push(world.run("check --frozen"));
    assert!(!world.exists("fuse.lock"));
    runs.push(world.run("deps lock"));
    runs.push(world.run("deps lock --check"));
    runs.push(world.run("check --frozen"));
    world.write("fuse.toml", manifest("app"));
    runs.push(world.run("check"));
    insta::assert_snapshot!(transcript(runs));
    assert_eq!(world.read("fuse.lock"), "version = 2\n");
}

#[test]
fn check_updates_the_lock_file() {
    let world = package();
    world.write("lib/fuse.toml", manifest("lib"));
    world.write(
        "fuse.toml",
        manifest("app") + "[dependencies]\nLib = \"./lib\"\n",
    );
    assert_eq!(world.run("check").status, Some(0));
    insta::assert_snapshot!(world.read("fuse.lock"));
    let before = std::fs::metadata(world.path("fuse.lock"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(world.run("deps lock").status, Some(0));
    assert_eq!(
        std::fs::metadata(world.path("fuse.lock"))
            .unwrap()
            .modified()
            .unwrap(),
        before,
        "written only when it changes"
    );
}

#[test]
fn problems_are_shown_where_they_are() {
    let world = package();
    world.write("fuse.lock", "version = 2\n<<<<<<< ours\n");
    let mut runs = vec![world.run("check"), world.run("deps lock")];
    world.write("fuse.lock", "version = 9\n");
    runs.push(world.run("check --diagnostics json"));
    std::fs::remove_file(world.path("fuse.lock")).unwrap();
    world.write(
        "fuse.toml",
        manifest("app") + "[dependencies]\nA = \"./a\"\nB = { git = \"http://x.example/b\" }\n",
    );
    runs.push(world.run("check"));
    world.write("fuse.toml", manifest("app") + "[dependencies]\nA = \".\"\n");
    runs.push(world.run("check"));
    insta::assert_snapshot!(transcript(runs));
}

#[test]
fn a_package_is_needed() {
    let world = World::new();
    for command in ["lock", "tree", "verify", "remove A", "add A --path ."] {
        let run = world.run(&format!("deps {command}"));
        assert_eq!(run.status, Some(1));
        assert!(
            run.stderr.starts_with("[wrapper_manifest_required]"),
            "{}",
            run.shown()
        );
    }
}

#[test]
fn the_graph_is_drawn() {
    let world = graph();
    let run = world.run_in("app", "deps tree");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(run.stdout);
    assert_eq!(
        world.run("deps tree --manifest-path app").stdout,
        run.stdout
    );
}

#[test]
fn dependencies_are_added_and_removed_in_place() {
    let world = package();
    let text = "# The app.\n[package]\nname = \"app\" # its name\nversion = \"1.0.0\"\nentry = \"main.fuse\"\n\n[lint]\nFUSE_UNREACHABLE = \"deny\"\n";
    world.write("fuse.toml", text);
    world.write("lib/fuse.toml", manifest("lib"));
    world.write("other/fuse.toml", manifest("other"));
    world.write("sub/x.txt", "");
    let mut runs = vec![
        world.run("deps add Lib --path lib"),
        world.run_in("sub", "deps add Other --path ../other"),
        world.run("deps add Lib --path other"),
        world.run("deps add my-lib --path lib"),
        world.run("deps add Gone --path gone"),
        world.run("deps add Self --path ."),
    ];
    insta::assert_snapshot!(world.read("fuse.toml") + "---\n" + &world.read("fuse.lock"));
    runs.push(world.run("deps remove Lob"));
    runs.push(world.run("deps remove Xyz"));
    runs.push(world.run("deps remove Lib"));
    runs.push(world.run("deps remove Other"));
    runs.push(world.run("deps remove Other"));
    insta::assert_snapshot!(transcript(runs));
    assert_eq!(world.read("fuse.toml"), text);
    assert_eq!(world.read("fuse.lock"), "version = 2\n");
}

#[test]
fn entries_are_verified() {
    let world = graph();
    let mut runs = vec![world.run_in("app", "deps verify")];
    std::fs::remove_dir_all(world.path("audit")).unwrap();
    runs.push(world.run_in("app", "deps verify"));
    world.write(
        "app/fuse.lock",
        "version = 2\n[dependencies.A]\nsource = \"path\"\n",
    );
    runs.push(world.run_in("app", "deps verify"));
    std::fs::remove_file(world.path("app/fuse.lock")).unwrap();
    runs.push(world.run_in("app", "deps verify"));
    insta::assert_snapshot!(transcript(runs));
}

#[test]
fn packages_are_ready_to_be_published_or_say_why_not() {
    let world = graph();
    for package in ["app/libs/money", "app/libs/round", "audit"] {
        assert_eq!(
            world
                .run(&format!("deps lock --manifest-path {package}"))
                .status,
            Some(0)
        );
    }
    let mut runs = vec![world.run("deps publish-check")];
    world.write(
        "app/libs/round/fuse.toml",
        "[package]\ndescription = \"no name\"\n",
    );
    world.write(
        "audit/fuse.toml",
        manifest("audit").replace("main.fuse", "gone.fuse"),
    );
    runs.push(world.run("deps publish-check"));
    runs.push(world.run("deps publish-check app"));
    world.write("app/libs/round/fuse.toml", "[package]\npublish = false\n");
    runs.push(world.run("deps publish-check app/libs"));
    runs.push(world.run("deps publish-check --diagnostics json app"));
    std::fs::create_dir(world.path("empty")).unwrap();
    runs.push(world.run("deps publish-check empty"));
    insta::assert_snapshot!(transcript(runs));
}

#[cfg(unix)]
#[test]
fn a_lock_file_that_cannot_be_written_is_reported() {
    let world = package();
    world.write("lib/fuse.toml", manifest("lib"));
    world.write(
        "fuse.toml",
        manifest("app") + "[dependencies]\nLib = \"./lib\"\n",
    );
    // Nothing can be read or written through a link into nowhere.
    std::os::unix::fs::symlink("nowhere/fuse.lock", world.path("fuse.lock")).unwrap();
    let runs = [
        world.run("check"),
        world.run("deps lock --diagnostics json"),
    ];
    insta::assert_snapshot!(transcript(runs));
}
