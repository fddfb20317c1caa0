//! Check `spec-files`: the spec files are in order and agree with each other.

use super::Findings;
use crate::decode::At;
use crate::pattern::ModuleId;
use crate::specs::{Manifest, Repo, Spec};
use crate::violation::{Location, Violation};
use crate::workspace::Workspace;

const REPO: &str = "specs/repo.yaml";

/// Reports what reading met, then what the files say about one another.
#[must_use]
pub fn check(workspace: &Workspace) -> Findings {
    let mut findings = Findings {
        items: files_read(workspace),
        violations: workspace.problems.clone(),
    };
    if let Spec::Present(repo) = &workspace.repo {
        required(workspace, repo, &mut findings);
        stable_roots(workspace, repo, &mut findings);
        canonical_reference(workspace, repo, &mut findings);
    }
    findings
}

fn files_read(workspace: &Workspace) -> usize {
    let present = [
        !matches!(workspace.repo, Spec::Absent),
        !matches!(workspace.rules, Spec::Absent),
        !matches!(workspace.owners, Spec::Absent),
    ];
    present.iter().filter(|present| **present).count() + workspace.manifests.len()
}

fn required(workspace: &Workspace, repo: &Repo, findings: &mut Findings) {
    for name in &repo.required_specs {
        let path = format!("specs/{}", name.value);
        if workspace.exists(&path) {
            continue;
        }
        findings.report(
            Violation::deny(
                "spec-files/missing",
                &path,
                format!("{path} is required and missing"),
            )
            .at(name.location(REPO))
            .fix("write the file, or take it off `required_specs`"),
        );
    }
}

fn stable_roots(workspace: &Workspace, repo: &Repo, findings: &mut Findings) {
    for root in &repo.stable_roots {
        let id = ModuleId::new(&root.value);
        if !workspace.packages.contains_key(&id) {
            findings.report(unknown(root, "stable root"));
            continue;
        }
        let manifest = workspace.manifests.get(&id);
        let status = manifest.and_then(|manifest| manifest.status.as_ref());
        if status.is_none_or(|status| status.value != "ga") {
            let place = manifest.map_or_else(|| root.location(REPO), Manifest::location);
            findings.report(
                Violation::deny(
                    "spec-files/reference",
                    &root.value,
                    format!("{id} is a stable root and its manifest does not say `status: ga`"),
                )
                .at(place)
                .stated_at(root.location(REPO)),
            );
        }
    }
    for (id, package) in &workspace.packages {
        if workspace.layer_of(id) == Some("stable") && !repo.is_stable_root(id) {
            findings.report(
                Violation::deny(
                    "spec-files/reference",
                    id.as_str(),
                    format!("{id} is in layer stable and is not one of `stable_roots`"),
                )
                .at(Location::file(&package.cargo_toml.path))
                .fix("list it in specs/repo.yaml, or move it to another layer"),
            );
        }
    }
}

fn canonical_reference(workspace: &Workspace, repo: &Repo, findings: &mut Findings) {
    if let Some(canonical) = &repo.canonical_reference
        && !workspace
            .packages
            .contains_key(&ModuleId::new(&canonical.value))
    {
        findings.report(unknown(canonical, "canonical reference"));
    }
}

fn unknown(id: &At<String>, what: &str) -> Violation {
    Violation::deny(
        "spec-files/reference",
        &id.value,
        format!("{what} `{}` is not a package of the workspace", id.value),
    )
    .at(id.location(REPO))
}
