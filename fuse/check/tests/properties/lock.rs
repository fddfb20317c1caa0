//! Lock files: what is written is what is read.

use std::collections::BTreeMap;

use fuse_check::package::{Lock, LockEntry};
use fuse_syntax::FileId;
use proptest::prelude::*;

/// Any text of one line, as manifests can say it.
fn line() -> impl Strategy<Value = String> {
    "[^\n\r]{0,12}"
}

fn entry() -> impl Strategy<Value = LockEntry> {
    let rev = prop_oneof!["[0-9a-f]{40}", "[0-9a-f]{64}"];
    let optional = || proptest::option::of(line());
    let git = (line(), line(), rev, optional(), optional());
    // A reader takes `\` for `/`, which old files have on Windows.
    let path = line().prop_map(|path| path.replace('\\', "/"));
    prop_oneof![
        path.prop_map(|path| LockEntry::Path { path }),
        git.prop_map(|(git, requested, rev, subdir, integrity)| LockEntry::Git {
            git,
            requested,
            rev,
            subdir,
            integrity,
        }),
    ]
}

proptest! {
    /// So that there is no lock which cannot be encoded.
    #[test]
    fn every_lock_can_be_written_and_read(
        entries in proptest::collection::btree_map("[A-Za-z][A-Za-z0-9_]{0,8}", entry(), 0..6)
    ) {
        let entries: BTreeMap<String, LockEntry> = entries;
        let lock = Lock { entries };
        let text = lock.render();
        let read = Lock::parse(FileId::default(), &text);
        prop_assert!(read.as_ref() == Ok(&lock), "{text}\n{read:?}");
        prop_assert_eq!(read.map(|read| read.render()), Ok(text));
    }
}
