//! Codes of results and refinements.

use super::codes;

codes! {
    RESULT_DOMAIN_MISSING: Error, "result without an error domain",
r#"`T!` says that a call may fail, and the names behind the mark say how. Name at
least one declared type."#,
bad r#"fn load() -> Int!:
  return 1
"#,
good r#"type Gone:
  message: String

fn load() -> Int!Gone:
  return 1
"#;

    RESULT_DOMAIN_INVALID: Error, "domain that is not a declared type",
r#"An error is a `type` or an `enum` that a module declares, so that callers can
match it. Built-in types such as `String` say nothing about what went wrong."#,
bad r#"fn load() -> Int!String:
  return 1
"#,
good r#"enum LoadError:
  Missing
  Damaged(String)

fn load() -> Int!LoadError:
  return 1
"#;

    RESULT_DOMAIN_CATCH_ALL: Error, "`Error` as a domain",
r#"`Error` would hide what can go wrong from every caller. Name the domains; a
result may have several."#,
bad r#"fn load() -> Int!Error:
  return 1
"#,
good r#"fn load() -> Int!std.Error.NotFound:
  return 1
"#;

    BANG_OPERAND: Error, "`?!` on a value that cannot fail",
r#"`?!` takes the value out of an option or a result, and leaves the function
when there is none. Its operand here is neither."#,
bad r#"type Gone:
  message: String

fn f(n: Int) -> Int!Gone:
  return n ?! Gone(message="none")
"#,
good r#"type Gone:
  message: String

fn f(n: Int?) -> Int!Gone:
  return n ?! Gone(message="none")
"#;

    BANG_ERROR_REQUIRED: Error, "`?!` on an option without an error",
r#"When an option is null there is no error to pass on, so one is given behind
the mark."#,
bad r#"type Gone:
  message: String

fn f(n: Int?) -> Int!Gone:
  let v = n ?!
  return v
"#,
good r#"type Gone:
  message: String

fn f(n: Int?) -> Int!Gone:
  let v = n ?! Gone(message="none")
  return v
"#;

    BANG_ERROR_TYPE: Error, "error value that is not of a declared type",
r#"What stands behind `?!` becomes the error of the function, so it is a value of
a declared `type` or `enum`."#,
bad r#"type Gone:
  message: String

fn f(n: Int?) -> Int!Gone:
  return n ?! "none"
"#,
good r#"type Gone:
  message: String

fn f(n: Int?) -> Int!Gone:
  return n ?! Gone(message="none")
"#;

    BANG_CONTEXT: Error, "`?!` where nothing can fail",
r#"`?!` leaves the function with an error, so the function has a result type. In
a lambda, a default or a component there is no such function; use `match` or
`??`."#,
bad r#"type Gone:
  message: String

fn f(n: Int?) -> Int:
  return n ?! Gone(message="none")
"#,
good r#"fn f(n: Int?) -> Int:
  return n ?? 0
"#;

    REFINE_CONSTRAINT: Error, "constraint missing or unknown",
r#"In parentheses behind a type stand the conditions that its values meet: a
range `1..80`, `regex("...")` or `predicate(f)`."#,
bad r#"type Person:
  name: String(short)
"#,
good r#"type Person:
  name: String(1..80)
"#;

    REFINE_BASE: Error, "constraint that the type does not support",
r#"A range limits the length of texts, bytes, lists and maps, and the value of
numbers; `regex` applies to texts; `predicate` to any named type."#,
bad r#"type Person:
  age: Int(regex("^[0-9]+$"))
"#,
good r#"type Person:
  age: String(regex("^[0-9]+$"))
"#;

    REFINE_RANGE: Error, "bounds that make no range",
r#"Bounds are literals, integers except for `Float`, and the lower one comes
first. A range that nothing can meet would refuse every value."#,
bad r#"type Code:
  text: String(9..3)
"#,
good r#"type Code:
  text: String(3..9)
"#;

    REFINE_REGEX: Error, "pattern that does not compile",
r#"Patterns are checked when the program is. They are plain strings in the syntax
of the `regex` crate, which runs in linear time and therefore has no
look-around and no back-references."#,
bad r#"type Tag:
  slug: String(regex("[a-z"))
"#,
good r#"type Tag:
  slug: String(regex("^[a-z]+$"))
"#;

    REFINE_PREDICATE: Error, "predicate of the wrong form",
r#"`predicate(f)` names a function of this module, or one imported by name, with
exactly one parameter that accepts the base type, and the result `Bool`."#,
bad r#"fn is_slug(value: String) -> Int:
  return value.len()

type Tag:
  slug: String(predicate(is_slug))
"#,
good r#"fn is_slug(value: String) -> Bool:
  return value.len() > 0

type Tag:
  slug: String(predicate(is_slug))
"#;

    REGEX_INVALID: Error, "pattern of a text method that does not compile",
r#"The pattern of `matches`, `find_all` or `replace_regex` is a literal, so it is
checked now and not when a request comes in. There is no look-around and there
are no back-references."#,
bad r#"app "t":
  print("abc".matches("[a-z"))
"#,
good r#"app "t":
  print("abc".matches("[a-z]+"))
"#;

    EFFECT_FORBIDDEN: Error, "predicate or default with effects",
r#"A predicate may run at any boundary, and a config default before anything
else, so neither uses a capability, prints, reads input, logs or serves. The
message names the effect and the way to it."#,
bad r#"fn noisy(text: String) -> Bool:
  print(text)
  return true

type Tag:
  slug: String(predicate(noisy))
"#,
good r#"fn filled(text: String) -> Bool:
  return text.len() > 0

type Tag:
  slug: String(predicate(filled))
"#;

    REFINE_LITERAL: Error, "literal that its type refuses",
r#"The value is known now, and would fail its validation every time the program
runs."#,
bad r#"type Person:
  age: Int(0..130)

app "t":
  print(Person(age=200).age)
"#,
good r#"type Person:
  age: Int(0..130)

app "t":
  print(Person(age=20).age)
"#;
}
