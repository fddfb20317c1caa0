//! Methods of built-in types, row by row, with their faults.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod containers;
mod lists;
mod numbers;
mod properties;
mod texts;

use fuse_builtins::MemberId as M;
use fuse_runtime::heap::{list_of, map_of};
use fuse_runtime::meta::{TypeDesc, TypeTable, well_known};
use fuse_runtime::{Fault, Value, heap};
use proptest::prelude::*;
use support::{Scripted, Setup, World, ints, show, text, texts, ty};

use well_known::{
    BOOL, BYTES, FLOAT, INT, LIST_FLOAT, LIST_INT, LIST_STRING, LIST_VALUE, MAP_VALUE, OPTION_BOOL,
    OPTION_FLOAT, OPTION_INT, OPTION_STRING, STRING, UNIT,
};

fn int(value: i64) -> Value {
    Value::Int(value)
}

fn float(value: f64) -> Value {
    Value::Float(value)
}

fn floats(values: &[f64]) -> Value {
    Value::Ref(list_of(
        &LIST_FLOAT,
        values.iter().map(|value| float(*value)),
    ))
}

fn bytes(value: &[u8]) -> Value {
    Value::bytes(value)
}

fn call(id: M, result: &'static TypeDesc, args: &[Value]) -> String {
    show(World::empty().member(id, result, &mut args.to_vec()))
}

/// A world with functions, and their values.
fn functional() -> (World, Vec<Value>) {
    let mut code = Scripted::new();
    let double = code.add(|_, args| Ok(int(args[0].as_int().unwrap() * 2)));
    let is_odd = code.add(|_, args| Ok(Value::Bool(args[0].as_int().unwrap() % 2 == 1)));
    let twice = code.add(|_, args| {
        let value = args[0].as_int().unwrap();
        Ok(ints(&[value, value]))
    });
    let add = code.add(|_, args| Ok(int(args[0].as_int().unwrap() + args[1].as_int().unwrap())));
    let fails_at_two = code.add(|_, args| match args[0].as_int() {
        Some(2) => Err(Fault::division_by_zero()),
        _ => Ok(Value::Bool(true)),
    });
    let parity = code.add(|_, args| {
        Ok(text(if args[0].as_int().unwrap() % 2 == 1 {
            "odd"
        } else {
            "even"
        }))
    });
    let negate = code.add(|_, args| Ok(int(-args[0].as_int().unwrap())));
    let has_long_key = code.add(|_, args| Ok(Value::Bool(args[0].as_text().unwrap().len() > 1)));
    let inverse = code.add(|_, args| match args[0].as_int() {
        Some(2) => Err(Fault::division_by_zero()),
        _ => Ok(args[0].take()),
    });
    let functions = [
        double,
        is_odd,
        twice,
        add,
        fails_at_two,
        parity,
        negate,
        has_long_key,
        inverse,
    ];
    let world = Setup {
        code,
        ..Setup::default()
    }
    .build();
    (world, functions.map(Scripted::value).to_vec())
}
