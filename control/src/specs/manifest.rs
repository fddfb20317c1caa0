//! `module.yaml`: one module's ownership and boundary.

use super::Model;
use crate::decode::{At, Decoder, Fields};
use crate::violation::Location;
use crate::yaml::Node;

/// What a manifest says about `unsafe`.
#[derive(Debug, Clone, Default)]
pub enum UnsafeCode {
    /// There is none, and the crate forbids it.
    #[default]
    Forbid,
    /// Only in the listed files.
    Allow(Vec<UnsafeAllowed>),
}

/// A file that may have `unsafe` code.
#[derive(Debug, Clone)]
pub struct UnsafeAllowed {
    /// The file, relative to the workspace root.
    pub path: At<String>,
    /// Why it cannot be done without.
    pub reason: String,
    /// The test that shows it is sound.
    pub test: String,
}

/// The model of a `module.yaml`. A key that is absent is `None`; whether it
/// may be absent is for the rules to say.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// The file it was read from, relative to the workspace root.
    pub file: String,
    /// Whether the file is there and could not be read at all.
    pub unreadable: bool,
    /// The module's name.
    pub name: Option<At<String>>,
    /// The module's id.
    pub path: Option<At<String>>,
    /// The layer its path belongs to.
    pub layer: Option<At<String>>,
    /// How far it can be trusted.
    pub status: Option<At<String>>,
    /// Who answers for it.
    pub owner: Option<At<String>>,
    /// What an error in it costs.
    pub risk: Option<At<String>>,
    /// What it is, in one line.
    pub summary: Option<At<String>>,
    /// What it is for.
    pub responsibilities: Option<At<Vec<At<String>>>>,
    /// What it refuses to do.
    pub non_goals: Option<At<Vec<At<String>>>>,
    /// Modules it may depend on.
    pub allowed_imports: Option<At<Vec<At<String>>>>,
    /// Modules it may not depend on.
    pub forbidden_imports: Option<At<Vec<At<String>>>>,
    /// Commands that test it; the first stands alone.
    pub test_commands: Option<At<Vec<At<String>>>>,
    /// What a reviewer asks.
    pub review_checklist: Option<At<Vec<At<String>>>>,
    /// What somebody new should know before changing it.
    pub hints: Option<At<Vec<At<String>>>>,
    /// Its categories.
    pub category: Option<At<Vec<At<String>>>>,
    /// Free tags.
    pub tags: Option<At<Vec<At<String>>>>,
    /// Rust paths or capabilities a newcomer starts from.
    pub public_entrypoints: Option<At<Vec<At<String>>>>,
    /// Files that explain it.
    pub doc_paths: Option<At<Vec<At<String>>>>,
    /// What may break when it changes.
    pub change_risks: Option<At<Vec<At<String>>>>,
    /// When to stop and ask.
    pub stop_conditions: Option<At<Vec<At<String>>>>,
    /// The kind of boundary of a stable root.
    pub strict_boundary: Option<At<String>>,
    /// What it says about `unsafe`.
    pub unsafe_code: UnsafeCode,
}

impl Manifest {
    /// The whole file.
    #[must_use]
    pub fn location(&self) -> Location {
        Location::file(&self.file)
    }
}

impl Model for Manifest {
    fn decode(decoder: &mut Decoder<'_>, node: &Node) -> Option<Self> {
        let mut fields = decoder.fields(node, "module.yaml")?;
        let manifest = Self {
            file: String::new(),
            unreadable: false,
            name: text(decoder, &mut fields, "name"),
            path: text(decoder, &mut fields, "path"),
            layer: text(decoder, &mut fields, "layer"),
            status: text(decoder, &mut fields, "status"),
            owner: text(decoder, &mut fields, "owner"),
            risk: text(decoder, &mut fields, "risk"),
            summary: text(decoder, &mut fields, "summary"),
            responsibilities: texts(decoder, &mut fields, "responsibilities"),
            non_goals: texts(decoder, &mut fields, "non_goals"),
            allowed_imports: texts(decoder, &mut fields, "allowed_imports"),
            forbidden_imports: texts(decoder, &mut fields, "forbidden_imports"),
            test_commands: texts(decoder, &mut fields, "test_commands"),
            review_checklist: texts(decoder, &mut fields, "review_checklist"),
            hints: texts(decoder, &mut fields, "hints"),
            category: texts(decoder, &mut fields, "category"),
            tags: texts(decoder, &mut fields, "tags"),
            public_entrypoints: texts(decoder, &mut fields, "public_entrypoints"),
            doc_paths: paths(decoder, &mut fields, "doc_paths"),
            change_risks: texts(decoder, &mut fields, "change_risks"),
            stop_conditions: texts(decoder, &mut fields, "stop_conditions"),
            strict_boundary: text(decoder, &mut fields, "strict_boundary"),
            unsafe_code: unsafe_code(decoder, fields.take("unsafe_code")),
        };
        decoder.finish(&fields);
        Some(manifest)
    }
}

fn text(
    decoder: &mut Decoder<'_>,
    fields: &mut Fields<'_>,
    key: &'static str,
) -> Option<At<String>> {
    fields.take(key).and_then(|node| decoder.text(node))
}

fn texts(
    decoder: &mut Decoder<'_>,
    fields: &mut Fields<'_>,
    key: &'static str,
) -> Option<At<Vec<At<String>>>> {
    let node = fields.take(key)?;
    Some(At {
        value: decoder.texts(Some(node)),
        line: node.line,
        column: node.column,
    })
}

fn paths(
    decoder: &mut Decoder<'_>,
    fields: &mut Fields<'_>,
    key: &'static str,
) -> Option<At<Vec<At<String>>>> {
    let node = fields.take(key)?;
    Some(At {
        value: decoder.paths(Some(node)),
        line: node.line,
        column: node.column,
    })
}

fn unsafe_code(decoder: &mut Decoder<'_>, node: Option<&Node>) -> UnsafeCode {
    let Some(node) = node else {
        return UnsafeCode::Forbid;
    };
    if let crate::yaml::Value::Text(_) = node.value {
        decoder.choice(node, &[("forbid", ())]);
        return UnsafeCode::Forbid;
    }
    let Some(mut fields) = decoder.fields(node, "unsafe_code") else {
        return UnsafeCode::Forbid;
    };
    let allowed = fields.take("allow");
    let allowed = allowed.map_or_else(Vec::new, |node| decoder.list(node, unsafe_allowed));
    decoder.finish(&fields);
    UnsafeCode::Allow(allowed)
}

fn unsafe_allowed(decoder: &mut Decoder<'_>, node: &Node) -> Option<UnsafeAllowed> {
    let mut fields = decoder.fields(node, "a file with unsafe code")?;
    let path = fields.take("path").and_then(|node| decoder.path(node));
    let reason = text(decoder, &mut fields, "reason").filter(|text| !text.value.is_empty());
    let test = text(decoder, &mut fields, "test").filter(|text| !text.value.is_empty());
    decoder.finish(&fields);
    let (Some(path), Some(reason), Some(test)) = (path, reason, test) else {
        let message = "`path`, `reason` and `test` are required".to_owned();
        decoder.report("spec-files/missing", node.line, node.column, message);
        return None;
    };
    Some(UnsafeAllowed {
        path,
        reason: reason.value,
        test: test.value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specs::read;

    #[test]
    fn absent_keys_stay_absent_and_blank_ones_are_empty() {
        let (manifest, problems) = read::<Manifest>("a/module.yaml", "name: a\nowner:\n");
        assert_eq!(problems, []);
        let manifest = manifest.unwrap();
        assert_eq!(manifest.name.unwrap().value, "a");
        assert_eq!(manifest.owner.unwrap().value, "");
        assert!(manifest.layer.is_none());
    }

    #[test]
    fn unsafe_files_need_a_reason_and_a_test() {
        let text = "unsafe_code:\n  allow:\n    - { path: a/src/b.rs, reason: r, test: t }\n    - { path: a/src/c.rs }\n";
        let (manifest, problems) = read::<Manifest>("a/module.yaml", text);
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].location.as_ref().unwrap().line, 4);
        let UnsafeCode::Allow(files) = manifest.unwrap().unsafe_code else {
            panic!("not a list")
        };
        assert_eq!(files[0].path.value, "a/src/b.rs");
    }
}
