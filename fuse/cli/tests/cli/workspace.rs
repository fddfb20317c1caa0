//! `fuse check --workspace`: every package under a directory.

use crate::support::{BAD, GOOD, World, manifest, transcript};

fn workspace() -> World {
    let world = World::new();
    for name in [
        "b",
        "a",
        "deep/er/c",
        "target/t",
        "node_modules/n",
        ".hidden/h",
        "no-entry",
    ] {
        world.write(
            &format!("{name}/fuse.toml"),
            manifest(name.rsplit('/').next().unwrap()),
        );
        world.write(&format!("{name}/main.fuse"), GOOD);
    }
    world.write("no-entry/fuse.toml", "[package]\nname = \"none\"\n");
    world
}

#[test]
fn packages_are_checked_in_path_order() {
    let world = workspace();
    let mut runs = vec![
        world.run("check --workspace"),
        world.run("check --workspace"),
    ];
    world.write("b/main.fuse", BAD);
    world.write("deep/er/c/fuse.toml", "[package\n");
    runs.push(world.run("check --workspace"));
    runs.push(world.run("check --workspace --diagnostics json"));
    insta::assert_snapshot!(transcript(runs));
    assert!(!world.exists("a/.fuse-cache") && world.exists(".fuse-cache"));
}

#[test]
fn members_and_exclusions_are_patterns() {
    let world = workspace();
    world.write("fuse.toml", "[package]\nname = \"root\"\nentry = \"main.fuse\"\n[workspace]\nmembers = [\"?\", \"deep/**\"]\nexclude = [\"b\"]\n");
    world.write("main.fuse", GOOD);
    let expected = "[check] start\ncheck: . — ok\ncheck: a — ok\ncheck: deep/er/c — ok\nworkspace check: 3 package(s) — all ok\n[check] ok\n";
    assert_eq!(world.run("check --workspace").stderr, expected);
    // From inside a member, the workspace around it is meant.
    let inside = world.run_in("a", "check --workspace");
    assert_eq!(inside.status, Some(0));
    assert!(
        inside.stderr.contains("3 package(s) — all ok"),
        "{}",
        inside.shown()
    );
    let named = world.run("check --workspace deep");
    assert!(
        named.stderr.contains("check: deep/er/c — ok"),
        "{}",
        named.shown()
    );
}

#[test]
fn a_directory_without_packages_is_an_error() {
    let world = World::with(&[
        ("empty/readme.txt", ""),
        ("no/fuse.toml", "[package]\nname = \"none\"\n"),
    ]);
    insta::assert_snapshot!(transcript(
        [
            "check --workspace empty",
            "check --workspace no",
            "check --workspace gone"
        ]
        .map(|line| world.run(line))
    ));
}

#[test]
fn each_member_is_noticed_when_it_changes() {
    let world = workspace();
    world.run("check --workspace");
    world.write("a/main.fuse", GOOD.replace("print(1)", "print(2)"));
    let run = world.run("check --workspace");
    assert!(
        run.stderr
            .contains("check: a — ok\ncheck: b — ok (cached)\n"),
        "{}",
        run.shown()
    );
    world.write("b/main.fuse", BAD);
    assert_eq!(world.run("check --workspace").status, Some(1));
    world.write("b/main.fuse", GOOD);
    assert!(
        world
            .run("check --workspace")
            .stderr
            .contains("check: b — ok\n"),
        "a failed check forgets the last one"
    );
    let strict = world.run("check --workspace --strict-architecture");
    assert!(!strict.stderr.contains("cached"), "{}", strict.shown());
}

#[test]
fn many_packages_are_checked_at_once() {
    let world = World::new();
    for i in 0..40 {
        world.write(&format!("p{i:02}/fuse.toml"), manifest(&format!("p{i}")));
        world.write(
            &format!("p{i:02}/main.fuse"),
            if i % 10 == 3 { BAD } else { GOOD },
        );
    }
    let run = world.run("check --workspace");
    let order: Vec<&str> = run
        .stderr
        .lines()
        .filter_map(|line| line.strip_prefix("check: p"))
        .collect();
    assert_eq!(order.len(), 40);
    assert!(order.is_sorted(), "{order:?}");
    assert!(
        run.stderr
            .contains("workspace check: 4 of 40 package(s) failed"),
        "{}",
        run.shown()
    );
}
