//! Every pair of types from a grammar, in plain and in checked slots, against
//! the table of assignability written down once more.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use fuse_syntax::Code;
use proptest::prelude::*;

use crate::check;

/// A type, as far as the table tells types apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Type {
    /// `Int`, `Float`, `Bool`, `String`, `Bytes`, `Id`, `Email`, `Html`,
    /// `Value`, and the declared types.
    Named(&'static str),
    /// A named base with one range of constraints, and a regex or not.
    Refined(&'static str, Range, Option<&'static str>),
    Option(Box<Self>),
    List(Box<Self>),
    Map(&'static str, Box<Self>),
    Result(Box<Self>, BTreeSet<&'static str>),
    /// Of one parameter.
    Fn(&'static str, &'static str),
    /// A parameter only.
    Cell(Box<Self>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Range(i64, i64);

const DECLARATIONS: &str = "\
type Gone:
  message: String

type Denied:
  message: String

type Pair:
  left: Int
  right: Int

type Twin:
  left: Int
  right: Int

type Left = Pair without right

type Page:
  body: Html

enum Light:
  Red
  Green(Int)

";

/// Types without parts.
const NAMES: [&str; 14] = [
    "Int", "Float", "Bool", "String", "Bytes", "Id", "Email", "Html", "Value", "Pair", "Twin",
    "Left", "Page", "Light",
];

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Refined(base, Range(low, high), None) => write!(f, "{base}({low}..{high})"),
            Self::Refined(base, Range(low, high), Some(regex)) => {
                write!(f, "{base}({low}..{high}, regex(\"{regex}\"))")
            }
            Self::Option(inner) => write!(f, "Option<{inner}>"),
            Self::List(item) => write!(f, "List<{item}>"),
            Self::Map(key, value) => write!(f, "Map<{key}, {value}>"),
            Self::Result(ok, errors) => {
                write!(f, "{ok}")?;
                errors.iter().try_for_each(|error| write!(f, "!{error}"))
            }
            Self::Fn(param, result) => write!(f, "fn({param}) -> {result}"),
            Self::Cell(content) => write!(f, "Box<{content}>"),
        }
    }
}

/// Whether constraints are checked where the value goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    Plain,
    Checked,
}

/// The table of assignability, rule by rule.
fn assignable(value: &Type, place: &Type, slot: Slot) -> bool {
    use Type::{Cell, Fn, List, Map, Named, Option, Refined, Result};
    let dynamic = |ty: &Type| *ty == Named("Value");
    match (value, place) {
        // 1: identical types.
        _ if value == place => true,
        // 4: a cell is its content.
        (Cell(content), _) => assignable(content, place, slot),
        // 3: a success stands for a result, a result for one with more errors.
        (Result(ok, errors), Result(wanted, all)) => {
            errors.is_subset(all) && assignable(ok, wanted, slot)
        }
        (_, Result(wanted, _)) => assignable(value, wanted, slot),
        // 12: dynamic data stands for everything that JSON can be decoded to.
        (Named("Value"), _) => decodable(place),
        // 2: options.
        (Option(inner), Option(wanted)) => assignable(inner, wanted, slot),
        (_, Option(wanted)) => assignable(value, wanted, slot),
        // 11: everything with a JSON form is dynamic data.
        (_, place) if dynamic(place) => !matches!(value, Fn(..)),
        // 6, then 10: constraints that hold already, or that are checked.
        (Refined(base, have, own), Refined(wanted, range, regex)) => {
            let inside = range.0 <= have.0 && have.1 <= range.1;
            let holds = base == wanted && inside && (regex.is_none() || own == regex);
            let named = assignable(&Named(base), &Named(wanted), slot);
            holds || slot == Slot::Checked && named
        }
        (_, Refined(wanted, ..)) => {
            slot == Slot::Checked && assignable(value, &Named(wanted), slot)
        }
        // 5: what is validated is its base.
        (Refined(base, ..), _) => assignable(&Named(base), place, slot),
        (Named("Id" | "Email"), Named("String")) => true,
        // 10 again.
        (Named("String" | "Id" | "Email"), Named("Id" | "Email")) => slot == Slot::Checked,
        // 9, and 12 for containers.
        (List(item), List(wanted)) => element(item, wanted),
        (Map(key, item), Map(wanted_key, wanted)) => key == wanted_key && element(item, wanted),
        _ => false,
    }
}

/// Rule 9: elements by rules 1, 2, 5, 6 and 11; by rule 12 when they are
/// dynamic data.
fn element(item: &Type, wanted: &Type) -> bool {
    let own = match (item, wanted) {
        _ if item == wanted => true,
        (Type::Named("Value"), _) => true,
        (_, Type::Option(_) | Type::Named("Value")) => true,
        (Type::List(_) | Type::Map(..) | Type::Result(..), _) | (_, Type::Result(..)) => false,
        _ => true,
    };
    own && assignable(item, wanted, Slot::Plain)
}

/// Whether JSON can be decoded to a type.
fn decodable(ty: &Type) -> bool {
    match ty {
        Type::Named(name) => !matches!(*name, "Html" | "Page"),
        Type::Refined(..) => true,
        Type::Option(inner) | Type::List(inner) | Type::Map(_, inner) | Type::Result(inner, _) => {
            decodable(inner)
        }
        Type::Fn(..) | Type::Cell(_) => false,
    }
}

fn simple() -> Vec<Type> {
    let refined = [
        ("Int", Range(0, 9), None),
        ("Int", Range(2, 5), None),
        ("Float", Range(0, 1), None),
        ("String", Range(1, 8), None),
        ("String", Range(2, 4), None),
        ("String", Range(2, 4), Some("^a")),
        ("Id", Range(1, 8), None),
        ("Bytes", Range(0, 4), None),
    ];
    let named = NAMES.into_iter().map(Type::Named);
    let refined = refined
        .into_iter()
        .map(|(base, range, regex)| Type::Refined(base, range, regex));
    named.chain(refined).collect()
}

fn option(inner: &Type) -> Type {
    match inner {
        // `Value?` is `Value`.
        Type::Named("Value") | Type::Option(_) => inner.clone(),
        _ => Type::Option(Box::new(inner.clone())),
    }
}

fn result(ok: Type, errors: &[&'static str]) -> Type {
    Type::Result(Box::new(ok), errors.iter().copied().collect())
}

/// All types that may be results, of parts that are simple.
fn types() -> Vec<Type> {
    let mut all = simple();
    for part in simple() {
        all.push(option(&part));
        all.push(Type::List(Box::new(part.clone())));
        all.push(Type::Map("String", Box::new(part.clone())));
        all.push(result(part, &["Gone"]));
    }
    for name in ["Int", "String", "Value"] {
        let part = Type::Named(name);
        let list = Type::List(Box::new(part.clone()));
        all.push(Type::List(Box::new(list.clone())));
        all.push(Type::List(Box::new(option(&part))));
        all.push(option(&list));
        all.push(Type::Map("Int", Box::new(part.clone())));
        all.push(Type::Map("Id", Box::new(part.clone())));
        all.push(result(part.clone(), &["Gone", "Denied"]));
        all.push(result(part.clone(), &["Denied"]));
        all.push(result(option(&part), &["Gone"]));
        all.push(result(list, &["Gone"]));
    }
    all.push(Type::Fn("Int", "Int"));
    all.push(Type::Fn("Int", "Float"));
    all.push(Type::Fn("String", "Int"));
    let mut seen: Vec<Type> = Vec::new();
    for ty in all {
        if !seen.contains(&ty) {
            seen.push(ty);
        }
    }
    seen
}

fn has_function(ty: &Type) -> bool {
    matches!(ty, Type::Fn(..))
}

/// Checks all pairs in one module and compares with the table.
fn compare(pairs: &[(Type, Type)], slot: Slot) {
    let mut text = DECLARATIONS.to_owned();
    let mut line_of = Vec::with_capacity(pairs.len());
    let mut line = DECLARATIONS.lines().count();
    for (number, (value, place)) in pairs.iter().enumerate() {
        let function = match slot {
            Slot::Plain => format!("fn f{number}(v: {value}) -> {place}:\n  return v\n\n"),
            Slot::Checked => format!(
                "type H{number}:\n  field: {place}\n\nfn f{number}(v: {value}) -> H{number}:\n  return H{number}(field=v)\n\n"
            ),
        };
        line += function.lines().count();
        line_of.push(line - 1);
        text += &function;
    }
    let mut refused = BTreeSet::new();
    for found in check(&text) {
        let code = found.diagnostic.code;
        if code == Code::TYPE_MISMATCH {
            refused.insert(found.line as usize);
        } else {
            assert!(
                !found.diagnostic.is_error(),
                "{:?}\n{text}",
                found.diagnostic
            );
        }
    }
    let mut wrong = String::new();
    for ((value, place), line) in pairs.iter().zip(line_of) {
        let (wanted, found) = (assignable(value, place, slot), !refused.contains(&line));
        if wanted != found {
            let _ = writeln!(
                wrong,
                "{value} -> {place}: accepted {found}, wanted {wanted}"
            );
        }
    }
    assert!(wrong.is_empty(), "{slot:?} slots:\n{wrong}");
}

fn matrix(slot: Slot) -> Vec<(Type, Type)> {
    let places: Vec<Type> = types()
        .into_iter()
        .filter(|ty| slot == Slot::Plain || !has_function(ty))
        .collect();
    let mut values = types();
    values.push(Type::Cell(Box::new(Type::Named("Int"))));
    values.push(Type::Cell(Box::new(Type::Refined(
        "Int",
        Range(2, 5),
        None,
    ))));
    let pairs = values
        .iter()
        .flat_map(|value| places.iter().map(|place| (value.clone(), place.clone())));
    pairs.collect()
}

#[test]
fn plain_slots_take_what_the_table_says() {
    compare(&matrix(Slot::Plain), Slot::Plain);
}

#[test]
fn checked_slots_take_what_the_table_says() {
    compare(&matrix(Slot::Checked), Slot::Checked);
}

/// Whether dynamic data is part of a type.
fn is_dynamic(ty: &Type) -> bool {
    match ty {
        Type::Named(name) => *name == "Value",
        Type::Option(inner)
        | Type::List(inner)
        | Type::Map(_, inner)
        | Type::Result(inner, _)
        | Type::Cell(inner) => is_dynamic(inner),
        Type::Refined(..) | Type::Fn(..) => false,
    }
}

/// Elements have the first type that all of them are assignable to, and none
/// when there is no such type. Rules 11 and 12 have no part in it, so types
/// with dynamic data are left out.
#[test]
fn elements_are_joined_where_one_takes_the_other() {
    let parts: Vec<Type> = types()
        .into_iter()
        .filter(|ty| !is_dynamic(ty) && !has_function(ty))
        .collect();
    let pairs = parts
        .iter()
        .flat_map(|first| parts.iter().map(move |second| (first, second)));
    let pairs: Vec<(&Type, &Type)> = pairs.collect();
    let mut text = DECLARATIONS.to_owned();
    let start = DECLARATIONS.lines().count();
    for (number, (first, second)) in pairs.iter().enumerate() {
        let _ = write!(
            text,
            "fn f{number}(a: {first}, b: {second}):\n  print([a, b])\n\n"
        );
    }
    let mut mixed = BTreeSet::new();
    for found in check(&text) {
        let code = found.diagnostic.code;
        if code == Code::LITERAL_MIXED {
            mixed.insert(found.line as usize);
        } else {
            assert!(!found.diagnostic.is_error(), "{:?}", found.diagnostic);
        }
    }
    let mut wrong = String::new();
    for (number, (first, second)) in pairs.iter().enumerate() {
        let takes = |value: &Type, place: &Type| assignable(value, place, Slot::Plain);
        let wanted = takes(second, first) || takes(first, second);
        let found = !mixed.contains(&(start + 3 * number + 2));
        if wanted != found {
            let _ = writeln!(
                wrong,
                "{first} and {second}: joined {found}, wanted {wanted}"
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Types that nest as far as people write them.
fn nested() -> impl Strategy<Value = Type> {
    let leaf = proptest::sample::select(simple());
    let data = leaf.prop_recursive(4, 8, 1, |inner| {
        prop_oneof![
            inner.clone().prop_map(|ty| option(&ty)),
            inner.clone().prop_map(|ty| Type::List(Box::new(ty))),
            inner.prop_map(|ty| Type::Map("String", Box::new(ty))),
        ]
    });
    let errors = proptest::sample::select(vec![
        &[][..],
        &[],
        &["Gone"],
        &["Denied"],
        &["Denied", "Gone"],
    ]);
    (data, errors).prop_map(|(ty, errors)| match errors {
        [] => ty,
        _ => result(ty, errors),
    })
}

/// A type, and one that is often near it.
fn pair() -> impl Strategy<Value = (Type, Type)> {
    (nested(), nested(), any::<u8>()).prop_map(|(value, other, how)| {
        let place = match how % 8 {
            0 => value.clone(),
            1 => near(&value, "Value"),
            2 => near(&value, "String"),
            3 => option(&value),
            4 => Type::List(Box::new(value.clone())),
            _ => other,
        };
        match place {
            Type::List(item) if matches!(*item, Type::Result(..)) => (value.clone(), value),
            Type::Option(item) if matches!(*item, Type::Result(..)) => (value.clone(), value),
            place => (value, place),
        }
    })
}

/// The type with its innermost part replaced.
fn near(ty: &Type, name: &'static str) -> Type {
    match ty {
        Type::Option(inner) => option(&near(inner, name)),
        Type::List(inner) => Type::List(Box::new(near(inner, name))),
        Type::Map(key, inner) => Type::Map(key, Box::new(near(inner, name))),
        Type::Result(ok, errors) => Type::Result(Box::new(near(ok, name)), errors.clone()),
        _ => Type::Named(name),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn nested_types_follow_the_table(pairs in proptest::collection::vec(pair(), 60)) {
        compare(&pairs, Slot::Plain);
        compare(&pairs, Slot::Checked);
    }
}
