//! Rule `source-rules/file-name`: a name says what is inside.

use crate::rules::Findings;
use crate::violation::{Location, Violation};
use crate::workspace::Package;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] = [
    "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils",
];

pub(super) fn check(package: &Package) -> Findings {
    let mut findings = Findings {
        items: package.sources.len(),
        violations: Vec::new(),
    };
    for source in &package.sources {
        let inside = source.path.strip_prefix(package.id.as_str());
        let inside = inside.unwrap_or(&source.path);
        let stem = inside.strip_suffix(".rs").unwrap_or(inside);
        let Some(name) = stem
            .split('/')
            .find(|segment| EMPTY_NAMES.contains(segment))
        else {
            continue;
        };
        let message = format!("{} is called `{name}`, which says nothing", source.path);
        findings.report(
            Violation::deny("source-rules/file-name", &source.path, message)
                .at(Location::file(&source.path))
                .fix("name the file after the one thing it is about, or split it"),
        );
    }
    findings
}
