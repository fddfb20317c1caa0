//! What a public API shows, position by position, from a real rustdoc.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use plumego_control::api::shown_types;

/// A crate from outside. Every position of the crate under test uses a type of
/// its own, so that each can be told from the others.
const FOREIGN: &str = r#"
macro_rules! types { ($($name:ident)*) => { $(#[derive(Clone)] pub struct $name;)* } }
types! {
    Argument Result_ Field TupleField Variant VariantField Alias Constant Static Generic Nested
    Pointer Reference Slice Array Tuple Callback CallbackResult ReExported Renamed Hidden Private
    PrivateField PrivateModule ForForeign AssocType AssocConst Default_ Projected Inherent
    ThroughPrivate
}
pub trait Bound {}
pub trait Where {}
pub trait Dynamic {}
pub trait Opaque {}
pub trait Super {}
pub trait Implemented {}
pub trait Derived { type Output; }
pub trait Blanket { fn blanket(&self) -> Argument { Argument } }
impl<T> Blanket for T {}
pub trait OfPrivate {}
pub mod globbed { pub struct Inside; }
"#;

const LIBRARY: &str = r#"
pub fn argument(_: foreign::Argument) {}
pub fn result() -> Result<foreign::Result_, ()> { Err(()) }
pub struct Plain { pub shown: foreign::Field, hidden: foreign::PrivateField }
pub struct Tuple(pub foreign::TupleField, foreign::PrivateField);
pub enum Choice { One(foreign::Variant), Two { inner: foreign::VariantField } }
pub type Alias = Vec<foreign::Alias>;
pub const CONSTANT: Option<foreign::Constant> = None;
pub static STATIC: Option<foreign::Static> = None;
pub struct Parameter<T = foreign::Default_>(pub T);
pub fn bound<T: foreign::Bound>(_: T) {}
pub fn clause<T>(_: T) where Vec<T>: foreign::Where {}
pub fn dynamic(_: &dyn foreign::Dynamic) {}
pub fn opaque(_: impl foreign::Opaque) {}
pub fn nested() -> Option<Vec<foreign::Nested>> { None }
pub fn pointers(_: *const foreign::Pointer, _: &foreign::Reference, _: &[foreign::Slice],
    _: [foreign::Array; 1], _: (u8, foreign::Tuple)) {}
pub fn callback(_: fn(foreign::Callback) -> foreign::CallbackResult) {}
pub trait Own: foreign::Super {
    type Item;
    const VALUE: Option<foreign::AssocConst> = None;
}
impl foreign::Implemented for Plain {}
impl foreign::Derived for Plain { type Output = foreign::AssocType; }
pub trait Mine {}
impl Mine for foreign::ForForeign {}
pub fn projected<T: Iterator<Item = foreign::Projected>>(_: T) {}
impl Plain { pub fn inherent(&self) -> Option<foreign::Inherent> { None } }
pub use foreign::ReExported;
pub use foreign::Renamed as Other;
pub use foreign::globbed::*;
mod inner { pub struct Reached { pub field: foreign::ThroughPrivate } }
pub use inner::Reached;

#[doc(hidden)]
pub fn hidden(_: foreign::Hidden) {}
fn private(_: foreign::Private) {}
mod away { pub fn unreachable(_: foreign::PrivateModule) {} }
struct Secret;
impl foreign::OfPrivate for Secret {}
"#;

fn run(command: &mut Command) {
    let output = command
        .output()
        .expect("the toolchain that built this test is there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

fn json(dir: &Path) -> rustdoc_types::Crate {
    std::fs::write(dir.join("foreign.rs"), FOREIGN).expect("tests can write files");
    std::fs::write(dir.join("library.rs"), LIBRARY).expect("tests can write files");
    run(Command::new("rustc").current_dir(dir).args([
        "--edition=2024",
        "--crate-type=lib",
        "--emit=metadata",
        "--cap-lints=allow",
        "foreign.rs",
    ]));
    run(Command::new("rustdoc")
        .current_dir(dir)
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["--edition=2024", "--crate-type=lib", "--cap-lints=allow"])
        .args(["--extern", "foreign=libforeign.rmeta", "--out-dir", "out"])
        .args([
            "-Z",
            "unstable-options",
            "--output-format",
            "json",
            "library.rs",
        ]));
    let text = std::fs::read(dir.join("out/library.json")).expect("rustdoc wrote it");
    serde_json::from_slice(&text).expect("the format is the known one")
}

#[test]
fn every_public_position_is_seen_and_nothing_else() {
    let dir = tempfile::tempdir().expect("tests can make directories");
    let shown = shown_types(&json(dir.path()));
    let foreign = shown.iter().filter(|shown| shown.krate == "foreign");
    let names: BTreeSet<&str> = foreign
        .map(|shown| shown.path.strip_prefix("foreign::").unwrap_or(&shown.path))
        .collect();
    let expected = BTreeSet::from([
        "Alias",
        "Argument",
        "Array",
        "AssocConst",
        "AssocType",
        "Bound",
        "Callback",
        "CallbackResult",
        "Constant",
        "Default_",
        "Derived",
        "Dynamic",
        "Field",
        "ForForeign",
        "Implemented",
        "Inherent",
        "Nested",
        "Opaque",
        "Pointer",
        "Projected",
        "ReExported",
        "Reference",
        "Renamed",
        "Result_",
        "Slice",
        "Static",
        "Super",
        "ThroughPrivate",
        "Tuple",
        "TupleField",
        "Variant",
        "VariantField",
        "Where",
        "globbed",
    ]);
    assert_eq!(names, expected);
}

#[test]
fn what_is_shown_names_its_item_and_its_place() {
    let dir = tempfile::tempdir().expect("tests can make directories");
    let shown = shown_types(&json(dir.path()));
    let item = |path: &str| {
        let found = shown.iter().find(|shown| shown.path == path);
        let found = found.unwrap_or_else(|| panic!("{path} is not shown"));
        let line = found.location.as_ref().map(|location| location.line);
        (found.item.clone(), line)
    };
    assert_eq!(
        item("foreign::Argument"),
        ("library::argument".to_owned(), Some(2))
    );
    assert_eq!(
        item("foreign::Field"),
        ("library::Plain::shown".to_owned(), Some(4))
    );
    assert_eq!(item("foreign::Renamed").0, "library::Other");
    assert_eq!(item("foreign::Inherent").0, "library::Plain::inherent");
}
