//! Assets in memory.

use std::time::SystemTime;

use bytes::Bytes;
use plumego_contract::conditional::ETag;
use plumego_contract::{FileReply, Handler, IntoResponse, Request, RequestScope, ResponseFuture};

use super::{Place, not_served};

/// Finds embedded assets by path.
///
/// ```
/// use plumego_router::{Asset, AssetSource, Router};
///
/// struct Embedded;
///
/// impl AssetSource for Embedded {
///     fn get(&self, path: &str) -> Option<Asset> {
///         (path == "logo.svg").then(|| Asset::new(&b"<svg/>"[..]).with_etag("v1"))
///     }
/// }
///
/// let mut router = Router::default();
/// router.static_source("/assets", Embedded)?;
/// # Ok::<(), plumego_router::RegisterError>(())
/// ```
pub trait AssetSource: Send + Sync + 'static {
    /// The asset at `path`, which is relative, decoded, and free of dot
    /// segments and backslashes. Called on an async worker: it must not block.
    fn get(&self, path: &str) -> Option<Asset>;
}

/// An asset in memory. Its content type follows from the extension of its path.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Asset {
    /// The content.
    pub bytes: Bytes,
    /// When it last changed.
    pub modified: Option<SystemTime>,
    /// Its entity tag, without quotes; one that is not visible ASCII is not
    /// sent.
    pub etag: Option<String>,
}

impl Asset {
    /// An asset of which nothing but the content is known.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            ..Self::default()
        }
    }

    /// Sets [`modified`](Self::modified).
    #[must_use]
    pub fn with_modified(mut self, modified: SystemTime) -> Self {
        self.modified = Some(modified);
        self
    }

    /// Sets [`etag`](Self::etag).
    #[must_use]
    pub fn with_etag(mut self, etag: impl Into<String>) -> Self {
        self.etag = Some(etag.into());
        self
    }
}

pub(super) struct Mount<S> {
    place: Place,
    source: S,
}

impl<S> Mount<S> {
    pub(super) fn new(place: Place, source: S) -> Self {
        Self { place, source }
    }
}

impl<S: AssetSource> Handler for Mount<S> {
    fn call(&self, mut request: Request) -> ResponseFuture {
        let scope = RequestScope::ensure(&mut request).clone();
        let path = self.place.file_path(&request);
        let asset = path.and_then(|path| Some((path, self.source.get(path)?)));
        let response = match asset {
            Some((path, asset)) => reply(&request, path, asset).into_response(&scope),
            None => not_served().into_response(&scope),
        };
        ResponseFuture::ready(response)
    }
}

fn reply(request: &Request, path: &str, asset: Asset) -> FileReply {
    let reply = FileReply::from_bytes(request, asset.bytes, asset.modified).content_type_of(path);
    match asset.etag.and_then(|etag| ETag::strong(&etag).ok()) {
        Some(etag) => reply.etag(etag),
        None => reply,
    }
}
