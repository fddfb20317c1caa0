//! Files that pages load: the asset step, and what the host serves of it.

use std::collections::BTreeMap;

use crate::support::World;

pub(crate) const MANIFEST: &str = r#"
[package]
name = "shop"
entry = "main.fuse"

[assets]
css = "assets/css/shop.css"
hash = true
"#;

const PROGRAM: &str = r#"
requires network

service Pages at "/":
  get "/" -> Html:
    return html():
      head():
        link(rel="stylesheet" href=asset("css/shop.css"))
      body():
        p(class=asset("css/card.module.css/title")): "shop"

test "what pages name is served":
  let page = testing.request("GET", "/").body
  let href = page.find_all(r"/css/shop\.[0-9a-f]{10}\.css").first() ?? ""
  let sheet = testing.request("GET", href)
  testing.equal(sheet.status, 200)
  testing.equal(sheet.headers["content-type"], "text/css; charset=utf-8")
  testing.equal(sheet.headers["cache-control"], "public, max-age=31536000, immutable")
  let again = testing.request("GET", href, null, {"if-none-match": sheet.headers["etag"]})
  testing.equal(again.status, 304)
  print(sheet.body)

test "nothing else is served":
  for path in ["/css/shop.css", "/assets.json", "/.fuse/assets/assets.json", "/main.fuse"]:
    testing.equal(testing.request("GET", path).status, 404)
"#;

fn shop() -> World {
    World::with(&[
        ("fuse.toml", MANIFEST),
        ("main.fuse", PROGRAM),
        (
            "assets/css/shop.css",
            "@import \"parts/colors.css\";\n@import \"card.module.css\";\n\
             body { background: url(\"../img/back.png?v=1\"), url(data:image/png;base64,AA==) }\n",
        ),
        (
            "assets/css/parts/colors.css",
            ":root { --ink: #123456 }\n.logo { mask: url(../../img/logo.svg#mark) }\n",
        ),
        (
            "assets/css/card.module.css",
            ".title { color: var(--ink) }\n.big { composes: title; font-size: 2em }\n",
        ),
        ("assets/img/back.png", "png"),
        ("assets/img/logo.svg", "<svg/>"),
    ])
}

fn map(world: &World) -> BTreeMap<String, String> {
    serde_json::from_str(&world.read(".fuse/assets/assets.json")).unwrap()
}

fn sheet(world: &World) -> String {
    let target = &map(world)["css/shop.css"];
    world.read(&format!(".fuse/assets{target}"))
}

#[test]
fn style_sheets_are_bundled_and_everything_gets_a_name_by_its_content() {
    let world = shop();
    let run = world.run("test");
    assert_eq!(
        run.stdout, "ok nothing else is served\nok what pages name is served\nok (2 tests)\n",
        "{}",
        run.stderr
    );
    let map = map(&world);
    let names: Vec<_> = map.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "css/card.module.css",
            "css/card.module.css/big",
            "css/card.module.css/title",
            "css/parts/colors.css",
            "css/shop.css",
            "img/back.png",
            "img/logo.svg",
        ]
    );
    let sheet = sheet(&world);
    assert!(!sheet.contains("@import"), "{sheet}");
    let back = format!("url(\"{}?v=1\")", map["img/back.png"]);
    let logo = format!("url(\"{}#mark\")", map["img/logo.svg"]);
    for part in ["--ink: #123456", &back, &logo, "data:image/png;base64,AA=="] {
        assert!(sheet.contains(part), "{part} is not in {sheet}");
    }
    let title = &map["css/card.module.css/title"];
    assert!(sheet.contains(&format!(".{title} {{")), "{sheet}");
    let big = &map["css/card.module.css/big"];
    assert!(big.ends_with(&format!(" {title}")), "{big}");
    // The sources are as they were.
    assert!(world.read("assets/css/shop.css").contains("@import"));
}

#[test]
fn a_step_writes_only_what_changed() {
    let world = shop();
    world.run("test");
    let first = map(&world);
    let stamp = |path: &str| {
        std::fs::metadata(world.path(path))
            .unwrap()
            .modified()
            .unwrap()
    };
    let written = stamp(".fuse/assets/assets.json");
    world.run("test");
    assert_eq!(stamp(".fuse/assets/assets.json"), written);
    world.write("assets/img/back.png", "another");
    world.run("test");
    let second = map(&world);
    assert_ne!(first["img/back.png"], second["img/back.png"]);
    // What refers to it has another content too.
    assert_ne!(first["css/shop.css"], second["css/shop.css"]);
    assert_eq!(first["img/logo.svg"], second["img/logo.svg"]);
    assert!(!world.exists(&format!(".fuse/assets{}", first["img/back.png"])));
    assert!(world.exists(&format!(".fuse/assets{}", second["img/back.png"])));
}

#[test]
fn what_is_wrong_with_a_style_sheet_is_said_with_its_place() {
    for (path, text, said) in [
        (
            "assets/css/parts/colors.css",
            ":root {\n  color: red }\n}",
            "assets/css/parts/colors.css:3:",
        ),
        (
            "assets/css/shop.css",
            "@import \"nowhere.css\";",
            "assets/css/shop.css:1:1: cannot read `assets/css/nowhere.css`",
        ),
        (
            "assets/css/shop.css",
            "@import \"../../../outside.css\";",
            "assets/css/shop.css:1:1: cannot read",
        ),
        (
            "assets/css/parts/colors.css",
            "a {}\nb { background: url(gone.png) }",
            "assets/css/parts/colors.css:2:21: `gone.png` is no asset of the package",
        ),
        (
            "assets/css/card.module.css",
            ".a { composes: b from \"other.css\" }",
            "`composes: b from` another file cannot be followed",
        ),
    ] {
        let world = shop();
        world.write(path, text);
        let run = world.run("test");
        assert_eq!(run.status, Some(1), "{text}");
        assert!(run.stderr.contains(said), "{text}: {}", run.stderr);
        assert!(!world.exists(".fuse/assets/assets.json"));
        assert!(run.stdout.is_empty());
    }
    let world = shop();
    world.write("fuse.toml", MANIFEST.replace("shop.css", "gone.css"));
    let run = world.run("test");
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("gone.css`: no such file"),
        "{}",
        run.stderr
    );
}

#[cfg(unix)]
#[test]
fn links_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    let world = shop();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.txt"), "secret").unwrap();
    symlink(
        outside.path().join("secret.txt"),
        world.path("assets/secret.txt"),
    )
    .unwrap();
    let run = world.run("test");
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("secret.txt` leads out of the package"),
        "{}",
        run.stderr
    );
    std::fs::remove_file(world.path("assets/secret.txt")).unwrap();
    // Inside they are followed, in circles not for ever.
    symlink(world.path("assets"), world.path("assets/img/all")).unwrap();
    symlink(
        world.path("assets/img/logo.svg"),
        world.path("assets/mark.svg"),
    )
    .unwrap();
    assert_eq!(world.run("test").status, Some(0));
    assert!(map(&world).contains_key("mark.svg"));
}

#[cfg(unix)]
#[test]
fn a_command_of_the_manifest_runs_first() {
    let world = shop();
    let hook = |command: &str| {
        let hooks = format!("{MANIFEST}\n[assets.hooks]\nbefore_build = '{command}'\n");
        world.write("fuse.toml", hooks);
    };
    hook("echo from the hook; echo \"i { color: blue }\" > assets/css/parts/colors.css");
    let run = world.run("test");
    assert_eq!(run.status, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("from the hook\n"), "{}", run.stderr);
    assert!(sheet(&world).contains("blue") || sheet(&world).contains("#00f"));
    hook("exit 7");
    let run = world.run("test");
    assert_eq!(run.status, Some(1));
    let said = "asset hook error: before_build failed: exit status: 7";
    assert!(run.stderr.contains(said), "{}", run.stderr);
    assert_eq!(world.run("test --no-hooks").status, Some(0));
    let json = world.run("test --diagnostics json");
    let lines = json.json();
    let failure = lines.iter().find(|line| line["code"] == "wrapper_assets");
    assert!(failure.unwrap()["message"].as_str().unwrap().contains(said));
}

#[test]
fn a_map_that_is_named_is_used_instead() {
    let world = shop();
    world.write("dist/map.json", r#"{"css/shop.css": "/shop.css"}"#);
    world.write("dist/shop.css", "p {}");
    world.write(
        "main.fuse",
        "requires network\n\nservice Pages at \"/\":\n  get \"/\" -> String:\n    return asset(\"css/shop.css\")\n\n\
         test \"the map\":\n  testing.equal(testing.request(\"GET\", \"/\").body, \"\\\"/shop.css\\\"\")\n  \
         testing.equal(testing.request(\"GET\", \"/shop.css\").body, \"p {}\")\n",
    );
    let mut command = world.command(&["test"]);
    command.env("FUSE_ASSET_MAP", world.path("dist/map.json"));
    let run = world.finish("test", &mut command);
    assert_eq!(run.stdout, "ok the map\nok (1 tests)\n", "{}", run.stderr);
    assert!(!world.exists(".fuse/assets"));
}
