//! Lists: a length, a capacity and the elements, in one allocation.
//!
//! | Bytes | Content |
//! |---|---|
//! | 0–15 | header |
//! | 16–19 | number of elements, `u32` |
//! | 20–23 | room for elements, `u32` |
//! | 24– | the elements, each as its slot says |

use std::ptr::NonNull;

use super::header::{Header, Obj, Ref, allocate, reallocate};
use super::slot;
use super::text::{LEN_MAX, length};
use crate::meta::{Kind, Slot, TypeDesc};
use crate::value::{Peek, Value};

/// Where the number of elements lies.
pub const LIST_LEN: usize = 16;
/// Where the room for elements lies.
pub const LIST_CAPACITY: usize = 20;
/// Where the elements begin.
pub const LIST_DATA: usize = 24;

/// A borrowed list.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    object: Obj<'a>,
    elem: &'static TypeDesc,
}

impl<'a> Obj<'a> {
    /// The list that the object is.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn list(self) -> List<'a> {
        assert!(
            self.desc().kind == Kind::List,
            "not a list: {}",
            self.desc()
        );
        List {
            object: self,
            elem: self.desc().elem(),
        }
    }
}

impl<'a> List<'a> {
    /// Number of elements.
    #[must_use]
    #[inline]
    pub fn len(self) -> usize {
        // SAFETY: a list has its length here; only its one owner writes it.
        unsafe { self.object.at(LIST_LEN).cast::<u32>().read() as usize }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The type of elements.
    #[must_use]
    pub fn elem(self) -> &'static TypeDesc {
        self.elem
    }

    /// The element at `index`.
    #[must_use]
    #[inline]
    pub fn get(self, index: usize) -> Option<Peek<'a>> {
        if index >= self.len() {
            return None;
        }
        let place = self.object.at(LIST_DATA + index * self.elem.slot.size());
        // SAFETY: elements before the length are initialised values of the
        // element type, and unchanged while borrowed.
        Some(unsafe { slot::load(self.elem, place) })
    }

    /// The elements in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Peek<'a>> + DoubleEndedIterator + use<'a> {
        (0..self.len()).map(move |index| self.get(index).expect("the index is below the length"))
    }

    /// The numbers of a list of `Int`.
    #[must_use]
    pub fn ints(self) -> Option<&'a [i64]> {
        if self.elem.slot != Slot::Int {
            return None;
        }
        // SAFETY: elements with this slot are initialised `i64`, aligned to 8.
        Some(unsafe { std::slice::from_raw_parts(self.object.at(LIST_DATA).cast(), self.len()) })
    }

    /// The numbers of a list of `Float`.
    #[must_use]
    pub fn floats(self) -> Option<&'a [f64]> {
        if self.elem.slot != Slot::Float {
            return None;
        }
        // SAFETY: elements with this slot are initialised `f64`, aligned to 8.
        Some(unsafe { std::slice::from_raw_parts(self.object.at(LIST_DATA).cast(), self.len()) })
    }

    fn capacity(self) -> usize {
        // SAFETY: a list has its capacity here; only its one owner writes it.
        unsafe { self.object.at(LIST_CAPACITY).cast::<u32>().read() as usize }
    }

    fn size(self) -> usize {
        LIST_DATA + self.capacity() * self.elem.slot.size()
    }
}

/// Bytes of the list at `pointer`.
///
/// # Safety
///
/// A list lives there.
pub(super) unsafe fn size(pointer: NonNull<Header>) -> usize {
    // SAFETY: the caller promises a list.
    unsafe { Obj::from_raw(pointer) }.list().size()
}

/// Calls `visit` with every object that the list at `pointer` refers to.
///
/// # Safety
///
/// A list lives there.
pub(super) unsafe fn children(pointer: NonNull<Header>, visit: &mut impl FnMut(NonNull<Header>)) {
    // SAFETY: the caller promises a list.
    let list = unsafe { Obj::from_raw(pointer) }.list();
    if !slot::has_child(list.elem) {
        return;
    }
    let stride = list.elem.slot.size();
    for index in 0..list.len() {
        // SAFETY: elements before the length are initialised.
        unsafe { slot::child(list.elem, list.object.at(LIST_DATA + index * stride), visit) };
    }
}

/// A new list of type `desc` with room for `capacity` elements.
fn make(desc: &'static TypeDesc, capacity: usize) -> Ref {
    assert!(desc.kind == Kind::List, "not a list type: {desc}");
    let size = LIST_DATA + capacity * desc.elem().slot.size();
    let pointer = allocate(desc, size, 0);
    let start = pointer.as_ptr().cast::<u8>();
    // SAFETY: the allocation is large enough, and nothing else knows of it.
    unsafe {
        start.add(LIST_LEN).cast::<u32>().write(0);
        start
            .add(LIST_CAPACITY)
            .cast::<u32>()
            .write(length(capacity));
        Ref::from_raw(pointer)
    }
}

/// A list that this alone owns, to be changed in place.
#[derive(Debug)]
pub struct ListMut<'a> {
    object: &'a mut Ref,
    elem: &'static TypeDesc,
}

impl Ref {
    /// A new empty list of type `desc`, with room for `capacity` elements.
    ///
    /// # Panics
    ///
    /// If `desc` is no list type, or the capacity exceeds [`LEN_MAX`].
    #[must_use]
    pub fn new_list(desc: &'static TypeDesc, capacity: usize) -> Self {
        make(desc.unrefined(), capacity)
    }

    /// The list, copied first if it has other owners.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn list_mut(&mut self) -> ListMut<'_> {
        let list = self.obj().list();
        let (elem, len) = (list.elem(), list.len());
        if !self.is_unique() {
            *self = list.copy(0, len, len);
        } else {
            self.obj().header().clear(super::header::SHARED);
        }
        ListMut { object: self, elem }
    }
}

impl List<'_> {
    /// A copy of the elements from `start` to before `end`, with room for more.
    ///
    /// # Panics
    ///
    /// If the range is not within the list.
    #[must_use]
    pub fn copy(self, start: usize, end: usize, capacity: usize) -> Ref {
        assert!(
            start <= end && end <= self.len(),
            "the range is within the list"
        );
        let count = end - start;
        let mut copy = make(self.object.desc(), capacity.max(count));
        let stride = self.elem.slot.size();
        // SAFETY: the elements are initialised, the copy has room for them, and
        // it owns what they refer to once each was retained.
        unsafe {
            let from = self.object.at(LIST_DATA + start * stride);
            copy.at_mut(LIST_DATA)
                .copy_from_nonoverlapping(from, count * stride);
            copy.at_mut(LIST_LEN).cast::<u32>().write(length(count));
            children(copy.pointer, &mut |child| child.as_ref().retain());
        }
        copy
    }
}

impl ListMut<'_> {
    fn view(&self) -> List<'_> {
        List {
            object: self.object.obj(),
            elem: self.elem,
        }
    }

    fn len(&self) -> usize {
        self.view().len()
    }

    fn place(&mut self, index: usize) -> *mut u8 {
        self.object
            .at_mut(LIST_DATA + index * self.elem.slot.size())
    }

    fn set_len(&mut self, len: usize) {
        let len = length(len);
        // SAFETY: a list has its length here, and this is its only owner.
        unsafe { self.object.at_mut(LIST_LEN).cast::<u32>().write(len) };
    }

    /// Room for `more` further elements.
    ///
    /// # Panics
    ///
    /// If there would be more than [`LEN_MAX`].
    pub fn reserve(&mut self, more: usize) {
        let (len, present) = (self.len(), self.view().capacity());
        let wanted = len + more;
        if wanted <= present {
            return;
        }
        assert!(wanted <= LEN_MAX, "a value is larger than a value can be");
        let capacity = wanted.max(present * 2).clamp(4, LEN_MAX);
        let (old, new) = (
            self.view().size(),
            LIST_DATA + capacity * self.elem.slot.size(),
        );
        // SAFETY: this is the only owner, the size is that of the allocation, and
        // the moved object takes the place of the old one.
        unsafe {
            self.object.pointer = reallocate(self.object.pointer, old, new);
            self.object
                .at_mut(LIST_CAPACITY)
                .cast::<u32>()
                .write(length(capacity));
        }
    }

    /// Adds an element at the end.
    ///
    /// # Panics
    ///
    /// If the value is not of the element type, or there are [`LEN_MAX`].
    pub fn push(&mut self, value: Value) {
        self.reserve(1);
        let len = self.len();
        let place = self.place(len);
        // SAFETY: `reserve` made room for one element at the length.
        unsafe { slot::write(self.elem, place, value) };
        self.set_len(len + 1);
    }

    /// Replaces the element at `index` and returns the one before.
    ///
    /// # Panics
    ///
    /// If there is none, or the value is not of the element type.
    pub fn set(&mut self, index: usize, value: Value) -> Value {
        assert!(index < self.len(), "the index is within the list");
        let place = self.place(index);
        // SAFETY: the element is initialised, and is written again at once; a
        // value of another type does not return, so it is written into a place of
        // its own first.
        unsafe {
            let mut fresh = [0_u64; 2];
            let fresh = fresh.as_mut_ptr().cast::<u8>();
            slot::write(self.elem, fresh, value);
            let old = slot::take(self.elem, place);
            place.copy_from_nonoverlapping(fresh, self.elem.slot.size());
            old
        }
    }

    /// Takes the element at `index` out, to change it in place without a second
    /// owner: `fill` gets it and leaves what is to stand there.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn with_element<T>(&mut self, index: usize, fill: impl FnOnce(&mut Value) -> T) -> T {
        assert!(index < self.len(), "the index is within the list");
        let place = self.place(index);
        // SAFETY: the element is initialised, and this is the only owner.
        let mut guard = unsafe { slot::Restore::new(self.elem, place) };
        fill(guard.value())
    }

    /// Removes the last element.
    pub fn pop(&mut self) -> Option<Value> {
        let last = self.len().checked_sub(1)?;
        let place = self.place(last);
        // SAFETY: the element is initialised, and no longer counts afterwards.
        let value = unsafe { slot::take(self.elem, place) };
        self.set_len(last);
        Some(value)
    }

    /// Inserts an element before the one at `index`, or at the end.
    ///
    /// # Panics
    ///
    /// If `index` is past the end, or as [`push`](Self::push).
    pub fn insert(&mut self, index: usize, value: Value) {
        let len = self.len();
        assert!(index <= len, "the index is within the list");
        self.push(value);
        self.rotate(index, len + 1, 1);
    }

    /// Removes the element at `index`.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn remove(&mut self, index: usize) -> Value {
        let len = self.len();
        assert!(index < len, "the index is within the list");
        self.rotate(index, len, len - index - 1);
        self.pop().expect("the list is not empty")
    }

    /// Moves the last `count` elements of a range to its front.
    fn rotate(&mut self, start: usize, end: usize, count: usize) {
        let stride = self.elem.slot.size();
        let place = self.place(start);
        // SAFETY: the range is initialised; octets of elements move as wholes.
        let bytes = unsafe { std::slice::from_raw_parts_mut(place, (end - start) * stride) };
        bytes.rotate_right(count * stride);
    }

    /// Reverses the order.
    pub fn reverse(&mut self) {
        let len = self.len();
        for index in 0..len / 2 {
            self.swap(index, len - 1 - index);
        }
    }

    fn swap(&mut self, first: usize, second: usize) {
        let stride = self.elem.slot.size();
        let (first, second) = (self.place(first), self.place(second));
        // SAFETY: both are different initialised elements.
        unsafe { std::ptr::swap_nonoverlapping(first, second, stride) };
    }

    /// Removes all elements.
    pub fn clear(&mut self) {
        while self.pop().is_some() {}
    }
}

/// Builds a list element by element.
#[derive(Debug)]
pub struct ListBuilder {
    object: Ref,
}

impl ListBuilder {
    /// An empty list of type `desc`, with room for `capacity` elements.
    ///
    /// # Panics
    ///
    /// As [`Ref::new_list`].
    #[must_use]
    pub fn new(desc: &'static TypeDesc, capacity: usize) -> Self {
        Self {
            object: Ref::new_list(desc, capacity),
        }
    }

    /// Adds an element.
    ///
    /// # Panics
    ///
    /// As [`ListMut::push`].
    pub fn push(&mut self, value: Value) {
        self.object.list_mut().push(value);
    }

    /// Elements so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.object.obj().list().len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The list.
    #[must_use]
    pub fn finish(self) -> Ref {
        self.object
    }
}

/// A list of type `desc` with these elements.
///
/// # Panics
///
/// As [`ListMut::push`].
#[must_use]
pub fn list_of(desc: &'static TypeDesc, values: impl IntoIterator<Item = Value>) -> Ref {
    let values = values.into_iter();
    let mut list = ListBuilder::new(desc, values.size_hint().0);
    for value in values {
        list.push(value);
    }
    list.finish()
}
