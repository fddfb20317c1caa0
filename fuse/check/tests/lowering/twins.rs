//! Programs that are written differently and mean the same have the same
//! canonical form.

use crate::program::text;

fn same(one: &str, two: &str) {
    let (one_text, two_text) = (text(one), text(two));
    assert_eq!(one_text, two_text, "{one}\n---\n{two}");
}

#[test]
fn derived_types_are_their_fields() {
    let base = "type User:\n  id: Int\n  name: String = \"n\"\n  secret: String\n\n";
    same(
        &format!("{base}type Public = User without secret\n"),
        &format!("{base}type Public:\n  id: Int\n  name: String = \"n\"\n"),
    );
}

#[test]
fn arguments_are_in_the_order_of_the_parameters() {
    let f = "fn f(a: Int, b: Int = 2, c: Int = 3) -> Int:\n  return a + b + c\n\napp \"t\":\n";
    same(
        &format!("{f}  print(f(1, 5, 6))\n"),
        &format!("{f}  print(f(c=6, a=1, b=5))\n"),
    );
    same(
        &format!("{f}  print(f(1, c=6))\n"),
        &format!("{f}  print(f(c=6, a=1))\n"),
    );
}

#[test]
fn markup_is_elements() {
    same(
        "fn f(x: String) -> Html:\n  return div(class=\"a\" data_id=x): \"t\"\n",
        "fn f(x: String) -> Html:\n  return div(class=\"a\" data_id=x):\n    \"t\"\n",
    );
    same(
        "fn f(m: Map<String, String>) -> Html:\n  return div(m):\n    br()\n",
        "fn f(m: Map<String, String>) -> Html:\n  return div(m, [br()])\n",
    );
    let card = "component Card(n: Int):\n  return p(attrs, children)\n\n";
    same(
        &format!("{card}fn f() -> Html:\n  return Card(n=1 class=\"x\"): \"a\"\n"),
        &format!("{card}fn f() -> Html:\n  return Card(1 class=\"x\"):\n    \"a\"\n"),
    );
}

#[test]
fn wrapping_and_widening_are_written_out() {
    same(
        "fn f() -> Int?:\n  return 1\n",
        "fn f() -> Option<Int>:\n  return Some(1)\n",
    );
    let gone = "type Gone:\n  message: String\n\n";
    same(
        &format!("{gone}fn f() -> Int!Gone:\n  return 1\n"),
        &format!("{gone}fn f() -> Result<Int, Gone>:\n  return Ok(1)\n"),
    );
    same(
        "fn f() -> Float:\n  return 1\n",
        "fn f() -> Float:\n  return 1.0\n",
    );
    same(
        "fn f() -> Int?:\n  return null\n",
        "fn f() -> Int?:\n  return None\n",
    );
}

#[test]
fn raising_is_returning_an_error() {
    let gone = "type Gone:\n  message: String\n\n";
    same(
        &format!("{gone}fn f() -> Int!Gone:\n  null ?! Gone(message=\"m\")\n"),
        &format!("{gone}fn f() -> Int!Gone:\n  return Err(Gone(message=\"m\"))\n"),
    );
}

#[test]
fn short_circuits_are_branches() {
    same(
        "fn f(a: Bool, b: Bool) -> Bool:\n  return a and b\n",
        "fn f(a: Bool, b: Bool) -> Bool:\n  return if a:\n    b\n  else:\n    false\n",
    );
    same(
        "fn f(a: Bool, b: Bool) -> Bool:\n  return a or b\n",
        "fn f(a: Bool, b: Bool) -> Bool:\n  return if a:\n    true\n  else:\n    b\n",
    );
}

#[test]
fn assignments_that_combine_are_assignments() {
    same(
        "fn f() -> Int:\n  var n = 1\n  n += 2\n  return n\n",
        "fn f() -> Int:\n  var n = 1\n  n = n + 2\n  return n\n",
    );
    same(
        "fn f(a: Int?) -> Int?:\n  var n = a\n  n ??= 2\n  return n\n",
        "fn f(a: Int?) -> Int?:\n  var n = a\n  n = n ?? 2\n  return n\n",
    );
}

#[test]
fn text_is_joined_one_way() {
    same(
        "fn f(n: Int) -> String:\n  return \"n=${n}!\"\n",
        "fn f(n: Int) -> String:\n  return \"n=\" + n + \"!\"\n",
    );
}

#[test]
fn a_tail_is_a_return() {
    same("fn f() -> Int:\n  1\n", "fn f() -> Int:\n  return 1\n");
    same(
        "fn f(a: Bool) -> Int:\n  if a:\n    1\n  else:\n    2\n",
        "fn f(a: Bool) -> Int:\n  if a:\n    return 1\n  else:\n    return 2\n",
    );
    same(
        "fn f(a: Int) -> Int:\n  match a:\n    0 -> 1\n    _ -> 2\n",
        "fn f(a: Int) -> Int:\n  match a:\n    0:\n      return 1\n    _:\n      return 2\n",
    );
}

#[test]
fn lambdas_know_their_types() {
    same(
        "fn f(xs: List<Int>, by: Int) -> List<Int>:\n  return xs.map(fn(n) => n + by)\n",
        "fn f(xs: List<Int>, by: Int) -> List<Int>:\n  return xs.map(fn(n: Int) -> Int => n + by)\n",
    );
}

#[test]
fn type_arguments_are_known() {
    let f = "fn same<T>(v: T) -> T:\n  return v\n\napp \"t\":\n";
    same(
        &format!("{f}  print(same(9))\n"),
        &format!("{f}  print(same<Int>(9))\n"),
    );
}

#[test]
fn methods_are_functions() {
    let tag = "type Tag:\n  text: String\n\n";
    let show = "\napp \"t\":\n  print(Tag(text=\"a\").label())\n";
    same(
        &format!(
            "interface L:\n  fn label() -> String\n\n{tag}impl L for Tag:\n  fn label() -> String:\n    return self.text\n{show}"
        ),
        &format!(
            "interface L:\n  fn label(self) -> String\n\n{tag}impl L for Tag:\n  fn label(self) -> String:\n    return self.text\n{show}"
        ),
    );
}

#[test]
fn chains_end_where_something_is_null() {
    let types = "type P:\n  name: String\n\ntype U:\n  p: P?\n\n";
    same(
        &format!("{types}fn f(u: U?) -> String?:\n  return u?.p?.name\n"),
        &format!("{types}fn f(u: U?) -> String?:\n  return u\n    ?.p\n    ?.name\n"),
    );
}

#[test]
fn layout_comments_and_parentheses_say_nothing() {
    same(
        "fn f(a: Int) -> Int: a * (2 + 3)\n",
        "# why\nfn f( a : Int, ) -> Int:\n      return ((a) * ((2 + 3)))   # there\n",
    );
}
