//! `fuse clean`: what is removed, and what never is.

use crate::support::{World, package, transcript};

#[test]
fn caches_are_removed_below_the_package_only() {
    let world = World::new();
    for directory in [
        "app/.fuse-cache",
        "app/sub/.fuse-cache",
        "app/.fuse/build",
        "app/.fuse/deps/A",
        "app/.fuse/assets",
        "other/.fuse-cache",
    ] {
        world.write(&format!("{directory}/file"), "x");
    }
    world.write("app/fuse.toml", crate::support::manifest("app"));
    let runs = [
        world.run_in("app/sub", "clean --cache"),
        world.run_in("app", "clean --cache"),
    ];
    insta::assert_snapshot!(transcript(runs));
    assert!(!world.exists("app/.fuse-cache") && !world.exists("app/sub/.fuse-cache"));
    assert!(world.exists("app/.fuse/build/file") && world.exists("other/.fuse-cache/file"));

    let run = world.run("clean --cache --all app");
    assert_eq!(
        run.stderr,
        "[clean] start\n[clean] no .fuse-cache directories found under app\n[clean] ok\n"
    );
    assert!(!world.exists("app/.fuse/build") && !world.exists("app/.fuse/deps"));
    assert!(world.exists("app/.fuse/assets/file"));
    assert_eq!(
        world.run("clean --cache other").stderr.lines().nth(1),
        Some("[clean] removed 1 .fuse-cache directory under other")
    );
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let world = World::new();
    world.write("outside/.fuse-cache/file", "x");
    world.write("outside/build/file", "x");
    world.write("app/.fuse/file", "");
    let link = |from: &str, to: &str| {
        std::os::unix::fs::symlink(world.path(from), world.path(to)).unwrap();
    };
    link("outside", "app/link");
    link("outside/.fuse-cache", "app/.fuse-cache");
    link("outside/build", "app/.fuse/build");
    assert_eq!(world.run("clean --cache --all app").status, Some(0));
    assert!(world.exists("outside/.fuse-cache/file") && world.exists("outside/build/file"));
}

#[test]
fn what_to_clean_has_to_be_said() {
    let world = package();
    insta::assert_snapshot!(transcript(
        ["clean", "clean --cache gone", "clean --cache main.fuse"].map(|line| world.run(line))
    ));
}
