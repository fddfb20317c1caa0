//! Which program a command works on.

use crate::support::{BAD, GOOD, World, manifest, package, transcript};

#[test]
fn the_program_is_found_from_what_is_named() {
    let world = World::with(&[
        ("app/fuse.toml", &manifest("app")),
        ("app/main.fuse", GOOD),
        ("app/src/other.fuse", BAD),
        ("alone/one.fuse", GOOD),
        ("empty/readme.txt", ""),
        ("library/fuse.toml", "[package]\nname = \"library\"\n"),
        ("gone/fuse.toml", &manifest("gone")),
    ]);
    let lines = [
        "check app",
        "check app/main.fuse",
        "check app/src/other.fuse",
        "check alone/one.fuse",
        "check --manifest-path app",
        "check --manifest-path app/fuse.toml",
        "check --manifest-path app --file app/src/other.fuse",
        "check --file alone/one.fuse",
        "check",
        "check empty",
        "check gone.fuse",
        "check empty/readme.txt",
        "check library",
        "check gone",
        "check --manifest-path empty",
        "check --manifest-path app/main.fuse",
        "check --manifest-path app alone/one.fuse",
        "check --manifest-path app app",
    ];
    insta::assert_snapshot!(transcript(lines.map(|line| world.run(line))));
}

#[test]
fn the_package_is_found_from_below_it() {
    let world = World::with(&[
        ("app/fuse.toml", &manifest("app")),
        ("app/main.fuse", BAD),
        ("app/src/deep/a.txt", ""),
    ]);
    let run = world.run_in("app/src/deep", "check");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("app/main.fuse:2:9)"), "{}", run.shown());
    // A repository ends the search.
    std::fs::create_dir(world.path("app/src/.git")).unwrap();
    let run = world.run_in("app/src/deep", "check");
    assert!(
        run.stderr.contains("wrapper_manifest_missing"),
        "{}",
        run.shown()
    );
}

#[test]
fn a_working_directory_that_is_gone_is_reported() {
    let world = package();
    std::fs::create_dir(world.path("doomed")).unwrap();
    let mut command = std::process::Command::new("sh");
    let script = format!(
        "cd doomed && rmdir ../doomed && exec '{}' check",
        env!("CARGO_BIN_EXE_fuse")
    );
    let output = command
        .args(["-c", &script])
        .current_dir(world.path(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("[wrapper_cwd] cannot use the working directory"),
        "{stderr}"
    );
}

#[test]
fn manifests_are_checked_with_the_program() {
    let world = package();
    world.write(
        "fuse.toml",
        "[package]\nname = \"app\"\nentry = \"main.fuse\"\n[srve]\nport = 1\n",
    );
    insta::assert_snapshot!(world.run("check").shown());
    world.write(
        "fuse.toml",
        "[package]\nname = \"app\"\nentry = 1\nfuse = \">=99\"\n",
    );
    insta::assert_snapshot!(world.run("check").shown());
    world.write("fuse.toml", "[package\n");
    insta::assert_snapshot!(world.run("check").shown());
    world.write("fuse.toml", b"[package]\nname = \"\xff\"\n");
    insta::assert_snapshot!(world.run("check").shown());
}

#[cfg(unix)]
#[test]
fn paths_that_are_no_text_are_taken() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let world = World::new();
    let name = OsStr::from_bytes(b"caf\xe9.fuse");
    std::fs::write(world.path("").join(name), GOOD).unwrap();
    let output = world.command(&["check"]).arg(name).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_missing_home_is_no_obstacle() {
    let world = package();
    let run = world.finish(
        "check",
        world
            .command(&["check"])
            .env_remove("HOME")
            .env_remove("FUSE_CACHE_DIR"),
    );
    assert_eq!(run.status, Some(0), "{}", run.shown());
}
