//! `fuse fmt`: what is formatted, and what is never written.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{BAD, Run, World, manifest, transcript};

const UGLY: &str = "app \"t\":\n    print( 1+2 )\n";
const NEAT: &str = "app \"t\":\n  print(1 + 2)\n";

/// A package with an ugly module, one it imports, a test and a dependency.
fn world() -> World {
    World::with(&[
        (
            "fuse.toml",
            &(manifest("app") + "[dependencies]\nLib = \"./lib\"\n"),
        ),
        (
            "main.fuse",
            &format!("import util\nimport Lib from \"dep:Lib/main\"\n\n{UGLY}"),
        ),
        ("util.fuse", "fn one()->Int:\n  return 1\n"),
        ("loose.fuse", UGLY),
        ("tests/a.fuse", "test \"a\":\n    assert( true )\n"),
        ("lib/fuse.toml", &manifest("lib")),
        ("lib/main.fuse", "fn two()->Int:\n  return 2\n"),
    ])
}

#[test]
fn the_modules_of_the_package_are_formatted() {
    let world = world();
    let mut runs = vec![world.run("fmt --check"), world.run("fmt --diff")];
    assert_eq!(
        world.read("util.fuse"),
        "fn one()->Int:\n  return 1\n",
        "neither writes"
    );
    runs.push(world.run("fmt"));
    runs.push(world.run("fmt --check"));
    runs.push(world.run("fmt -v"));
    insta::assert_snapshot!(transcript(runs));
    assert_eq!(world.read("util.fuse"), "fn one() -> Int:\n  return 1\n");
    assert_eq!(world.read("tests/a.fuse"), "test \"a\":\n  assert(true)\n");
    assert_eq!(world.read("loose.fuse"), UGLY, "nothing imports it");
    assert!(
        world.read("lib/main.fuse").starts_with("fn two()->Int"),
        "a dependency is its author's"
    );
}

#[test]
fn files_and_directories_are_formatted_when_named() {
    let world = world();
    assert_eq!(world.run("fmt loose.fuse").status, Some(0));
    assert_eq!(world.read("loose.fuse"), NEAT);
    let run = world.run("fmt --check tests lib util.fuse");
    assert_eq!(
        (run.status, run.stdout.as_str()),
        (Some(1), "tests/a.fuse\nlib/main.fuse\nutil.fuse\n")
    );
    assert_eq!(world.run("fmt .").status, Some(0));
    let rest = world.run("fmt --check . lib");
    assert_eq!(
        (rest.status, rest.stdout.as_str()),
        (Some(1), "lib/main.fuse\n"),
        "`.` leaves packages inside alone"
    );
}

#[test]
fn nothing_is_written_unless_every_file_can_be_formatted() {
    let world = world();
    world.write("util.fuse", BAD);
    world.write("tests/a.fuse", b"test \"a\":\n  assert(\xff)\n");
    let runs = [
        world.run("fmt"),
        world.run("fmt --check"),
        world.run("fmt --diagnostics json"),
    ];
    insta::assert_snapshot!(transcript(runs));
    assert!(world.read("main.fuse").ends_with(UGLY));
}

#[test]
fn broken_packages_and_paths_are_reported() {
    let world = World::with(&[("fuse.toml", "[package\n"), ("notes.txt", "")]);
    std::fs::create_dir(world.path("empty")).unwrap();
    let lines = [
        "fmt",
        "fmt gone.fuse",
        "fmt notes.txt",
        "fmt empty",
        "fmt --manifest-path gone",
        "fmt --stdin notes.txt",
    ];
    insta::assert_snapshot!(transcript(lines.map(|line| world.run(line))));
}

fn filter(world: &World, input: &str, arguments: &[&str]) -> Run {
    let mut child = world
        .command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    Run::new(
        "fmt --stdin",
        &child.wait_with_output().unwrap(),
        &world.path(""),
    )
}

#[test]
fn standard_input_is_filtered() {
    let world = World::new();
    let run = filter(&world, UGLY, &["fmt", "--stdin"]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (Some(0), NEAT, "")
    );
    let empty = filter(&world, "", &["fmt", "--stdin"]);
    assert_eq!((empty.status, empty.stdout.as_str()), (Some(0), ""));
    let crlf = filter(&world, &UGLY.replace('\n', "\r\n"), &["fmt", "--stdin"]);
    assert_eq!(crlf.stdout, NEAT);
    let broken = filter(&world, BAD, &["fmt", "--stdin"]);
    assert_eq!((broken.status, broken.stdout.as_str()), (Some(1), ""));
    assert!(
        broken
            .stderr
            .contains("error[FUSE_PARSE_EXPECTED]: expected `=`, found `1` (<stdin>:2:9)"),
        "{}",
        broken.shown()
    );
}

#[cfg(unix)]
#[test]
fn permissions_and_untouched_files_are_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::with(&[("a.fuse", UGLY), ("b.fuse", NEAT)]);
    std::fs::set_permissions(world.path("a.fuse"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let before = std::fs::metadata(world.path("b.fuse"))
        .unwrap()
        .modified()
        .unwrap();
    assert_eq!(world.run("fmt .").status, Some(0));
    assert_eq!(
        std::fs::metadata(world.path("a.fuse"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::metadata(world.path("b.fuse"))
            .unwrap()
            .modified()
            .unwrap(),
        before
    );
}
