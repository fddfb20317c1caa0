//! `fuse check`: markers, diagnostics, exit status.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{BAD, GOOD, World, manifest, package, transcript};

#[test]
fn steps_are_marked_in_both_forms() {
    let world = package();
    world.write("bad.fuse", BAD);
    let lines = [
        "check",
        "check main.fuse --diagnostics json",
        "check bad.fuse",
        "check bad.fuse --diagnostics json",
        "check -q main.fuse",
        "check -q bad.fuse",
        "check gone.fuse --diagnostics json",
    ];
    insta::assert_snapshot!(transcript(lines.map(|line| world.run(line))));
}

#[test]
fn json_lines_have_the_members_of_their_kind() {
    let world = World::with(&[(
        "main.fuse",
        "import Gone from \"./gone\"\n\napp \"é\":\n  let é x 1\n",
    )]);
    let run = world.run("check main.fuse --diagnostics json");
    assert_eq!((run.status, run.stdout.as_str()), (Some(1), ""));
    for line in run.json() {
        let has = |names: &[&str]| names.iter().all(|name| line.get(name).is_some());
        match line["kind"].as_str().unwrap() {
            "command_step" => assert!(has(&["command", "message"]), "{line}"),
            "cli_message" => assert!(has(&["level", "message"]), "{line}"),
            "diagnostic" => {
                let members = [
                    "level",
                    "code",
                    "message",
                    "path",
                    "line",
                    "column",
                    "end_line",
                    "end_column",
                    "span_start",
                    "span_end",
                ];
                assert!(has(&members), "{line}");
            }
            other => panic!("unknown kind {other}"),
        }
    }
    // Spans count bytes, columns count characters.
    let diagnostics: Vec<_> = run
        .json()
        .into_iter()
        .filter(|line| line["kind"] == "diagnostic")
        .collect();
    let import = &diagnostics[0];
    assert_eq!(
        (&import["code"], &import["span_start"]),
        (&"FUSE_IMPORT_MODULE_READ".into(), &17.into())
    );
    let syntax = &diagnostics[1];
    assert_eq!(
        (&syntax["line"], &syntax["column"], &syntax["span_start"]),
        (&4.into(), &7.into(), &43.into()),
        "{syntax}"
    );
}

#[test]
fn errors_are_cut_off_at_the_limit() {
    let lines: String = (0..30).map(|i| format!("  let x{i} 1\n")).collect();
    let world = World::with(&[("main.fuse", &format!("app \"t\":\n{lines}"))]);
    let shown = |line: &str| {
        let run = world.run(line);
        assert_eq!(run.status, Some(1));
        run.stderr.matches("error[FUSE_PARSE_EXPECTED]").count()
    };
    assert_eq!(shown("check main.fuse"), 30);
    assert_eq!(shown("check main.fuse --max-errors 0"), 30);
    assert_eq!(shown("check main.fuse --max-errors 2"), 2);
    let run = world.run("check main.fuse --max-errors 2");
    assert!(
        run.stderr
            .contains("error[FUSE_TOO_MANY_ERRORS]: 28 more errors not shown"),
        "{}",
        run.shown()
    );
}

#[test]
fn warnings_do_not_fail_unless_they_are_denied() {
    let world = package();
    world.write(
        "fuse.toml",
        "[package]\nname = \"app\"\nentry = \"main.fuse\"\nnmae = \"x\"\n",
    );
    let runs = ["check", "check --deny-warnings"].map(|line| world.run(line));
    assert_eq!([runs[0].status, runs[1].status], [Some(0), Some(1)]);
    insta::assert_snapshot!(transcript(runs));

    let levels = |level: &str| {
        world.write("main.fuse", "app \"t\":\n  print(\"\\d\")\n");
        world.write(
            "fuse.toml",
            format!("{}[lint]\nFUSE_LEX_ESCAPE = \"{level}\"\n", manifest("app")),
        );
        let run = world.run("check");
        (
            run.status,
            run.stderr.contains("warning[FUSE_LEX_ESCAPE]"),
            run.stderr.contains("error[FUSE_LEX_ESCAPE]"),
        )
    };
    assert_eq!(levels("allow"), (Some(0), false, false));
    assert_eq!(levels("warn"), (Some(0), true, false));
    assert_eq!(levels("deny"), (Some(1), false, true));
}

#[test]
fn warnings_of_dependencies_are_theirs() {
    let world = package();
    world.write(
        "main.fuse",
        "import Lib from \"dep:Lib/main\"\n\napp \"t\":\n  print(Lib.one())\n",
    );
    world.write(
        "fuse.toml",
        manifest("app") + "[dependencies]\nLib = \"./lib\"\n",
    );
    world.write("lib/fuse.toml", manifest("lib"));
    world.write(
        "lib/main.fuse",
        "fn one() -> Int:\n  print(\"\\d\")\n  return 1\n",
    );
    let run = world.run("check");
    assert_eq!(run.status, Some(0), "{}", run.shown());
    assert!(!run.stderr.contains("FUSE_LEX_ESCAPE"), "{}", run.shown());
    assert!(world.run("check lib").stderr.contains("FUSE_LEX_ESCAPE"));
}

#[test]
fn modules_of_the_tests_directory_are_checked_too() {
    let world = package();
    world.write("tests/deep/a.fuse", BAD);
    let run = world.run("check");
    assert!(
        run.stderr.contains("tests/deep/a.fuse:2:9)"),
        "{}",
        run.shown()
    );
    assert_eq!(
        world.run("check main.fuse").status,
        Some(1),
        "they belong to the package"
    );
}

#[test]
fn safe_fixes_are_applied_and_shown_when_asked_for() {
    let world = World::with(&[("main.fuse", "app \"t\":\n  print(\"a \\d b\")\n")]);
    let verbose = world.run("check main.fuse -v");
    assert_eq!(verbose.status, Some(0));
    insta::assert_snapshot!(verbose.shown());
    let before = world.read("main.fuse");
    let run = world.run("check main.fuse --fix");
    assert_eq!(run.status, Some(0), "{}", run.shown());
    assert!(
        run.stderr.contains("[check] fixed main.fuse"),
        "{}",
        run.shown()
    );
    assert_ne!(world.read("main.fuse"), before);
    let again = world.run("check main.fuse --fix");
    assert!(
        !again.stderr.contains("fixed") && !again.stderr.contains("FUSE_LEX_ESCAPE"),
        "{}",
        again.shown()
    );
}

#[test]
fn a_read_only_package_can_be_checked() {
    let world = package();
    let directory = world.path("");
    set_read_only(&directory, true);
    let run = world.run("check");
    set_read_only(&directory, false);
    assert_eq!(run.status, Some(0), "{}", run.shown());
}

fn set_read_only(directory: &std::path::Path, on: bool) {
    let mut permissions = std::fs::metadata(directory).unwrap().permissions();
    permissions.set_readonly(on);
    std::fs::set_permissions(directory, permissions).unwrap();
}

#[test]
fn commands_wait_for_each_other_in_a_package() {
    let world = package();
    std::fs::create_dir_all(world.path(".fuse/build")).unwrap();
    let held = std::fs::File::create(world.path(".fuse/build/.lock")).unwrap();
    held.lock().unwrap();
    let mut child = world
        .command(&["check"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = std::io::BufReader::new(child.stderr.take().unwrap());
    let mut lines = String::new();
    while !lines.contains("waiting") {
        assert!(
            std::io::BufRead::read_line(&mut stderr, &mut lines).unwrap() > 0,
            "{lines}"
        );
    }
    assert_eq!(
        lines,
        "[check] start\nwaiting for another fuse command in this package\n"
    );
    held.unlock().unwrap();
    std::io::Read::read_to_string(&mut stderr, &mut lines).unwrap();
    assert!(child.wait().unwrap().success(), "{lines}");
    assert!(lines.ends_with("check: ok\n[check] ok\n"), "{lines}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_command_says_so_by_its_status() {
    for (signal, status) in [("-INT", 130), ("-TERM", 143)] {
        let world = World::new();
        // Waits for input that does not come.
        let mut child = world
            .command(&["fmt", "--stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Held until the end: waiting would close it, and end the command.
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(b"app").unwrap();
        wait_until_handled(child.id());
        let killed = std::process::Command::new("kill")
            .args([signal, &child.id().to_string()])
            .status()
            .unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(status));
        drop(stdin);
    }
}

/// Waits until a process has a handler for SIGINT and SIGTERM.
#[cfg(unix)]
fn wait_until_handled(process: u32) {
    let handled = || {
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        assert!(!status.contains("State:\tZ"), "the command ended by itself");
        let mask = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))?;
        let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
        Some(mask & (1 << 1) != 0 && mask & (1 << 14) != 0)
    };
    while handled() == Some(false) {
        std::thread::yield_now();
    }
}

#[test]
fn a_reader_that_goes_away_ends_nothing_badly() {
    let world = World::new();
    let mut child = world
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(0), &b""[..])
    );
}

#[test]
fn big_packages_and_long_chains_are_checked() {
    let world = package();
    for i in 0..2_000 {
        world.write(
            &format!("m{i}.fuse"),
            format!("import N from \"./m{}\"\n", i + 1),
        );
    }
    world.write("m2000.fuse", GOOD.replace("\"t\"", "\"u\""));
    world.write("main.fuse", format!("import M from \"./m0\"\n\n{GOOD}"));
    let run = world.run("check");
    assert_eq!(
        run.status,
        Some(0),
        "{}",
        &run.shown()[..500.min(run.shown().len())]
    );
}

#[test]
fn the_canonical_program_and_the_effects_are_printed_when_asked_for() {
    let world = World::new();
    assert_eq!(world.run("new shop").status, Some(0));
    for what in ["canonical", "effects"] {
        let run = world.run_in("shop", &format!("check --emit {what}"));
        assert_eq!(run.status, Some(0), "{}", run.shown());
        assert_eq!(run.stderr, "[check] start\ncheck: ok\n[check] ok\n");
        let again = world.run_in("shop", &format!("check --emit={what}"));
        assert_eq!(
            again.stdout, run.stdout,
            "the same twice, and never from a cache"
        );
    }
    let effects = world.run_in("shop", "check --emit effects").stdout;
    assert!(
        effects.starts_with("route get /health inline\n"),
        "{effects}"
    );
    let canonical = world.run_in("shop", "check --emit canonical").stdout;
    assert!(
        canonical.contains("greeting") && canonical.contains("/hello/{name}"),
        "{canonical}"
    );
    world.write("shop/src/main.fuse", BAD);
    let bad = world.run_in("shop", "check --emit canonical");
    assert_eq!((bad.status, bad.stdout.as_str()), (Some(1), ""));
}

#[test]
fn copies_of_generic_functions_are_checked_too() {
    let endless = "fn grow<T>(x: T, n: Int) -> Int:\n  if n == 0:\n    return 0\n  return grow([x], n - 1)\n\napp \"t\":\n  print(grow(1, 3))\n";
    let world = World::with(&[("main.fuse", endless)]);
    let run = world.run("check main.fuse");
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("error[FUSE_GENERIC_RECURSION]"),
        "{}",
        run.shown()
    );
}

#[test]
fn the_app_to_use_has_to_be_declared() {
    let world = package();
    world.write(
        "main.fuse",
        "app \"one\":\n  print(1)\n\napp \"two\":\n  print(2)\n",
    );
    let runs = [
        "check --app two",
        "check --app three",
        "check",
        // What a check before left is about the program, not about the flag.
        "check --app three",
        "check --app two",
    ];
    let shown = transcript(runs.map(|line| world.run(line)));
    world.write("fuse.toml", format!("{}app = \"three\"\n", manifest("app")));
    let named_in_manifest = world.run("check");
    insta::assert_snapshot!(format!("{shown}\n{}", named_in_manifest.shown()));
}

#[test]
fn handlers_on_the_blocking_pool_are_reported_when_asked_for() {
    let world = package();
    world.write(
        "main.fuse",
        "service S at \"/\":\n  get \"/slow\" -> Int:\n    var n = 0\n    while n < 9:\n      n = n + 1\n    return n\n\napp \"t\":\n  print(1)\n",
    );
    let silent = world.run("check");
    assert_eq!(silent.status, Some(0), "{}", silent.shown());
    assert!(
        !silent.stderr.contains("FUSE_ROUTE_BLOCKING"),
        "{}",
        silent.stderr
    );
    let lint = "\n[lint]\nFUSE_ROUTE_BLOCKING = \"warn\"\n";
    world.write("fuse.toml", manifest("app") + lint);
    let run = world.run("check");
    assert!(
        run.stderr.contains("warning[FUSE_ROUTE_BLOCKING]: handler runs on the blocking pool: `while` (main.fuse:2:3)"),
        "{}",
        run.stderr
    );
}
