//! How long suites go on.

/// How much of what is endless is tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effort {
    /// As much as fits into the ordinary tests: some bytes, few kills.
    #[default]
    Ordinary,
    /// Every byte, and 500 kills.
    Full,
}

impl Effort {
    /// [`Full`](Self::Full) if it is called so, `full`: for tests that are told
    /// by their environment.
    #[must_use]
    pub fn named(name: &str) -> Self {
        match name {
            "full" => Self::Full,
            _ => Self::Ordinary,
        }
    }

    pub(super) const fn kills(self) -> u32 {
        match self {
            Self::Ordinary => 12,
            Self::Full => 500,
        }
    }

    /// Every how many-th byte is flipped.
    pub(super) const fn stride(self) -> usize {
        match self {
            Self::Ordinary => 127,
            Self::Full => 1,
        }
    }

    /// Ways in which a disk may tear what was not synced.
    pub(super) const fn tears(self) -> u64 {
        match self {
            Self::Ordinary => 2,
            Self::Full => 8,
        }
    }
}
