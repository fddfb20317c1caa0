//! `fuse new`: what it makes is right, and what is there is left alone.

use crate::support::{World, transcript};

#[test]
fn what_is_made_passes_check_and_fmt() {
    for flag in ["", "--lib", "--cli"] {
        let world = World::new();
        let made = world.run(&format!("new shop-api {flag}"));
        assert_eq!(
            (made.status, made.stdout.as_str()),
            (Some(0), ""),
            "{}",
            made.shown()
        );
        for line in [
            "check --deny-warnings",
            "check --strict-architecture --deny-warnings",
            "fmt --check",
        ] {
            let run = world.run_in("shop-api", line);
            assert_eq!(run.status, Some(0), "new {flag}: {}", run.shown());
        }
        let texts: String = ["fuse.toml", "src/main.fuse", "src/lib.fuse"]
            .map(|file| {
                std::fs::read_to_string(world.path("shop-api").join(file)).unwrap_or_default()
            })
            .concat();
        assert!(!texts.contains("__"), "{texts}");
        assert_eq!(
            texts.contains("Hello, ${name}!"),
            flag != "--lib",
            "{texts}"
        );
        let manifest = world.read("shop-api/fuse.toml");
        assert!(manifest.contains("name = \"shop-api\""), "{manifest}");
        assert!(world.read("shop-api/.gitignore").contains(".fuse/"));
    }
}

#[test]
fn messages_name_the_next_step() {
    let world = World::new();
    world.write("used/file", "");
    std::fs::create_dir(world.path("empty")).unwrap();
    std::fs::create_dir_all(world.path("repository/.git")).unwrap();
    let lines = [
        "new shop",
        "new deep/er/shop --lib",
        "new empty",
        "new repository",
        "new used",
        "new shop",
        "new 1shop",
        "new a.b",
        "new /",
    ];
    insta::assert_snapshot!(transcript(lines.map(|line| world.run(line))));
    let here = world.run_in("empty", "new .");
    assert_eq!(here.status, Some(1), "it is no longer empty");
    std::fs::create_dir(world.path("here")).unwrap();
    let here = world.run_in("here", "new .");
    assert_eq!(here.status, Some(0), "{}", here.shown());
    assert!(world.read("here/fuse.toml").contains("name = \"here\""));
}
