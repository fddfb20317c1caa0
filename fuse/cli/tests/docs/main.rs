//! The pages in `docs/fuse`: the reference is made from the tables that the
//! compiler uses, and the tour says nothing that is not so.
//!
//! `cargo xtask docs fuse` writes the reference anew.

mod operators;
mod reference;
mod tour;

use std::fs;
use std::path::PathBuf;

/// The directory of the pages.
fn directory() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "../../docs/fuse"]
        .iter()
        .collect()
}

#[test]
fn the_reference_is_fresh() {
    let directory = directory().join("reference");
    let pages = reference::pages();
    if std::env::var_os("FUSE_DOCS").is_some_and(|wish| wish == "write") {
        fs::create_dir_all(&directory).expect("the repository can be written");
        for (name, text) in &pages {
            fs::write(directory.join(name), text).expect("the repository can be written");
        }
        return;
    }
    for (name, text) in &pages {
        let found = fs::read_to_string(directory.join(name)).unwrap_or_default();
        assert!(
            found == *text,
            "docs/fuse/reference/{name} is stale; run `cargo xtask docs fuse`"
        );
    }
    for entry in fs::read_dir(&directory).expect("the reference is there") {
        let name = entry
            .expect("it can be listed")
            .file_name()
            .to_string_lossy()
            .into_owned();
        assert!(
            pages.iter().any(|(known, _)| *known == name),
            "docs/fuse/reference/{name} is made by nobody"
        );
    }
}

#[test]
fn the_index_names_every_page() {
    let index = fs::read_to_string(directory().join("README.md")).expect("the index is there");
    for (name, _) in reference::pages() {
        assert!(index.contains(&format!("(reference/{name})")), "{name}");
    }
    assert!(index.contains("(tour.md)"));
}
