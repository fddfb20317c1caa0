//! Codes of names and types.

use super::codes;

codes! {
    NAME_UNKNOWN: Error, "name that nothing defines",
r#"No binding, declaration or import of this name is in scope. When one is
spelled alike, the hint suggests it; names of other modules are imported
first."#,
bad r#"app "t":
  let total = 1
  print(totl)
"#,
good r#"app "t":
  let total = 1
  print(total)
"#;

    NAME_NOT_VALUE: Error, "name that is no value",
r#"Types, modules, configs, services and namespaces have names, but are no values
that could be passed or printed. Call a type to make a value; reach into a
module or config with a dot."#,
bad r#"type Point:
  x: Int

app "t":
  print(Point)
"#,
good r#"type Point:
  x: Int

app "t":
  print(Point(x=1))
"#;

    TYPE_UNKNOWN: Error, "type that nothing defines",
r#"The type is neither built in nor declared in this module, nor imported. The
hint suggests one that is spelled alike."#,
bad r#"fn f(n: Integer) -> Int:
  return 1
"#,
good r#"fn f(n: Int) -> Int:
  return n
"#;

    MODULE_UNKNOWN: Error, "alias that no import binds",
r#"The name before the dot is meant as a module, and no import binds it."#,
bad r#"fn f(x: Shop.Order) -> Int:
  return 1
"#,
good r#"@file shop.fuse
type Order:
  id: Int
@file main.fuse
import Shop from "./shop"

fn f(x: Shop.Order) -> Int:
  return x.id
"#;

    MODULE_MEMBER_UNKNOWN: Error, "name that a module does not declare",
r#"The module is imported, and has no top-level declaration of this name."#,
bad r#"@file shop.fuse
fn total() -> Int:
  return 1
@file main.fuse
import Shop from "./shop"

app "t":
  print(Shop.sum())
"#,
good r#"@file shop.fuse
fn total() -> Int:
  return 1
@file main.fuse
import Shop from "./shop"

app "t":
  print(Shop.total())
"#;

    BINDING_DUPLICATE: Error, "second binding of a name in one block",
r#"A block binds each name once; to change a value, make it a `var` and assign. A
block inside of it may bind the name again."#,
bad r#"app "t":
  let n = 1
  let n = 2
  print(n)
"#,
good r#"app "t":
  var n = 1
  n = 2
  print(n)
"#;

    SHADOW_BUILTIN: Warn, "declaration that hides something built in",
r#"In this module the name now means the declaration, and the built-in function,
type or HTML tag cannot be reached."#,
bad r#"fn print(text: String) -> String:
  return text

app "t":
  log(print("x"))
"#,
good r#"fn shout(text: String) -> String:
  return text.upper()

app "t":
  print(shout("x"))
"#;

    MEMBER_UNKNOWN: Error, "member that a type does not have",
r#"The type has no field, no method of an interface and no built-in member of
this name. The hint suggests one that is spelled alike."#,
bad r#"app "t":
  print("abc".length())
"#,
good r#"app "t":
  print("abc".len())
"#;

    VARIANT_UNKNOWN: Error, "variant that an enum does not have",
r#"The enum is known, the variant is not. The hint suggests one that is spelled
alike."#,
bad r#"enum Light:
  Red
  Green

app "t":
  print(Light.Gren)
"#,
good r#"enum Light:
  Red
  Green

app "t":
  print(Light.Green)
"#;

    FIELD_UNKNOWN: Error, "field that a record does not have",
r#"A record is made and matched with the fields that its type declares."#,
bad r#"type Point:
  x: Int

app "t":
  print(Point(x=1, y=2))
"#,
good r#"type Point:
  x: Int
  y: Int

app "t":
  print(Point(x=1, y=2))
"#;

    FIELD_DUPLICATE: Error, "field given or declared twice",
r#"Each field has one value, one declaration and one sub-pattern."#,
bad r#"type Point:
  x: Int

app "t":
  print(Point(x=1, x=2))
"#,
good r#"type Point:
  x: Int

app "t":
  print(Point(x=2))
"#;

    FIELD_MISSING: Error, "record made without all of its fields",
r#"Every field without a default that is not optional is given. The message lists
all that are missing."#,
bad r#"type Point:
  x: Int
  y: Int

app "t":
  print(Point(x=1))
"#,
good r#"type Point:
  x: Int
  y: Int = 0

app "t":
  print(Point(x=1))
"#;

    SELF_CONTEXT: Error, "`Self` outside of interfaces and impls",
r#"`Self` is the type that implements an interface, so it means something only in
members and methods."#,
bad r#"fn f(x: Self) -> Int:
  return 1
"#,
good r#"interface Copied:
  fn copy() -> Self

type Tag:
  n: Int

impl Copied for Tag:
  fn copy() -> Self:
    return self
"#;

    TYPE_MISMATCH: Error, "value of the wrong type",
r#"The place takes one type and the value is of another that is not accepted for
it. The message gives the expected type first. Numbers, texts and optionals
are not converted silently; the methods `to_int`, `to_float` and `to_string`,
`??` and `match` do it where it is meant."#,
bad r#"app "t":
  let n: Int = "seven"
  print(n)
"#,
good r#"app "t":
  let n: Int = "7".to_int() ?? 0
  print(n)
"#;

    TYPE_ARITY: Error, "wrong number of type arguments",
r#"`List` and `Option` take one type, `Map` and `Result` two, and a type that is
not generic none."#,
bad r#"fn f(m: Map<String>) -> Int:
  return 1
"#,
good r#"fn f(m: Map<String, Int>) -> Int:
  return m.len()
"#;

    TYPE_GENERIC_UNKNOWN: Error, "generic type that nothing defines",
r#"Only built-in types take type arguments; there are no generic declarations of
types."#,
bad r#"fn f(s: Set<Int>) -> Int:
  return 1
"#,
good r#"fn f(s: List<Int>) -> Int:
  return s.unique().len()
"#;

    NESTED_OPTION: Error, "optional of an optional",
r#"`T??` would have two kinds of null that no value can tell apart."#,
bad r#"fn f(n: Int??) -> Int:
  return 1
"#,
good r#"fn f(n: Int?) -> Int:
  return n ?? 1
"#;

    MAP_KEY_TYPE: Error, "type that cannot be the key of a map",
r#"Keys are texts: `String`, `Id` or `Email`. They become the member names of a
JSON object."#,
bad r#"fn f(m: Map<Bool, Int>) -> Int:
  return m.len()
"#,
good r#"fn f(m: Map<String, Int>) -> Int:
  return m.len()
"#;

    TYPE_RECURSIVE: Error, "type that contains itself",
r#"A value of it would have to hold another one, without end. Go through an
optional, a list or a map, which can be empty."#,
bad r#"type Node:
  next: Node
"#,
good r#"type Node:
  next: Node?
"#;

    OPERATOR_TYPE: Error, "operator on types it does not take",
r#"The message names the operator and both types. `+` adds numbers, joins texts,
lists and bytes; comparisons need two of a kind; a result is matched before it
is used."#,
bad r#"app "t":
  print(true - 1)
"#,
good r#"app "t":
  print(2 - 1)
"#;

    CONST_FAULT: Error, "constant expression that always fails",
r#"Every operand is a literal, so it is known now that the operation overflows or
divides by zero."#,
bad r#"app "t":
  print(1 / 0)
"#,
good r#"app "t":
  print(1 / 2)
"#;

    CONDITION_TYPE: Error, "condition that is not `Bool`",
r#"Conditions of `if` and `while` are `Bool`; numbers, texts and optionals are
neither true nor false. Compare them."#,
bad r#"app "t":
  if 1:
    print("x")
"#,
good r#"app "t":
  if 1 > 0:
    print("x")
"#;

    NOT_ITERABLE: Error, "value that cannot be iterated",
r#"`for` goes over lists, maps and ranges. The characters of a text are
`text.chars()`."#,
bad r#"app "t":
  for c in 5:
    print(c)
"#,
good r#"app "t":
  for c in 0..<5:
    print(c)
"#;

    NOT_INDEXABLE: Error, "value without elements",
r#"Brackets take an element of a list, a map, a text or bytes."#,
bad r#"app "t":
  let n = 5
  print(n[0])
"#,
good r#"app "t":
  let n = [5]
  print(n[0])
"#;

    INDEX_TYPE: Error, "index of the wrong type",
r#"Lists, texts and bytes are indexed by `Int`, maps by their key."#,
bad r#"app "t":
  let xs = [1, 2]
  print(xs["first"])
"#,
good r#"app "t":
  let xs = [1, 2]
  print(xs[0])
"#;

    NOT_CALLABLE: Error, "call of something that is no function",
r#"Functions, lambdas, types, variants, components and tags can be called."#,
bad r#"app "t":
  let n = 5
  print(n(1))
"#,
good r#"app "t":
  let f = fn(x: Int) => x + 5
  print(f(1))
"#;

    OPTIONAL_UNHANDLED: Error, "member of a value that may be null",
r#"The value is optional, and null has no members. `?.` gives null instead, `??`
puts another value in, and `match` looks at both cases."#,
bad r#"type User:
  name: String

fn f(u: User?) -> String:
  return u.name
"#,
good r#"type User:
  name: String

fn f(u: User?) -> String:
  return u?.name ?? "nobody"
"#;

    OPTIONAL_REQUIRED: Error, "`?.` on a value that is never null",
r#"The value cannot be null, so the question mark promises a check that never
happens."#,
bad r#"type User:
  name: String

fn f(u: User) -> String:
  return u?.name ?? "nobody"
"#,
good r#"type User:
  name: String

fn f(u: User) -> String:
  return u.name
"#;

    COALESCE_NON_OPTIONAL: Warn, "`??` on a value that is never null",
r#"The left side always has a value, so the right side is never used."#,
bad r#"fn f(n: Int) -> Int:
  return n ?? 0
"#,
good r#"fn f(n: Int?) -> Int:
  return n ?? 0
"#;

    LITERAL_MIXED: Error, "elements of types that do not go together",
r#"The elements of a list, the values of a map and the branches of a value have
one type. An `enum` can hold either of several."#,
bad r#"app "t":
  let xs = [1, "two"]
  print(xs.len())
"#,
good r#"app "t":
  let xs = ["one", "two"]
  print(xs.len())
"#;

    WRONG_ARITY: Error, "wrong number of arguments",
r#"Every parameter without a default gets one argument, and there are no more
arguments than parameters."#,
bad r#"fn inc(n: Int) -> Int:
  return n + 1

app "t":
  print(inc(1, 2))
"#,
good r#"fn inc(n: Int, by: Int = 1) -> Int:
  return n + by

app "t":
  print(inc(1, 2))
"#;

    ARG_UNKNOWN: Error, "argument that no parameter has the name of",
r#"A named argument goes to the parameter of that name."#,
bad r#"fn inc(n: Int, by: Int = 1) -> Int:
  return n + by

app "t":
  print(inc(1, step=2))
"#,
good r#"fn inc(n: Int, by: Int = 1) -> Int:
  return n + by

app "t":
  print(inc(1, by=2))
"#;

    ARG_DUPLICATE: Error, "parameter given twice",
r#"A parameter gets its value by position or by name, not by both."#,
bad r#"fn inc(n: Int, by: Int = 1) -> Int:
  return n + by

app "t":
  print(inc(1, n=2))
"#,
good r#"fn inc(n: Int, by: Int = 1) -> Int:
  return n + by

app "t":
  print(inc(1, by=2))
"#;

    ARG_ORDER: Error, "positional argument in the wrong place",
r#"Positional arguments come first, because after a named one their position
means nothing. The fields of a record are always named."#,
bad r#"type Point:
  x: Int
  y: Int

app "t":
  print(Point(1, 2))
"#,
good r#"type Point:
  x: Int
  y: Int

app "t":
  print(Point(x=1, y=2))
"#;

    LAMBDA_PARAM: Error, "lambda parameter without a type",
r#"The type of a lambda parameter comes from where the lambda is used. Bound to a
name alone it has no such place, so the type is written."#,
bad r#"app "t":
  let f = fn(n) => n
  print(f(1))
"#,
good r#"app "t":
  let f = fn(n: Int) => n
  print(f(1))
"#;

    FUNCTION_TYPE: Error, "function stored where none may be",
r#"Functions are parameters, results and local bindings. Stored in a field, an
element, a payload or a box they could capture the cell that holds them."#,
bad r#"type Button:
  action: fn() -> Int
"#,
good r#"fn press(action: fn() -> Int) -> Int:
  return action()

app "t":
  print(press(fn() => 1))
"#;

    ASSIGN_IMMUTABLE: Error, "change of something that cannot change",
r#"A `let` binding, a parameter, a pattern binding or a config field keeps its
value, its fields and its elements. Make it a `var`; a parameter is copied
into one."#,
bad r#"app "t":
  let n = 1
  n = 2
  print(n)
"#,
good r#"app "t":
  var n = 1
  n = 2
  print(n)
"#;

    ASSIGN_TARGET: Error, "assignment to something that is no place",
r#"The left side of an assignment is a name, or a field or element of one."#,
bad r#"fn one() -> Int:
  return 1

app "t":
  one() = 2
"#,
good r#"fn one() -> Int:
  return 1

app "t":
  var n = one()
  n = 2
  print(n)
"#;

    RETURN_CONTEXT: Error, "`return` where nothing is returned",
r#"Tests and migrations run to their end or fail; there is nobody to return to.
Use `if` and `else`."#,
bad r#"test "adds":
  assert(1 + 1 == 2)
  return
"#,
good r#"test "adds":
  assert(1 + 1 == 2)
"#;

    SECRET_COMPARE: Warn, "secrets compared with an operator",
r#"`==` stops at the first difference, so that the time it takes tells an
attacker how much was right. `crypto.constant_time_eq` always takes the same
time."#,
bad r#"fn valid(token: String, expected_token: String) -> Bool:
  return token == expected_token
"#,
good r#"requires crypto

fn valid(token: String, expected_token: String) -> Bool:
  return crypto.constant_time_eq(token.to_bytes(), expected_token.to_bytes())
"#;

    UNUSED_BINDING: Warn, "binding that is never read",
r#"The value is computed and nothing looks at it. Remove the binding, or call it
`_` when only its effect is wanted."#,
bad r#"app "t":
  let total = 1 + 2
  print("done")
"#,
good r#"app "t":
  let total = 1 + 2
  print(total)
"#;

    UNUSED_FUNCTION: Warn, "function that is never called",
r#"No module calls the function, and it is no entry point, so nobody would notice
when it is wrong."#,
bad r#"fn double(n: Int) -> Int:
  return n * 2

app "t":
  print(2)
"#,
good r#"fn double(n: Int) -> Int:
  return n * 2

app "t":
  print(double(1))
"#;

    CONFIG_CYCLE: Error, "config defaults that need each other",
r#"The defaults are computed before anything else, one after the other. Break the
circle with a literal."#,
bad r#"config A:
  x: Int = B.y

config B:
  y: Int = A.x
"#,
good r#"config A:
  x: Int = 1

config B:
  y: Int = A.x
"#;

    CONFIG_ENV_CLASH: Error, "two settings with one environment variable",
r#"The name of a setting's variable is made of the names of its config and its
field. These two make the same one, so that setting it would change both."#,
bad r#"config Server:
  tls_port: Int = 1

config ServerTls:
  port: Int = 2
"#,
good r#"config Server:
  tls_port: Int = 1

config Client:
  port: Int = 2
"#;

    MAIN_PARAM: Error, "parameter of `main` that the command line cannot give",
r#"Flags give numbers, texts, booleans, optionals of them, and what can be
decoded from JSON. Markup, functions, results and maps with other keys cannot
be written there."#,
bad r#"fn main(view: Html) -> Int:
  return 0
"#,
good r#"fn main(name: String) -> Int:
  print(name)
  return 0
"#;

    TYPE_DERIVE_BASE: Error, "derived type without a base",
r#"`type A = B without x` takes the fields of a record type `B` that is declared
or imported."#,
bad r#"type Public = User without secret
"#,
good r#"type User:
  id: Int
  secret: String

type Public = User without secret
"#;

    TYPE_DERIVE_FIELD: Error, "`without` a field that the base does not have",
r#"Only fields of the base can be left out. A field that was renamed must be
renamed here as well, or it would be published."#,
bad r#"type User:
  id: Int
  secret: String

type Public = User without password
"#,
good r#"type User:
  id: Int
  secret: String

type Public = User without secret
"#;

    TYPE_DERIVE_CYCLE: Error, "types derived from each other",
r#"Each takes its fields from the other, so that neither has any."#,
bad r#"type A = B without x

type B = A without x
"#,
good r#"type B:
  x: Int
  y: Int

type A = B without x
"#;

    TYPE_DERIVE_EMPTY: Error, "derived type without fields",
r#"Every field of the base is left out, and nothing is left that a value could
say."#,
bad r#"type User:
  id: Int

type Nothing = User without id
"#,
good r#"type User:
  id: Int
  name: String

type Named = User without id
"#;
}
