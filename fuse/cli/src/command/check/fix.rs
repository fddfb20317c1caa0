//! `fuse check --fix`: applies the fixes that are safe.

use std::collections::BTreeSet;

use fuse_syntax::diagnostic::apply_safe_fixes;

use crate::failure::{Ended, Failure};
use crate::output::Output;
use crate::project::{CheckOptions, Checked, Project};
use crate::write::replace_file;

/// A fix can make room for another; more rounds than this make no progress.
const ROUNDS_MAX: u32 = 16;

/// Checks, applies the safe fixes of the package's own files, and checks again
/// until there are none. Returns the last check.
pub(super) fn check_and_fix(
    project: &Project,
    options: &CheckOptions,
    output: &Output,
) -> Result<Checked, Ended> {
    let mut changed = BTreeSet::new();
    for _ in 0..ROUNDS_MAX {
        let checked = project.check(options, output)?;
        let mut applied = false;
        for (file, text) in apply_safe_fixes(&checked.diagnostics, checked.files()) {
            let Some(path) = checked.own_path(file) else {
                continue;
            };
            replace_file(&path, text.as_bytes())
                .map_err(|problem| Failure::write(&path, &problem))?;
            applied = true;
            changed.insert(project.display(&path));
        }
        if !applied {
            for path in &changed {
                output.info(&format!("[check] fixed {path}"));
            }
            return Ok(checked);
        }
    }
    project.check(options, output)
}
