//! Dependencies from git: local repositories, made by the tests.

use std::path::Path;
use std::process::Command;

use crate::support::{Run, World, manifest};

/// Runs git in a repository of the test.
fn git(directory: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Test",
            "-c",
            "user.email=test@example.org",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A world with a repository `clock` of a package, tagged `v1.0.0`.
fn world() -> World {
    let world = World::new();
    world.write("clock/fuse.toml", manifest("clock"));
    world.write("clock/main.fuse", "fn now() -> Int:\n  return 1\n");
    let clock = world.path("clock");
    git(&clock, &["init", "-q"]);
    commit(&world, "one");
    git(&clock, &["tag", "v1.0.0"]);
    world
}

fn commit(world: &World, message: &str) -> String {
    let clock = world.path("clock");
    git(&clock, &["add", "-A"]);
    git(&clock, &["commit", "-q", "-m", message]);
    git(&clock, &["rev-parse", "HEAD"])
}

fn url(world: &World, repository: &str) -> String {
    format!(
        "file://{}",
        std::fs::canonicalize(world.path(repository))
            .unwrap()
            .display()
    )
}

/// A package that depends on the clock with these keys.
fn app(world: &World, keys: &str) {
    let dependency = format!(
        "[dependencies]\nClock = {{ git = \"{}\"{keys} }}\n",
        url(world, "clock")
    );
    world.write("app/fuse.toml", manifest("app") + &dependency);
    world.write(
        "app/main.fuse",
        "import Clock from \"dep:Clock/main\"\n\napp \"t\":\n  print(Clock.now())\n",
    );
}

fn check(world: &World) -> Run {
    world.run_in("app", "check")
}

fn locked_rev(world: &World) -> String {
    let lock = world.read("app/fuse.lock");
    let line = lock
        .lines()
        .find_map(|line| line.strip_prefix("rev = \""))
        .expect("a git entry");
    line.trim_end_matches('"').to_owned()
}

#[test]
fn every_way_to_name_a_commit_is_resolved() {
    let world = world();
    let first = git(&world.path("clock"), &["rev-parse", "HEAD"]);
    world.write("clock/main.fuse", "fn now() -> Int:\n  return 2\n");
    let second = commit(&world, "two");
    git(
        &world.path("clock"),
        &["tag", "-a", "2.0.0", "-m", "annotated"],
    );
    git(&world.path("clock"), &["branch", "stable", "v1.0.0"]);
    let cases = [
        ("", &second),
        (", tag = \"v1.0.0\"", &first),
        (", tag = \"2.0.0\"", &second),
        (", version = \"1.0.0\"", &first),
        (", version = \"2.0.0\"", &second),
        (", branch = \"stable\"", &first),
        (", branch = \"main\"", &second),
        (&format!(", rev = \"{first}\""), &first),
        (&format!(", rev = \"{}\"", &first[..9]), &first),
    ];
    for (keys, expected) in cases {
        app(&world, keys);
        let run = check(&world);
        assert_eq!(run.status, Some(0), "{keys}: {}", run.shown());
        assert_eq!(&locked_rev(&world), expected, "{keys}");
    }
}

#[test]
fn a_checkout_is_kept_offline_and_frozen() {
    let world = world();
    app(&world, ", branch = \"main\"");
    let cold = world.run_in("app", "check --offline");
    assert_eq!(cold.status, Some(1));
    assert!(
        cold.stderr
            .contains("FUSE_DEP_GIT_COMMAND_FAILED]: git failed for `Clock`: not in the cache"),
        "{}",
        cold.shown()
    );
    let fetched = check(&world);
    assert!(
        fetched
            .stderr
            .starts_with("[check] start\n[deps] fetching file://"),
        "{}",
        fetched.shown()
    );
    let lock = world.read("app/fuse.lock");
    let rev = locked_rev(&world);

    // The branch moves; nothing notices until it is asked to.
    world.write("clock/main.fuse", "fn now() -> Int:\n  return 2\n");
    let moved = commit(&world, "two");
    for line in [
        "check",
        "check --frozen",
        "check --offline",
        "deps lock",
        "deps lock --check",
        "deps verify",
    ] {
        let run = world.run_in("app", line);
        assert_eq!(run.status, Some(0), "{}", run.shown());
        assert!(!run.stderr.contains("fetching"), "{}", run.shown());
        assert_eq!(world.read("app/fuse.lock"), lock);
    }
    let update = world.run_in("app", "deps lock --update Clock");
    assert!(
        update.stderr.contains("[deps] fuse.lock: update Clock"),
        "{}",
        update.shown()
    );
    assert_eq!(locked_rev(&world), moved);
    assert_ne!(moved, rev);
    // The lock file brings the old commit back, even without the network.
    world.write("app/fuse.lock", &lock);
    assert_eq!(world.run_in("app", "check --frozen").status, Some(0));
}

#[test]
fn the_store_serves_other_packages_and_new_checkouts() {
    let world = world();
    app(&world, ", tag = \"v1.0.0\"");
    assert_eq!(check(&world).status, Some(0));
    std::fs::remove_dir_all(world.path("app/.fuse")).unwrap();
    let again = world.run_in("app", "check --frozen");
    assert_eq!(again.status, Some(0), "{}", again.shown());
    std::fs::remove_dir_all(world.path("app/.fuse")).unwrap();
    std::fs::remove_dir_all(world.cache()).unwrap();
    let gone = world.run_in("app", "check --frozen");
    assert_eq!(gone.status, Some(1));
    assert!(
        gone.stderr
            .contains("hint: run `fuse deps lock` once with the network"),
        "{}",
        gone.shown()
    );
}

#[test]
fn an_edited_checkout_is_refused() {
    let world = world();
    app(&world, ", tag = \"v1.0.0\"");
    assert_eq!(check(&world).status, Some(0));
    let file = format!("app/.fuse/deps/Clock/{}/main.fuse", locked_rev(&world));
    let text = world.read(&file);
    world.write(&file, text.clone() + "# mine\n");
    for line in ["check", "check --frozen", "deps verify"] {
        let run = world.run_in("app", line);
        assert_eq!(run.status, Some(1));
        assert!(
            run.stderr
                .contains("error[FUSE_LOCK_INTEGRITY]: checkout of `Clock` was changed"),
            "{}",
            run.shown()
        );
    }
    world.write(&file, text);
    assert_eq!(check(&world).status, Some(0));
    world.write(
        &format!("app/.fuse/deps/Clock/{}/new.txt", locked_rev(&world)),
        "",
    );
    assert_eq!(
        world.run_in("app", "deps verify").status,
        Some(1),
        "a new file is a change too"
    );
}

#[test]
fn a_tampered_lock_file_is_noticed() {
    let world = world();
    app(&world, ", tag = \"v1.0.0\"");
    assert_eq!(check(&world).status, Some(0));
    let lock = world.read("app/fuse.lock");
    let at = lock.find("sha256-").unwrap() + 7;
    let other = if &lock[at..=at] == "0" { "1" } else { "0" };
    world.write(
        "app/fuse.lock",
        format!("{}{other}{}", &lock[..at], &lock[at + 1..]),
    );
    std::fs::remove_dir_all(world.path("app/.fuse")).unwrap();
    let run = world.run_in("app", "check --frozen");
    assert!(
        run.stderr.contains("FUSE_LOCK_INTEGRITY"),
        "{}",
        run.shown()
    );
}

#[test]
fn subdirectories_and_paths_inside_a_repository() {
    let world = world();
    world.write(
        "clock/fuse/fuse.toml",
        manifest("inner") + "[dependencies]\nZones = \"../zones\"\n",
    );
    world.write(
        "clock/fuse/main.fuse",
        "import { zone } from \"dep:Zones/main\"\n\nfn now() -> Int:\n  return zone()\n",
    );
    world.write("clock/zones/fuse.toml", manifest("zones"));
    world.write("clock/zones/main.fuse", "fn zone() -> Int:\n  return 3\n");
    commit(&world, "two");
    app(&world, ", subdir = \"fuse\"");
    let run = check(&world);
    assert_eq!(run.status, Some(0), "{}", run.shown());
    let lock = world.read("app/fuse.lock");
    assert!(
        lock.contains("subdir = \"fuse\"") && lock.contains("subdir = \"zones\""),
        "{lock}"
    );
    assert!(!lock.contains(".fuse/deps"), "{lock}");
    let tree = world.run_in("app", "deps tree");
    assert!(
        tree.stdout.contains("└── Zones (file://"),
        "{}",
        tree.shown()
    );

    app(&world, ", subdir = \"gone\"");
    assert!(
        check(&world)
            .stderr
            .contains("error[FUSE_DEP_SUBDIR_NOT_FOUND]")
    );
}

#[test]
fn what_does_not_exist_is_reported() {
    let world = world();
    let rev = "0".repeat(40);
    for keys in [
        ", tag = \"v9\"",
        ", branch = \"gone\"",
        ", version = \"9.0.0\"",
        &format!(", rev = \"{rev}\""),
        ", rev = \"abcdef1\"",
    ] {
        app(&world, keys);
        let run = check(&world);
        assert_eq!(run.status, Some(1));
        assert!(
            run.stderr
                .contains("error[FUSE_DEP_GIT_REF_RESOLVE_FAILED]: cannot resolve `"),
            "{}",
            run.shown()
        );
        assert!(!world.exists("app/fuse.lock"));
    }
    world.write(
        "app/fuse.toml",
        manifest("app") + "[dependencies]\nClock = { git = \"file:///nowhere/clock\" }\n",
    );
    let run = check(&world);
    assert!(
        run.stderr.contains("FUSE_DEP_GIT_COMMAND_FAILED")
            || run.stderr.contains("FUSE_DEP_CHECKOUT_NOT_GIT"),
        "{}",
        run.shown()
    );
}

#[test]
fn a_missing_git_and_an_unusable_cache_are_reported() {
    let world = world();
    app(&world, ", tag = \"v1.0.0\"");
    let run = world.finish(
        "check",
        world
            .command(&["check"])
            .current_dir(world.path("app"))
            .env("PATH", ""),
    );
    assert!(
        run.stderr
            .contains("error[FUSE_DEP_GIT_COMMAND_START_FAILED]: cannot start git"),
        "{}",
        run.shown()
    );
    world.write("file", "");
    let run = world.finish(
        "check",
        world
            .command(&["check"])
            .current_dir(world.path("app"))
            .env("FUSE_CACHE_DIR", world.path("file")),
    );
    assert!(
        run.stderr
            .contains("error[FUSE_DEP_CACHE_DIR_CREATE_FAILED]: cannot create cache directory"),
        "{}",
        run.shown()
    );
    world.write("app/.fuse/deps", "a file");
    let run = check(&world);
    assert!(
        run.stderr.contains(
            "error[FUSE_DEP_CHECKOUT_DIR_CREATE_FAILED]: cannot create checkout of `Clock`"
        ),
        "{}",
        run.shown()
    );
}

#[test]
fn nothing_of_a_repository_is_executed() {
    let world = world();
    // A filter and a hook that would leave a mark, if they ran.
    let mark = world.path("ran").display().to_string();
    world.write("clock/.gitattributes", "*.fuse filter=evil\n");
    world.write(
        "clock/hooks/post-checkout",
        format!("#!/bin/sh\ntouch '{mark}'\n"),
    );
    commit(&world, "two");
    world.write(
        "gitconfig",
        format!(
            "[filter \"evil\"]\n\tsmudge = touch '{mark}'; cat\n[core]\n\thooksPath = {}\n",
            world.path("clock/hooks").display()
        ),
    );
    app(&world, "");
    let mut command = world.command(&["check"]);
    let run = world.finish(
        "check",
        command
            .current_dir(world.path("app"))
            .env("GIT_CONFIG_GLOBAL", world.path("gitconfig")),
    );
    assert_eq!(run.status, Some(0), "{}", run.shown());
    assert!(!world.exists("ran"));
}

#[test]
fn links_and_modes_of_a_commit_are_kept() {
    let world = world();
    world.write("clock/run.sh", "#!/bin/sh\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        std::fs::set_permissions(
            world.path("clock/run.sh"),
            std::fs::Permissions::from_mode(0o755),
        )
        .unwrap();
        symlink("main.fuse", world.path("clock/link.fuse")).unwrap();
        symlink("/etc/hostname", world.path("clock/evil.md")).unwrap();
    }
    commit(&world, "two");
    app(&world, "");
    assert_eq!(check(&world).status, Some(0));
    assert_eq!(
        world.run_in("app", "deps verify").status,
        Some(0),
        "hashes the same when read back"
    );
    world.write(
        "app/main.fuse",
        "import Evil from \"dep:Clock/evil.md\"\n\napp \"t\":\n  print(Evil)\n",
    );
    let run = check(&world);
    assert!(
        run.stderr.contains("error[FUSE_IMPORT_ROOT_ESCAPE]"),
        "{}",
        run.shown()
    );
}

#[test]
fn repositories_in_a_circle_are_refused() {
    let world = world();
    world.write(
        "clock/fuse.toml",
        manifest("clock") + "[dependencies]\nApp = \"./app\"\n",
    );
    world.write(
        "clock/app/fuse.toml",
        manifest("inner") + "[dependencies]\nClock = \"..\"\n",
    );
    commit(&world, "two");
    app(&world, "");
    let run = check(&world);
    assert!(
        run.stderr
            .contains("error[FUSE_DEP_CYCLE]: circular package dependency: Clock → App → Clock"),
        "{}",
        run.shown()
    );
}

#[test]
fn the_lock_file_is_the_same_twice_and_elsewhere() {
    let world = world();
    app(&world, ", tag = \"v1.0.0\"");
    check(&world);
    let lock = world.read("app/fuse.lock");
    std::fs::remove_file(world.path("app/fuse.lock")).unwrap();
    std::fs::rename(world.path("app"), world.path("moved")).unwrap();
    world.run_in("moved", "check");
    assert_eq!(world.read("moved/fuse.lock"), lock);
}

#[test]
fn a_dependency_from_git_is_added_by_command() {
    let world = world();
    world.write("app/fuse.toml", manifest("app"));
    world.write("app/main.fuse", "app \"t\":\n  print(1)\n");
    let line = format!(
        "deps add Clock --git {} --version 1.0.0",
        url(&world, "clock")
    );
    let run = world.run_in("app", &line);
    assert_eq!(run.status, Some(0), "{}", run.shown());
    assert!(
        world
            .read("app/fuse.toml")
            .contains("Clock = { git = \"file://"),
        "{}",
        world.read("app/fuse.toml")
    );
    assert!(
        world
            .read("app/fuse.lock")
            .contains("requested = \"version:1.0.0\"")
    );
}

#[test]
fn fifty_packages_from_git_are_resolved_warm() {
    let world = world();
    for i in 0..50 {
        world.write(&format!("clock/p{i}/fuse.toml"), manifest(&format!("p{i}")));
        world.write(
            &format!("clock/p{i}/main.fuse"),
            "fn x() -> Int:\n  return 1\n",
        );
    }
    commit(&world, "fifty");
    let all: String = (0..50)
        .map(|i| {
            format!(
                "P{i} = {{ git = \"{}\", subdir = \"p{i}\" }}\n",
                url(&world, "clock")
            )
        })
        .collect();
    world.write("app/fuse.toml", manifest("app") + "[dependencies]\n" + &all);
    world.write("app/main.fuse", "app \"t\":\n  print(1)\n");
    assert_eq!(check(&world).status, Some(0));
    let lock = world.read("app/fuse.lock");
    assert_eq!(lock.matches("source = \"git\"").count(), 50);
    assert_eq!(world.run_in("app", "deps lock --check").status, Some(0));
}

#[test]
fn entries_of_repositories_are_verified() {
    let world = world();
    app(&world, ", tag = \"v1.0.0\"");
    assert_eq!(check(&world).status, Some(0));
    let verified = world.run_in("app", "deps verify");
    assert_eq!(verified.stderr, "verify: ok (1 entry)\n");
    let lock = world
        .read("app/fuse.lock")
        .replace("rev = ", "subdir = \"gone\"\nrev = ");
    world.write("app/fuse.lock", lock);
    let run = world.run_in("app", "deps verify");
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains(
            "error[FUSE_LOCK_ENTRY_SUBDIR_NOT_FOUND]: lock entry `Clock`: `gone` not found"
        ),
        "{}",
        run.shown()
    );
}
