//! Check `source-rules`: what sources may not contain.

mod inline;
mod names;
mod paths;
mod unsafe_audit;

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::Visit;

use super::Findings;
use crate::specs::DependencyRules;
use crate::violation::{Location, Violation, as_number};
use crate::workspace::{Package, Source, SourceKind, Workspace};

/// Checks the sources of every package. Bans come from `rules`; without them
/// the other rules still hold.
#[must_use]
pub fn check(workspace: &Workspace, rules: Option<&DependencyRules>) -> Findings {
    let mut findings = Findings::default();
    for package in workspace.packages.values() {
        findings.extend(names::check(package));
        let (parsed, refused) = parse_all(package);
        findings.violations.extend(refused);
        findings.extend(unsafe_audit::check(workspace, package, &parsed));
        if let Some(rules) = rules {
            findings.extend(paths::check(workspace, package, &parsed, rules));
        }
    }
    let packages = workspace.packages.values();
    let sources = packages.flat_map(|package| &package.sources);
    inline::apply(sources, &mut findings);
    findings
}

/// A source file and its syntax tree.
struct Parsed<'a> {
    source: &'a Source,
    file: syn::File,
    /// Whether the file is only compiled for tests.
    test_only: bool,
}

fn parse_all(package: &Package) -> (Vec<Parsed<'_>>, Vec<Violation>) {
    let mut refused = Vec::new();
    let mut files = BTreeMap::new();
    for source in &package.sources {
        match parse(source) {
            Ok(file) => {
                files.insert(source.path.as_str(), (source, file));
            }
            Err(violation) => refused.push(*violation),
        }
    }
    let test_modules = test_module_files(&files);
    let parsed = files
        .into_iter()
        .map(|(path, (source, file))| Parsed {
            source,
            file,
            test_only: source.kind == SourceKind::Test || is_below(path, &test_modules),
        })
        .collect();
    (parsed, refused)
}

/// The syntax tree of `source`.
///
/// # Errors
///
/// One violation when it is not Rust: what cannot be read cannot be checked.
pub(super) fn parse(source: &Source) -> Result<syn::File, Box<Violation>> {
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    syn::parse_file(text).map_err(|error| {
        let start = error.span().start();
        let location = Location::new(
            &source.path,
            as_number(start.line),
            as_number(start.column + 1),
        );
        let message = format!("{} cannot be parsed: {error}", source.path);
        Box::new(Violation::deny("source-rules/parse", &source.path, message).at(location))
    })
}

/// Files that `#[cfg(test)] mod name;` declares, with and without extension.
fn test_module_files(files: &BTreeMap<&str, (&Source, syn::File)>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (path, (_, file)) in files {
        for item in &file.items {
            if let syn::Item::Mod(module) = item
                && module.content.is_none()
                && is_test_only(&module.attrs)
            {
                found.insert(format!("{}/{}", children_of(path), module.ident));
            }
        }
    }
    found
}

/// The directory in which the modules that `path` declares are.
fn children_of(path: &str) -> String {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    match stem.rsplit_once('/') {
        Some((parent, "lib" | "main" | "mod")) => parent.to_owned(),
        _ => stem.to_owned(),
    }
}

fn is_below(path: &str, modules: &BTreeSet<String>) -> bool {
    let stem = path.strip_suffix(".rs").unwrap_or(path);
    modules.iter().any(|module| {
        stem.strip_prefix(module.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether attributes say `cfg(test)`, alone or together with more.
fn is_test_only(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .parse_args::<syn::Meta>()
                .is_ok_and(|meta| requires_test(&meta))
    })
}

fn requires_test(meta: &syn::Meta) -> bool {
    match meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("all") => list
            .parse_args_with(
                syn::punctuated::Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated,
            )
            .is_ok_and(|inner| inner.iter().any(requires_test)),
        _ => false,
    }
}

/// Attributes of an item of any kind that can be switched off for products.
fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Visits everything that is compiled into the product.
fn visit_product<'a, V: Visit<'a>>(visitor: &mut V, file: &'a syn::File) {
    for item in &file.items {
        visitor.visit_item(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_needs_test_is_test_only() {
        let test_only = |text: &str| {
            let item: syn::ItemMod = syn::parse_str(&format!("{text} mod m;")).unwrap();
            is_test_only(&item.attrs)
        };
        assert!(test_only("#[cfg(test)]"));
        assert!(test_only("#[cfg(all(unix, test))]"));
        assert!(!test_only("#[cfg(any(test, feature = \"conformance\"))]"));
        assert!(!test_only("#[cfg(not(test))]"));
        assert!(!test_only(""));
    }

    #[test]
    fn the_files_of_a_test_module_are_found_beside_and_below_it() {
        assert_eq!(children_of("a/src/lib.rs"), "a/src");
        assert_eq!(children_of("a/src/b.rs"), "a/src/b");
        assert_eq!(children_of("a/src/b/mod.rs"), "a/src/b");
        let modules = BTreeSet::from(["a/src/tests".to_owned()]);
        assert!(is_below("a/src/tests.rs", &modules));
        assert!(is_below("a/src/tests/one.rs", &modules));
        assert!(!is_below("a/src/tests_of_b.rs", &modules));
    }

    #[test]
    fn a_file_that_is_not_rust_is_a_violation() {
        let source = Source {
            path: "a/src/lib.rs".to_owned(),
            kind: SourceKind::Product,
            text: "fn a() {}\nfn {\n".to_owned(),
        };
        let violation = parse(&source).err().unwrap();
        assert_eq!(violation.rule, "source-rules/parse");
        assert_eq!(violation.location.unwrap().line, 2);
    }
}
