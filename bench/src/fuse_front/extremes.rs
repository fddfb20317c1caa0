//! Inputs of one mebibyte that repeat or nest one thing: the time per byte must
//! not grow with the size.

use std::hint::black_box;
use std::time::Instant;

use fuse_syntax::{FileId, FormatOptions, format, parse, tree};

use crate::report::{Gate, Row};

const SIZE: usize = 1 << 20;
const TIME_MS: Gate = Gate::AtMost(1_000.0);

/// What is repeated, and what stands before it.
const INPUTS: &[(&str, &str, &str)] = &[
    ("open parentheses", "app \"t\":\n  x(", "("),
    ("open brackets of all kinds", "app \"t\":\n  ", "[{("),
    ("wrong closers", "app \"t\":\n  ", "[)"),
    ("closers", "app \"t\":\n  ", ")]}"),
    ("interpolations on a line", "app \"t\":\n  ", "\"${"),
    ("interpolations over lines", "app \"t\":\n  ", "\"\"\"${\n"),
    ("closed interpolations", "app \"t\":\n  print(\"", "${a}"),
    ("less than", "app \"t\":\n  ", "a<"),
    ("type arguments", "app \"t\":\n  ", "a<b>(c) "),
    ("nested types", "type T:\n  x: ", "List<"),
    ("optional types", "type T:\n  x: Int", "?"),
    ("a chain of members", "app \"t\":\n  a", ".b"),
    ("a chain of calls", "app \"t\":\n  a", ".b()"),
    ("a sum", "app \"t\":\n  a", " + 1"),
    ("coalescing", "app \"t\":\n  a", " ?? b == c"),
    ("prefixes", "app \"t\":\n  ", "- ! "),
    ("lambdas", "app \"t\":\n  ", "fn(x) => "),
    ("comparisons", "app \"t\":\n  a", " < b"),
    ("elements", "app \"t\":\n  print([", "1, "),
    ("arguments without commas", "app \"t\":\n  f(a", " b=1"),
    ("errors on a line", "app \"t\":\n  f(", "a b, "),
    ("errors on lines", "app \"t\":\n", "  let x 1\n"),
    ("bad characters", "app \"t\":\n  ", "\u{a7} "),
    ("quotes", "", "'"),
    ("escapes", "app \"t\":\n  \"", "\\q"),
    ("comments", "", "#\n"),
    ("doc comments", "", "##\n"),
    ("blank lines", "", "\n"),
    ("tabs", "app \"t\":\n", "\tx\n"),
    ("patterns", "fn f():\n  match x:\n    ", "A("),
    (
        "else if",
        "fn f():\n  if a:\n    b\n",
        "  else if a:\n    b\n",
    ),
    (
        "routes",
        "service S at \"/\":\n",
        "  get \"/{a: Int}/{b: List<Int>}\" -> Int: 1\n",
    ),
    ("functions", "", "fn f(a: Int) -> Int:\n  return a\n\n"),
    ("imports", "", "import { b, a } from \"./x\"\n"),
];

/// The time of the slowest operation on each of them, slowest first.
pub(super) fn rows() -> Vec<Row> {
    let repeated = INPUTS.iter().map(|(name, start, piece)| {
        let mut text = (*start).to_owned();
        text.extend(std::iter::repeat_n(*piece, SIZE / piece.len()));
        (*name, text)
    });
    let mut rows: Vec<Row> = repeated
        .chain(std::iter::once(("deeper and deeper", staircase())))
        .map(|(name, text)| row(name, &text))
        .collect();
    rows.sort_by(|one, other| other.value.total_cmp(&one.value));
    rows
}

fn row(name: &'static str, text: &str) -> Row {
    let timed = |work: &dyn Fn()| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64() * 1e3
    };
    let times = [
        ("parse", timed(&|| drop(black_box(parse(FileId(0), text))))),
        ("tree", timed(&|| drop(black_box(tree::parse(text))))),
        (
            "format",
            timed(&|| drop(black_box(format(text, &FormatOptions::default())))),
        ),
    ];
    let slowest = times
        .into_iter()
        .max_by(|one, other| one.1.total_cmp(&other.1));
    let (operation, ms) = slowest.unwrap_or(("parse", f64::NAN));
    Row::value(name, operation, ms, "ms", Some(TIME_MS))
}

/// Blocks inside of blocks, as far as a mebibyte goes.
fn staircase() -> String {
    let mut text = String::from("fn f():\n");
    let mut depth = 1;
    while text.len() < SIZE {
        text.extend(std::iter::repeat_n(' ', depth));
        text.push_str("if a:\n");
        depth += 1;
    }
    text
}
