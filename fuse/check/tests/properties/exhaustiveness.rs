//! Matches over small types, against going through every value there is.

use std::fmt::Write as _;

use fuse_syntax::Code;
use proptest::prelude::*;

use crate::check;

/// A type with few enough values to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Bool,
    /// Infinite; `2` stands for everything that no pattern names.
    Int,
    Light,
    Move,
    Pair,
    OptionBool,
    OptionMove,
    OneError,
    TwoErrors,
}

const TYPES: [Type; 9] = [
    Type::Bool,
    Type::Int,
    Type::Light,
    Type::Move,
    Type::Pair,
    Type::OptionBool,
    Type::OptionMove,
    Type::OneError,
    Type::TwoErrors,
];

const DECLARATIONS: &str = "\
enum Light:
  Red
  Green

enum Move:
  Stay
  Turn(Bool)
  Walk(Light, Bool)

type Pair:
  flag: Bool
  light: Light

type Gone:
  flag: Bool

enum Denied:
  Shut
  Later(Light)

";

/// A constructor of a type: how a pattern writes it, and the types inside.
#[derive(Clone, Debug)]
struct Constructor {
    name: &'static str,
    fields: &'static [&'static str],
    parts: Vec<Part>,
}

/// What is inside: a type, or the error of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Of(Type),
    ErrorOf(Type),
}

fn constructor(name: &'static str, parts: &[Part]) -> Constructor {
    Constructor {
        name,
        fields: &[],
        parts: parts.to_vec(),
    }
}

fn record(name: &'static str, fields: &'static [&'static str], parts: &[Part]) -> Constructor {
    Constructor {
        fields,
        ..constructor(name, parts)
    }
}

impl Type {
    fn written(self) -> &'static str {
        match self {
            Self::Bool => "Bool",
            Self::Int => "Int",
            Self::Light => "Light",
            Self::Move => "Move",
            Self::Pair => "Pair",
            Self::OptionBool => "Bool?",
            Self::OptionMove => "Move?",
            Self::OneError => "Bool!Denied",
            Self::TwoErrors => "Light!Gone!Denied",
        }
    }
}

impl Part {
    fn constructors(self) -> Vec<Constructor> {
        let of = |ty| Self::Of(ty);
        match self {
            Self::Of(Type::Bool) => vec![constructor("true", &[]), constructor("false", &[])],
            Self::Of(Type::Int) => ["0", "1", "2"].map(|name| constructor(name, &[])).to_vec(),
            Self::Of(Type::Light) => vec![constructor("Red", &[]), constructor("Green", &[])],
            Self::Of(Type::Move) => vec![
                constructor("Stay", &[]),
                constructor("Turn", &[of(Type::Bool)]),
                constructor("Walk", &[of(Type::Light), of(Type::Bool)]),
            ],
            Self::Of(Type::Pair) => vec![record(
                "Pair",
                &["flag", "light"],
                &[of(Type::Bool), of(Type::Light)],
            )],
            Self::Of(Type::OptionBool) => vec![
                constructor("None", &[]),
                constructor("Some", &[of(Type::Bool)]),
            ],
            Self::Of(Type::OptionMove) => vec![
                constructor("None", &[]),
                constructor("Some", &[of(Type::Move)]),
            ],
            Self::Of(Type::OneError) => vec![
                constructor("Ok", &[of(Type::Bool)]),
                constructor("Err", &[Self::ErrorOf(Type::OneError)]),
            ],
            Self::Of(Type::TwoErrors) => vec![
                constructor("Ok", &[of(Type::Light)]),
                constructor("Err", &[Self::ErrorOf(Type::TwoErrors)]),
            ],
            Self::ErrorOf(ty) => {
                let mut all = vec![
                    constructor("Shut", &[]),
                    constructor("Later", &[of(Type::Light)]),
                ];
                if ty == Type::TwoErrors {
                    all.push(record("Gone", &["flag"], &[of(Type::Bool)]));
                }
                all
            }
        }
    }

    /// Whether patterns can name every constructor.
    fn is_finite(self) -> bool {
        self != Self::Of(Type::Int)
    }

    /// All values, an unnamed one of an infinite type included.
    fn values(self) -> Vec<Value> {
        let mut values = Vec::new();
        for (number, constructor) in self.constructors().iter().enumerate() {
            let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
            for part in &constructor.parts {
                rows = rows
                    .iter()
                    .flat_map(|row| {
                        part.values().into_iter().map(|value| {
                            let mut row = row.clone();
                            row.push(value);
                            row
                        })
                    })
                    .collect();
            }
            values.extend(rows.into_iter().map(|parts| Value(number, parts)));
        }
        values
    }
}

/// A value: the number of its constructor, and its parts.
#[derive(Clone, Debug)]
struct Value(usize, Vec<Self>);

#[derive(Clone, Debug)]
enum Pattern {
    Any,
    Binding,
    Constructor(usize, Vec<Self>),
}

impl Pattern {
    fn matches(&self, value: &Value) -> bool {
        match self {
            Self::Any | Self::Binding => true,
            Self::Constructor(number, parts) => {
                *number == value.0
                    && parts
                        .iter()
                        .zip(&value.1)
                        .all(|(part, value)| part.matches(value))
            }
        }
    }

    fn write(&self, of: Part, names: &mut u32, out: &mut String) {
        match self {
            Self::Any => out.push('_'),
            Self::Binding => {
                *names += 1;
                let _ = write!(out, "b{names}");
            }
            Self::Constructor(number, parts) => {
                let constructor = &of.constructors()[*number];
                out.push_str(constructor.name);
                if constructor.parts.is_empty() {
                    return;
                }
                out.push('(');
                for (at, (part, of)) in parts.iter().zip(&constructor.parts).enumerate() {
                    if at > 0 {
                        out.push_str(", ");
                    }
                    if let Some(field) = constructor.fields.get(at) {
                        let _ = write!(out, "{field}=");
                    }
                    part.write(*of, names, out);
                }
                out.push(')');
            }
        }
    }
}

/// A pattern for a type: more often a constructor than a wildcard.
fn pattern(of: Part) -> BoxedStrategy<Pattern> {
    let all = of.constructors();
    let named = if of.is_finite() {
        all.len()
    } else {
        all.len() - 1
    };
    let constructors = (0..named).prop_flat_map(move |number| {
        let parts: Vec<BoxedStrategy<Pattern>> = all[number]
            .parts
            .iter()
            .map(|part| pattern(*part))
            .collect();
        parts.prop_map(move |parts| Pattern::Constructor(number, parts))
    });
    prop_oneof![
        1 => Just(Pattern::Any),
        1 => Just(Pattern::Binding),
        5 => constructors,
    ]
    .boxed()
}

#[derive(Clone, Debug)]
struct Match {
    subject: Type,
    arms: Vec<Pattern>,
}

fn matches() -> impl Strategy<Value = Match> {
    proptest::sample::select(TYPES.to_vec()).prop_flat_map(|subject| {
        proptest::collection::vec(pattern(Part::Of(subject)), 1..7)
            .prop_map(move |arms| Match { subject, arms })
    })
}

/// Whether a value is left over, and which arms match nothing that is left
/// for them.
fn by_enumeration(of: &Match) -> (bool, Vec<bool>) {
    let mut left = Part::Of(of.subject).values();
    let mut dead = Vec::new();
    for arm in &of.arms {
        let before = left.len();
        left.retain(|value| !arm.matches(value));
        dead.push(left.len() == before);
    }
    (!left.is_empty(), dead)
}

/// A module with one function per match; the lines of `match`, one for each.
fn module(all: &[Match]) -> (String, Vec<u32>) {
    let mut text = DECLARATIONS.to_owned();
    let mut lines = Vec::new();
    let mut names = 0;
    for (number, of) in all.iter().enumerate() {
        let _ = writeln!(text, "fn f{number}(v: {}) -> Int:", of.subject.written());
        let _ = writeln!(text, "  match v:");
        lines.push(u32::try_from(text.lines().count()).expect("few lines"));
        for arm in &of.arms {
            text.push_str("    ");
            arm.write(Part::Of(of.subject), &mut names, &mut text);
            text.push_str(" -> 1\n");
        }
        text.push('\n');
    }
    (text, lines)
}

fn lines_with(text: &str, code: Code) -> Vec<u32> {
    let found = check(text);
    for one in &found {
        assert!(
            !one.diagnostic.is_error() || one.diagnostic.code == Code::MATCH_NOT_EXHAUSTIVE,
            "{:?}\n{text}",
            one.diagnostic
        );
    }
    found
        .iter()
        .filter(|found| found.diagnostic.code == code)
        .map(|found| found.line)
        .collect()
}

/// The text with the arms added that each diagnostic proposes.
fn with_missing_arms(text: &str) -> String {
    let mut mended = text.to_owned();
    let mut edits: Vec<_> = check(text)
        .into_iter()
        .filter(|found| found.diagnostic.code == Code::MATCH_NOT_EXHAUSTIVE)
        .flat_map(|found| found.diagnostic.fixes.into_iter().flat_map(|fix| fix.edits))
        .collect();
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    for (span, arms) in edits {
        mended.replace_range(span.range().as_usize(), &arms);
    }
    mended
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn matches_are_judged_as_by_enumeration(all in proptest::collection::vec(matches(), 40)) {
        let (text, lines) = module(&all);
        let open = lines_with(&text, Code::MATCH_NOT_EXHAUSTIVE);
        let dead = lines_with(&text, Code::MATCH_UNREACHABLE);
        for (of, line) in all.iter().zip(&lines) {
            let (left, arms) = by_enumeration(of);
            prop_assert_eq!(open.contains(line), left, "line {} of\n{}", line, &text);
            for (arm, at) in arms.into_iter().zip(line + 1..) {
                prop_assert_eq!(dead.contains(&at), arm, "line {} of\n{}", at, &text);
            }
        }
        // The proposed arms cover what was left, and nothing else.
        let mended = with_missing_arms(&text);
        let still = lines_with(&mended, Code::MATCH_NOT_EXHAUSTIVE);
        prop_assert!(still.is_empty(), "{still:?} of\n{mended}");
        prop_assert_eq!(
            lines_with(&mended, Code::MATCH_UNREACHABLE).len(), dead.len(), "{}", &mended
        );
    }
}
