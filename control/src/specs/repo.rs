//! `repo.yaml`: identity, layers, roots.

use super::Model;
use crate::decode::{At, Decoder, Fields};
use crate::pattern::{ModuleId, Pattern};
use crate::yaml::Node;

/// What a workspace is mostly made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Crates for others to use.
    Library,
    /// Programs.
    Application,
    /// Both.
    #[default]
    Mixed,
}

/// A layer of the architecture.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Its name, free text; `stable`, `extension`, `facade`, `tooling` and
    /// `reference` have default promises.
    pub name: At<String>,
    /// The modules in it.
    pub paths: Vec<Pattern>,
    /// The status that its modules have by being in it.
    pub default_status: Option<At<String>>,
}

/// The model of `repo.yaml`.
#[derive(Debug, Clone, Default)]
pub struct Repo {
    /// Name of the repository.
    pub name: String,
    /// One line about it.
    pub summary: String,
    /// What it is mostly made of.
    pub mode: Mode,
    /// What it wants to be.
    pub goals: Vec<String>,
    /// Prefix of package names, for example `plumego-`.
    pub package_prefix: String,
    /// Layers in file order; the first that matches a module wins.
    pub layers: Vec<Layer>,
    /// The exact set of modules that carry the stable promise.
    pub stable_roots: Vec<At<String>>,
    /// The reference application that others are measured by.
    pub canonical_reference: Option<At<String>>,
    /// Spec files that must exist, relative to the spec directory.
    pub required_specs: Vec<At<String>>,
}

impl Repo {
    /// The layer that `module` belongs to.
    #[must_use]
    pub fn layer_of(&self, module: &ModuleId) -> Option<&Layer> {
        self.layers.iter().find(|layer| {
            let mut paths = layer.paths.iter();
            paths.any(|pattern| pattern.matches(module.as_str()))
        })
    }

    /// The layer called `name`.
    #[must_use]
    pub fn layer(&self, name: &str) -> Option<&Layer> {
        self.layers.iter().find(|layer| layer.name.value == name)
    }

    /// Whether `module` is one of the stable roots.
    #[must_use]
    pub fn is_stable_root(&self, module: &ModuleId) -> bool {
        let mut roots = self.stable_roots.iter();
        roots.any(|root| root.value == module.as_str())
    }
}

impl Model for Repo {
    fn decode(decoder: &mut Decoder<'_>, node: &Node) -> Option<Self> {
        let mut fields = decoder.fields(node, "repo.yaml")?;
        decoder.version(&mut fields);
        let mut repo = Self::default();
        identity(decoder, &mut fields, &mut repo);
        repo.layers = layers(decoder, fields.take("layers"));
        repo.stable_roots = decoder.paths(fields.take("stable_roots"));
        let canonical = fields.take("canonical_reference");
        repo.canonical_reference = canonical.and_then(|node| decoder.path(node));
        repo.required_specs = decoder.paths(fields.take("required_specs"));
        decoder.finish(&fields);
        Some(repo)
    }
}

fn identity(decoder: &mut Decoder<'_>, fields: &mut Fields<'_>, repo: &mut Repo) {
    let Some(node) = fields.take("repo") else {
        let at = fields.at(());
        let message = "`repo` with at least a `name` is missing".to_owned();
        return decoder.report("spec-files/missing", at.line, at.column, message);
    };
    let Some(mut inner) = decoder.fields(node, "repo") else {
        return;
    };
    repo.name = word(decoder, inner.take("name"));
    repo.summary = word(decoder, inner.take("summary"));
    repo.package_prefix = word(decoder, inner.take("package_prefix"));
    let goals = decoder.texts(inner.take("goals"));
    repo.goals = goals.into_iter().map(|goal| goal.value).collect();
    let modes = [
        ("library", Mode::Library),
        ("application", Mode::Application),
        ("mixed", Mode::Mixed),
    ];
    let mode = inner.take("mode");
    repo.mode = mode
        .and_then(|node| decoder.choice(node, &modes))
        .unwrap_or_default();
    decoder.finish(&inner);
}

fn word(decoder: &mut Decoder<'_>, node: Option<&Node>) -> String {
    node.and_then(|node| decoder.text(node))
        .map_or_else(String::new, |text| text.value)
}

fn layers(decoder: &mut Decoder<'_>, node: Option<&Node>) -> Vec<Layer> {
    let layers = decoder.map(node, |decoder, node| {
        let mut fields = decoder.fields(node, "a layer")?;
        let paths = decoder.texts(fields.take("paths"));
        let status = fields.take("default_status");
        let status = status.and_then(|node| decoder.text(node));
        decoder.finish(&fields);
        Some((paths, status))
    });
    layers
        .into_iter()
        .map(|(name, (paths, default_status))| Layer {
            name,
            paths: paths.iter().map(|path| Pattern::new(&path.value)).collect(),
            default_status,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specs::read;

    #[test]
    fn the_first_layer_that_matches_wins() {
        let text = "version: 1\nrepo: { name: r }\nlayers:\n  stable: { paths: [router] }\n  rest: { paths: [\"**\"] }\n";
        let (repo, problems) = read::<Repo>("specs/repo.yaml", text);
        assert_eq!(problems, []);
        let repo = repo.unwrap();
        let layer = |id: &str| {
            repo.layer_of(&ModuleId::new(id))
                .unwrap()
                .name
                .value
                .clone()
        };
        assert_eq!(layer("router"), "stable");
        assert_eq!(layer("xtask"), "rest");
    }

    #[test]
    fn problems_of_every_part_are_reported_together() {
        let text =
            "version: 1\nrepo: { nam: r, mode: green }\nlayers:\n  stable: { path: [router] }\n";
        let (_, problems) = read::<Repo>("specs/repo.yaml", text);
        let rules: Vec<_> = problems.iter().map(|problem| problem.rule).collect();
        assert_eq!(
            rules,
            [
                "spec-files/enum",
                "spec-files/unknown-key",
                "spec-files/unknown-key"
            ]
        );
    }
}
