//! Running programs: flags, configuration, environment, console, logs, tasks, and how
//! runs end. The programs are those of the parity fixtures, written in Rust.
#![allow(clippy::unwrap_used, reason = "a failure here is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod configuration;
mod entry;
mod environment;
mod flags;
mod logs;

use std::ffi::OsString;
use std::sync::Arc;

use fuse_builtins::BuiltinId;
use fuse_runtime::builtin::{Call, call};
use fuse_runtime::meta::{
    App, Config, ConfigField, Constraint, FieldDefault, FieldSpec, FnId, Function, Main, Param,
    ProgramMeta, TypeDesc, TypeTable, VariantSpec, well_known,
};
use fuse_runtime::run::Exit;
use fuse_runtime::system::Stdio;
use fuse_runtime::{Ctx, Fault, Outcome, Runtime, Value, display, heap};
use support::{Scripted, Setup, World, text, ty};

/// Prints the display forms of values, separated.
fn print(ctx: &mut Ctx, value: Value) -> Outcome<Value> {
    builtin(ctx, BuiltinId::Print, &well_known::UNIT, vec![value])
}

fn builtin(
    ctx: &mut Ctx,
    id: BuiltinId,
    result: &'static TypeDesc,
    mut args: Vec<Value>,
) -> Outcome<Value> {
    call(
        id,
        &mut Call {
            ctx,
            args: &mut args,
            result,
            type_arg: None,
            caller: Some(FnId(0)),
        },
    )
}

fn leak<T>(items: Vec<T>) -> &'static [T] {
    Vec::leak(items)
}

/// What a run left: output, errors as the command shows them, exit status.
fn run(world: &World, args: &[&str]) -> (String, String, u8) {
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let exit = world.runtime.run(&args);
    let mut error = world.error.text();
    if let Some(text) = exit.text(world.runtime.meta(), false) {
        error.push_str(&text);
    }
    (world.output.text(), error, exit.status())
}

/// `V[path code "message"; ...]` as the compact envelope.
fn envelope(fields: &[(&str, &str, &str)]) -> String {
    let fields: Vec<_> = fields
        .iter()
        .map(|(path, code, message)| {
            let message = message.replace('"', "\\\"");
            format!("{{\"path\":\"{path}\",\"code\":\"{code}\",\"message\":\"{message}\"}}")
        })
        .collect();
    format!(
        "{{\"error\":{{\"code\":\"validation_error\",\"message\":\"validation failed\",\"fields\":[{}]}}}}",
        fields.join(",")
    )
}

/// A world in which a function is called as the app.
fn app(setup: Setup, run: impl Fn(&mut Ctx) -> Outcome<Value> + Send + Sync + 'static) -> World {
    let mut setup = setup;
    let function = setup.code.add(move |ctx, _| run(ctx));
    setup.meta.app = Some(App {
        name: "test",
        function,
        result: &well_known::UNIT,
    });
    setup.meta.functions = leak(vec![Function {
        name: "run",
        module: "src/main",
        ..Function::default()
    }]);
    setup.build()
}
