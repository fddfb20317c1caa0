//! `fuse.lock`: which sources the graph of a package was resolved to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fuse_syntax::{Code, Diagnostic, FileId, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::report::position_text;

/// The version of the format this crate writes.
pub const LOCK_VERSION: u64 = 2;

/// A lock file: one table of names for the whole graph of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The entries, by the name of the dependency.
    pub entries: BTreeMap<String, LockEntry>,
}

/// What one name was resolved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockEntry {
    /// A directory.
    Path {
        /// Relative to the package of the lock file, with `/`; starts with `./` or `../`.
        path: String,
    },
    /// A commit of a git repository.
    Git {
        /// URL of the repository.
        git: String,
        /// What the manifest asks for, as `tag:v1.2.0`.
        requested: String,
        /// Commit id, 40 or 64 hexadecimal digits.
        rev: String,
        /// Directory inside the repository.
        subdir: Option<String>,
        /// `sha256-` and the hash of the checkout's files.
        integrity: Option<String>,
    },
}

/// How a lock file differs from what the manifests ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LockDifference {
    /// Names the lock file lacks.
    pub add: Vec<String>,
    /// Names nothing requires any more.
    pub remove: Vec<String>,
    /// Names whose entry differs.
    pub update: Vec<String>,
}

impl LockDifference {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && self.update.is_empty()
    }
}

impl std::fmt::Display for LockDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut first = true;
        for (verb, names) in [
            ("add", &self.add),
            ("remove", &self.remove),
            ("update", &self.update),
        ] {
            if names.is_empty() {
                continue;
            }
            let separator = if first { "" } else { "; " };
            write!(f, "{separator}{verb} {}", names.join(", "))?;
            first = false;
        }
        if first {
            f.write_str("rewrite in version 2")
        } else {
            Ok(())
        }
    }
}

impl Lock {
    /// The text of the lock file: sorted by name, LF, one final newline.
    ///
    /// It always succeeds, so that nothing reports `FUSE_LOCK_ENCODE_FAILED`: a
    /// name is one that [`is_dependency_name`](super::is_dependency_name) takes,
    /// and everything else is text, of which TOML can write any.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("version = {LOCK_VERSION}\n");
        for (name, entry) in &self.entries {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n[dependencies.{name}]\n");
            let mut row = |key: &str, value: &str| {
                let _ = writeln!(text, "{key} = {}", quote(value));
            };
            match entry {
                LockEntry::Path { path } => {
                    row("source", "path");
                    row("path", path);
                    row("requested", "path");
                }
                LockEntry::Git {
                    git,
                    requested,
                    rev,
                    subdir,
                    integrity,
                } => {
                    row("source", "git");
                    row("git", git);
                    row("requested", requested);
                    row("rev", rev);
                    if let Some(subdir) = subdir {
                        row("subdir", subdir);
                    }
                    if let Some(integrity) = integrity {
                        row("integrity", integrity);
                    }
                }
            }
        }
        text
    }

    /// What has to change in `self` to become `wanted`.
    #[must_use]
    pub fn difference(&self, wanted: &Self) -> LockDifference {
        let mut difference = LockDifference::default();
        for (name, entry) in &wanted.entries {
            match self.entries.get(name) {
                None => difference.add.push(name.clone()),
                Some(present) if present != entry => difference.update.push(name.clone()),
                Some(_) => {}
            }
        }
        let unused = self
            .entries
            .keys()
            .filter(|name| !wanted.entries.contains_key(*name));
        difference.remove = unused.cloned().collect();
        difference
    }

    /// Reads a lock file of version 1 or 2.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, as `FUSE_LOCK_*` diagnostics.
    pub fn parse(file: FileId, text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_with_spans(file, text).map(|(lock, _)| lock)
    }

    /// Reads a lock file, and where each entry's name stands in it.
    ///
    /// # Errors
    ///
    /// As [`Lock::parse`].
    pub fn parse_with_spans(
        file: FileId,
        text: &str,
    ) -> Result<(Self, BTreeMap<String, Span>), Vec<Diagnostic>> {
        let mut reader = LockReader {
            file,
            text,
            spans: BTreeMap::new(),
            diagnostics: Vec::new(),
        };
        let lock = reader.read();
        if reader.diagnostics.is_empty() {
            Ok((lock, reader.spans))
        } else {
            Err(reader.diagnostics)
        }
    }
}

/// A TOML string. Values hold paths, URLs and hashes; anything else is escaped.
fn quote(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

const REGENERATE: &str = "delete fuse.lock and run `fuse deps lock` to write it anew";

struct LockReader<'t> {
    file: FileId,
    text: &'t str,
    spans: BTreeMap<String, Span>,
    diagnostics: Vec<Diagnostic>,
}

impl LockReader<'_> {
    fn span(&self, range: std::ops::Range<usize>) -> Span {
        let clamp = |offset: usize| u32::try_from(offset.min(self.text.len())).unwrap_or(u32::MAX);
        Span::new(self.file, clamp(range.start), clamp(range.end))
    }

    fn report(&mut self, code: Code, at: Span, message: String, hint: &str) {
        let mut diagnostic = Diagnostic::new(code, at, message);
        diagnostic.hint = Some(hint.to_owned());
        self.diagnostics.push(diagnostic);
    }

    fn parse_failed(&mut self, at: Span, reason: &str, hint: &str) {
        let position = position_text(self.text, at.start);
        let line = position.split(',').next().unwrap_or_default();
        let reason = reason.trim().replace('\n', ", ");
        self.report(
            Code::LOCK_PARSE_FAILED,
            at,
            format!("cannot parse fuse.lock: {line}: {reason}"),
            hint,
        );
    }

    fn read(&mut self) -> Lock {
        if let Some(at) = merge_marker(self.text) {
            let end = self.text[at..]
                .find('\n')
                .map_or(self.text.len(), |length| at + length);
            let hint = "keep either side, then run `fuse deps lock`";
            self.parse_failed(self.span(at..end), "merge conflict marker", hint);
            return Lock::default();
        }
        let document = match DeTable::parse(self.text) {
            Ok(document) => document.into_inner(),
            Err(problem) => {
                let at = self.span(problem.span().unwrap_or(0..0));
                self.parse_failed(at, problem.message(), REGENERATE);
                return Lock::default();
            }
        };
        let version = document.iter().find(|(key, _)| key.get_ref() == "version");
        match version.map(|(_, value)| (value.span(), value.get_ref())) {
            Some((_, DeValue::Integer(number))) if matches!(number.as_str(), "1" | "2") => {}
            Some((span, value)) => {
                let shown = self.text.get(span.clone()).unwrap_or_default().to_owned();
                let hint = match value {
                    DeValue::Integer(_) => {
                        "update the `fuse` command, or run `fuse deps lock` with this one"
                    }
                    _ => REGENERATE,
                };
                let message = format!("unsupported fuse.lock version {shown}");
                self.report(
                    Code::LOCK_UNSUPPORTED_VERSION,
                    self.span(span),
                    message,
                    hint,
                );
                return Lock::default();
            }
            None => {
                let message = "unsupported fuse.lock version (none given)".to_owned();
                self.report(
                    Code::LOCK_UNSUPPORTED_VERSION,
                    self.span(0..0),
                    message,
                    REGENERATE,
                );
                return Lock::default();
            }
        }
        let mut lock = Lock::default();
        let Some((_, dependencies)) = document
            .iter()
            .find(|(key, _)| key.get_ref() == "dependencies")
        else {
            return lock;
        };
        let DeValue::Table(dependencies) = dependencies.get_ref() else {
            self.parse_failed(
                self.span(dependencies.span()),
                "`dependencies` must be a table",
                REGENERATE,
            );
            return lock;
        };
        for (name, value) in dependencies {
            if let Some(entry) = self.entry(name, value) {
                lock.entries.insert(name.get_ref().to_string(), entry);
            }
        }
        lock
    }

    fn entry(
        &mut self,
        name: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<LockEntry> {
        let at = self.span(name.span());
        let name = name.get_ref().as_ref();
        self.spans.insert(name.to_owned(), at);
        let DeValue::Table(table) = value.get_ref() else {
            self.parse_failed(at, &format!("entry `{name}` must be a table"), REGENERATE);
            return None;
        };
        let before = self.diagnostics.len();
        let mut text = |key: &str| {
            let (_, value) = table.iter().find(|(known, _)| known.get_ref() == key)?;
            if let Some(text) = value.get_ref().as_str() {
                return Some(text.to_owned());
            }
            self.parse_failed(
                self.span(value.span()),
                &format!("`{key}` must be a text"),
                REGENERATE,
            );
            None
        };
        let (source, path, git) = (text("source"), text("path"), text("git"));
        let (requested, rev) = (text("requested"), text("rev"));
        let (subdir, integrity) = (text("subdir"), text("integrity"));
        if self.diagnostics.len() > before {
            return None;
        }
        let lacks = |key: &str| format!("lock entry `{name}` lacks `{key}`");
        match source.as_deref() {
            Some("path") => {
                if path.is_none() {
                    self.report(Code::LOCK_ENTRY_MISSING_PATH, at, lacks("path"), REGENERATE);
                }
                Some(LockEntry::Path {
                    path: path?.replace('\\', "/"),
                })
            }
            Some("git") => {
                if git.is_none() {
                    self.report(Code::LOCK_ENTRY_MISSING_GIT, at, lacks("git"), REGENERATE);
                }
                let rev = rev.filter(|rev| is_commit_id(rev));
                if rev.is_none() {
                    self.report(Code::LOCK_ENTRY_MISSING_REV, at, lacks("rev"), REGENERATE);
                }
                let requested = requested.unwrap_or_else(|| "default".to_owned());
                Some(LockEntry::Git {
                    git: git?,
                    requested,
                    rev: rev?,
                    subdir,
                    integrity,
                })
            }
            other => {
                let shown = other.unwrap_or("");
                let message = format!("lock entry `{name}` has unknown source `{shown}`");
                self.report(Code::LOCK_ENTRY_UNKNOWN_SOURCE, at, message, REGENERATE);
                None
            }
        }
    }
}

/// A full commit id: 40 hexadecimal digits, or 64 in a SHA-256 repository.
#[must_use]
pub fn is_commit_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

/// Where the first line that a merge left behind starts.
fn merge_marker(text: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let marker = ["<<<<<<<", "|||||||", ">>>>>>>"]
            .iter()
            .any(|marker| line.starts_with(marker))
            || line.trim_end() == "=======";
        if marker {
            return Some(start);
        }
        start += line.len();
    }
    None
}
