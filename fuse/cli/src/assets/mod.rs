//! The asset step: files that pages load, made ready for a program that serves.
//!
//! Sources are never changed. What comes out is a directory of files under the
//! names that browsers ask for, and a map from the name in the source to that
//! name, which is what `asset(path)` and the host look things up in. A step that
//! changes nothing writes nothing.

mod css;
mod hook;
mod output;
mod sources;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fuse_check::package::Manifest;

use self::css::Sheets;
use self::output::Published;
use self::sources::Sources;
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::project::FUSE_DIRECTORY;

/// Directory of a package whose files are assets.
pub(crate) const DIRECTORY: &str = "assets";

/// Under which names files come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Naming {
    /// As in the source: a browser finds a new version under the same name.
    Plain,
    /// With a hash of the content, where the manifest asks for it.
    AsAsked,
}

/// What the step is about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'a> {
    /// The directory of the package.
    pub(crate) root: &'a Path,
    pub(crate) manifest: &'a Manifest,
    pub(crate) naming: Naming,
    /// Whether the manifest's shell command runs first.
    pub(crate) hooks: bool,
}

impl Step<'_> {
    /// Runs the command of the manifest, processes style sheets, names files and
    /// writes what changed. Gives the map, where the manifest asks for assets.
    ///
    /// # Errors
    ///
    /// When the command fails, a source cannot be read or is wrong, or a file
    /// cannot be written.
    pub(crate) fn run(&self, output: &Output) -> Result<Option<PathBuf>, Failure> {
        let asked = &self.manifest.assets;
        if let Some(command) = asked.before_build.as_ref().filter(|_| self.hooks) {
            hook::before_build(&command.value, self.root, output)?;
        }
        if asked.css.is_none() && !asked.hash {
            return Ok(None);
        }
        let out = self.directory();
        let sources = Sources::collect(self.root, self.manifest, &out)?;
        let published = self.publish(&sources)?;
        output::write(&out, &published).map(Some)
    }

    /// Where the files go.
    fn directory(&self) -> PathBuf {
        match (self.naming, &self.manifest.assets.out) {
            (Naming::Plain, _) => self.root.join(FUSE_DIRECTORY).join("dev").join(DIRECTORY),
            (Naming::AsAsked, Some(out)) => self.root.join(&out.value),
            (Naming::AsAsked, None) => self.root.join(FUSE_DIRECTORY).join(DIRECTORY),
        }
    }

    /// Everything that comes out. Style sheets are last: they refer to the others.
    fn publish(&self, sources: &Sources) -> Result<Published, Failure> {
        let hash = self.naming == Naming::AsAsked && self.manifest.assets.hash;
        let mut published = Published::new(hash);
        let mut targets = BTreeMap::new();
        for (name, path) in sources.plain() {
            let target = published.add(name, sources::read(path)?);
            targets.insert(path.to_owned(), target);
        }
        let sheets = Sheets::new(self.root, &targets);
        for (name, path) in sources.styles() {
            let sheet = sheets.bundle(path)?;
            published.add(name, sheet.text.into_bytes());
            for (class, scoped) in sheet.classes {
                published.name(&format!("{name}/{class}"), scoped);
            }
        }
        Ok(published)
    }
}

/// A failure of the step itself.
fn failed(message: impl Into<String>) -> Failure {
    Failure::new(code::ASSETS, message)
}
