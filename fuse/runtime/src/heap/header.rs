//! The beginning of every object: its type, how many own it, and its flags.

use std::alloc::Layout;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering, fence};

use super::account;
use crate::meta::TypeDesc;

/// The first 16 bytes of every object.
///
/// The count of an object that only one thread can see is kept with plain loads
/// and stores; that of a shared one with atomic additions.
#[repr(C, align(8))]
#[derive(Debug)]
pub struct Header {
    /// The type of the object.
    pub(crate) desc: &'static TypeDesc,
    /// How many references own it.
    pub(crate) count: AtomicU32,
    /// See the constants of this module.
    pub(crate) flags: AtomicU32,
}

/// The object is never freed nor changed, and its count means nothing.
pub const IMMORTAL: u32 = 1;
/// More than one thread may own the object; so may all it refers to.
pub const SHARED: u32 = 1 << 1;
/// The text of the object is ASCII.
pub const ASCII: u32 = 1 << 2;
/// Where the logarithm of the capacity of a text lies; 0 if it has no spare.
pub(crate) const CAPACITY_SHIFT: u32 = 8;

/// Bytes of a header.
pub const HEADER_SIZE: usize = size_of::<Header>();

const _: () = assert!(HEADER_SIZE == 16);

/// Alignment of every object in bytes.
pub(crate) const ALIGN: usize = 8;

impl Header {
    pub(crate) fn flags(&self) -> u32 {
        self.flags.load(Ordering::Relaxed)
    }

    pub(crate) fn has(&self, flag: u32) -> bool {
        self.flags() & flag != 0
    }

    /// Sets flags of an object that no other thread can see yet.
    pub(crate) fn set(&self, flags: u32) {
        self.flags.store(self.flags() | flags, Ordering::Relaxed);
    }

    pub(crate) fn clear(&self, flags: u32) {
        self.flags.store(self.flags() & !flags, Ordering::Relaxed);
    }

    /// One owner more.
    pub(crate) fn retain(&self) {
        let flags = self.flags();
        if flags & (IMMORTAL | SHARED) == 0 {
            let count = self.count.load(Ordering::Relaxed);
            if count == u32::MAX {
                // Four billion owners: it leaks, which no program can observe.
                self.set(IMMORTAL);
                return;
            }
            self.count.store(count + 1, Ordering::Relaxed);
        } else if flags & IMMORTAL == 0 {
            let before = self.count.fetch_add(1, Ordering::Relaxed);
            assert!(before < u32::MAX / 2, "too many owners of one shared value");
        }
    }

    /// One owner less; whether it was the last.
    pub(crate) fn release(&self) -> bool {
        let flags = self.flags();
        if flags & (IMMORTAL | SHARED) == 0 {
            let count = self.count.load(Ordering::Relaxed);
            debug_assert!(count > 0, "an object without owners was released");
            self.count.store(count - 1, Ordering::Relaxed);
            count == 1
        } else if flags & IMMORTAL == 0 {
            if self.count.fetch_sub(1, Ordering::Release) != 1 {
                return false;
            }
            // What the other owners did to it happens before it is freed.
            fence(Ordering::Acquire);
            true
        } else {
            false
        }
    }

    /// Whether the caller, who owns it, is the only owner.
    pub(crate) fn is_unique(&self) -> bool {
        let flags = self.flags();
        if flags & IMMORTAL != 0 {
            return false;
        }
        if flags & SHARED == 0 {
            return self.count.load(Ordering::Relaxed) == 1;
        }
        self.count.load(Ordering::Acquire) == 1
    }
}

/// A new object of `size` bytes; all after the header is uninitialised.
///
/// # Panics
///
/// If the allocator has no memory left.
pub(crate) fn allocate(desc: &'static TypeDesc, size: usize, flags: u32) -> NonNull<Header> {
    debug_assert!(size >= HEADER_SIZE);
    let layout = layout(size);
    // SAFETY: the size is not 0.
    let pointer = unsafe { std::alloc::alloc(layout) };
    let Some(pointer) = NonNull::new(pointer.cast::<Header>()) else {
        // A panic is caught at the boundary of the unit of work; an abort is not.
        panic!("the system has no memory left for {size} bytes");
    };
    // SAFETY: the allocation is large enough for a header and aligned for it.
    unsafe {
        pointer.write(Header {
            desc,
            count: AtomicU32::new(1),
            flags: AtomicU32::new(flags),
        });
    }
    account::allocated(layout.size());
    pointer
}

/// Changes the size of an object that one reference owns.
///
/// # Safety
///
/// `pointer` came from [`allocate`] with `old` bytes, nothing else uses it, and
/// it is not used again.
pub(crate) unsafe fn reallocate(
    pointer: NonNull<Header>,
    old: usize,
    new: usize,
) -> NonNull<Header> {
    let (old, new) = (layout(old), layout(new));
    // SAFETY: the caller promises where the pointer is from; the new size is not 0.
    let moved = unsafe { std::alloc::realloc(pointer.as_ptr().cast::<u8>(), old, new.size()) };
    let Some(moved) = NonNull::new(moved.cast::<Header>()) else {
        panic!("the system has no memory left for {} bytes", new.size());
    };
    account::resized(old.size(), new.size());
    moved
}

/// Frees the memory of an object, not what it refers to.
///
/// # Safety
///
/// `pointer` came from [`allocate`] with `size` bytes and is not used again.
pub(crate) unsafe fn deallocate(pointer: NonNull<Header>, size: usize) {
    let layout = layout(size);
    // SAFETY: the caller promises where the pointer is from.
    unsafe { std::alloc::dealloc(pointer.as_ptr().cast::<u8>(), layout) };
    account::freed(layout.size());
}

fn layout(size: usize) -> Layout {
    Layout::from_size_align(size, ALIGN).expect("objects are far smaller than the address space")
}

/// A borrowed object.
#[derive(Clone, Copy)]
pub struct Obj<'a> {
    pub(crate) pointer: NonNull<Header>,
    owner: PhantomData<&'a Header>,
}

impl<'a> Obj<'a> {
    /// A borrow of what `pointer` points at.
    ///
    /// # Safety
    ///
    /// An object lives there that an owner keeps alive and unchanged for `'a`.
    #[must_use]
    pub unsafe fn from_raw(pointer: NonNull<Header>) -> Self {
        Self {
            pointer,
            owner: PhantomData,
        }
    }

    pub(crate) fn header(self) -> &'a Header {
        // SAFETY: an owner keeps the object alive for `'a`.
        unsafe { self.pointer.as_ref() }
    }

    /// Its type.
    #[must_use]
    pub fn desc(self) -> &'static TypeDesc {
        self.header().desc
    }

    /// One more owner.
    #[must_use]
    pub fn to_ref(self) -> Ref {
        self.header().retain();
        Ref {
            pointer: self.pointer,
        }
    }

    /// The address `offset` bytes after the start of the object.
    pub(crate) fn at(self, offset: usize) -> *const u8 {
        // Whether the object reaches that far is for the reader to say.
        self.pointer
            .as_ptr()
            .cast::<u8>()
            .cast_const()
            .wrapping_add(offset)
    }
}

/// An owned object.
#[repr(transparent)]
pub struct Ref {
    pub(crate) pointer: NonNull<Header>,
}

impl Ref {
    /// Takes over one owner of the object at `pointer`.
    ///
    /// # Safety
    ///
    /// An object lives there, and one of its owners is given up to the result.
    #[must_use]
    pub unsafe fn from_raw(pointer: NonNull<Header>) -> Self {
        Self { pointer }
    }

    /// Gives up the owner that this is; [`Ref::from_raw`] takes it back.
    #[must_use]
    pub fn into_raw(self) -> NonNull<Header> {
        let pointer = self.pointer;
        // The owner is given away, not dropped.
        let _ = std::mem::ManuallyDrop::new(self);
        pointer
    }

    /// The object, borrowed.
    #[must_use]
    pub fn obj(&self) -> Obj<'_> {
        Obj {
            pointer: self.pointer,
            owner: PhantomData,
        }
    }

    /// Its type.
    #[must_use]
    pub fn desc(&self) -> &'static TypeDesc {
        self.obj().desc()
    }

    /// Whether nothing else owns the object, so that it may change in place.
    #[must_use]
    pub fn is_unique(&self) -> bool {
        self.obj().header().is_unique()
    }

    /// Whether both are one object.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.pointer == other.pointer
    }

    pub(crate) fn at_mut(&mut self, offset: usize) -> *mut u8 {
        self.pointer.as_ptr().cast::<u8>().wrapping_add(offset)
    }
}

impl Clone for Ref {
    #[inline]
    fn clone(&self) -> Self {
        self.obj().to_ref()
    }
}

impl Drop for Ref {
    #[inline]
    fn drop(&mut self) {
        if self.obj().header().release() {
            super::destroy::destroy(self.pointer);
        }
    }
}
