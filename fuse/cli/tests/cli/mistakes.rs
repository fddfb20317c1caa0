//! What a newcomer sees: a fresh service, broken in the usual ways. Each
//! message says what is wrong, where, and what to do.

use crate::support::{Run, World};

/// A fresh service named `shop`.
fn shop() -> (World, String) {
    let world = World::new();
    assert_eq!(world.run("new shop").status, Some(0));
    let text = world.read("shop/src/main.fuse");
    (world, text)
}

/// The check of the service with an edit.
fn edited(before: &str, after: &str) -> Run {
    let (world, text) = shop();
    assert!(text.contains(before), "{text}");
    world.write("shop/src/main.fuse", text.replacen(before, after, 1));
    world.run_in("shop", "check")
}

/// The check of the service with more text at its end.
fn extended(more: &str) -> Run {
    let (world, text) = shop();
    world.write("shop/src/main.fuse", format!("{text}\n{more}"));
    world.run_in("shop", "check")
}

fn shown(run: &Run) -> &str {
    assert_eq!(run.status, Some(1), "{}", run.shown());
    &run.stderr
}

#[test]
fn a_misspelled_function() {
    insta::assert_snapshot!(shown(&edited(
        "return greeting(name)",
        "return greting(name)"
    )));
}

#[test]
fn a_text_where_a_number_belongs() {
    insta::assert_snapshot!(shown(&edited("= 3000", "= \"3000\"")));
}

#[test]
fn a_misspelled_field() {
    insta::assert_snapshot!(shown(&edited(
        "Health(status=\"ok\")",
        "Health(state=\"ok\")"
    )));
}

#[test]
fn a_missing_parenthesis() {
    insta::assert_snapshot!(shown(&edited("${name}!\")", "${name}!\"")));
}

#[test]
fn a_tab() {
    insta::assert_snapshot!(shown(&edited("  return Greeting", "\treturn Greeting")));
}

#[test]
fn a_capability_that_is_not_declared() {
    insta::assert_snapshot!(shown(&edited("requires network\n\n", "")));
}

#[test]
fn imports_that_lead_nowhere() {
    let (world, text) = shop();
    world.write(
        "shop/src/store.fuse",
        "fn store(n: Int) -> Int:\n  return n\n",
    );
    let imports =
        "requires network\n\nimport { stor } from \"./store\"\nimport Util from \"./util\"\n";
    world.write(
        "shop/src/main.fuse",
        text.replacen("requires network\n", imports, 1),
    );
    insta::assert_snapshot!(shown(&world.run_in("shop", "check")));
}

#[test]
fn a_path_without_a_result() {
    let body = "  return Greeting(message=\"Hello, ${name}!\")";
    insta::assert_snapshot!(shown(&edited(
        body,
        &format!("  if name.len() > 3:\n  {body}")
    )));
}

#[test]
fn an_optional_and_a_forgotten_case() {
    insta::assert_snapshot!(shown(&extended(
        "enum Light:
  Red
  Amber
  Green

fn next(light: Light) -> Light:
  match light:
    Red -> Green
    Green -> Light.Amber

fn first(names: List<String>) -> Int:
  return names.first().len()
"
    )));
}

#[test]
fn spellings_of_other_languages() {
    insta::assert_snapshot!(shown(&extended(
        "fn check(a: Int) -> Bool:
  if a = 1:
    return false
  print('one')
  return a == 2

fn broken(a: Int) -> Int
  return a
"
    )));
}

#[test]
fn a_misspelled_key_of_the_manifest() {
    let (world, _) = shop();
    world.write(
        "shop/fuse.toml",
        world.read("shop/fuse.toml").replace("entry", "entyr"),
    );
    insta::assert_snapshot!(shown(&world.run_in("shop", "check")));
}

#[test]
fn two_routes_of_one_shape() {
    let route = "  get \"/hello/{name: String}\" -> Greeting:\n    return greeting(name)\n";
    let other = "\n  get \"/hello/{id: Int}\" -> Health:\n    return greeting(\"x\")\n";
    insta::assert_snapshot!(shown(&edited(route, &format!("{route}{other}"))));
}
