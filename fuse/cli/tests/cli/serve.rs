//! What the manifest says about serving, seen by the tests of a program.

use crate::support::World;

const MANIFEST: &str = r#"
[package]
name = "site"
version = "1.2.0"
entry = "main.fuse"

[serve]
static_dir = "public"
static_index = "home.html"
openapi_ui = true
openapi_path = "/help"
"#;

const PROGRAM: &str = r#"
requires network

type Note:
  id: Int
  title: String(1..10)

service Api at "/api":
  get "/notes/{id: Int}" -> Note:
    return Note(id=id, title="one")

  post "/notes" body Note -> Int:
    response.status(201)
    return body.id

test "routes":
  let note = testing.request("GET", "/api/notes/7")
  testing.equal(note.status, 200)
  let title: String = note.json().title
  testing.equal(title, "one")
  let made = testing.request("POST", "/api/notes", {"id": 3, "title": "two"})
  testing.equal(made.status, 201)
  testing.equal(made.body, "3")
  let wrong = testing.request("POST", "/api/notes", {"id": 3, "title": ""})
  testing.equal(wrong.status, 400)
  let path: String = wrong.json().error.fields[0].path
  testing.equal(path, "body.title")

test "documentation":
  let page = testing.request("GET", "/help")
  testing.equal(page.headers["content-type"], "text/html; charset=utf-8")
  let document = testing.request("GET", "/help/openapi.json").json()
  let version: String = document.info.version
  testing.equal(version, "1.2.0")

test "files":
  let home = testing.request("GET", "/")
  testing.equal(home.body, "<h1>home</h1>")
  testing.equal(testing.request("GET", "/nope").status, 404)
"#;

#[test]
fn tests_of_a_program_ask_its_routes_documentation_and_files() {
    let world = World::with(&[
        ("fuse.toml", MANIFEST),
        ("main.fuse", PROGRAM),
        ("public/home.html", "<h1>home</h1>"),
    ]);
    let run = world.run("test");
    assert_eq!(
        run.stdout, "ok documentation\nok files\nok routes\nok (3 tests)\n",
        "{}",
        run.stderr
    );
    let document = world.run("openapi");
    assert_eq!(
        world.read(".fuse/build/openapi.json"),
        document.stdout,
        "the page shows what the command prints"
    );
}
