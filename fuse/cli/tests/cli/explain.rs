//! `fuse explain CODE`.

use fuse_syntax::Code;

use crate::support::{World, transcript};

#[test]
fn every_code_is_explained() {
    let world = World::new();
    for code in Code::all() {
        let run = world.run(&format!("explain {code}"));
        assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "{code}");
        assert!(
            run.stdout.starts_with(&format!("{code} (")),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn codes_are_found_in_any_case_and_without_prefix() {
    let world = World::new();
    let whole = world.run("explain FUSE_MANIFEST_UNKNOWN_KEY").stdout;
    for spelling in [
        "fuse_manifest_unknown_key",
        "MANIFEST_UNKNOWN_KEY",
        "manifest_unknown_key",
    ] {
        assert_eq!(world.run(&format!("explain {spelling}")).stdout, whole);
    }
    assert!(
        whole.contains("[lint]\n    FUSE_MANIFEST_UNKNOWN_KEY = \"allow\""),
        "{whole}"
    );
}

#[test]
fn an_explanation_has_a_wrong_and_a_right_example() {
    let world = World::new();
    let lines = [
        "explain FUSE_DEP_PATH_NOT_FOUND",
        "explain FUSE_MANIFEST_UNKNOWN_KEY",
    ];
    insta::assert_snapshot!(transcript(lines.map(|line| world.run(line))));
}

#[test]
fn unknown_codes_are_refused() {
    let world = World::new();
    let lines = [
        "explain FUSE_TYPE_MISMATHC",
        "explain TYPE_MISMATC",
        "explain E0308",
    ];
    insta::assert_snapshot!(transcript(lines.map(|line| world.run(line))));
}

#[test]
fn an_explanation_can_be_read_by_programs() {
    let run = World::new().run("explain FUSE_LEX_TAB --diagnostics json");
    let value: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (&value["code"], &value["level"]),
        (&"FUSE_LEX_TAB".into(), &"error".into())
    );
}

/// Codes that no file shows are shown by tests of the commands; every other
/// code by the tests of its explanation.
#[test]
fn codes_that_commands_report_have_a_look() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/snapshots");
    let looks: String = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for code in [
        Code::LOCK_WRITE_FAILED,
        Code::MANIFEST_ENTRY_MISSING,
        Code::WORKSPACE_NO_MANIFESTS,
        Code::WORKSPACE_PUBLISH_NOT_READY,
    ] {
        assert!(looks.contains(code.as_str()), "{code}");
    }
}
