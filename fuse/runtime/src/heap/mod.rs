//! Objects: everything of a value that is not a scalar.
//!
//! Every object begins with a [`Header`]: the address of its type, how many own
//! it, and flags. What follows is laid out by the type; the modules below say
//! how, and compiled code reads and writes the same places. An object that has
//! other owners, or is immortal, is never changed: whoever wants to change it
//! copies one level first. Cells are the exception; they belong to one thread.
//!
//! The functions of this module are safe: they check the kind of the object they
//! are given. The few that are not say what the caller has to hold.
#![allow(unsafe_code)]

mod account;
mod destroy;
mod func;
mod header;
mod list;
mod map;
mod record;
pub(crate) mod slot;
pub mod text;

pub use account::{
    OverLimit, admit, is_over_limit, live_bytes, live_objects, set_limit, thread_objects,
};
pub(crate) use account::{flush, set_alarm};
pub use destroy::{NotShareable, Shared, owners};
pub use func::{FUNC_CAPTURES, FUNC_CODE, FUNC_COUNT, HostObject};
pub use header::{ASCII, HEADER_SIZE, Header, IMMORTAL, Obj, Ref, SHARED};
pub use list::{LIST_CAPACITY, LIST_DATA, LIST_LEN, List, ListBuilder, ListMut, list_of};
pub use map::{Key, MAP_DATA, MAP_LEN, Map, MapMut, map_of};
pub(crate) use record::new_unit_object;
pub use record::{CELL, ERR, OK, PAYLOAD, TAG};
pub use text::{LEN_MAX, TEXT_CHARS, TEXT_DATA, TEXT_LEN};

#[cfg(test)]
mod tests;
