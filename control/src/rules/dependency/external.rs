//! Edges to crates from outside.

use super::RULES;
use crate::graph::{EdgeKind, ExternalEdge, Graph};
use crate::rules::Findings;
use crate::specs::{Banned, DependencyRules};
use crate::violation::Violation;
use crate::workspace::Workspace;

pub(super) fn check(
    workspace: &Workspace,
    rules: &DependencyRules,
    graph: &Graph,
    findings: &mut Findings,
) {
    for edge in &graph.external {
        findings.violations.extend(banned(workspace, rules, edge));
        findings.violations.extend(wrapped(rules, edge));
    }
}

fn banned(
    workspace: &Workspace,
    rules: &DependencyRules,
    edge: &ExternalEdge,
) -> Option<Violation> {
    let facts = workspace.facts(&edge.from);
    let ban = rules.bans.iter().find(|ban| {
        ban.banned.value == Banned::Crate(edge.krate.clone()) && ban.scope.matches(&facts)
    })?;
    let message = format!("{} depends on {}, which is banned", edge.from, edge.krate);
    Some(
        Violation::deny("dependency-rules/external-ban", edge.from.as_str(), message)
            .at(edge.location.clone())
            .because(ban.because.clone())
            .stated_at(ban.banned.location(RULES)),
    )
}

fn wrapped(rules: &DependencyRules, edge: &ExternalEdge) -> Option<Violation> {
    if edge.kind == EdgeKind::Dev {
        return None;
    }
    let wrapper = rules
        .wrappers
        .iter()
        .find(|wrapper| wrapper.krate.value == edge.krate)?;
    if wrapper
        .only
        .iter()
        .any(|only| only.matches(edge.from.as_str()))
    {
        return None;
    }
    let names: Vec<_> = wrapper.only.iter().map(ToString::to_string).collect();
    let message = format!("{} depends on {} directly", edge.from, edge.krate);
    Some(
        Violation::deny(
            "dependency-rules/external-wrapper",
            edge.from.as_str(),
            message,
        )
        .at(edge.location.clone())
        .because(wrapper.because.clone())
        .stated_at(wrapper.krate.location(RULES))
        .fix(format!("use what {} offers instead", names.join(", "))),
    )
}
