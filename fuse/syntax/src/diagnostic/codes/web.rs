//! Codes of queries, HTML, services and limits.

use super::codes;

codes! {
    TYPED_QUERY_CALL: Error, "typed query of the wrong form",
r#"`q.one<T>()` and `q.all<T>()` are called on a query, without arguments; other
methods of a query take no type argument."#,
bad r#"requires db

type Row:
  id: Int

fn f() -> List<Row>:
  return db.from("t").select(["id"]).all<Row>(1)
"#,
good r#"requires db

type Row:
  id: Int

fn f() -> List<Row>:
  return db.from("t").select(["id"]).all<Row>()
"#;

    TYPED_QUERY_TYPE_ARG: Error, "typed query for something else than a record",
r#"The rows become values of exactly one declared record type."#,
bad r#"requires db

fn f() -> Int:
  return db.from("t").select(["id"]).all<String>().len()
"#,
good r#"requires db

type Row:
  id: Int

fn f() -> Int:
  return db.from("t").select(["id"]).all<Row>().len()
"#;

    TYPED_QUERY_SELECT: Error, "typed query without literal columns",
r#"The columns are compared with the fields now, so they are a list of plain
strings in the chain of calls."#,
bad r#"requires db

type Row:
  id: Int

fn f() -> List<Row>:
  return db.from("t").all<Row>()
"#,
good r#"requires db

type Row:
  id: Int

fn f() -> List<Row>:
  return db.from("t").select(["id"]).all<Row>()
"#;

    TYPED_QUERY_FIELD_MISMATCH: Error, "columns that are not the fields",
r#"Each field of the record has one column, also those with defaults, and no
column is left over. A column such as `users.id` counts by its last part."#,
bad r#"requires db

type Row:
  id: Int
  name: String

fn f() -> List<Row>:
  return db.from("t").select(["id"]).all<Row>()
"#,
good r#"requires db

type Row:
  id: Int
  name: String

fn f() -> List<Row>:
  return db.from("t").select(["id", "name"]).all<Row>()
"#;

    QUERY_ARGUMENT: Error, "query with an impossible argument",
r#"The operator of a condition, and the direction of an order, are from closed
sets, and the calls of one chain may not contradict each other."#,
bad r#"requires db

fn f() -> Int:
  return db.from("t").where("id", "~", 1).count()
"#,
good r#"requires db

fn f() -> Int:
  return db.from("t").where("id", "=", 1).count()
"#;

    DB_UNSCOPED_WRITE: Warn, "update or delete of every row",
r#"Without a condition the statement changes the whole table. Call `all_rows()`
when that is meant."#,
bad r#"requires db

fn f():
  db.from("t").delete().exec()
"#,
good r#"requires db

fn f(id: Int):
  db.from("t").delete().where("id", "=", id).exec()
"#;

    SQL_INTERPOLATION: Warn, "SQL put together from values",
r#"A value in the text of a statement can change what the statement does.
Parameters are sent beside it, and cannot."#,
bad r#"requires db

fn f(name: String):
  db.exec("delete from t where name = '${name}'")
"#,
good r#"requires db

fn f(name: String):
  db.exec("delete from t where name = ?", [name])
"#;

    HTML_ATTR_COMMA: Error, "comma between attributes",
r#"Attributes of tags and components are separated by space, as in HTML."#,
bad r#"fn page() -> Html:
  return div(class="a", id="b")
"#,
good r#"fn page() -> Html:
  return div(class="a" id="b")
"#;

    HTML_ATTR_MAP: Error, "attributes as a map literal",
r#"Attributes whose names are known are written as named arguments. A map is for
those that are computed."#,
bad r#"fn page(url: String) -> Html:
  return a({"href": url})
"#,
good r#"fn page(url: String) -> Html:
  return a(href=url)
"#;

    HTML_ATTR_TYPE: Error, "attribute that is no text",
r#"An attribute is a text, a number, a boolean, or an optional of these; null
leaves it out, and `true` writes its bare name."#,
bad r#"fn page() -> Html:
  return div(class=["a", "b"])
"#,
good r#"fn page() -> Html:
  return div(class="a b")
"#;

    HTML_ATTR_NAME: Error, "invalid name of an attribute",
r#"A name starts with a letter, `_`, `:` or `@`, and goes on with letters, digits
and `_ . : @ -`. Anything else could end the tag. Underscores in the names of
arguments become hyphens."#,
bad r#"fn page() -> Html:
  return div(_kind="x")
"#,
good r#"fn page() -> Html:
  return div(data_kind="x")
"#;

    HTML_ATTR_DUPLICATE: Error, "attribute given twice",
r#"A tag has each attribute once. Names that differ only in `_` and `-` are the
same."#,
bad r#"fn page() -> Html:
  return div(class="a" class="b")
"#,
good r#"fn page() -> Html:
  return div(class="a b")
"#;

    HTML_BLOCK_TARGET: Error, "block of children without a call",
r#"Children stand below a call of a tag, a component or a function, with its
parentheses."#,
bad r#"fn page() -> Html:
  return "title":
    "text"
"#,
good r#"fn page() -> Html:
  return h1():
    "text"
"#;

    HTML_BLOCK_ARGS: Error, "call with children and too many arguments",
r#"Before a block of children stand at most one map of attributes, and named
ones; the children are the block."#,
bad r#"fn page(attrs: Map<String, String>, items: List<Html>) -> Html:
  return div(attrs, items):
    "text"
"#,
good r#"fn page(attrs: Map<String, String>, items: List<Html>) -> Html:
  return div(attrs):
    items
    "text"
"#;

    HTML_BLOCK_CHILD: Error, "statement among children",
r#"Children are values, `if` and `for`. Bind names before the call, or in a
function."#,
bad r#"fn page() -> Html:
  return div():
    let x = "b"
    x
"#,
good r#"fn page() -> Html:
  let x = "b"
  return div():
    x
"#;

    HTML_BLOCK_RETURN: Error, "block of children below something that is no markup",
r#"A block gives children to a call whose result is `Html`."#,
bad r#"fn count(attrs: Map<String, String>, children: List<Html>) -> Int:
  return children.len()

app "t":
  let n = count():
    "text"
  print(n)
"#,
good r#"fn card(attrs: Map<String, String>, children: List<Html>) -> Html:
  return div(attrs, children)

app "t":
  let view = card():
    "text"
  print(html.render(view))
"#;

    HTML_CHILD_TYPE: Error, "child that is no markup",
r#"Children are markup, texts and numbers, lists and optionals of them.
Interpolate anything else into a text."#,
bad r#"fn f(flag: Bool) -> Html:
  return p():
    flag
"#,
good r#"fn f(flag: Bool) -> Html:
  return p():
    "${flag}"
"#;

    HTML_VOID_CHILDREN: Error, "children of a tag that has none",
r#"Tags such as `br`, `img` and `input` are empty in HTML, and a browser would
put the children behind them."#,
bad r#"fn f() -> Html:
  return br():
    "x"
"#,
good r#"fn f() -> Html:
  return p():
    "x"
"#;

    HTML_ARIA: Error, "unknown or wrong ARIA attribute",
r#"Assistive technology ignores attributes it does not know, so a mistake makes a
page unusable without anybody noticing. The hint suggests the name or the
value that is meant."#,
bad r#"fn page() -> Html:
  return div(aria_hidden="yes"):
    "x"
"#,
good r#"fn page() -> Html:
  return div(aria_hidden="true"):
    "x"
"#;

    COMPONENT_RETURN: Error, "component that gives no markup",
r#"The body of a component ends in an `Html` value."#,
bad r#"component Bad:
  "text"
"#,
good r#"component Good:
  p():
    "text"
"#;

    ROUTE_PATH: Error, "path that cannot be a route",
r#"Paths start with `/`, and their text is what the router can match: no empty
segments, no `.` and `..`, no query, no spaces, and percent signs only before
two hexadecimal digits."#,
bad r#"service S at "/":
  get "notes" -> String:
    return "x"
"#,
good r#"service S at "/":
  get "/notes" -> String:
    return "x"
"#;

    ROUTE_PARAM: Error, "malformed parameter of a path",
r#"A parameter is a whole segment, `{name: Type}`; the last one may take the rest
of the path, `{*name: String}`."#,
bad r#"service S at "/":
  get "/users/:id" -> String:
    return "x"
"#,
good r#"service S at "/":
  get "/users/{id: Id}" -> String:
    return id
"#;

    ROUTE_PARAM_TYPE: Error, "type that a path cannot carry",
r#"A segment is a text that is read as `Int`, `Float`, `Bool`, `String`, `Id`,
`Email`, `Bytes`, an enum without payload, or a refinement or optional of
these."#,
bad r#"service S at "/":
  get "/users/{ids: List<Int>}" -> Int:
    return ids.len()
"#,
good r#"service S at "/":
  get "/users/{id: Int}" -> Int:
    return id
"#;

    ROUTE_DUPLICATE: Error, "two routes for the same requests",
r#"The method and the shape of the path decide which route answers; the names of
parameters do not. The first route is shown beside it."#,
bad r#"service S at "/":
  get "/u/{id: Int}" -> Int:
    return id

  get "/u/{key: Int}" -> Int:
    return key
"#,
good r#"service S at "/":
  get "/u/{id: Int}" -> Int:
    return id

  get "/k/{key: Int}" -> Int:
    return key
"#;

    ROUTE_TYPE: Error, "type that cannot be sent or received",
r#"Bodies and results are encoded as JSON, or are markup. Functions, tasks and
queries have no such form."#,
bad r#"service S at "/":
  get "/f" -> fn() -> Int:
    return fn() => 1
"#,
good r#"service S at "/":
  get "/f" -> Int:
    return 1
"#;

    ROUTE_BODY_VERB: Warn, "body of a `get` or `delete` route",
r#"Many clients and proxies drop the body of such a request. Use parameters, or
another method."#,
bad r#"type Filter:
  name: String

service S at "/":
  get "/notes" body Filter -> String:
    return body.name
"#,
good r#"service S at "/":
  get "/notes/{name: String}" -> String:
    return name
"#;

    ROUTE_BLOCKING: Allow, "route that runs on the blocking pool",
r#"A handler that can wait for the database, the network or a task does not run
on the thread that serves connections, but on a bounded pool. That is right;
the message says why, for those who want a handler to be inline."#,
bad r#"requires db

service S at "/":
  get "/count" -> Int:
    return db.from("t").count()
"#,
good r#"service S at "/":
  get "/count" -> Int:
    return 1
"#;

    NO_HEALTH_ROUTE: Warn, "program that serves without `/healthz`",
r#"Whoever runs the service asks it whether it lives. One route answers that."#,
bad r#"requires network

service S at "/":
  get "/notes" -> String:
    return "x"

app "t":
  serve(8080)
"#,
good r#"requires network

service S at "/":
  get "/healthz" -> String:
    return "ok"

app "t":
  serve(8080)
"#;

    TOO_MANY_ERRORS: Error, "more errors than are shown",
r#"Only the first errors are shown, 100 unless `--max-errors` says otherwise; the
message counts the rest. Zero shows all."#,
bad r#"# A file with a hundred and one errors:
# fuse check
"#,
good r#"# fuse check --max-errors 0
"#;

    INTERNAL: Error, "compiler defect",
r#"The compiler found itself in a state that should not exist. It is never the
program's fault; please report it, with the program if you can."#,
bad r#"# fuse check
"#,
good r#"# fuse check, with the next version
"#;
}
