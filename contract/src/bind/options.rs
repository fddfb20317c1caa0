/// What happens to keys that the target type does not declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownFields {
    /// Every one is reported as `unknown_field`.
    Deny,
    /// They are passed over, for endpoints that must take newer clients.
    Ignore,
}

/// Which `Content-Type` a JSON body must declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum JsonContentType {
    /// `application/json` or any `+json`.
    #[default]
    RequireJson,
    /// The same, or none at all.
    AllowMissing,
    /// Anything.
    Any,
}

/// What an empty body means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EmptyBody {
    /// `missing_field` at `body`.
    #[default]
    Reject,
    /// The JSON value `null`.
    AsNull,
}

/// Limits and leniency of a JSON binding.
///
/// ```
/// use plumego_contract::bind::{JsonOptions, UnknownFields};
///
/// let options = JsonOptions::default()
///     .with_max_bytes(64 * 1024)
///     .with_unknown_fields(UnknownFields::Ignore);
/// assert_eq!(options.max_depth, 64);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JsonOptions {
    /// Most bytes of the body; 1 MiB by default.
    pub max_bytes: u64,
    /// Deepest nesting of arrays and objects; 64 by default, 127 at most.
    pub max_depth: usize,
    /// Undeclared keys; denied by default. Keys below `#[serde(flatten)]` and
    /// inside untagged or internally tagged enums are not seen.
    pub unknown_fields: UnknownFields,
    /// Media types accepted.
    pub content_type: JsonContentType,
    /// What an empty body means.
    pub empty: EmptyBody,
}

impl JsonOptions {
    pub(super) const DEFAULT: Self = Self {
        max_bytes: 1024 * 1024,
        max_depth: 64,
        unknown_fields: UnknownFields::Deny,
        content_type: JsonContentType::RequireJson,
        empty: EmptyBody::Reject,
    };

    /// Sets the most bytes of the body.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets the deepest nesting; more than 127 counts as 127.
    #[must_use]
    pub fn with_max_depth(mut self, max_depth: usize) -> Self {
        // The JSON library's own bound, which protects the stack.
        self.max_depth = max_depth.min(127);
        self
    }

    /// Sets what happens to undeclared keys.
    #[must_use]
    pub fn with_unknown_fields(mut self, unknown_fields: UnknownFields) -> Self {
        self.unknown_fields = unknown_fields;
        self
    }

    /// Sets the media types accepted.
    #[must_use]
    pub fn with_content_type(mut self, content_type: JsonContentType) -> Self {
        self.content_type = content_type;
        self
    }

    /// Sets what an empty body means.
    #[must_use]
    pub fn with_empty(mut self, empty: EmptyBody) -> Self {
        self.empty = empty;
        self
    }
}

impl Default for JsonOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Limits and leniency of a query binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// Most bytes of the raw query; 16 KiB by default.
    pub max_bytes: usize,
    /// Most pairs; 256 by default.
    pub max_pairs: usize,
    /// Undeclared parameters; ignored by default.
    pub unknown_fields: UnknownFields,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            max_bytes: 16 * 1024,
            max_pairs: 256,
            unknown_fields: UnknownFields::Ignore,
        }
    }
}

impl QueryOptions {
    /// Sets the most bytes of the raw query.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets the most pairs.
    #[must_use]
    pub fn with_max_pairs(mut self, max_pairs: usize) -> Self {
        self.max_pairs = max_pairs;
        self
    }

    /// Sets what happens to undeclared parameters.
    #[must_use]
    pub fn with_unknown_fields(mut self, unknown_fields: UnknownFields) -> Self {
        self.unknown_fields = unknown_fields;
        self
    }
}

/// Limits and leniency of a form binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FormOptions {
    /// Most bytes of the body; 256 KiB by default.
    pub max_bytes: u64,
    /// Most pairs; 1 000 by default.
    pub max_pairs: usize,
    /// Undeclared fields; ignored by default.
    pub unknown_fields: UnknownFields,
}

impl Default for FormOptions {
    fn default() -> Self {
        Self {
            max_bytes: 256 * 1024,
            max_pairs: 1000,
            unknown_fields: UnknownFields::Ignore,
        }
    }
}

impl FormOptions {
    /// Sets the most bytes of the body.
    #[must_use]
    pub fn with_max_bytes(mut self, max_bytes: u64) -> Self {
        self.max_bytes = max_bytes;
        self
    }

    /// Sets the most pairs.
    #[must_use]
    pub fn with_max_pairs(mut self, max_pairs: usize) -> Self {
        self.max_pairs = max_pairs;
        self
    }

    /// Sets what happens to undeclared fields.
    #[must_use]
    pub fn with_unknown_fields(mut self, unknown_fields: UnknownFields) -> Self {
        self.unknown_fields = unknown_fields;
        self
    }
}
