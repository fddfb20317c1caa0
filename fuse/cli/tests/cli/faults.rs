//! How programs fail: every code that a program can cause, as tools read it, and the
//! texts that people read.

use std::collections::BTreeSet;

use fuse_builtins::FaultCode;
use serde_json::{Value, json};

use crate::support::World;

/// A code, a program that raises it and the text.
type Case = (FaultCode, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        FaultCode::IntegerOverflow,
        "fn add(a: Int, b: Int) -> Int: a + b\n\napp \"a\":\n  print(add(9223372036854775807, 1))\n",
        "integer overflow",
    ),
    (
        FaultCode::DivisionByZero,
        "fn divide(a: Int, b: Int) -> Int: a / b\n\napp \"a\":\n  print(divide(1, 0))\n",
        "division by zero",
    ),
    (
        FaultCode::IndexBounds,
        "app \"a\":\n  let all = [1]\n  print(all[1])\n",
        "index out of bounds",
    ),
    (
        FaultCode::MissingKey,
        "app \"a\":\n  let all = {\"a\": 1}\n  let n: Int = all[\"b\"]\n  print(n)\n",
        "missing key \"b\"",
    ),
    (
        FaultCode::InvalidIndex,
        "app \"a\":\n  let data = json.decode(\"[1]\")\n  print(data[\"a\"])\n",
        "list index must be Int",
    ),
    (
        FaultCode::InvalidIndex,
        "app \"a\":\n  let data = json.decode(\"{}\")\n  print(data[1])\n",
        "map keys must be strings",
    ),
    (
        FaultCode::NullAccess,
        "app \"a\":\n  let data = json.decode(\"null\")\n  print(data.name)\n",
        "null access",
    ),
    (
        FaultCode::FieldAccess,
        "app \"a\":\n  let data = json.decode(\"[1]\")\n  print(data.name)\n",
        "unknown field name",
    ),
    (
        FaultCode::RangeError,
        "app \"a\":\n  let from = 2\n  let all = from..1\n  print(all)\n",
        "range start must be <= end",
    ),
    (
        FaultCode::RangeError,
        "app \"a\":\n  let all = 1..10000001\n  print(all.len())\n",
        "range too large",
    ),
    (
        FaultCode::TypeError,
        "app \"a\":\n  let data = json.decode(\"[1, true]\")\n  print(data[0] + data[1])\n",
        "unsupported operands for +: Int, Bool",
    ),
    (
        FaultCode::TypeError,
        "app \"a\":\n  let data = json.decode(\"[1, true]\")\n  print(data[0] < data[1])\n",
        "unsupported comparison: Int < Bool",
    ),
    (
        FaultCode::InvalidArguments,
        "requires time\n\napp \"a\":\n  time.sleep(-1)\n",
        "time.sleep expects a non-negative duration",
    ),
    (
        FaultCode::InvalidAssignmentTarget,
        "app \"a\":\n  var data = json.decode(\"1\")\n  data[0] = 1\n",
        "assignment target must be an indexable value",
    ),
    (
        FaultCode::InvalidAssignmentTarget,
        "app \"a\":\n  var data = json.decode(\"1\")\n  data.name = 1\n",
        "assignment target must be a struct field",
    ),
    (
        FaultCode::AssertionFailed,
        "app \"a\":\n  assert(1 == 2, \"sums\")\n",
        "assert failed: sums",
    ),
    (
        FaultCode::StackOverflow,
        "fn down(n: Int) -> Int: down(n + 1) + 1\n\napp \"a\":\n  print(down(0))\n",
        "call depth limit exceeded",
    ),
    (
        FaultCode::TransactionNested,
        "requires db\n\nfn inner():\n  transaction:\n    db.exec(\"select 1\")\n\n\
         app \"a\":\n  transaction:\n    inner()\n",
        "db transaction already active",
    ),
    (
        FaultCode::HtmlInvalid,
        "app \"a\":\n  print(html.render(html.node(\"no tag\", {}, [])))\n",
        "invalid tag name no tag",
    ),
    (
        FaultCode::InvalidJson,
        "app \"a\":\n  print(json.decode(\"{\"))\n",
        "invalid json: unexpected end of input at byte 1",
    ),
    (
        FaultCode::ConfigDecode,
        "app \"a\":\n  print(env_int(\"WORD\"))\n",
        "invalid Int: word (env WORD)",
    ),
    (
        FaultCode::Error,
        "app \"a\":\n  print(input())\n",
        "input requires stdin data in non-interactive mode",
    ),
    (
        FaultCode::Db,
        "requires db\n\napp \"a\":\n  db.exec(\"select ?\", [1, 2])\n",
        "db exec failed: expected 1 params, got 2; sql: select ?; params: [int, int]",
    ),
    (
        FaultCode::HttpContext,
        "app \"a\":\n  print(request.header(\"a\"))\n",
        "request.header is only available while handling an HTTP route",
    ),
    (
        FaultCode::Validation,
        "type Item:\n  n: Int(1..5)\n\nfn item(n: Int) -> Item: Item(n=n)\n\n\
         app \"a\":\n  print(item(9))\n",
        "validation failed",
    ),
];

#[test]
fn every_fault_has_its_code_and_text() {
    let mut wrong = Vec::new();
    for (code, program, message) in CASES {
        let world = World::with(&[("main.fuse", program)]);
        let words = ["run", "main.fuse", "--diagnostics", "json"];
        let run = world.finish(
            "run",
            world
                .command(&words)
                .envs([("WORD", "word"), ("FUSE_DB_URL", "sqlite::memory:")]),
        );
        let lines: Vec<Value> = run
            .stderr
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}")))
            .collect();
        let envelopes: Vec<&Value> = lines
            .iter()
            .filter(|line| line["error"].is_object())
            .collect();
        let field = json!({"path": "program", "code": code.as_str(), "message": message});
        let error = json!({
            "code": "validation_error",
            "message": "validation failed",
            "fields": [field],
        });
        let expected = json!({ "error": error });
        if envelopes != [&expected] || run.status != Some(1) {
            wrong.push(format!(
                "{code}: {envelopes:?} {:?} {}",
                run.status, run.stderr
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Codes that no run of a checked program ends with.
const OTHERS: &[FaultCode] = &[
    // Reserved.
    FaultCode::TaskExpected,
    FaultCode::TypeSpecError,
    // Of defects.
    FaultCode::Internal,
    // Of requests, tests and tasks, which have a deadline or somebody to leave them.
    FaultCode::Timeout,
    FaultCode::Cancelled,
];

#[test]
fn no_code_is_left_out() {
    let shown = |codes: &mut dyn Iterator<Item = FaultCode>| {
        codes.map(FaultCode::as_str).collect::<BTreeSet<_>>()
    };
    let cases = shown(&mut CASES.iter().map(|(code, ..)| *code));
    let others = shown(&mut OTHERS.iter().copied());
    assert!(cases.is_disjoint(&others));
    let all = shown(&mut FaultCode::ALL.iter().copied());
    assert_eq!(cases.union(&others).copied().collect::<BTreeSet<_>>(), all);
}

const MISUSE: &str = r#"
service Api at "/":
  get "/header" -> String:
    response.header("bad name", "a")
    return ""

  get "/managed" -> String:
    response.header("content-length", "1")
    return ""

  get "/status" -> String:
    response.status(99)
    return ""

  get "/cookie/name" -> String:
    response.cookie("a b", "a")
    return ""

  get "/cookie/value" -> String:
    response.cookie("a", "a\nb")
    return ""

  get "/bad" -> String!std.Error.BadRequest:
    return Err(std.Error.BadRequest(message="")) ?!

test "header":
  testing.equal(testing.request("GET", "/header").status, 500)

test "managed":
  testing.equal(testing.request("GET", "/managed").status, 500)

test "status":
  testing.equal(testing.request("GET", "/status").status, 500)

test "cookie":
  testing.equal(testing.request("GET", "/cookie/name").status, 500)
  testing.equal(testing.request("GET", "/cookie/value").status, 500)

test "bad":
  let answer = testing.request("GET", "/bad")
  testing.equal(answer.status, 400)
  assert(answer.body.contains("\"message\":\"bad request\""), answer.body)

test "serve":
  serve(0)
"#;

#[test]
fn what_a_handler_must_not_do_is_named_in_the_log() {
    let world = World::with(&[("main.fuse", &format!("requires network\n{MISUSE}"))]);
    let run = world.run("test main.fuse");
    assert_eq!(
        run.stdout,
        "ok bad\nok cookie\nok header\nok managed\nFAILED serve: serve is not available here\n\
         ok status\nFAILED (1 failed of 6 tests)\n",
        "{}",
        run.stderr
    );
    for text in [
        "invalid response header",
        "response.header cannot set content-length",
        "invalid response status",
        "invalid cookie name",
        "invalid cookie value",
    ] {
        assert!(run.stderr.contains(text), "{text}: {}", run.stderr);
    }
}

/// A commit that fails, and a row that is no record.
const DATABASE: &str = r#"requires db

type Person:
  age: Int

migration 001:
  db.exec("create table a (id integer primary key)")
  db.exec("create table b (a integer references a (id) deferrable initially deferred)")
  db.exec("create table people (age text)")

test "commit":
  transaction:
    db.exec("insert into b (a) values (7)")

test "row":
  db.exec("insert into people (age) values ('old')")
  let person = db.from("people").select(["age"]).one<Person>()
  print(person)
"#;

#[test]
fn the_database_says_what_failed() {
    let world = World::with(&[("main.fuse", DATABASE)]);
    let run = world.run("test main.fuse");
    assert_eq!(
        run.stdout,
        "FAILED commit: db commit failed: FOREIGN KEY constraint failed\n\
         FAILED row: cannot convert row.age: expected Int, found String\n\
         FAILED (2 failed of 2 tests)\n",
        "{}",
        run.stderr
    );
}

const DECODED: &str = r#"
type Reading:
  celsius: Float

app "a":
  match json.decode<Reading>("{\"celsius\":\"warm\"}"):
    Ok(reading) -> print(reading)
    Err(problem) -> print(problem.fields[0].message)
"#;

#[test]
fn a_kind_that_is_wrong_is_named_by_the_right_one() {
    let world = World::with(&[("main.fuse", DECODED)]);
    let run = world.run("run main.fuse");
    assert_eq!(run.stdout, "expected Float\n", "{}", run.stderr);
}
