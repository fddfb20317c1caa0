//! Check `module-manifests`: every module says who owns it and where it ends.

use super::Findings;
use crate::decode::At;
use crate::pattern::ModuleId;
use crate::specs::{Manifest, Spec};
use crate::violation::{Location, Violation};
use crate::workspace::{Package, Workspace};

/// Layers whose modules must have a manifest. Tools may have one.
const REQUIRED_LAYERS: [&str; 5] = ["stable", "facade", "extension", "language", "reference"];
const STATUSES: [&str; 3] = ["ga", "beta", "experimental"];
const RISKS: [&str; 4] = ["low", "medium", "high", "critical"];
const CATEGORIES: [&str; 4] = ["app-facing", "primitive", "protected", "fast-moving"];
const BOUNDARIES: [&str; 9] = [
    "kernel",
    "route_structure",
    "transport_contracts",
    "transport_primitives",
    "auth_primitives",
    "persistence_primitives",
    "health_models",
    "logging",
    "metrics_contracts",
];
/// Longest summary, in characters.
const SUMMARY_MAX: usize = 200;
/// Programs a test command may begin with.
const TEST_PROGRAMS: [&str; 3] = ["cargo", "fuse", "plumego"];

/// Checks every manifest, and that none is missing.
#[must_use]
pub fn check(workspace: &Workspace) -> Findings {
    let mut findings = Findings::default();
    for package in workspace.packages.values() {
        let Some(manifest) = workspace.manifests.get(&package.id) else {
            missing(workspace, package, &mut findings);
            continue;
        };
        findings.items += 1;
        let mut check = ManifestCheck {
            workspace,
            package,
            manifest,
            violations: Vec::new(),
        };
        check.run();
        findings.violations.extend(check.violations);
    }
    findings
}

fn missing(workspace: &Workspace, package: &Package, findings: &mut Findings) {
    let layer = workspace.layer_of(&package.id);
    if !layer.is_some_and(|layer| REQUIRED_LAYERS.contains(&layer)) {
        return;
    }
    let id = &package.id;
    findings.report(
        Violation::deny(
            "module-manifests/missing",
            id.as_str(),
            format!("{id} has no module.yaml"),
        )
        .at(Location::file(&package.cargo_toml.path))
        .fix("write module.yaml beside Cargo.toml"),
    );
}

struct ManifestCheck<'a> {
    workspace: &'a Workspace,
    package: &'a Package,
    manifest: &'a Manifest,
    violations: Vec<Violation>,
}

type Words = Option<At<Vec<At<String>>>>;

impl ManifestCheck<'_> {
    fn run(&mut self) {
        if self.manifest.unreadable {
            let place = self.manifest.location();
            return self.report(
                "module-manifests/unreadable",
                place,
                "the manifest cannot be read",
            );
        }
        self.scalars();
        self.lists();
        self.identity();
        self.status();
        self.owner();
        self.documents();
        self.boundary();
        self.test_command();
    }

    fn id(&self) -> &ModuleId {
        &self.package.id
    }

    fn report(&mut self, rule: &'static str, at: Location, problem: &str) {
        let id = self.id().clone();
        let message = format!("{id}: {problem}");
        self.violations
            .push(Violation::deny(rule, id.as_str(), message).at(at));
    }

    fn report_at<T>(&mut self, rule: &'static str, at: &At<T>, problem: &str) {
        let place = at.location(&self.manifest.file);
        self.report(rule, place, problem);
    }

    fn layer(&self) -> Option<&str> {
        self.workspace.layer_of(&self.package.id)
    }

    fn scalars(&mut self) {
        let manifest = self.manifest;
        for (key, value) in [
            ("name", &manifest.name),
            ("path", &manifest.path),
            ("layer", &manifest.layer),
            ("status", &manifest.status),
            ("owner", &manifest.owner),
            ("risk", &manifest.risk),
            ("summary", &manifest.summary),
        ] {
            self.present(key, value.as_ref());
            if let Some(value) = value
                && value.value.trim().is_empty()
            {
                self.report_at(
                    "module-manifests/empty",
                    value,
                    &format!("`{key}` is blank"),
                );
            }
        }
        if let Some(summary) = &manifest.summary {
            let length = summary.value.chars().count();
            if length > SUMMARY_MAX || summary.value.trim().contains('\n') {
                let problem = format!("`summary` is one line of at most {SUMMARY_MAX} characters");
                self.report_at("module-manifests/limit", summary, &problem);
            }
        }
        self.one_of("risk", manifest.risk.as_ref(), &RISKS);
    }

    fn present<T>(&mut self, key: &str, value: Option<&At<T>>) {
        if value.is_none() {
            let place = self.manifest.location();
            self.report(
                "module-manifests/key-missing",
                place,
                &format!("`{key}` is missing"),
            );
        }
    }

    fn one_of(&mut self, key: &str, value: Option<&At<String>>, words: &[&str]) {
        let Some(value) = value else { return };
        if !value.value.trim().is_empty() && !words.contains(&value.value.as_str()) {
            let problem = format!(
                "{key} `{}` is not one of: {}",
                value.value,
                words.join(", ")
            );
            self.report_at("module-manifests/enum", value, &problem);
        }
    }

    fn lists(&mut self) {
        let manifest = self.manifest;
        self.list("responsibilities", &manifest.responsibilities, 1, 7);
        self.list("non_goals", &manifest.non_goals, 1, 7);
        self.list("allowed_imports", &manifest.allowed_imports, 0, 12);
        self.list("forbidden_imports", &manifest.forbidden_imports, 1, 20);
        self.list("test_commands", &manifest.test_commands, 1, 3);
        self.list("review_checklist", &manifest.review_checklist, 1, 5);
        self.optional_list("hints", &manifest.hints, 3);
        self.optional_list("change_risks", &manifest.change_risks, 10);
        self.optional_list("stop_conditions", &manifest.stop_conditions, 10);
        if let Some(categories) = &manifest.category {
            for category in &categories.value {
                self.one_of("category", Some(category), &CATEGORIES);
            }
        }
    }

    fn list(&mut self, key: &str, list: &Words, least: usize, most: usize) {
        self.present(key, list.as_ref());
        let Some(list) = list else { return };
        if list.value.len() < least {
            self.report_at(
                "module-manifests/empty",
                list,
                &format!("`{key}` has no entry"),
            );
        }
        self.entries(key, list, most);
    }

    fn optional_list(&mut self, key: &str, list: &Words, most: usize) {
        if let Some(list) = list {
            self.entries(key, list, most);
        }
    }

    fn entries(&mut self, key: &str, list: &At<Vec<At<String>>>, most: usize) {
        let count = list.value.len();
        if count > most {
            let problem = format!("`{key}` has {count} entries, at most {most} are allowed");
            self.report_at("module-manifests/limit", list, &problem);
        }
        for entry in list
            .value
            .iter()
            .filter(|entry| entry.value.trim().is_empty())
        {
            let problem = format!("`{key}` has a blank entry");
            self.report_at("module-manifests/empty", entry, &problem);
        }
    }

    fn identity(&mut self) {
        let id = self.id().clone();
        let reference = self.layer() == Some("reference");
        let name = if reference {
            id.last_segment()
        } else {
            id.as_str()
        };
        let layer = self.layer().unwrap_or("none").to_owned();
        let manifest = self.manifest;
        self.equals(
            "module-manifests/path-mismatch",
            "path",
            manifest.path.as_ref(),
            id.as_str(),
        );
        self.equals(
            "module-manifests/name-mismatch",
            "name",
            manifest.name.as_ref(),
            name,
        );
        self.equals(
            "module-manifests/layer-mismatch",
            "layer",
            manifest.layer.as_ref(),
            &layer,
        );
    }

    fn equals(&mut self, rule: &'static str, key: &str, value: Option<&At<String>>, wanted: &str) {
        if let Some(value) = value
            && !value.value.trim().is_empty()
            && value.value != wanted
        {
            let problem = format!("{key} is `{}` and must be `{wanted}`", value.value);
            self.report_at(rule, value, &problem);
        }
    }

    /// A layer may imply a status; that word belongs to the layer alone.
    fn status(&mut self) {
        let Some(status) = &self.manifest.status else {
            return;
        };
        if status.value.trim().is_empty() {
            return;
        }
        let layer = self.workspace.repo.present().zip(self.layer());
        let implied = layer
            .and_then(|(repo, layer)| repo.layer(layer)?.default_status.as_ref())
            .map(|implied| implied.value.clone());
        let fits = match &implied {
            Some(implied) => status.value == *implied,
            None => STATUSES.contains(&status.value.as_str()),
        };
        if !fits {
            let wanted = implied.unwrap_or_else(|| STATUSES.join(", "));
            let problem = format!("status `{}` is not one of: {wanted}", status.value);
            self.report_at("module-manifests/status-invalid", status, &problem);
        }
    }

    fn owner(&mut self) {
        let Some(owner) = &self.manifest.owner else {
            return;
        };
        let known = match &self.workspace.owners {
            Spec::Present(owners) => owners.contains(&owner.value),
            Spec::Broken => false,
            Spec::Absent => return,
        };
        if !known && !owner.value.trim().is_empty() {
            let problem = format!("owner `{}` is not in specs/owners.yaml", owner.value);
            self.report_at("module-manifests/owner-unknown", owner, &problem);
        }
    }

    fn documents(&mut self) {
        let manifest = self.manifest;
        let required = matches!(self.layer(), Some("stable" | "extension"));
        let Some(paths) = &manifest.doc_paths else {
            if required {
                self.present::<()>("doc_paths", None);
            }
            return;
        };
        if required && paths.value.is_empty() {
            self.report_at("module-manifests/empty", paths, "`doc_paths` has no entry");
        }
        for path in &paths.value {
            if !self.workspace.exists(&path.value) {
                let problem = format!("document {} does not exist", path.value);
                self.report_at("module-manifests/doc-missing", path, &problem);
            }
        }
    }

    /// Stable roots, and nobody else, name the kind of their boundary.
    fn boundary(&mut self) {
        const RULE: &str = "module-manifests/strict-boundary";
        let repo = self.workspace.repo.present();
        let root = repo.is_some_and(|repo| repo.is_stable_root(&self.package.id));
        match &self.manifest.strict_boundary {
            None if root => {
                let place = self.manifest.location();
                self.report(RULE, place, "a stable root must have `strict_boundary`");
            }
            Some(boundary) if !root => {
                self.report_at(RULE, boundary, "only stable roots have `strict_boundary`");
            }
            Some(boundary) if !BOUNDARIES.contains(&boundary.value.as_str()) => {
                let words = BOUNDARIES.join(", ");
                let problem = format!("boundary `{}` is not one of: {words}", boundary.value);
                self.report_at(RULE, boundary, &problem);
            }
            _ => {}
        }
    }

    /// The first command must run here as it stands.
    fn test_command(&mut self) {
        let commands = self.manifest.test_commands.as_ref();
        let Some(command) = commands.and_then(|commands| commands.value.first()) else {
            return;
        };
        let words: Vec<&str> = command.value.split_whitespace().collect();
        let Some(program) = words.first() else { return };
        if !TEST_PROGRAMS.contains(program) {
            let problem = format!(
                "test command `{}` does not begin with {}",
                command.value,
                TEST_PROGRAMS.join(", ")
            );
            return self.report_at("module-manifests/test-command", command, &problem);
        }
        for package in packages_named(&words) {
            if self.workspace.package_named(package).is_none() {
                let problem = format!("test command names package `{package}`, which is unknown");
                self.report_at("module-manifests/test-command", command, &problem);
            }
        }
    }
}

fn packages_named<'w>(words: &[&'w str]) -> Vec<&'w str> {
    let after_flag = words
        .windows(2)
        .filter(|pair| pair[0] == "-p" || pair[0] == "--package")
        .map(|pair| pair[1]);
    let joined = words
        .iter()
        .filter_map(|word| word.strip_prefix("--package="));
    after_flag.chain(joined).collect()
}

#[cfg(test)]
mod tests {
    use super::packages_named;

    #[test]
    fn packages_are_found_in_all_three_spellings() {
        let words: Vec<_> = "cargo test -p a --package b --package=c --lib"
            .split(' ')
            .collect();
        assert_eq!(packages_named(&words), ["a", "b", "c"]);
    }
}
