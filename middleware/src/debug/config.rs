/// What the envelopes show.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DebugConfig {
    /// Details `method` and `path`. Default: on.
    pub include_request: bool,
    /// Detail `query`, when there is one. Default: on.
    pub include_query: bool,
    /// Detail `response_preview`: the first 1 024 bytes of the body. Default:
    /// off.
    pub include_body: bool,
    /// Longer bodies pass as they are, in bytes. Default: 64 KiB.
    pub max_body_bytes: usize,
    /// Detail `hint` of a 404. Default: none.
    pub not_found_hint: Option<String>,
    /// Whether the layer works in release builds. Default: no.
    pub allow_in_release: bool,
}

impl Default for DebugConfig {
    fn default() -> Self {
        Self {
            include_request: true,
            include_query: true,
            include_body: false,
            max_body_bytes: 64 * 1024,
            not_found_hint: None,
            allow_in_release: false,
        }
    }
}

impl DebugConfig {
    /// Sets [`include_request`](Self::include_request).
    #[must_use]
    pub fn with_request(mut self, include: bool) -> Self {
        self.include_request = include;
        self
    }

    /// Sets [`include_query`](Self::include_query).
    #[must_use]
    pub fn with_query(mut self, include: bool) -> Self {
        self.include_query = include;
        self
    }

    /// Sets [`include_body`](Self::include_body).
    #[must_use]
    pub fn with_body(mut self, include: bool) -> Self {
        self.include_body = include;
        self
    }

    /// Sets [`max_body_bytes`](Self::max_body_bytes).
    #[must_use]
    pub fn with_max_body_bytes(mut self, bytes: usize) -> Self {
        self.max_body_bytes = bytes;
        self
    }

    /// Sets [`not_found_hint`](Self::not_found_hint); blank text means none.
    #[must_use]
    pub fn with_not_found_hint(mut self, hint: impl Into<String>) -> Self {
        self.not_found_hint = Some(hint.into()).filter(|hint| !hint.trim().is_empty());
        self
    }

    /// Sets [`allow_in_release`](Self::allow_in_release).
    #[must_use]
    pub fn with_allow_in_release(mut self, allow: bool) -> Self {
        self.allow_in_release = allow;
        self
    }
}
