//! `fuse dev` and what happens to the files of a package meanwhile: saved during
//! a build, many at once, wrong, gone, renamed, behind a link.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::thread;
use std::time::{Duration, Instant};

use crate::assets::MANIFEST;
use crate::dev::{Browser, Dev, PATIENCE, get, try_get};
use crate::support::World;

/// A command before every build that says so, and waits while there is a file
/// `hold`.
const HELD: &str = r#"
[assets.hooks]
before_build = "echo building; while [ -e hold ]; do sleep 0.02; done"
"#;

const CSS: &str = "{\"type\":\"css\"}";
const CLEAR: &str = "{\"type\":\"clear_error\"}";

fn program(text: &str) -> String {
    format!(
        r#"
requires network

import {{ title }} from "./lib/words"

service Pages at "/":
  get "/" -> Html:
    return html():
      head():
        link(rel="stylesheet" href=asset("css/shop.css"))
      body():
        p(): title() + " {text}"

app "shop":
  serve(0)
"#
    )
}

fn words(title: &str) -> String {
    format!("fn title() -> String:\n  return \"{title}\"\n")
}

fn colors(ink: &str) -> String {
    format!(":root {{ --ink: {ink} }}\n")
}

/// A package with a module and a style sheet that is imported each.
fn files(directory: &str, manifest: &str) -> Vec<(String, String)> {
    let sheet = "@import \"parts/colors.css\";\np { color: var(--ink) }\n";
    [
        ("fuse.toml", manifest.to_owned()),
        ("main.fuse", program("one")),
        ("lib/words.fuse", words("shop")),
        ("assets/css/shop.css", sheet.to_owned()),
        ("assets/css/parts/colors.css", colors("red")),
        ("assets/img/logo.svg", "<svg/>".to_owned()),
    ]
    .map(|(path, text)| (format!("{directory}{path}"), text))
    .into()
}

fn world(manifest: &str) -> World {
    let world = World::new();
    for (path, text) in files("", manifest) {
        world.write(&path, text);
    }
    world
}

/// Puts a file in its place in one step, so that nobody sees half of it.
fn save(world: &World, path: &str, text: impl AsRef<[u8]>) {
    world.write("unsaved", text);
    fs::rename(world.path("unsaved"), world.path(path)).unwrap();
}

/// Waits until a page holds a text.
fn shows(address: SocketAddr, target: &str, text: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = try_get(address, target);
        if answer.as_ref().is_ok_and(|answer| answer.contains(text)) {
            return;
        }
        assert!(Instant::now() < end, "no `{text}` in {answer:?}");
        thread::sleep(Duration::from_millis(10));
    }
}

fn restarts(dev: &Dev) -> usize {
    let said = dev.said.iter();
    said.filter(|line| line.contains("restarting...")).count()
}

/// Waits for an error and gives what it says.
fn hears_an_error(browser: &mut Browser) -> String {
    let told: serde_json::Value = serde_json::from_str(&browser.hears()).unwrap();
    assert_eq!(told["type"], "compile_error", "{told}");
    told["message"].as_str().unwrap().to_owned()
}

/// Waits until pages are to be loaded again, whatever was wrong on the way.
fn hears_the_reload(browser: &mut Browser) {
    while browser.hears() != "reload" {}
}

#[test]
fn style_sheets_alone_start_nothing_again() {
    let world = world(MANIFEST);
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    let page = get(address, "/");
    assert!(page.contains("href=\"/css/shop.css\""), "{page}");
    assert!(get(address, "/css/shop.css").contains("--ink: red"));
    // One that is imported counts as the one that imports it.
    for ink in ["blue", "green"] {
        save(&world, "assets/css/parts/colors.css", colors(ink));
        assert_eq!(browser.hears(), CSS);
        let sheet = get(address, "/css/shop.css");
        assert!(sheet.contains(&format!("--ink: {ink}")), "{sheet}");
    }
    // Anything else that pages load does.
    save(&world, "assets/img/logo.svg", "<svg><g/></svg>");
    assert_eq!(browser.hears(), "reload");
    assert_eq!(dev.serves(), address);
    assert!(get(address, "/img/logo.svg").contains("<g/>"));
    assert_eq!(restarts(&dev), 1, "{:#?}", dev.said);
}

#[test]
fn a_wrong_style_sheet_is_shown_until_it_is_right() {
    let world = world(MANIFEST);
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    save(
        &world,
        "assets/css/parts/colors.css",
        ":root {\n  --ink: blue }\n}",
    );
    let message = hears_an_error(&mut browser);
    assert!(
        message.contains("assets/css/parts/colors.css:3:"),
        "{message}"
    );
    dev.says("[dev] compile error; waiting for changes...");
    // What was right last is still there, the program above all.
    assert!(get(address, "/").contains("<p>shop one</p>"));
    assert!(get(address, "/css/shop.css").contains("--ink: red"));
    save(&world, "assets/css/parts/colors.css", colors("blue"));
    assert_eq!(browser.hears(), CLEAR);
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/css/shop.css").contains("--ink: blue"));
}

#[test]
fn an_imported_file_may_go_and_come_back() {
    let world = world(MANIFEST);
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    for (path, text, said) in [
        (
            "assets/css/parts/colors.css",
            colors("blue"),
            "assets/css/shop.css:1:1: cannot read",
        ),
        ("lib/words.fuse", words("store"), "main.fuse:4:"),
    ] {
        fs::remove_file(world.path(path)).unwrap();
        let message = hears_an_error(&mut browser);
        assert!(message.contains(said), "{message}");
        assert!(get(address, "/").contains("<p>shop one</p>"));
        save(&world, path, text);
        assert_eq!(browser.hears(), CLEAR);
        assert_eq!(browser.hears(), "reload");
    }
    assert!(get(address, "/").contains("<p>store one</p>"));
    assert!(get(address, "/css/shop.css").contains("--ink: blue"));
}

#[test]
fn files_may_get_other_names() {
    let world = world(MANIFEST);
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    // As editors save: the new file takes the place of the old one.
    world.write("main.fuse.new", program("two"));
    fs::rename(world.path("main.fuse.new"), world.path("main.fuse")).unwrap();
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/").contains("<p>shop two</p>"));

    // Between the two steps the import leads nowhere, which is told or not.
    fs::rename(world.path("lib/words.fuse"), world.path("lib/names.fuse")).unwrap();
    save(
        &world,
        "main.fuse",
        program("three").replace("lib/words", "lib/names"),
    );
    hears_the_reload(&mut browser);
    shows(address, "/", "<p>shop three</p>");
    save(&world, "lib/names.fuse", words("store"));
    shows(address, "/", "<p>store three</p>");

    let parts = "assets/css/parts";
    fs::rename(world.path(parts), world.path("assets/css/pieces")).unwrap();
    save(
        &world,
        "assets/css/shop.css",
        "@import \"pieces/colors.css\";\n",
    );
    shows(address, "/css/shop.css", "--ink: red");
    save(&world, "assets/css/pieces/colors.css", colors("blue"));
    shows(address, "/css/shop.css", "--ink: blue");
}

#[test]
fn a_package_may_be_behind_a_link() {
    let world = World::new();
    for (path, text) in files("real/", MANIFEST) {
        world.write(&path, text);
    }
    symlink("real", world.path("link")).unwrap();
    let mut dev = Dev::start(&world, &["--manifest-path", "link/fuse.toml"]);
    let mut browser = dev.browser();
    let address = dev.serves();
    // Whichever way a file is written.
    for (directory, text) in [("real", "two"), ("link", "three")] {
        save(&world, &format!("{directory}/main.fuse"), program(text));
        assert_eq!(browser.hears(), "reload");
        assert!(get(address, "/").contains(&format!("<p>shop {text}</p>")));
        let sheet = format!("{directory}/assets/css/parts/colors.css");
        save(&world, &sheet, colors(directory));
        assert_eq!(browser.hears(), CSS);
        let sheet = get(address, "/css/shop.css");
        assert!(sheet.contains(&format!("--ink: {directory}")), "{sheet}");
    }
}

#[test]
fn what_is_saved_during_a_build_is_not_missed() {
    let world = world(&format!("{MANIFEST}{HELD}"));
    world.write("hold", "");
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    dev.says("building");
    // The program has been checked as it was.
    save(&world, "main.fuse", program("two"));
    save(&world, "lib/words.fuse", words("store"));
    fs::remove_file(world.path("hold")).unwrap();
    assert_eq!(browser.hears(), "reload");
    let address = dev.serves();
    shows(address, "/", "<p>store two</p>");

    world.write("hold", "");
    save(&world, "main.fuse", program("three"));
    dev.says("building");
    save(&world, "main.fuse", program("four").replace("p():", "p(:"));
    fs::remove_file(world.path("hold")).unwrap();
    dev.says("[dev] compile error; waiting for changes...");
    save(&world, "main.fuse", program("five"));
    shows(address, "/", "<p>store five</p>");
}

/// A server that says the same to everybody.
fn front_end(page: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.extend(byte);
            }
            let length = page.len();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";
            write!(stream, "{head}Content-Length: {length}\r\n\r\n{page}").unwrap();
        }
    });
    url
}

#[test]
fn what_is_nowhere_comes_from_the_server_of_the_front_end() {
    let (first, second) = (front_end("<body>first"), front_end("<body>second"));
    let world = world(&format!("{MANIFEST}\n[vite]\ndev_url = \"{first}\"\n"));
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    let page = get(address, "/src/page.html");
    let start = "<body>first<script data-fuse-live-reload>";
    assert!(page.contains(start), "{page}");
    assert!(get(address, "/css/shop.css").contains("--ink: red"));
    assert!(get(address, "/").contains("<p>shop one</p>"));
    // What the author's own file says comes before the manifest.
    save(&world, ".env", format!("FUSE_VITE_PROXY_URL={second}\n"));
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/src/page.html").contains("<body>second<script"));
}

#[test]
fn fifty_saves_in_a_row_are_one_new_start() {
    let world = world(&format!("{MANIFEST}{HELD}"));
    let mut dev = Dev::start(&world, &[]);
    let address = dev.serves();
    // All of them happen before anybody looks again, however slow the machine is.
    world.write("hold", "");
    save(&world, "main.fuse", program("first"));
    dev.says("building");
    for save in 1..=50 {
        world.write("main.fuse", program(&format!("save {save}")));
        world.write(
            "assets/css/parts/colors.css",
            colors(&format!("#{save:06}")),
        );
    }
    fs::remove_file(world.path("hold")).unwrap();
    // For the first save, and for all others.
    dev.says("restarting...");
    dev.says("restarting...");
    shows(address, "/css/shop.css", "#000050");
    shows(address, "/", "<p>shop save 50</p>");
    // What there is to say has been said when this is.
    save(&world, "main.fuse", program("last").replace("p():", "p(:"));
    dev.says("[dev] compile error; waiting for changes...");
    assert_eq!(restarts(&dev), 2, "{:#?}", dev.said);
}
