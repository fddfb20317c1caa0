//! Where the routes of programs run.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

use std::path::Path;

use fuse_check::analyze::{AnalyzeOptions, analyze};
use fuse_check::load::{MemorySource, load};
use fuse_check::lower::lower;
use fuse_check::package::PackageGraph;
use fuse_interp::Interpreter;
use fuse_runtime::meta::RouteClass;

const PROGRAM: &str = r#"requires network
requires db
requires time

fn long(n: Int) -> Bool:
  var i = 0
  while i < n:
    i = i + 1
  return true

type Checked:
  n: Int(predicate(long))

fn later():
  time.sleep(1)

service Api at "/":
  get "/inline/sum" -> Int:
    var sum = 0
    for n in [1, 2, 3]:
      sum = sum + n
    return sum

  get "/inline/{name: String}" -> Map<String, String>:
    return {"hello": name, "agent": request.header("user-agent") ?? ""}

  get "/blocking/db" -> Int:
    return db.from("notes").count()

  get "/blocking/sleep" -> Unit:
    later()

  get "/blocking/http" -> Bool:
    return http.get("http://localhost").is_ok()

  get "/blocking/loop/{n: Int}" -> Bool:
    return long(n)

  get "/blocking/task" -> Int:
    let task = spawn:
      1
    return await task

  post "/blocking/predicate" body Checked -> Int:
    return body.n

app "routes":
  serve(0)
"#;

#[test]
fn what_a_route_can_reach_says_where_it_runs() {
    let root = Path::new("/app");
    let entry = root.join("main.fuse");
    let source = MemorySource::new().file(entry.clone(), PROGRAM);
    let graph = load(&entry, &PackageGraph::anonymous(root, root), &source);
    let analysis = analyze(&graph, &AnalyzeOptions::default());
    let found: Vec<_> = analysis
        .diagnostics()
        .iter()
        .map(|one| format!("{} {}", one.code, one.message))
        .collect();
    assert!(!analysis.has_errors(), "{found:#?}");
    let program = lower(&graph, &analysis).unwrap();
    let meta = Interpreter::new(program, None).meta();
    let mut routes = 0;
    for route in meta.services.iter().flat_map(|service| service.routes) {
        let expected = match route.pattern.starts_with("/inline") {
            true => RouteClass::Inline,
            false => RouteClass::Blocking,
        };
        assert_eq!(route.class, expected, "{}", route.pattern);
        routes += 1;
    }
    assert_eq!(routes, 8);
}
