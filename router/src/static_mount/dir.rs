//! Files of a directory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use plumego_contract::{
    Error, FileReply, Handler, IntoResponse, Request, RequestScope, ResponseFuture,
};

use super::{METHOD, Place, not_served};
use crate::error::{RegisterError, RegisterErrorKind as Kind};

pub(super) struct Mount {
    place: Place,
    /// Nothing outside can be opened through it.
    dir: Arc<Dir>,
}

impl Mount {
    pub(super) fn open(place: Place, path: &Path) -> Result<Self, RegisterError> {
        let refuse = |reason: String| {
            RegisterError::new(Kind::InvalidDirectory, METHOD, &place.pattern, reason)
        };
        if path.as_os_str().is_empty() {
            return Err(refuse("the path of the directory is empty".to_owned()));
        }
        // A link at the root is resolved here, once.
        let opened = path
            .canonicalize()
            .and_then(|root| Dir::open_ambient_dir(root, ambient_authority()));
        match opened {
            Ok(dir) => Ok(Self {
                place,
                dir: Arc::new(dir),
            }),
            Err(cause) => {
                let reason = format!("`{}` cannot be served: {cause}", path.display());
                Err(refuse(reason).caused_by(cause))
            }
        }
    }
}

impl Handler for Mount {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        let Some(path) = self.place.file_path(&request).map(str::to_owned) else {
            return ResponseFuture::ready(not_served().into_response(&scope));
        };
        let dir = Arc::clone(&self.dir);
        // The body is of no use to a file.
        let request = request.map(drop);
        let opening = move || open(&dir, &path, &request);
        ResponseFuture::boxed(async move {
            let opened = tokio::task::spawn_blocking(opening).await;
            opened
                .unwrap_or_else(|panicked| Err(Error::internal(panicked)))
                .into_response(&scope)
        })
    }
}

fn open(dir: &Dir, path: &str, request: &http::Request<()>) -> Result<FileReply, Error> {
    let missing = |_: io::Error| not_served();
    // Asked before opening: opening a pipe would wait for a writer.
    if !dir.metadata(path).map_err(missing)?.is_file() {
        return Err(not_served());
    }
    let file = dir.open(path).map_err(missing)?.into_std();
    let metadata = file.metadata().map_err(missing)?;
    if !metadata.is_file() {
        return Err(not_served());
    }
    FileReply::from_file(request, file, &metadata, path)
}
