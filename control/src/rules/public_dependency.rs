//! Check `public-dependency`: public signatures show only crates that have
//! promised not to break.

use std::collections::{BTreeMap, BTreeSet};

use rustdoc_types::Crate;

use super::Findings;
use crate::api::{Shown, shown_types};
use crate::decode::At;
use crate::pattern::ModuleId;
use crate::specs::{DependencyRules, ShownType};
use crate::violation::Violation;
use crate::workspace::Workspace;

const RULES: &str = "specs/dependency-rules.yaml";
const RULE: &str = "public-dependency/not-allowed";
/// Crates that show what other crates of the same project define: the entry
/// for the first stands for all.
const DEFINED_IN: [(&str, &[&str]); 2] = [
    ("std", &["core", "alloc", "proc_macro"]),
    ("serde", &["serde_core"]),
];

/// The modules whose signatures are judged: stable roots, and whatever else a
/// scope names.
#[must_use]
pub fn judged(workspace: &Workspace, rules: &DependencyRules) -> Vec<ModuleId> {
    let mut modules = Vec::new();
    for id in workspace.packages.keys() {
        let facts = workspace.facts(id);
        let mut scopes = rules.public_dependencies.iter();
        let in_scope = scopes.any(|entry| entry.scope.value.matches(&facts));
        let repo = workspace.repo.present();
        if in_scope || repo.is_some_and(|repo| repo.is_stable_root(id)) {
            modules.push(id.clone());
        }
    }
    modules
}

/// Judges the public API of each module against the allow-lists of all scopes
/// that match it. A stable root that no scope matches may show nothing.
#[must_use]
pub fn check(
    workspace: &Workspace,
    rules: &DependencyRules,
    apis: &BTreeMap<ModuleId, Crate>,
) -> Findings {
    let own = library_names(workspace);
    let mut findings = Findings::default();
    let mut used = BTreeSet::new();
    for (id, krate) in apis {
        let allowed = allow_list(workspace, rules, id);
        let shown = shown_types(krate);
        findings.items += shown.len();
        let foreign = shown.iter().filter(|shown| !own.contains(&shown.krate));
        for (key, shown) in first_of_each(foreign) {
            let entry = allowed.iter().find(|entry| permits(&entry.value, shown));
            match entry {
                Some(entry) => {
                    used.insert((entry.line, entry.column));
                }
                None => findings.report(violation(id, &key, shown)),
            }
        }
    }
    unused(workspace, rules, apis, &used, &mut findings);
    findings
}

/// One item often shows one type many times; it is one problem.
fn first_of_each<'s>(
    shown: impl Iterator<Item = &'s Shown>,
) -> BTreeMap<(String, String), &'s Shown> {
    let mut first = BTreeMap::new();
    for shown in shown {
        first
            .entry((shown.item.clone(), shown.path.clone()))
            .or_insert(shown);
    }
    first
}

fn violation(id: &ModuleId, (item, path): &(String, String), shown: &Shown) -> Violation {
    let violation = Violation::deny(RULE, id.as_str(), format!("{item} shows {path}"))
        .because(Some(format!(
            "{} may release a breaking version whenever it likes",
            shown.krate
        )))
        .fix("hide it behind a type of this crate, or make the item private");
    match &shown.location {
        Some(location) => violation.at(location.clone()),
        None => violation,
    }
}

fn library_names(workspace: &Workspace) -> BTreeSet<String> {
    let packages = workspace.packages.values();
    let targets = packages.flat_map(|package| &package.cargo.targets);
    targets
        .filter(|target| target.is_library())
        .map(|target| target.name.replace('-', "_"))
        .collect()
}

fn allow_list<'r>(
    workspace: &Workspace,
    rules: &'r DependencyRules,
    id: &ModuleId,
) -> Vec<&'r At<ShownType>> {
    let facts = workspace.facts(id);
    let scopes = rules.public_dependencies.iter();
    scopes
        .filter(|entry| entry.scope.value.matches(&facts))
        .flat_map(|entry| &entry.allow)
        .collect()
}

fn permits(allowed: &ShownType, shown: &Shown) -> bool {
    let krate = allowed.krate == shown.krate
        || DEFINED_IN.iter().any(|(facade, crates)| {
            allowed.krate == *facade && crates.contains(&shown.krate.as_str())
        });
    let item = allowed.item.as_deref();
    krate && item.is_none_or(|item| shown.path.rsplit("::").next() == Some(item))
}

/// Entries that nothing needs. Told only when every module that an entry is
/// for was looked at.
fn unused(
    workspace: &Workspace,
    rules: &DependencyRules,
    apis: &BTreeMap<ModuleId, Crate>,
    used: &BTreeSet<(u32, u32)>,
    findings: &mut Findings,
) {
    for entry in &rules.public_dependencies {
        let mut modules = workspace.packages.keys();
        let complete = modules
            .all(|id| apis.contains_key(id) || !entry.scope.value.matches(&workspace.facts(id)));
        if !complete {
            continue;
        }
        for allow in &entry.allow {
            if used.contains(&(allow.line, allow.column)) {
                continue;
            }
            let name = &allow.value.krate;
            let message = format!("{name} may be shown by {} and is not", entry.scope.value);
            findings.report(
                Violation::warn("public-dependency/unused-allow", name, message)
                    .at(allow.location(RULES)),
            );
        }
    }
}
