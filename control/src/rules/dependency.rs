//! Check `dependency-rules`: dependencies point one way.

mod contradiction;
mod edges;
mod external;

use super::{Findings, facade};
use crate::graph::Graph;
use crate::pattern::ModuleId;
use crate::specs::{DependencyRules, EdgeMode, ModuleRules};
use crate::violation::Violation;
use crate::workspace::Workspace;

/// The file that states the rules.
const RULES: &str = "specs/dependency-rules.yaml";

/// Judges every declared dependency, and the rules themselves.
#[must_use]
pub fn check(workspace: &Workspace, rules: &DependencyRules, graph: &Graph) -> Findings {
    let mut findings = Findings {
        items: graph.edges.len() + graph.external.len(),
        violations: Vec::new(),
    };
    rules_themselves(workspace, rules, &mut findings);
    forbidden_paths(workspace, rules, &mut findings);
    edges::check(workspace, rules, graph, &mut findings);
    external::check(workspace, rules, graph, &mut findings);
    contradiction::check(workspace, rules, &mut findings);
    if rules.facade_reexport_only {
        findings.extend(facade::check(workspace));
    }
    findings
}

/// Whether edges that `allow` does not list are denied.
fn is_closed(workspace: &Workspace, module: &ModuleId, rules: Option<&ModuleRules>) -> bool {
    match rules.and_then(|rules| rules.mode) {
        Some(mode) => mode == EdgeMode::Closed,
        None => matches!(workspace.layer_of(module), Some("stable" | "extension")),
    }
}

fn rules_themselves(workspace: &Workspace, rules: &DependencyRules, findings: &mut Findings) {
    for module in &rules.modules {
        let id = ModuleId::new(&module.id.value);
        if !workspace.packages.contains_key(&id) {
            let message = format!("{id} has rules and is not a package of the workspace");
            findings.report(
                Violation::deny("dependency-rules/unknown-module", id.as_str(), message)
                    .at(module.id.location(RULES)),
            );
            continue;
        }
        misplaced(workspace, &id, module, findings);
        unknown_targets(workspace, &id, module, findings);
        ambiguous(&id, module, findings);
    }
}

/// `path` and `layer` repeat what is known; a difference is a mistake.
fn misplaced(workspace: &Workspace, id: &ModuleId, module: &ModuleRules, findings: &mut Findings) {
    let layer = workspace.layer_of(id).unwrap_or_default();
    let stated = [
        ("path", &module.path, id.as_str()),
        ("layer", &module.layer, layer),
    ];
    for (key, value, actual) in stated {
        let Some(value) = value else { continue };
        if value.value != actual {
            let message = format!("{id} has {key} `{actual}`, the rules say `{}`", value.value);
            findings.report(
                Violation::deny("dependency-rules/unknown-module", id.as_str(), message)
                    .at(value.location(RULES)),
            );
        }
    }
}

/// A permission for something that does not exist waits for somebody to create
/// it. A prohibition of something absent is what it asks for.
fn unknown_targets(
    workspace: &Workspace,
    id: &ModuleId,
    module: &ModuleRules,
    findings: &mut Findings,
) {
    for allow in &module.allow {
        let mut known = workspace.packages.keys();
        if !known.any(|target| allow.value.matches(target.as_str())) {
            let message = format!(
                "{id} may depend on `{}`, which matches no module",
                allow.value
            );
            findings.report(
                Violation::deny("dependency-rules/unknown-module", id.as_str(), message)
                    .at(allow.location(RULES))
                    .fix("correct the name, or add it together with the module"),
            );
        }
    }
}

fn ambiguous(id: &ModuleId, module: &ModuleRules, findings: &mut Findings) {
    for allow in &module.allow {
        let same = |deny: &&crate::decode::At<crate::pattern::Pattern>| {
            deny.value.covers(&allow.value) && allow.value.covers(&deny.value)
        };
        if let Some(deny) = module.deny.iter().find(same) {
            let message = format!("{id} is both allowed and denied `{}`", allow.value);
            findings.report(
                Violation::deny("dependency-rules/rules-ambiguous", id.as_str(), message)
                    .at(allow.location(RULES))
                    .stated_at(deny.location(RULES)),
            );
        }
    }
}

fn forbidden_paths(workspace: &Workspace, rules: &DependencyRules, findings: &mut Findings) {
    for (path, because) in &rules.forbidden_paths {
        if workspace.exists(&path.value) {
            let message = format!("{} may not exist", path.value);
            findings.report(
                Violation::deny("dependency-rules/forbidden-path", &path.value, message)
                    .because(because.clone())
                    .stated_at(path.location(RULES)),
            );
        }
    }
}
