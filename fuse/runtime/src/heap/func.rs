//! Function values and objects of the runtime itself.
//!
//! | Kind | Bytes from 16 on |
//! |---|---|
//! | function | 16–23 the code, as the backend counts or addresses it; 24–27 number of captured values, `u32`; from 32 the values, two words each |
//! | task, query | 16–31 a boxed [`HostObject`] |

use std::any::Any;
use std::ptr::NonNull;

use super::header::{Header, Obj, Ref, allocate};
use super::text::length;
use crate::meta::{Kind, TypeDesc};
use crate::value::Value;

/// Where the code of a function lies.
pub const FUNC_CODE: usize = 16;
/// Where the number of captured values lies.
pub const FUNC_COUNT: usize = 24;
/// Where the captured values begin.
pub const FUNC_CAPTURES: usize = 32;
/// Where the boxed object of a task or query lies.
const HOST: usize = 16;

/// Something of the runtime that programs pass around without looking inside.
pub trait HostObject: Any + Send + Sync {}

type Host = Box<dyn HostObject>;

impl Ref {
    /// A function value of type `desc`: code as the backend knows it, and what
    /// it captured.
    ///
    /// # Panics
    ///
    /// If `desc` is no function type.
    #[must_use]
    pub fn new_func(desc: &'static TypeDesc, code: u64, captures: Vec<Value>) -> Self {
        assert!(desc.kind == Kind::Func, "not a function type: {desc}");
        let size = FUNC_CAPTURES + captures.len() * size_of::<Value>();
        let pointer = allocate(desc, size, 0);
        let start = pointer.as_ptr().cast::<u8>();
        // SAFETY: the allocation has room for the code, the number and the values.
        unsafe {
            start.add(FUNC_CODE).cast::<u64>().write(code);
            start
                .add(FUNC_COUNT)
                .cast::<u64>()
                .write(u64::from(length(captures.len())));
            let place = start.add(FUNC_CAPTURES).cast::<Value>();
            for (index, value) in captures.into_iter().enumerate() {
                place.add(index).write(value);
            }
            Self::from_raw(pointer)
        }
    }

    /// A task or query.
    ///
    /// # Panics
    ///
    /// If `desc` is neither type.
    #[must_use]
    pub fn new_host(desc: &'static TypeDesc, object: Box<dyn HostObject>) -> Self {
        assert!(is_host(desc.kind), "not a type of the runtime: {desc}");
        let pointer = allocate(desc, HOST + size_of::<Host>(), 0);
        // SAFETY: the allocation has room for the box, and it is aligned to words.
        unsafe {
            pointer
                .as_ptr()
                .cast::<u8>()
                .add(HOST)
                .cast::<Host>()
                .write(object);
            Self::from_raw(pointer)
        }
    }
}

fn is_host(kind: Kind) -> bool {
    matches!(kind, Kind::Task | Kind::Query)
}

impl<'a> Obj<'a> {
    /// The code of a function value.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn func_code(self) -> u64 {
        assert!(
            self.desc().kind == Kind::Func,
            "not a function: {}",
            self.desc()
        );
        // SAFETY: a function has its code here, and never changes it.
        unsafe { self.at(FUNC_CODE).cast::<u64>().read() }
    }

    /// What a function value captured.
    ///
    /// # Panics
    ///
    /// If it is none.
    #[must_use]
    pub fn func_captures(self) -> &'a [Value] {
        assert!(
            self.desc().kind == Kind::Func,
            "not a function: {}",
            self.desc()
        );
        // SAFETY: so many values were written when the function was made, and
        // never change.
        unsafe {
            let count = self.at(FUNC_COUNT).cast::<u32>().read() as usize;
            std::slice::from_raw_parts(self.at(FUNC_CAPTURES).cast(), count)
        }
    }

    /// The task or query inside, if it is of this type.
    #[must_use]
    pub fn host<T: HostObject>(self) -> Option<&'a T> {
        if !is_host(self.desc().kind) {
            return None;
        }
        // SAFETY: the box was written when the object was made, and never changes.
        let host: &'a Host = unsafe { &*self.at(HOST).cast::<Host>() };
        let any: &dyn Any = host.as_ref();
        any.downcast_ref()
    }
}

/// Bytes of the object at `pointer`.
///
/// # Safety
///
/// A function, task or query lives there.
pub(super) unsafe fn size(pointer: NonNull<Header>) -> usize {
    // SAFETY: the caller promises one of these.
    let object = unsafe { Obj::from_raw(pointer) };
    match object.desc().kind {
        Kind::Func => FUNC_CAPTURES + size_of_val(object.func_captures()),
        _ => HOST + size_of::<Host>(),
    }
}

/// Calls `visit` with every object that the one at `pointer` refers to.
///
/// # Safety
///
/// A function, task or query lives there.
pub(super) unsafe fn children(pointer: NonNull<Header>, visit: &mut impl FnMut(NonNull<Header>)) {
    // SAFETY: the caller promises one of these.
    let object = unsafe { Obj::from_raw(pointer) };
    if object.desc().kind != Kind::Func {
        return;
    }
    for value in object.func_captures() {
        if let Value::Ref(child) = value {
            visit(child.pointer);
        }
    }
}

/// Drops the boxed object of a task or query.
///
/// # Safety
///
/// A task or query lives at `pointer`, and its memory is about to be freed.
pub(super) unsafe fn drop_host(pointer: NonNull<Header>) {
    // SAFETY: the box was written when the object was made, and is not used again.
    unsafe {
        pointer
            .as_ptr()
            .cast::<u8>()
            .add(HOST)
            .cast::<Host>()
            .drop_in_place();
    };
}
