//! Values in memory: reading, writing and walking one place of a known type.

use std::ptr::NonNull;
use std::sync::atomic::Ordering;

use super::header::{Header, Obj, Ref};
use crate::meta::{DynTag, Kind, OPT_BOOL_NULL, OPT_TAG_NULL, Slot, TypeDesc};
use crate::value::{Peek, Value};

type Object = *mut Header;

/// Reads the value of type `desc` at `place` without becoming an owner.
///
/// # Safety
///
/// An initialised value of that type lies at `place` and stays there, unchanged,
/// for `'a`.
pub(crate) unsafe fn load<'a>(desc: &'static TypeDesc, place: *const u8) -> Peek<'a> {
    // SAFETY: the caller promises an initialised value of the type, whose slot
    // says how wide it is; slots are aligned for what they hold.
    unsafe {
        match desc.slot {
            Slot::Unit => Peek::Unit,
            Slot::Bool => Peek::Bool(place.read() != 0),
            Slot::Tag => Peek::Tag(place.cast::<u16>().read(), desc.unrefined()),
            Slot::Int => Peek::Int(place.cast::<i64>().read()),
            Slot::Float => Peek::Float(place.cast::<f64>().read()),
            Slot::Ref | Slot::OptRef => match NonNull::new(place.cast::<Object>().read()) {
                Some(object) => of_object(Obj::from_raw(object)),
                None => Peek::Null,
            },
            Slot::Dyn => load_dyn(place),
            Slot::OptUnit if place.read() == 0 => Peek::Null,
            Slot::OptUnit => Peek::Unit,
            Slot::OptBool => match place.read() {
                OPT_BOOL_NULL => Peek::Null,
                value => Peek::Bool(value != 0),
            },
            Slot::OptTag => match place.cast::<u16>().read() {
                OPT_TAG_NULL => Peek::Null,
                tag => Peek::Tag(tag, desc.elem().unrefined()),
            },
            Slot::OptInt | Slot::OptFloat if place.cast::<u64>().add(1).read() == 0 => Peek::Null,
            Slot::OptInt => Peek::Int(place.cast::<i64>().read()),
            Slot::OptFloat => Peek::Float(place.cast::<f64>().read()),
        }
    }
}

/// An enum without payload is an object only inside a union of error domains.
fn of_object(object: Obj<'_>) -> Peek<'_> {
    let desc = object.desc();
    if desc.slot == Slot::Tag {
        return Peek::Tag(object.tag(), desc);
    }
    Peek::Obj(object)
}

/// # Safety
///
/// As for [`load`], for a dynamic value.
unsafe fn load_dyn<'a>(place: *const u8) -> Peek<'a> {
    // SAFETY: the caller promises two initialised words.
    let (tag, payload) = unsafe {
        let words = place.cast::<u64>();
        (words.read(), words.add(1))
    };
    // SAFETY: the tag says what the second word holds.
    unsafe {
        if tag == DynTag::Null as u64 {
            Peek::Null
        } else if tag == DynTag::Bool as u64 {
            Peek::Bool(payload.read() != 0)
        } else if tag == DynTag::Int as u64 {
            Peek::Int(payload.cast::<i64>().read())
        } else if tag == DynTag::Float as u64 {
            Peek::Float(payload.cast::<f64>().read())
        } else {
            let object = payload.cast::<Object>().read();
            Peek::Obj(Obj::from_raw(NonNull::new_unchecked(object)))
        }
    }
}

/// Writes `value` to `place` as a value of type `desc`, over whatever is there.
///
/// # Panics
///
/// If the value is not one of that type: a defect of whoever made the program.
///
/// # Safety
///
/// `place` is valid for writing a value of that type.
pub(crate) unsafe fn write(desc: &'static TypeDesc, place: *mut u8, value: Value) {
    // SAFETY: the caller promises a place as wide as the slot, and aligned for it.
    unsafe {
        match (desc.slot, value) {
            (Slot::Unit, Value::Unit) => {}
            (Slot::Bool | Slot::OptBool, Value::Bool(value)) => place.write(u8::from(value)),
            (Slot::Tag | Slot::OptTag, Value::Tag(tag, _)) => place.cast::<u16>().write(tag),
            (Slot::Int, Value::Int(value)) => place.cast::<i64>().write(value),
            (Slot::Float, Value::Float(value)) => place.cast::<f64>().write(value),
            (Slot::Ref | Slot::OptRef, Value::Ref(object)) => {
                place.cast::<Object>().write(object.into_raw().as_ptr());
            }
            (Slot::Ref | Slot::OptRef, Value::Tag(tag, desc)) => {
                let object = unit_object(desc, tag);
                place.cast::<Object>().write(object.into_raw().as_ptr());
            }
            (Slot::OptRef, Value::Null) => place.cast::<Object>().write(std::ptr::null_mut()),
            (Slot::OptUnit, Value::Unit) => place.write(1),
            (Slot::OptUnit, Value::Null) => place.write(0),
            (Slot::OptBool, Value::Null) => place.write(OPT_BOOL_NULL),
            (Slot::OptTag, Value::Null) => place.cast::<u16>().write(OPT_TAG_NULL),
            (Slot::OptInt, Value::Int(value)) => {
                place.cast::<i64>().write(value);
                place.cast::<u64>().add(1).write(1);
            }
            (Slot::OptFloat, Value::Float(value)) => {
                place.cast::<f64>().write(value);
                place.cast::<u64>().add(1).write(1);
            }
            (Slot::OptInt | Slot::OptFloat, Value::Null) => {
                place.cast::<u64>().write(0);
                place.cast::<u64>().add(1).write(0);
            }
            (Slot::Dyn, value) => write_dyn(place, value),
            (_, value) => does_not_fit(desc, &value),
        }
    }
}

/// Whether a value can lie in a place of type `desc`. The types of objects are
/// not looked at.
pub(crate) fn fits(desc: &TypeDesc, value: &Value) -> bool {
    match value {
        Value::Unit => matches!(desc.slot, Slot::Unit | Slot::OptUnit | Slot::Dyn),
        Value::Null => desc.slot == desc.slot.optional(),
        Value::Bool(_) => matches!(desc.slot, Slot::Bool | Slot::OptBool | Slot::Dyn),
        Value::Int(_) => matches!(desc.slot, Slot::Int | Slot::OptInt | Slot::Dyn),
        Value::Float(_) => matches!(desc.slot, Slot::Float | Slot::OptFloat | Slot::Dyn),
        Value::Tag(..) => {
            matches!(
                desc.slot,
                Slot::Tag | Slot::OptTag | Slot::Ref | Slot::OptRef
            )
        }
        Value::Ref(_) => matches!(desc.slot, Slot::Ref | Slot::OptRef | Slot::Dyn),
    }
}

/// # Safety
///
/// As for [`write`], for a dynamic value.
unsafe fn write_dyn(place: *mut u8, value: Value) {
    let words = place.cast::<u64>();
    let tag = match &value {
        Value::Unit | Value::Null => DynTag::Null,
        Value::Bool(_) => DynTag::Bool,
        Value::Int(_) => DynTag::Int,
        Value::Float(_) => DynTag::Float,
        Value::Ref(_) => DynTag::Ref,
        Value::Tag(..) => does_not_fit(&crate::meta::well_known::VALUE, &value),
    };
    let payload = match value {
        Value::Bool(value) => u64::from(value),
        Value::Int(value) => value.cast_unsigned(),
        Value::Float(value) => value.to_bits(),
        Value::Ref(object) => {
            // SAFETY: the caller promises room for two words; a pointer is one.
            unsafe {
                words.write(tag as u64);
                words
                    .add(1)
                    .cast::<Object>()
                    .write(object.into_raw().as_ptr());
            }
            return;
        }
        _ => 0,
    };
    // SAFETY: the caller promises room for two words.
    unsafe {
        words.write(tag as u64);
        words.add(1).write(payload);
    }
}

#[cold]
fn does_not_fit(desc: &'static TypeDesc, value: &Value) -> ! {
    panic!(
        "a value of kind {:?} does not fit a place of type {desc}",
        value.peek().kind()
    );
}

/// Moves the value of type `desc` out of `place`, which is then uninitialised.
///
/// # Safety
///
/// As for [`load`], and nothing reads `place` as a value before it is written.
pub(crate) unsafe fn take(desc: &'static TypeDesc, place: *const u8) -> Value {
    // SAFETY: the caller promises an initialised value.
    match unsafe { load(desc, place) } {
        // SAFETY: the owner that the place was becomes the result.
        Peek::Obj(object) => Value::Ref(unsafe { Ref::from_raw(object.pointer) }),
        scalar => scalar.to_value(),
    }
}

/// Calls `visit` with the object that the value at `place` refers to, if it does.
///
/// # Safety
///
/// As for [`load`].
pub(crate) unsafe fn child(
    desc: &'static TypeDesc,
    place: *const u8,
    visit: &mut impl FnMut(NonNull<Header>),
) {
    // SAFETY: the caller promises an initialised value of the type.
    unsafe {
        let object = match desc.slot {
            Slot::Ref | Slot::OptRef => place.cast::<Object>().read(),
            Slot::Dyn if place.cast::<u64>().read() == DynTag::Ref as u64 => {
                place.cast::<u64>().add(1).cast::<Object>().read()
            }
            _ => return,
        };
        if let Some(object) = NonNull::new(object) {
            visit(object);
        }
    }
}

/// Whether values of the type may refer to objects.
pub(crate) fn has_child(desc: &TypeDesc) -> bool {
    matches!(desc.slot, Slot::Ref | Slot::OptRef | Slot::Dyn)
}

/// The one object of a variant without payload.
///
/// # Panics
///
/// If the variant has a payload or its type was not finished: a defect of
/// whoever made the program.
pub(crate) fn unit_object(desc: &'static TypeDesc, tag: u16) -> Ref {
    let variant = &desc.unrefined().variants[usize::from(tag)];
    let object = variant.unit.0.load(Ordering::Acquire).cast::<Header>();
    let object = NonNull::new(object).expect("a variant without payload has its object");
    debug_assert!(desc.kind == Kind::Enum);
    // SAFETY: the object was made when the type was finished, and is immortal.
    unsafe { Ref::from_raw(object) }
}

/// A value taken out of a place, written back when this is dropped, whatever
/// happens in between.
pub(crate) struct Restore {
    desc: &'static TypeDesc,
    value: Value,
    place: *mut u8,
}

impl Restore {
    /// Takes the value of type `desc` at `place`.
    ///
    /// # Safety
    ///
    /// An initialised value lies there, and nothing uses the place as long as
    /// the guard lives.
    pub(crate) unsafe fn new(desc: &'static TypeDesc, place: *mut u8) -> Self {
        Self {
            desc,
            // SAFETY: the caller promises an initialised value; the guard writes
            // one before anybody reads the place.
            value: unsafe { take(desc, place) },
            place,
        }
    }

    pub(crate) fn value(&mut self) -> &mut Value {
        &mut self.value
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        let mut value = self.value.take();
        if !fits(self.desc, &value) {
            // Whoever took the value did not bring it back: a fault came between,
            // and nobody will look at the place but to free it.
            value = placeholder(self.desc);
        }
        // SAFETY: the maker of the guard promised that the place is its own.
        unsafe { write(self.desc, self.place, value) };
    }
}

/// Any value that can lie in a place of type `desc`.
pub(crate) fn placeholder(desc: &TypeDesc) -> Value {
    match desc.slot {
        Slot::Unit => Value::Unit,
        Slot::Bool => Value::Bool(false),
        Slot::Tag => Value::Tag(0, &crate::meta::well_known::UNIT),
        Slot::Int => Value::Int(0),
        Slot::Float => Value::Float(0.0),
        Slot::Ref => Value::text(""),
        _ => Value::Null,
    }
}
