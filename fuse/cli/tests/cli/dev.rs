//! `fuse dev`: real files, real processes, a real browser's protocol.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use tungstenite::client::IntoClientRequest;
use tungstenite::{WebSocket, client};

use crate::support::World;

/// Longest wait for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(25);

fn page(text: &str) -> String {
    format!(
        "requires network\n\nservice Pages at \"/\":\n  get \"/\" -> Html:\n    return html():\n      body():\n        p(): \"{text}\"\n\napp \"a\":\n  serve(0)\n"
    )
}

/// `fuse dev` at work. Dropping it ends it, and says what it said when the test
/// has failed.
pub(crate) struct Dev {
    process: Child,
    lines: Receiver<String>,
    pub(crate) said: Vec<String>,
}

impl Dev {
    pub(crate) fn start(world: &World, arguments: &[&str]) -> Self {
        Self::start_with(world, arguments, &[])
    }

    /// With variables of the environment.
    fn start_with(world: &World, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut words = vec!["dev"];
        words.extend(arguments);
        let mut process = world
            .command(&words)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, lines) = channel();
        let streams: [Box<dyn std::io::Read + Send>; 2] = [
            Box::new(process.stdout.take().unwrap()),
            Box::new(process.stderr.take().unwrap()),
        ];
        for stream in streams {
            let send = send.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = send.send(line);
                }
            });
        }
        Self {
            process,
            lines,
            said: Vec::new(),
        }
    }

    /// Waits for a line that holds a text.
    pub(crate) fn says(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(PATIENCE) else {
                panic!("no `{text}` in {:#?}", self.said);
            };
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for a line on each of two streams, whichever comes first.
    fn says_both(&mut self, one: &str, other: &str) {
        let from = self.said.len();
        let heard = |said: &[String], text| said.iter().any(|line| line.contains(text));
        self.says("");
        while !(heard(&self.said[from..], one) && heard(&self.said[from..], other)) {
            self.says("");
        }
    }

    /// Waits until it serves.
    pub(crate) fn serves(&mut self) -> SocketAddr {
        let line = self.says("serve: runtime=");
        let (_, rest) = line.split_once("addr=").unwrap();
        rest.split(' ').next().unwrap().parse().unwrap()
    }

    pub(crate) fn browser(&mut self) -> Browser {
        let line = self.says("[dev] live reload websocket: ");
        let (_, url) = line.split_once("websocket: ").unwrap();
        let mut request = url.into_client_request().unwrap();
        let origin = "http://127.0.0.1:3000".parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let address = request.uri().authority().unwrap().as_str().to_owned();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Browser(client(request, stream).unwrap().0)
    }

    fn signal(&self, name: &str) {
        let id = self.process.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-s", name, &id])
            .status();
        assert!(sent.unwrap().success());
    }

    fn ends(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }
}

#[expect(clippy::print_stderr, reason = "a test that fails says why")]
impl Drop for Dev {
    fn drop(&mut self) {
        if thread::panicking() {
            let rest: Vec<String> = self.lines.try_iter().collect();
            eprintln!("it said {:#?} and {rest:#?}", self.said);
        }
        if self.process.try_wait().is_ok_and(|ended| ended.is_none()) {
            // Asked, it ends its program too.
            self.signal("TERM");
            let _ = self.process.wait();
        }
    }
}

pub(crate) struct Browser(WebSocket<TcpStream>);

impl Browser {
    pub(crate) fn hears(&mut self) -> String {
        self.0.read().unwrap().to_text().unwrap().to_owned()
    }
}

pub(crate) fn try_get(address: SocketAddr, target: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

pub(crate) fn get(address: SocketAddr, target: &str) -> String {
    try_get(address, target).unwrap()
}

#[test]
fn a_change_starts_the_program_again_on_its_port() {
    let world = World::with(&[("main.fuse", &page("one"))]);
    let mut dev = Dev::start(&world, &["main.fuse", "--port-file", "port"]);
    let mut browser = dev.browser();
    let address = dev.serves();
    let first = get(address, "/");
    assert!(
        first.contains("<p>one</p><script data-fuse-live-reload"),
        "{first}"
    );
    world.write("main.fuse", page("two"));
    assert_eq!(browser.hears(), "reload");
    dev.says("[dev] change detected, restarting...");
    assert_eq!(dev.serves(), address);
    assert!(get(address, "/").contains("<p>two</p>"));
    assert_eq!(world.read("port"), format!("{}\n", address.port()));
}

#[test]
fn an_error_is_shown_while_the_last_right_program_goes_on() {
    let world = World::with(&[("main.fuse", &page("one"))]);
    let mut dev = Dev::start(&world, &["main.fuse"]);
    let mut browser = dev.browser();
    let address = dev.serves();
    world.write("main.fuse", page("one").replace("p():", "p(:"));
    let told: serde_json::Value = serde_json::from_str(&browser.hears()).unwrap();
    assert_eq!(told["type"], "compile_error");
    let message = told["message"].as_str().unwrap();
    assert!(message.starts_with("main.fuse:7:"), "{message}");
    dev.says("[dev] compile error; waiting for changes...");
    assert!(get(address, "/").contains("<p>one</p>"));
    world.write("main.fuse", page("mended"));
    assert_eq!(browser.hears(), "{\"type\":\"clear_error\"}");
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/").contains("<p>mended</p>"));
}

#[test]
fn a_program_that_is_wrong_from_the_start_is_waited_for() {
    let world = World::with(&[("main.fuse", "app \"a\":\n  print(missing)\n")]);
    let mut dev = Dev::start(&world, &["main.fuse"]);
    dev.says("[dev] compile error; waiting for changes...");
    world.write("main.fuse", "app \"a\":\n  print(7)\n");
    dev.says_both(
        "7",
        "[dev] app exited (exit status: 0); waiting for changes...",
    );
    world.write("main.fuse", "app \"a\":\n  print(8)\n");
    dev.says_both(
        "8",
        "[dev] app exited (exit status: 0); waiting for changes...",
    );
}

#[test]
fn files_of_a_program_are_all_watched() {
    let main = page("one").replace("\"one\"", "text()").replace(
        "requires network\n",
        "requires network\n\nimport { text } from \"./lib/text\"\n",
    );
    let text = |text: &str| {
        format!(
            "import About from \"./about.md\"\n\nfn text() -> String:\n  return \"{text} \" + About\n"
        )
    };
    let world = World::with(&[
        (
            "fuse.toml",
            "[package]\nname = \"a\"\nversion = \"1.0.0\"\nentry = \"main.fuse\"\n",
        ),
        ("main.fuse", &main),
        ("lib/text.fuse", &text("one")),
        ("lib/about.md", "about"),
    ]);
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    assert!(get(address, "/").contains("<p>one about</p>"));
    world.write("lib/text.fuse", text("two"));
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/").contains("<p>two about</p>"));
    world.write("lib/about.md", "more");
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/").contains("<p>two more</p>"));
    std::fs::remove_file(world.path("lib/text.fuse")).unwrap();
    assert!(browser.hears().contains("compile_error"));
    std::fs::create_dir(world.path("new")).unwrap();
    world.write("lib/text.fuse", text("back"));
    assert_eq!(browser.hears(), "{\"type\":\"clear_error\"}");
    assert_eq!(browser.hears(), "reload");
    assert!(get(address, "/").contains("<p>back more</p>"));
    // The manifest belongs to the program, and what is around it does not.
    world.write("README.md", "nothing");
    world.write(
        "fuse.toml",
        "[package]\nname = \"a\"\nversion = \"2.0.0\"\nentry = \"main.fuse\"\n",
    );
    assert_eq!(browser.hears(), "reload");
}

#[test]
fn style_sheets_are_loaded_without_a_new_start() {
    let world = World::with(&[
        (
            "fuse.toml",
            "[package]\nname = \"a\"\nversion = \"1.0.0\"\nentry = \"main.fuse\"\n\n[serve]\nstatic_dir = \"public\"\n",
        ),
        ("main.fuse", &page("one")),
        ("public/style.css", "p { color: red }"),
        ("public/page.html", "<!doctype html><body>static</body>"),
    ]);
    let mut dev = Dev::start(&world, &[]);
    let mut browser = dev.browser();
    let address = dev.serves();
    world.write("public/style.css", "p { color: blue }");
    assert_eq!(browser.hears(), "{\"type\":\"css\"}");
    assert!(get(address, "/style.css").contains("blue"));
    let page = get(address, "/page.html");
    assert!(
        page.contains("static<script data-fuse-live-reload"),
        "{page}"
    );
    world.write("main.fuse", self::page("two"));
    assert_eq!(browser.hears(), "reload");
    dev.serves();
    let restarts = dev
        .said
        .iter()
        .filter(|line| line.contains("restarting"))
        .count();
    assert_eq!(restarts, 1, "{:#?}", dev.said);
}

#[test]
fn the_documentation_page_is_there() {
    let world = World::with(&[("main.fuse", &page("one"))]);
    let mut dev = Dev::start(&world, &["main.fuse", "--no-reload"]);
    let address = dev.serves();
    assert!(get(address, "/docs").starts_with("HTTP/1.1 200"));
    assert!(get(address, "/docs/openapi.json").contains("\"openapi\""));
    assert!(!get(address, "/").contains("<script"));
    assert!(!dev.said.iter().any(|line| line.contains("websocket")));
}

#[test]
fn a_signal_ends_the_program_too() {
    for signal in ["INT", "TERM"] {
        let world = World::with(&[("main.fuse", &page("one"))]);
        let mut dev = Dev::start(&world, &["main.fuse"]);
        let address = dev.serves();
        dev.signal(signal);
        dev.says(&format!(
            "shutdown: runtime=ast signal=SIG{signal} handled_requests=0"
        ));
        assert_eq!(dev.ends().code(), Some(0));
        assert!(TcpStream::connect(address).is_err());
    }
}

#[test]
fn a_second_one_in_a_package_waits() {
    let world = World::with(&[("main.fuse", &page("one"))]);
    let mut first = Dev::start(&world, &["main.fuse"]);
    first.serves();
    let mut second = Dev::start(&world, &["main.fuse"]);
    second.says("[dev] another fuse dev runs in this package; waiting for its end");
    drop(first);
    second.serves();
}

#[test]
fn fifty_saves_end_with_the_last() {
    let world = World::with(&[("main.fuse", &page("start"))]);
    let mut dev = Dev::start(&world, &["main.fuse"]);
    let mut browser = dev.browser();
    let address = dev.serves();
    for i in 1..=50 {
        world.write("main.fuse", page(&format!("save {i}")));
    }
    // How many starts that takes is up to the machine; between two of them nobody
    // answers.
    let end = Instant::now() + PATIENCE;
    let last = |answer: String| answer.contains("<p>save 50</p>");
    while !try_get(address, "/").is_ok_and(last) {
        assert!(Instant::now() < end, "the last save is not served");
    }
    assert_eq!(browser.hears(), "reload");
}

/// The port in a file that `--port-file` names, once it is there.
fn written_port(world: &World, path: &str) -> u16 {
    let end = Instant::now() + PATIENCE;
    loop {
        // It is written in one piece.
        if world.exists(path) {
            return world.read(path).trim_end().parse().unwrap();
        }
        assert!(Instant::now() < end, "no port is written");
        thread::yield_now();
    }
}

#[test]
fn a_program_that_logs_nothing_is_followed_all_the_same() {
    for level in ["warn", "off"] {
        let world = World::with(&[("main.fuse", &page("one"))]);
        let mut dev = Dev::start_with(
            &world,
            &["main.fuse", "--port-file", "port"],
            &[("FUSE_LOG", level)],
        );
        let mut browser = dev.browser();
        let address = SocketAddr::from(([127, 0, 0, 1], written_port(&world, "port")));
        assert!(get(address, "/").contains("<p>one</p>"));
        world.write("main.fuse", page("two"));
        assert_eq!(browser.hears(), "reload");
        assert!(get(address, "/").contains("<p>two</p>"));
        dev.signal("TERM");
        let said: Vec<String> = dev.lines.iter().collect();
        let said = [dev.said.as_slice(), said.as_slice()].concat();
        // How it is told is nothing that anybody is shown.
        let shown = |line: &String| line.contains(&address.to_string());
        assert!(!said.iter().any(shown), "{said:#?}");
    }
}

const SLOW: &str = r#"requires network
requires time

service Pages at "/":
  get "/" -> String:
    log("it waits")
    time.sleep(600000)
    return ""

app "a":
  serve(0)
"#;

#[test]
fn a_program_that_does_not_end_is_ended() {
    let world = World::with(&[("main.fuse", SLOW)]);
    let patient = [
        ("FUSE_SHUTDOWN_GRACE_MS", "600000"),
        ("FUSE_HTTP_HANDLER_TIMEOUT_MS", "0"),
    ];
    let mut dev = Dev::start_with(&world, &["main.fuse"], &patient);
    let mut browser = dev.browser();
    let address = dev.serves();
    let cut = thread::spawn(move || try_get(address, "/").unwrap_or_default());
    dev.says("it waits");
    world.write("main.fuse", page("two"));
    assert_eq!(browser.hears(), "reload");
    assert_eq!(dev.serves(), address);
    assert!(get(address, "/").contains("<p>two</p>"));
    assert_eq!(cut.join().unwrap(), "");
    let ended = |line: &String| line.contains("shutdown: runtime");
    assert!(!dev.said.iter().any(ended), "{:#?}", dev.said);
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

#[test]
fn another_port_is_followed() {
    let manifest = |entry: &str| {
        format!("[package]\nname = \"a\"\nversion = \"1.0.0\"\nentry = \"{entry}\"\n")
    };
    let (one, two) = (free_port(), free_port());
    let at = |port: u16| page("served").replace("serve(0)", &format!("serve({port})"));
    let world = World::with(&[
        ("fuse.toml", &manifest("one.fuse")),
        ("one.fuse", &at(one)),
        ("two.fuse", &at(two)),
    ]);
    let mut dev = Dev::start(&world, &["--port-file", "port"]);
    let mut browser = dev.browser();
    assert_eq!(dev.serves().port(), one);
    world.write("fuse.toml", manifest("two.fuse"));
    assert_eq!(browser.hears(), "reload");
    let address = dev.serves();
    assert_eq!(address.port(), two);
    assert!(get(address, "/").contains("served"));
    assert_eq!(world.read("port"), format!("{two}\n"));
    assert!(TcpStream::connect(("127.0.0.1", one)).is_err());
}
