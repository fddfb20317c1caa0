//! The check cache: what is checked again, what is not, and what damage does.

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use crate::support::{GOOD, World, manifest, package};

const CACHED: &str = "[check] start\ncheck: ok (cached, no changes)\n[check] ok\n";
const FRESH: &str = "[check] start\ncheck: ok\n[check] ok\n";

/// A package with a module, an asset, a test and a dependency, checked once.
fn checked() -> World {
    let world = package();
    world.write(
        "fuse.toml",
        manifest("app") + "[dependencies]\nLib = \"./lib\"\n",
    );
    let main = "import util\nimport { one } from \"dep:Lib/main\"\nimport Note from \"./note.md\"\n\napp \"t\":\n  print(util.two() + one())\n  print(Note)\n";
    world.write("main.fuse", main);
    world.write("util.fuse", "fn two() -> Int:\n  return 2\n");
    world.write("note.md", "# Hi\n");
    world.write("lib/fuse.toml", manifest("lib"));
    world.write("lib/main.fuse", "fn one() -> Int:\n  return 1\n");
    world.write("tests/a.fuse", "test \"a\":\n  assert(true)\n");
    let run = world.run("check");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), FRESH));
    world
}

#[test]
fn an_unchanged_package_is_not_checked_again() {
    let world = checked();
    assert_eq!(world.run("check").stderr, CACHED);
    let run = world.run("check --diagnostics json");
    let messages: Vec<_> = run
        .json()
        .iter()
        .map(|line| line["message"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(messages, ["start", "check.cached", "ok"]);
    assert_eq!(
        world.run("check --strict-architecture").stderr,
        FRESH,
        "kept apart"
    );
    assert!(
        world.exists(".fuse/build/check.meta") && world.exists(".fuse/build/check.strict.meta")
    );
    assert_eq!(world.run("check --strict-architecture").stderr, CACHED);
    assert_eq!(
        world.run("check main.fuse").stderr,
        FRESH,
        "another root module"
    );
}

#[test]
fn every_kind_of_change_is_noticed() {
    type Change = (&'static str, fn(&World));
    let changes: [Change; 9] = [
        ("edit", |world| {
            world.write("util.fuse", "fn two() -> Int:\n  return 3\n");
        }),
        ("asset", |world| world.write("note.md", "# Ho\n")),
        ("manifest", |world| {
            world.write(
                "fuse.toml",
                world.read("fuse.toml").replace("1.0.0", "1.0.1"),
            );
        }),
        ("manifest of a dependency", |world| {
            world.write("lib/fuse.toml", manifest("lib").replace("1.0.0", "1.0.1"));
        }),
        ("module of a dependency", |world| {
            world.write("lib/main.fuse", "fn one() -> Int:\n  return 4\n");
        }),
        ("lock file", |world| {
            world.write("fuse.lock", world.read("fuse.lock") + "# note\n");
        }),
        ("new import", |world| {
            world.write("more.fuse", "fn m() -> Int:\n  return 1\n");
            world.write(
                "util.fuse",
                "import more\n\nfn two() -> Int:\n  return more.m()\n",
            );
        }),
        ("new test", |world| {
            world.write("tests/b.fuse", "test \"b\":\n  assert(true)\n");
        }),
        ("a package appears inside", |world| {
            world.write("tests/fuse.toml", manifest("tests"));
        }),
    ];
    for (name, change) in changes {
        let world = checked();
        change(&world);
        let run = world.run("check");
        assert!(!run.stderr.contains("cached"), "{name}: {}", run.shown());
    }
}

#[test]
fn a_touch_changes_nothing() {
    let world = checked();
    let file = std::fs::File::options()
        .write(true)
        .open(world.path("util.fuse"))
        .unwrap();
    file.set_modified(SystemTime::now() + Duration::from_secs(60))
        .unwrap();
    assert_eq!(world.run("check").stderr, CACHED);
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(1))
        .unwrap();
    assert_eq!(world.run("check").stderr, CACHED, "a clock set back");
}

#[test]
fn an_edit_that_keeps_size_and_time_is_noticed_while_the_file_is_fresh() {
    let world = checked();
    let modified = std::fs::metadata(world.path("util.fuse"))
        .unwrap()
        .modified()
        .unwrap();
    world.write("util.fuse", "fn two() -> Int:\n  return 7\n");
    std::fs::File::options()
        .write(true)
        .open(world.path("util.fuse"))
        .unwrap()
        .set_modified(modified)
        .unwrap();
    assert_eq!(world.run("check").stderr, FRESH);
}

#[test]
fn renames_and_deletions_are_noticed() {
    let world = checked();
    std::fs::rename(world.path("util.fuse"), world.path("utils.fuse")).unwrap();
    assert_eq!(world.run("check").status, Some(1));
    assert!(
        !world.exists(".fuse/build/check.meta"),
        "a failed check forgets the last one"
    );
    std::fs::rename(world.path("utils.fuse"), world.path("util.fuse")).unwrap();
    assert_eq!(world.run("check").stderr, FRESH);
    std::fs::remove_file(world.path("note.md")).unwrap();
    assert_eq!(world.run("check").status, Some(1));
}

#[test]
fn warnings_are_kept() {
    let world = package();
    world.write("main.fuse", "app \"t\":\n  print(\"\\d\")\n");
    let fresh = world.run("check");
    assert!(
        fresh.stderr.contains("FUSE_LEX_ESCAPE"),
        "{}",
        fresh.shown()
    );
    let cached = world.run("check");
    assert_eq!(
        cached.stderr,
        fresh
            .stderr
            .replace("check: ok", "check: ok (cached, no changes)")
    );
    assert_eq!(world.run("check --deny-warnings").status, Some(1));
    let json = world.run("check --diagnostics json");
    assert!(
        json.json()
            .iter()
            .any(|line| line["code"] == "FUSE_LEX_ESCAPE" && line["path"] == "main.fuse")
    );
}

#[test]
fn another_command_version_starts_anew() {
    let world = checked();
    let path = world.path(".fuse/build/check.meta");
    let text = std::fs::read_to_string(&path).unwrap();
    let other = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.9", 1);
    assert_ne!(text, other);
    // With a right hash, as that version would have written it.
    let body = other.rsplit_once("end\t").unwrap().0.to_owned();
    let hash = blake3::hash(body.as_bytes()).to_hex();
    std::fs::write(&path, format!("{body}end\t{hash}\n")).unwrap();
    assert_eq!(world.run("check").stderr, FRESH);
}

#[test]
fn damage_changes_nothing_but_the_time() {
    let world = checked();
    let path = world.path(".fuse/build/check.meta");
    let stamp = std::fs::read(&path).unwrap();
    // Every part of the stamp is hit, the same in every run.
    for at in (0..stamp.len()).step_by(stamp.len() / 24) {
        let mut flipped = stamp.clone();
        flipped[at] ^= 1 << (at % 8);
        std::fs::write(&path, flipped).unwrap();
        assert_eq!(world.run("check").stderr, FRESH, "byte {at}");
        assert_eq!(
            world.run("check").stderr,
            CACHED,
            "written anew after byte {at}"
        );
    }
    for text in [
        &stamp[..stamp.len() / 2],
        b"",
        b"\xff\xfe",
        b"fuse check stamp 9\n",
    ] {
        std::fs::write(&path, text).unwrap();
        assert_eq!(world.run("check").stderr, FRESH);
    }
    std::fs::remove_dir_all(world.path(".fuse")).unwrap();
    assert_eq!(world.run("check").stderr, FRESH);
}

#[test]
fn a_package_can_move() {
    let world = checked();
    std::fs::create_dir(world.path("moved")).unwrap();
    for name in [
        "fuse.toml",
        "fuse.lock",
        "main.fuse",
        "util.fuse",
        "note.md",
        "lib",
        "tests",
        ".fuse",
    ] {
        std::fs::rename(world.path(name), world.path("moved").join(name)).unwrap();
    }
    assert_eq!(world.run_in("moved", "check").stderr, CACHED);
}

#[test]
fn parallel_runs_agree() {
    let world = checked();
    world.write("util.fuse", "fn two() -> Int:\n  return 9\n");
    let children: Vec<_> = (0..6)
        .map(|_| {
            world
                .command(&["check"])
                .stderr(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        assert!(
            stderr.ends_with("[check] ok\n") && stderr.contains("check: ok"),
            "{stderr}"
        );
    }
    assert_eq!(world.run("check").stderr, CACHED);
}

#[test]
fn a_file_alone_leaves_no_cache() {
    let world = World::with(&[("main.fuse", GOOD)]);
    assert_eq!(world.run("check main.fuse").stderr, FRESH);
    assert_eq!(std::fs::read_dir(world.path("")).unwrap().count(), 1);
}
