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

const LEDGER: &str = r#"
requires db

type Entry:
  amount: Int

migration "entries":
  db.exec("create table entries (amount integer not null)")

fn add(amount: Int):
  db.from("entries").insert(Entry(amount=amount)).exec()

fn never() -> Int:
  var n = 0
  while n >= 0:
    n = (n + 1) % 1000
  return n

service Ledger at "/":
  post "/busy" -> Int:
    return transaction:
      add(1)
      never()

  ## The database is what does not come to an end.
  post "/counting" -> Int:
    return transaction:
      add(2)
      db.query("with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) from c").len()

  get "/entries" -> Int:
    return db.from("entries").count()

test "a deadline takes back what a transaction did":
  for path in ["/busy", "/counting"]:
    let late = testing.request("POST", path)
    testing.equal(late.status, 504)
    let code: String = late.json().error.code
    testing.equal(code, "deadline_exceeded")
  testing.equal(testing.request("GET", "/entries").body, "0")
"#;

#[test]
fn a_deadline_takes_back_what_a_transaction_did() {
    let world = World::with(&[("main.fuse", LEDGER)]);
    let mut command = world.command(&["test", "main.fuse"]);
    command.env("FUSE_HTTP_HANDLER_TIMEOUT_MS", "100");
    let run = world.finish("test main.fuse", &mut command);
    assert_eq!(
        run.stdout, "ok a deadline takes back what a transaction did\nok (1 tests)\n",
        "{}",
        run.stderr
    );
}
