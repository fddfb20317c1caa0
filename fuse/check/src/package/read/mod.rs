//! Reads the text of a `fuse.toml`, reporting everything that is wrong with it.

mod dependencies;
mod store;

use fuse_syntax::{Code, Diagnostic, FileId, Fix, Level, LintLevel, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::manifest::{Located, Manifest, ViteSection, WorkspaceSection};
use super::path::{self};
use super::report::{position_text, quoted_list};
use super::schema::{self, KeySpec, KeyType, LINT_LEVELS};
use super::suggest::nearest;

/// Reads a manifest. The result holds every value that could be read; the
/// diagnostics say what could not, and which keys are unknown.
#[must_use]
pub fn read_manifest(file: FileId, text: &str) -> (Manifest, Vec<Diagnostic>) {
    let mut reader = Reader {
        file,
        text,
        diagnostics: Vec::new(),
        values: Vec::new(),
    };
    let (document, errors) = DeTable::parse_recoverable(text);
    for problem in errors {
        let at = reader.span(problem.span().unwrap_or(0..0));
        reader.parse_failed(at, problem.message().trim(), SYNTAX);
    }
    let manifest = if reader.diagnostics.is_empty() {
        reader.document(document.get_ref())
    } else {
        Manifest::empty(file)
    };
    (manifest, reader.diagnostics)
}

/// What to do about text that is no TOML.
const SYNTAX: &str = "a manifest is TOML 1.0: lines of `key = value` under `[table]` heads";

/// A value of a closed section, checked against its type.
enum Value {
    Text(Located<String>),
    Bool(bool),
    Int(u64),
    List(Vec<Located<String>>),
    Version(Located<semver::Version>),
    Requirement(Located<semver::VersionReq>),
}

type Entry<'a, 'i> = (
    &'a Spanned<toml::de::DeString<'i>>,
    &'a Spanned<DeValue<'i>>,
);

struct Reader<'t> {
    file: FileId,
    text: &'t str,
    diagnostics: Vec<Diagnostic>,
    values: Vec<(&'static KeySpec, Value)>,
}

impl Reader<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        let clamp = |offset: usize| u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        Span::new(self.file, clamp(range.start), clamp(range.end))
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn parse_failed(&mut self, at: Span, reason: &str, hint: &str) {
        let reason = reason.replace('\n', ", ");
        let message = format!(
            "cannot parse fuse.toml: {}: {reason}",
            position_text(self.text, at.start)
        );
        self.report(Diagnostic::new(Code::MANIFEST_PARSE_FAILED, at, message).hint(hint));
    }

    fn invalid(&mut self, at: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.report(Diagnostic::new(Code::MANIFEST_INVALID, at, message).hint(hint));
    }

    fn wrong_type(
        &mut self,
        name: &str,
        expected: &str,
        example: &str,
        value: &Spanned<DeValue<'_>>,
    ) {
        let found = type_name(value.get_ref());
        let reason = format!("`{name}` must be {expected}, found {found}");
        self.parse_failed(
            self.span(value.span()),
            &reason,
            &format!("write `{example}`"),
        );
    }

    fn not_a_table(&mut self, name: &str, value: &Spanned<DeValue<'_>>) {
        self.wrong_type(name, "a table", &format!("[{name}]"), value);
    }

    fn wrong_value(&mut self, spec: &KeySpec, value: &Spanned<DeValue<'_>>) {
        self.wrong_type(
            spec.key,
            spec.ty.expected(),
            &format!("{} = {}", spec.key, spec.ty.example()),
            value,
        );
    }

    fn unknown_key(&mut self, at: Span, name: &str, candidates: &[&str], what: &str) {
        let mut diagnostic = Diagnostic::new(
            Code::MANIFEST_UNKNOWN_KEY,
            at,
            format!("unknown key `{name}`"),
        );
        match nearest(name, candidates.iter().copied()) {
            Some(known) => {
                diagnostic.hint = Some(format!("did you mean `{known}`?"));
                diagnostic.fixes.push(Fix {
                    title: format!("rename to `{known}`"),
                    edits: vec![(at, known.to_owned())],
                    safe: false,
                });
            }
            None => {
                let section = schema::KEYS
                    .iter()
                    .find(|spec| spec.key == name)
                    .map(|spec| spec.section);
                diagnostic.hint = Some(match section {
                    Some(section) => format!("`{name}` belongs into `[{section}]`"),
                    None => format!("{what}: {}", quoted_list(candidates)),
                });
            }
        }
        self.report(diagnostic);
    }

    fn document(&mut self, document: &DeTable<'_>) -> Manifest {
        let mut manifest = Manifest::empty(self.file);
        for (name, value) in in_source_order(document) {
            match name.get_ref().as_ref() {
                "dependencies" => manifest.dependencies = self.dependencies(value),
                "lint" => manifest.lint = self.lints(value),
                section if schema::KEYS.iter().any(|spec| spec.section == section) => {
                    self.section(schema_section(section), value);
                    match section {
                        "vite" => manifest.vite = Some(ViteSection::default()),
                        "workspace" => manifest.workspace = Some(WorkspaceSection::default()),
                        _ => {}
                    }
                }
                other => {
                    let sections: Vec<&str> = schema::sections()
                        .filter(|section| !section.contains('.'))
                        .collect();
                    self.unknown_key(
                        self.span(name.span()),
                        other,
                        &sections,
                        "tables of a manifest",
                    );
                }
            }
        }
        for (spec, value) in std::mem::take(&mut self.values) {
            store::store(&mut manifest, spec, value);
        }
        manifest
    }

    fn section(&mut self, section: &'static str, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            self.not_a_table(section, value);
            return;
        };
        for (name, value) in in_source_order(table) {
            let text = name.get_ref().as_ref();
            let nested = format!("{section}.{text}");
            if let Some(spec) = schema::find(section, text) {
                let duplicate = self
                    .values
                    .iter()
                    .any(|(seen, _)| std::ptr::eq(*seen, spec));
                if duplicate {
                    let alias = spec.alias.unwrap_or_default();
                    let message = format!("`{}` and `{alias}` are the same key", spec.key);
                    self.invalid(self.span(name.span()), message, "keep one of them");
                } else if let Some(value) = self.value(spec, value) {
                    self.values.push((spec, value));
                }
            } else if schema::KEYS.iter().any(|spec| spec.section == nested) {
                self.section(schema_section(&nested), value);
            } else {
                let known: Vec<&str> = schema::KEYS
                    .iter()
                    .filter(|spec| spec.section == section)
                    .map(|spec| spec.key)
                    .collect();
                self.unknown_key(
                    self.span(name.span()),
                    text,
                    &known,
                    &format!("keys of `[{section}]`"),
                );
            }
        }
    }

    fn value(&mut self, spec: &KeySpec, value: &Spanned<DeValue<'_>>) -> Option<Value> {
        let at = self.span(value.span());
        match (spec.ty, value.get_ref()) {
            (KeyType::Bool, DeValue::Boolean(on)) => Some(Value::Bool(*on)),
            (KeyType::PositiveInt, DeValue::Integer(number)) => {
                let number = u64::from_str_radix(number.as_str(), number.radix())
                    .ok()
                    .filter(|&n| n > 0);
                if number.is_none() {
                    self.invalid(
                        at,
                        format!("`{}` must be a positive whole number", spec.key),
                        meaning(spec),
                    );
                }
                number.map(Value::Int)
            }
            (KeyType::Globs, DeValue::Array(items)) => Some(Value::List(self.globs(spec, items))),
            (KeyType::Bool | KeyType::PositiveInt | KeyType::Globs, _) => {
                self.wrong_value(spec, value);
                None
            }
            (_, DeValue::String(text)) => self.text_value(spec, text, at),
            _ => {
                self.wrong_value(spec, value);
                None
            }
        }
    }

    fn text_value(&mut self, spec: &KeySpec, text: &str, at: Span) -> Option<Value> {
        let key = spec.key;
        let checked = match spec.ty {
            KeyType::Version => match semver::Version::parse(text) {
                Ok(version) => return Some(Value::Version(Located::new(version, at))),
                Err(reason) => Err(format!("`{key}` must be a version like `1.2.0`: {reason}")),
            },
            KeyType::Requirement => match semver::VersionReq::parse(text) {
                Ok(requirement) => return Some(Value::Requirement(Located::new(requirement, at))),
                Err(reason) => Err(format!(
                    "`{key}` must be a version requirement like `>=1.2`: {reason}"
                )),
            },
            KeyType::Name if !is_package_name(text) => Err(format!(
                "`{key}` must start with a letter and hold only letters, digits, `_` and `-`"
            )),
            KeyType::Path | KeyType::ModulePath | KeyType::SubDirectory => checked_path(spec, text),
            KeyType::UrlPath if !text.starts_with('/') => {
                Err(format!("`{key}` must start with `/`"))
            }
            KeyType::Url if !is_web_url(text) => Err(format!(
                "`{key}` must be a URL that starts with `https://` or `http://`"
            )),
            KeyType::OneOf(words) if !words.contains(&text) => {
                let near = nearest(text, words.iter().copied());
                let hint =
                    near.map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
                Err(format!(
                    "unknown {key} `{text}`; expected {}{hint}",
                    quoted_list(words)
                ))
            }
            _ if text.trim().is_empty() => Err(format!("`{key}` must not be empty")),
            _ => Ok(text.to_owned()),
        };
        match checked {
            Ok(text) => Some(Value::Text(Located::new(text, at))),
            Err(message) => {
                self.invalid(at, message, meaning(spec));
                None
            }
        }
    }

    fn globs(&mut self, spec: &KeySpec, items: &toml::de::DeArray<'_>) -> Vec<Located<String>> {
        let mut patterns = Vec::new();
        for item in items {
            let at = self.span(item.span());
            match item.get_ref() {
                DeValue::String(text) => match path::inside(text) {
                    Ok(pattern) => patterns.push(Located::new(pattern, at)),
                    Err(problem) => {
                        let message = format!("a pattern of `{}` {}", spec.key, problem.rule());
                        self.invalid(at, message, meaning(spec));
                    }
                },
                _ => self.wrong_value(spec, item),
            }
        }
        patterns
    }

    fn lints(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<(Code, LintLevel)> {
        let DeValue::Table(table) = value.get_ref() else {
            self.not_a_table("lint", value);
            return Vec::new();
        };
        let mut lints = Vec::new();
        for (name, value) in in_source_order(table) {
            let text = name.get_ref().as_ref();
            let at = self.span(name.span());
            let code = Code::from_name(text);
            match (code, value.get_ref()) {
                (None, _) => {
                    let known: Vec<&str> = Code::all()
                        .filter(|code| code.default_level() != Level::Error)
                        .map(Code::as_str)
                        .collect();
                    self.unknown_key(at, text, &known, "codes that have a level");
                }
                (Some(code), _) if code.default_level() == Level::Error => {
                    let message = format!("`{text}` is always an error");
                    self.invalid(at, message, "remove the line; only warnings have a level");
                }
                (Some(code), DeValue::String(word)) => match LintLevel::from_text(word) {
                    Some(level) => lints.push((code, level)),
                    None => {
                        let at = self.span(value.span());
                        let message = format!(
                            "unknown level `{word}`; expected {}",
                            quoted_list(LINT_LEVELS)
                        );
                        self.invalid(at, message, "`deny` makes the warning an error");
                    }
                },
                (Some(_), _) => {
                    self.wrong_type(text, "a text", &format!("{text} = \"warn\""), value);
                }
            }
        }
        lints
    }
}

/// What a key decides, as a hint.
fn meaning(spec: &KeySpec) -> String {
    let mut meaning = spec.meaning.to_owned();
    if let Some(first) = meaning.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    format!("`{}`: {meaning}", spec.key)
}

/// The entries of a table as the file lists them; the parser sorts them by name.
fn in_source_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<Entry<'a, 'i>> {
    let mut entries: Vec<Entry<'a, 'i>> = table.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries
}

/// The table's own copy of a section name.
fn schema_section(section: &str) -> &'static str {
    schema::KEYS
        .iter()
        .map(|spec| spec.section)
        .find(|known| *known == section)
        .unwrap_or("")
}

const fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date-time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

fn checked_path(spec: &KeySpec, text: &str) -> Result<String, String> {
    let key = spec.key;
    let path = path::inside(text).map_err(|problem| format!("`{key}` {}", problem.rule()))?;
    match spec.ty {
        KeyType::ModulePath if !path.to_ascii_lowercase().ends_with(".fuse") => {
            Err(format!("`{key}` must name a `.fuse` file"))
        }
        // Served or written to as a whole, it would publish or overwrite sources.
        _ if path.is_empty() => Err(format!("`{key}` must not be the package root")),
        _ => Ok(path),
    }
}

fn is_package_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic())
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

fn is_web_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && !text.contains(char::is_whitespace)
}
