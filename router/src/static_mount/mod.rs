//! Small static mounts: files of a directory, or assets in memory, below a
//! prefix. No listing, index, fallback or cache policy.

mod asset;
mod dir;

use std::path::Path;

use plumego_contract::{Error, ErrorKind, Request, param};

pub use asset::{Asset, AssetSource};

use crate::error::RegisterError;
use crate::group::RouteGroup;
use crate::path;
use crate::pattern::Pattern;
use crate::route::Route;
use crate::router::Router;

const METHOD: &str = "GET";
const PARAM: &str = "filepath";

impl Router {
    /// Serves the regular files of a directory below `prefix`, at
    /// `GET <prefix>/{*filepath}`, with conditional requests, ranges and `HEAD`.
    ///
    /// Files are opened relative to the directory, so neither a symbolic link
    /// nor a rename during the request leads out of it; links that stay inside
    /// are followed. Whatever is no readable regular file is `404`. Requests
    /// need a tokio runtime.
    ///
    /// # Errors
    /// [`RegisterError`]; the prefix is checked before the directory, which
    /// must exist.
    pub fn static_dir(&mut self, prefix: &str, dir: impl AsRef<Path>) -> Result<(), RegisterError> {
        self.mount(0, prefix, |place| dir::Mount::open(place, dir.as_ref()))
    }

    /// Serves assets in memory below `prefix`, as [`static_dir`](Self::static_dir)
    /// serves files.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn static_source<S: AssetSource>(
        &mut self,
        prefix: &str,
        source: S,
    ) -> Result<(), RegisterError> {
        self.mount(0, prefix, |place| Ok(asset::Mount::new(place, source)))
    }

    fn mount<H: plumego_contract::Handler>(
        &mut self,
        group: usize,
        prefix: &str,
        handler: impl FnOnce(Place) -> Result<H, RegisterError>,
    ) -> Result<(), RegisterError> {
        let path = mount_path(prefix);
        let outer = &self.groups[group].prefix;
        let pattern = Pattern::join(outer, &path, self.config.is_strict())
            .map_err(|fault| RegisterError::from_fault(fault, METHOD, &format!("{outer}{path}")))?;
        let place = Place {
            fixed_segments: pattern.segments.len() - 1,
            pattern: pattern.text,
        };
        self.add_to(group, Route::new(METHOD, path, handler(place)?))
    }
}

impl RouteGroup<'_> {
    /// As [`Router::static_dir`], below the prefix of the group.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn static_dir(&mut self, prefix: &str, dir: impl AsRef<Path>) -> Result<(), RegisterError> {
        let (router, id) = self.parts();
        router.mount(id, prefix, |place| dir::Mount::open(place, dir.as_ref()))
    }

    /// As [`Router::static_source`], below the prefix of the group.
    ///
    /// # Errors
    /// [`RegisterError`].
    pub fn static_source<S: AssetSource>(
        &mut self,
        prefix: &str,
        source: S,
    ) -> Result<(), RegisterError> {
        let (router, id) = self.parts();
        router.mount(id, prefix, |place| Ok(asset::Mount::new(place, source)))
    }
}

fn mount_path(prefix: &str) -> String {
    let prefix = prefix.trim().trim_end_matches('/');
    let slash = if prefix.is_empty() || prefix.starts_with('/') {
        ""
    } else {
        "/"
    };
    format!("{slash}{prefix}/{{*{PARAM}}}")
}

/// Where a mount is registered.
struct Place {
    pattern: String,
    fixed_segments: usize,
}

impl Place {
    /// The path of the file that a request asks for, when it may be looked up.
    fn file_path<'r>(&self, request: &'r Request) -> Option<&'r str> {
        let file = param(request, PARAM)?;
        let allowed = !file.contains(['\\', '\0'])
            && !file
                .split('/')
                .any(|segment| segment.is_empty() || path::is_dot_segment(segment.as_bytes()))
            && !self.has_encoded_slash(request.uri().path());
        allowed.then_some(file)
    }

    /// An encoded slash is part of a segment, and no file name has one.
    fn has_encoded_slash(&self, raw: &str) -> bool {
        let segments = raw.trim_start_matches('/').split('/');
        segments
            .skip(self.fixed_segments)
            .any(|segment| segment.contains("%2F") || segment.contains("%2f"))
    }
}

/// One body for everything that is not served.
fn not_served() -> Error {
    Error::new(ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_brought_to_one_spelling() {
        for (prefix, path) in [
            ("", "/{*filepath}"),
            ("/", "/{*filepath}"),
            ("assets", "/assets/{*filepath}"),
            (" /assets/ ", "/assets/{*filepath}"),
            ("/a/b//", "/a/b/{*filepath}"),
            ("/{tenant}", "/{tenant}/{*filepath}"),
        ] {
            assert_eq!(mount_path(prefix), path);
        }
    }

    #[test]
    fn a_mount_outside_a_router_guards_itself() {
        use plumego_contract::{Body, RequestScope, RouteMatch};
        let place = Place {
            pattern: String::new(),
            fixed_segments: 0,
        };
        for (file, served) in [
            ("a/b.txt", true),
            ("safe..name.txt", true),
            ("...", true),
            ("", false),
            ("/etc/passwd", false),
            ("a//b", false),
            ("a/", false),
            (".", false),
            ("../x", false),
            ("a/../b", false),
            ("a\\b", false),
            ("a\0b", false),
        ] {
            let mut request = Request::new(Body::empty());
            let route = RouteMatch::for_test("/{*filepath}", None, &[(PARAM, file)]);
            RequestScope::ensure(&mut request).set_route(route).unwrap();
            assert_eq!(place.file_path(&request).is_some(), served, "{file:?}");
        }
    }
}
