//! Names that exist without an import, and how to find rows by name.

use crate::{
    function::{BUILTINS, Builtin, Home},
    member::{MEMBERS, Member, Receiver},
};

/// A constructor that every module knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Constructor {
    /// `Some(v)`, which is `v` as an optional.
    Some,
    /// `None`, which is `null`.
    None,
    /// `Ok(v)`.
    Ok,
    /// `Err(e)`.
    Err,
}

impl Constructor {
    /// Every constructor.
    pub const ALL: [Self; 4] = [Self::Some, Self::None, Self::Ok, Self::Err];

    /// The name a program writes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Some => "Some",
            Self::None => "None",
            Self::Ok => "Ok",
            Self::Err => "Err",
        }
    }
}

/// A number with a name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constant {
    /// Where it lives.
    pub home: Home,
    /// Its name there.
    pub name: &'static str,
    /// Its value.
    pub value: f64,
    /// What it is, in one line.
    pub doc: &'static str,
}

/// Every constant.
pub static CONSTANTS: [Constant; 2] = [
    Constant {
        home: Home::Math,
        name: "pi",
        value: std::f64::consts::PI,
        doc: "Circumference of a circle by its diameter.",
    },
    Constant {
        home: Home::Math,
        name: "e",
        value: std::f64::consts::E,
        doc: "Base of the natural logarithm.",
    },
];

/// The built-in types that a program can write with a single name, with the
/// number of type arguments each takes.
pub const TYPES: [(&str, usize); 15] = [
    ("Unit", 0),
    ("Int", 0),
    ("Float", 0),
    ("Bool", 0),
    ("String", 0),
    ("Bytes", 0),
    ("Html", 0),
    ("Id", 0),
    ("Email", 0),
    ("Value", 0),
    ("List", 1),
    ("Map", 2),
    ("Option", 1),
    ("Result", 2),
    ("Box", 1),
];

/// What a bare name means when nothing of the program has it.
#[derive(Debug, Clone, Copy)]
pub enum PreludeName {
    /// A constructor.
    Constructor(Constructor),
    /// A function; all its rows have this name.
    Function(&'static str),
    /// A namespace, which only means something before a dot.
    Namespace(Home),
}

/// Looks a bare name up in the prelude. Tags are not in it.
///
/// `testing` is found too: whether a test block is around is for the caller.
#[must_use]
pub fn find_prelude(name: &str) -> Option<PreludeName> {
    if let Some(constructor) = Constructor::ALL.into_iter().find(|c| c.name() == name) {
        return Some(PreludeName::Constructor(constructor));
    }
    if let Some(row) = functions(Home::Prelude, name).next() {
        return Some(PreludeName::Function(row.name));
    }
    Home::namespace(name).map(PreludeName::Namespace)
}

/// Every name that [`find_prelude`] finds, for suggestions. Each once.
pub fn prelude_names() -> impl Iterator<Item = &'static str> {
    let constructors = Constructor::ALL.into_iter().map(Constructor::name);
    let functions = BUILTINS
        .iter()
        .filter(|row| row.home == Home::Prelude)
        .filter(|row| !matches!(row.form, crate::Form::TextFirst | crate::Form::OtherFirst))
        .map(|row| row.name);
    let namespaces = Home::NAMESPACES.into_iter().filter_map(Home::name);
    constructors.chain(functions).chain(namespaces)
}

/// The rows of a name in a namespace, a type or the prelude; usually one.
pub fn functions(home: Home, name: &str) -> impl Iterator<Item = &'static Builtin> {
    BUILTINS
        .iter()
        .filter(move |row| row.home == home && row.name == name)
}

/// Every row of a namespace, a type or the prelude.
pub fn functions_of(home: Home) -> impl Iterator<Item = &'static Builtin> {
    BUILTINS.iter().filter(move |row| row.home == home)
}

/// The rows of a method of a type; usually one.
pub fn members(receiver: Receiver, name: &str) -> impl Iterator<Item = &'static Member> {
    MEMBERS
        .iter()
        .filter(move |row| row.receiver == receiver && row.name == name)
}

/// Every method of a type.
pub fn members_of(receiver: Receiver) -> impl Iterator<Item = &'static Member> {
    MEMBERS.iter().filter(move |row| row.receiver == receiver)
}

/// The constant of a name in a namespace.
#[must_use]
pub fn constant(home: Home, name: &str) -> Option<&'static Constant> {
    CONSTANTS
        .iter()
        .find(|constant| constant.home == home && constant.name == name)
}
