//! Records, enums, results and cells: fields at fixed places.
//!
//! | Kind | Bytes from 16 on |
//! |---|---|
//! | record | the fields, where [`Field::offset`](crate::meta::Field::offset) says |
//! | enum | 16–17 the index of the variant, `u16`; from 24 the payload |
//! | result | 16–17 0 for `Ok`, 1 for `Err`, `u16`; from 24 the content |
//! | cell | the content |

use std::ptr::NonNull;

use super::header::{HEADER_SIZE, Header, IMMORTAL, Obj, Ref, SHARED, allocate};
use super::{account, slot};
use crate::meta::{Kind, TypeDesc};
use crate::value::{Peek, Value};

/// Where the index of the variant lies.
pub const TAG: usize = 16;
/// Where the payload of an enum or a result begins.
pub const PAYLOAD: usize = 24;
/// Where the content of a cell lies.
pub const CELL: usize = 16;

/// The tag of `Ok`.
pub const OK: u16 = 0;
/// The tag of `Err`.
pub const ERR: u16 = 1;

impl<'a> Obj<'a> {
    /// The index of the variant of an enum, or [`OK`] or [`ERR`].
    ///
    /// # Panics
    ///
    /// If it is neither an enum nor a result.
    #[must_use]
    pub fn tag(self) -> u16 {
        let kind = self.desc().kind;
        assert!(
            matches!(kind, Kind::Enum | Kind::Result),
            "no tag: {}",
            self.desc()
        );
        // SAFETY: enums and results have their tag here, and never change it.
        unsafe { self.at(TAG).cast::<u16>().read() }
    }

    /// The number of fields of a record, of values that a variant carries, or 1
    /// for a result.
    #[must_use]
    pub fn field_count(self) -> usize {
        let desc = self.desc();
        match desc.kind {
            Kind::Record | Kind::Html => desc.fields.len(),
            Kind::Enum => desc.variants[usize::from(self.tag())].payload.len(),
            Kind::Result => 1,
            _ => 0,
        }
    }

    /// The type of a field, of a value that the variant carries, or of what the
    /// result contains, and where it lies.
    fn place(self, index: usize) -> (&'static TypeDesc, usize) {
        place(
            self.desc(),
            if has_fields(self.desc().kind) {
                0
            } else {
                self.tag()
            },
            index,
        )
    }

    /// A field of a record, a value that the variant carries, or what the result
    /// contains.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    #[must_use]
    pub fn field(self, index: usize) -> Peek<'a> {
        let (desc, offset) = self.place(index);
        // SAFETY: every field is initialised when the object is made, and
        // unchanged while borrowed.
        unsafe { slot::load(desc, self.at(offset)) }
    }

    /// The type of a field, of a value that the variant carries, or of what the
    /// result contains.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    #[must_use]
    pub fn field_desc(self, index: usize) -> &'static TypeDesc {
        self.place(index).0
    }

    /// The content of a cell.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn cell_get(self) -> Value {
        assert!(
            self.desc().kind == Kind::Cell,
            "not a cell: {}",
            self.desc()
        );
        // SAFETY: the content is initialised when the cell is made, only this
        // thread knows the cell, and nothing writes it before the copy is owned.
        unsafe { slot::load(self.desc().elem(), self.at(CELL)) }.to_value()
    }

    /// Replaces the content of a cell and returns the one before.
    ///
    /// # Panics
    ///
    /// If it is none, or the value is not of the type of its content.
    pub fn cell_set(self, value: Value) -> Value {
        assert!(
            self.desc().kind == Kind::Cell,
            "not a cell: {}",
            self.desc()
        );
        // SAFETY: only this thread knows the cell, and nothing borrows its content.
        unsafe { replace(self.desc().elem(), self.at(CELL).cast_mut(), value) }
    }
}

fn place(desc: &'static TypeDesc, tag: u16, index: usize) -> (&'static TypeDesc, usize) {
    match desc.kind {
        Kind::Record | Kind::Html => {
            let field = &desc.fields[index];
            (field.desc(), field.offset as usize)
        }
        Kind::Enum => {
            let payload = &desc.variants[usize::from(tag)].payload[index];
            (payload.desc(), payload.offset as usize)
        }
        Kind::Result => {
            assert!(index == 0, "a result contains one value");
            (if tag == OK { desc.elem() } else { desc.key() }, PAYLOAD)
        }
        _ => panic!("no fields: {desc}"),
    }
}

/// Whether objects are fields without a tag: records, and the nodes of markup.
fn has_fields(kind: Kind) -> bool {
    matches!(kind, Kind::Record | Kind::Html)
}

/// Writes `value` over the value at `place` and returns the one before.
///
/// # Safety
///
/// `place` holds an initialised value of type `desc` that nothing borrows.
unsafe fn replace(desc: &'static TypeDesc, place: *mut u8, value: Value) -> Value {
    let mut fresh = [0_u64; 2];
    let fresh = fresh.as_mut_ptr().cast::<u8>();
    // SAFETY: no slot is wider than two words; a value of another type does not
    // return, so it is written into a place of its own first.
    unsafe {
        slot::write(desc, fresh, value);
        let old = slot::take(desc, place);
        place.copy_from_nonoverlapping(fresh, desc.slot.size());
        old
    }
}

/// Bytes of an object of this type and variant.
fn size_of(desc: &'static TypeDesc, tag: u16) -> usize {
    match desc.kind {
        Kind::Record | Kind::Html => desc.size as usize,
        Kind::Enum => desc.variants[usize::from(tag)].size as usize,
        Kind::Result => PAYLOAD + desc.elem().slot.size().max(desc.key().slot.size()),
        Kind::Cell => CELL + desc.elem().slot.size(),
        _ => panic!("no fields: {desc}"),
    }
    .next_multiple_of(8)
}

/// Bytes of the object at `pointer`.
///
/// # Safety
///
/// A record, enum, result or cell lives there.
pub(super) unsafe fn size(pointer: NonNull<Header>) -> usize {
    // SAFETY: the caller promises one of these.
    let object = unsafe { Obj::from_raw(pointer) };
    let tagged = matches!(object.desc().kind, Kind::Enum | Kind::Result);
    size_of(object.desc(), if tagged { object.tag() } else { 0 })
}

/// Calls `visit` with every object that the one at `pointer` refers to.
///
/// # Safety
///
/// A record, enum, result or cell lives there.
pub(super) unsafe fn children(pointer: NonNull<Header>, visit: &mut impl FnMut(NonNull<Header>)) {
    // SAFETY: the caller promises one of these; their places are initialised.
    unsafe {
        let object = Obj::from_raw(pointer);
        if object.desc().kind == Kind::Cell {
            slot::child(object.desc().elem(), object.at(CELL), visit);
            return;
        }
        for index in 0..object.field_count() {
            let (desc, offset) = object.place(index);
            slot::child(desc, object.at(offset), visit);
        }
    }
}

/// A new object with the values in their places.
fn make(desc: &'static TypeDesc, tag: u16, values: impl IntoIterator<Item = Value>) -> Ref {
    let size = size_of(desc, tag);
    let pointer = allocate(desc, size, 0);
    let start = pointer.as_ptr().cast::<u8>();
    // SAFETY: the allocation has this size. Gaps between fields are zeroed, so
    // that octets of objects can be copied as wholes.
    unsafe { start.add(HEADER_SIZE).write_bytes(0, size - HEADER_SIZE) };
    if !has_fields(desc.kind) {
        // SAFETY: there is room for the tag after the header.
        unsafe { start.add(TAG).cast::<u16>().write(tag) };
    }
    let count = match desc.kind {
        Kind::Record | Kind::Html => desc.fields.len(),
        Kind::Enum => desc.variants[usize::from(tag)].payload.len(),
        _ => 1,
    };
    let mut values = values.into_iter();
    for index in 0..count {
        let value = values.next().expect("there is a value for every field");
        let (desc, offset) = place(desc, tag, index);
        // SAFETY: the type says that this place is within the object.
        unsafe { slot::write(desc, start.add(offset), value) };
    }
    assert!(values.next().is_none(), "there is a field for every value");
    // SAFETY: all places are initialised, and this is the only owner.
    unsafe { Ref::from_raw(pointer) }
}

impl Ref {
    /// A record of type `desc`; `values` are its fields in declaration order.
    ///
    /// # Panics
    ///
    /// If they are not the fields of the type: a defect of whoever made the program.
    #[must_use]
    pub fn new_record(desc: &'static TypeDesc, values: impl IntoIterator<Item = Value>) -> Self {
        assert!(has_fields(desc.kind), "not a record type: {desc}");
        make(desc.unrefined(), 0, values)
    }

    /// `Ok` or `Err` of type `desc` with this content.
    ///
    /// # Panics
    ///
    /// If the content is not of the type: a defect of whoever made the program.
    #[must_use]
    pub fn new_result(desc: &'static TypeDesc, tag: u16, content: Value) -> Self {
        assert!(desc.kind == Kind::Result, "not a result type: {desc}");
        make(desc, tag, [content])
    }

    /// A cell of type `desc` with this content.
    ///
    /// # Panics
    ///
    /// If the content is not of the type: a defect of whoever made the program.
    #[must_use]
    pub fn new_cell(desc: &'static TypeDesc, content: Value) -> Self {
        assert!(desc.kind == Kind::Cell, "not a cell type: {desc}");
        let pointer = allocate(desc, size_of(desc, 0), 0);
        // SAFETY: the allocation has room for the content, and this is the only owner.
        unsafe {
            slot::write(
                desc.elem(),
                pointer.as_ptr().cast::<u8>().add(CELL),
                content,
            );
            Self::from_raw(pointer)
        }
    }

    /// Replaces a field of a record, or a value that a variant or a result
    /// carries, and returns the one before. The object is copied first if it
    /// has other owners.
    ///
    /// # Panics
    ///
    /// If there are not so many, or the value is not of the type of the field.
    pub fn set_field(&mut self, index: usize, value: Value) -> Value {
        self.own_record();
        let (desc, offset) = self.obj().place(index);
        // SAFETY: the field is initialised, and this is the only owner.
        unsafe { replace(desc, self.at_mut(offset), value) }
    }

    /// Takes a field out, to change it in place without a second owner: `fill`
    /// gets the field and leaves what is to stand there. The object is copied
    /// first if it has other owners.
    ///
    /// # Panics
    ///
    /// As [`set_field`](Self::set_field).
    pub fn with_field<T>(&mut self, index: usize, fill: impl FnOnce(&mut Value) -> T) -> T {
        self.own_record();
        let (desc, offset) = self.obj().place(index);
        // SAFETY: the field is initialised, and this is the only owner.
        let mut guard = unsafe { slot::Restore::new(desc, self.at_mut(offset)) };
        fill(guard.value())
    }

    /// Copies a record, enum or result that has other owners.
    ///
    /// # Panics
    ///
    /// If it is none of these.
    pub(crate) fn own_record(&mut self) {
        if self.is_unique() {
            self.obj().header().clear(SHARED);
            return;
        }
        let object = self.obj();
        // SAFETY: the object is a record, enum or result; `place` panics on others,
        // and so does `size_of`.
        let size = unsafe { size(self.pointer) };
        let copy = allocate(object.desc(), size, 0);
        // SAFETY: both are so large; the copy owns what it refers to once each
        // was retained.
        unsafe {
            let from = object.at(HEADER_SIZE);
            let to = copy.as_ptr().cast::<u8>().add(HEADER_SIZE);
            to.copy_from_nonoverlapping(from, size - HEADER_SIZE);
            children(copy, &mut |child| child.as_ref().retain());
            *self = Self::from_raw(copy);
        }
    }
}

impl Value {
    /// A variant of an enum with what it carries.
    ///
    /// # Panics
    ///
    /// If `values` are not what the variant carries: a defect of whoever made
    /// the program.
    #[must_use]
    pub fn variant(
        desc: &'static TypeDesc,
        tag: u16,
        values: impl IntoIterator<Item = Self>,
    ) -> Self {
        let desc = desc.unrefined();
        assert!(desc.kind == Kind::Enum, "not an enum type: {desc}");
        if desc.is_payload_free() {
            return Self::Tag(tag, desc);
        }
        if desc.variants[usize::from(tag)].payload.is_empty() {
            return Self::Ref(slot::unit_object(desc, tag));
        }
        Self::Ref(make(desc, tag, values))
    }

    /// `Ok(content)` of the result type `desc`.
    ///
    /// # Panics
    ///
    /// As [`Ref::new_result`].
    #[must_use]
    pub fn ok(desc: &'static TypeDesc, content: Self) -> Self {
        Self::Ref(Ref::new_result(desc, OK, content))
    }

    /// `Err(content)` of the result type `desc`.
    ///
    /// # Panics
    ///
    /// As [`Ref::new_result`].
    #[must_use]
    pub fn err(desc: &'static TypeDesc, content: Self) -> Self {
        Self::Ref(Ref::new_result(desc, ERR, content))
    }
}

/// Makes the one object of a variant without payload.
pub(crate) fn new_unit_object(desc: &'static TypeDesc, tag: u16) -> NonNull<Header> {
    let pointer = allocate(desc, PAYLOAD, IMMORTAL);
    account::immortal();
    // SAFETY: there is room for the tag, and for a payload of no bytes.
    unsafe {
        let start = pointer.as_ptr().cast::<u8>();
        start.add(TAG).cast::<u64>().write(0);
        start.add(TAG).cast::<u16>().write(tag);
    }
    pointer
}
