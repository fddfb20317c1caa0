/// Limits of a multipart body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MultipartOptions {
    /// Most bytes of the whole body; 32 MiB by default.
    pub max_bytes: u64,
    /// Most bytes of one part; 16 MiB by default.
    pub max_part_bytes: u64,
    /// Most bytes of a part read by [`Part::text`](super::Part::text); 64 KiB
    /// by default.
    pub max_text_bytes: u64,
    /// Most parts; 128 by default.
    pub max_parts: usize,
    /// Most bytes of the headers of one part; 8 KiB by default.
    pub max_header_bytes: usize,
    /// Most header lines of one part; 16 by default.
    pub max_headers: usize,
}

impl Default for MultipartOptions {
    fn default() -> Self {
        Self {
            max_bytes: 32 * 1024 * 1024,
            max_part_bytes: 16 * 1024 * 1024,
            max_text_bytes: 64 * 1024,
            max_parts: 128,
            max_header_bytes: 8 * 1024,
            max_headers: 16,
        }
    }
}

impl MultipartOptions {
    /// Sets the most bytes of the whole body.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets the most bytes of one part.
    #[must_use]
    pub fn with_max_part_bytes(mut self, max_part_bytes: u64) -> Self {
        self.max_part_bytes = max_part_bytes;
        self
    }

    /// Sets the most bytes of a part that is read as text.
    #[must_use]
    pub fn with_max_text_bytes(mut self, max_text_bytes: u64) -> Self {
        self.max_text_bytes = max_text_bytes;
        self
    }

    /// Sets the most parts.
    #[must_use]
    pub fn with_max_parts(mut self, max_parts: usize) -> Self {
        self.max_parts = max_parts;
        self
    }

    /// Sets the most bytes of the headers of one part.
    #[must_use]
    pub fn with_max_header_bytes(mut self, max_header_bytes: usize) -> Self {
        self.max_header_bytes = max_header_bytes;
        self
    }

    /// Sets the most header lines of one part.
    #[must_use]
    pub fn with_max_headers(mut self, max_headers: usize) -> Self {
        self.max_headers = max_headers;
        self
    }
}
