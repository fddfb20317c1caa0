//! Edges inside the workspace.

use super::{RULES, is_closed};
use crate::decode::At;
use crate::graph::{Edge, EdgeKind, Graph};
use crate::pattern::{ModuleId, Pattern};
use crate::rules::Findings;
use crate::specs::{DependencyRules, ModuleRules, Policy};
use crate::violation::Violation;
use crate::workspace::Workspace;

pub(super) fn check(
    workspace: &Workspace,
    rules: &DependencyRules,
    graph: &Graph,
    findings: &mut Findings,
) {
    for edge in &graph.edges {
        let judge = Judge {
            workspace,
            rules,
            edge,
            module: rules.module(edge.from.as_str()),
        };
        judge.run(findings);
    }
    unused_allow(workspace, rules, graph, findings);
}

struct Judge<'a> {
    workspace: &'a Workspace,
    rules: &'a DependencyRules,
    edge: &'a Edge,
    module: Option<&'a ModuleRules>,
}

impl Judge<'_> {
    /// The first rule of each kind that the edge breaks.
    fn run(&self, findings: &mut Findings) {
        if let Some(violation) = self.layers() {
            return findings.report(violation);
        }
        if !self.is_considered() {
            return;
        }
        let lists = self.lists().or_else(|| self.manifest());
        findings.violations.extend(lists);
        findings.violations.extend(self.tags());
    }

    fn violation(&self, rule: &'static str, message: String) -> Violation {
        let section = match self.edge.kind {
            EdgeKind::Normal => String::new(),
            kind => format!(" ({})", kind.section()),
        };
        Violation::deny(rule, self.edge.from.as_str(), message + &section)
            .at(self.edge.location.clone())
    }

    fn layer(&self, module: &ModuleId) -> Option<&str> {
        self.workspace.layer_of(module)
    }

    /// The two directions between layers that no list of a module can permit.
    /// They hold for tests too: a promise that its own tests break is none.
    fn layers(&self) -> Option<Violation> {
        let (from, to) = (&self.edge.from, &self.edge.to);
        let (from_layer, to_layer) = (self.layer(from), self.layer(to));
        let dev_ignored = self.edge.kind == EdgeKind::Dev
            && self.module.and_then(|module| module.dev) == Some(Policy::Ignore);
        if self.rules.stable_must_not_depend_on_extension
            && from_layer == Some("stable")
            && to_layer == Some("extension")
            && !dev_ignored
        {
            let message = format!("stable root {from} depends on extension {to}");
            let fix = "move the need for it to the extension or to the application";
            let rule = "dependency-rules/stable-to-extension";
            return Some(self.violation(rule, message).fix(fix));
        }
        if self.rules.library_must_not_depend_on_reference
            && from_layer != Some("reference")
            && to_layer == Some("reference")
            && !self.is_tool_allowed()
        {
            let message = format!("{from} depends on reference application {to}");
            let fix = "copy what is needed: reference applications are not imported";
            let rule = "dependency-rules/library-to-reference";
            return Some(self.violation(rule, message).fix(fix));
        }
        None
    }

    fn is_tool_allowed(&self) -> bool {
        let allowed = self.module.is_some_and(|module| {
            let mut allow = module.allow.iter();
            allow.any(|pattern| pattern.value.matches(self.edge.to.as_str()))
        });
        allowed && self.layer(&self.edge.from) == Some("tooling")
    }

    fn is_considered(&self) -> bool {
        match self.edge.kind {
            EdgeKind::Normal => true,
            EdgeKind::Build => self
                .module
                .is_none_or(|module| module.build == Policy::Check),
            EdgeKind::Dev => match self.module.and_then(|module| module.dev) {
                Some(policy) => policy == Policy::Check,
                None => self.is_canonical_reference(),
            },
        }
    }

    fn is_canonical_reference(&self) -> bool {
        let repo = self.workspace.repo.present();
        repo.and_then(|repo| repo.canonical_reference.as_ref())
            .is_some_and(|canonical| canonical.value == self.edge.from.as_str())
    }

    /// `allow` and `deny` of the module.
    fn lists(&self) -> Option<Violation> {
        let (from, to) = (&self.edge.from, &self.edge.to);
        let allow = self.module.and_then(|module| best(&module.allow, to));
        let deny = self.module.and_then(|module| best(&module.deny, to));
        let because = self.module.and_then(|module| module.because.clone());
        let weight = |pattern: Option<&At<Pattern>>| {
            pattern.map_or(0, |pattern| pattern.value.specificity() + 1)
        };
        if let Some(deny) = deny
            && weight(Some(deny)) >= weight(allow)
        {
            let violation = self
                .violation(
                    "dependency-rules/denied-edge",
                    format!("{from} -> {to} is denied"),
                )
                .because(because)
                .stated_at(deny.location(RULES));
            return Some(violation.fix("remove the dependency; pass what is needed as a value"));
        }
        if allow.is_some() || !is_closed(self.workspace, from, self.module) {
            return None;
        }
        let message = format!("{from} -> {to} is not in the allow list");
        let violation = self
            .violation("dependency-rules/not-allowed", message)
            .because(because)
            .fix("remove the dependency, or have the edge approved in the rules and the manifest");
        Some(match self.module {
            Some(module) => violation.stated_at(module.id.location(RULES)),
            None => violation,
        })
    }

    /// What the module's own manifest forbids.
    fn manifest(&self) -> Option<Violation> {
        let (from, to) = (&self.edge.from, &self.edge.to);
        let manifest = self.workspace.manifests.get(from)?;
        let forbidden = manifest.forbidden_imports.as_ref()?;
        let allowed = manifest.allowed_imports.as_ref();
        let best_of = |list: &[At<String>]| {
            let patterns = list
                .iter()
                .map(|text| (Pattern::new(&text.value), text.clone()));
            patterns
                .filter(|(pattern, _)| pattern.matches(to.as_str()))
                .max_by_key(|(pattern, _)| pattern.specificity())
        };
        let (pattern, stated) = best_of(&forbidden.value)?;
        let exception = allowed.and_then(|list| best_of(&list.value));
        if exception.is_some_and(|(allow, _)| allow.specificity() > pattern.specificity()) {
            return None;
        }
        let message = format!("{from} -> {to} is forbidden by the manifest of {from}");
        let violation = self.violation("dependency-rules/denied-edge", message);
        Some(violation.stated_at(stated.location(&manifest.file)))
    }

    fn tags(&self) -> Vec<Violation> {
        let from = self.workspace.facts(&self.edge.from);
        let to = self.workspace.facts(&self.edge.to);
        let mut found = Vec::new();
        for rule in &self.rules.tag_rules {
            if !rule.from.value.matches(&from) {
                continue;
            }
            let outside = !rule.only.is_empty() && !rule.only.iter().any(|only| only.matches(&to));
            if outside || rule.not.iter().any(|not| not.matches(&to)) {
                let message = format!(
                    "{} -> {} breaks the rule for {}",
                    self.edge.from, self.edge.to, rule.from.value
                );
                found.push(
                    self.violation("dependency-rules/tag-rule", message)
                        .because(rule.because.clone())
                        .stated_at(rule.from.location(RULES)),
                );
            }
        }
        found
    }
}

fn best<'p>(patterns: &'p [At<Pattern>], to: &ModuleId) -> Option<&'p At<Pattern>> {
    patterns
        .iter()
        .filter(|pattern| pattern.value.matches(to.as_str()))
        .max_by_key(|pattern| pattern.value.specificity())
}

/// A permission that nothing uses is a door left open.
fn unused_allow(
    workspace: &Workspace,
    rules: &DependencyRules,
    graph: &Graph,
    findings: &mut Findings,
) {
    for module in &rules.modules {
        let id = ModuleId::new(&module.id.value);
        if !is_closed(workspace, &id, Some(module)) || !workspace.packages.contains_key(&id) {
            continue;
        }
        for allow in &module.allow {
            let mut own = graph.edges.iter().filter(|edge| edge.from == id);
            if !own.any(|edge| allow.value.matches(edge.to.as_str())) {
                let message = format!("{id} may depend on {} and does not", allow.value);
                findings.report(
                    Violation::warn("dependency-rules/unused-allow", id.as_str(), message)
                        .at(allow.location(RULES)),
                );
            }
        }
    }
}
