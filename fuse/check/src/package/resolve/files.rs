//! The manifest of the root package and its lock file.

use std::path::Path;
use std::sync::Arc;

use fuse_syntax::{Code, FileId, Span};

use super::super::graph::display_path;
use super::super::lock::Lock;
use super::super::manifest::Manifest;
use super::super::read::read_manifest;
use super::{LOCK_NAME, MANIFEST_NAME, NOT_UTF8, Resolver, command_problem, reason};

impl Resolver<'_> {
    pub(super) fn add_file(&mut self, path: &Path, text: Arc<str>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files
            .push((display_path(self.request.base, path), text));
        id
    }

    pub(super) fn read_text(&self, path: &Path) -> Result<Arc<str>, String> {
        let bytes = self.src.read(path).map_err(|problem| reason(&problem))?;
        std::str::from_utf8(&bytes)
            .map(Arc::from)
            .map_err(|_| NOT_UTF8.to_owned())
    }

    pub(super) fn root_manifest(&mut self, directory: &Path) -> Manifest {
        let path = directory.join(MANIFEST_NAME);
        match self.read_text(&path) {
            Ok(text) => {
                let file = self.add_file(&path, Arc::clone(&text));
                let (manifest, diagnostics) = read_manifest(file, &text);
                self.diagnostics.extend(diagnostics);
                if let Some((span, message)) =
                    command_problem(&manifest, self.request.command_version)
                {
                    self.report(
                        Code::MANIFEST_INVALID,
                        span,
                        message,
                        Some("update the `fuse` command"),
                    );
                }
                manifest
            }
            Err(reason) => {
                let file = self.add_file(&path, Arc::from(""));
                let message = format!("cannot read fuse.toml: {reason}");
                let hint = if reason == NOT_UTF8 {
                    "save the file as UTF-8"
                } else {
                    "make the file readable, or name another with --manifest-path"
                };
                self.report(
                    Code::MANIFEST_READ_FAILED,
                    Span::new(file, 0, 0),
                    message,
                    Some(hint),
                );
                Manifest::empty(file)
            }
        }
    }

    /// The lock file with its text; nothing when there is none.
    pub(super) fn read_lock(&mut self, directory: &Path) -> Option<(FileId, Arc<str>)> {
        let path = directory.join(LOCK_NAME);
        let bytes = match self.src.read(&path) {
            Ok(bytes) => bytes,
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => return None,
            Err(problem) => {
                let file = self.add_file(&path, Arc::from(""));
                let message = format!("cannot read fuse.lock: {}", reason(&problem));
                let hint = "make the file readable, or delete it and run `fuse deps lock`";
                self.report(
                    Code::LOCK_READ_FAILED,
                    Span::new(file, 0, 0),
                    message,
                    Some(hint),
                );
                return None;
            }
        };
        let Ok(text) = std::str::from_utf8(&bytes) else {
            let file = self.add_file(&path, Arc::from(""));
            let message = "cannot read fuse.lock: the file is not valid UTF-8".to_owned();
            let hint = "delete fuse.lock and run `fuse deps lock` to write it anew";
            self.report(
                Code::LOCK_READ_FAILED,
                Span::new(file, 0, 0),
                message,
                Some(hint),
            );
            return None;
        };
        let text: Arc<str> = Arc::from(text);
        let file = self.add_file(&path, Arc::clone(&text));
        match Lock::parse(file, &text) {
            Ok(lock) => self.old = lock,
            Err(diagnostics) => self.diagnostics.extend(diagnostics),
        }
        Some((file, text))
    }
}
