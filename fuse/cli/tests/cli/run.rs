//! `fuse run`, `fuse test` and `fuse migrate`.

use crate::support::World;

const GREETING: &str = r#"
fn main(name: String = "world", count: Int = 1):
    for turn in 1..count:
        print("${turn} Hello, ${name}")
"#;

#[test]
fn a_program_gets_its_arguments_and_gives_its_status() {
    let world = World::with(&[
        ("hello.fuse", GREETING),
        ("status.fuse", "fn main() -> Int:\n    return 7\n"),
    ]);
    let run = world.run("run hello.fuse -- --name Ada --count 2");
    assert_eq!(run.stdout, "1 Hello, Ada\n2 Hello, Ada\n");
    assert_eq!(run.stderr, "[run] start\n[run] ok\n");
    assert_eq!(run.status, Some(0));

    let run = world.run("run hello.fuse -- --count many");
    assert_eq!(run.status, Some(2));
    assert!(
        run.stderr.contains("\"path\":\"flag.count\""),
        "{}",
        run.stderr
    );
    assert!(run.stderr.ends_with("[run] validation failed\n"));

    let run = world.run("run status.fuse");
    assert_eq!(run.status, Some(7));
    assert_eq!(run.stderr, "[run] start\n[run] failed\n");
}

#[test]
fn a_program_that_is_wrong_does_not_start() {
    let world = World::with(&[("main.fuse", "fn main():\n    print(missing)\n")]);
    let run = world.run("run main.fuse");
    assert_eq!(run.status, Some(1));
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("missing"), "{}", run.stderr);
    assert!(run.stderr.ends_with("[run] failed\n"));
}

#[test]
fn a_failure_is_a_line_for_people_or_for_programs() {
    let world = World::with(&[("main.fuse", "fn main():\n    assert(1 == 2, \"sums\")\n")]);
    let run = world.run("run main.fuse");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("run error: "), "{}", run.stderr);
    let run = world.run("run --diagnostics json main.fuse");
    assert!(
        run.stderr.contains("\"path\":\"program\""),
        "{}",
        run.stderr
    );
}

#[test]
fn variables_come_from_the_process_then_the_file() {
    let world = World::with(&[
        (
            "main.fuse",
            "fn main():\n    print(env(\"FIRST\") ?? \"none\")\n    print(env(\"SECOND\") ?? \"none\")\n",
        ),
        (".env", "FIRST=file\nSECOND=file\nnot a variable\n"),
    ]);
    let mut command = world.command(&["run", "main.fuse"]);
    let run = world.finish("run main.fuse", command.env("FIRST", "process"));
    assert_eq!(run.stdout, "process\nfile\n");
    assert!(run.stderr.contains(".env:3"), "{}", run.stderr);
}

#[test]
fn one_of_several_apps_has_to_be_named() {
    let world = World::with(&[(
        "main.fuse",
        "app \"one\":\n    print(1)\n\napp \"two\":\n    print(2)\n",
    )]);
    let run = world.run("run main.fuse");
    assert_eq!(run.status, Some(1));
    assert!(
        run.stderr.contains("multiple apps declared; use --app"),
        "{}",
        run.stderr
    );
    assert_eq!(world.run("run main.fuse --app two").stdout, "2\n");
    assert_eq!(world.run("run main.fuse --app three").status, Some(1));
}

#[test]
fn the_native_backend_is_refused_where_there_is_none() {
    let world = World::with(&[("main.fuse", GREETING)]);
    let run = world.run("run --backend native main.fuse");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("use `--backend ast`"), "{}", run.stderr);
}

const TESTS: &str = r#"
test "b adds":
    assert(1 + 1 == 2)

test "a prints":
    print("out of the way")

test "c fails":
    assert(1 == 2, "sums")
"#;

#[test]
fn tests_run_in_order_of_their_names() {
    let world = World::with(&[("main.fuse", TESTS)]);
    for jobs in ["1", "3"] {
        let run = world.run(&format!("test main.fuse --jobs {jobs}"));
        let lines: Vec<&str> = run.stdout.lines().collect();
        assert_eq!(lines[..2], ["ok a prints", "ok b adds"]);
        assert!(lines[2].starts_with("FAILED c fails: "), "{}", run.stdout);
        assert_eq!(lines[3], "FAILED (1 failed of 3 tests)");
        assert!(run.stderr.contains("out of the way"));
        assert_eq!(run.status, Some(1));
    }
    let run = world.run("test main.fuse --filter adds --junit report.xml");
    assert_eq!(run.stdout, "ok b adds\nok (1 tests)\n");
    assert_eq!(run.status, Some(0));
    assert!(
        world
            .read("report.xml")
            .contains("tests=\"1\" failures=\"0\"")
    );
    assert_eq!(
        world.run("test main.fuse --filter nothing").stdout,
        "0 tests\n"
    );
}

#[test]
fn a_test_that_takes_too_long_is_ended() {
    let manifest = "[package]\nname = \"a\"\nversion = \"1.0.0\"\nentry = \"main.fuse\"\n\n[test]\ntimeout_ms = 200\n";
    let program = "requires time\n\ntest \"a loop\":\n    while true:\n        let n = 1\n\n\
        test \"b sleep\":\n    time.sleep(1000000)\n";
    let world = World::with(&[("fuse.toml", manifest), ("main.fuse", program)]);
    let run = world.run("test");
    assert_eq!(
        run.stdout,
        "FAILED a loop: timed out after 200 ms\nFAILED b sleep: timed out after 200 ms\n\
         FAILED (2 failed of 2 tests)\n"
    );
}

const MIGRATED: &str = r#"requires db

migration 001:
    db.exec("create table notes (id integer primary key, body text not null)")

migration 002:
    db.exec("insert into notes (body) values ('first')")

test "migrations ran":
    assert(db.query("select * from notes").len() == 1)
"#;

#[test]
fn migrations_run_once_and_tests_have_a_database_of_their_own() {
    let world = World::with(&[("main.fuse", MIGRATED)]);
    let migrate = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = world.command(&words);
        world.finish(line, command.env("FUSE_DB_URL", "sqlite://notes.db"))
    };
    assert_eq!(
        migrate("migrate main.fuse --status").stdout,
        "pending 001\npending 002\n"
    );
    let run = migrate("migrate main.fuse");
    assert_eq!(
        run.stdout,
        "applied 001\napplied 002\nok (2 applied, 0 already applied)\n"
    );
    assert_eq!(
        migrate("migrate main.fuse").stdout,
        "ok (0 applied, 2 already applied)\n"
    );
    assert!(
        migrate("migrate main.fuse --status")
            .stdout
            .starts_with("applied 001 ")
    );

    let run = world.run("test main.fuse");
    assert_eq!(run.stdout, "ok migrations ran\nok (1 tests)\n");
    assert_eq!(world.run("migrate main.fuse").status, Some(1));
}

const FORMS: &str = r#"
type Search:
    text: String?
    name: String = "nobody"

service Echo at "/":
    get "/search" -> Search!std.Error.Validation:
        return request.query_as<Search>() ?!

    post "/search" body Search -> Search:
        return body

test "an optional that is empty is absent":
    let form = {"Content-Type": "application/x-www-form-urlencoded"}
    for query in ["", "text=", "text=null"]:
        let asked = testing.request("GET", "/search?" + query)
        testing.equal(asked.body, "{\"name\":\"nobody\",\"text\":null}")
        let sent = testing.request("POST", "/search", query, form)
        testing.equal(sent.body, asked.body)
    let named = testing.request("GET", "/search?name=&text=a")
    testing.equal(named.body, "{\"name\":\"\",\"text\":\"a\"}")
"#;

#[test]
fn an_empty_field_of_a_form_may_be_none() {
    let world = World::with(&[("main.fuse", FORMS)]);
    let run = world.run("test main.fuse");
    assert_eq!(
        run.stdout,
        "ok an optional that is empty is absent\nok (1 tests)\n"
    );
}

const DOCUMENT: &str = r#"
service Pages at "/":
    get "/" -> Html:
        return html():
            body(): "hi"

    get "/part" -> Html:
        return p(): "hi"

test "a whole document says so":
    let page = testing.request("GET", "/")
    testing.equal(page.body, "<!doctype html><html><body>hi</body></html>")
    testing.equal(testing.request("GET", "/part").body, "<p>hi</p>")
"#;

#[test]
fn a_document_begins_with_its_type() {
    let world = World::with(&[("main.fuse", DOCUMENT)]);
    let run = world.run("test main.fuse");
    assert_eq!(run.stdout, "ok a whole document says so\nok (1 tests)\n");
}

#[test]
fn a_program_can_be_migrated_as_it_starts() {
    let program = format!("{MIGRATED}\napp \"a\":\n    print(db.from(\"notes\").count())\n");
    let world = World::with(&[("main.fuse", &program)]);
    let run = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = world.command(&words);
        world.finish(line, command.env("FUSE_DB_URL", "sqlite://notes.db"))
    };
    assert_eq!(run("run main.fuse").status, Some(1));
    let first = run("run --migrate main.fuse");
    assert_eq!(first.stdout, "1\n");
    assert_eq!(
        first.stderr,
        "[run] start\n[migrate] applied 001\n[migrate] applied 002\n[run] ok\n"
    );
    let second = run("run --migrate main.fuse");
    assert_eq!(second.stderr, "[run] start\n[run] ok\n");
    let broken = world.run("run --migrate main.fuse");
    assert_eq!(broken.status, Some(1));
    assert!(
        broken.stderr.contains("migration error: "),
        "{}",
        broken.stderr
    );
}
