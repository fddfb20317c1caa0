//! `[dependencies]`, in every spelling.

use fuse_syntax::{Code, Diagnostic, Span};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::super::dependency::{Dependency, GitRef, GitSource, Source, is_dependency_name};
use super::super::path::{self, PathProblem};
use super::super::report::quoted_list;
use super::super::suggest::nearest;
use super::{Reader, in_source_order};

const SUBDIR: &str = "`subdir` is the directory of the package in the repository";

impl Reader<'_> {
    pub(super) fn dependencies(&mut self, value: &Spanned<DeValue<'_>>) -> Vec<Dependency> {
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
