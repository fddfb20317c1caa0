//! Where the last panics of a thread happened.
//!
//! The payload of a panic does not say where it came from; only the hook of the
//! process is told. A hook that is installed once keeps the place per thread
//! and calls the hook that was there before.

use std::cell::RefCell;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static SITES: RefCell<Sites> = const { RefCell::new(Sites { last: None, before: None }) };
}

/// The last two panics. The one before counts again when the last one was that
/// of a callback, which runs while the first is still being handled.
struct Sites {
    last: Option<PanicSite>,
    before: Option<PanicSite>,
}

/// Where a panic happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PanicSite {
    pub(crate) file: String,
    pub(crate) line: u32,
}

/// Installs the hook; later calls do nothing. Hooks set afterwards win, as
/// always; places are then unknown unless they call the one they replace.
pub(crate) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            remember(info);
            previous(info);
        }));
    });
}

fn remember(info: &PanicHookInfo<'_>) {
    let site = info.location().map(|location| PanicSite {
        file: location.file().to_owned(),
        line: location.line(),
    });
    // A thread that ends has no slots any more and nobody who asks.
    let _ = SITES.try_with(|sites| {
        if let Ok(mut sites) = sites.try_borrow_mut() {
            sites.before = std::mem::replace(&mut sites.last, site);
        }
    });
}

/// The place of the last panic of this thread, taken out.
pub(crate) fn take_last() -> Option<PanicSite> {
    SITES
        .try_with(|sites| sites.try_borrow_mut().ok()?.last.take())
        .ok()
        .flatten()
}

/// Makes this the place of the last panic of this thread, for a panic that goes
/// on here after it was caught on another thread.
pub(crate) fn carry_over(site: Option<PanicSite>) {
    let _ = SITES.try_with(|sites| {
        if let Ok(mut sites) = sites.try_borrow_mut() {
            sites.before = std::mem::replace(&mut sites.last, site);
        }
    });
}

/// Makes the panic before the last one the last one.
pub(crate) fn forget_last() {
    let _ = SITES.try_with(|sites| {
        if let Ok(mut sites) = sites.try_borrow_mut() {
            sites.last = sites.before.take();
        }
    });
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use crate::callback::guarded;

    #[test]
    fn the_place_survives_a_callback_that_panics() {
        install();
        install();
        let line = line!() + 1;
        assert!(catch_unwind(|| panic!("first")).is_err());
        assert!(guarded(|| panic!("callback")).is_none());
        let site = take_last().unwrap();
        assert!(site.file.ends_with("panic_site.rs"), "{}", site.file);
        assert_eq!(site.line, line);
        assert_eq!(take_last(), None);
    }
}
