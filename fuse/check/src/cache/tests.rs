use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fuse_syntax::{Code, Diagnostic, FileId, Fix, Span};
use proptest::prelude::*;

use super::{CheckStamp, FileMark, MarkProvider};
use crate::load::{MemorySource, ModuleGraph, SourceProvider, load};
use crate::package::PackageGraph;

const SECOND: i128 = 1_000_000_000;

/// Files with times that a test sets.
#[derive(Clone, Default)]
struct Disk {
    files: MemorySource,
    times: BTreeMap<PathBuf, i128>,
    now: i128,
}

impl Disk {
    fn write(&mut self, path: &str, text: &str) {
        self.files.insert(path, text);
        self.times.insert(path.into(), self.now);
    }
}

impl SourceProvider for Disk {
    fn read(&self, path: &Path) -> io::Result<Arc<[u8]>> {
        self.files.read(path)
    }

    fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        self.files.canonical(path)
    }
}

impl MarkProvider for Disk {
    fn mark(&self, path: &Path) -> io::Result<FileMark> {
        let size = self.read(path)?.len() as u64;
        Ok(FileMark {
            size,
            modified_ns: self.times[path],
            inode: 7,
        })
    }

    fn now_ns(&self) -> i128 {
        self.now
    }
}

fn program() -> Disk {
    let mut disk = Disk {
        now: 1000 * SECOND,
        ..Disk::default()
    };
    disk.write(
        "/app/main.fuse",
        "import util\nimport Note from \"./note.md\"\n\napp \"t\":\n  print(1)\n",
    );
    disk.write("/app/util.fuse", "fn one() -> Int:\n  return 1\n");
    disk.write("/app/note.md", "# Hi\n");
    disk.now += 100 * SECOND;
    disk
}

fn graph(disk: &Disk) -> ModuleGraph {
    let root = Path::new("/app");
    load(
        &root.join("main.fuse"),
        &PackageGraph::anonymous(root, root),
        disk,
    )
}

fn stamp(disk: &Disk, diagnostics: &[Diagnostic]) -> CheckStamp {
    CheckStamp::new(
        "key".to_owned(),
        Path::new("/app"),
        &graph(disk),
        &[],
        diagnostics,
        disk,
    )
    .unwrap()
}

fn valid(stamp: &CheckStamp, disk: &Disk) -> bool {
    stamp.is_valid("key", Path::new("/app"), disk)
}

fn warning(graph: &ModuleGraph) -> Diagnostic {
    let file = graph.modules[1].file;
    let span = Span::new(file, 3, 6);
    Diagnostic::new(
        Code::UNUSED_FUNCTION,
        span,
        "unused function `one`\tin\n\\this",
    )
    .label("here")
    .hint("remove it")
    .related(Span::new(graph.modules[0].file, 0, 6), "imported")
    .fix(Fix::replace("remove", span, "a\tb\r\n"))
}

#[test]
fn an_unchanged_program_is_valid_without_reading_it() {
    let disk = program();
    let stamp = stamp(&disk, &[]);
    assert!(valid(&stamp, &disk));
    // Times and sizes are trusted, so even another text of the same size passes.
    let mut edited = disk.clone();
    edited.files.insert("/app/note.md", "# Ho\n");
    assert!(valid(&stamp, &edited));
}

#[test]
fn a_change_makes_it_invalid() {
    let stamp = stamp(&program(), &[]);
    type Change = (&'static str, fn(&mut Disk));
    let changes: [Change; 6] = [
        ("edit of the same size", |disk| {
            disk.write("/app/util.fuse", "fn one() -> Int:\n  return 2\n");
        }),
        ("edit", |disk| disk.write("/app/main.fuse", "")),
        ("asset", |disk| disk.write("/app/note.md", "# Ho\n")),
        ("delete", |disk| {
            disk.files.remove(Path::new("/app/util.fuse"));
        }),
        ("lock file appears", |disk| {
            disk.write("/app/fuse.lock", "version = 2\n");
        }),
        ("clock set back", |disk| {
            disk.now = 10 * SECOND;
            disk.write("/app/note.md", "# Ho\n");
        }),
    ];
    for (name, change) in changes {
        let mut disk = program();
        change(&mut disk);
        assert!(!valid(&stamp, &disk), "{name}");
    }
    assert!(
        !stamp.is_valid("other", Path::new("/app"), &program()),
        "another key"
    );
}

#[test]
fn a_touch_is_no_change() {
    let mut disk = program();
    let stamp = stamp(&disk, &[]);
    disk.write("/app/util.fuse", "fn one() -> Int:\n  return 1\n");
    assert!(valid(&stamp, &disk));
}

#[test]
fn the_time_of_a_fresh_file_proves_nothing() {
    let mut disk = program();
    disk.write("/app/note.md", "# Hi\n");
    disk.now += SECOND;
    let stamp = stamp(&disk, &[]);
    assert!(valid(&stamp, &disk));
    // Within the granularity of the clock, another text keeps size and time.
    disk.files.insert("/app/note.md", "# Ho\n");
    assert!(!valid(&stamp, &disk));
}

#[test]
fn diagnostics_are_kept_with_the_files_they_point_into() {
    let disk = program();
    let graph = graph(&disk);
    let stamp = stamp(&disk, &[warning(&graph)]);
    let files = stamp
        .files(Path::new("/app"), &disk, &|path| path.display().to_string())
        .unwrap();
    let [kept] = &stamp.diagnostics[..] else {
        panic!("one was given")
    };
    assert_eq!(files.text_at(kept.span), Some("one"));
    assert_eq!(files.text_at(kept.related[0].span), Some("import"));
    assert_eq!(files.get(kept.span.file).unwrap().path(), "/app/util.fuse");
}

#[test]
fn a_stamp_survives_being_written() {
    let disk = program();
    let stamp = stamp(&disk, &[warning(&graph(&disk))]);
    assert_eq!(CheckStamp::decode(stamp.encode().as_bytes()), Some(stamp));
}

#[test]
fn paths_inside_the_package_are_relative() {
    let text = stamp(&program(), &[]).encode();
    assert!(!text.contains("/app"), "{text}");
}

#[test]
fn a_graph_with_unknown_files_is_not_stamped() {
    let disk = program();
    let stray = Diagnostic::new(Code::UNREACHABLE, Span::new(FileId(99), 0, 0), "x");
    assert_eq!(
        CheckStamp::new(
            String::new(),
            Path::new("/app"),
            &graph(&disk),
            &[],
            &[stray],
            &disk
        ),
        None
    );
}

proptest! {
    #[test]
    fn a_damaged_stamp_reads_as_none(at in any::<prop::sample::Index>(), bit in 0..8_u8, cut in any::<prop::sample::Index>()) {
        let disk = program();
        let text = stamp(&disk, &[warning(&graph(&disk))]).encode().into_bytes();
        let mut flipped = text.clone();
        let at = at.index(flipped.len());
        flipped[at] ^= 1 << bit;
        prop_assert_eq!(CheckStamp::decode(&flipped), None);
        prop_assert_eq!(CheckStamp::decode(&text[..cut.index(text.len())]), None);
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(CheckStamp::decode(&bytes), None);
    }
}
