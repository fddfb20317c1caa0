//! Rule `source-rules/banned-path`: paths that a module may not name.
//!
//! Only what the rule needs is resolved: the names that `use` brings into the
//! file. Tokens inside macro calls are read as paths too.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};

use super::{Parsed, attributes, is_test_only, visit_product};
use crate::rules::Findings;
use crate::specs::{Ban, Banned, DependencyRules};
use crate::violation::{Location, Violation, as_number};
use crate::workspace::{Package, Workspace};

const RULES: &str = "specs/dependency-rules.yaml";

pub(super) fn check(
    workspace: &Workspace,
    package: &Package,
    parsed: &[Parsed<'_>],
    rules: &DependencyRules,
) -> Findings {
    let facts = workspace.facts(&package.id);
    let in_scope = rules.bans.iter().filter(|ban| ban.scope.matches(&facts));
    let bans: Vec<(&Ban, &[String])> = in_scope
        .filter_map(|ban| match &ban.banned.value {
            Banned::Use(path) => Some((ban, path.as_slice())),
            Banned::Crate(_) => None,
        })
        .collect();
    let mut findings = Findings::default();
    if bans.is_empty() {
        return findings;
    }
    for parsed in parsed.iter().filter(|parsed| !parsed.test_only) {
        findings.items += 1;
        for (path, span) in named_paths(&parsed.file) {
            if let Some((ban, banned)) = bans.iter().find(|(_, banned)| path.starts_with(banned)) {
                let found = (banned.join("::"), span);
                findings.report(violation(package, parsed, ban, &found));
            }
        }
    }
    findings
}

fn violation(
    package: &Package,
    parsed: &Parsed<'_>,
    ban: &Ban,
    (path, span): &(String, Span),
) -> Violation {
    let start = span.start();
    let message = format!("{} uses {path}, which is banned", package.id);
    Violation::deny("source-rules/banned-path", package.id.as_str(), message)
        .at(Location::new(
            &parsed.source.path,
            as_number(start.line),
            as_number(start.column + 1),
        ))
        .because(ban.because.clone())
        .stated_at(ban.banned.location(RULES))
        .fix("take the value from the caller, or say why not in a `plumego:allow` comment above")
}

/// Every path that the product part of `file` names, with `use` names
/// replaced by what they stand for.
fn named_paths(file: &syn::File) -> Vec<(Vec<String>, Span)> {
    let mut reader = PathReader::default();
    visit_product(&mut reader, file);
    let mut named = Vec::new();
    for (path, span) in reader.paths {
        if let [single] = path.as_slice()
            && !reader.imports.contains_key(single)
        {
            named.extend(through_globs(&reader.globs, single, span));
        }
        named.push((resolve(&reader.imports, path), span));
    }
    named.extend(reader.imported);
    named
}

/// A bare name may come from any module that is imported as a whole.
fn through_globs(globs: &[Vec<String>], name: &str, span: Span) -> Vec<(Vec<String>, Span)> {
    let full = |glob: &Vec<String>| {
        let mut full = glob.clone();
        full.push(name.to_owned());
        (full, span)
    };
    globs.iter().map(full).collect()
}

fn resolve(imports: &BTreeMap<String, Vec<String>>, path: Vec<String>) -> Vec<String> {
    match path.first().and_then(|first| imports.get(first)) {
        Some(full) => full.iter().chain(&path[1..]).cloned().collect(),
        None => path,
    }
}

#[derive(Default)]
struct PathReader {
    /// Local name to full path.
    imports: BTreeMap<String, Vec<String>>,
    /// Modules that are imported as a whole.
    globs: Vec<Vec<String>>,
    /// Full paths of `use` items.
    imported: Vec<(Vec<String>, Span)>,
    /// Paths as written.
    paths: Vec<(Vec<String>, Span)>,
}

impl PathReader {
    fn import(&mut self, tree: &syn::UseTree, prefix: &[String]) {
        match tree {
            syn::UseTree::Path(path) => {
                let mut longer = prefix.to_vec();
                longer.push(path.ident.to_string());
                self.import(&path.tree, &longer);
            }
            syn::UseTree::Name(name) => self.name(prefix, &name.ident, &name.ident),
            syn::UseTree::Rename(rename) => self.name(prefix, &rename.ident, &rename.rename),
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(tree, prefix);
                }
            }
            syn::UseTree::Glob(_) => self.globs.push(prefix.to_vec()),
        }
    }

    fn name(&mut self, prefix: &[String], name: &syn::Ident, local: &syn::Ident) {
        let mut full = prefix.to_vec();
        if name != "self" {
            full.push(name.to_string());
        }
        let local = if local == "self" {
            full.last().cloned().unwrap_or_default()
        } else {
            local.to_string()
        };
        self.imported.push((full.clone(), name.span()));
        self.imports.insert(local, full);
    }

    /// Reads `a::b::c` out of tokens whose grammar only their macro knows.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut start = None;
        let mut joined = false;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if !joined {
                        self.flush(&mut path, &mut start);
                    }
                    start.get_or_insert(ident.span());
                    path.push(ident.to_string());
                    joined = false;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => joined = true,
                other => {
                    joined = false;
                    self.flush(&mut path, &mut start);
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.flush(&mut path, &mut start);
    }

    fn flush(&mut self, path: &mut Vec<String>, start: &mut Option<Span>) {
        if let Some(span) = start.take() {
            self.paths.push((std::mem::take(path), span));
        }
    }
}

impl<'a> Visit<'a> for PathReader {
    fn visit_item(&mut self, item: &'a syn::Item) {
        if !is_test_only(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        self.import(&item.tree, &[]);
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments = path.segments.iter();
        let names: Vec<_> = segments.map(|segment| segment.ident.to_string()).collect();
        if let Some(first) = path.segments.first() {
            self.paths.push((names, first.ident.span()));
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'a syn::Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str, wanted: &str) -> usize {
        let file = syn::parse_file(text).unwrap();
        let wanted: Vec<String> = wanted.split("::").map(str::to_owned).collect();
        let paths = named_paths(&file);
        paths
            .iter()
            .filter(|(path, _)| path.starts_with(&wanted))
            .count()
    }

    #[test]
    fn a_path_is_found_however_it_is_written() {
        for text in [
            "fn f() { let _ = std::env::var(\"A\"); }",
            "use std::env; fn f() { let _ = env::var(\"A\"); }",
            "use std::env::*; fn f() { let _ = var(\"A\"); }",
            "use std::env::{self as e}; fn f() { let _ = e::var(\"A\"); }",
            "fn f() { println!(\"{:?}\", std::env::var(\"A\")); }",
            "fn f() { let v = vec![g(std::env::var(\"A\"))]; }",
        ] {
            assert_eq!(names(text, "std::env::var"), 1, "{text}");
        }
        let imported = "use std::env::var; fn f() { let _ = var(\"A\"); }";
        assert_eq!(names(imported, "std::env::var"), 2);
    }

    #[test]
    fn other_paths_and_tests_are_not_found() {
        for text in [
            "fn f() { let _ = my::env::var(\"A\"); }",
            "use std::env; fn f() { let _ = env::args(); }",
            "#[cfg(test)] mod tests { fn f() { let _ = std::env::var(\"A\"); } }",
            "#[cfg(test)] fn f() { let _ = std::env::var(\"A\"); }",
        ] {
            assert_eq!(names(text, "std::env::var"), 0, "{text}");
        }
    }
}
