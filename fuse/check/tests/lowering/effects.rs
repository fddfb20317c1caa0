//! What functions can do, and where handlers run.

use fuse_builtins::{Effect, EffectSet};
use fuse_check::canon::{FunctionId, Program};
use fuse_check::effects::{Schedule, effects, report};

use crate::program::program;

fn of(program: &Program, symbol: &str) -> EffectSet {
    let index = program
        .functions
        .iter()
        .position(|function| function.symbol == symbol);
    let index = index.unwrap_or_else(|| panic!("no {symbol}"));
    effects(program).of(FunctionId::from_index(index))
}

#[test]
fn effects_of_calls_are_effects_of_the_caller() {
    let program = program(
        "fn pure(a: Float) -> Float:\n  return a * 2.0\n\nfn adds(a: Int) -> Int:\n  return a + 1\n\nfn says(a: Int):\n  print(adds(a))\n\nfn waits(a: Int) -> Int:\n  let t = spawn:\n    a * 2\n  return await t\n\nfn loops(a: Int):\n  while a > 3:\n    log(\"x\")\n\nfn down(a: Int) -> Int:\n  if a == 0:\n    return 0\n  return down(a - 1)\n",
    );
    assert_eq!(of(&program, "main::pure").to_string(), "Pure");
    assert_eq!(of(&program, "main::adds").to_string(), "Trap");
    assert_eq!(of(&program, "main::says").to_string(), "Trap, Stdout");
    assert_eq!(
        of(&program, "main::waits").to_string(),
        "Alloc, Trap, Spawn, Await"
    );
    assert_eq!(of(&program, "main::loops").to_string(), "Log, Unbounded");
    assert_eq!(of(&program, "main::down").to_string(), "Trap, Unbounded");
}

#[test]
fn function_values_reach_what_they_may_be() {
    let program = program(
        "fn noisy(n: Int) -> Int:\n  print(n)\n  return n\n\nfn apply(f: fn(Int) -> Int, n: Int) -> Int:\n  return f(n)\n\nfn other(f: fn(String) -> Int) -> Int:\n  return f(\"a\")\n\nfn known(xs: List<Int>) -> List<Int>:\n  return xs.map(fn(n) => n)\n\napp \"t\":\n  print(apply(noisy, 1))\n  print(other(fn(s) => s.len()))\n",
    );
    assert!(of(&program, "main::apply").has(Effect::Stdout));
    assert!(
        !of(&program, "main::other").has(Effect::Stdout),
        "of another type"
    );
    assert_eq!(of(&program, "main::known").to_string(), "Alloc");
}

#[test]
fn ranges_are_bounded_by_constants_and_by_data() {
    let program = program(
        "fn small() -> Int:\n  var n = 0\n  for i in 0..<1000:\n    n = n + i\n  return n\n\nfn large() -> Int:\n  var n = 0\n  for i in 0..<2000000:\n    n = n + i\n  return n\n\nfn given(m: Int) -> Int:\n  var n = 0\n  for i in 0..<m:\n    n = n + i\n  return n\n\nfn sized(xs: List<Int>) -> Int:\n  var n = 0\n  for i in 0..<xs.len():\n    n = n + xs[i]\n  for x in xs:\n    n = n + x\n  return n\n",
    );
    for (symbol, unbounded) in [
        ("main::small", false),
        ("main::large", true),
        ("main::given", true),
        ("main::sized", false),
    ] {
        assert_eq!(
            of(&program, symbol).has(Effect::Unbounded),
            unbounded,
            "{symbol}"
        );
    }
}

#[test]
fn handlers_run_where_they_cannot_hold_others_up() {
    let program = program(
        "requires db\n\nfn slow(text: String) -> Bool:\n  while text == \"\":\n    return false\n  return true\n\ntype Slow:\n  text: String(predicate(slow))\n\ntype Item:\n  id: Int\n\nfn load() -> Int:\n  return db.from(\"t\").count()\n\nservice S at \"/\":\n  get \"/fast\" -> Int:\n    return 1\n\n  post \"/item\" body Item -> Int:\n    return body.id\n\n  get \"/load\" -> Int:\n    return load()\n\n  post \"/slow\" body Slow -> Bool:\n    return body.text == \"x\"\n",
    );
    let table = effects(&program);
    let routes = &program.services[0].routes;
    let schedules: Vec<_> = routes
        .iter()
        .map(|route| table.schedule(&program, route))
        .collect();
    assert_eq!(
        schedules,
        [
            Schedule::Inline,
            Schedule::Inline,
            Schedule::Blocking,
            Schedule::Blocking
        ]
    );
    let reason = |index: usize| {
        table
            .why_blocking(&program, &routes[index])
            .map(|reason| reason.to_string())
    };
    assert_eq!(reason(0), None);
    assert_eq!(reason(2).as_deref(), Some("`Query.count` in `load`"));
    assert_eq!(reason(3).as_deref(), Some("`while` in `slow`"));
    insta::assert_snapshot!("effects_report", report(&program, &table));
}

#[test]
fn cells_from_outside_are_an_effect() {
    let program = program(
        "app \"t\":\n  let hits = box 0\n  for i in 1..3:\n    hits = hits + i\n  let show = fn(n: Int) => hits + n\n  print(show(1))\n",
    );
    assert!(of(&program, "main::(app \"t\").lambda0").has(Effect::Cell));
}
