//! Command lines that are wrong, and those that only ask.

use crate::support::{GOOD, World, package, transcript};

#[test]
fn help_is_a_result() {
    let world = World::new();
    let commands = [
        "",
        "check",
        "fmt",
        "explain",
        "new",
        "deps",
        "deps lock",
        "deps publish-check",
        "deps add",
        "deps remove",
        "deps tree",
        "deps verify",
        "clean",
        "doctor",
        "completions",
    ];
    insta::assert_snapshot!(transcript(
        commands.map(|command| world.run(&format!("{command} --help")))
    ));
    let short = world.run("check -h");
    assert_eq!((short.status, short.stderr.as_str()), (Some(0), ""));
    assert!(short.stdout.len() < world.run("check --help").stdout.len());
    assert_eq!(
        world.run("").stdout,
        world.run("--help").stdout,
        "nothing to do is a question"
    );
}

#[test]
fn the_version_names_commit_and_target() {
    let world = World::new();
    let run = world.run("--version");
    assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
    let rest = run
        .stdout
        .strip_prefix(&format!("fuse {} (", env!("CARGO_PKG_VERSION")))
        .unwrap();
    assert!(
        rest.ends_with(")\n") && rest.contains(", ") && rest.contains('-'),
        "{rest}"
    );
    assert_eq!(world.run("-V").stdout, run.stdout);
    let verbose = world.run("--version --verbose");
    assert!(
        verbose.stdout.starts_with(&run.stdout) && verbose.stdout.contains("lock file: version 2")
    );
}

#[test]
fn wrong_words_are_named_with_the_nearest_right_one() {
    let world = package();
    let lines = [
        "chek",
        "frobnicate",
        "main.fuse",
        "check --filtr",
        "check --frozn",
        "check --xyzzy",
        "check -z",
        "--frozen",
        "check --update",
        "check --lib",
        "deps",
        "deps lok",
        "deps xyzzy",
        "deps lock --lib",
        "check main.fuse other.fuse",
        "check --file main.fuse main.fuse",
        "check --diagnostics xml",
        "check --diagnostics jsn",
        "check --color sometimes",
        "check --max-errors many",
        "check --max-errors",
        "check --max-errors 1 --max-errors 2",
        "check -q -v",
        "check -- --port 80",
        "explain",
        "completions tcsh",
        "new a --lib --cli",
        "deps add Money",
        "deps add Money --path a --git b",
        "deps add Money --path a --tag v1",
        "deps add Money --git https://x.example/a --tag v1 --branch main",
        "clean --all",
    ];
    let runs = lines.map(|line| world.run(line));
    for run in &runs {
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (Some(1), ""),
            "{}",
            run.shown()
        );
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.shown());
    }
    insta::assert_snapshot!(transcript(runs));
}

#[test]
fn flags_take_their_values_with_and_without_equals() {
    let world = World::with(&[
        ("a/fuse.toml", &crate::support::manifest("a")),
        ("a/main.fuse", GOOD),
    ]);
    let spaced = world.run("check --manifest-path a --diagnostics json");
    let joined = world.run("check --manifest-path=a --diagnostics=json");
    let before = world.run("--diagnostics json check --manifest-path a");
    for run in [&spaced, &joined, &before] {
        assert_eq!(run.status, Some(0), "{}", run.shown());
        run.json();
    }
}

#[test]
fn usage_errors_are_json_when_json_is_asked_for() {
    let world = World::new();
    for line in [
        "chek --diagnostics json",
        "check --nope --diagnostics=json",
        "--diagnostics json check a b",
    ] {
        let run = world.run(line);
        let [message] = &run.json()[..] else {
            panic!("{}", run.shown())
        };
        assert_eq!(
            (&message["kind"], &message["level"]),
            (&"cli_message".into(), &"error".into())
        );
        assert!(message["code"].as_str().unwrap().starts_with("wrapper_"));
    }
    let run = world.finish(
        "chek",
        world.command(&["chek"]).env("FUSE_DIAGNOSTICS", "json"),
    );
    assert_eq!(run.json()[0]["hint"], "did you mean `check`?");
}

#[test]
fn completions_are_made_for_every_shell() {
    let world = World::new();
    for (shell, mark) in [
        ("bash", "complete -F _fuse"),
        ("zsh", "#compdef fuse"),
        ("fish", "complete -c fuse"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion"),
    ] {
        let run = world.run(&format!("completions {shell}"));
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""));
        assert!(run.stdout.contains(mark), "{shell}");
        assert!(
            run.stdout.contains("publish-check") && run.stdout.contains("deny-warnings"),
            "{shell}"
        );
    }
}

#[test]
fn colour_follows_the_flag_then_the_environment() {
    let world = World::with(&[("main.fuse", crate::support::BAD)]);
    let coloured = |line: &str, environment: &[(&str, &str)]| {
        let arguments: Vec<&str> = line.split(' ').collect();
        let run = world.finish(
            line,
            world.command(&arguments).envs(environment.iter().copied()),
        );
        assert_eq!(run.status, Some(1));
        run.stderr.contains('\x1b')
    };
    assert!(!coloured("check main.fuse", &[]), "no terminal");
    assert!(coloured("check main.fuse --color always", &[]));
    assert!(coloured("check main.fuse", &[("FUSE_COLOR", "always")]));
    assert!(!coloured(
        "check main.fuse --color never",
        &[("FUSE_COLOR", "always")]
    ));
    assert!(coloured(
        "check main.fuse",
        &[("FUSE_COLOR_FORCE_TTY", "1")]
    ));
    assert!(!coloured(
        "check main.fuse",
        &[("FUSE_COLOR_FORCE_TTY", "1"), ("NO_COLOR", "1")]
    ));
    assert!(
        !coloured("check main.fuse --color always --diagnostics json", &[]),
        "never in JSON"
    );
}
