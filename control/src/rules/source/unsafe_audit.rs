//! Rule `source-rules/unsafe-audit`: `unsafe` only where the manifest says so.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Parsed;
use crate::rules::Findings;
use crate::specs::{UnsafeAllowed, UnsafeCode};
use crate::violation::{Location, Violation, as_number};
use crate::workspace::{Package, Workspace};

const RULE: &str = "source-rules/unsafe-audit";

pub(super) fn check(workspace: &Workspace, package: &Package, parsed: &[Parsed<'_>]) -> Findings {
    let manifest = workspace.manifests.get(&package.id);
    match manifest.map(|manifest| &manifest.unsafe_code) {
        Some(UnsafeCode::Allow(files)) => listed_files(package, files, parsed),
        Some(UnsafeCode::Forbid) | None => forbidden(workspace, package, parsed),
    }
}

/// The lint is what makes `forbid` true, so it is the lint that is asked for.
fn forbidden(workspace: &Workspace, package: &Package, parsed: &[Parsed<'_>]) -> Findings {
    let mut findings = Findings::default();
    let manifest = &package.cargo_toml.text;
    if crate::cargo_toml::forbids_unsafe(manifest, &workspace.root_cargo_toml.text) {
        findings.items += 1;
        return findings;
    }
    for target in package
        .cargo
        .targets
        .iter()
        .filter(|target| target.is_product())
    {
        findings.items += 1;
        let path = crate::workspace::relative(&workspace.root, &target.src_path);
        let root = parsed.iter().find(|parsed| parsed.source.path == path);
        if !root.is_some_and(|root| has_forbid(&root.file)) {
            let message = format!("{path} does not forbid unsafe code");
            findings.report(
                Violation::deny(RULE, package.id.as_str(), message)
                    .at(Location::file(&path))
                    .fix("inherit the lints of the workspace, or write `#![forbid(unsafe_code)]`"),
            );
        }
    }
    findings
}

fn has_forbid(file: &syn::File) -> bool {
    file.attrs.iter().any(|attribute| {
        attribute.path().is_ident("forbid")
            && attribute
                .parse_args_with(
                    syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated,
                )
                .is_ok_and(|lints| lints.iter().any(|lint| lint.is_ident("unsafe_code")))
    })
}

fn listed_files(package: &Package, files: &[UnsafeAllowed], parsed: &[Parsed<'_>]) -> Findings {
    let mut findings = Findings::default();
    for parsed in parsed {
        findings.items += 1;
        let mut places = Places::default();
        places.visit_file(&parsed.file);
        let path = &parsed.source.path;
        let listed = files.iter().any(|file| file.path.value == *path);
        let lines: Vec<_> = parsed.source.text.lines().collect();
        for (line, column) in places.found {
            let problem = if !listed {
                "has unsafe code and is not listed under `unsafe_code` of the manifest"
            } else if is_explained(&lines, line) {
                continue;
            } else {
                "has unsafe code without a `// SAFETY:` comment above it"
            };
            findings.report(
                Violation::deny(RULE, package.id.as_str(), format!("{path} {problem}"))
                    .at(Location::new(path, as_number(line), as_number(column + 1))),
            );
        }
    }
    findings
}

/// Whether the comments directly above `line` give the reason. Attributes and
/// the beginning of the same statement may stand between.
fn is_explained(lines: &[&str], line: usize) -> bool {
    let above = lines.get(..line.saturating_sub(1)).unwrap_or_default();
    let own = lines
        .get(line.saturating_sub(1))
        .copied()
        .unwrap_or_default();
    if own.contains("// SAFETY:") {
        return true;
    }
    above
        .iter()
        .rev()
        .map(|line| line.trim())
        .take_while(|line| line.starts_with("//") || line.starts_with("#["))
        .any(|line| line.starts_with("// SAFETY:") || line.starts_with("/// # Safety"))
}

/// Where `unsafe` stands.
#[derive(Default)]
struct Places {
    found: Vec<(usize, usize)>,
}

impl Places {
    fn add(&mut self, span: proc_macro2::Span) {
        let start = span.start();
        self.found.push((start.line, start.column));
    }
}

impl<'a> Visit<'a> for Places {
    fn visit_expr_unsafe(&mut self, node: &'a syn::ExprUnsafe) {
        self.add(node.unsafe_token.span());
        visit::visit_expr_unsafe(self, node);
    }

    fn visit_item_impl(&mut self, node: &'a syn::ItemImpl) {
        if let Some(token) = &node.unsafety {
            self.add(token.span());
        }
        visit::visit_item_impl(self, node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_stands_directly_above() {
        let lines = [
            "// SAFETY: alive",
            "#[inline]",
            "unsafe { x() }",
            "",
            "unsafe { y() }",
        ];
        assert!(is_explained(&lines, 3));
        assert!(!is_explained(&lines, 5));
    }

    #[test]
    fn blocks_and_impls_are_places() {
        let text = "unsafe impl Send for A {}\nfn f() {\n    unsafe { g() }\n}\n";
        let mut places = Places::default();
        let file = syn::parse_file(text).unwrap();
        places.visit_file(&file);
        assert_eq!(places.found, [(1, 0), (3, 4)]);
    }
}
