//! Facts of `Cargo.toml` that `cargo metadata` leaves out: lines and lints.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::violation::Location;
use crate::workspace::Source;

/// Where `key` stands in a table called `section`, at the top level or below
/// `target.<...>`. The whole file when it cannot be found.
pub(crate) fn key_location(manifest: &Source, section: &str, key: &str) -> Location {
    find_key(&manifest.text, section, key).map_or_else(
        || Location::file(&manifest.path),
        |offset| Location::of_offset(&manifest.path, &manifest.text, offset),
    )
}

fn find_key(text: &str, section: &str, key: &str) -> Option<usize> {
    let root = DeTable::parse(text).ok()?;
    let root = root.get_ref();
    offset_in(root, section, key).or_else(|| {
        let targets = table(root, "target")?;
        targets.values().find_map(|target| {
            let target = target.get_ref().as_table()?;
            offset_in(target, section, key)
        })
    })
}

fn offset_in(parent: &DeTable<'_>, section: &str, key: &str) -> Option<usize> {
    let (found, _) = table(parent, section)?.get_key_value(key)?;
    Some(found.span().start)
}

fn table<'t, 'i>(parent: &'t DeTable<'i>, key: &str) -> Option<&'t DeTable<'i>> {
    parent.get(key)?.get_ref().as_table()
}

/// Whether `unsafe_code` is forbidden by the lints of a package, given its
/// manifest and that of the workspace root.
pub(crate) fn forbids_unsafe(manifest: &str, root: &str) -> bool {
    let Ok(package) = DeTable::parse(manifest) else {
        return false;
    };
    let package = package.get_ref();
    let Some(lints) = table(package, "lints") else {
        return false;
    };
    let inherited = lints.get("workspace").map(Spanned::get_ref);
    if matches!(inherited, Some(DeValue::Boolean(true))) {
        return DeTable::parse(root).is_ok_and(|root| {
            table(root.get_ref(), "workspace")
                .and_then(|workspace| table(workspace, "lints"))
                .is_some_and(has_forbid)
        });
    }
    has_forbid(lints)
}

fn has_forbid(lints: &DeTable<'_>) -> bool {
    let level = table(lints, "rust").and_then(|rust| rust.get("unsafe_code"));
    match level.map(Spanned::get_ref) {
        Some(DeValue::String(level)) => level == "forbid",
        Some(DeValue::Table(lint)) => matches!(
            lint.get("level").map(Spanned::get_ref),
            Some(DeValue::String(level)) if level == "forbid"
        ),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dependency_is_found_in_both_spellings_and_below_a_target() {
        let text = "[package]\nname = \"a\"\n\n[dependencies]\nb = \"1\"\n\n[dependencies.c]\nversion = \"1\"\n\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n";
        let line = |key: &str| {
            find_key(text, "dependencies", key).map(|at| Location::of_offset("f", text, at).line)
        };
        assert_eq!(line("b"), Some(5));
        assert_eq!(line("c"), Some(7));
        assert_eq!(line("d"), Some(11));
        assert_eq!(line("e"), None);
    }

    #[test]
    fn unsafe_code_is_forbidden_here_or_in_the_workspace() {
        let workspace = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\n";
        let inherits = "[lints]\nworkspace = true\n";
        assert!(forbids_unsafe(inherits, workspace));
        assert!(!forbids_unsafe(inherits, "[workspace]\n"));
        assert!(!forbids_unsafe("[package]\n", workspace));
        let own = "[lints.rust]\nunsafe_code = { level = \"forbid\", priority = 1 }\n";
        assert!(forbids_unsafe(own, ""));
        assert!(!forbids_unsafe(
            "[lints.rust]\nunsafe_code = \"deny\"\n",
            ""
        ));
    }
}
