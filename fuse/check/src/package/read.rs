//! Reads the text of a `fuse.toml`, reporting everything that is wrong with it.

use fuse_syntax::{Code, Diagnostic, FileId, Fix, Level, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::dependency::{Dependency, GitRef, GitSource, Source, is_dependency_name};
use super::manifest::{
    AssetsSection, BuildSection, LintLevel, Located, Manifest, PackageSection, ServeSection,
    TestSection, Text, ViteSection, WorkspaceSection,
};
use super::path::{self, PathProblem};
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
            store(&mut manifest, spec, value);
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
                (Some(code), DeValue::String(word)) => match LintLevel::parse(word) {
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

    fn dependencies(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<Dependency> {
        let DeValue::Table(table) = value.get_ref() else {
            self.not_a_table("dependencies", value);
            return Vec::new();
        };
        let mut dependencies = Vec::new();
        for (name, value) in in_source_order(table) {
            let text = name.get_ref().as_ref();
            let span = self.span(name.span());
            if !is_dependency_name(text) {
                let rule = "must start with a letter and hold only letters, digits and `_`";
                let hint = "modules import it as `dep:Name/path`";
                self.invalid(span, format!("dependency name `{text}` {rule}"), hint);
                continue;
            }
            let source = match value.get_ref() {
                DeValue::String(path) => self.dependency_path(text, path, self.span(value.span())),
                DeValue::Table(table) => self.dependency_table(text, span, table),
                _ => {
                    let at = self.span(value.span());
                    let mut diagnostic = Diagnostic::new(
                        Code::DEP_INVALID_SOURCE,
                        at,
                        format!("invalid source for `{text}`"),
                    );
                    diagnostic.hint = Some(format!(
                        "write a path, as {text} = \"./libs/name\", or a table with `path` or `git`"
                    ));
                    self.report(diagnostic);
                    None
                }
            };
            if let Some(source) = source {
                dependencies.push(Dependency {
                    name: text.to_owned(),
                    source,
                    span,
                });
            }
        }
        dependencies
    }

    fn dependency_path(&mut self, name: &str, path: &str, at: Span) -> Option<Source> {
        if path.trim().is_empty() {
            self.report(Diagnostic::new(
                Code::DEP_PATH_EMPTY,
                at,
                format!("empty path for `{name}`"),
            ));
            return None;
        }
        let problem = if path::is_absolute(path) {
            Some("must be relative to the package")
        } else if path.contains('\\') {
            Some(PathProblem::Backslash.rule())
        } else if path.chars().any(char::is_control) {
            Some(PathProblem::Control.rule())
        } else {
            None
        };
        if let Some(rule) = problem {
            let hint = format!("write it as {name} = \"./libs/name\"");
            self.invalid(at, format!("path of `{name}` {rule}"), hint);
            return None;
        }
        Some(Source::Path(path.to_owned()))
    }

    fn dependency_table(&mut self, name: &str, key: Span, table: &DeTable<'_>) -> Option<Source> {
        const KNOWN: &[&str] = &["path", "git", "rev", "tag", "branch", "version", "subdir"];
        let mut found: Vec<(&'static str, &str, Span)> = Vec::new();
        let before = self.diagnostics.len();
        for (field, value) in in_source_order(table) {
            let text = field.get_ref().as_ref();
            let Some(known) = KNOWN.iter().find(|known| **known == text) else {
                let at = self.span(field.span());
                let mut diagnostic = Diagnostic::new(
                    Code::DEP_INVALID_SOURCE,
                    at,
                    format!("invalid source for `{name}`: unknown key `{text}`"),
                );
                diagnostic.hint = Some(match nearest(text, KNOWN.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("a source has the keys {}", quoted_list(KNOWN)),
                });
                self.report(diagnostic);
                continue;
            };
            match value.get_ref() {
                DeValue::String(value_text) => {
                    found.push((known, value_text.as_ref(), self.span(value.span())));
                }
                _ => self.wrong_type(text, "a text", &format!("{text} = \"...\""), value),
            }
        }
        if self.diagnostics.len() > before {
            return None;
        }
        let get = |key: &str| {
            found
                .iter()
                .find(|(known, ..)| *known == key)
                .map(|&(_, text, at)| (text, at))
        };
        match (get("path"), get("git")) {
            (Some(_), Some((_, at))) => {
                self.report(Diagnostic::new(
                    Code::DEP_GIT_PATH_CONFLICT,
                    at,
                    format!("`{name}` has both `git` and `path`"),
                ));
                None
            }
            (Some((path, at)), None) => {
                if let Some((_, _, at)) = found.iter().find(|(known, ..)| *known != "path") {
                    let message = format!("`{name}` mixes `path` with git fields");
                    self.report(Diagnostic::new(Code::DEP_PATH_FIELDS_INVALID, *at, message));
                    return None;
                }
                self.dependency_path(name, path, at)
            }
            (None, Some((url, at))) => self.git_source(name, url, at, &found).map(Source::Git),
            (None, None) => {
                match found.first() {
                    Some((field, _, at)) => {
                        let message = format!("`{field}` of `{name}` needs `git`");
                        self.report(Diagnostic::new(
                            Code::DEP_GIT_REQUIRED_FOR_REFS,
                            *at,
                            message,
                        ));
                    }
                    None => {
                        let mut diagnostic = Diagnostic::new(
                            Code::DEP_SOURCE_REQUIRED,
                            key,
                            format!("`{name}` has no source"),
                        );
                        diagnostic.hint = Some("add `path` or `git`".to_owned());
                        self.report(diagnostic);
                    }
                }
                None
            }
        }
    }

    fn git_source(
        &mut self,
        name: &str,
        url: &str,
        at: Span,
        found: &[(&'static str, &str, Span)],
    ) -> Option<GitSource> {
        if url.trim().is_empty() {
            self.report(Diagnostic::new(
                Code::DEP_GIT_EMPTY,
                at,
                format!("empty git URL for `{name}`"),
            ));
            return None;
        }
        if let Some(problem) = GitSource::url_problem(url) {
            let mut diagnostic = Diagnostic::new(
                Code::DEP_INVALID_SOURCE,
                at,
                format!("invalid source for `{name}`: {problem}"),
            );
            diagnostic.hint = Some("a directory on this machine is named with `path`".to_owned());
            self.report(diagnostic);
            return None;
        }
        let mut references = found
            .iter()
            .filter(|(field, ..)| matches!(*field, "rev" | "tag" | "branch" | "version"));
        let reference = match references.next() {
            None => GitRef::Default,
            Some(&(field, text, at)) => self.git_reference(name, field, text, at)?,
        };
        if let Some((_, _, at)) = references.next() {
            let mut diagnostic = Diagnostic::new(
                Code::DEP_GIT_REF_CONFLICT,
                *at,
                format!("`{name}` names more than one git ref"),
            );
            diagnostic.hint = Some("keep one of `rev`, `tag`, `branch` and `version`".to_owned());
            self.report(diagnostic);
            return None;
        }
        let subdir = match found.iter().find(|(field, ..)| *field == "subdir") {
            None => None,
            Some((_, text, at)) => match path::inside(text) {
                Ok(subdir) => Some(subdir).filter(|subdir| !subdir.is_empty()),
                Err(PathProblem::Empty) => {
                    self.report(Diagnostic::new(
                        Code::DEP_SUBDIR_EMPTY,
                        *at,
                        format!("empty subdir for `{name}`"),
                    ));
                    return None;
                }
                Err(PathProblem::Escape) => {
                    let message = format!("subdir of `{name}` must stay inside the repository");
                    self.invalid(*at, message, SUBDIR);
                    return None;
                }
                Err(problem) => {
                    self.invalid(
                        *at,
                        format!("subdir of `{name}` {}", problem.rule()),
                        SUBDIR,
                    );
                    return None;
                }
            },
        };
        Some(GitSource {
            url: url.to_owned(),
            reference,
            subdir,
        })
    }

    fn git_reference(&mut self, name: &str, field: &str, text: &str, at: Span) -> Option<GitRef> {
        let odd = text.is_empty()
            || text.starts_with('-')
            || text.contains("..")
            || text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c));
        let hex = (4..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        let problem = match field {
            "rev" if !hex => Some("`rev` must be a commit id"),
            "version" if semver::Version::parse(text).is_err() => {
                Some("`version` must be a version like `1.2.0`")
            }
            _ if odd => Some("the name of the ref is malformed"),
            _ => None,
        };
        if let Some(problem) = problem {
            self.report(Diagnostic::new(
                Code::DEP_INVALID_SOURCE,
                at,
                format!("invalid source for `{name}`: {problem}"),
            ));
            return None;
        }
        let text = text.to_owned();
        Some(match field {
            "rev" => GitRef::Rev(text.to_ascii_lowercase()),
            "tag" => GitRef::Tag(text),
            "branch" => GitRef::Branch(text),
            _ => GitRef::Version(text),
        })
    }
}

const SUBDIR: &str = "`subdir` is the directory of the package in the repository";

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

/// Puts a checked value into its field. Every key of the schema has an arm;
/// a test sets each of them and reads it back.
fn store(manifest: &mut Manifest, spec: &KeySpec, value: Value) {
    let Manifest {
        package,
        build,
        serve,
        assets,
        vite,
        workspace,
        test,
        ..
    } = manifest;
    match (spec.section, value) {
        ("package", value) => store_package(package, spec.key, value),
        ("build", value) => store_build(build, spec.key, value),
        ("serve", value) => store_serve(serve, spec.key, value),
        ("assets" | "assets.hooks", value) => store_assets(assets, spec.key, value),
        ("vite", Value::Text(text)) => {
            let vite = vite.get_or_insert_default();
            *if spec.key == "dev_url" {
                &mut vite.dev_url
            } else {
                &mut vite.dist_dir
            } = Some(text);
        }
        ("workspace", Value::List(patterns)) => {
            let workspace = workspace.get_or_insert_default();
            if spec.key == "members" {
                workspace.members = Some(patterns);
            } else {
                workspace.exclude = patterns;
            }
        }
        ("test", value) => store_test(test, value),
        _ => {}
    }
}

fn text_field<'m>(
    fields: &'m mut [(&'static str, &'m mut Text)],
    key: &str,
) -> Option<&'m mut Text> {
    fields
        .iter_mut()
        .find(|(name, _)| *name == key)
        .map(|(_, field)| &mut **field)
}

fn store_package(package: &mut PackageSection, key: &str, value: Value) {
    match value {
        Value::Version(version) => package.version = Some(version),
        Value::Requirement(requirement) => package.fuse = Some(requirement),
        Value::Bool(publish) => package.publish = Some(publish),
        Value::Text(text) => {
            let PackageSection {
                name,
                entry,
                app,
                backend,
                description,
                license,
                repository,
                ..
            } = package;
            let fields = &mut [
                ("name", name),
                ("entry", entry),
                ("app", app),
                ("backend", backend),
                ("description", description),
                ("license", license),
                ("repository", repository),
            ];
            if let Some(field) = text_field(fields, key) {
                *field = Some(text);
            }
        }
        Value::Int(_) | Value::List(_) => {}
    }
}

fn store_build(build: &mut BuildSection, key: &str, value: Value) {
    match (key, value) {
        ("embed_openapi", Value::Bool(on)) => build.embed_openapi = on,
        ("symbols", Value::Bool(on)) => build.symbols = on,
        ("strip", Value::Bool(on)) => build.strip = on,
        (_, Value::Text(text)) => {
            let BuildSection {
                openapi,
                native_bin,
                cpu,
                target,
                ..
            } = build;
            let fields = &mut [
                ("openapi", openapi),
                ("native_bin", native_bin),
                ("cpu", cpu),
                ("target", target),
            ];
            if let Some(field) = text_field(fields, key) {
                *field = Some(text);
            }
        }
        _ => {}
    }
}

fn store_serve(serve: &mut ServeSection, key: &str, value: Value) {
    match value {
        Value::Bool(on) => serve.openapi_ui = Some(on),
        Value::Text(text) => {
            let ServeSection {
                static_dir,
                static_index,
                openapi_path,
                ..
            } = serve;
            let fields = &mut [
                ("static_dir", static_dir),
                ("static_index", static_index),
                ("openapi_path", openapi_path),
            ];
            if let Some(field) = text_field(fields, key) {
                *field = Some(text);
            }
        }
        _ => {}
    }
}

fn store_assets(assets: &mut AssetsSection, key: &str, value: Value) {
    match (key, value) {
        ("watch", Value::Bool(on)) => assets.watch = on,
        ("hash", Value::Bool(on)) => assets.hash = on,
        ("css", Value::Text(text)) => assets.css = Some(text),
        ("out", Value::Text(text)) => assets.out = Some(text),
        ("before_build", Value::Text(text)) => assets.before_build = Some(text),
        _ => {}
    }
}

fn store_test(test: &mut TestSection, value: Value) {
    match value {
        Value::Int(limit) => test.timeout_ms = limit,
        Value::Bool(on) => test.isolate_db = on,
        _ => {}
    }
}
