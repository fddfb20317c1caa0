//! Codes of control flow and patterns.

use super::codes;

codes! {
    MISSING_RETURN: Error, "end of a body without a value",
r#"A body whose result is not `Unit` gives a value on every way through it: by
`return`, or as its last statement. An `if` without `else` gives none when its
condition does not hold."#,
bad r#"fn sign(n: Int) -> String:
  if n > 0:
    return "positive"
"#,
good r#"fn sign(n: Int) -> String:
  if n > 0:
    return "positive"
  return "not positive"
"#;

    UNREACHABLE: Warn, "code that never runs",
r#"What follows a `return`, a `break` or a loop without end in its block can
never run. It is left from an earlier version, or the statement before it
stands in the wrong place."#,
bad r#"fn one() -> Int:
  return 1
  print("never")
"#,
good r#"fn one() -> Int:
  print("before")
  return 1
"#;

    LOOP_CONTROL: Error, "`break` or `continue` outside of a loop",
r#"Both act on the innermost loop of the same body. A loop around a lambda or a
`spawn` block is not one of theirs."#,
bad r#"fn f(n: Int):
  if n > 0:
    break
"#,
good r#"fn f(n: Int):
  for i in 0..<n:
    if i > 3:
      break
    print(i)
"#;

    MATCH_NOT_EXHAUSTIVE: Error, "match that leaves values out",
r#"A `match` has an arm for every value its subject can have, so that a new
variant shows every place that must learn of it. The message lists what is not
covered; `_` covers the rest. Numbers and texts always need it."#,
bad r#"enum Light:
  Red
  Green

fn go(light: Light) -> Bool:
  match light:
    Red -> false
"#,
good r#"enum Light:
  Red
  Green

fn go(light: Light) -> Bool:
  match light:
    Red -> false
    Green -> true
"#;

    MATCH_UNREACHABLE: Warn, "arm that is never reached",
r#"The arms above it match everything that this one could match. Put the special
case first, or remove it."#,
bad r#"fn f(flag: Bool) -> Int:
  match flag:
    true -> 1
    false -> 0
    _ -> 2
"#,
good r#"fn f(flag: Bool) -> Int:
  match flag:
    true -> 1
    false -> 0
"#;

    MATCH_ARM_RETURN: Warn, "arm that leaves the function before its end",
r#"In a body with a result, `pattern -> value` returns the value. When the
`match` is not the last statement, what follows it does not run for that arm,
which is easy to miss. Write a block with `return`, or use the `match` as a
value."#,
bad r#"fn f(flag: Bool) -> Int:
  match flag:
    true -> 1
    false -> 0
  return 2
"#,
good r#"fn f(flag: Bool) -> Int:
  match flag:
    true -> 1
    false -> 0
"#;

    PATTERN_TYPE: Error, "pattern that cannot match its subject",
r#"A pattern has the shape of what is matched: a text does not match a number, a
record not an enum, and `null` only an optional."#,
bad r#"fn f(n: Int) -> Int:
  match n:
    "one" -> 1
    _ -> 0
"#,
good r#"fn f(n: Int) -> Int:
  match n:
    1 -> 1
    _ -> 0
"#;

    PATTERN_ARITY: Error, "wrong number of sub-patterns",
r#"A variant is matched with as many sub-patterns as it has values. `_` skips
one; named sub-patterns may leave some out."#,
bad r#"enum Shape:
  Dot
  Line(Int, Int)

fn length(shape: Shape) -> Int:
  match shape:
    Dot -> 0
    Line(a) -> a
"#,
good r#"enum Shape:
  Dot
  Line(Int, Int)

fn length(shape: Shape) -> Int:
  match shape:
    Dot -> 0
    Line(a, _) -> a
"#;

    PATTERN_REFUTABLE: Error, "loop pattern that may not match",
r#"The pattern of a `for` must match every element. Filter the list first, or
match inside of the loop."#,
bad r#"fn f(xs: List<Int?>):
  for Some(x) in xs:
    print(x)
"#,
good r#"fn f(xs: List<Int?>):
  for x in xs:
    match x:
      Some(n) -> print(n)
      None -> print("none")
"#;

    PATTERN_AMBIGUOUS: Error, "variant that two types have",
r#"The error of a result with several domains may be of several enums, and more
than one of them has a variant of this name. Say which enum is meant."#,
bad r#"enum ReadError:
  Failed

enum WriteError:
  Failed

fn copy() -> Int!ReadError!WriteError:
  return 1

fn show() -> String:
  match copy():
    Ok(n) -> "copied ${n}"
    Err(Failed) -> "failed"
"#,
good r#"enum ReadError:
  Failed

enum WriteError:
  Failed

fn copy() -> Int!ReadError!WriteError:
  return 1

fn show() -> String:
  match copy():
    Ok(n) -> "copied ${n}"
    Err(ReadError.Failed) -> "cannot read"
    Err(WriteError.Failed) -> "cannot write"
"#;

    PATTERN_DUPLICATE_BINDING: Error, "name bound twice in one pattern",
r#"One name can hold one of the values. To compare two values, bind both and use
`==`."#,
bad r#"enum Pair:
  Both(Int, Int)

fn f(pair: Pair) -> Int:
  match pair:
    Both(n, n) -> n
"#,
good r#"enum Pair:
  Both(Int, Int)

fn f(pair: Pair) -> Int:
  match pair:
    Both(a, b) -> a + b
"#;

    PATTERN_VARIANT_LIKE: Warn, "binding that looks like a variant",
r#"A capitalized name that is no variant of the subject binds a new name and
matches everything. It is most often a variant spelled wrongly."#,
bad r#"enum Light:
  Red
  Green

fn go(light: Light) -> Bool:
  match light:
    Green -> true
    Rde -> false
"#,
good r#"enum Light:
  Red
  Green

fn go(light: Light) -> Bool:
  match light:
    Green -> true
    Red -> false
"#;

    UNUSED_RESULT: Warn, "result dropped without a look at its error",
r#"A call that can fail gives a result, and a statement that drops it drops the
error with it. Match it, pass it on with `?!`, or bind it to `_`."#,
bad r#"type Gone:
  message: String

fn step(n: Int) -> Int!Gone:
  if n < 0:
    null ?! Gone(message="negative")
  return n

app "t":
  step(1)
  print("done")
"#,
good r#"type Gone:
  message: String

fn step(n: Int) -> Int!Gone:
  if n < 0:
    null ?! Gone(message="negative")
  return n

app "t":
  match step(1):
    Ok(n) -> print(n)
    Err(e) -> print(e)
"#;
}
