//! Manifests, lock files, import paths, JSON assets and check stamps of Fuse.

use std::path::Path;

use ::fuse_check::cache::CheckStamp;
use ::fuse_check::load::{MemorySource, decode_json, load};
use ::fuse_check::package::{Lock, PackageGraph, read_manifest};
use fuse_syntax::{Diagnostic, FileId, Files};

/// Every span is a part of the text it points into.
fn spans_hold(diagnostics: &[Diagnostic], files: &Files) {
    for one in diagnostics {
        let related = one.related.iter().map(|related| related.span);
        for span in [one.span].into_iter().chain(related) {
            assert!(files.text_at(span).is_some(), "{one:?}");
        }
    }
}

pub(crate) fn manifest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut files = Files::new();
    let file = files.add("fuse.toml", &*text);
    let (manifest, diagnostics) = read_manifest(file, &text);
    spans_hold(&diagnostics, &files);
    // What was read stays inside the package.
    let paths = [
        &manifest.package.entry,
        &manifest.serve.static_dir,
        &manifest.build.openapi,
        &manifest.build.native_bin,
        &manifest.assets.out,
    ];
    for path in paths.into_iter().flatten() {
        assert!(
            !path.value.starts_with(['/', '\\']) && !path.value.contains('\\'),
            "{path:?}"
        );
        assert!(!path.value.split('/').any(|part| part == ".."), "{path:?}");
    }
}

/// What can be read is written the same, and reads the same again.
pub(crate) fn lock(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut files = Files::new();
    let file = files.add("fuse.lock", &*text);
    match Lock::parse(file, &text) {
        Err(diagnostics) => {
            assert!(!diagnostics.is_empty());
            spans_hold(&diagnostics, &files);
        }
        Ok(lock)
            if lock
                .entries
                .keys()
                .all(|name| name.bytes().all(|b| b.is_ascii_alphanumeric())) =>
        {
            let again = Lock::parse(FileId(0), &lock.render());
            assert_eq!(again.as_ref().ok(), Some(&lock));
        }
        Ok(_) => {}
    }
}

/// The first line is an import path; the rest is another module.
pub(crate) fn modules(data: &[u8]) {
    let cut = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let path = String::from_utf8_lossy(&data[..cut]).replace(['"', '\\', '$'], "_");
    let source = MemorySource::new()
        .file(
            "/app/main.fuse",
            format!("import X from \"{path}\"\nimport Y from \"./other\"\n"),
        )
        .file("/app/other.fuse", &data[cut..])
        .file("/app/a/b.fuse", "import Main from \"../main\"\n")
        .file("/app/data.json", &data[cut..])
        .file("/secret.fuse", "");
    let root = Path::new("/app");
    let graph = load(
        &root.join("main.fuse"),
        &PackageGraph::anonymous(root, root),
        &source,
    );
    assert!(
        graph
            .modules
            .iter()
            .all(|module| module.imports.len() <= 4 || module.path != root.join("main.fuse"))
    );
    for one in graph.all_diagnostics() {
        assert!(graph.files.get(one.span.file).is_some(), "{one:?}");
    }
}

/// Accepts what the other reader accepts, duplicate keys aside.
pub(crate) fn json_asset(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let other = serde_json::from_str::<serde_json::Value>(text.trim_start_matches('\u{feff}'));
    match decode_json(&text) {
        Ok(_) => assert!(other.is_ok(), "{text:?}"),
        Err(error) => {
            assert!(text.get(error.start..error.end).is_some(), "{error:?}");
            let stricter = ["duplicate key", "invalid number", "nesting too deep"];
            let known = stricter
                .iter()
                .any(|reason| error.reason.starts_with(reason));
            assert!(other.is_err() || known, "{error:?}: {text:?}");
        }
    }
}

/// Only what was written whole is read, and it is read as it was written.
pub(crate) fn check_stamp(data: &[u8]) {
    if let Some(stamp) = CheckStamp::decode(data) {
        assert_eq!(CheckStamp::decode(stamp.encode().as_bytes()), Some(stamp));
    }
}
