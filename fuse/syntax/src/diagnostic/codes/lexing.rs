//! Codes of the lexer and the parser.

use super::codes;

codes! {
    LEX_ENCODING: Error, "file is not UTF-8",
r#"Source files are UTF-8. The first byte that cannot belong to a character is
shown, and nothing else is reported for the file, because every position after
it would be a guess. Save the file as UTF-8; an editor that wrote Latin-1 or
UTF-16 is the usual cause."#,
bad r#"# A file saved as Latin-1, in which the e with an accent is the one byte E9:
# app "caf\xE9":
"#,
good r#"app "café":
  print("ready")
"#;

    LEX_CHAR: Error, "character outside the alphabet",
r#"Outside of strings and comments only ASCII has a meaning, and of that not
every character. Text copied from a word processor or a web page often brings
typographic quotes, dashes or no-break spaces; the hint names the character."#,
bad r#"app "t":
  print(“hello”)
"#,
good r#"app "t":
  print("hello")
"#;

    LEX_TAB: Error, "tab in indentation",
r#"Blocks are made by indentation, and a tab has no agreed width. Only spaces
indent; `fuse fmt` uses two for each level. A tab behind the first token of a
line is ordinary space."#,
bad r#"app "t":
	print(1)
"#,
good r#"app "t":
  print(1)
"#;

    LEX_INDENT: Error, "dedent to an unknown column",
r#"A line that is indented less than the line before it ends one or more blocks,
so it must start exactly where a block that is still open starts. The hint
lists the columns that are open."#,
bad r#"app "t":
    if true:
      print(1)
   print(2)
"#,
good r#"app "t":
  if true:
    print(1)
  print(2)
"#;

    LEX_DELIM_UNMATCHED: Error, "wrong or extra closing bracket",
r#"A closing bracket closes the innermost one that is open, and must be of its
kind. A closer with nothing to close is dropped, so that the rest of the line
is read."#,
bad r#"app "t":
  print([1, 2))
"#,
good r#"app "t":
  print([1, 2])
"#;

    LEX_DELIM_UNCLOSED: Error, "bracket never closed",
r#"Inside brackets line ends mean nothing, so one missing closer could swallow
the rest of the file. A line that starts a statement or a declaration, and is
indented no deeper than the line of the bracket, ends it; the message points
at the bracket that was left open."#,
bad r#"fn first() -> Int:
  return max(1, 2

fn max(a: Int, b: Int) -> Int:
  return a + b
"#,
good r#"fn first() -> Int:
  return max(1, 2)

fn max(a: Int, b: Int) -> Int:
  return a + b
"#;

    LEX_STRING_UNTERMINATED: Error, "string without closing quote",
r#"A string in single double-quotes ends on its line. Text of several lines
stands between `"""`. The line is read as if the quote had been closed at its
end."#,
bad r#"app "t":
  let greeting = "hello
  print(greeting)
"#,
good r#"app "t":
  let greeting = "hello"
  print(greeting)
"#;

    LEX_INTERP_UNTERMINATED: Error, "interpolation without closing brace",
r#"`${` in a string starts an expression that runs to the matching `}`. In a
string of one line it must end on that line. Write `\${` for the two
characters themselves."#,
bad r#"app "t":
  let name = "Ada"
  print("hello ${name")
"#,
good r#"app "t":
  let name = "Ada"
  print("hello ${name}")
"#;

    LEX_INTERP_EMPTY: Error, "empty interpolation",
r#"Between `${` and `}` stands one expression. Write `\${}` for the characters
themselves."#,
bad r#"app "t":
  print("total: ${}")
"#,
good r#"app "t":
  let total = 3
  print("total: ${total}")
"#;

    LEX_INTERP_TRAILING: Error, "text after an interpolated expression",
r#"An interpolation holds one complete expression and nothing behind it. There
are no format specifiers; call a method, or compute the text before."#,
bad r#"app "t":
  let price = 2.5
  print("${price fixed}")
"#,
good r#"app "t":
  let price = 2.5
  print("${price.fixed(2)}")
"#;

    LEX_ESCAPE: Warn, "unknown or malformed escape",
r#"The escapes are `\n`, `\t`, `\r`, `\0`, `\\`, `\"`, `\$`, `\{`, `\}` and
`\u{...}` with one to six hexadecimal digits. Any other character behind a
backslash stands for itself, which is rarely meant, so it is a warning; a
malformed `\u{...}` is an error. Regular expressions are best written as raw
strings, `r"\d+"`."#,
bad r#"app "t":
  print("12".matches("\d+"))
"#,
good r#"app "t":
  print("12".matches(r"\d+"))
"#;

    LEX_NUMBER: Error, "malformed number",
r#"Numbers are decimal, or start with `0x`, `0o` or `0b`; a single `_` may stand
between two digits; a float has digits on both sides of its point. A letter
may not follow a number directly, and a float must not be too large for 64
bits."#,
bad r#"app "t":
  print(12px)
"#,
good r#"app "t":
  print(1_200)
"#;

    LEX_INT_RANGE: Error, "integer that does not fit 64 bits",
r#"`Int` is a signed integer of 64 bits, at most 9223372036854775807. The
smallest one, -9223372036854775808, is written with its minus."#,
bad r#"app "t":
  print(9223372036854775808)
"#,
good r#"app "t":
  print(9223372036854775807)
"#;

    DOC_DANGLING: Warn, "doc comment that documents nothing",
r#"A line that starts with `##` documents the declaration, field, variant, member
or route below it. At the end of a block or a file, before a statement, or
inside brackets there is nothing to document, so the text would be lost. Use
`#` for an ordinary comment."#,
bad r#"app "t":
  ## Says hello.
  print("hello")
"#,
good r#"app "t":
  # Says hello.
  print("hello")
"#;

    RESERVED_KEYWORD: Error, "reserved word used as a name",
r#"Words such as `type`, `match` or `for` cannot name a binding, a declaration or
a parameter, because a line could then be read in two ways. They may name
fields, and stand behind a dot or as the name of an argument."#,
bad r#"fn describe(type: String) -> String:
  return "a card"
"#,
good r#"fn describe(kind: String) -> String:
  return "a ${kind}"
"#;

    PARSE_EXPECTED: Error, "syntax error",
r#"The parser needed one thing and found another. The message names both, and the
position is that of what was found; when a line ends too early, it is the end
of that line. At most one such error is reported for a line, and the rest of
the file is read and checked all the same."#,
bad r#"fn one() -> Int:
  let x 1
  return x
"#,
good r#"fn one() -> Int:
  let x = 1
  return x
"#;

    PARSE_TOP_LEVEL: Error, "line that starts no declaration",
r#"A file holds declarations: `fn`, `type`, `service`, `app` and so on.
Statements run inside of one; those of a program stand in its `app` block."#,
bad r#"print("hello")
"#,
good r#"app "hello":
  print("hello")
"#;

    PARSE_INDENT: Error, "block missing or unexpected",
r#"A line that ends with `:` opens a block, which is the deeper lines below it.
Any other line opens none, so a deeper line after it belongs to nothing."#,
bad r#"fn one() -> Int:
return 1
"#,
good r#"fn one() -> Int:
  return 1
"#;

    PARSE_REQUIRES_ORDER: Error, "`requires` after a declaration",
r#"What a module may do is said before anything else, so that a reader sees it
first. The line still takes effect where it stands."#,
bad r#"fn now() -> Int:
  return time.now()

requires time
"#,
good r#"requires time

fn now() -> Int:
  return time.now()
"#;

    PARSE_REQUIRES_DOC: Error, "doc comment on `requires`",
r#"A `requires` line declares nothing that could be documented. Use a plain
comment."#,
bad r#"## For timestamps.
requires time

fn now() -> Int:
  return time.now()
"#,
good r#"# For timestamps.
requires time

fn now() -> Int:
  return time.now()
"#;

    PARSE_CHAINED_COMPARISON: Error, "chained comparison",
r#"`a < b < c` would compare a `Bool` with `c`, which is never meant. Two
comparisons are joined with `and`."#,
bad r#"fn inside(n: Int) -> Bool:
  return 0 < n < 10
"#,
good r#"fn inside(n: Int) -> Bool:
  return 0 < n and n < 10
"#;

    PARSE_PATTERN_MIXED: Error, "positional and named sub-patterns together",
r#"The sub-patterns of one pattern are all positional, or all named. Named ones
may leave fields out."#,
bad r#"type Point:
  x: Int
  y: Int

fn f(p: Point) -> Int:
  match p:
    Point(x=a, b) -> a + b
"#,
good r#"type Point:
  x: Int
  y: Int

fn f(p: Point) -> Int:
  match p:
    Point(x=a, y=b) -> a + b
"#;

    PARSE_NESTING: Error, "nesting too deep",
r#"Brackets, blocks, expressions, types and patterns may nest 256 levels deep,
all taken together, so that no file can exhaust the stack. Each operator in a
long chain is one level. Bind a part with `let`, move it to a function, or
join a list."#,
bad r#"# A sum of three hundred terms in one expression:
# let total = a1 + a2 + a3 + ... + a300
"#,
good r#"app "t":
  let parts = [1, 2, 3]
  print(parts.sum())
"#;

    PRECEDENCE_COALESCE: Warn, "`??` beside a comparison or a condition",
r#"`??` binds looser than every other operator: `a ?? b == c` reads as `a ?? (b
== c)`. Because most people mean the other thing, parentheses are asked for on
either side."#,
bad r#"fn f(flag: Bool?) -> Bool:
  return flag ?? true == false
"#,
good r#"fn f(flag: Bool?) -> Bool:
  return (flag ?? true) == false
"#;

    DECL_QUALIFIED_NAME: Error, "dotted name of a declaration",
r#"A declaration belongs to its module and has a plain name. Only the built-in
error types, such as `std.Error.NotFound`, may be declared by their full name."#,
bad r#"type shop.Order:
  id: Int
"#,
good r#"type Order:
  id: Int
"#;
}
