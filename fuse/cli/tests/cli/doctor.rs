//! `fuse doctor`: what is wrong with an installation.

use std::fs;
use std::process::Command;

use crate::support::{Run, World};

/// Copies the command into an installation with these runner targets.
fn installed(world: &World, targets: &[(&str, &str, &[u8])]) -> Command {
    let bin = world.path("install/bin");
    fs::create_dir_all(&bin).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_fuse"), bin.join("fuse")).unwrap();
    for (triple, description, runner) in targets {
        world.write(
            &format!("install/lib/fuse/targets/{triple}/runner.json"),
            description,
        );
        world.write(&format!("install/lib/fuse/targets/{triple}/runner"), runner);
    }
    let mut command = Command::new(bin.join("fuse"));
    command
        .arg("doctor")
        .current_dir(world.path(""))
        .env("FUSE_CACHE_DIR", world.cache());
    command
}

fn run(world: &World, command: &mut Command) -> Run {
    Run::new("doctor", &command.output().unwrap(), &world.path(""))
}

fn line<'r>(run: &'r Run, name: &str) -> &'r str {
    run.stdout
        .lines()
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("{}", run.shown()))
}

#[test]
fn a_healthy_installation_passes() {
    let world = World::new();
    let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    let json = format!("{{\"sha256\": \"{hash}\"}}");
    let targets: [(&str, &str, &[u8]); 1] = [("x86_64-unknown-linux-musl", &json, b"hello")];
    let run = run(&world, &mut installed(&world, &targets));
    assert_eq!(
        (run.status, run.stderr.as_str()),
        (Some(0), ""),
        "{}",
        run.shown()
    );
    assert!(
        line(&run, "runner x86_64-unknown-linux-musl").contains("ok       sha256 2cf24dba5fb0a30e")
    );
    assert!(line(&run, "cache directory").contains("ok"));
    assert!(line(&run, "ports").contains("ok"));
}

#[test]
fn damage_is_reported() {
    let world = World::new();
    let targets: [(&str, &str, &[u8]); 3] = [
        ("a", "{\"sha256\": \"00\"}", b"hello"),
        ("b", "{", b"hello"),
        ("c", "{}", b"hello"),
    ];
    let run = run(&world, &mut installed(&world, &targets));
    assert_eq!(run.status, Some(1), "{}", run.shown());
    assert!(line(&run, "runner a").contains("FAILED   sha256 is 2cf24dba"));
    assert!(line(&run, "runner b").contains("FAILED   cannot read runner.json"));
    assert!(line(&run, "runner c").contains("FAILED   runner.json names no `sha256`"));
    assert_eq!(
        run.stdout.matches("hint: install the target again").count(),
        3
    );
}

#[test]
fn an_unusable_cache_and_a_missing_git_are_reported() {
    let world = World::new();
    world.write("file", "");
    let mut command = installed(&world, &[]);
    command
        .env("FUSE_CACHE_DIR", world.path("file/cache"))
        .env("PATH", "");
    let run = run(&world, &mut command);
    assert_eq!(run.status, Some(1));
    assert!(line(&run, "cache directory").contains("FAILED   cannot write"));
    assert!(line(&run, "git").contains("warning  not found"));
    assert!(line(&run, "runner targets").contains("warning  none installed"));
}

#[test]
fn the_report_can_be_read_by_programs() {
    let world = World::new();
    let output = world.run("doctor --diagnostics json");
    let report: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
    assert_eq!(
        (&report["kind"], &report["ok"]),
        (&"doctor".into(), &true.into())
    );
    for finding in report["findings"].as_array().unwrap() {
        assert!(
            finding["name"].is_string()
                && finding["status"].is_string()
                && finding["detail"].is_string()
        );
    }
}
