//! The bridge to and from the `metrics` facade.
//!
//! Nothing here installs a global recorder; only an application may do that.

mod collector;
mod recorder;

use std::cell::Cell;

pub use collector::FacadeCollector;
pub use recorder::{FacadeOptions, FacadeRecorder};

thread_local! {
    /// Whether a measurement of the facade is on its way into a collector.
    static FORWARDING: Cell<bool> = const { Cell::new(false) };
}

/// Runs `send` unless a measurement of the facade is being sent already.
///
/// A collector that emits to the facade, behind a recorder that forwards from
/// the facade, would otherwise send one measurement round for ever.
fn forward(send: impl FnOnce()) {
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            FORWARDING.set(false);
        }
    }
    if !FORWARDING.replace(true) {
        let _reset = Reset;
        send();
    }
}

fn is_forwarding() -> bool {
    FORWARDING.get()
}

#[cfg(test)]
mod tests;
