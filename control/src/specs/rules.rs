//! `dependency-rules.yaml`: who may depend on what.

use super::Model;
use crate::decode::{At, Decoder};
use crate::pattern::{Pattern, Selector};
use crate::yaml::Node;

/// Whether an edge that nobody lists is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeMode {
    /// Only listed edges.
    Closed,
    /// Every edge that is not denied.
    Open,
}

/// Whether edges of a kind are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// They follow the rules.
    Check,
    /// They are free.
    Ignore,
}

/// The rules of one module.
#[derive(Debug, Clone)]
pub struct ModuleRules {
    /// Module id.
    pub id: At<String>,
    /// Directory, which must be that of the module.
    pub path: Option<At<String>>,
    /// Layer, which must be the one the path belongs to.
    pub layer: Option<At<String>>,
    /// Modules it may depend on.
    pub allow: Vec<At<Pattern>>,
    /// Modules it may not depend on.
    pub deny: Vec<At<Pattern>>,
    /// Whether `allow` is a closed list; `None` leaves it to the layer.
    pub mode: Option<EdgeMode>,
    /// Dev-dependencies; `None` leaves it to the layer.
    pub dev: Option<Policy>,
    /// Build-dependencies.
    pub build: Policy,
    /// Why.
    pub because: Option<String>,
}

/// A rule between sets of modules.
#[derive(Debug, Clone)]
pub struct TagRule {
    /// The modules it binds.
    pub from: At<Selector>,
    /// If not empty, the only modules they may depend on.
    pub only: Vec<Selector>,
    /// Modules they may not depend on.
    pub not: Vec<Selector>,
    /// Why.
    pub because: Option<String>,
}

/// Foreign crates or types that public signatures may show.
#[derive(Debug, Clone)]
pub struct PublicAllow {
    /// The modules that may show them.
    pub scope: At<Selector>,
    /// What they may show.
    pub allow: Vec<At<ShownType>>,
}

/// A foreign crate, or one type of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownType {
    /// Crate name as in paths (`tower_service`); `std` stands for `core`,
    /// `alloc` and `std`.
    pub krate: String,
    /// Name of the only type that is allowed; `None` allows the whole crate.
    pub item: Option<String>,
}

impl ShownType {
    /// Reads `crate` or `crate::path::Type`. Of a path only crate and last
    /// segment count: types are compared with the place they are defined in,
    /// which is a private matter of their crate.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (krate, item) = match text.split_once("::") {
            Some((krate, path)) => (krate, path.rsplit("::").next()),
            None => (text, None),
        };
        Self {
            krate: krate.replace('-', "_"),
            item: item.map(str::to_owned),
        }
    }
}

/// What a ban forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Banned {
    /// A direct dependency on a crate.
    Crate(String),
    /// Naming a path in sources.
    Use(Vec<String>),
}

/// Something from outside that modules may not use.
#[derive(Debug, Clone)]
pub struct Ban {
    /// What is forbidden.
    pub banned: At<Banned>,
    /// To whom.
    pub scope: Selector,
    /// Why, or what to use instead.
    pub because: Option<String>,
}

/// A foreign crate that only some modules may depend on.
#[derive(Debug, Clone)]
pub struct Wrapper {
    /// The crate.
    pub krate: At<String>,
    /// Modules that wrap it for the others.
    pub only: Vec<Pattern>,
    /// Why.
    pub because: Option<String>,
}

/// The model of `dependency-rules.yaml`.
#[derive(Debug, Clone, Default)]
pub struct DependencyRules {
    /// Layer `stable` never depends on layer `extension`.
    pub stable_must_not_depend_on_extension: bool,
    /// No layer but `reference` depends on layer `reference`, save `tooling`
    /// modules whose `allow` lists the application.
    pub library_must_not_depend_on_reference: bool,
    /// Layer `facade` consists of `pub use` items.
    pub facade_reexport_only: bool,
    /// Rules by module.
    pub modules: Vec<ModuleRules>,
    /// Rules between sets of modules.
    pub tag_rules: Vec<TagRule>,
    /// What public signatures may show.
    pub public_dependencies: Vec<PublicAllow>,
    /// What may not be used.
    pub bans: Vec<Ban>,
    /// What only some may use.
    pub wrappers: Vec<Wrapper>,
    /// Paths that may not exist, with the reason.
    pub forbidden_paths: Vec<(At<String>, Option<String>)>,
}

impl DependencyRules {
    /// The rules of the module called `id`.
    #[must_use]
    pub fn module(&self, id: &str) -> Option<&ModuleRules> {
        self.modules.iter().find(|rules| rules.id.value == id)
    }
}

impl Model for DependencyRules {
    fn decode(decoder: &mut Decoder<'_>, node: &Node) -> Option<Self> {
        let mut fields = decoder.fields(node, "dependency-rules.yaml")?;
        decoder.version(&mut fields);
        let mut rules = Self::default();
        if let Some(node) = fields.take("rules") {
            switches(decoder, node, &mut rules);
        }
        let modules = decoder.map(fields.take("modules"), |decoder, node| {
            module(decoder, node).map(|rules| *rules)
        });
        rules.modules = modules
            .into_iter()
            .map(|(id, rules)| ModuleRules { id, ..rules })
            .collect();
        rules.tag_rules = items(decoder, fields.take("tag_rules"), tag_rule);
        let public = fields.take("public_dependencies");
        rules.public_dependencies = items(decoder, public, public_allow);
        if let Some(node) = fields.take("external") {
            external(decoder, node, &mut rules);
        }
        if let Some(node) = fields.take("special_rules") {
            special(decoder, node, &mut rules);
        }
        decoder.finish(&fields);
        Some(rules)
    }
}

fn items<T>(
    decoder: &mut Decoder<'_>,
    node: Option<&Node>,
    each: impl FnMut(&mut Decoder<'_>, &Node) -> Option<T>,
) -> Vec<T> {
    let mut each = each;
    node.map_or_else(Vec::new, |node| {
        decoder.list(node, |decoder, node| each(decoder, node))
    })
}

fn switches(decoder: &mut Decoder<'_>, node: &Node, rules: &mut DependencyRules) {
    let Some(mut fields) = decoder.fields(node, "rules") else {
        return;
    };
    let mut flag = |key: &'static str| {
        let node = fields.take(key);
        node.and_then(|node| decoder.flag(node)).unwrap_or(false)
    };
    rules.stable_must_not_depend_on_extension = flag("stable_must_not_depend_on_extension");
    rules.library_must_not_depend_on_reference = flag("library_must_not_depend_on_reference");
    let facade = fields.take("facade");
    rules.facade_reexport_only = facade
        .and_then(|node| decoder.choice(node, &[("reexport_only", true), ("free", false)]))
        .unwrap_or(false);
    decoder.finish(&fields);
}

fn module(decoder: &mut Decoder<'_>, node: &Node) -> Option<Box<ModuleRules>> {
    const POLICIES: &[(&str, Policy)] = &[("check", Policy::Check), ("ignore", Policy::Ignore)];
    const MODES: &[(&str, EdgeMode)] = &[("closed", EdgeMode::Closed), ("open", EdgeMode::Open)];
    let mut fields = decoder.fields(node, "a module")?;
    let path = fields.take("path").and_then(|node| decoder.path(node));
    let layer = fields.take("layer").and_then(|node| decoder.text(node));
    let allow = patterns(decoder, fields.take("allow"));
    let deny = patterns(decoder, fields.take("deny"));
    let mode = fields.take("mode");
    let mode = mode.and_then(|node| decoder.choice(node, MODES));
    let dev = fields.take("dev");
    let dev = dev.and_then(|node| decoder.choice(node, POLICIES));
    let build = fields.take("build");
    let build = build.and_then(|node| decoder.choice(node, POLICIES));
    let because = reason(decoder, &mut fields);
    decoder.finish(&fields);
    Some(Box::new(ModuleRules {
        id: fields.at(String::new()),
        path,
        layer,
        allow,
        deny,
        mode,
        dev,
        build: build.unwrap_or(Policy::Check),
        because,
    }))
}

fn patterns(decoder: &mut Decoder<'_>, node: Option<&Node>) -> Vec<At<Pattern>> {
    let texts = decoder.texts(node);
    texts
        .into_iter()
        .map(|text| At {
            value: Pattern::new(&text.value),
            line: text.line,
            column: text.column,
        })
        .collect()
}

fn reason(decoder: &mut Decoder<'_>, fields: &mut crate::decode::Fields<'_>) -> Option<String> {
    let node = fields.take("because")?;
    decoder.text(node).map(|text| text.value)
}

fn selector(decoder: &mut Decoder<'_>, node: &Node) -> Option<Selector> {
    let text = decoder.text(node)?;
    let selector = Selector::parse(&text.value);
    if selector.is_none() {
        let message = format!(
            "`{}` is not a selector; use `**`, `layer:`, `module:`, `status:` or `tag:`",
            text.value
        );
        decoder.report("spec-files/enum", text.line, text.column, message);
    }
    selector
}

fn tag_rule(decoder: &mut Decoder<'_>, node: &Node) -> Option<TagRule> {
    let mut fields = decoder.fields(node, "a tag rule")?;
    let from = required(decoder, &mut fields, "from").and_then(|node| selector(decoder, node));
    let only = items(decoder, fields.take("only"), selector);
    let not = items(decoder, fields.take("not"), selector);
    let because = reason(decoder, &mut fields);
    decoder.finish(&fields);
    Some(TagRule {
        from: fields.at(from?),
        only,
        not,
        because,
    })
}

fn required<'n>(
    decoder: &mut Decoder<'_>,
    fields: &mut crate::decode::Fields<'n>,
    key: &'static str,
) -> Option<&'n Node> {
    let node = fields.take(key);
    if node.is_none() {
        let at = fields.at(());
        let message = format!("`{key}` is missing");
        decoder.report("spec-files/missing", at.line, at.column, message);
    }
    node
}

fn public_allow(decoder: &mut Decoder<'_>, node: &Node) -> Option<PublicAllow> {
    let mut fields = decoder.fields(node, "a public dependency")?;
    let scope = required(decoder, &mut fields, "scope").and_then(|node| selector(decoder, node));
    let allow = decoder.texts(fields.take("allow"));
    let _ = reason(decoder, &mut fields);
    decoder.finish(&fields);
    let allow = allow.into_iter().map(|text| At {
        value: ShownType::parse(&text.value),
        line: text.line,
        column: text.column,
    });
    Some(PublicAllow {
        scope: fields.at(scope?),
        allow: allow.collect(),
    })
}

fn external(decoder: &mut Decoder<'_>, node: &Node, rules: &mut DependencyRules) {
    let Some(mut fields) = decoder.fields(node, "external") else {
        return;
    };
    rules.bans = items(decoder, fields.take("ban"), ban);
    rules.wrappers = items(decoder, fields.take("wrappers"), wrapper);
    decoder.finish(&fields);
}

fn ban(decoder: &mut Decoder<'_>, node: &Node) -> Option<Ban> {
    let mut fields = decoder.fields(node, "a ban")?;
    let krate = fields.take("crate").and_then(|node| decoder.text(node));
    let path = fields.take("use").and_then(|node| decoder.text(node));
    let scope = fields.take("scope");
    let scope = scope.map_or(Some(Selector::All), |node| selector(decoder, node));
    let because = reason(decoder, &mut fields);
    decoder.finish(&fields);
    let banned = match (krate, path) {
        (Some(krate), None) => Banned::Crate(krate.value),
        (None, Some(path)) => Banned::Use(path.value.split("::").map(str::to_owned).collect()),
        _ => {
            let at = fields.at(());
            let message = "a ban names either a `crate` or a `use` path".to_owned();
            decoder.report("spec-files/missing", at.line, at.column, message);
            return None;
        }
    };
    Some(Ban {
        banned: fields.at(banned),
        scope: scope?,
        because,
    })
}

fn wrapper(decoder: &mut Decoder<'_>, node: &Node) -> Option<Wrapper> {
    let mut fields = decoder.fields(node, "a wrapper")?;
    let krate = required(decoder, &mut fields, "crate").and_then(|node| decoder.text(node));
    let only = patterns(decoder, fields.take("only"));
    let because = reason(decoder, &mut fields);
    decoder.finish(&fields);
    Some(Wrapper {
        krate: krate?,
        only: only.into_iter().map(|pattern| pattern.value).collect(),
        because,
    })
}

fn special(decoder: &mut Decoder<'_>, node: &Node, rules: &mut DependencyRules) {
    let Some(mut fields) = decoder.fields(node, "special_rules") else {
        return;
    };
    let forbidden = fields.take("forbidden_paths");
    rules.forbidden_paths = items(decoder, forbidden, |decoder, node| {
        let mut fields = decoder.fields(node, "a forbidden path")?;
        let path = required(decoder, &mut fields, "path").and_then(|node| decoder.path(node));
        let because = reason(decoder, &mut fields);
        decoder.finish(&fields);
        Some((path?, because))
    });
    decoder.finish(&fields);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specs::read;

    const FILE: &str = "specs/dependency-rules.yaml";

    #[test]
    fn a_whole_file_is_read() {
        let text = r#"
version: 1
rules: { stable_must_not_depend_on_extension: true, facade: reexport_only }
modules:
  router: { path: router, layer: stable, allow: [contract], deny: ["x/**"], because: small }
tag_rules:
  - { from: "layer:stable", only: ["layer:stable"], because: promise }
public_dependencies:
  - { scope: "layer:stable", allow: [std, "serde_json::value::Value", tower-service] }
external:
  ban:
    - { crate: openssl, scope: "**" }
    - { use: "std::process::Command", scope: "layer:stable" }
  wrappers:
    - { crate: rustls, only: [core] }
special_rules:
  forbidden_paths: [{ path: internal, because: none }]
"#;
        let (rules, problems) = read::<DependencyRules>(FILE, text);
        assert_eq!(problems, []);
        let rules = rules.unwrap();
        let router = rules.module("router").unwrap();
        assert_eq!(router.allow[0].value.as_str(), "contract");
        assert_eq!(router.id.line, 5);
        assert!(rules.facade_reexport_only);
        let shown: Vec<_> = rules.public_dependencies[0]
            .allow
            .iter()
            .map(|at| &at.value)
            .collect();
        assert_eq!(shown[1], &ShownType::parse("serde_json::Value"));
        assert_eq!(shown[2].krate, "tower_service");
        assert_eq!(rules.bans.len(), 2);
        assert_eq!(rules.wrappers[0].krate.value, "rustls");
        assert_eq!(rules.forbidden_paths[0].0.value, "internal");
    }

    #[test]
    fn what_cannot_be_meant_is_reported() {
        let text = r#"
version: 1
modules:
  router: { alow: [contract], dev: maybe }
tag_rules: [{ from: "stable" }]
external: { ban: [{ scope: "**" }] }
"#;
        let (_, problems) = read::<DependencyRules>(FILE, text);
        let rules: Vec<_> = problems.iter().map(|problem| problem.rule).collect();
        assert_eq!(
            rules,
            [
                "spec-files/enum",
                "spec-files/unknown-key",
                "spec-files/enum",
                "spec-files/missing"
            ]
        );
    }
}
