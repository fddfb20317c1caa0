//! Calls into code of the user that must not hurt the request.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::panic_site;

/// Runs a callback; `None` when it panicked. A panic of a callback neither
/// reaches the request nor hides where an earlier panic came from.
pub(crate) fn guarded<T>(callback: impl FnOnce() -> T) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(value) => Some(value),
        Err(payload) => {
            panic_site::forget_last();
            discard(payload);
            None
        }
    }
}

/// Drops what may panic while it is dropped, such as the payload of a panic or
/// a future that panicked.
pub(crate) fn discard<T>(value: T) {
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(value))) {
        panic_site::forget_last();
        // A payload whose destructor panics twice in a row is not dropped a
        // third time.
        Box::leak(again);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bomb;

    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    #[test]
    fn panics_stay_inside() {
        assert_eq!(guarded(|| 7), Some(7));
        assert_eq!(guarded(|| -> u8 { panic!("callback") }), None);
        assert_eq!(guarded(|| -> u8 { std::panic::panic_any(Bomb) }), None);
        discard(Bomb);
    }

    #[test]
    fn a_callback_may_panic_while_another_panic_unwinds() {
        struct Observed;
        impl Drop for Observed {
            fn drop(&mut self) {
                assert!(guarded(|| panic!("callback")).is_none());
            }
        }
        let payload = catch_unwind(|| {
            let _observed = Observed;
            panic!("first");
        });
        assert_eq!(payload.unwrap_err().downcast_ref(), Some(&"first"));
    }
}
