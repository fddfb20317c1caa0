//! What goes wrong, and when.

use std::io;

/// What is found after the power was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Crash {
    /// Everything that was written: only the process ended.
    Kept,
    /// Only what was synced.
    Dropped,
    /// What was synced, and any part of the rest, as this seed decides.
    Torn(u64),
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It fails with an error of this kind, and has no effect.
    Error(io::ErrorKind),
    /// A write writes only its first half and says so; any other call is
    /// interrupted, and has no effect.
    Short,
    /// The power is cut while it is under way. It may have had any part of its
    /// effect, and every later call fails.
    PowerCut,
}

/// Which calls count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calls {
    /// All of them.
    All,
    /// Those that change something, or make changes last.
    Changes,
    /// Those that make changes last.
    Syncs,
    /// Those that write or lengthen files.
    Writes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Look,
    Write,
    SetLen,
    Sync,
    Name,
    SyncDir,
}

impl Calls {
    pub(super) fn include(self, call: Call) -> bool {
        match self {
            Self::All => true,
            Self::Changes => call != Call::Look,
            Self::Syncs => matches!(call, Call::Sync | Call::SyncDir),
            Self::Writes => matches!(call, Call::Write | Call::SetLen),
        }
    }
}

/// When something goes wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) calls: Calls,
    /// Calls of the kind that still go well.
    pub(super) left: u64,
    pub(super) fault: Fault,
    /// Whether all later calls of the kind go wrong, too.
    pub(super) lasting: bool,
}
