//! What programs look like when they are lowered.

use crate::program::body;

macro_rules! golden {
    ($($name:ident => $source:expr;)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), body($source));
        }
    )*};
}

golden! {
    defaults_are_functions_of_what_comes_before =>
        "fn say(n: Int) -> Int:\n  return n\n\nfn f(a: Int, b: Int = a * 2, c: Int = b + a) -> Int:\n  return a + b + c\n\napp \"t\":\n  print(f(say(1)))\n  print(f(c=say(3), a=say(1)))\n";
    records_are_validated_where_they_are_made =>
        "type U:\n  name: String(1..8)\n  mail: Email?\n  age: Int(0..130) = 1\n\nfn plain(n: String) -> U:\n  return U(name=n, mail=\"a@b.co\")\n\nfn careful(n: String) -> U!std.Error.Validation:\n  return U(name=n)\n\nfn rename(u: U, n: String) -> U:\n  var v = u\n  v.name = n\n  return v\n";
    optional_chains =>
        "type P:\n  names: List<String>\n\ntype U:\n  p: P?\n\nfn f(u: U?, i: Int) -> Int?:\n  return u?.p?.names?[i]?.len()\n\nfn g(m: Map<String, Int>) -> Int:\n  return m[\"a\"] ?? 5\n";
    errors_leave_early =>
        "type Gone:\n  message: String\n\ntype Denied:\n  message: String\n\nfn one(n: Int?) -> Int!Gone:\n  let v = n ?! Gone(message=\"none\")\n  return v\n\nfn two(n: Int?) -> Int!Denied!Gone:\n  let v = one(n) ?!\n  let w = one(v) ?! Denied(message=\"no\")\n  return v + w\n\nfn show(r: Int!Denied!Gone) -> String:\n  match r:\n    Ok(v) -> \"${v}\"\n    Err(Gone(message=m)) -> m\n    Err(Denied()) -> \"denied\"\n";
    tasks_do_not_outlive_their_block =>
        "type Gone:\n  message: String\n\nfn work(n: Int) -> Int!Gone:\n  return n\n\nfn f(n: Int) -> Int!Gone:\n  let t = spawn:\n    work(n) ?!\n  if n > 3:\n    return 0\n  let v = work(n) ?!\n  return v + await t\n\nfn g(n: Int) -> Int:\n  for i in 0..<n:\n    let t = spawn:\n      i * 2\n    if i == 3:\n      break\n    print(await t)\n  return n\n";
    places_are_changed_in_order =>
        "type Node:\n  tags: List<String>\n  next: Map<String, Int>\n\nfn key() -> String:\n  return \"k\"\n\nfn f() -> Node:\n  var n = Node(tags=[\"a\"], next={})\n  n.tags[0] = \"b\"\n  n.next[key()] = 1\n  n.next[key()] += 2\n  n.tags.push(\"c\")\n  let cell = box 1\n  cell = cell + 1\n  return n\n";
    loops_do_not_make_their_ranges =>
        "type P:\n  x: Int\n  y: Int\n\nfn f(m: Map<String, Int>, xs: List<P>) -> Int:\n  var n = 0\n  for i in 0..<9:\n    n = n + i\n  for k, v in m:\n    n = n + v + k.len()\n  for i, P(x=a) in xs:\n    if a == 3:\n      continue\n    n = n + i * a\n  for v in m:\n    n = n + v\n  while n > 5:\n    n = n - 1\n  return n\n";
    children_are_built_step_by_step =>
        "component Card(title: String):\n  return section(attrs):\n    h1(): title\n    children\n\nfn page(items: List<String>, note: String?, on: Bool) -> Html:\n  return div(id=\"p\" hidden=on):\n    Card(title=\"t\" class=\"c\"):\n      \"text\"\n    if on:\n      for i, item in items:\n        li(): \"${i} ${item}\"\n    else:\n      br()\n    note\n    items\n";
    dynamic_data_is_converted_where_it_is_used =>
        "type R:\n  n: Int\n\nfn f(doc: Value) -> Int:\n  let r: R = doc[\"r\"]\n  let n: Int = doc.first.second\n  if doc[\"a\"] < doc[\"b\"]:\n    return n\n  return r.n + doc[\"x\"]\n";
    copies_of_generic_functions =>
        "interface Named:\n  fn name() -> String\n  fn make(text: String) -> Self\n\ntype A:\n  text: String\n\nimpl Named for A:\n  fn name() -> String:\n    return self.text\n  fn make(text: String) -> Self:\n    return A(text=text)\n\nfn twice<T>(v: T) -> List<T>:\n  return pair(v, v)\n\nfn pair<T>(a: T, b: T) -> List<T>:\n  return [a, b]\n\nfn label<T>(v: T) -> String where T: Named:\n  return v.name() + T.make(\"x\").name()\n\napp \"t\":\n  print(twice(1))\n  print(twice(\"a\"))\n  print(label(A(text=\"b\")))\n";
    function_values =>
        "enum Shape:\n  Dot\n  Line(Int, Int)\n\nfn inc(n: Int) -> Int:\n  return n + 1\n\nfn apply(f: fn(Int) -> Int, n: Int) -> Int:\n  return f(n)\n\napp \"t\":\n  let by = 3\n  print(apply(inc, 1))\n  print(apply(fn(n) => n * by, 1))\n  let make = Shape.Line\n  print(make(1, 2))\n  print([1, 2].map(fn(n) => [n].map(fn(m) => m + n + by)))\n";
    configs_services_and_entries =>
        "requires db\n\n## Settings.\nconfig App:\n  ## The port.\n  port: Int(1..65535) = base() + 1\n  dbUrl: String = \"x${Other.name}\"\n\nconfig Other:\n  name: String = \"n\"\n\nfn base() -> Int:\n  return 3000\n\ntype Item:\n  id: Int\n\n## Items.\nservice Api at \"/api\":\n  ## Reads one.\n  get \"/items/{id: Int}\" -> Item!std.Error.NotFound:\n    return null ?! std.Error.NotFound(message=\"no item ${id}\")\n\n  put \"/items/{id: Int(1..9)}/{*rest: String}\" body Item -> Bool:\n    return body.id == id and rest == \"x\"\n\nmigration m1:\n  db.exec(\"create table t (id integer)\")\n\ntest \"adds\":\n  assert(1 + 1 == 2)\n\nfn main(name: String, count: Int = name.len()) -> Int:\n  return count\n";
    validation_is_an_error_of_the_body =>
        "type std.Error:\n  code: String\n  message: String\n  status: Int = 500\n  trace: String\n\ntype U:\n  name: String(1..3)\n\nfn f(n: String) -> U!std.Error:\n  return U(name=n)\n";
    transactions_commit_or_roll_back =>
        "requires db\n\ntype Stop:\n  why: String\n\nfn add(n: Int) -> Int!Stop:\n  transaction:\n    db.exec(\"insert into led (n) values (?)\", [n])\n    if n < 0:\n      null ?! Stop(why=\"negative\")\n  return db.from(\"led\").count()\n";
    logging_and_rows =>
        "app \"t\":\n  log(\"plain\")\n  log(\"warn\", \"careful\")\n  log(\"info\", \"saved\", {\"id\": 7}, 1)\n  print(\"abc\".slice(1))\n  print([1, 2, 3].slice(0, 2))\n  print(env_int(\"N\") ?? -1)\n";
}
