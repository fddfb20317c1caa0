//! Rule `manifest-contradiction`: rules and manifests say the same.

use super::{RULES, is_closed};
use crate::decode::At;
use crate::pattern::{ModuleId, Pattern};
use crate::rules::Findings;
use crate::specs::{DependencyRules, Manifest, ModuleRules};
use crate::violation::{Location, Violation};
use crate::workspace::Workspace;

const RULE: &str = "dependency-rules/manifest-contradiction";

pub(super) fn check(workspace: &Workspace, rules: &DependencyRules, findings: &mut Findings) {
    for module in &rules.modules {
        let id = ModuleId::new(&module.id.value);
        let manifest = workspace.manifests.get(&id);
        if let Some(manifest) = manifest.filter(|manifest| !manifest.unreadable) {
            let closed = is_closed(workspace, &id, Some(module));
            manifest_allows_more(module, manifest, closed, findings);
            rules_allow_more(module, manifest, closed, findings);
        }
    }
}

fn manifest_allows_more(
    module: &ModuleRules,
    manifest: &Manifest,
    closed: bool,
    findings: &mut Findings,
) {
    for (pattern, text) in patterns(manifest.allowed_imports.as_ref()) {
        let name = &module.id.value;
        let allow = covering(&module.allow, &pattern);
        let deny = covering(&module.deny, &pattern);
        let place = text.location(&manifest.file);
        if let Some(deny) = deny.filter(|deny| {
            allow.is_none_or(|allow| allow.value.specificity() <= deny.value.specificity())
        }) {
            let message = format!("{name}: manifest allows {pattern}, rules deny it");
            findings.report(differ(name, message, place, deny.location(RULES)));
        } else if closed && allow.is_none() {
            let message = format!("{name}: manifest allows {pattern}, rules do not list it");
            findings.report(differ(name, message, place, module.id.location(RULES)));
        }
    }
}

fn rules_allow_more(
    module: &ModuleRules,
    manifest: &Manifest,
    closed: bool,
    findings: &mut Findings,
) {
    let allowed = patterns(manifest.allowed_imports.as_ref());
    let forbidden = patterns(manifest.forbidden_imports.as_ref());
    for allow in &module.allow {
        let name = &module.id.value;
        let place = allow.location(RULES);
        let listed = most_specific(&allowed, &allow.value);
        if let Some((pattern, text)) = most_specific(&forbidden, &allow.value).filter(|(own, _)| {
            listed.is_none_or(|(other, _)| other.specificity() <= own.specificity())
        }) {
            let message = format!(
                "{name}: manifest forbids {pattern}, rules allow {}",
                allow.value
            );
            findings.report(differ(name, message, text.location(&manifest.file), place));
        } else if closed && listed.is_none() {
            let message = format!(
                "{name}: rules allow {}, manifest does not list it",
                allow.value
            );
            findings.report(differ(name, message, manifest.location(), place));
        }
    }
}

fn differ(subject: &str, message: String, at: Location, stated: Location) -> Violation {
    Violation::deny(RULE, subject, message)
        .at(at)
        .stated_at(stated)
        .fix("make `allowed_imports` of the manifest and `allow` of the rules the same list")
}

fn patterns(list: Option<&At<Vec<At<String>>>>) -> Vec<(Pattern, &At<String>)> {
    let texts = list.map_or(&[][..], |list| &list.value);
    texts
        .iter()
        .map(|text| (Pattern::new(&text.value), text))
        .collect()
}

fn covering<'p>(list: &'p [At<Pattern>], pattern: &Pattern) -> Option<&'p At<Pattern>> {
    list.iter()
        .filter(|own| own.value.covers(pattern))
        .max_by_key(|own| own.value.specificity())
}

fn most_specific<'p>(
    list: &'p [(Pattern, &'p At<String>)],
    pattern: &Pattern,
) -> Option<&'p (Pattern, &'p At<String>)> {
    list.iter()
        .filter(|(own, _)| own.covers(pattern))
        .max_by_key(|(own, _)| own.specificity())
}
