//! Running other programs: output streams through, failure names a remedy.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    // Cargo sets it when it runs us; a target directory may be shared by several
    // checkouts, so what was compiled in can name another one.
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().unwrap_or(&manifest).to_path_buf()
}

/// The cargo that started this task, so that a `+toolchain` choice is kept.
pub(crate) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Runs `command` with its output on the terminal.
///
/// # Errors
///
/// When the program cannot be started or fails; the error says what to do,
/// in the words of `remedy`.
pub(crate) fn run(command: &mut Command, remedy: &str) -> anyhow::Result<()> {
    let line = describe(command);
    eprintln!("+ {line}");
    let status = command
        .status()
        .with_context(|| format!("cannot start `{line}`; {remedy}"))?;
    if !status.success() {
        bail!("`{line}` failed ({status})\nremedy: {remedy}");
    }
    Ok(())
}

/// Whether `program args` starts and succeeds; its output is dropped.
pub(crate) fn succeeds(program: &str, args: &[&str]) -> bool {
    Command::new(program)
        .args(args)
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Whether `program` is on the search path.
pub(crate) fn on_path(program: &str) -> bool {
    let Some(paths) = std::env::var_os("PATH") else {
        return false;
    };
    std::env::split_paths(&paths)
        .any(|dir| dir.join(program).is_file() || dir.join(format!("{program}.exe")).is_file())
}

fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program())
        .file_stem()
        .unwrap_or_else(|| command.get_program());
    std::iter::once(program)
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_program_names_the_remedy() {
        let mut command = cargo();
        command.arg("no-such-subcommand").stderr(Stdio::null());
        let error = run(&mut command, "choose another word").unwrap_err();
        let text = format!("{error:#}");
        assert!(text.contains("cargo no-such-subcommand"), "{text}");
        assert!(text.contains("choose another word"), "{text}");
    }

    #[test]
    fn a_missing_program_is_not_on_the_path() {
        assert!(on_path("cargo"));
        assert!(!on_path("plumego-there-is-no-such-program"));
        assert!(!succeeds("plumego-there-is-no-such-program", &[]));
    }

    #[test]
    fn the_root_holds_the_workspace_manifest() {
        assert!(root().join("Cargo.toml").is_file());
        assert!(root().join("xtask").is_dir());
    }
}
