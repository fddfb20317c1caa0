//! What running a piece of code can do besides computing its value.

use std::fmt;

/// One effect. A function without any is pure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Effect {
    /// Makes a value on the heap, so it can also hit the memory limits.
    Alloc,
    /// Can end in one of the faults its row names.
    Trap,
    /// Reads or writes a shared cell made elsewhere (`box`).
    Cell,
    /// Reads the request that is being handled.
    Request,
    /// Changes the response that is being made.
    Response,
    /// Writes a log line.
    Log,
    /// Writes standard output.
    Stdout,
    /// Reads standard input, and waits for it.
    Stdin,
    /// Reads the environment.
    Env,
    /// Reads a clock.
    Clock,
    /// Draws random bytes.
    Random,
    /// Uses the database.
    Db,
    /// Uses the network.
    Net,
    /// Sleeps.
    Sleep,
    /// Starts a task.
    Spawn,
    /// Waits for a task.
    Await,
    /// Reads a file.
    FileIo,
    /// Computes for milliseconds on purpose (password hashing).
    SlowCrypto,
    /// Can loop without a bound that is known when compiling.
    Unbounded,
}

impl Effect {
    /// Every effect, in the order reports list them.
    pub const ALL: [Self; 19] = [
        Self::Alloc,
        Self::Trap,
        Self::Cell,
        Self::Request,
        Self::Response,
        Self::Log,
        Self::Stdout,
        Self::Stdin,
        Self::Env,
        Self::Clock,
        Self::Random,
        Self::Db,
        Self::Net,
        Self::Sleep,
        Self::Spawn,
        Self::Await,
        Self::FileIo,
        Self::SlowCrypto,
        Self::Unbounded,
    ];

    /// The name used in reports, such as `FileIo`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alloc => "Alloc",
            Self::Trap => "Trap",
            Self::Cell => "Cell",
            Self::Request => "Request",
            Self::Response => "Response",
            Self::Log => "Log",
            Self::Stdout => "Stdout",
            Self::Stdin => "Stdin",
            Self::Env => "Env",
            Self::Clock => "Clock",
            Self::Random => "Random",
            Self::Db => "Db",
            Self::Net => "Net",
            Self::Sleep => "Sleep",
            Self::Spawn => "Spawn",
            Self::Await => "Await",
            Self::FileIo => "FileIo",
            Self::SlowCrypto => "SlowCrypto",
            Self::Unbounded => "Unbounded",
        }
    }

    const fn bit(self) -> u32 {
        1 << self as u8
    }
}

/// A set of effects.
///
/// `Display` lists the names in the order of [`Effect::ALL`], or `Pure`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct EffectSet(u32);

impl EffectSet {
    /// No effect: calling twice or not at all makes no difference.
    pub const PURE: Self = Self(0);

    /// Effects that keep a thread busy or waiting. Code with one of them must
    /// not run on a thread that other requests depend on.
    pub const BLOCKING: Self = Self::of(&[
        Effect::Stdin,
        Effect::Db,
        Effect::Net,
        Effect::Sleep,
        Effect::Spawn,
        Effect::Await,
        Effect::FileIo,
        Effect::SlowCrypto,
        Effect::Unbounded,
    ]);

    /// The set of these effects.
    #[must_use]
    pub const fn of(effects: &[Effect]) -> Self {
        let mut bits = 0;
        let mut index = 0;
        while index < effects.len() {
            bits |= effects[index].bit();
            index += 1;
        }
        Self(bits)
    }

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The effects that are in both sets.
    #[must_use]
    pub const fn common(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the effect is in the set.
    #[must_use]
    pub const fn has(self, effect: Effect) -> bool {
        self.0 & effect.bit() != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_pure(self) -> bool {
        self.0 == 0
    }

    /// Whether code with these effects belongs on the blocking pool.
    #[must_use]
    pub const fn blocks(self) -> bool {
        self.0 & Self::BLOCKING.0 != 0
    }

    /// The effects of the set, in the order of [`Effect::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Effect> {
        Effect::ALL
            .into_iter()
            .filter(move |effect| self.has(*effect))
    }
}

impl fmt::Display for EffectSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_pure() {
            return f.write_str("Pure");
        }
        for (index, effect) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(effect.name())?;
        }
        Ok(())
    }
}
