//! What a module has to declare before it may touch the outside world.

use std::fmt;

/// A capability that a module declares with `requires`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Capability {
    /// The database.
    Db,
    /// Hashing, passwords and random bytes.
    Crypto,
    /// Serving and calling HTTP.
    Network,
    /// Clocks and sleeping.
    Time,
}

impl Capability {
    /// Every capability, in the order `requires` lines are written.
    pub const ALL: [Self; 4] = [Self::Db, Self::Crypto, Self::Network, Self::Time];

    /// The word a module writes after `requires`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Db => "db",
            Self::Crypto => "crypto",
            Self::Network => "network",
            Self::Time => "time",
        }
    }

    /// The capability of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|capability| capability.name() == name)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
