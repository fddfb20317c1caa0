//! Module ids, and patterns and selectors over them.

use std::fmt;

use serde::Serialize;

/// The id of a module: its directory relative to the workspace root, with `/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ModuleId(String);

impl ModuleId {
    /// The module in directory `path`.
    #[must_use]
    pub fn new(path: impl Into<String>) -> Self {
        Self(path.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The last segment, for example `standard-service`.
    #[must_use]
    pub fn last_segment(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or(&self.0)
    }
}

impl fmt::Display for ModuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of module ids or paths.
///
/// | Text | Matches |
/// |---|---|
/// | `a`, `a/**` | `a` itself and everything below |
/// | `a/*` | exactly one level below `a` |
/// | `=a` | exactly `a` |
/// | `**` | everything |
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    literal: String,
    reach: Reach,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    Exact,
    Children,
    Below,
}

impl Pattern {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let (literal, reach) = if let Some(exact) = text.strip_prefix('=') {
            (exact, Reach::Exact)
        } else if text == "**" {
            ("", Reach::Below)
        } else if let Some(parent) = text.strip_suffix("/**") {
            (parent, Reach::Below)
        } else if let Some(parent) = text.strip_suffix("/*") {
            (parent, Reach::Children)
        } else {
            (text, Reach::Below)
        };
        Self {
            text: text.to_owned(),
            literal: literal.to_owned(),
            reach,
        }
    }

    /// Whether `path` is in the set.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        match self.reach {
            Reach::Exact => path == self.literal,
            Reach::Children => self
                .rest(path)
                .is_some_and(|rest| !rest.is_empty() && !rest.contains('/')),
            Reach::Below => self.rest(path).is_some(),
        }
    }

    /// Whether every path of `other` is also in this set.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self.reach, other.reach) {
            (_, Reach::Exact) => self.matches(&other.literal),
            (Reach::Below, _) => self.rest(&other.literal).is_some(),
            (Reach::Children, Reach::Children) => self.literal == other.literal,
            (Reach::Children | Reach::Exact, _) => false,
        }
    }

    /// Length of the literal part: the longer, the more specific. An exact
    /// pattern is more specific than a prefix of the same length.
    #[must_use]
    pub fn specificity(&self) -> usize {
        self.literal.len() * 2 + usize::from(self.reach == Reach::Exact)
    }

    /// The pattern as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part below the literal, `Some("")` for the literal itself.
    fn rest<'p>(&self, path: &'p str) -> Option<&'p str> {
        if self.literal.is_empty() {
            return Some(path);
        }
        let rest = path.strip_prefix(&self.literal)?;
        if rest.is_empty() {
            return Some(rest);
        }
        rest.strip_prefix('/')
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A set of modules chosen by a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// Every module: `**`.
    All,
    /// Modules of a layer: `layer:<name>`.
    Layer(String),
    /// Modules whose id matches: `module:<pattern>`.
    Module(Pattern),
    /// Modules with a status: `status:<status>`.
    Status(String),
    /// Modules with a tag: `tag:<tag>`.
    Tag(String),
}

impl Selector {
    /// Reads a selector, `None` when its form is unknown.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "**" {
            return Some(Self::All);
        }
        let (kind, value) = text.split_once(':')?;
        if value.is_empty() {
            return None;
        }
        match kind {
            "layer" => Some(Self::Layer(value.to_owned())),
            "module" => Some(Self::Module(Pattern::new(value))),
            "status" => Some(Self::Status(value.to_owned())),
            "tag" => Some(Self::Tag(value.to_owned())),
            _ => None,
        }
    }

    /// Whether a module with these properties is chosen.
    #[must_use]
    pub fn matches(&self, module: &ModuleFacts<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Layer(layer) => module.layer == Some(layer),
            Self::Module(pattern) => pattern.matches(module.id),
            Self::Status(status) => module.status == Some(status),
            Self::Tag(tag) => module.tags.iter().any(|own| own == tag),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("**"),
            Self::Layer(value) => write!(f, "layer:{value}"),
            Self::Module(value) => write!(f, "module:{value}"),
            Self::Status(value) => write!(f, "status:{value}"),
            Self::Tag(value) => write!(f, "tag:{value}"),
        }
    }
}

/// The properties of a module that selectors ask for.
#[derive(Debug, Clone, Default)]
pub struct ModuleFacts<'a> {
    /// Module id.
    pub id: &'a str,
    /// Layer that its path belongs to.
    pub layer: Option<&'a str>,
    /// Status of its manifest.
    pub status: Option<&'a str>,
    /// Tags of its manifest.
    pub tags: Vec<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        Pattern::new(pattern).matches(path)
    }

    #[test]
    fn a_plain_name_is_itself_and_everything_below() {
        for pattern in ["x", "x/**"] {
            assert!(matches(pattern, "x"));
            assert!(matches(pattern, "x/rest"));
            assert!(matches(pattern, "x/data/file"));
            assert!(!matches(pattern, "xtask"));
        }
    }

    #[test]
    fn a_star_is_one_level_and_an_equals_sign_is_exact() {
        assert!(matches("x/*", "x/rest"));
        assert!(!matches("x/*", "x"));
        assert!(!matches("x/*", "x/data/file"));
        assert!(matches("=x/data", "x/data"));
        assert!(!matches("=x/data", "x/data/file"));
        assert!(matches("**", "anything/at/all"));
    }

    #[test]
    fn coverage_follows_the_sets() {
        let covers = |a: &str, b: &str| Pattern::new(a).covers(&Pattern::new(b));
        assert!(covers("x/**", "x/rest"));
        assert!(covers("**", "x/*"));
        assert!(covers("x/*", "=x/rest"));
        assert!(!covers("x/*", "x/rest"), "`x/rest` has modules below it");
        assert!(!covers("=x", "x"));
    }

    #[test]
    fn an_exact_pattern_is_more_specific_than_a_prefix() {
        let weight = |text: &str| Pattern::new(text).specificity();
        assert!(weight("x/data/file") > weight("x/data"));
        assert!(weight("=x/data") > weight("x/data"));
        assert!(weight("x/**") > weight("**"));
    }

    #[test]
    fn selectors_read_their_four_forms_and_nothing_else() {
        let facts = ModuleFacts {
            id: "x/rest",
            layer: Some("extension"),
            status: Some("beta"),
            tags: vec!["area:http"],
        };
        for text in [
            "**",
            "layer:extension",
            "module:x/**",
            "status:beta",
            "tag:area:http",
        ] {
            assert!(Selector::parse(text).unwrap().matches(&facts), "{text}");
        }
        for text in ["layer:stable", "module:router", "status:ga", "tag:area"] {
            assert!(!Selector::parse(text).unwrap().matches(&facts), "{text}");
        }
        for text in ["", "layer", "layer:", "owner:runtime"] {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
    }
}
