use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;

use super::negotiate::choose;

pub(super) type SkipWhen = Arc<dyn Fn(&Parts) -> bool + Send + Sync>;

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `br` (RFC 7932).
    Brotli,
    /// `zstd` (RFC 8878).
    Zstd,
    /// `gzip` (RFC 1952).
    Gzip,
}

impl Algorithm {
    /// The name in `Accept-Encoding` and `Content-Encoding`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
        }
    }

    /// The first of the codings that a client accepts, by the `Accept-Encoding`
    /// of its request (RFC 9110 section 12.5.3); `None` to send the body as it
    /// is. For whoever has a body compressed already, such as a server of files.
    #[must_use]
    pub fn accepted(headers: &HeaderMap, preferred: &[Self]) -> Option<Self> {
        choose(headers, preferred)
    }
}

/// What is compressed and how.
#[derive(Clone)]
#[non_exhaustive]
pub struct CompressionConfig {
    /// Codings in order of preference. Default: `br`, `zstd`, `gzip`. None
    /// turns compression off.
    pub algorithms: Vec<Algorithm>,
    /// Effort of `br`, 0 to 11. Default: 4.
    pub brotli_level: u8,
    /// Effort of `zstd`, 1 to 22. Default: 3.
    pub zstd_level: u8,
    /// Effort of `gzip`, 0 to 9. Default: 6.
    pub gzip_level: u8,
    /// Bodies known to be shorter are left alone, in bytes. Default: 860.
    pub min_size: u64,
    /// Media types to leave alone besides those that never gain, such as
    /// `application/x-foo` or `model/*`.
    pub extra_skip_types: Vec<String>,
    /// Whether responses with a status of 400 and above are compressed.
    /// Default: no.
    pub compress_errors: bool,
    pub(super) skip_when: Option<SkipWhen>,
}

impl Default for CompressionConfig {
    fn default() -> Self {
        Self {
            algorithms: vec![Algorithm::Brotli, Algorithm::Zstd, Algorithm::Gzip],
            brotli_level: 4,
            zstd_level: 3,
            gzip_level: 6,
            min_size: 860,
            extra_skip_types: Vec::new(),
            compress_errors: false,
            skip_when: None,
        }
    }
}

impl CompressionConfig {
    /// Sets [`algorithms`](Self::algorithms).
    #[must_use]
    pub fn with_algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// Sets the effort of one coding; a level out of its range becomes the
    /// nearest one in it.
    #[must_use]
    pub fn with_level(mut self, algorithm: Algorithm, level: u8) -> Self {
        match algorithm {
            Algorithm::Brotli => self.brotli_level = level.min(11),
            Algorithm::Zstd => self.zstd_level = level.clamp(1, 22),
            Algorithm::Gzip => self.gzip_level = level.min(9),
        }
        self
    }

    /// Sets [`min_size`](Self::min_size).
    #[must_use]
    pub fn with_min_size(mut self, bytes: u64) -> Self {
        self.min_size = bytes;
        self
    }

    /// Sets [`extra_skip_types`](Self::extra_skip_types).
    #[must_use]
    pub fn with_extra_skip_types<T: Into<String>>(
        mut self,
        types: impl IntoIterator<Item = T>,
    ) -> Self {
        self.extra_skip_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// Sets [`compress_errors`](Self::compress_errors).
    #[must_use]
    pub fn with_compress_errors(mut self, compress: bool) -> Self {
        self.compress_errors = compress;
        self
    }

    /// Leaves the responses to some requests alone. The function must not
    /// block; when it panics the response is left alone.
    #[must_use]
    pub fn with_skip_when(mut self, skip: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.skip_when = Some(Arc::new(skip));
        self
    }

    pub(super) fn level(&self, algorithm: Algorithm) -> u8 {
        match algorithm {
            Algorithm::Brotli => self.brotli_level.min(11),
            Algorithm::Zstd => self.zstd_level.clamp(1, 22),
            Algorithm::Gzip => self.gzip_level.min(9),
        }
    }
}

impl fmt::Debug for CompressionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompressionConfig")
            .field("algorithms", &self.algorithms)
            .field("brotli_level", &self.brotli_level)
            .field("zstd_level", &self.zstd_level)
            .field("gzip_level", &self.gzip_level)
            .field("min_size", &self.min_size)
            .field("extra_skip_types", &self.extra_skip_types)
            .field("compress_errors", &self.compress_errors)
            .field("skip_when", &self.skip_when.is_some())
            .finish()
    }
}
