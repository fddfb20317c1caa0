//! A logger for those who want none.

use std::{sync::Arc, time::Duration};

use crate::{Fields, FlushError, Level, Logger, Record};

/// A logger that evaluates nothing and writes nothing.
///
/// [`LoggerExt::fatal`](crate::LoggerExt::fatal) still ends the process.
///
/// ```
/// use plumego_log::{Level, Logger, discard};
///
/// assert!(!discard().enabled(Level::Fatal, "app"));
/// ```
#[must_use]
pub fn discard() -> Arc<dyn Logger> {
    Arc::new(Discard::default())
}

/// What runs at the end of a fatal call.
pub(crate) type FatalHook = Arc<dyn Fn() + Send + Sync>;

/// The logger behind [`discard`].
#[derive(Clone, Default)]
pub(crate) struct Discard {
    pub(crate) fatal_hook: Option<FatalHook>,
}

impl Logger for Discard {
    fn enabled(&self, _: Level, _: &str) -> bool {
        false
    }

    fn log(&self, _: &Record<'_>) {}

    fn with_fields(&self, _: Fields) -> Arc<dyn Logger> {
        Arc::new(self.clone())
    }

    fn flush(&self, _: Duration) -> Result<(), FlushError> {
        Ok(())
    }

    fn terminate(&self) -> ! {
        end_process(self.fatal_hook.as_ref())
    }
}

/// Runs the hook; a process that survives it ends with exit code 1.
#[expect(
    clippy::exit,
    reason = "ending the process is what a fatal record asks for"
)]
pub(crate) fn end_process(hook: Option<&FatalHook>) -> ! {
    if let Some(hook) = hook {
        hook();
    }
    std::process::exit(1)
}
