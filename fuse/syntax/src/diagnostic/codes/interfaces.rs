//! Codes of interfaces and generics.

use super::codes;

codes! {
    INTERFACE_UNKNOWN: Error, "`impl` of an unknown interface",
r#"The interface is declared in this module or imported by name; the hint
suggests one that is spelled alike."#,
bad r#"type Tag:
  text: String

impl Labeled for Tag:
  fn label() -> String:
    return self.text
"#,
good r#"interface Labelled:
  fn label() -> String

type Tag:
  text: String

impl Labelled for Tag:
  fn label() -> String:
    return self.text
"#;

    INTERFACE_NOT_A_TYPE: Error, "interface used as a type",
r#"An interface says what a type can do; no value is of it. Take a type parameter
with a bound, and every type that implements the interface is accepted."#,
bad r#"interface Sized:
  fn size() -> Int

fn double(x: Sized) -> Int:
  return 2
"#,
good r#"interface Sized:
  fn size() -> Int

fn double<T>(x: T) -> Int where T: Sized:
  return x.size() * 2
"#;

    INTERFACE_DYNAMIC_USE: Error, "interface used as a value",
r#"Interfaces exist while a program is checked, and are gone when it runs: there
is nothing to bind, pass or call."#,
bad r#"interface Sized:
  fn size() -> Int

app "t":
  let x = Sized
"#,
good r#"interface Sized:
  fn size() -> Int

type Box1:
  n: Int

impl Sized for Box1:
  fn size() -> Int:
    return self.n

app "t":
  print(Box1(n=1).size())
"#;

    IMPL_TARGET: Error, "interface implemented for something else than a declared type",
r#"Only a `type` or an `enum` can implement an interface. Wrap a built-in type in
one of your own."#,
bad r#"interface Sized:
  fn size() -> Int

impl Sized for Int:
  fn size() -> Int:
    return 1
"#,
good r#"interface Sized:
  fn size() -> Int

type Count:
  n: Int

impl Sized for Count:
  fn size() -> Int:
    return self.n
"#;

    IMPL_DUPLICATE: Error, "second `impl` of one interface for one type",
r#"A call must find one method, so there is one `impl` for each pair."#,
bad r#"interface Sized:
  fn size() -> Int

type T1:
  n: Int

impl Sized for T1:
  fn size() -> Int:
    return self.n

impl Sized for T1:
  fn size() -> Int:
    return self.n + 1
"#,
good r#"interface Sized:
  fn size() -> Int

type T1:
  n: Int

impl Sized for T1:
  fn size() -> Int:
    return self.n
"#;

    IMPL_INCOMPLETE: Error, "members missing in an `impl`",
r#"An `impl` supplies every member of its interface; there are no default bodies.
The fix adds what is missing."#,
bad r#"interface Pairish:
  fn a() -> Int
  fn b() -> Int

type T1:
  n: Int

impl Pairish for T1:
  fn a() -> Int:
    return self.n
"#,
good r#"interface Pairish:
  fn a() -> Int
  fn b() -> Int

type T1:
  n: Int

impl Pairish for T1:
  fn a() -> Int:
    return self.n

  fn b() -> Int:
    return self.n + 1
"#;

    IMPL_SIGNATURE_MISMATCH: Error, "method that differs from its member",
r#"Names and types of parameters, defaults, type parameters and the result are
those of the interface, with `Self` standing for the type."#,
bad r#"interface Sized:
  fn size(scale: Int) -> Int

type T1:
  n: Int

impl Sized for T1:
  fn size(scale: String) -> Int:
    return self.n
"#,
good r#"interface Sized:
  fn size(scale: Int) -> Int

type T1:
  n: Int

impl Sized for T1:
  fn size(scale: Int) -> Int:
    return self.n * scale
"#;

    IMPL_ORPHAN: Error, "`impl` in a package that owns neither side",
r#"Two packages could otherwise implement the same interface for the same type,
and a program that uses both would have no answer. Implement it where the
interface or the type is declared, or wrap the type."#,
bad r#"@file fuse.toml
[package]
name = "app"
entry = "main.fuse"

[dependencies]
Boxes = { path = "./boxes" }
Shapes = { path = "./shapes" }
@file boxes/fuse.toml
[package]
name = "Boxes"
@file boxes/crate.fuse
type Crate:
  n: Int
@file shapes/fuse.toml
[package]
name = "Shapes"
@file shapes/sized.fuse
interface Sized:
  fn size() -> Int
@file main.fuse
import { Crate } from "dep:Boxes/crate"
import { Sized } from "dep:Shapes/sized"

impl Sized for Crate:
  fn size() -> Int:
    return self.n
"#,
good r#"@file fuse.toml
[package]
name = "app"
entry = "main.fuse"

[dependencies]
Boxes = { path = "./boxes" }
Shapes = { path = "./shapes" }
@file boxes/fuse.toml
[package]
name = "Boxes"
@file boxes/crate.fuse
type Crate:
  n: Int
@file shapes/fuse.toml
[package]
name = "Shapes"
@file shapes/sized.fuse
interface Sized:
  fn size() -> Int
@file main.fuse
import { Crate } from "dep:Boxes/crate"
import { Sized } from "dep:Shapes/sized"

type Load:
  crate: Crate

impl Sized for Load:
  fn size() -> Int:
    return self.crate.n
"#;

    IMPL_EXTRA_MEMBER: Warn, "method that the interface does not have",
r#"The method can be called, but not through the interface, which is rarely
meant. Add it to the interface, or make it a function."#,
bad r#"interface Sized:
  fn size() -> Int

type T1:
  n: Int

impl Sized for T1:
  fn size() -> Int:
    return self.n

  fn length() -> Int:
    return self.n
"#,
good r#"interface Sized:
  fn size() -> Int
  fn length() -> Int

type T1:
  n: Int

impl Sized for T1:
  fn size() -> Int:
    return self.n

  fn length() -> Int:
    return self.n
"#;

    IMPL_RECEIVER: Error, "member called on the wrong thing",
r#"A member that uses `self` is called on a value, one that does not on the type.
In an interface where any member writes `self`, those that do not are called
on the type only."#,
bad r#"interface Made:
  fn label(self) -> String
  fn make(text: String) -> Self

type Tag:
  text: String

impl Made for Tag:
  fn label(self) -> String:
    return self.text

  fn make(text: String) -> Self:
    return Tag(text=text)

app "t":
  print(Tag.label())
"#,
good r#"interface Made:
  fn label(self) -> String
  fn make(text: String) -> Self

type Tag:
  text: String

impl Made for Tag:
  fn label(self) -> String:
    return self.text

  fn make(text: String) -> Self:
    return Tag(text=text)

app "t":
  print(Tag.make("x").label())
"#;

    METHOD_AMBIGUOUS: Error, "method that two interfaces supply",
r#"The type implements both interfaces, and both have a member of this name. Call
a function that is bound to the interface you mean."#,
bad r#"interface A:
  fn name() -> String

interface B:
  fn name() -> String

type T1:
  n: Int

impl A for T1:
  fn name() -> String:
    return "a${self.n}"

impl B for T1:
  fn name() -> String:
    return "b${self.n}"

app "t":
  print(T1(n=1).name())
"#,
good r#"interface A:
  fn name() -> String

interface B:
  fn name() -> String

type T1:
  n: Int

impl A for T1:
  fn name() -> String:
    return "a${self.n}"

impl B for T1:
  fn name() -> String:
    return "b${self.n}"

fn name_of<T>(x: T) -> String where T: A:
  return x.name()

app "t":
  print(name_of(T1(n=1)))
"#;

    GENERIC_DUPLICATE_TYPE_PARAM: Error, "repeated type parameter",
r#"Each type parameter of a function stands for one type, and has its own name."#,
bad r#"fn pair<T, T>(a: T, b: T) -> T:
  return a
"#,
good r#"fn pair<T, U>(a: T, b: U) -> T:
  return a
"#;

    GENERIC_CALL_TYPE_ARG: Error, "type arguments that do not fit",
r#"A call gives as many type arguments as the function has type parameters, or
none; a function without type parameters takes none."#,
bad r#"fn plain(n: Int) -> Int:
  return n

app "t":
  print(plain<Int>(1))
"#,
good r#"fn same<T>(n: T) -> T:
  return n

app "t":
  print(same<Int>(1))
"#;

    GENERIC_INFERENCE: Error, "type arguments that cannot be found",
r#"They are found from the types of the arguments and the receiver, never from
what the result is used for. Write them behind the name of the function."#,
bad r#"fn pick<T>(n: Int) -> Int:
  return n

app "t":
  print(pick(1))
"#,
good r#"fn pick<T>(n: Int) -> Int:
  return n

app "t":
  print(pick<String>(1))
"#;

    GENERIC_BOUND: Error, "type that does not implement a bound",
r#"The type parameter has a bound, and this type has no `impl` of that interface."#,
bad r#"interface Labelled:
  fn label() -> String

fn render<T>(item: T) -> String where T: Labelled:
  return item.label()

app "t":
  print(render(5))
"#,
good r#"interface Labelled:
  fn label() -> String

type Tag:
  text: String

impl Labelled for Tag:
  fn label() -> String:
    return self.text

fn render<T>(item: T) -> String where T: Labelled:
  return item.label()

app "t":
  print(render(Tag(text="x")))
"#;

    GENERIC_RECURSION: Error, "instantiation that does not end",
r#"Each call of a generic function makes a copy for its types, and here every
copy needs another one with a larger type. After 64 steps the compiler gives
up."#,
bad r#"fn grow<T>(x: T, n: Int) -> Int:
  if n == 0:
    return 0
  return grow([x], n - 1)

app "t":
  print(grow(1, 3))
"#,
good r#"fn grow<T>(xs: List<T>, n: Int) -> Int:
  if n == 0:
    return xs.len()
  return grow(xs + xs, n - 1)

app "t":
  print(grow([1], 3))
"#;

    WHERE_UNKNOWN_INTERFACE: Error, "bound that is no interface",
r#"Behind the colon stands an interface of this module or an imported one."#,
bad r#"fn f<T>(x: T) -> Int where T: Ghost:
  return 1
"#,
good r#"interface Sized:
  fn size() -> Int

fn f<T>(x: T) -> Int where T: Sized:
  return x.size()
"#;

    WHERE_UNKNOWN_TYPE_PARAM: Error, "bound on an unknown type parameter",
r#"A `where` clause bounds the type parameters that stand in angle brackets
behind the name."#,
bad r#"interface Sized:
  fn size() -> Int

fn f<T>(x: T) -> Int where U: Sized:
  return 1
"#,
good r#"interface Sized:
  fn size() -> Int

fn f<T>(x: T) -> Int where T: Sized:
  return x.size()
"#;

    WHERE_MULTI_CONSTRAINT: Error, "second bound on one type parameter",
r#"A type parameter has at most one bound. Declare an interface with the members
of both."#,
bad r#"interface A:
  fn a() -> Int

interface B:
  fn b() -> Int

fn f<T>(x: T) -> Int where T: A, T: B:
  return x.a()
"#,
good r#"interface Both:
  fn a() -> Int
  fn b() -> Int

fn f<T>(x: T) -> Int where T: Both:
  return x.a() + x.b()
"#;
}
