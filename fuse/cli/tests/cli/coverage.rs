//! `fuse test --coverage`.

use std::collections::{BTreeMap, BTreeSet};

use crate::support::{World, manifest};

const MAIN: &str = r#"import { Shape, Card, Sized } from "./shapes"
import { Name } from "./names"
import { shout } from "dep:Words/main"

fn grade(points: Int) -> String:
  if points > 90:
    return "good"
  else if points > 50 and points != 77:
    return "fair"
  else:
    return "poor"

fn unused(n: Int) -> Int:
  let twice = n * 2
  return twice

fn first<T>(all: List<T>, fallback: T) -> T:
  for one in all:
    return one
  return fallback

fn doubled(all: List<Int>) -> List<Int>:
  return all.map(fn(n) => n * 2)

fn named(name: String? = null) -> String:
  let known = name ?? "nobody"

  # A comment is no code.
  var left = 3
  while true:
    left = left - 1
    if left == 0:
      break
  return known

service Api at "/":
  get "/grade/{points: Int}" -> String:
    return grade(points)

  get "/shout" -> String:
    return shout("a")

test "grades":
  let answer = testing.request("GET", "/grade/95")
  testing.equal(answer.status, 200)
  testing.equal(grade(60), "fair")
  testing.equal(grade(60), "fair")

test "lists":
  testing.equal(first([1, 2], 0), 1)
  testing.equal(first(["a"], ""), "a")
  let none: List<Int> = []
  testing.equal(first(none, 7), 7)
  testing.equal(doubled([1, 2, 3]), [2, 4, 6])
  testing.equal(named(), "nobody")
  testing.equal(Shape.Circle(radius=2.0).area(), 12.0)
"#;

const SHAPES: &str = r#"enum Shape:
  Point
  Circle(radius: Float)

interface Sized:
  fn area(self) -> Float

impl Sized for Shape:
  fn area(self) -> Float:
    match self:
      Point -> 0.0
      Circle(r) -> r * r * 3.0

type Card:
  title: String
  count: Int = 1

impl Sized for Card:
  fn area(self) -> Float:
    return 1.0
"#;

const NAMES: &str = "type Name:\n  first: String\n";

const WORDS: &str = "fn shout(text: String) -> String:\n  return text.upper() + \"!\"\n";

/// A package with a dependency, whose tests do not reach everything.
fn shop() -> World {
    let dependency = "[dependencies]\nWords = \"./words\"\n";
    World::with(&[
        ("fuse.toml", &(manifest("shop") + dependency)),
        ("main.fuse", MAIN),
        ("shapes.fuse", SHAPES),
        ("names.fuse", NAMES),
        ("words/fuse.toml", &manifest("words")),
        ("words/main.fuse", WORDS),
    ])
}

#[test]
fn what_tests_execute_is_written_in_the_order_of_the_source() {
    let world = shop();
    let run = world.run("test --coverage lcov.info");
    assert_eq!(run.stdout, "ok grades\nok lists\nok (2 tests)\n");
    let text = world.read("lcov.info");
    insta::assert_snapshot!(text);
    let files = parse(&text);
    let paths: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(paths, ["main.fuse", "names.fuse", "shapes.fuse"]);
    for (path, source) in [("main.fuse", MAIN), ("shapes.fuse", SHAPES)] {
        for line in files[path].lines.keys() {
            let written = source.lines().nth(*line as usize - 1).unwrap().trim();
            let code = !written.is_empty() && !written.starts_with('#');
            assert!(code, "{path}:{line}: {written}");
        }
    }
    // Tests of the package are not what is tested.
    let first_test = MAIN
        .lines()
        .position(|line| line.starts_with("test"))
        .unwrap();
    let last = *files["main.fuse"].lines.keys().last().unwrap();
    assert!((last as usize) < first_test, "{last}");
    assert!(files["names.fuse"].lines.is_empty());
}

#[test]
fn tests_that_run_at_the_same_time_count_together() {
    let world = shop();
    let one = world.run("test --coverage one.info");
    let two = world.run("test --jobs 2 --coverage two.info");
    assert_eq!((one.status, two.status), (Some(0), Some(0)));
    assert_eq!(world.read("one.info"), world.read("two.info"));
    // A filter leaves lines unexecuted, and none out.
    assert_eq!(
        world.run("test --filter lists --coverage some.info").status,
        Some(0)
    );
    let (all, some) = (
        parse(&world.read("one.info")),
        parse(&world.read("some.info")),
    );
    for (path, file) in &all {
        let lines = |file: &File| file.lines.keys().copied().collect::<BTreeSet<u32>>();
        assert_eq!(lines(file), lines(&some[path]));
    }
    assert_eq!(some["main.fuse"].functions["grade"], (5, 0));
    assert_eq!(all["main.fuse"].functions["grade"], (5, 3));
}

#[test]
fn a_failed_test_counts_up_to_where_it_failed() {
    let program = "fn half(n: Int) -> Int:\n  assert(n > 0, \"small\")\n  return n / 2\n\n\
        fn text() -> String:\n  return \"\"\n\n\
        test \"fails\":\n  testing.equal(half(0), 1)\n  testing.equal(text(), \"\")\n";
    let world = World::with(&[("main.fuse", program)]);
    world.write("lcov.info", "before");
    let run = world.run("test main.fuse --coverage lcov.info");
    assert_eq!(run.status, Some(1));
    let files = parse(&world.read("lcov.info"));
    let lines: Vec<(u32, u64)> = files["main.fuse"].lines.clone().into_iter().collect();
    assert_eq!(lines, [(1, 1), (2, 1), (3, 0), (5, 0), (6, 0)]);
    let left: Vec<_> = std::fs::read_dir(world.path(""))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("lcov"))
        .collect();
    assert_eq!(left, ["lcov.info"]);
    let run = world.run("test main.fuse --coverage no/where/lcov.info");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("no/where/lcov.info"), "{}", run.stderr);
}

/// The records of a file.
#[derive(Debug, Default)]
struct File {
    /// Line and calls of each function.
    functions: BTreeMap<String, (u32, u64)>,
    lines: BTreeMap<u32, u64>,
    /// Line, block and branch, and how often it was taken, if it was reached.
    branches: BTreeMap<(u32, u32, u32), Option<u64>>,
}

/// Reads a tracefile, and takes nothing that `geninfo(1)` does not describe.
fn parse(text: &str) -> BTreeMap<String, File> {
    let mut files = BTreeMap::new();
    for section in text.split_terminator("end_of_record\n") {
        let (path, file) = parse_section(section);
        assert!(files.insert(path, file).is_none(), "a file comes twice");
    }
    assert!(text.ends_with("end_of_record\n"));
    files
}

fn parse_section(section: &str) -> (String, File) {
    let mut records = section.lines().map(|line| line.split_once(':').unwrap());
    assert_eq!(records.next(), Some(("TN", "")));
    let (kind, path) = records.next().unwrap();
    assert_eq!(kind, "SF");
    let mut file = File::default();
    let mut totals = BTreeMap::new();
    let number = |text: &str| text.parse::<u32>().unwrap();
    for (kind, value) in records {
        let fields: Vec<&str> = value.split(',').collect();
        match (kind, fields.as_slice()) {
            ("FN", [line, name]) => {
                let known = file.functions.insert((*name).to_owned(), (number(line), 0));
                assert!(known.is_none(), "{name} comes twice");
            }
            ("FNDA", [calls, name]) => {
                file.functions.get_mut(*name).unwrap().1 = calls.parse().unwrap();
            }
            ("BRDA", [line, block, branch, taken]) => {
                let key = (number(line), number(block), number(branch));
                let taken = (*taken != "-").then(|| taken.parse().unwrap());
                assert!(file.branches.insert(key, taken).is_none(), "{key:?}");
            }
            ("DA", [line, count]) => {
                let last = file.lines.keys().last().copied().unwrap_or(0);
                assert!(number(line) > last, "{line} after {last}");
                file.lines.insert(number(line), count.parse().unwrap());
            }
            ("FNF" | "FNH" | "BRF" | "BRH" | "LF" | "LH", [total]) => {
                assert!(totals.insert(kind, number(total)).is_none());
            }
            other => panic!("{other:?}"),
        }
    }
    let hit = |all: &mut dyn Iterator<Item = u64>| all.filter(|count| *count > 0).count();
    let expected = [
        ("FNF", file.functions.len()),
        ("FNH", hit(&mut file.functions.values().map(|one| one.1))),
        ("BRF", file.branches.len()),
        ("BRH", hit(&mut file.branches.values().copied().flatten())),
        ("LF", file.lines.len()),
        ("LH", hit(&mut file.lines.values().copied())),
    ];
    let expected = expected.map(|(name, total)| (name, u32::try_from(total).unwrap()));
    assert_eq!(totals, BTreeMap::from(expected));
    // Where a branch is, there is code that was executed if the branch was reached.
    for ((line, ..), taken) in &file.branches {
        assert_eq!(taken.is_some(), file.lines[line] > 0, "line {line}");
    }
    (path.to_owned(), file)
}
