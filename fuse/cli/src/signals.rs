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

/// The signal that asks a program to end.
#[cfg(unix)]
pub(crate) const TERMINATE: i32 = signal_hook::consts::SIGTERM;

/// The number that it has elsewhere, where it cannot be sent.
#[cfg(not(unix))]
pub(crate) const TERMINATE: i32 = 15;

/// Tells about every interrupt, for a command that has something to end first.
#[cfg(unix)]
pub(crate) fn on_interrupt(tell: impl Fn(i32) + Send + 'static) {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGINT, SIGTERM]) else {
        return;
    };
    let wait = move || signals.forever().for_each(tell);
    // As above.
    drop(
        thread::Builder::new()
            .name("signals".to_owned())
            .spawn(wait),
    );
}

/// The console tells the program itself.
#[cfg(not(unix))]
pub(crate) fn on_interrupt(_: impl Fn(i32) + Send + 'static) {}

/// The console ends the process itself.
#[cfg(not(unix))]
pub(crate) fn end_on_interrupt() {}

/// Puts what a command starts into a group of its own: an interrupt from the
/// terminal reaches this command alone, and the group can be ended as a whole.
#[cfg(unix)]
pub(crate) fn own_group(command: &mut process::Command) {
    use std::os::unix::process::CommandExt as _;
    command.process_group(0);
}

/// There are no groups.
#[cfg(not(unix))]
pub(crate) fn own_group(_: &mut process::Command) {}
