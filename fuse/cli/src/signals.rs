//! Ctrl-C and the like, outside programs that serve.

use std::process;
use std::thread;

/// Ends the process with 128 and the number of the signal when it is
/// interrupted, after removing files that were being written.
///
/// A command that runs a program does not call this: the program's own handling
/// of signals decides.
#[cfg(unix)]
pub(crate) fn end_on_interrupt() {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
        // Without a handler the process ends too, only less tidily.
        return;
    };
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            crate::write::remove_temporaries();
            #[expect(
                clippy::exit,
                reason = "an interrupted command ends here, whatever it was doing"
            )]
            process::exit(128 + signal);
        }
    };
    // Without the thread the signals would be lost; the platform's own
    // handling is back when the handler cannot run.
    drop(
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(wait),
    );
}

/// The console ends the process itself.
#[cfg(not(unix))]
pub(crate) fn end_on_interrupt() {}
