//! Built-in functions and methods: one function per row of `fuse-builtins`.
//!
//! The tables below name a function for every row, so that a row without one
//! does not compile, nor a function without a row.

mod console;
mod crypto;
mod env;
mod json;
mod log;
mod markup;
mod member;
mod rows;
mod time;

pub(crate) use member::number::float_of_text;

use std::fmt;

use fuse_builtins::{BuiltinId, MemberId};

use crate::context::Ctx;
use crate::fault::{Fault, Outcome};
use crate::meta::{FnId, TypeDesc};
use crate::value::Value;

/// A call of a built-in function or method.
pub struct Call<'a> {
    /// The unit of work that calls.
    pub ctx: &'a mut Ctx,
    /// The arguments, one per parameter of the row, those of a variadic parameter
    /// at the end; for a method the receiver comes first. The function takes what
    /// it needs; a method that changes its receiver leaves it changed.
    pub args: &'a mut [Value],
    /// The type of the result at this call.
    pub result: &'static TypeDesc,
    /// The type argument, where the row has one that a call names.
    pub type_arg: Option<&'static TypeDesc>,
    /// The function of the program that calls, for what is logged.
    pub caller: Option<FnId>,
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("args", &self.args)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

/// The behaviour of a row.
pub type Implementation = for<'a, 'b> fn(&'a mut Call<'b>) -> Outcome<Value>;

macro_rules! table {
    ($($id:ident $symbol:ident,)*) => { [$(rows::$symbol as Implementation),*] };
}

static FUNCTIONS: [Implementation; BuiltinId::ALL.len()] = fuse_builtins::for_each_builtin!(table);
static MEMBERS: [Implementation; MemberId::ALL.len()] = fuse_builtins::for_each_member!(table);

/// Calls a built-in function.
///
/// # Errors
///
/// The fault that ends the call; it has no place in source yet.
pub fn call(id: BuiltinId, call: &mut Call<'_>) -> Outcome<Value> {
    call.ctx.check()?;
    let result = FUNCTIONS[id as usize](call);
    markup::warn_of_addresses(call.ctx);
    result
}

/// Calls a method of a built-in type.
///
/// # Errors
///
/// The fault that ends the call; it has no place in source yet.
pub fn call_member(id: MemberId, call: &mut Call<'_>) -> Outcome<Value> {
    call.ctx.check()?;
    MEMBERS[id as usize](call)
}

/// Arguments by position.
impl Call<'_> {
    /// Takes an argument.
    pub(crate) fn take(&mut self, index: usize) -> Value {
        self.args[index].take()
    }

    /// An argument that is an `Int`.
    pub(crate) fn int(&self, index: usize) -> Outcome<i64> {
        self.args[index]
            .as_int()
            .ok_or_else(|| self.mismatch(index))
    }

    /// An argument that is a `Float`.
    pub(crate) fn float(&self, index: usize) -> Outcome<f64> {
        self.args[index]
            .as_float()
            .ok_or_else(|| self.mismatch(index))
    }

    /// An argument that is a `Bool`.
    pub(crate) fn bool(&self, index: usize) -> Outcome<bool> {
        self.args[index]
            .as_bool()
            .ok_or_else(|| self.mismatch(index))
    }

    /// An argument that is text.
    pub(crate) fn text(&self, index: usize) -> Outcome<&str> {
        self.args[index]
            .as_text()
            .ok_or_else(|| self.mismatch(index))
    }

    /// An argument that is `Bytes`.
    pub(crate) fn bytes(&self, index: usize) -> Outcome<&[u8]> {
        self.args[index]
            .as_bytes()
            .ok_or_else(|| self.mismatch(index))
    }

    /// The checker lets no such call through.
    #[cold]
    pub(crate) fn mismatch(&self, index: usize) -> Fault {
        Fault::internal(format!(
            "argument {index} is of the wrong type: {:?}",
            self.args[index].peek().kind()
        ))
    }
}
