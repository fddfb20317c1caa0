//! Freeing objects, and walking what is reachable from one. Neither recurses, so
//! that a list nested a million times is freed like any other.

use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use super::header::{Header, IMMORTAL, SHARED, deallocate};
use super::{account, func, list, map, record, text};
use crate::meta::Kind;
use crate::value::Value;

/// Frees an object that has no owner left, and all that thereby has none.
#[cold]
pub(super) fn destroy(pointer: NonNull<Header>) {
    // Dead objects wait in a chain that runs through the counts of their own
    // headers, so that freeing needs no memory. Texts refer to nothing and are
    // freed at once: their flags tell how large they are.
    let mut dead: *mut Header = std::ptr::null_mut();
    // SAFETY: none of these objects has an owner left, so nothing else uses them.
    unsafe {
        bury(&mut dead, pointer);
        while let Some(pointer) = NonNull::new(dead) {
            dead = chain(pointer).read();
            children(pointer, &mut |child| {
                if child.as_ref().release() {
                    bury(&mut dead, child);
                }
            });
            if matches!(pointer.as_ref().desc.kind, Kind::Task | Kind::Query) {
                func::drop_host(pointer);
            }
            deallocate(pointer, size(pointer));
        }
    }
}

/// # Safety
///
/// The object at `pointer` has no owner.
unsafe fn bury(dead: &mut *mut Header, pointer: NonNull<Header>) {
    // SAFETY: the caller promises that nothing else uses the object.
    unsafe {
        if matches!(pointer.as_ref().desc.kind, Kind::String | Kind::Bytes) {
            deallocate(pointer, text::size(pointer));
            return;
        }
        chain(pointer).write(*dead);
        *dead = pointer.as_ptr();
    }
}

/// Where a dead object refers to the next: over its count and flags.
fn chain(pointer: NonNull<Header>) -> *mut *mut Header {
    pointer
        .as_ptr()
        .cast::<u8>()
        .wrapping_add(std::mem::offset_of!(Header, count))
        .cast()
}

const _: () = assert!(size_of::<Header>() - std::mem::offset_of!(Header, count) == 8);

/// Bytes of the object at `pointer`.
///
/// # Safety
///
/// An object lives there.
unsafe fn size(pointer: NonNull<Header>) -> usize {
    // SAFETY: the kind says which of these it is.
    unsafe {
        match pointer.as_ref().desc.kind {
            Kind::String | Kind::Bytes => text::size(pointer),
            Kind::List => list::size(pointer),
            Kind::Map => map::size(pointer),
            Kind::Record | Kind::Html | Kind::Enum | Kind::Result | Kind::Cell => {
                record::size(pointer)
            }
            Kind::Func | Kind::Task | Kind::Query => func::size(pointer),
            kind => unreachable!("no object is of kind {kind:?}"),
        }
    }
}

/// Calls `visit` with every object that the one at `pointer` refers to.
///
/// # Safety
///
/// An object lives there.
unsafe fn children(pointer: NonNull<Header>, visit: &mut impl FnMut(NonNull<Header>)) {
    // SAFETY: the kind says which of these it is.
    unsafe {
        match pointer.as_ref().desc.kind {
            Kind::List => list::children(pointer, visit),
            Kind::Map => map::children(pointer, visit),
            Kind::Record | Kind::Html | Kind::Enum | Kind::Result | Kind::Cell => {
                record::children(pointer, visit);
            }
            Kind::Func => func::children(pointer, visit),
            _ => {}
        }
    }
}

/// A value that several threads may own: all that is reachable from it counts
/// its owners atomically, or lives for ever.
#[derive(Clone, Debug)]
pub struct Shared(Value);

// SAFETY: objects below are marked, so that their counts are atomic or unused;
// an object with a second owner is never changed; cells, which are, are refused.
unsafe impl Send for Shared {}
// SAFETY: as above; reading and cloning through a shared reference is all that
// `Shared` offers.
unsafe impl Sync for Shared {}

/// A value that only one thread can own was to be given to a second one: a
/// defect of whoever made the program, since the checker refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotShareable;

impl Shared {
    /// Marks all that is reachable from `value` as shared. Nothing is copied.
    ///
    /// # Errors
    ///
    /// A cell is among it.
    pub fn new(value: Value) -> Result<Self, NotShareable> {
        mark(&value, SHARED)?;
        Ok(Self(value))
    }

    /// Marks all that is reachable from `value` as living for ever.
    ///
    /// # Errors
    ///
    /// A cell is among it.
    pub fn immortal(value: Value) -> Result<Self, NotShareable> {
        mark(&value, IMMORTAL)?;
        Ok(Self(value))
    }

    /// The value, borrowed.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }

    /// The value, as one more owner.
    #[must_use]
    pub fn to_value(&self) -> Value {
        self.0.clone()
    }

    /// The value.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.0
    }
}

/// Sets `flag` on all that is reachable from `value` and does not have it yet.
fn mark(value: &Value, flag: u32) -> Result<(), NotShareable> {
    let Value::Ref(root) = value else {
        return Ok(());
    };
    let mut pending = vec![root.pointer];
    let mut found = Vec::new();
    while let Some(pointer) = pending.pop() {
        // SAFETY: the object is reachable from a live one.
        let header = unsafe { pointer.as_ref() };
        // What is marked is marked all the way down: such an object is not
        // changed before the mark is taken off.
        if header.has(flag | IMMORTAL) {
            continue;
        }
        if header.desc.kind == Kind::Cell {
            found.into_iter().for_each(|pointer| unmark(pointer, flag));
            return Err(NotShareable);
        }
        if flag == IMMORTAL && header.has(SHARED) {
            // Another thread may be about to give it up: one owner more, which
            // never does, keeps it and all below alive.
            header.retain();
            continue;
        }
        header.set(flag);
        found.push(pointer);
        // SAFETY: as above.
        unsafe { children(pointer, &mut |child| pending.push(child)) };
    }
    if flag == IMMORTAL {
        found.iter().for_each(|_| account::immortal());
    }
    Ok(())
}

fn unmark(pointer: NonNull<Header>, flag: u32) {
    // SAFETY: the object is reachable from a live one.
    unsafe { pointer.as_ref() }.clear(flag);
}

/// How many own the object behind a value; for tests.
#[doc(hidden)]
#[must_use]
pub fn owners(value: &Value) -> u32 {
    match value {
        Value::Ref(object) => object.obj().header().count.load(Ordering::Relaxed),
        _ => 0,
    }
}
