//! What compiled code calls. It keeps its values in the same objects as everybody
//! else, reads and writes them where [`heap`](crate::heap) says they lie, and comes
//! here for what it does not do itself.
//!
//! A value is handed over as a [`Place`]: its type and where it lies. Arguments are
//! moved out of their places; a result is moved into one. Functions that can fail
//! answer [`OK`] or [`FAULT`], and the fault then waits in the context
//! ([`Ctx::take_fault`]). No panic leaves them: it becomes a fault.
#![allow(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::atomic::AtomicU32;

use fuse_builtins::{BuiltinId, MemberId};

use crate::builtin::{self, Call};
use crate::context::Ctx;
use crate::display;
use crate::fault::{Fault, Outcome};
use crate::heap::{Header, Ref, slot, text};
use crate::meta::{FnId, Kind, TypeDesc};
use crate::ops;
use crate::value::{Peek, Value};

/// The number of this interface; a compiled image says which one it was made for.
/// Changes with every change of a layout or signature.
pub const ABI_VERSION: u32 = 1;

/// It worked.
pub const OK: u32 = 0;
/// It did not; the fault is in the context.
pub const FAULT: u32 = 1;

/// A value in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its type.
    pub desc: &'static TypeDesc,
    /// Where it lies, as the slot of its type says.
    pub address: *mut u8,
}

impl Place {
    /// # Safety
    ///
    /// An initialised value of the type lies there, unchanged for `'a`.
    unsafe fn peek<'a>(self) -> Peek<'a> {
        // SAFETY: the caller promises such a value.
        unsafe { slot::load(self.desc, self.address) }
    }

    /// # Safety
    ///
    /// An initialised value of the type lies there; it is moved out.
    unsafe fn take(self) -> Value {
        // SAFETY: the caller promises such a value, and gives it up.
        unsafe { slot::take(self.desc, self.address) }
    }

    /// # Safety
    ///
    /// The place is valid for writing a value of the type; nothing in it is dropped.
    unsafe fn put(self, value: Value) {
        // SAFETY: the caller promises room.
        unsafe { slot::write(self.desc, self.address, value) };
    }
}

/// Keeps a fault in the context, and makes one of a panic.
fn guarded(ctx: &mut Ctx, run: impl FnOnce(&mut Ctx) -> Outcome<()>) -> u32 {
    let outcome = catch_unwind(AssertUnwindSafe(|| run(ctx)));
    let outcome = outcome.unwrap_or_else(|panic| {
        let (kind, message) = crate::run::panic_kind(&*panic);
        Err(Fault::internal(format!("panic_kind={kind} {message}")))
    });
    match outcome {
        Ok(()) => OK,
        Err(fault) => {
            ctx.set_fault(fault);
            FAULT
        }
    }
}

/// One owner more of an object.
///
/// # Safety
///
/// An object lives at `object`.
pub unsafe extern "C" fn retain(object: NonNull<Header>) {
    // SAFETY: the caller promises an object.
    unsafe { object.as_ref() }.retain();
}

/// One owner less; the last one frees the object.
///
/// # Safety
///
/// An object lives at `object`, and the caller gives up an owner of it.
pub unsafe extern "C" fn release(object: NonNull<Header>) {
    // SAFETY: the caller promises an object, and that it owns one.
    drop(unsafe { Ref::from_raw(object) });
}

/// The object if the caller is its only owner, else a copy of one level in its stead:
/// what may be changed in place.
///
/// # Safety
///
/// A list, map, record, enum or result lives at `object`, and the caller gives up an
/// owner of it.
pub unsafe extern "C" fn own(object: NonNull<Header>) -> NonNull<Header> {
    // SAFETY: the caller promises an object, and that it owns one.
    let mut object = unsafe { Ref::from_raw(object) };
    match object.desc().kind {
        Kind::List => drop(object.list_mut()),
        Kind::Map => drop(object.map_mut()),
        _ => object.own_record(),
    }
    object.into_raw()
}

/// A list that the caller alone owns, with room for `more` further elements.
///
/// # Safety
///
/// A list lives at `list`, and the caller gives up an owner of it.
pub unsafe extern "C" fn list_reserve(list: NonNull<Header>, more: usize) -> NonNull<Header> {
    // SAFETY: the caller promises a list, and that it owns one.
    let mut list = unsafe { Ref::from_raw(list) };
    list.list_mut().reserve(more);
    list.into_raw()
}

/// A new list of type `desc`.
pub extern "C" fn list_new(desc: &'static TypeDesc, capacity: usize) -> NonNull<Header> {
    Ref::new_list(desc, capacity).into_raw()
}

/// A new map of type `desc`.
pub extern "C" fn map_new(desc: &'static TypeDesc, capacity: usize) -> NonNull<Header> {
    Ref::new_map(desc, capacity).into_raw()
}

/// A new `String`.
///
/// # Safety
///
/// `len` bytes of UTF-8 lie at `bytes`.
pub unsafe extern "C" fn text_new(bytes: *const u8, len: usize) -> NonNull<Header> {
    // SAFETY: the caller promises so many bytes of UTF-8.
    let text = unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(bytes, len)) };
    text::new(text).into_raw()
}

/// The text forms of all parts, one after the other, as a new `String`.
///
/// # Safety
///
/// `count` places lie at `parts`, each with an initialised value.
pub unsafe extern "C" fn concat(
    ctx: &mut Ctx,
    parts: *const Place,
    count: usize,
    out: *mut NonNull<Header>,
) -> u32 {
    guarded(ctx, |_| {
        display::with_buffer(|buffer| {
            for index in 0..count {
                // SAFETY: the caller promises so many places with values.
                display::write(unsafe { parts.add(index).read().peek() }, buffer);
            }
            ops::check_len(buffer.len())?;
            let made = text::new(std::str::from_utf8(buffer).expect("the text form is text"));
            // SAFETY: the caller promises room for the result.
            unsafe { out.write(made.into_raw()) };
            Ok(())
        })
    })
}

/// Whether two values are equal.
///
/// # Safety
///
/// Both places hold initialised values.
pub unsafe extern "C" fn equal(a: Place, b: Place) -> bool {
    // SAFETY: the caller promises values.
    unsafe { ops::equal(a.peek(), b.peek()) }
}

/// The word that tells running code to stop; it goes on as long as this is 0.
pub extern "C" fn interrupt_word(ctx: &Ctx) -> *const AtomicU32 {
    std::sync::Arc::as_ptr(ctx.interrupt().word())
}

/// Why running code has to stop, if it does: called when the word is not 0.
pub extern "C" fn interrupted(ctx: &mut Ctx) -> u32 {
    guarded(ctx, |ctx| ctx.check())
}

/// What a call of a built-in function or method is made of.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Arguments {
    /// The arguments, the receiver of a method first. They are moved out; the receiver
    /// of a method that changes it is moved back.
    pub places: *const Place,
    /// How many there are, at most [`ARGUMENTS_MAX`].
    pub count: usize,
    /// Where the result goes.
    pub result: Place,
    /// The type argument, or null.
    pub type_arg: Option<&'static TypeDesc>,
    /// The function that calls.
    pub caller: FnId,
}

/// Arguments of one call at most: as many as a function can have parameters.
pub const ARGUMENTS_MAX: usize = 256;

/// Calls a built-in function by its number.
///
/// # Safety
///
/// The places hold initialised values of their types, and there is room for the
/// result.
pub unsafe extern "C" fn call_builtin(ctx: &mut Ctx, number: u16, arguments: &Arguments) -> u32 {
    let function = BuiltinId::from_number(number);
    // SAFETY: the caller promises what `call` wants.
    unsafe {
        call(ctx, arguments, false, |call| match function {
            Some(id) => builtin::call(id, call),
            None => Err(Fault::internal("no such built-in function")),
        })
    }
}

/// Calls a method of a built-in type by its number.
///
/// # Safety
///
/// As [`call_builtin`].
pub unsafe extern "C" fn call_member(ctx: &mut Ctx, number: u16, arguments: &Arguments) -> u32 {
    let method = MemberId::from_number(number);
    let changes = method.is_some_and(|id| id.row().place);
    // SAFETY: the caller promises what `call` wants.
    unsafe {
        call(ctx, arguments, changes, |call| match method {
            Some(id) => builtin::call_member(id, call),
            None => Err(Fault::internal("no such method")),
        })
    }
}

/// # Safety
///
/// As [`call_builtin`].
unsafe fn call(
    ctx: &mut Ctx,
    arguments: &Arguments,
    changes_receiver: bool,
    run: impl FnOnce(&mut Call<'_>) -> Outcome<Value>,
) -> u32 {
    // SAFETY: the caller promises so many places.
    let places = unsafe { std::slice::from_raw_parts(arguments.places, arguments.count) };
    // SAFETY: the caller promises values, and gives them up.
    let mut args: Vec<Value> = places.iter().map(|place| unsafe { place.take() }).collect();
    guarded(ctx, |ctx| {
        let result = {
            let mut call = Call {
                ctx,
                args: &mut args,
                result: arguments.result.desc,
                type_arg: arguments.type_arg,
                caller: Some(arguments.caller),
            };
            catch_unwind(AssertUnwindSafe(|| run(&mut call)))
        };
        if changes_receiver && let Some(place) = places.first() {
            let receiver = args[0].take();
            let receiver = if slot::fits(place.desc, &receiver) {
                receiver
            } else {
                slot::placeholder(place.desc)
            };
            // SAFETY: the receiver was moved out of this place.
            unsafe { place.put(receiver) };
        }
        let value = result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        // SAFETY: the caller promises room for the result.
        unsafe { arguments.result.put(value) };
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::{LIST_DATA, LIST_LEN, list_of, thread_objects};
    use crate::interrupt::Interrupt;
    use crate::meta::well_known::{INT, LIST_INT, OPTION_INT, STRING, UNIT};
    use crate::{NoCode, Runtime, Unit};

    fn ctx() -> Ctx {
        let env: Vec<(String, String)> = Vec::new();
        let runtime = Runtime::builder().env(std::sync::Arc::new(env));
        let runtime = runtime
            .build(Box::leak(Box::default()), Box::new(NoCode))
            .unwrap();
        Ctx::new(runtime, Unit::Program, Interrupt::default())
    }

    fn place<T>(desc: &'static TypeDesc, value: &mut T) -> Place {
        Place {
            desc,
            address: std::ptr::from_mut(value).cast(),
        }
    }

    fn ints(values: &[i64]) -> NonNull<Header> {
        list_of(&LIST_INT, values.iter().map(|value| Value::Int(*value))).into_raw()
    }

    /// As compiled code would: pushes through the runtime, reads where elements lie.
    #[test]
    fn lists_are_changed_and_read_in_place() {
        let mut ctx = ctx();
        let (mut list, mut element, mut unit) = (ints(&[1]), 2_i64, 0_u8);
        let shared = list;
        // SAFETY: the list lives, and gets a second owner.
        unsafe { retain(shared) };
        let places = [place(&LIST_INT, &mut list), place(&INT, &mut element)];
        let arguments = Arguments {
            places: places.as_ptr(),
            count: 2,
            result: place(&UNIT, &mut unit),
            type_arg: None,
            caller: FnId(0),
        };
        let number = MemberId::ListPush.number();
        // SAFETY: both places hold values, and a unit needs no room.
        assert_eq!(unsafe { call_member(&mut ctx, number, &arguments) }, OK);
        assert_ne!(list, shared, "the other owner keeps what it had");
        // SAFETY: a list has its length and elements there.
        let (len, second) = unsafe {
            let start = list.as_ptr().cast::<u8>();
            (
                start.add(LIST_LEN).cast::<u32>().read(),
                start.add(LIST_DATA).cast::<i64>().add(1).read(),
            )
        };
        assert_eq!((len, second), (2, 2));
        // SAFETY: nothing else owns it.
        let owned = unsafe { own(list) };
        assert_eq!(owned, list);
        // SAFETY: both are given up here.
        unsafe {
            release(owned);
            release(shared);
        }
        assert_eq!(thread_objects(), 0);
    }

    #[test]
    fn faults_wait_in_the_context() {
        let mut ctx = ctx();
        let (mut list, mut index, mut result) = (ints(&[1]), 5_i64, 0_i64);
        let places = [place(&LIST_INT, &mut list), place(&INT, &mut index)];
        let arguments = Arguments {
            places: places.as_ptr(),
            count: 2,
            result: place(&INT, &mut result),
            type_arg: None,
            caller: FnId(0),
        };
        let number = MemberId::ListRemove.number();
        // SAFETY: both places hold values, and there is room for a number.
        assert_eq!(unsafe { call_member(&mut ctx, number, &arguments) }, FAULT);
        assert_eq!(ctx.take_fault().unwrap().message(), "index out of bounds");
        // SAFETY: the receiver came back.
        unsafe { release(list) };
        assert_eq!(thread_objects(), 0);
    }

    #[test]
    fn panics_become_faults() {
        let mut ctx = ctx();
        // A text where a number is wanted in the result: a defect of the compiler.
        let (mut word, mut result) = (crate::heap::text::new("7").into_raw(), [0_u64; 2]);
        let places = [place(&STRING, &mut word)];
        let arguments = Arguments {
            places: places.as_ptr(),
            count: 1,
            result: place(&STRING, &mut result),
            type_arg: None,
            caller: FnId(0),
        };
        let number = BuiltinId::IntParse.number();
        // SAFETY: the place holds a text; the result is refused before it is written.
        assert_eq!(unsafe { call_builtin(&mut ctx, number, &arguments) }, FAULT);
        let fault = ctx.take_fault().unwrap();
        assert!(
            fault.message().starts_with("panic_kind=panic_string"),
            "{fault}"
        );
        assert_eq!(thread_objects(), 0);
    }

    #[test]
    fn parts_are_joined_and_compared() {
        let mut ctx = ctx();
        let (mut number, mut maybe) = (7_i64, [0_u64; 2]);
        let mut word = crate::heap::text::new("n=").into_raw();
        let parts = [
            place(&STRING, &mut word),
            place(&INT, &mut number),
            place(&OPTION_INT, &mut maybe),
        ];
        let mut out = word;
        // SAFETY: all places hold values, and there is room for the result.
        let status = unsafe { concat(&mut ctx, parts.as_ptr(), 3, &raw mut out) };
        assert_eq!(status, OK);
        // SAFETY: the result is an object that is given up here.
        let joined = Value::Ref(unsafe { Ref::from_raw(out) });
        assert_eq!(joined.as_text(), Some("n=7null"));
        // SAFETY: both places hold values.
        assert!(unsafe { equal(parts[1], parts[1]) });
        // SAFETY: as above.
        assert!(unsafe { !equal(parts[1], parts[2]) });
        // SAFETY: the text is given up here.
        unsafe { release(word) };
        drop(joined);
        assert_eq!(thread_objects(), 0);
    }

    #[test]
    fn the_flag_that_stops_work_is_one_word() {
        let mut ctx = ctx();
        // SAFETY: the context keeps the word alive.
        let word = || unsafe { (*interrupt_word(&ctx)).load(std::sync::atomic::Ordering::Relaxed) };
        assert_eq!(word(), 0);
        ctx.interrupt().cancel();
        assert_ne!(word(), 0);
        assert_eq!(interrupted(&mut ctx), FAULT);
        assert_eq!(
            ctx.take_fault().unwrap().code(),
            crate::FaultCode::Cancelled
        );
    }
}
