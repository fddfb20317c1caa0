//! Rule `dependency-rules/facade-logic`: a facade is a list of re-exports.

use syn::spanned::Spanned;

use super::Findings;
use crate::violation::{Location, Violation, as_number};
use crate::workspace::{Source, SourceKind, Workspace};

/// Checks the sources of every package of layer `facade`.
#[must_use]
pub fn check(workspace: &Workspace) -> Findings {
    let mut findings = Findings::default();
    for package in workspace.packages.values() {
        if workspace.layer_of(&package.id) != Some("facade") {
            continue;
        }
        let sources = package.sources.iter();
        for source in sources.filter(|source| source.kind == SourceKind::Product) {
            findings.extend(check_source(package.id.as_str(), source));
        }
    }
    findings
}

fn check_source(module: &str, source: &Source) -> Findings {
    let file = match super::source::parse(source) {
        Ok(file) => file,
        Err(violation) => {
            return Findings {
                items: 1,
                violations: vec![*violation],
            };
        }
    };
    let mut findings = Findings {
        items: file.items.len(),
        violations: Vec::new(),
    };
    for item in file.items.iter().filter(|item| !is_reexport(item)) {
        let start = item.span().start();
        let message = format!("{module} is a facade and has an item that is not a `pub use`");
        let (line, column) = (as_number(start.line), as_number(start.column + 1));
        findings.report(
            Violation::deny("dependency-rules/facade-logic", module, message)
                .at(Location::new(&source.path, line, column))
                .fix("move the item to the module it belongs to, and re-export it"),
        );
    }
    findings
}

fn is_reexport(item: &syn::Item) -> bool {
    match item {
        syn::Item::Use(item) => matches!(item.vis, syn::Visibility::Public(_)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violations(text: &str) -> Vec<Violation> {
        let source = Source {
            path: "facade/src/lib.rs".to_owned(),
            kind: SourceKind::Product,
            text: text.to_owned(),
        };
        check_source("facade", &source).violations
    }

    #[test]
    fn re_exports_pass() {
        let text = "//! Doc.\n#[doc(inline)]\npub use a::B;\npub use c as d;\n";
        assert_eq!(violations(text), []);
    }

    #[test]
    fn anything_else_is_named_with_its_line() {
        let text = "pub use a::B;\nuse a::C;\n\npub fn new() -> B {\n    B\n}\nmod inner {}\n";
        let lines: Vec<_> = violations(text)
            .into_iter()
            .map(|violation| violation.location.unwrap().line)
            .collect();
        assert_eq!(lines, [2, 4, 7]);
    }
}
