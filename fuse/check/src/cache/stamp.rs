//! The stamp of a check, and whether it still holds.

use std::io;
use std::path::{Path, PathBuf};

use fuse_syntax::{Diagnostic, FileId, Files};

use super::encode::{decode, encode};
use crate::load::{ContentHash, ModuleGraph, SourceProvider};
use crate::package::{LOCK_NAME, MANIFEST_NAME};

/// A file that changed less than this long before a stamp was made may change
/// again without its time changing, so its time proves nothing.
const UNTRUSTED_NS: i128 = 2_000_000_000;

/// What the file system says about a file without reading it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileMark {
    /// Size in bytes.
    pub size: u64,
    /// Nanoseconds since the Unix epoch at its last change.
    pub modified_ns: i128,
    /// Its number in the file system; 0 where there is none.
    pub inode: u64,
}

/// What a cache asks the file system beside contents.
pub trait MarkProvider: SourceProvider {
    /// The mark of a file.
    ///
    /// # Errors
    ///
    /// As the file system reports them.
    fn mark(&self, path: &Path) -> io::Result<FileMark>;

    /// Nanoseconds since the Unix epoch, by the clock of [`FileMark::modified_ns`].
    fn now_ns(&self) -> i128;
}

/// A file that a check read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// Its path, relative to the package with `/` when inside it, else absolute.
    pub path: String,
    /// The hash of its content.
    pub hash: ContentHash,
    /// Its mark when the stamp was made.
    pub mark: FileMark,
}

/// A module of the checked program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampedModule {
    /// Its place in [`CheckStamp::inputs`].
    pub input: usize,
    /// The hash of what it declares to others.
    pub signature: ContentHash,
    /// The modules it imports, by their place in [`CheckStamp::modules`].
    pub imports: Vec<usize>,
}

/// What a successful check read and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckStamp {
    /// Everything beside files that the outcome depends on: the version of the
    /// command, its flags, the entry, the further roots.
    pub key: String,
    /// When the stamp was made, in nanoseconds since the Unix epoch.
    pub made_ns: i128,
    /// The files that were read.
    pub inputs: Vec<Input>,
    /// Paths where a file would have changed the outcome.
    pub absent: Vec<String>,
    /// The modules, in load order.
    pub modules: Vec<StampedModule>,
    /// The warnings; spans name files by their place in `inputs`.
    pub diagnostics: Vec<Diagnostic>,
}

impl CheckStamp {
    /// The stamp of a check of `graph` that found `diagnostics`, none of them an error.
    ///
    /// `root` is the directory of the package. Files that changed after they
    /// were read make no valid stamp, because their hash is of what was read.
    #[must_use]
    pub fn new(
        key: String,
        root: &Path,
        graph: &ModuleGraph,
        signatures: &[ContentHash],
        diagnostics: &[Diagnostic],
        files: &dyn MarkProvider,
    ) -> Option<Self> {
        let mut stamp = Self {
            key,
            made_ns: files.now_ns(),
            ..Self::default()
        };
        // The place of each file of the graph among the inputs.
        let mut places: Vec<Option<usize>> = vec![None; graph.files.iter().count()];
        let mut add = |stamp: &mut Self, path: &Path, hash: ContentHash, file: Option<FileId>| {
            let mark = files.mark(path).ok()?;
            let place = stamp.inputs.len();
            if let Some(slot) = file.and_then(|file| places.get_mut(file.0 as usize)) {
                *slot = Some(place);
            }
            stamp.inputs.push(Input {
                path: relative(root, path),
                hash,
                mark,
            });
            Some(place)
        };
        for (_, package) in graph.packages.iter() {
            let Some(manifest) = &package.manifest else {
                continue;
            };
            let text = graph.files.get(manifest.file)?.text();
            let hash = ContentHash::from(blake3::hash(text.as_bytes()));
            add(
                &mut stamp,
                &package.root.join(MANIFEST_NAME),
                hash,
                Some(manifest.file),
            )?;
        }
        let lock = root.join(LOCK_NAME);
        match files.read(&lock) {
            Ok(bytes) => {
                add(
                    &mut stamp,
                    &lock,
                    ContentHash::from(blake3::hash(&bytes)),
                    None,
                )?;
            }
            Err(_) => stamp.absent.push(relative(root, &lock)),
        }
        for module in &graph.modules {
            let input = add(&mut stamp, &module.path, module.hash, Some(module.file))?;
            let targets = module
                .imports
                .iter()
                .filter_map(|import| match import.target {
                    crate::load::ImportTarget::Module(id) => Some(id.index()),
                    _ => None,
                });
            let mut imports: Vec<usize> = targets.collect();
            imports.sort_unstable();
            imports.dedup();
            let signature = signatures
                .get(module.id.index())
                .copied()
                .unwrap_or(module.hash);
            stamp.modules.push(StampedModule {
                input,
                signature,
                imports,
            });
        }
        for asset in &graph.assets {
            add(&mut stamp, &asset.path, asset.hash, Some(asset.file))?;
        }
        stamp
            .absent
            .extend(graph.missing.iter().map(|path| relative(root, path)));
        stamp.diagnostics = diagnostics.to_vec();
        let place = |file: FileId| {
            let place = places.get(file.0 as usize).copied().flatten()?;
            u32::try_from(place).ok().map(FileId)
        };
        for diagnostic in &mut stamp.diagnostics {
            renumber(diagnostic, &place)?;
        }
        Some(stamp)
    }

    /// The text of the stamp.
    #[must_use]
    pub fn encode(&self) -> String {
        encode(self)
    }

    /// Reads a stamp; `None` when it is damaged or of another form.
    #[must_use]
    pub fn decode(text: &[u8]) -> Option<Self> {
        decode(text)
    }

    /// Whether every input is as it was. `root` is the directory of the package
    /// and `key` what the outcome depends on now.
    #[must_use]
    pub fn is_valid(&self, key: &str, root: &Path, files: &dyn MarkProvider) -> bool {
        self.key == key
            && self
                .absent
                .iter()
                .all(|path| files.canonical(&absolute(root, path)).is_err())
            && self
                .inputs
                .iter()
                .all(|input| self.unchanged(input, root, files))
    }

    fn unchanged(&self, input: &Input, root: &Path, files: &dyn MarkProvider) -> bool {
        let path = absolute(root, &input.path);
        let Ok(mark) = files.mark(&path) else {
            return false;
        };
        if mark == input.mark && mark.modified_ns < self.made_ns - UNTRUSTED_NS {
            return true;
        }
        mark.size == input.mark.size
            && files
                .read(&path)
                .is_ok_and(|bytes| *blake3::hash(&bytes).as_bytes() == input.hash)
    }

    /// The files that the diagnostics point into, read again, with the numbers
    /// that the diagnostics use. `display` says how messages call a path.
    #[must_use]
    pub fn files(
        &self,
        root: &Path,
        files: &dyn MarkProvider,
        display: &dyn Fn(&Path) -> String,
    ) -> Option<Files> {
        let mut set = Files::new();
        let mut named = vec![false; self.inputs.len()];
        for diagnostic in &self.diagnostics {
            visit(diagnostic, &mut |file| {
                if let Some(slot) = named.get_mut(file.0 as usize) {
                    *slot = true;
                }
            });
        }
        for (input, named) in self.inputs.iter().zip(named) {
            let path = absolute(root, &input.path);
            let text = if named {
                let bytes = files.read(&path).ok()?;
                std::str::from_utf8(&bytes).ok()?.to_owned()
            } else {
                String::new()
            };
            set.add(display(&path), text);
        }
        Some(set)
    }
}

/// The files a diagnostic names.
fn visit(diagnostic: &Diagnostic, with: &mut dyn FnMut(FileId)) {
    with(diagnostic.span.file);
    for related in &diagnostic.related {
        with(related.span.file);
    }
    for (span, _) in diagnostic.fixes.iter().flat_map(|fix| &fix.edits) {
        with(span.file);
    }
}

/// Gives every file a diagnostic names another number; `None` when one has none.
fn renumber(diagnostic: &mut Diagnostic, place: &dyn Fn(FileId) -> Option<FileId>) -> Option<()> {
    diagnostic.span.file = place(diagnostic.span.file)?;
    for related in &mut diagnostic.related {
        related.span.file = place(related.span.file)?;
    }
    for (span, _) in diagnostic.fixes.iter_mut().flat_map(|fix| &mut fix.edits) {
        span.file = place(span.file)?;
    }
    Some(())
}

/// `path` relative to `root` with `/` when inside it, else as it is.
fn relative(root: &Path, path: &Path) -> String {
    let shown = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' {
        shown.into_owned()
    } else {
        shown.replace(std::path::MAIN_SEPARATOR, "/")
    }
}

fn absolute(root: &Path, path: &str) -> PathBuf {
    root.join(path)
}
