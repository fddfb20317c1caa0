//! Files of a directory, for paths that no route takes.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use http::StatusCode;
use http::header::{CONTENT_ENCODING, HeaderValue, VARY};
use plumego_contract::{Error, FileReply, IntoResponse, Request, RequestScope, ResponseFuture};
use plumego_middleware::compression::Algorithm;
use plumego_security::input::RelativePath;

use super::fallback::not_found;
use super::proxy::Proxy;
use super::reload::Reload;
use crate::runtime::Runtime;

/// Endings of names that are the affair of the program and not of its clients.
const PRIVATE: [&str; 8] = [
    ".fuse", ".toml", ".lock", ".db", ".db-wal", ".db-shm", ".pem", ".key",
];

/// Hexadecimal digits that a hash of the content has at least.
const HASH_DIGITS_MIN: usize = 10;

/// Codings of compressed siblings, best first, with the endings of their names.
const CODINGS: [(Algorithm, &str); 2] = [(Algorithm::Brotli, ".br"), (Algorithm::Gzip, ".gz")];

/// A directory whose files are served.
#[derive(Debug)]
pub(super) struct Files {
    /// Nothing outside can be opened through it.
    dir: Dir,
    /// The name of the file that stands for its directory.
    index: String,
    /// What pages get that load themselves again.
    reload: Option<Reload>,
}

impl Files {
    /// Opens the directory; a link at its root is followed once, here.
    ///
    /// # Errors
    ///
    /// There is no such directory.
    pub(super) fn open(path: &Path, index: &str, reload: Option<Reload>) -> io::Result<Self> {
        let dir = Dir::open_ambient_dir(path.canonicalize()?, ambient_authority())?;
        Ok(Self {
            dir,
            index: index.to_owned(),
            reload,
        })
    }

    fn reply(&self, mut path: PathBuf, request: &http::Request<()>) -> Result<FileReply, Error> {
        if path.as_os_str().is_empty() || self.metadata(&path)?.is_dir() {
            path.push(&self.index);
        }
        // What a link leads to has to be public too, and not only its name.
        let real = self.dir.canonicalize(&path).map_err(missing)?;
        if !real.components().all(|part| is_public(&part)) {
            return Err(not_found());
        }
        let cache = HeaderValue::from_static(if is_hashed(&path) {
            "public, max-age=31536000, immutable"
        } else {
            "no-cache"
        });
        if let Some(reload) = &self.reload
            && is_page(&path)
            && !Reload::is_part(request.headers())
        {
            return self.reloading(reload, &path, request);
        }
        let mut varies = false;
        for (coding, ending) in CODINGS {
            let Ok(sibling) = self.file(&with_ending(&path, ending), &path, request) else {
                continue;
            };
            varies = true;
            if Algorithm::accepted(request.headers(), &[coding]).is_some() {
                return Ok(sibling
                    .cache_control(cache)
                    .header(CONTENT_ENCODING, HeaderValue::from_static(coding.as_str()))
                    .header(VARY, HeaderValue::from_static("Accept-Encoding")));
            }
        }
        let reply = self.file(&path, &path, request)?.cache_control(cache);
        Ok(match varies {
            true => reply.header(VARY, HeaderValue::from_static("Accept-Encoding")),
            false => reply,
        })
    }

    /// A page with the script that waits for changes. No policy comes with files,
    /// so there is none to change.
    fn reloading(
        &self,
        reload: &Reload,
        path: &Path,
        request: &http::Request<()>,
    ) -> Result<FileReply, Error> {
        let page = self.dir.read(path).map_err(missing)?;
        let page = reload.page(&page, None);
        Ok(FileReply::from_bytes(request, page, None)
            .content_type_of(path)
            .cache_control(HeaderValue::from_static("no-cache")))
    }

    fn metadata(&self, path: &Path) -> Result<cap_std::fs::Metadata, Error> {
        self.dir.metadata(path).map_err(missing)
    }

    /// A regular file; its type is that of another name.
    fn file(
        &self,
        path: &Path,
        named: &Path,
        request: &http::Request<()>,
    ) -> Result<FileReply, Error> {
        // Asked before opening: opening a pipe would wait for a writer.
        if !self.metadata(path)?.is_file() {
            return Err(not_found());
        }
        let file = self.dir.open(path).map_err(missing)?.into_std();
        let metadata = file.metadata().map_err(missing)?;
        FileReply::from_file(request, file, &metadata, named)
    }
}

/// Files that may be asked for: those that the map of assets names, and those of
/// a directory.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    pub(super) assets: Option<(Runtime, Arc<Files>)>,
    pub(super) directory: Option<Arc<Files>>,
}

impl Served {
    /// Answers a request to read; what is no file is the affair of the proxy.
    pub(super) fn answer(
        &self,
        request: Request,
        scope: RequestScope,
        proxy: Option<&Proxy>,
    ) -> ResponseFuture {
        let path = match (&self.assets, &self.directory) {
            (None, None) => None,
            _ => path_of(request.uri().path()),
        };
        let Some(path) = path else {
            return match proxy {
                Some(proxy) => proxy.answer(request, scope),
                None => ResponseFuture::ready(not_found().into_response(&scope)),
            };
        };
        let served = self.clone();
        // Only a request that may go on is needed twice.
        let (head, onward) = match proxy {
            Some(proxy) => {
                let mut head = http::Request::new(());
                head.method_mut().clone_from(request.method());
                head.headers_mut().clone_from(request.headers());
                (head, Some((proxy.clone(), request)))
            }
            None => (request.map(drop), None),
        };
        ResponseFuture::boxed(async move {
            let opening = move || served.reply(&path, &head);
            let opened = tokio::task::spawn_blocking(opening).await;
            let opened = opened.unwrap_or_else(|panicked| Err(Error::internal(panicked)));
            match (opened, onward) {
                (Err(error), Some((proxy, request))) if error.status() == StatusCode::NOT_FOUND => {
                    proxy.answer(request, scope).await
                }
                (opened, _) => opened.into_response(&scope),
            }
        })
    }

    fn reply(&self, path: &Path, request: &http::Request<()>) -> Result<FileReply, Error> {
        if let Some((runtime, files)) = &self.assets
            && let Some(name) = path.to_str()
            && runtime.assets().has_path(runtime, &format!("/{name}"))
            && let Ok(reply) = files.reply(path.to_owned(), request)
        {
            return Ok(reply);
        }
        match &self.directory {
            Some(files) => files.reply(path.to_owned(), request),
            None => Err(not_found()),
        }
    }
}

/// A client learns of a file only whether it is served.
fn missing(cause: io::Error) -> Error {
    not_found().wrap(cause)
}

/// The path of the file that a request asks for, below the directory; nothing
/// for one that is never served.
fn path_of(raw: &str) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    let inner = raw.trim_matches('/');
    if inner.is_empty() {
        return Some(path);
    }
    for segment in inner.split('/') {
        let name = percent_encoding::percent_decode_str(segment);
        let name = name.decode_utf8().ok()?;
        if !is_public_name(&name) {
            return None;
        }
        path.push(&*name);
    }
    Some(path)
}

fn is_public(part: &Component<'_>) -> bool {
    match part {
        Component::Normal(name) => name.to_str().is_some_and(is_public_name),
        Component::CurDir => true,
        _ => false,
    }
}

/// Whether a file or a directory of the name may be served.
fn is_public_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_private =
        PRIVATE.iter().any(|ending| name.ends_with(ending)) || name.contains(".sqlite");
    !name.is_empty()
        && !name.starts_with('.')
        // Windows drops these at the end of a name.
        && !name.ends_with(['.', ' '])
        && !name.contains(['/', '\\', ':', '\0'])
        && !is_device(&name)
        && !is_private
}

/// Whether Windows takes the name for a device, whatever it ends in.
fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    // Alone, a device is refused for nothing but being one.
    RelativePath::parse(stem.trim_end_matches(' '))
        .is_err_and(|problem| problem.code == "device_name")
}

fn is_page(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| matches!(ending, "html" | "htm"))
}

/// Whether the name carries a hash of the content, so that the content of the
/// name never changes.
fn is_hashed(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| {
        name.split(['.', '-', '_']).any(|part| {
            part.len() >= HASH_DIGITS_MIN && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use http::header::{ACCEPT_ENCODING, HeaderMap};

    use super::*;

    #[test]
    fn only_plain_names_are_served() {
        for name in [
            "a.css",
            "a b",
            "ünï",
            "a..b",
            "console.js",
            "com10",
            "keys",
            "db",
        ] {
            assert!(is_public_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            ".env",
            ".fuse",
            "main.fuse",
            "Fuse.TOML",
            "fuse.lock",
            "x.db",
            "x.db-wal",
            "x.db-shm",
            "x.sqlite",
            "x.sqlite3-journal",
            "tls.pem",
            "tls.KEY",
            "a/b",
            "a\\b",
            "c:",
            "a\0",
            "NUL",
            "con.txt",
            "com1",
            "LPT9.log",
            "com0",
            "com¹",
            "con .txt",
            "a.",
            "a ",
        ] {
            assert!(!is_public_name(name), "{name:?}");
        }
    }

    #[test]
    fn paths_are_decoded_segment_by_segment() {
        let path = |raw| path_of(raw).map(|path| path.to_str().unwrap().to_owned());
        assert_eq!(path("/"), Some(String::new()));
        assert_eq!(path("//a%20b/c.css/"), Some("a b/c.css".into()));
        for raw in ["/a//b", "/a%2Fb", "/%2e%2e/x", "/a/.git/config", "/%ff"] {
            assert_eq!(path(raw), None, "{raw}");
        }
    }

    #[test]
    fn hashes_are_ten_hexadecimal_digits() {
        assert!(is_hashed(Path::new("d/app.0123456789ab.js")));
        assert!(is_hashed(Path::new("app-DEADBEEF99.css")));
        assert!(!is_hashed(Path::new("app.012345678.js")));
        assert!(!is_hashed(Path::new("0123456789ab/app.js")));
        assert!(!is_hashed(Path::new("application.js")));
    }

    #[test]
    fn codings_are_those_that_the_client_takes() {
        let accepts = |list: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(list));
            Algorithm::accepted(&headers, &[Algorithm::Brotli]).is_some()
        };
        assert!(accepts("gzip, BR;q=0.5"));
        assert!(accepts("gzip;q=0, *"));
        assert!(!accepts("gzip"));
        assert!(!accepts("br;q=0, *"));
        assert!(!accepts("br; q=0.000"));
    }
}
